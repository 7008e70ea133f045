// raft-oracle drives etcd's raft library 3.7.0 through schedules that it reads from standard input, and tells what state
// they lead to, step by step. The driver beside it feeds Quorate's core the same schedules.
//
// A line is a schedule: `digest` or `full`, the fields of its configuration, and after each `;` the numbers of a command.
//
//	digest 3 3 0 10 1 3 1024 16 16384 65536 1024 0 0 7 ; 0 1 ; 9 1 ; …
//
// The answer is a line of its own, `{"steps":…,"digest":[…],"met":[…],"stops":[…]}`, where `met` counts the intended
// differences by rule (see rules.go) and `stops` tells where and why the library panicked. For `full`, the state after each step stands before it, a line of JSON each.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	rand.Reader = random
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return
		}
		must(err)
		schedule(bytes.TrimSpace(line), out)
		if in.Buffered() == 0 {
			must(out.Flush())
		}
	}
}

func schedule(line []byte, out *bufio.Writer) {
	mode, rest, _ := bytes.Cut(line, []byte(" "))
	full := string(mode) == "full"
	var numbers [64]uint64
	head, rest, _ := bytes.Cut(rest, []byte(";"))
	fields := parse(head, numbers[:0])
	if len(fields) != configFields {
		panic(fmt.Sprintf("a configuration has %d fields, not %d", configFields, len(fields)))
	}
	c := newCluster(fields)
	sum := newDigest()
	steps := 0
	var reasons []string
	var state text
	for len(rest) > 0 {
		var command []byte
		command, rest, _ = bytes.Cut(rest, []byte(";"))
		state = state[:0]
		lastPanic = nil
		c.run(parse(command, numbers[:0]), &state)
		steps++
		sum.write(state)
		if lastPanic != nil {
			reasons = append(reasons, strconv.Quote(fmt.Sprintf("step %d: %v", steps-1, lastPanic)))
		}
		if full {
			_, _ = out.Write(state)
			must(out.WriteByte('\n'))
		}
	}
	met := text{}
	met.list(c.met[:])
	stops := strings.Join(reasons, ",")
	fmt.Fprintf(out, `{"steps":%d,"digest":[%d,%d],"met":%s,"stops":[%s]}`+"\n", steps, sum.a, sum.b, met, stops)
}

// parse appends the decimal numbers of a line.
func parse(line []byte, to []uint64) []uint64 {
	for i := 0; i < len(line); i++ {
		if line[i] == ' ' {
			continue
		}
		n := uint64(0)
		for ; i < len(line) && line[i] != ' '; i++ {
			n = n*10 + uint64(line[i]-'0')
		}
		to = append(to, n)
	}
	return to
}
