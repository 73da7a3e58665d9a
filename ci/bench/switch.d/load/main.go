// Load for ci/bench/switch: the endpoint behind a proxy, and six kinds of clients in front of it, each of which knows what
// it was promised and counts what it was not given.
//
//	load backend ADDRESS                       answers until it is ended
//	load clients HTTP1 HTTP2 HTTPS CERTIFICATE asks until its standard input ends, then writes what became of each exchange, as JSON
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	arguments := os.Args[1:]
	switch {
	case len(arguments) == 2 && arguments[0] == "backend":
		fail(backend(arguments[1]))
	case len(arguments) == 5 && arguments[0] == "clients":
		roots, err := believed(arguments[4])
		fail(err)
		run := start(arguments[1], arguments[2], arguments[3], roots)
		fmt.Println("asking")
		_, _ = io.Copy(io.Discard, os.Stdin)
		fail(json.NewEncoder(os.Stdout).Encode(run.end()))
	default:
		fmt.Fprintln(os.Stderr, "usage: load backend ADDRESS | load clients HTTP1 HTTP2 HTTPS CERTIFICATE")
		os.Exit(2)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
