package main

import (
	"context"
	"crypto/x509"
	"math/rand/v2"
	"sync"
	"time"
)

// All clients of one run.
type run struct {
	http1, http2, https string
	// Whose certificates the servers show.
	roots   *x509.CertPool
	goOn    context.Context
	stop    context.CancelFunc
	clients sync.WaitGroup
	tallies map[string]*tally
}

// How many clients there are of each kind. What they do is in the file of the kind.
var kinds = []struct {
	name    string
	clients int
	serve   func(*run, *tally)
}{
	{"fresh", 4, (*run).fresh},
	{"keepalive", 40, (*run).keepalive},
	{"keepalive_tls", 40, (*run).keepaliveTLS},
	{"http2", 4, (*run).multiplexed},
	{"websocket", 12, (*run).websocket},
	{"upload", 12, (*run).upload},
}

func start(http1, http2, https string, roots *x509.CertPool) *run {
	goOn, stop := context.WithCancel(context.Background())
	run := &run{
		http1: http1, http2: http2, https: https, roots: roots,
		goOn: goOn, stop: stop, tallies: map[string]*tally{},
	}
	for _, kind := range kinds {
		tally := &tally{}
		run.tallies[kind.name] = tally
		for range kind.clients {
			run.clients.Go(func() { kind.serve(run, tally) })
		}
	}
	return run
}

// Lets everybody finish what is under way.
func (r *run) end() map[string]*tally {
	r.stop()
	r.clients.Wait()
	return r.tallies
}

// Whether to begin another exchange.
func (r *run) goesOn() bool {
	return r.goOn.Err() == nil
}

func (r *run) sleep(time_ time.Duration) {
	timer := time.NewTimer(time_)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.goOn.Done():
	}
}

// Around `mean`, as arrivals are: mostly less, sometimes much more.
func around(mean time.Duration) time.Duration {
	return time.Duration(min(rand.ExpFloat64(), 4) * float64(mean))
}
