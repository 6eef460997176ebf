package motive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/test/wire"
)

func TestWithResponse(t *testing.T) {
	t.Parallel()
	t.Run("pagination", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewServer(t, wire.Always(200, `{"users":[{"id":7}],"pagination":{"per_page":25,"page_no":3,"total":51}}`, "X-Request-Id", "abc"))
		var r motive.Response
		page, err := newClient(t, srv.URL).Users.List(t.Context(), &motive.ListUsersOptions{PageNo: 3}, motive.WithResponse(&r))
		if err != nil {
			t.Fatal(err)
		}
		p := page.Pagination
		if r.Pagination != p || p.PerPage != 25 || p.PageNo != 3 || p.Total != 51 || r.RequestID != "abc" || r.StatusCode != 200 {
			t.Errorf("response %+v, page %+v", r, p)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		r := motive.Response{StatusCode: 418, RequestID: "of an earlier call", Header: http.Header{"X-Old": {"1"}}}
		if err := getWith(t, wire.Refusing(t), &r); err == nil || r.StatusCode != 0 || r.RequestID != "" || r.Header != nil || r.Attempts != 4 {
			t.Errorf("response %+v, error %v", r, err)
		}
	})
	t.Run("no answer in the end", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewRawServer(t, func(n int, conn *net.TCPConn, _ *http.Request) bool {
			if n == 1 {
				wire.Say(conn, "HTTP/1.1 200 OK\r\nX-Request-Id: abc\r\nContent-Length: 99\r\n\r\n{")
			}
			return false
		})
		var r motive.Response
		if err := getWith(t, srv.URL, &r); err == nil || r.StatusCode != 0 || r.RequestID != "" || r.Header != nil || r.Attempts != 4 {
			t.Errorf("response %+v, error %v", r, err)
		}
	})
	t.Run("nothing sent", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := motive.Response{Attempts: 9}
		_, err := newClient(t, wire.Refusing(t)).Users.Get(ctx, 7, motive.WithResponse(&r))
		if !errors.Is(err, context.Canceled) || r.Attempts != 0 {
			t.Errorf("response %+v, error %v", r, err)
		}
	})
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewServer(t, wire.Always(200, oneUser))
		if err := getWith(t, srv.URL, nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("the header is the caller's own", func(t *testing.T) {
		t.Parallel()
		shared := http.Header{"X-Shared": {"1"}}
		c := offline(t, func(*http.Request) (*http.Response, error) {
			resp := wire.Reply(200, oneUser)
			resp.Header = shared
			return resp, nil
		})
		var r motive.Response
		if _, err := c.Users.Get(t.Context(), 7, motive.WithResponse(&r)); err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Shared", "2")
		if shared.Get("X-Shared") != "1" {
			t.Error("the header of the answer was handed out itself")
		}
	})
}

func getWith(t *testing.T, base string, r *motive.Response) error {
	_, err := newClient(t, base).Users.Get(t.Context(), 7, motive.WithResponse(r))
	return err
}

// SkipValidation sends what validation refuses, and does not change it.
func TestSkipValidation(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(200, oneUser))
	c := newClient(t, srv.URL)
	create := &motive.CreateUserRequest{Cycle: motive.Set[motive.Cycle]("no_such"), Role: motive.Null[motive.Role]()}
	var invalid *motive.ValidationError
	if _, err := c.Users.Create(t.Context(), create); !errors.As(err, &invalid) {
		t.Errorf("error %v, want a ValidationError", err)
	}
	if _, err := c.Users.Create(t.Context(), create, motive.SkipValidation()); err != nil {
		t.Error(err)
	}
	if _, err := c.Users.Update(t.Context(), 7, &motive.UpdateUserRequest{}, nil, motive.SkipValidation()); err != nil {
		t.Error(err)
	}
	got := srv.Got()
	if len(got) != 2 || !sameJSON(got[0].Body, `{"cycle":"no_such","role":null}`) || !sameJSON(got[1].Body, `{}`) {
		t.Errorf("sent %v", got)
	}
}

// By code it skips these problems alone, and reports the others.
func TestSkipValidationByCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts []motive.CallOption
		want []string // the codes of the problems left; none: it is sent
	}{
		{"none skipped", nil, []string{motive.CodeRequired, motive.CodeUnknownCycle}},
		{"one skipped", []motive.CallOption{motive.SkipValidation("required")}, []string{motive.CodeUnknownCycle}},
		{"another skipped", []motive.CallOption{motive.SkipValidation("unknown_cycle")}, []string{motive.CodeRequired}},
		{"one that is not there skipped", []motive.CallOption{motive.SkipValidation("invalid")},
			[]string{motive.CodeRequired, motive.CodeUnknownCycle}},
		{"both skipped", []motive.CallOption{motive.SkipValidation("unknown_cycle", "required")}, nil},
		{"both skipped, apart", []motive.CallOption{
			motive.SkipValidation("unknown_cycle"), motive.SkipValidation("required"),
		}, nil},
		{"all and one skipped", []motive.CallOption{motive.SkipValidation(), motive.SkipValidation("invalid")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(200, oneUser))
			req := &motive.UpdateUserRequest{Cycle: motive.Set[motive.Cycle]("no_such"), Role: motive.Null[motive.Role]()}
			_, err := newClient(t, srv.URL).Users.Update(t.Context(), 7, req, tt.opts...)
			var got []string
			if invalid := new(motive.ValidationError); errors.As(err, &invalid) {
				for _, p := range invalid.Problems {
					got = append(got, p.Code)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("problems %q are left, want %q", got, tt.want)
			}
			if sent := len(srv.Got()); sent > 0 != (tt.want == nil) {
				t.Errorf("sent %d times with %q left", sent, tt.want)
			}
		})
	}
}

func TestStrictValidation(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(201, oneUser))
	c := newClient(t, srv.URL)
	req := ada()
	req.Cycle = motive.Set(motive.CycleUSProperty70Hour8Day)
	req.ExceptionAdverseDriving = motive.Set(true)
	var invalid *motive.ValidationError
	if _, err := c.Users.Create(t.Context(), req, motive.StrictValidation()); !errors.As(err, &invalid) || !invalid.Has("exception_adverse_driving", motive.CodeExceptionNotAllowed) {
		t.Errorf("error %v, want %s", err, motive.CodeExceptionNotAllowed)
	}
	if _, err := c.Users.Create(t.Context(), req); err != nil || len(srv.Got()) != 1 {
		t.Errorf("%d requests, error %v", len(srv.Got()), err)
	}
}

func TestAgainst(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(200, oneUser))
	c := newClient(t, srv.URL)
	current := &motive.User{ID: 7, Role: motive.RoleDriver, Cycle: motive.CycleUSProperty70Hour8Day, Exception8HourBreak: true, Exception24HourRestart: true}
	leave := &motive.UpdateUserRequest{Cycle: motive.Set(motive.CycleOther)}
	var invalid *motive.ValidationError
	if _, err := c.Users.Update(t.Context(), 7, leave, motive.Against(current)); !errors.As(err, &invalid) || invalid.Problems[0].Code != motive.CodeExceptionNotAllowed {
		t.Errorf("error %v, want %s", err, motive.CodeExceptionNotAllowed)
	}
	for _, opt := range []motive.CallOption{nil, motive.Against(nil), motive.Against(&motive.User{ID: 7})} {
		if _, err := c.Users.Update(t.Context(), 7, leave, opt); err != nil {
			t.Error(err)
		}
	}
	if len(srv.Got()) != 3 {
		t.Errorf("%d requests, want 3", len(srv.Got()))
	}
}

// get is a call that is of no interest but for its error.
func get(ctx context.Context, c *motive.Client) error {
	_, err := c.Users.Get(ctx, 7)
	return err
}

// failingTimes answers the first n requests with status and header.
func failingTimes(n, status int, header ...string) wire.RoundTrip {
	var mu sync.Mutex
	return func(*http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if n--; n >= 0 {
			return wire.Reply(status, "", header...), nil
		}
		return wire.Reply(200, oneUser), nil
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
				return wire.Reply(429, "", "Retry-After", "10"), nil
			}
			return wire.Reply(200, oneUser), nil
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
	stuck := func(conn net.Conn, said string) { wire.Say(conn, said); wire.Silent(conn) }
	type setup func(t *testing.T) *motive.Client
	answered := func(f wire.RoundTrip, opts ...motive.Option) setup {
		return func(t *testing.T) *motive.Client { return offline(t, f, opts...) }
	}
	on := func(serve func(int, net.Conn, *http.Request)) setup {
		return func(t *testing.T) *motive.Client {
			return newClient(t, "http://localhost/fleet", motive.WithTransport(wire.Piped(t, serve)))
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
		"headers": on(func(_ int, conn net.Conn, _ *http.Request) { wire.Silent(conn) }),
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
			return wire.Reply(200, strings.Replace(oneUser, `"id":7`, `"id":`+id, 1)), nil
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
					return wire.Reply(503, ""), nil
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
		c := offline(t, func(*http.Request) (*http.Response, error) { requests++; return wire.Reply(503, ""), nil })
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
		c := offline(t, func(*http.Request) (*http.Response, error) { requests++; return wire.Reply(429, ""), nil })
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
				srv := wire.NewServer(t, wire.Always(status, ""))
				c := newClient(t, srv.URL, motive.WithRetry(motive.RetryPolicy{MaxAttempts: attempts, MinWait: 1, MaxWait: 1}))
				var api *motive.APIError
				if err := get(t.Context(), c); !errors.As(err, &api) || api.Attempts != attempts || len(srv.Got()) != attempts {
					t.Errorf("%d requests, error %v", len(srv.Got()), err)
				}
			})
		}
	}
}

// book keeps what is logged and observed.
type book struct {
	mu     sync.Mutex
	log    bytes.Buffer
	events []motive.Event
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

func (b *book) options() []motive.Option {
	logger := slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return []motive.Option{motive.WithLogger(logger), motive.WithObserver(func(e motive.Event) {
		if e.Kind == motive.EventAttemptStart || e.Kind == motive.EventAttemptEnd {
			return // see TestObserverSeesEachAttempt
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, e)
	})}
}

// lines are the log lines with the given message.
func (b *book) lines(t testing.TB, message string) []map[string]any {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []map[string]any
	for line := range strings.Lines(b.log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		if fields["msg"] == message {
			lines = append(lines, fields)
		}
	}
	return lines
}

func (b *book) kinds() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kinds []string
	for _, e := range b.events {
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

// Each try is one line, with the template of the path, and nothing of the query,
// the body or the credential.
func TestLogOfEachMethod(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			n := 0
			srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
				if n++; n == 1 {
					wire.Always(429, m.answer)(w, r)
					return
				}
				wire.Always(m.status, m.answer)(w, r)
			})
			b := &book{}
			if _, err := m.call(t.Context(), newClient(t, srv.URL, b.options()...)); err != nil {
				t.Fatal(err)
			}
			lines := b.lines(t, "motive: attempt")
			templates := append(m.templates()[:1], m.templates()...)
			if len(lines) != len(templates) {
				t.Fatalf("%d lines for %d tries", len(lines), len(templates))
			}
			for i, line := range lines {
				template := fmt.Sprint(line["method"], " ", line["path"])
				status := []float64{429, float64(m.status), float64(m.status)}[i]
				attempt := []float64{1, 2, 1}[i]
				if line["level"] != "DEBUG" || template != templates[i] || line["status"] != status || line["attempt"] != attempt {
					t.Errorf("line %v", line)
				}
				if d, ok := line["duration"].(float64); !ok || d <= 0 || time.Duration(d) > time.Minute {
					t.Errorf("duration %v", line["duration"])
				}
			}
			log := b.log.String()
			for _, private := range []string{testToken, "Ada", "ada", `"987"`, "generic_tms", "Dispatch", "per_page", "first_name", "?", "/7", "/31"} {
				if strings.Contains(log, private) {
					t.Errorf("the log shows %q: %s", private, log)
				}
			}
			for _, e := range b.events {
				if !slices.Contains(m.templates(), e.Method+" "+e.Path) {
					t.Errorf("event %+v", e)
				}
			}
			// A busy machine may hold the second attempt for a moment more, and a second
			// request follows at the pace that the 429 has set.
			got := b.kinds()
			for range m.lines() {
				got = strings.TrimSuffix(got, " wait")
			}
			if got != "pause retry" && got != "retry" {
				t.Errorf("events %s", got)
			}
		})
	}
}

func TestLogOfAReplay(t *testing.T) {
	t.Parallel()
	src := &rotation{current: 1}
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer token-2" {
			src.revoke(got)
			wire.Always(401, "")(w, r)
			return
		}
		wire.Always(200, oneUser)(w, r)
	})
	b := &book{}
	c := clientWith(t, srv.URL, append(b.options(), motive.WithTokenSource(src))...)
	if err := get(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range b.lines(t, "motive: attempt") {
		got = append(got, fmt.Sprint(line["status"], " ", line["attempt"]))
	}
	if want := []string{"401 1", "200 2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}

func TestLogOfATransportError(t *testing.T) {
	t.Parallel()
	b := &book{}
	c := newClient(t, wire.Refusing(t), b.options()...)
	_, _ = c.Users.Lookup(t.Context(), motive.UserLookup{Email: "ada@example.com"})
	lines := b.lines(t, "motive: attempt")
	if len(lines) != 4 {
		t.Fatalf("%d lines for 4 tries", len(lines))
	}
	for _, line := range lines {
		if text, _ := line["error"].(string); !strings.Contains(text, "refused") || line["status"] != 0.0 {
			t.Errorf("line %v", line)
		}
	}
	if lines[2]["gave_up"] != nil || lines[2]["retry_in"] == nil || lines[3]["gave_up"] != true || lines[3]["retry_in"] != nil {
		t.Errorf("lines %v: the last alone is to say that the call was given up", lines[2:])
	}
	for _, e := range b.events {
		var op *net.OpError
		if !errors.As(e.Err, &op) || e.StatusCode != 0 {
			t.Errorf("event %+v, want the transport's error", e)
		}
	}
	if shown := b.log.String() + fmt.Sprintf("%v %+v", b.events, b.events); strings.Contains(shown, "example.com") {
		t.Errorf("the query is shown: %s", shown)
	}
}

func TestNothingIsLoggedAboveDebug(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(503, ""))
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, nil)) // info
	_ = get(t.Context(), newClient(t, srv.URL, motive.WithLogger(logger)))
	_ = get(t.Context(), newClient(t, srv.URL, motive.WithLogger(nil), motive.WithObserver(nil)))
	if out.Len() > 0 {
		t.Errorf("logged %s", &out)
	}
}

// The logger gets the context of the call, where a handler looks for its trace.
func TestLogHasTheContextOfTheCall(t *testing.T) {
	t.Parallel()
	type traceKey struct{}
	h := &contextHandler{seen: make(map[any]bool), key: traceKey{}}
	srv := wire.NewServer(t, wire.Always(503, ""))
	_ = get(context.WithValue(t.Context(), traceKey{}, "trace-1"), newClient(t, srv.URL, motive.WithLogger(slog.New(h))))
	if !h.seen["trace-1"] || len(h.seen) != 1 {
		t.Errorf("the log has the contexts %v", h.seen)
	}
}

type contextHandler struct {
	slog.Handler
	seen map[any]bool
	key  any
}

func (h *contextHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h *contextHandler) Handle(ctx context.Context, _ slog.Record) error {
	h.seen[ctx.Value(h.key)] = true
	return nil
}

func TestEvents(t *testing.T) {
	t.Parallel()
	post := func(c *motive.Client) error { _, err := c.Users.Create(context.Background(), ada()); return err }
	linked := func(c *motive.Client) error { _, err := c.Users.Create(context.Background(), adaLinked()); return err }
	read := func(c *motive.Client) error { return get(context.Background(), c) }
	for name, tt := range map[string]struct {
		statuses []int // of the answers, in order; the last for the rest
		call     func(*motive.Client) error
		want     string
	}{
		"a success":                {[]int{200}, read, ""},
		"a refusal":                {[]int{404}, read, ""},
		"a retry":                  {[]int{503, 200}, read, "retry"},
		"a pause":                  {[]int{429, 200}, read, "pause retry"},
		"given up":                 {[]int{503}, read, "retry retry retry give_up"},
		"an ambiguous create":      {[]int{503}, post, "give_up"},
		"a create that is settled": {[]int{503, 200}, linked, "give_up reconcile"},
		"an open proxy status":     {[]int{524}, post, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // where no timer is late
				n := 0
				answer := wire.RoundTrip(func(*http.Request) (*http.Response, error) {
					status := tt.statuses[min(n, len(tt.statuses)-1)]
					n++
					return wire.Reply(status, oneUser), nil
				})
				b := &book{}
				_ = tt.call(offline(t, answer, b.options()...))
				if got := b.kinds(); got != tt.want {
					t.Errorf("events %q, want %q", got, tt.want)
				}
				for _, e := range b.events {
					waits := e.Kind == motive.EventRetry || e.Kind == motive.EventPause
					if (e.Wait > 0) && !waits || e.Wait < 0 || e.Kind != motive.EventReconcile && e.Attempt == 0 || e.Kind == motive.EventRetry && e.StatusCode != tt.statuses[0] {
						t.Errorf("event %+v", e)
					}
					if e.Kind == motive.EventReconcile && !errors.Is(e.Err, motive.ErrOutcomeUnknown) {
						t.Errorf("event %+v does not tell what is to be settled", e)
					}
				}
			})
		})
	}
}

// A token that cannot be refreshed is an event and a warning as long as no call
// sees it, since the old one serves, and the error of a call after that.
func TestEventOfATokenError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := wire.RoundTrip(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/oauth/token" {
				return wire.Reply(500, "<html>down"), nil
			}
			return wire.Reply(200, oneUser), nil
		})
		cfg := oauth.NewConfig("id", "canary-client-secret", "https://app.example.com/cb")
		token := &oauth2.Token{AccessToken: testToken, RefreshToken: "canary-refresh", Expiry: time.Now().Add(10 * time.Minute)}
		b := &book{}
		c := clientWith(t, "https://motive.example", append(b.options(), motive.WithTransport(transport),
			motive.WithOAuth2(cfg, oauth.NewMemoryStore(token)))...)
		if err := get(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9*time.Minute + 55*time.Second)
		if err := get(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if b.kinds() != "token_error" || b.events[0].Err == nil || b.events[0].Method != "" {
			t.Errorf("events %+v", b.events)
		}
		if warnings := b.lines(t, "motive: token_error"); len(warnings) != 1 || warnings[0]["level"] != "WARN" {
			t.Errorf("log %s", &b.log)
		}
		time.Sleep(time.Minute)
		var failed *oauth.TokenError
		if err := get(t.Context(), c); !errors.As(err, &failed) || kind(err) != "other" || failed.StatusCode != 500 {
			t.Errorf("error %v, want a TokenError of 500", err)
		}
		if strings.Contains(b.log.String(), "canary") {
			t.Errorf("the log shows a secret: %s", &b.log)
		}
	})
}

func TestTheLastObserverCounts(t *testing.T) {
	t.Parallel()
	seen := motive.WithObserver(func(motive.Event) { t.Error("an observer that was replaced is told") })
	if err := get(t.Context(), offline(t, failingTimes(0, 0), seen, motive.WithObserver(nil))); err != nil {
		t.Error(err)
	}
}

func TestObserverSeesEachAttempt(t *testing.T) {
	t.Parallel()
	n, events := 0, []string(nil)
	c := offline(t, func(*http.Request) (*http.Response, error) {
		if n++; n == 1 {
			return wire.Reply(503, ""), nil
		}
		return wire.Reply(200, oneUser), nil
	}, motive.WithObserver(func(e motive.Event) {
		if e.Method != "GET" || e.Path != "/v1/users/{id}" {
			t.Errorf("event %+v", e)
		}
		if (e.Duration > 0) != (e.Kind == motive.EventAttemptEnd) {
			t.Errorf("the duration of %+v", e)
		}
		events = append(events, fmt.Sprint(e.Kind, " ", e.Attempt, " ", e.StatusCode))
	}))
	if err := get(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	want := []string{"attempt_start 1 0", "attempt_end 1 503", "retry 1 503", "attempt_start 2 0", "attempt_end 2 200"}
	if !reflect.DeepEqual(events, want) {
		t.Errorf("events %q, want %q", events, want)
	}
}

// The defaults, as they can be seen from outside.
func TestRetryPolicyDefaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy      motive.RetryPolicy
		answer      wire.RoundTrip
		create      bool
		requests    int
		least, most time.Duration
	}{
		"four attempts, with waits of up to 3.5 s": {
			answer: failingTimes(9, 503), requests: 4, most: 3500 * time.Millisecond},
		"the fewest": {
			policy: motive.RetryPolicy{MaxAttempts: 1}, answer: failingTimes(9, 503), requests: 1},
		"a MinWait above 15 s is the MaxWait as well": {
			policy: motive.RetryPolicy{MinWait: time.Hour}, answer: failingTimes(9, 503), requests: 4, least: time.Minute, most: 3 * time.Hour},
		"a Retry-After of a minute": {
			answer: failingTimes(1, 429, "Retry-After", "60"), requests: 2, least: time.Minute, most: 66 * time.Second},
		"more than that": {
			answer: failingTimes(1, 429, "Retry-After", "61"), requests: 1},
		"a cap of one's own": {
			policy: motive.RetryPolicy{MaxRetryAfter: 5 * time.Second}, answer: failingTimes(1, 429, "Retry-After", "6"), requests: 1},
		"15 s of reconciling, twice": {
			create: true, least: 30 * time.Second, most: 30 * time.Second, requests: 12,
			answer: nowhere},
		"less of it": {
			policy: motive.RetryPolicy{ReconcileWait: 150 * time.Millisecond}, create: true,
			least: 300 * time.Millisecond, most: 300 * time.Millisecond, requests: 12, answer: nowhere},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				c := offline(t, func(req *http.Request) (*http.Response, error) {
					requests++
					return tt.answer(req)
				}, motive.WithRetry(tt.policy))
				start := time.Now()
				if tt.create {
					_, _ = c.Users.Create(t.Context(), adaLinked())
				} else {
					_ = get(t.Context(), c)
				}
				if took := time.Since(start); took < tt.least || took > tt.most || requests != tt.requests {
					t.Errorf("%d requests in %s, want %d in %s to %s", requests, took, tt.requests, tt.least, tt.most)
				}
			})
		})
	}
}

// nowhere loses every create, and has nobody.
func nowhere(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost {
		return wire.Reply(504, ""), nil
	}
	return wire.Reply(404, `{"error_message":"not found"}`), nil
}

// gatekeeper is a limiter that takes note.
type gatekeeper struct {
	mu     sync.Mutex
	waits  int
	pauses []time.Duration
	err    error
}

func (g *gatekeeper) Wait(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waits++
	return g.err
}

func (g *gatekeeper) Pause(_ context.Context, d time.Duration) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pauses = append(g.pauses, d)
	return nil
}

// Every limiter is asked before each attempt, and told of a 429 if it listens.
func TestWithLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := &gatekeeper{}, &gatekeeper{}
		c := offline(t, failingTimes(1, 429, "Retry-After", "7"), motive.WithLimiter(a), motive.WithRateLimit(100, 1), motive.WithLimiter(b),
			motive.WithRetry(motive.RetryPolicy{}))
		if err := get(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		for name, g := range map[string]*gatekeeper{"the first": a, "the last": b} {
			if g.waits != 2 || len(g.pauses) != 1 || g.pauses[0] < 7*time.Second {
				t.Errorf("%s was asked %d times and told of %v, want 2 and a pause of 7 s", name, g.waits, g.pauses)
			}
		}
	})
}

func TestALimiterThatFailsEndsTheCallUnsent(t *testing.T) {
	t.Parallel()
	lost := errors.New("the limiter lost its database")
	last := &gatekeeper{}
	c := offline(t, func(*http.Request) (*http.Response, error) { t.Error("sent"); return wire.Reply(200, oneUser), nil },
		motive.WithLimiter(&gatekeeper{err: lost}), motive.WithLimiter(last))
	for _, m := range methods() {
		if _, err := m.call(t.Context(), c); !errors.Is(err, lost) || errors.Is(err, motive.ErrOutcomeUnknown) {
			t.Errorf("%s: error %v, want the limiter's", m.name, err)
		}
	}
	if last.waits != 0 {
		t.Errorf("the next limiter was asked %d times", last.waits)
	}
}

// A parameter of the caller's goes with every method, and takes the place of one of
// the call's own.
func TestWithQuery(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(m.status, m.answer))
			if _, err := m.call(t.Context(), newClient(t, srv.URL), motive.WithQuery("new one", "a&b"), motive.WithQuery("name", "x"), motive.WithQuery("name", "z")); err != nil {
				t.Fatal(err)
			}
			for _, line := range srv.Lines() {
				_, target, _ := strings.Cut(line, " ")
				u, err := url.Parse(target)
				if err != nil || !reflect.DeepEqual(u.Query()["new one"], []string{"a&b"}) || !reflect.DeepEqual(u.Query()["name"], []string{"z"}) {
					t.Errorf("sent %s, error %v", line, err)
				}
			}
		})
	}
}

func TestApplyCallOptions(t *testing.T) {
	t.Parallel()
	r, current := &motive.Response{StatusCode: 500, Attempts: 3}, &motive.User{ID: 7}
	first := motive.WithQuery("a", "1")
	got := motive.ApplyCallOptions(nil, motive.WithResponse(r), motive.SkipValidation("required"), motive.SkipValidation("invalid"),
		motive.StrictValidation(), motive.Against(current), motive.ReadAhead(4), first, motive.WithQuery("b", "2"))
	want := motive.CallSettings{
		Response: r, SkipCodes: []string{"required", "invalid"}, Strict: true, Against: current, ReadAhead: 4, Query: url.Values{"a": {"1"}, "b": {"2"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if r.StatusCode != 0 || r.Attempts != 0 {
		t.Errorf("the response still says %+v", r)
	}
	if again := motive.ApplyCallOptions(first); !reflect.DeepEqual(again.Query, url.Values{"a": {"1"}}) {
		t.Errorf("an option that is used again adds %v", again.Query)
	}
	if !reflect.DeepEqual(motive.ApplyCallOptions(), motive.CallSettings{}) {
		t.Error("no options are some settings")
	}
	if !motive.ApplyCallOptions(motive.SkipValidation("x"), motive.SkipValidation()).Skip {
		t.Error("skipping all is forgotten")
	}
}

// A call that was held says for how long: by a limiter, and by the pause of another.
func TestEventOfACallThatWasHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		c := offline(t, failingTimes(0, 0), append(b.options(), motive.WithRateLimit(0.1, 1))...)
		for range 3 {
			if err := get(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if b.kinds() != "wait wait" {
			t.Fatalf("events %q, want a wait of the second call and of the third", b.kinds())
		}
		for _, e := range b.events {
			if e.Wait != 10*time.Second || e.Method != "GET" || e.Path != "/v1/users/{id}" {
				t.Errorf("event %+v, want a wait of 10 s", e)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		c := offline(t, failingTimes(1, 429, "Retry-After", "20"), append(b.options(), motive.WithRetry(motive.RetryPolicy{}))...)
		var wg sync.WaitGroup
		wg.Go(func() { _ = get(t.Context(), c) })
		time.Sleep(5 * time.Second)
		if err := get(t.Context(), c); err != nil {
			t.Error(err)
		}
		wg.Wait()
		for _, e := range b.events {
			if e.Kind == motive.EventWait && e.Wait < 15*time.Second {
				t.Errorf("event %+v, want a wait for the pause to end", e)
			}
		}
		if !strings.Contains(b.kinds(), "wait") {
			t.Errorf("events %q, want a wait", b.kinds())
		}
	})
}

// During a pause beyond the cap every call ends at once, with what is left of it.
func TestCallsDuringALongPauseSayWhatIsLeftOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := offline(t, failingTimes(1, 429, "Retry-After", "120"), motive.WithRetry(motive.RetryPolicy{}))
		start := time.Now()
		for _, left := range []time.Duration{120 * time.Second, 90 * time.Second} {
			var refused *motive.APIError
			if err := get(t.Context(), c); !errors.As(err, &refused) || refused.RetryAfter != left || !errors.Is(err, motive.ErrRateLimited) {
				t.Errorf("error %v, want a 429 with %s left", err, left)
			}
			time.Sleep(30 * time.Second)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("the calls took %s", took-time.Minute)
		}
	})
}
