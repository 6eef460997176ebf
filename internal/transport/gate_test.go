package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// stubLimiter is a limiter that is a function.
type stubLimiter func(context.Context) error

func (f stubLimiter) Wait(ctx context.Context) error { return f(ctx) }

func TestCallsWaitTheirTurnInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate([]Limiter{rate.NewLimiter(10, 1)}, Policy{}.WithDefaults(), time.Minute)
		var mu sync.Mutex
		var order []int
		var at []time.Duration
		start := time.Now()
		for i := range 10 {
			go func() {
				if err := g.wait(t.Context(), time.Time{}); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order, at = append(order, i), append(at, time.Since(start))
			}()
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !slices.IsSorted(order) || len(order) != 10 {
			t.Errorf("order %v", order)
		}
		for i, at := range at {
			if want := time.Duration(i) * 100 * time.Millisecond; at < want-time.Millisecond || at > want+time.Millisecond {
				t.Errorf("turn %d after %s, want %s", i, at, want)
			}
		}
	})
}

// Calls that wait for one slow token have their turns before it comes. They do not
// leave together when it does.
func TestASlowTokenDoesNotGatherTurns(t *testing.T) {
	t.Parallel()
	for _, fetch := range []time.Duration{0, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			const calls, perSecond = 25, 5
			seen := answers(200)
			var fetched atomic.Bool
			c := newTestClient(t, Config{
				RoundTripper: seen, Limiters: []Limiter{rate.NewLimiter(perSecond, 1)},
				Credential: Tokens(func(context.Context) (string, error) {
					if !fetched.Swap(true) {
						time.Sleep(fetch)
					}
					return secret, nil
				}, nil),
			})
			start := time.Now()
			var wg sync.WaitGroup
			for range calls {
				wg.Go(func() {
					if _, err := c.Do(t.Context(), request(http.MethodGet)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for i := perSecond + 1; i < calls; i++ {
				if apart := seen.at[i].Sub(seen.at[i-perSecond-1]); apart < time.Second {
					t.Errorf("a token of %s: requests %d to %d within %s", fetch, i-perSecond-1, i, apart)
				}
			}
			if took, most := time.Since(start), calls/perSecond*time.Second+2*fetch; took > most {
				t.Errorf("a token of %s: took %s, want at most %s", fetch, took, most)
			}
		})
	}
}

// An observer that takes its time makes no turn stale: each attempt takes one.
func TestASlowObserverCostsNoSecondTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := answers(200)
		c := newTestClient(t, Config{
			RoundTripper: seen, Limiters: []Limiter{rate.NewLimiter(1, 1)},
			Observer: func(Event) { time.Sleep(50 * time.Millisecond) },
		})
		for range 3 {
			get(t, c, request(http.MethodGet))
		}
		if took := seen.at[2].Sub(seen.at[0]); took > 2500*time.Millisecond {
			t.Errorf("two turns of one second took %s", took)
		}
	})
}

// One who leaves the queue leaves it shorter: neither its turn nor its count stays.
func TestACancelledWaiterLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate([]Limiter{rate.NewLimiter(1, 1)}, Policy{}.WithDefaults(), time.Minute)
		if err := g.wait(t.Context(), time.Time{}); err != nil { // the one that the burst allows
			t.Fatal(err)
		}
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		first := make(chan error, 1)
		go func() { first <- g.wait(t.Context(), time.Time{}) }() // who stays
		synctest.Wait()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := g.wait(ctx, time.Time{}); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
					t.Errorf("error %v", err)
				}
			})
		}
		synctest.Wait()
		if n := g.queued.Load(); n != 51 {
			t.Errorf("%d queue, want 51", n)
		}
		start := time.Now()
		cancel(cause)
		wg.Wait()
		if took := time.Since(start); took > 0 {
			t.Errorf("they left after %s", took)
		}
		if n := g.queued.Load(); n != 1 {
			t.Errorf("%d count, want the one who stayed", n)
		}
		// The next one has the turn of the first of them: not the 51st, and with three
		// seconds to go it is not told that there is no room.
		next, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		if err := g.wait(next, time.Time{}); err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("the next waited %s: %v", time.Since(start), err)
		}
		if err := <-first; err != nil || g.queued.Load() != 0 {
			t.Errorf("the one who stayed: %v, %d still count", err, g.queued.Load())
		}
	})
}

func TestNoRoomBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate([]Limiter{rate.NewLimiter(1, 1)}, Policy{}.WithDefaults(), time.Minute)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { _ = g.wait(t.Context(), time.Time{}) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		err := g.wait(ctx, time.Time{})
		if !errors.Is(err, ErrNoRoom) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 0 {
			t.Errorf("error %v after %s", err, time.Since(start))
		}
		wg.Wait()
		// At the limiter itself, too.
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := g.wait(short, time.Time{}); !errors.Is(err, ErrNoRoom) {
			t.Errorf("error %v", err)
		}
	})
}

// What the limiter has in store serves those ahead first.
func TestABurstLeavesRoom(t *testing.T) {
	t.Parallel()
	for burst, room := range map[int]bool{5: true, 1: false} {
		synctest.Test(t, func(t *testing.T) {
			g := newGate([]Limiter{rate.NewLimiter(1, burst)}, Policy{}.WithDefaults(), time.Minute)
			g.head <- struct{}{} // somebody is first, with three behind
			g.queued.Store(4)
			time.AfterFunc(time.Second, func() { <-g.head })
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := g.wait(ctx, time.Time{}); (err == nil) != room || !room && !errors.Is(err, ErrNoRoom) {
				t.Errorf("with a burst of %d: %v", burst, err)
			}
			time.Sleep(time.Second)
		})
	}
}

func TestTheLimiterIsAskedBeforeEachAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		server := answers(503, 429, 200)
		c := newTestClient(t, Config{
			RoundTripper:   server,
			AttemptTimeout: time.Second,
			Limiters: []Limiter{stubLimiter(func(ctx context.Context) error {
				asked++
				if deadline, ok := ctx.Deadline(); ok {
					t.Errorf("the limiter has until %s", deadline)
				}
				time.Sleep(5 * time.Second) // longer than an attempt may take
				return nil
			})},
		})
		start := time.Now()
		r, err := c.Do(t.Context(), request("GET"))
		if waited := time.Since(start); err != nil || r.Status != 200 || asked != 3 || r.Attempts != 3 || waited < 15*time.Second {
			t.Errorf("%d in %d attempts, asked %d times, waited %s: %v", r.Status, r.Attempts, asked, waited, err)
		}
	})
}

func TestLimitersThatMisbehave(t *testing.T) {
	t.Parallel()
	down := errors.New("database down")
	for name, tt := range map[string]struct {
		wait stubLimiter
		want error
		text string
		took time.Duration
	}{
		"fails": {func(context.Context) error { return down }, down, "the limiter failed: database down", 0},
		"of net/http": {func(context.Context) error {
			return &url.Error{Op: "Get", URL: "https://x/?canary", Err: down}
		}, down, "the limiter failed: database down", 0},
		"panics":     {func(context.Context) error { panic("oops") }, nil, "the limiter failed: it panicked: oops", 0},
		"ends":       {func(context.Context) error { runtime.Goexit(); return nil }, nil, "ended its goroutine", 0},
		"hangs":      {func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Hour); return nil }, context.DeadlineExceeded, "", 3 * time.Second},
		"is in time": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, context.DeadlineExceeded, "", 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := answers(200)
				c := newTestClient(t, Config{RoundTripper: server, Limiters: []Limiter{tt.wait}})
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				start := time.Now()
				r, err := c.Do(ctx, request("POST"))
				if err == nil || !strings.Contains(err.Error(), tt.text) || tt.want != nil && !errors.Is(err, tt.want) || strings.Contains(err.Error(), "canary") {
					t.Errorf("error %v", err)
				}
				if took := time.Since(start); took != tt.took || r.Attempts != 0 || len(server.seen) != 0 {
					t.Errorf("took %s, %d attempts", took, r.Attempts)
				}
				time.Sleep(2 * time.Hour) // until it has woken
			})
		})
	}
}

// sharedLimiter is told of pauses.
type sharedLimiter struct {
	stubLimiter
	pause func(context.Context, time.Duration) error
}

func (l sharedLimiter) Pause(ctx context.Context, d time.Duration) error { return l.pause(ctx, d) }

func TestTheLimiterIsToldOfAPause(t *testing.T) {
	t.Parallel()
	free := stubLimiter(func(context.Context) error { return nil })
	for name, tt := range map[string]struct {
		steps []any
		want  []time.Duration // the pauses at least, and a tenth more at most
	}{
		"a 429 with Retry-After":     {[]any{reply{429, "Retry-After: 20"}, 200}, []time.Duration{20 * time.Second}},
		"a 429 beyond the cap":       {[]any{reply{429, "Retry-After: 600"}}, []time.Duration{10 * time.Minute}},
		"a 429 without":              {[]any{429, 200}, []time.Duration{25 * time.Millisecond}},
		"a 503":                      {[]any{503, 200}, nil},
		"a 503 with Retry-After":     {[]any{reply{503, "Retry-After: 20"}, 200}, []time.Duration{20 * time.Second}},
		"a 500 with Retry-After":     {[]any{reply{500, "Retry-After: 20"}, 200}, nil},
		"two of them":                {[]any{reply{429, "Retry-After: 2"}, reply{429, "Retry-After: 3"}, 200}, []time.Duration{2 * time.Second, 3 * time.Second}},
		"a success with Retry-After": {[]any{reply{200, "Retry-After: 20"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told []time.Duration
				c := newTestClient(t, Config{RoundTripper: answers(tt.steps...), Limiters: []Limiter{sharedLimiter{free, func(_ context.Context, d time.Duration) error {
					told = append(told, d)
					return nil
				}}}})
				if _, err := c.Do(t.Context(), request("GET")); err != nil {
					t.Fatal(err)
				}
				if len(told) != len(tt.want) {
					t.Fatalf("told %v, want %v", told, tt.want)
				}
				for i, want := range tt.want {
					if told[i] < want || told[i] > want+want/10+30*time.Millisecond {
						t.Errorf("told %v, want %v", told, tt.want)
					}
				}
			})
		})
	}
	t.Run("once for all that met it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			told := 0
			var seen events
			started := time.Now()
			server := tripper(func(*http.Request) (*http.Response, error) {
				if time.Sleep(time.Second); time.Since(started) == time.Second {
					return response(429, "", "Retry-After", "20"), nil
				}
				return response(200, ""), nil
			})
			c := newTestClient(t, Config{RoundTripper: server, Observer: seen.add, Limiters: []Limiter{sharedLimiter{free, func(context.Context, time.Duration) error {
				told++
				return nil
			}}}})
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() { get(t, c, request("GET")) })
			}
			wg.Wait()
			if n := strings.Count(seen.kinds(), string(KindPause)); told != 1 || n != 1 {
				t.Errorf("told %d times, %d events", told, n)
			}
		})
	})
	t.Run("one that hangs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var had time.Duration
			hang := sharedLimiter{free, func(ctx context.Context, _ time.Duration) error {
				start := time.Now()
				<-ctx.Done()
				had = time.Since(start)
				return ctx.Err()
			}}
			c := newTestClient(t, Config{RoundTripper: answers(reply{429, "Retry-After: 1"}, 200), Limiters: []Limiter{hang}, AttemptTimeout: time.Minute})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			start := time.Now()
			if _, err := c.Do(ctx, request("GET")); time.Since(start) > 5*time.Second {
				t.Errorf("came after %s: %v", time.Since(start), err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if had != time.Minute { // though the call had ended: others share the limiter
				t.Errorf("the limiter had %s to take it in", had)
			}
		})
	})
}

// A machine that is busy is late, and nobody has held the call.
func TestLatenessIsNoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen events
		c := newTestClient(t, Config{RoundTripper: answers(503, 200), Observer: seen.add})
		if r, err := c.Do(late{t.Context()}, request("GET")); err != nil || r.Attempts != 2 {
			t.Fatalf("%d attempts: %v", r.Attempts, err)
		}
		for _, e := range seen.all {
			if e.Kind == KindWait {
				t.Errorf("event %+v", e)
			}
		}
	})
}

// late is a context on a busy machine.
type late struct{ context.Context }

func (c late) Err() error {
	time.Sleep(10 * time.Millisecond)
	return c.Context.Err()
}
