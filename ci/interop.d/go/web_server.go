package main

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// site serves the pages that ../README.md describes, over every protocol that net/http speaks.
type site struct {
	name string
	gone sync.Map
}

func serveWeb(arguments []string) error {
	flags := flag.NewFlagSet("web-server", flag.ExitOnError)
	name := flags.String("name", "web", "what it says of itself")
	certificate := flags.String("cert", "", "also speak TLS, with this certificate")
	key := flags.String("key", "", "its key")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	pages := (&site{name: *name}).pages()
	one, two := new(http.Protocols), new(http.Protocols)
	one.SetHTTP1(true)
	two.SetHTTP1(true)
	two.SetHTTP2(true)
	two.SetUnencryptedHTTP2(true)
	ended := make(chan error)
	addresses := map[string]string{}
	listen := func(label string, protocols *http.Protocols, secure bool) error {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		addresses[label] = listener.Addr().String()
		server := &http.Server{Handler: pages, Protocols: protocols, TLSConfig: &tls.Config{}}
		go func() {
			if secure {
				ended <- server.ServeTLS(listener, *certificate, *key)
			} else {
				ended <- server.Serve(listener)
			}
		}()
		return nil
	}
	if err := listen("plain", two, false); err != nil {
		return err
	}
	if *certificate != "" {
		if err := listen("tls", two, true); err != nil {
			return err
		}
		if err := listen("tls1", one, true); err != nil {
			return err
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(addresses); err != nil {
		return err
	}
	return <-ended
}

func (s *site) pages() http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("/mirror", s.mirror)
	pages.HandleFunc("/bytes", func(answer http.ResponseWriter, request *http.Request) {
		size, _ := strconv.ParseInt(request.FormValue("n"), 10, 64)
		_, _ = io.CopyN(answer, &pattern{}, size)
	})
	pages.HandleFunc("/status", func(answer http.ResponseWriter, request *http.Request) {
		code, _ := strconv.Atoi(request.FormValue("code"))
		answer.WriteHeader(code)
	})
	pages.HandleFunc("/trailers", trailers)
	pages.HandleFunc("/hints", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Link", "</style.css>; rel=preload")
		answer.WriteHeader(http.StatusEarlyHints)
		answer.Header().Del("Link")
		_, _ = io.WriteString(answer, "hinted\n")
	})
	pages.HandleFunc("/breaks", func(answer http.ResponseWriter, _ *http.Request) {
		_, _ = io.CopyN(answer, &pattern{}, 100_000)
		panic(http.ErrAbortHandler)
	})
	pages.HandleFunc("/waits", func(_ http.ResponseWriter, request *http.Request) {
		<-request.Context().Done()
		s.gone.Store(request.FormValue("id"), true)
	})
	pages.HandleFunc("/gone", func(answer http.ResponseWriter, request *http.Request) {
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if _, gone := s.gone.Load(request.FormValue("id")); gone {
				_, _ = io.WriteString(answer, "gone\n")
				return
			}
		}
		_, _ = io.WriteString(answer, "not gone\n")
	})
	return pages
}

// mirror tells what came, with the digest of the body.
func (s *site) mirror(answer http.ResponseWriter, request *http.Request) {
	digest := sha256.New()
	size, err := io.Copy(digest, request.Body)
	seen := map[string]any{
		"server": s.name, "protocol": request.Proto, "method": request.Method, "target": request.RequestURI,
		"host": request.Host, "headers": lowered(request.Header), "trailers": lowered(request.Trailer), "bytes": size,
		"length": request.ContentLength, "sha256": fmt.Sprintf("%x", digest.Sum(nil)), "tls": request.TLS != nil,
	}
	if err != nil {
		seen["error"] = err.Error()
	}
	answer.Header().Set("Content-Type", "application/json")
	answer.Header().Add("Set-Cookie", "a=1; Path=/")
	answer.Header().Add("Set-Cookie", "b=2; Path=/")
	_ = json.NewEncoder(answer).Encode(seen)
}

func lowered(fields http.Header) map[string][]string {
	all := map[string][]string{}
	for name, values := range fields {
		all[strings.ToLower(name)] = values
	}
	return all
}

func trailers(answer http.ResponseWriter, request *http.Request) {
	answer.Header().Set("Trailer", "Peer-Digest")
	digest := sha256.New()
	_, _ = io.Copy(io.MultiWriter(answer, digest), io.LimitReader(&pattern{}, 50_000))
	answer.Header().Set("Peer-Digest", fmt.Sprintf("%x", digest.Sum(nil)))
}

// pattern is an endless body whose every position is known: its bytes count to 250, a prime's neighbour of no buffer.
type pattern struct{ at int }

func (p *pattern) Read(into []byte) (int, error) {
	for index := range into {
		into[index] = byte(p.at % 251)
		p.at++
	}
	return len(into), nil
}
