package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// A frame of RFC 6455, section 5.2, as far as this load needs it: whole, and of less than 64 KiB.
type frame struct {
	code    byte
	payload []byte
}

const (
	text    = 0x1
	closing = 0x8
)

func readFrame(from *bufio.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return frame{}, err
	}
	length := int(head[1] & 0x7f)
	switch length {
	case 126:
		var more [2]byte
		if _, err := io.ReadFull(from, more[:]); err != nil {
			return frame{}, err
		}
		length = int(binary.BigEndian.Uint16(more[:]))
	case 127:
		return frame{}, errors.New("a frame that nobody here sends")
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(from, mask[:]); err != nil {
			return frame{}, err
		}
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(from, payload); err != nil {
		return frame{}, err
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return frame{head[0] & 0xf, payload}, nil
}

// With a mask, as a client must; without, as a server must.
func writeFrame(frame frame, mask []byte) []byte {
	out := []byte{0x80 | frame.code}
	masked := byte(0)
	if mask != nil {
		masked = 0x80
	}
	if len(frame.payload) < 126 {
		out = append(out, masked|byte(len(frame.payload)))
	} else {
		out = append(out, masked|126)
		out = binary.BigEndian.AppendUint16(out, uint16(len(frame.payload)))
	}
	out = append(out, mask...)
	for i, each := range frame.payload {
		if mask != nil {
			each ^= mask[i%4]
		}
		out = append(out, each)
	}
	return out
}
