// The Go peers of ci/interop: a gRPC server and client on grpc-go, and a web server on net/http.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{
		"grpc-server": serveGrpc,
		"grpc-client": converse,
		"grpc-calls":  call,
		"web-server":  serveWeb,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: interop grpc-server|grpc-client|grpc-calls|web-server [OPTION]...")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
