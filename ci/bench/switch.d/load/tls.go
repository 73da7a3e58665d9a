package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// Longer than the grace that a drain leaves an idle connection: who is idle that long would be idle while it is closed.
const longIdle = 7 * time.Second

// Says of a file of PEM that what is in it is to be believed, and nothing else.
func believed(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, errors.New("no certificate in " + file)
	}
	return roots, nil
}

// A kept connection of HTTP/1.1 over TLS, idle for any time up to a long one.
func (r *run) keepaliveTLS(tally *tally) {
	config := &tls.Config{
		RootCAs:    r.roots,
		ServerName: "shop.example",
		NextProtos: []string{"http/1.1"},
		// As clients have: who comes back shows the ticket of a process that may have left.
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}
	r.keep(tally, func() (*conn, error) { return r.dialTLS(config) }, func() time.Duration { return rand.N(longIdle) })
}

func (r *run) dialTLS(config *tls.Config) (*conn, error) {
	dialed, err := r.dialTo(r.https)
	if err != nil {
		return nil, err
	}
	secured := tls.Client(dialed, config)
	_ = secured.SetDeadline(time.Now().Add(patience))
	if err = secured.Handshake(); err == nil && secured.ConnectionState().NegotiatedProtocol != "http/1.1" {
		err = errors.New("not agreed on HTTP/1.1")
	}
	if err != nil {
		dialed.Close()
		return nil, fmt.Errorf("%w: %w", errRefuse, err)
	}
	return newConn(secured), nil
}
