package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// A connection of HTTP/1.1 that nobody mends behind our back: Go's own client would ask again without a word.
type conn struct {
	net.Conn
	reader *bufio.Reader
}

func newConn(over net.Conn) *conn {
	return &conn{over, bufio.NewReader(over)}
}

func (r *run) dial() (*conn, error) {
	dialed, err := r.dialTo(r.http1)
	if err != nil {
		return nil, err
	}
	return newConn(dialed), nil
}

func (r *run) dialTo(address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: patience}
	dialed, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRefuse, err)
	}
	return dialed, nil
}

// Asks for `/echo`; whether the connection may be used again.
func (c *conn) ask(wait time.Duration) (bool, error) {
	n := strconv.FormatUint(rand.Uint64(), 10)
	head := fmt.Sprintf("GET /echo?n=%s&wait=%dus HTTP/1.1\r\nHost: shop.example\r\n\r\n", n, wait.Microseconds())
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, head); err != nil {
		return false, err
	}
	return c.answer(n)
}

// Reads an answer, which must have this body.
func (c *conn) answer(wanted string) (bool, error) {
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return false, err
	}
	if response.StatusCode >= 500 {
		return false, fmt.Errorf("%w: %s %s", errStatus, response.Status, bytes.TrimSpace(body))
	}
	if response.StatusCode != 200 || string(body) != wanted {
		return false, fmt.Errorf("%w: %s", errWrong, response.Status)
	}
	return !response.Close, nil
}

// Waits between two requests, at most until the end of the run; false when the other side has closed meanwhile, which it may.
func (r *run) idle(c *conn, time_ time.Duration) bool {
	_ = c.SetReadDeadline(time.Now().Add(time_))
	stop := context.AfterFunc(r.goOn, func() { _ = c.SetReadDeadline(time.Now()) })
	defer stop()
	_, err := c.reader.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// A connection per request.
func (r *run) fresh(tally *tally) {
	for r.goesOn() {
		began, wait := time.Now(), around(5*time.Millisecond)
		err := r.askOnce(wait)
		tally.count(time.Since(began)-wait, err)
		r.sleep(around(20 * time.Millisecond))
	}
}

func (r *run) askOnce(wait time.Duration) error {
	conn, err := r.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.ask(wait)
	return err
}

// A kept connection that is idle for a random time between requests, mostly a short one.
func (r *run) keepalive(tally *tally) {
	r.keep(tally, r.dial, func() time.Duration { return around(700 * time.Millisecond) })
}

// A kept connection, in whatever way it is made. A request that meets its end is lost: nobody sends it again.
func (r *run) keep(tally *tally, dial func() (*conn, error), between func() time.Duration) {
	var conn *conn
	defer func() {
		if conn != nil {
			conn.Close()
		}
	}()
	for r.goesOn() {
		began, wait := time.Now(), around(5*time.Millisecond)
		keeps, err := false, error(nil)
		if conn == nil {
			conn, err = dial()
		}
		if err == nil {
			keeps, err = conn.ask(wait)
		}
		tally.count(time.Since(began)-wait, err)
		if err == nil && !keeps {
			tally.toldToClose()
		}
		if err == nil && keeps {
			if r.idle(conn, between()) {
				continue
			}
			tally.closedIdle()
		}
		if conn != nil {
			conn.Close()
			conn = nil
		}
		if err != nil {
			r.sleep(100 * time.Millisecond)
		}
	}
}

// A body that comes slowly, in pieces.
func (r *run) upload(tally *tally) {
	for r.goesOn() {
		tally.count(r.send())
		r.sleep(around(20 * time.Millisecond))
	}
}

// Uploads one, and tells how long it waited for the answer.
func (r *run) send() (time.Duration, error) {
	const pieces, piece = 50, 2048
	conn, err := r.dial()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	head := fmt.Sprintf("POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Length: %d\r\n\r\n", pieces*piece)
	if _, err = io.WriteString(conn, head); err != nil {
		return 0, err
	}
	for range pieces {
		time.Sleep(around(40 * time.Millisecond))
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err = conn.Write(bytes.Repeat([]byte{'x'}, piece)); err != nil {
			return 0, err
		}
	}
	sent := time.Now()
	_, err = conn.answer(strconv.Itoa(pieces * piece))
	return time.Since(sent), err
}
