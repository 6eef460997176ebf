package turns

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// wire is a transport that notes when requests leave.
type wire struct {
	mu   sync.Mutex
	sent []time.Time
}

func (w *wire) RoundTrip(*http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, time.Now())
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func request(t testing.TB, header, value string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(header, value)
	return req
}

func call(t testing.TB) *http.Request { return request(t, "Authorization", "Bearer canary") }

// The processes of a test pause anywhere between their turn and the wire, for longer
// than the rate allows. No second has more requests all the same.
func TestPausedProcessesKeepTheLimitOnTheWire(t *testing.T) {
	t.Parallel()
	for _, r := range rates {
		synctest.Test(t, func(t *testing.T) {
			m, w := &memory{}, &wire{}
			random := rand.New(rand.NewPCG(3, 4))
			var mu sync.Mutex
			pause := func(one int) (d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				if random.IntN(one) == 0 {
					d = time.Duration(random.Int64N(int64(5 * time.Second / time.Duration(max(r.perSecond, 1)))))
				}
				return d
			}
			m.way = func() time.Duration { return pause(20) }
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			var processes sync.WaitGroup
			for range 4 {
				guard := NewGuard(limiter(t, m, r.perSecond, r.burst), w, nil)
				for range 3 {
					processes.Go(func() {
						for guard.Wait(ctx) == nil {
							time.Sleep(pause(3))
							if _, err := guard.RoundTrip(call(t)); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
			processes.Wait()
			if got, limit := most(w.sent), limitOf(r.perSecond, r.burst); got > limit || len(w.sent) > m.given {
				t.Errorf("%v a second in bursts of %d: %d requests within a second, want at most %d; %d requests with %d turns",
					r.perSecond, r.burst, got, limit, len(w.sent), m.given)
			}
			if least := int(100 * r.perSecond); len(w.sent) < least {
				t.Errorf("%v a second: %d requests in ten minutes, want at least %d", r.perSecond, len(w.sent), least)
			}
		})
	}
}

func TestTurnThatWasOversleptBeforeTheWireIsNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, w := &memory{}, &wire{}
		guard, other := NewGuard(limiter(t, m, 2, 1), w, nil), limiter(t, m, 2, 1)
		if err := guard.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // paused
		if err := other.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		woke := time.Now()
		if _, err := guard.RoundTrip(call(t)); err != nil {
			t.Fatal(err)
		}
		if at := w.sent[0].Sub(woke); at < 400*time.Millisecond || m.given != 3 {
			t.Errorf("the request left %s after one of another process, by the %d. turn", at, m.given)
		}
	})
}

func TestEachTurnIsForOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		guard := NewGuard(limiter(t, &memory{}, 2, 1), w, nil)
		start := time.Now()
		for range 2 { // who forgets to wait is made to
			if _, err := guard.RoundTrip(call(t)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 400*time.Millisecond || guard.Sent() != 2 {
			t.Errorf("2 requests took %s, and %d were counted", took, guard.Sent())
		}
	})
}

func TestRequestForATokenNeedsNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		out := errors.New("out")
		guard := NewGuard(limiter(t, &memory{}, 2, 1), w, func() error { return out })
		for _, value := range []string{"", "Basic canary"} {
			if _, err := guard.RoundTrip(request(t, "Authorization", value)); err != nil {
				t.Errorf("RoundTrip: %v", err)
			}
		}
		if _, err := guard.RoundTrip(request(t, "X-Api-Key", "canary")); !errors.Is(err, out) || len(w.sent) != 2 {
			t.Errorf("RoundTrip of a call: %v, and %d requests were sent", err, len(w.sent))
		}
	})
}

// body notes whether it was closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

// That may be found out while a request waits: after its turn, and before the wire.
func TestWhoIsOutSendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, w := &memory{}, &wire{}
		out := errors.New("out")
		var err error
		guard := NewGuard(limiter(t, m, 2, 1), w, func() error { return err })
		if err := guard.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		err = out
		req, b := call(t), &body{Reader: strings.NewReader("{}")}
		req.Body = b
		_, got := guard.RoundTrip(req)
		var unsent interface{ NeverSent() bool }
		if !errors.Is(got, out) || !errors.As(got, &unsent) || !unsent.NeverSent() {
			t.Errorf("RoundTrip: %v, want %v, of which nothing was sent", got, out)
		}
		if len(w.sent) != 0 || !b.closed || guard.Sent() != 0 {
			t.Errorf("%d requests were sent, and the body is closed: %t", len(w.sent), b.closed)
		}
		if err := guard.Wait(t.Context()); !errors.Is(err, out) || m.given != 1 {
			t.Errorf("Wait: %v, and %d turns were taken from who is in", err, m.given)
		}
	})
}

func TestCallThatEndsWhileItWaitsForAnotherTurnWasNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		guard := NewGuard(limiter(t, &memory{}, 0.1, 1), w, nil)
		if _, err := guard.RoundTrip(call(t)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := guard.RoundTrip(call(t).WithContext(ctx))
		var unsent interface{ NeverSent() bool }
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &unsent) || len(w.sent) != 1 {
			t.Errorf("RoundTrip: %v, and %d requests were sent", err, len(w.sent))
		}
	})
}
