// A load that etcd's own generator does not have: transactions of a compare, a put and a get of one key. Flags and report
// are the generator's, so that whoever reads the one can read the other.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

type options struct {
	endpoints                                           []string
	clients, conns, total, keySpace, keySize, valueSize int
}

func main() {
	o := options{}
	endpoints := flag.String("endpoints", "127.0.0.1:2379", "gRPC endpoints")
	flag.IntVar(&o.clients, "clients", 1, "clients that ask at the same time")
	flag.IntVar(&o.conns, "conns", 1, "connections, spread over the endpoints")
	flag.IntVar(&o.total, "total", 10000, "transactions")
	flag.IntVar(&o.keySpace, "key-space-size", 1, "keys")
	flag.IntVar(&o.keySize, "key-size", 8, "bytes of a key")
	flag.IntVar(&o.valueSize, "val-size", 8, "bytes of a value")
	flag.Bool("precise", true, "for the sake of the generator's command line")
	flag.Parse()
	o.endpoints = strings.Split(*endpoints, ",")
	if o.clients < 1 || o.conns < 1 || o.total < 1 || o.keySpace < 1 || o.keySize < binary.MaxVarintLen64 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "flags are positive, a key has at least 10 bytes, and there is nothing but flags")
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(o options) error {
	conns := make([]*clientv3.Client, o.conns)
	for i := range conns {
		// One endpoint each, in turn: a client with several would choose by itself.
		c, err := clientv3.New(clientv3.Config{Endpoints: o.endpoints[i%len(o.endpoints) : i%len(o.endpoints)+1], DialTimeout: 10 * time.Second})
		if err != nil {
			return err
		}
		defer c.Close()
		conns[i] = c
	}
	value := strings.Repeat("v", o.valueSize)
	latencies := make([]float64, o.total)
	failures := map[string]int{}
	var lock sync.Mutex
	var next atomic.Int64
	var done sync.WaitGroup
	started := time.Now()
	for i := range o.clients {
		done.Add(1)
		go func() {
			defer done.Done()
			random := rand.New(rand.NewSource(int64(i)))
			for at := next.Add(1) - 1; at < int64(o.total); at = next.Add(1) - 1 {
				bytes := make([]byte, o.keySize)
				binary.PutVarint(bytes, int64(random.Intn(o.keySpace)))
				begun := time.Now()
				if err := transact(conns[i%o.conns], string(bytes), value); err != nil {
					lock.Lock()
					failures[err.Error()]++
					lock.Unlock()
				}
				latencies[at] = time.Since(begun).Seconds()
			}
		}()
	}
	done.Wait()
	report(latencies, failures, time.Since(started).Seconds())
	return nil
}

// transact compares the key's version with -1, which always holds, puts the key and reads it. An answer that is not the
// value is a failure.
func transact(c *clientv3.Client, key, value string) error {
	answer, err := c.Txn(context.Background()).
		If(clientv3.Compare(clientv3.Version(key), ">", -1)).
		Then(clientv3.OpPut(key, value), clientv3.OpGet(key)).
		Commit()
	if err != nil {
		return err
	}
	if !answer.Succeeded {
		return fmt.Errorf("the compare failed")
	}
	if kvs := answer.Responses[1].GetResponseRange().Kvs; len(kvs) != 1 || string(kvs[0].Value) != value {
		return fmt.Errorf("the get did not see the put")
	}
	return nil
}

func report(latencies []float64, failures map[string]int, seconds float64) {
	sort.Float64s(latencies)
	fmt.Printf("Summary:\n  Requests/sec:\t%f\n\nLatency distribution:\n", float64(len(latencies))/seconds)
	for _, percent := range []int{50, 90, 99} {
		fmt.Printf("  %d%% in %f secs.\n", percent, latencies[(len(latencies)-1)*percent/100])
	}
	if len(failures) > 0 {
		fmt.Print("\nError distribution:\n")
		for text, count := range failures {
			fmt.Printf("  [%d]\t%s\n", count, text)
		}
	}
}
