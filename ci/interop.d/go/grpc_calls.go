package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// One call of a list, and how it ended; ../README.md has the fields.
type order struct {
	Method   string
	Message  string
	Repeat   int
	Metadata map[string]string
	Timeout  float64
}

type outcome struct {
	Code   uint32              `json:"code"`
	Text   string              `json:"text"`
	Answer string              `json:"answer"`
	Head   map[string][]string `json:"head"`
	Tail   map[string][]string `json:"tail"`
}

// call makes the calls of a JSON list on standard input, one after the other, and prints the list of their ends.
func call(arguments []string) error {
	flags := flag.NewFlagSet("grpc-calls", flag.ExitOnError)
	var where target
	where.declare(flags)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	connection, err := where.dial()
	if err != nil {
		return err
	}
	defer connection.Close()
	var orders []order
	if err := json.NewDecoder(os.Stdin).Decode(&orders); err != nil {
		return err
	}
	outcomes := make([]outcome, len(orders))
	for index, one := range orders {
		outcomes[index] = one.make(connection)
	}
	return json.NewEncoder(os.Stdout).Encode(outcomes)
}

func (o order) make(connection *grpc.ClientConn) outcome {
	timeout := patience
	if o.Timeout > 0 {
		timeout = time.Duration(o.Timeout * float64(time.Second))
	}
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(context.Background(), metadata.New(o.Metadata)), timeout)
	defer cancel()
	stream, err := open(ctx, connection, o.Method)
	if err != nil {
		return ended(err)
	}
	// An answer may be there before all is sent; what it says is in what is received.
	for range max(o.Repeat, 1) {
		if send(stream, o.Message) != nil {
			break
		}
	}
	_ = stream.CloseSend()
	answer, err := receive(stream)
	// The trailers are there once all has been read.
	for err == nil {
		_, err = receive(stream)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	done := ended(err)
	done.Answer = answer
	head, _ := stream.Header()
	done.Head, done.Tail = head, stream.Trailer()
	return done
}

func ended(err error) outcome {
	got, _ := status.FromError(err)
	return outcome{Code: uint32(got.Code()), Text: got.Message()}
}
