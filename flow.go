package motive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// flow holds requests back: by the rate limit that the caller chose, and until
// the time that a 429 asked the whole client to wait for.
type flow struct {
	limiter *rate.Limiter // nil: no limit
	turn    chan struct{} // holds one element while somebody is at the limiter
	queued  atomic.Int64  // how many want the turn or have it

	mu     sync.Mutex
	until  time.Time // nothing is sent before
	window [windowSeconds]tally
}

// tally counts the calls and retries that began in one second.
type tally struct {
	second         int64
	calls, retries int
}

const (
	windowSeconds = 10
	freeRetries   = 20   // in a window, however few the calls
	retryShare    = 0.20 // of the calls in a window
)

func newFlow(perSecond float64, burst int) *flow {
	f := &flow{turn: make(chan struct{}, 1)}
	if perSecond > 0 {
		f.limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
	}
	return f
}

// wait returns when a request may be sent, and not before least has passed. It
// returns early with an error when ctx ends, and at once when ctx would end
// before the wait does.
func (f *flow) wait(ctx context.Context, least time.Duration) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if err := sleep(ctx, least); err != nil {
		return err
	}
	if f.limiter == nil {
		return f.waitPaused(ctx)
	}
	// Those who wait queue for the turn, in order. Only the first of them asks the
	// limiter, which would not take back the tokens of others that leave.
	ahead := f.queued.Add(1) - 1
	defer f.queued.Add(-1)
	if pastDeadline(ctx, f.queueTime(ahead)) {
		return errNoRoom
	}
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return contextError(ctx)
	}
	for {
		if err := f.waitPaused(ctx); err != nil {
			return err
		}
		if err := f.limiter.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return contextError(ctx)
			}
			return errNoRoom
		}
		if f.pauseLeft() <= 0 { // else a 429 has come in meanwhile
			return nil
		}
	}
}

var errNoRoom = fmt.Errorf("the rate limit leaves no room before the deadline: %w", context.DeadlineExceeded)

// queueTime is how long it takes until those ahead have had their turns.
func (f *flow) queueTime(ahead int64) time.Duration {
	short := float64(ahead) - max(0, f.limiter.Tokens())
	return time.Duration(max(0, short) / float64(f.limiter.Limit()) * float64(time.Second))
}

// waitPaused waits until no pause is left; one may begin while another is
// waited for. Those that waited leave spread over a moment rather than at once.
func (f *flow) waitPaused(ctx context.Context) error {
	for {
		pause := f.pauseLeft()
		if pause <= 0 {
			return nil
		}
		if pastDeadline(ctx, pause) {
			return fmt.Errorf("%w: the server asked to wait %s more, past the deadline: %w", ErrRateLimited, pause.Round(time.Millisecond), context.DeadlineExceeded)
		}
		if err := sleep(ctx, pause+rand.N(pause/10+time.Millisecond)); err != nil {
			return err
		}
	}
}

func (f *flow) pauseLeft() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.until.IsZero() {
		return 0
	}
	return time.Until(f.until)
}

// pause holds back every request for d from now, and reports whether that is
// longer than before.
func (f *flow) pause(d time.Duration) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	until := time.Now().Add(d)
	if !until.After(f.until) {
		return false
	}
	f.until = until
	return true
}

// pause holds back the whole client after a 429 to t.
func (c *core) pause(t *trip, resp *http.Response, d time.Duration) {
	if c.flow.pause(d) {
		c.watch.happened(t, EventPause, resp, nil, d)
	}
}

// called counts a call, which pays for a fifth of a retry.
func (f *flow) called() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now().calls++
}

// mayRetry counts a retry if the budget of the window has room for it.
func (f *flow) mayRetry() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	calls, retries := 0, 0
	for _, t := range f.window {
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
func (f *flow) now() *tally {
	second := time.Now().Unix()
	t := &f.window[second%windowSeconds]
	if t.second != second {
		*t = tally{second: second}
	}
	return t
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return contextError(ctx)
	case <-timer.C:
		return nil
	}
}

// contextError is why ctx ended: its error, and its cause where it has one.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == err {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
