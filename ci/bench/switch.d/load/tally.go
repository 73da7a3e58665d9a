package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// What became of the exchanges of one kind of client.
type tally struct {
	lock sync.Mutex

	Exchanges int `json:"exchanges"`
	Answered  int `json:"answered"`
	// No connection was to be had.
	Refused int `json:"refused"`
	// The connection was reset under a request.
	Reset int `json:"reset"`
	// The connection ended, or nothing came for as long as a patient client waits.
	Unanswered int `json:"unanswered"`
	Status5xx  int `json:"status_5xx"`
	// An answer that is none to what was asked.
	Wrong int `json:"wrong"`
	// Closed between two requests, which every server may: no loss.
	ClosedIdle int `json:"closed_idle"`
	// Told to close with an answer: no loss.
	ToldToClose int `json:"told_to_close"`
	// The longest that somebody waited for others: for a connection and an answer, less what the endpoint was asked to take.
	LongestMs int64 `json:"longest_ms"`
	// The first few losses in words.
	Words []string `json:"words"`
}

const patience = 30 * time.Second

var (
	errStatus = errors.New("status 5xx")
	errWrong  = errors.New("an answer to something else")
	errRefuse = errors.New("no connection")
)

// Counts an exchange, and how long its client waited for others.
func (t *tally) count(waited time.Duration, err error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.Exchanges++
	t.LongestMs = max(t.LongestMs, waited.Milliseconds())
	if err == nil {
		t.Answered++
		return
	}
	if len(t.Words) < 5 {
		t.Words = append(t.Words, err.Error())
	}
	switch {
	case errors.Is(err, errStatus):
		t.Status5xx++
	case errors.Is(err, errWrong):
		t.Wrong++
	case errors.Is(err, errRefuse), errors.Is(err, syscall.ECONNREFUSED):
		t.Refused++
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		t.Reset++
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		t.Unanswered++
	default:
		t.Unanswered++
	}
}

func (t *tally) closedIdle() {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.ClosedIdle++
}

func (t *tally) toldToClose() {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.ToldToClose++
}
