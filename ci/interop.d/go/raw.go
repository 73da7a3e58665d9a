package main

import "fmt"

// rawCodec hands messages over as they are: what goes through the gateway is the framing of gRPC, so nothing has to be
// generated from a description of messages.
type rawCodec struct{}

func (rawCodec) Marshal(value any) ([]byte, error) {
	message, ok := value.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("not a raw message: %T", value)
	}
	return *message, nil
}

func (rawCodec) Unmarshal(data []byte, value any) error {
	message, ok := value.(*[]byte)
	if !ok {
		return fmt.Errorf("not a raw message: %T", value)
	}
	*message = append([]byte{}, data...)
	return nil
}

// Name becomes the subtype: application/grpc+raw. The Python peers say application/grpc.
func (rawCodec) Name() string { return "raw" }

// receiver and sender are what both a client's and a server's stream can do.
type receiver interface{ RecvMsg(any) error }
type sender interface{ SendMsg(any) error }

func receive(stream receiver) (string, error) {
	var message []byte
	err := stream.RecvMsg(&message)
	return string(message), err
}

func send(stream sender, text string) error {
	message := []byte(text)
	return stream.SendMsg(&message)
}
