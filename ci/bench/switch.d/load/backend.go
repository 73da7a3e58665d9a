package main

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"time"
)

// What an endpoint does for the six kinds of clients: it says back what it was asked, so that an answer that belongs to
// another request is seen.
func backend(address string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(answer http.ResponseWriter, request *http.Request) {
		if wait, err := time.ParseDuration(request.URL.Query().Get("wait")); err == nil {
			time.Sleep(wait)
		}
		fmt.Fprint(answer, request.URL.Query().Get("n"))
	})
	mux.HandleFunc("/upload", func(answer http.ResponseWriter, request *http.Request) {
		bytes, err := io.Copy(io.Discard, request.Body)
		if err != nil {
			answer.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprint(answer, bytes)
	})
	mux.HandleFunc("/socket", socket)
	// Longer than any proxy keeps a connection to it: who closes first is then the proxy, and never the endpoint.
	server := http.Server{Addr: address, Handler: mux, IdleTimeout: time.Hour}
	return server.ListenAndServe()
}

// The server's side of RFC 6455: each frame comes back, and a close frame ends it.
func socket(answer http.ResponseWriter, request *http.Request) {
	accept := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer.Header().Set("Upgrade", "websocket")
	answer.Header().Set("Connection", "Upgrade")
	answer.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(accept[:]))
	answer.WriteHeader(http.StatusSwitchingProtocols)
	conn, buffered, err := http.NewResponseController(answer).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		frame, err := readFrame(buffered.Reader)
		if err != nil {
			return
		}
		if _, err = conn.Write(writeFrame(frame, nil)); err != nil || frame.code == closing {
			return
		}
	}
}
