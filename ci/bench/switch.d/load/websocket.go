package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// Talks for a few seconds, then closes as RFC 6455, section 7, wants it. One life is one exchange.
func (r *run) websocket(tally *tally) {
	for r.goesOn() {
		tally.count(0, r.talk())
		r.sleep(around(50 * time.Millisecond))
	}
}

func (r *run) talk() error {
	conn, err := r.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	head := "GET /socket HTTP/1.1\r\nHost: shop.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err = io.WriteString(conn, head); err != nil {
		return err
	}
	response, err := http.ReadResponse(conn.reader, nil)
	if err != nil {
		return err
	}
	if response.StatusCode >= 500 {
		return fmt.Errorf("%w: %s", errStatus, response.Status)
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("%w: %s", errWrong, response.Status)
	}
	ends := time.Now().Add(time.Second/2 + around(800*time.Millisecond))
	for time.Now().Before(ends) && r.goesOn() {
		said := make([]byte, 1+rand.IntN(4096))
		for i := range said {
			said[i] = byte(rand.UintN(256))
		}
		if err = conn.echo(frame{text, said}); err != nil {
			return err
		}
		time.Sleep(around(30 * time.Millisecond))
	}
	return conn.echo(frame{closing, []byte{0x03, 0xe8}})
}

func (c *conn) echo(said frame) error {
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(writeFrame(said, []byte{1, 2, 3, 4})); err != nil {
		return err
	}
	heard, err := readFrame(c.reader)
	if err != nil {
		return err
	}
	if heard.code != said.code || !bytes.Equal(heard.payload, said.payload) {
		return errWrong
	}
	return nil
}
