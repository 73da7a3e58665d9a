package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // registers the coding
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// talker serves the methods that ../README.md describes.
type talker struct {
	name string
	gone sync.Map // the ids of calls that the server saw end early
}

func serveGrpc(arguments []string) error {
	flags := flag.NewFlagSet("grpc-server", flag.ExitOnError)
	name := flags.String("name", "go", "what it says of itself")
	certificate := flags.String("cert", "", "speak TLS with this certificate")
	key := flags.String("key", "", "its key")
	age := flags.Duration("age", 0, "end each connection in good order after so long")
	streams := flags.Uint("streams", 0, "allow so many streams on a connection")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := &talker{name: *name}
	options := []grpc.ServerOption{
		grpc.ForceServerCodec(rawCodec{}),
		grpc.UnknownServiceHandler(served.handle),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			Time: time.Second, Timeout: 2 * time.Second, MaxConnectionAge: *age,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 100 * time.Millisecond, PermitWithoutStream: true}),
	}
	if *streams > 0 {
		options = append(options, grpc.MaxConcurrentStreams(uint32(*streams)))
	}
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	}
	fmt.Fprintf(os.Stdout, `{"address": "%s"}`+"\n", listener.Addr())
	return grpc.NewServer(options...).Serve(listener)
}

func (t *talker) handle(_ any, stream grpc.ServerStream) error {
	full, _ := grpc.MethodFromServerStream(stream)
	method, found := strings.CutPrefix(full, "/peer.Talk/")
	if !found {
		return status.Errorf(codes.Unimplemented, "no service at %s", full)
	}
	switch method {
	case "Sum":
		return sum(stream)
	case "Talk":
		return talk(stream)
	}
	message, err := receive(stream)
	if err != nil {
		return err
	}
	switch method {
	case "Echo":
		return send(stream, message)
	case "Mirror":
		return t.mirror(stream, message)
	case "Count":
		return count(stream, message)
	case "Fail":
		stream.SetTrailer(metadata.Pairs("peer-tail", "failed"))
		return failure(message)
	case "FailLate":
		for _, part := range []string{"one", "two"} {
			if err := send(stream, part); err != nil {
				return err
			}
		}
		return failure(message)
	case "Hold":
		if err := send(stream, "held"); err != nil {
			return err
		}
		return t.silent(stream.Context(), message)
	case "Silent":
		return t.silent(stream.Context(), message)
	case "Gone":
		return send(stream, t.wasGone(message))
	}
	return status.Errorf(codes.Unimplemented, "no method %s", method)
}

func sum(stream grpc.ServerStream) error {
	messages, bytes := 0, 0
	for {
		message, err := receive(stream)
		if errors.Is(err, io.EOF) {
			return send(stream, fmt.Sprintf("%d %d", messages, bytes))
		}
		if err != nil {
			return err
		}
		messages, bytes = messages+1, bytes+len(message)
	}
}

// talk speaks first, then answers each number with the next one: neither side can go on before it has heard the other.
func talk(stream grpc.ServerStream) error {
	if err := send(stream, "hello"); err != nil {
		return err
	}
	for {
		message, err := receive(stream)
		if errors.Is(err, io.EOF) {
			return send(stream, "bye")
		}
		if err != nil {
			return err
		}
		number, err := strconv.Atoi(message)
		if err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
		if err := send(stream, strconv.Itoa(number+1)); err != nil {
			return err
		}
	}
}

func (t *talker) mirror(stream grpc.ServerStream, message string) error {
	received, _ := metadata.FromIncomingContext(stream.Context())
	asked := strings.Join(received.Get("x-ask"), ",")
	tail := metadata.Pairs("peer-tail", asked, "peer-tail-bin", "\x00\x01\xfe\xff")
	if err := stream.SendHeader(metadata.Pairs("peer-name", t.name, "peer-head", asked)); err != nil {
		return err
	}
	stream.SetTrailer(tail)
	var left *int64
	if deadline, has := stream.Context().Deadline(); has {
		milliseconds := time.Until(deadline).Milliseconds()
		left = &milliseconds
	}
	seen := map[string][]string{}
	for name, values := range received {
		for _, value := range values {
			if strings.HasSuffix(name, "-bin") {
				value = fmt.Sprintf("%x", value)
			}
			seen[name] = append(seen[name], value)
		}
	}
	text, err := json.Marshal(map[string]any{"server": t.name, "metadata": seen, "bytes": len(message), "left_ms": left})
	if err != nil {
		return err
	}
	return send(stream, string(text))
}

func count(stream grpc.ServerStream, message string) error {
	var messages, size int
	if _, err := fmt.Sscanf(message, "%d %d", &messages, &size); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for number := range messages {
		text := strconv.Itoa(number)
		if err := send(stream, text+strings.Repeat(".", size-len(text))); err != nil {
			return err
		}
	}
	return nil
}

func failure(message string) error {
	number, text, _ := strings.Cut(message, " ")
	code, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	return status.Error(codes.Code(code), text)
}

func (t *talker) silent(ctx context.Context, id string) error {
	<-ctx.Done()
	t.gone.Store(id, true)
	return status.FromContextError(ctx.Err()).Err()
}

// wasGone waits a while for what may still be on its way.
func (t *talker) wasGone(id string) string {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, gone := t.gone.Load(id); gone {
			return "gone"
		}
	}
	return "not gone"
}
