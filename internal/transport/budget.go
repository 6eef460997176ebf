package transport

import (
	"sync"
	"time"
)

// budget holds retries to a share of the calls: a failing server is not sent several
// times what it could not take once.
type budget struct {
	mu     sync.Mutex
	window [windowSeconds]tally
}

type tally struct { // of one second
	second         int64
	calls, retries int
}

const (
	windowSeconds = 10
	freeRetries   = 20   // in a window, however few the calls
	retryShare    = 0.20 // of the calls in a window
)

// called counts a call, which pays for a fifth of a retry.
func (b *budget) called() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now().calls++
}

// mayRetry counts a retry if the window has room for it.
func (b *budget) mayRetry() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	calls, retries := 0, 0
	for _, t := range b.window {
		if now.second-t.second < windowSeconds {
			calls += t.calls
			retries += t.retries
		}
	}
	if retries >= freeRetries && float64(retries+1) > retryShare*float64(calls) {
		return false
	}
	now.retries++
	return true
}

// now is the tally of the current second. The lock is held.
func (b *budget) now() *tally {
	second := time.Now().Unix()
	t := &b.window[second%windowSeconds]
	if t.second != second {
		*t = tally{second: second}
	}
	return t
}
