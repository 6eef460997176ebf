package motive_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
)

// get is a call that is of no interest but for its error.
func get(ctx context.Context, c *motive.Client) error {
	_, err := c.Users.Get(ctx, 7)
	return err
}

// failingTimes answers the first n requests with status and header.
func failingTimes(n, status int, header ...string) roundTrip {
	var mu sync.Mutex
	return func(*http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if n--; n >= 0 {
			return reply(status, "", header...), nil
		}
		return reply(200, oneUser), nil
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	t.Parallel()
	at := func(form string) func(now time.Time) []string {
		return func(now time.Time) []string {
			return []string{"Retry-After", now.Add(20 * time.Second).UTC().Format(form)}
		}
	}
	value := func(header ...string) func(time.Time) []string { return func(time.Time) []string { return header } }
	for name, tt := range map[string]struct {
		status      int
		header      func(now time.Time) []string
		least, most time.Duration
		fails       bool // at once, since the wait is beyond the cap
	}{
		"seconds":             {429, value("Retry-After", "20"), 20 * time.Second, 23 * time.Second, false},
		"seconds with a 503":  {503, value("Retry-After", "20"), 20 * time.Second, 23 * time.Second, false},
		"a date":              {429, at(http.TimeFormat), 20 * time.Second, 23 * time.Second, false},
		"a date of RFC 850":   {429, at("Monday, 02-Jan-06 15:04:05 GMT"), 20 * time.Second, 23 * time.Second, false},
		"a date of asctime":   {503, at(time.ANSIC), 20 * time.Second, 23 * time.Second, false},
		"at the cap":          {429, value("Retry-After", "60"), time.Minute, 70 * time.Second, false},
		"nothing":             {429, value(), 0, time.Second, false},
		"rubbish":             {429, value("Retry-After", "soon"), 0, time.Second, false},
		"a fraction":          {429, value("Retry-After", "0.5"), 0, time.Second, false},
		"negative":            {429, value("Retry-After", "-20"), 0, time.Second, false},
		"a past date":         {429, value("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), 0, time.Second, false},
		"over the cap":        {429, value("Retry-After", "61"), 0, 0, true},
		"a day with a 503":    {503, value("Retry-After", "86400"), 0, 0, true},
		"the overflow":        {429, value("Retry-After", "10000000000"), 0, 0, true},
		"more than an int":    {429, value("Retry-After", strings.Repeat("9", 30)), 0, 0, true},
		"a date next century": {429, value("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT"), 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := offline(t, failingTimes(1, tt.status, tt.header(time.Now())...),
					motive.WithRetry(motive.RetryPolicy{MinWait: 500 * time.Millisecond}))
				start := time.Now()
				err := get(t.Context(), c)
				took := time.Since(start)
				if (err != nil) != tt.fails || took < tt.least || took > tt.most {
					t.Errorf("took %s, want %s to %s: %v", took, tt.least, tt.most, err)
				}
				var api *motive.APIError
				if tt.fails && (!errors.As(err, &api) || api.RetryAfter <= time.Minute || !strings.Contains(err.Error(), "retry after ")) {
					t.Errorf("error %v does not say how long the server asked to wait", err)
				}
			})
		})
	}
}

func TestRetryAfterWithoutACap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := offline(t, failingTimes(1, 429, "Retry-After", "10000000000"),
			motive.WithRetry(motive.RetryPolicy{MaxRetryAfter: math.MaxInt64}))
		start := time.Now()
		if err := get(t.Context(), c); !errors.Is(err, motive.ErrRateLimited) || time.Since(start) > 0 {
			t.Errorf("error %v after %s; three centuries are too long to wait", err, time.Since(start))
		}
	})
}

func TestAWaitBeyondTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{429: motive.ErrRateLimited, 503: motive.ErrServer} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := offline(t, failingTimes(1, status, "Retry-After", "30"))
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				start := time.Now()
				err := get(ctx, c)
				var api *motive.APIError
				if !errors.Is(err, want) || !errors.As(err, &api) || api.RetryAfter != 30*time.Second {
					t.Errorf("error %v", err)
				}
				if took := time.Since(start); took > 0 {
					t.Errorf("came after %s", took)
				}
			})
		})
	}
}

// A 429 holds back every call of the client, and none is lost over it.
func TestOne429PausesTheWholeClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var arrivals []time.Duration
		c := offline(t, func(*http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			arrivals = append(arrivals, time.Since(start))
			if len(arrivals) == 1 {
				return reply(429, "", "Retry-After", "10"), nil
			}
			return reply(200, oneUser), nil
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := get(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		for range 20 {
			wg.Go(func() {
				if err := get(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		// One that has no time to wait is told so at once.
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := time.Now()
		err := get(hurried, c)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, motive.ErrRateLimited) || time.Since(before) > 0 {
			t.Errorf("a call with a second to go: %v after %s", err, time.Since(before))
		}
		wg.Wait()
		if len(arrivals) != 22 {
			t.Fatalf("%d requests, want 22", len(arrivals))
		}
		together := 0
		for i, at := range arrivals[1:] {
			if at < 10*time.Second || at > 15*time.Second {
				t.Errorf("request %d was sent after %s, in a pause of 10 s", i+2, at)
			}
			if at == arrivals[i] {
				together++
			}
		}
		if together > 5 {
			t.Errorf("%d of the calls that had waited left at the same moment as another", together)
		}
	})
}

// Every wait that a call may be in ends at the moment its context does.
func TestCancellingEndsEveryWait(t *testing.T) {
	t.Parallel()
	stuck := func(conn net.Conn, said string) { say(conn, said); silent(conn) }
	type setup func(t *testing.T) *motive.Client
	answered := func(f roundTrip, opts ...motive.Option) setup {
		return func(t *testing.T) *motive.Client { return offline(t, f, opts...) }
	}
	on := func(serve func(int, net.Conn, *http.Request)) setup {
		return func(t *testing.T) *motive.Client {
			return newClient(t, "http://localhost/fleet", motive.WithTransport(piped(t, serve)))
		}
	}
	slow := motive.WithRetry(motive.RetryPolicy{MinWait: time.Hour, MaxWait: time.Hour, MaxRetryAfter: time.Hour})
	for name, setup := range map[string]setup{
		"backoff":     answered(failingTimes(9, 503), slow),
		"retry after": answered(failingTimes(9, 503, "Retry-After", "3000"), slow),
		"pause":       answered(failingTimes(9, 429, "Retry-After", "3000"), slow),
		"rate limit": func(t *testing.T) *motive.Client {
			c := offline(t, failingTimes(0, 0), motive.WithRateLimit(0.001, 1))
			if err := get(t.Context(), c); err != nil { // the one that the burst allows
				t.Fatal(err)
			}
			return c
		},
		"token source": func(t *testing.T) *motive.Client {
			block := make(chan struct{})
			t.Cleanup(func() { close(block) })
			src := tokens(func() (*oauth2.Token, error) { <-block; return nil, errors.New("late") })
			return clientWith(t, "https://motive.example", motive.WithTokenSource(src), motive.WithTransport(failingTimes(0, 0)))
		},
		"dialling": func(t *testing.T) *motive.Client {
			return newClient(t, "http://localhost/fleet", motive.WithTransport(&http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
			}))
		},
		"headers": on(func(_ int, conn net.Conn, _ *http.Request) { silent(conn) }),
		"body": on(func(_ int, conn net.Conn, _ *http.Request) {
			stuck(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
		}),
		"refused body": on(func(_ int, conn net.Conn, _ *http.Request) {
			stuck(conn, "HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\n{")
		}),
		"failing body": on(func(_ int, conn net.Conn, _ *http.Request) {
			stuck(conn, "HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\n{")
		}),
	} {
		for _, deadline := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, deadline %v", name, deadline), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c := setup(t)
					const limit = 7 * time.Second
					why := errors.New("the shift is over")
					ctx, stop := context.WithCancelCause(t.Context())
					defer stop(nil)
					want := context.Canceled
					if deadline {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, limit)
						defer cancel()
						want = context.DeadlineExceeded
					} else {
						timer := time.AfterFunc(limit, func() { stop(why) })
						defer timer.Stop()
					}
					start := time.Now()
					err := get(ctx, c)
					took := time.Since(start)
					if took > limit {
						t.Errorf("came back %s after the context had ended", took-limit)
					}
					var api *motive.APIError
					if answered := errors.As(err, &api); !answered && !errors.Is(err, want) {
						t.Errorf("error %v, want %v", err, want)
					} else if !deadline && !answered && !errors.Is(err, why) {
						t.Errorf("error %v does not say why the context was cancelled", err)
					} else if !deadline && took < limit {
						t.Errorf("came back %s before the context ended: %v", limit-took, err)
					}
				})
			})
		}
	}
}

// tokens is a token source.
type tokens func() (*oauth2.Token, error)

func (f tokens) Token() (*oauth2.Token, error) { return f() }

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var order []string
		c := offline(t, func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			_, id, _ := strings.Cut(req.URL.Path, "/users/")
			order = append(order, id)
			return reply(200, strings.Replace(oneUser, `"id":7`, `"id":`+id, 1)), nil
		}, motive.WithRateLimit(10, 5))
		var wg sync.WaitGroup
		for i := 1; i <= 25; i++ {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i == 10 { // leaves the queue, and its place to the next
					time.AfterFunc(100*time.Millisecond, cancel)
				}
				_, err := c.Users.Get(ctx, int64(i))
				if (err != nil) != (i == 10) || err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("call %d: %v", i, err)
				}
			})
			synctest.Wait() // so that they come one after the other
		}
		hurried, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := get(hurried, c); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 0 {
			t.Errorf("a call without the time to queue: %v after %s", err, time.Since(start))
		}
		wg.Wait()
		// 24 calls, of which five at once and ten a second.
		if took := time.Since(start); took < 1890*time.Millisecond || took > 2010*time.Millisecond {
			t.Errorf("took %s", took)
		}
		for i, id := range order[1:] {
			a, _ := strconv.Atoi(order[i])
			if b, _ := strconv.Atoi(id); b < a && a > 5 {
				t.Errorf("call %d overtook call %d", a, b)
			}
		}
	})
}

// When the service is down, retries are a fifth of the calls and a handful.
func TestRetryBudget(t *testing.T) {
	t.Parallel()
	for _, calls := range []int{1, 10, 100, 1000} {
		t.Run(strconv.Itoa(calls), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var requests, gaveUp int
				var mu sync.Mutex
				c := offline(t, func(*http.Request) (*http.Response, error) {
					mu.Lock()
					defer mu.Unlock()
					requests++
					return reply(503, ""), nil
				}, motive.WithObserver(func(e motive.Event) {
					mu.Lock()
					defer mu.Unlock()
					if e.Kind == motive.EventGiveUp {
						gaveUp++
					}
				}))
				var wg sync.WaitGroup
				for range calls {
					wg.Go(func() {
						if err := get(t.Context(), c); !errors.Is(err, motive.ErrServer) {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				retries := requests - calls
				if most := calls/5 + 20; retries > most || retries < min(3*calls, 20) {
					t.Errorf("%d retries for %d calls, want %d to %d", retries, calls, min(3*calls, 20), most)
				}
				if gaveUp != calls {
					t.Errorf("%d of %d calls were seen to be given up", gaveUp, calls)
				}
			})
		})
	}
}

// The budget is of the last ten seconds: after those a call has its retries again.
func TestRetryBudgetIsOfAWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		c := offline(t, func(*http.Request) (*http.Response, error) { requests++; return reply(503, ""), nil })
		for range 20 {
			_ = get(t.Context(), c)
		}
		if requests != 20+20 {
			t.Errorf("%d requests for 20 calls, want %d retries", requests, 20)
		}
		time.Sleep(11 * time.Second)
		requests = 0
		_ = get(t.Context(), c)
		if requests != 4 {
			t.Errorf("%d requests for a call in a new window, want 4", requests)
		}
	})
}

// Those after a 429 are the server's wish, and are not counted.
func TestRetryBudgetLeavesOutRateLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		c := offline(t, func(*http.Request) (*http.Response, error) { requests++; return reply(429, ""), nil })
		for range 20 {
			_ = get(t.Context(), c)
		}
		if requests < 80 {
			t.Errorf("%d requests for 20 calls, want 80 at the least", requests)
		}
	})
}

func TestMaxAttempts(t *testing.T) {
	t.Parallel()
	for attempts := 1; attempts <= 6; attempts++ {
		for _, status := range []int{500, 503} {
			t.Run(fmt.Sprintf("%d of %d", attempts, status), func(t *testing.T) {
				t.Parallel()
				srv := newServer(t, answering(status, ""))
				c := newClient(t, srv.url, motive.WithRetry(motive.RetryPolicy{MaxAttempts: attempts, MinWait: 1, MaxWait: 1}))
				var api *motive.APIError
				if err := get(t.Context(), c); !errors.As(err, &api) || api.Attempts != attempts || len(srv.got()) != attempts {
					t.Errorf("%d requests, error %v", len(srv.got()), err)
				}
			})
		}
	}
}
