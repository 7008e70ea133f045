// Package main is the real etcd server of the version that go.mod pins, as an oracle for our tests.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
