package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Several streams at a time on one connection. Go's client opens a new connection when it is told to go away, and asks
// again only what the server says it has not looked at: that is what the protocol promises.
func (r *run) multiplexed(tally *tally) {
	const streams = 8
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	dialer := net.Dialer{Timeout: patience}
	transport := &http.Transport{
		Protocols: protocols,
		DialContext: func(context context.Context, network, _ string) (net.Conn, error) {
			conn, err := dialer.DialContext(context, network, r.http2)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errRefuse, err)
			}
			return conn, nil
		},
	}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: patience}
	var all sync.WaitGroup
	for range streams {
		all.Go(func() {
			for r.goesOn() {
				began, wait := time.Now(), around(30*time.Millisecond)
				err := ask(&client, wait)
				tally.count(time.Since(began)-wait, err)
				r.sleep(around(30 * time.Millisecond))
			}
		})
	}
	all.Wait()
}

func ask(client *http.Client, wait time.Duration) error {
	n := strconv.FormatUint(rand.Uint64(), 10)
	response, err := client.Get(fmt.Sprintf("http://shop.example/echo?n=%s&wait=%dus", n, wait.Microseconds()))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 500 {
		return fmt.Errorf("%w: %s", errStatus, response.Status)
	}
	if response.StatusCode != 200 || string(body) != n {
		return fmt.Errorf("%w: %s", errWrong, response.Status)
	}
	return nil
}
