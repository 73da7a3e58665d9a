package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A case is a sentence and what has to hold.
type conversation struct {
	name  string
	check func(context.Context, *grpc.ClientConn) error
}

const patience = 20 * time.Second

func converse(arguments []string) error {
	flags := flag.NewFlagSet("grpc-client", flag.ExitOnError)
	var where target
	where.declare(flags)
	only := flags.String("only", "", "the cases whose names have this")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	connection, err := where.dial()
	if err != nil {
		return err
	}
	defer connection.Close()
	failed := 0
	for _, one := range []conversation{
		{"a unary call comes back", unary},
		{"an empty message is a message", empty},
		{"metadata and trailers travel both ways", mirrored},
		{"a client streams", clientStream},
		{"a server streams", serverStream},
		{"both directions flow at once, and the server may speak first", bothWays},
		{"a hundred streams go on side by side", hundred},
		{"every status arrives with its text and trailers", statuses},
		{"a status after messages arrives", lateStatus},
		{"an unknown method is told by the server", unknownMethod},
		{"large messages", large},
		{"compressed messages", compressed},
		{"a reader that waits does not hold up the others", slowReader},
		{"a cancelled stream ends at the server", cancelled},
		{"a deadline travels and ends the call on both sides", deadline},
	} {
		if !strings.Contains(one.name, *only) {
			continue
		}
		ctx, end := context.WithTimeout(context.Background(), patience)
		err := one.check(ctx, connection)
		end()
		if err != nil {
			failed++
			fmt.Printf("FAIL %s: %s\n", one.name, strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Printf("ok %s\n", one.name)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d failed", failed)
	}
	return nil
}

func ask(ctx context.Context, connection *grpc.ClientConn, method, text string, options ...grpc.CallOption) (string, error) {
	message, answer := []byte(text), []byte{}
	err := connection.Invoke(ctx, "/peer.Talk/"+method, &message, &answer, options...)
	return string(answer), err
}

func open(ctx context.Context, connection *grpc.ClientConn, method string) (grpc.ClientStream, error) {
	both := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	return connection.NewStream(ctx, both, "/peer.Talk/"+method)
}

// openWith asks one thing and leaves the rest to the server.
func openWith(ctx context.Context, connection *grpc.ClientConn, method, text string) (grpc.ClientStream, error) {
	stream, err := open(ctx, connection, method)
	if err != nil {
		return nil, err
	}
	if err := send(stream, text); err != nil {
		return nil, err
	}
	return stream, stream.CloseSend()
}

func same[T comparable](what string, got, wanted T) error {
	if got != wanted {
		return fmt.Errorf("%s: %.200q instead of %.200q", what, fmt.Sprint(got), fmt.Sprint(wanted))
	}
	return nil
}

func expect(stream grpc.ClientStream, wanted string) error {
	got, err := receive(stream)
	if err != nil {
		return fmt.Errorf("waiting for %.40q: %w", wanted, err)
	}
	return same("message", got, wanted)
}

func unary(ctx context.Context, connection *grpc.ClientConn) error {
	got, err := ask(ctx, connection, "Echo", "said")
	return errors.Join(err, same("answer", got, "said"))
}

func empty(ctx context.Context, connection *grpc.ClientConn) error {
	got, err := ask(ctx, connection, "Echo", "")
	return errors.Join(err, same("answer", got, ""))
}

func mirrored(ctx context.Context, connection *grpc.ClientConn) error {
	ctx = metadata.AppendToOutgoingContext(ctx, "x-ask", "this", "x-ask", "and that", "x-ask-bin", "\x00\x01\xfe\xff")
	var head, tail metadata.MD
	text, err := ask(ctx, connection, "Mirror", "some", grpc.Header(&head), grpc.Trailer(&tail))
	if err != nil {
		return err
	}
	var seen struct{ Metadata map[string][]string }
	if err := json.Unmarshal([]byte(text), &seen); err != nil {
		return err
	}
	return errors.Join(
		same("at the server", strings.Join(seen.Metadata["x-ask"], ","), "this,and that"),
		same("bytes at the server", strings.Join(seen.Metadata["x-ask-bin"], ","), "0001feff"),
		same("user agent", strings.Contains(strings.Join(seen.Metadata["user-agent"], ""), "grpc-go"), true),
		same("head", strings.Join(head.Get("peer-head"), ","), "this,and that"),
		same("tail", strings.Join(tail.Get("peer-tail"), ","), "this,and that"),
		same("bytes in the tail", strings.Join(tail.Get("peer-tail-bin"), ","), "\x00\x01\xfe\xff"),
	)
}

func clientStream(ctx context.Context, connection *grpc.ClientConn) error {
	stream, err := open(ctx, connection, "Sum")
	if err != nil {
		return err
	}
	for range 1000 {
		if err := send(stream, strings.Repeat("x", 1000)); err != nil {
			return err
		}
	}
	return errors.Join(stream.CloseSend(), expect(stream, "1000 1000000"))
}

func serverStream(ctx context.Context, connection *grpc.ClientConn) error {
	stream, err := openWith(ctx, connection, "Count", "300 50000")
	if err != nil {
		return err
	}
	return readCount(stream, 300, 50000)
}

func readCount(stream grpc.ClientStream, messages, size int) error {
	for number := range messages {
		text := strconv.Itoa(number)
		if err := expect(stream, text+strings.Repeat(".", size-len(text))); err != nil {
			return err
		}
	}
	if _, err := receive(stream); !errors.Is(err, io.EOF) {
		return fmt.Errorf("no end: %v", err)
	}
	return nil
}

func bothWays(ctx context.Context, connection *grpc.ClientConn) error {
	stream, err := open(ctx, connection, "Talk")
	if err != nil {
		return err
	}
	if err := expect(stream, "hello"); err != nil {
		return err
	}
	for number := range 200 {
		if err := errors.Join(send(stream, strconv.Itoa(number)), expect(stream, strconv.Itoa(number+1))); err != nil {
			return err
		}
	}
	return errors.Join(stream.CloseSend(), expect(stream, "bye"))
}

// hundred goes round all streams in each turn: none may have to wait for another one's end.
func hundred(ctx context.Context, connection *grpc.ClientConn) error {
	streams := make([]grpc.ClientStream, 100)
	for index := range streams {
		stream, err := open(ctx, connection, "Talk")
		if err != nil {
			return err
		}
		streams[index] = stream
	}
	for index, stream := range streams {
		if err := expect(stream, "hello"); err != nil {
			return fmt.Errorf("stream %d: %w", index, err)
		}
	}
	for turn := range 5 {
		for _, stream := range streams {
			if err := send(stream, strconv.Itoa(turn)); err != nil {
				return err
			}
		}
		for _, stream := range slices.Backward(streams) {
			if err := expect(stream, strconv.Itoa(turn+1)); err != nil {
				return err
			}
		}
	}
	for _, stream := range streams {
		if err := errors.Join(stream.CloseSend(), expect(stream, "bye")); err != nil {
			return err
		}
	}
	return nil
}

func told(err error, code codes.Code, text string) error {
	got, _ := status.FromError(err)
	return errors.Join(same("status", got.Code(), code), same("text", got.Message(), text))
}

func statuses(ctx context.Context, connection *grpc.ClientConn) error {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		var tail metadata.MD
		text := fmt.Sprintf("Größe 100%% \"%d\"\tüberall", code)
		_, err := ask(ctx, connection, "Fail", fmt.Sprintf("%d %s", code, text), grpc.Trailer(&tail))
		if err := errors.Join(
			told(err, code, text), same("tail", strings.Join(tail.Get("peer-tail"), ","), "failed"),
		); err != nil {
			return err
		}
	}
	return nil
}

func lateStatus(ctx context.Context, connection *grpc.ClientConn) error {
	stream, err := openWith(ctx, connection, "FailLate", "9 not now")
	if err != nil {
		return err
	}
	if err := errors.Join(expect(stream, "one"), expect(stream, "two")); err != nil {
		return err
	}
	_, err = receive(stream)
	return told(err, codes.FailedPrecondition, "not now")
}

func unknownMethod(ctx context.Context, connection *grpc.ClientConn) error {
	_, err := ask(ctx, connection, "Sing", "")
	return same("status", status.Code(err), codes.Unimplemented)
}

func large(ctx context.Context, connection *grpc.ClientConn) error {
	text := strings.Repeat("0123456789abcdef", 3<<16)
	for range 3 {
		got, err := ask(ctx, connection, "Echo", text)
		if err := errors.Join(err, same("answer", got == text, true)); err != nil {
			return err
		}
	}
	return nil
}

func compressed(ctx context.Context, connection *grpc.ClientConn) error {
	text := strings.Repeat("the same again ", 20000)
	got, err := ask(ctx, connection, "Echo", text, grpc.UseCompressor(gzip.Name))
	return errors.Join(err, same("answer", got == text, true))
}

func slowReader(ctx context.Context, connection *grpc.ClientConn) error {
	waiting, err := openWith(ctx, connection, "Count", "200 60000")
	if err != nil {
		return err
	}
	for range 50 {
		if err := unary(ctx, connection); err != nil {
			return fmt.Errorf("beside it: %w", err)
		}
	}
	return readCount(waiting, 200, 60000)
}

func cancelled(ctx context.Context, connection *grpc.ClientConn) error {
	id := strconv.FormatUint(rand.Uint64(), 16)
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := openWith(inner, connection, "Hold", id)
	if err != nil {
		return err
	}
	if err := expect(stream, "held"); err != nil {
		return err
	}
	cancel()
	got, err := ask(ctx, connection, "Gone", id)
	return errors.Join(err, same("the server's stream", got, "gone"))
}

func deadline(ctx context.Context, connection *grpc.ClientConn) error {
	id := strconv.FormatUint(rand.Uint64(), 16)
	soon, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := ask(soon, connection, "Silent", id)
	took := time.Since(began)
	if err := errors.Join(same("status", status.Code(err), codes.DeadlineExceeded), same("in time", took < 2*time.Second, true)); err != nil {
		return err
	}
	got, err := ask(ctx, connection, "Gone", id)
	if err := errors.Join(err, same("the server's call", got, "gone")); err != nil {
		return err
	}
	text, err := ask(ctx, connection, "Mirror", "")
	if err != nil {
		return err
	}
	var seen struct {
		Left *int64 `json:"left_ms"`
	}
	if err := json.Unmarshal([]byte(text), &seen); err != nil {
		return err
	}
	return same("the server knows the deadline", seen.Left != nil && *seen.Left <= patience.Milliseconds()+1000, true)
}
