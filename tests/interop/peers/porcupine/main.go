// Judges histories with porcupine: one JSON object per line on standard input (docs/history-format.md, with the
// operations in a list), one word per line on standard output.
//
// The model is a second one, written from etcd's rules and not from the TypeScript: it keeps the whole store of every
// revision, copies it for each change, and prunes nothing.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

const timeout = 60 * time.Second

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	answers := bufio.NewWriter(os.Stdout)
	defer answers.Flush()
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			var recorded history
			if failure := json.Unmarshal(line, &recorded); failure != nil {
				fmt.Fprintln(os.Stderr, failure)
				os.Exit(2)
			}
			fmt.Fprintln(answers, judge(&recorded))
		}
		if err != nil {
			return
		}
	}
}

func judge(recorded *history) string {
	model := porcupine.Model{
		Init: func() interface{} { return first(recorded.Start) },
		Step: func(before, input, _ interface{}) (bool, interface{}) {
			return step(before.(*state), input.(*operation))
		},
		Equal: func(a, b interface{}) bool { return a.(*state).trace == b.(*state).trace },
		Hash:  func(a interface{}) uint64 { return a.(*state).hash },
	}
	last := recorded.lastSeen()
	var operations []porcupine.Operation
	for i := range recorded.Operations {
		one := &recorded.Operations[i]
		if !one.matters(last) {
			continue
		}
		entry := porcupine.Operation{Input: one, Call: one.Invoke, Return: one.Return}
		if one.Result.Status == "unknown" {
			// It may take effect when all is over, which is as good as never.
			entry.Return = math.MaxInt64
		}
		if one.Request.isSerializable() {
			entry.Call = math.MinInt64
		}
		operations = append(operations, entry)
	}
	switch porcupine.CheckOperationsTimeout(model, operations, timeout) {
	case porcupine.Ok:
		return "linearizable"
	case porcupine.Illegal:
		return "not-linearizable"
	default:
		return "unknown"
	}
}

// step says whether an operation may come next, and what the store is then.
func step(before *state, one *operation) (bool, *state) {
	answer, refusal, after := before.run(&one.Request)
	switch one.Result.Status {
	case "unknown":
		return true, after
	case "failed":
		return refusal == one.Result.Error, before
	}
	if refusal != "" || after.revision != one.Result.Revision {
		return false, before
	}
	return answer.agrees(one.Result.Response, &one.Request), after
}
