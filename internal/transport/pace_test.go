package transport

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// bucket is a server that lets through rate requests a second and bursts of burst,
// as nginx's limit_req does.
type bucket struct {
	mu         sync.Mutex
	rate       func(since time.Duration) float64
	burst      float64
	status     int
	retryAfter string
	latency    time.Duration

	began, last      time.Time
	level            float64
	accepted, denied int
}

func (b *bucket) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(b.latency)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.began.IsZero() {
		b.began, b.last, b.level = now, now, b.burst
	}
	b.level = min(b.burst, b.level+now.Sub(b.last).Seconds()*b.rate(now.Sub(b.began)))
	b.last = now
	if b.level < 1 {
		b.denied++
		h := http.Header{}
		if b.retryAfter != "" {
			h.Set("Retry-After", b.retryAfter)
		}
		return &http.Response{StatusCode: b.status, Header: h}, nil
	}
	b.level--
	b.accepted++
	return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
}

func steady(rate float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return rate }
}

func TestCallsArePacedToWhatTheServerTakes(t *testing.T) {
	t.Parallel()
	const calls = 600
	for _, tt := range []struct {
		name       string
		status     int
		retryAfter string
		rate       func(time.Duration) float64
		within     time.Duration
	}{
		{"429", 429, "", steady(100), 9 * time.Second},
		{"429 with Retry-After", 429, "1", steady(100), 12 * time.Second},
		{"503 with Retry-After", 503, "1", steady(100), 12 * time.Second},
		{"a rate that changes", 429, "", func(since time.Duration) float64 {
			if since > 2*time.Second && since < 7*time.Second {
				return 20
			}
			return 100
		}, 15 * time.Second},
	} {
		for _, workers := range []int{8, 64, 200} {
			for _, latency := range []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond} {
				t.Run(fmt.Sprintf("%s/%d/%s", tt.name, workers, latency), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						server := &bucket{rate: tt.rate, burst: 5, status: tt.status, retryAfter: tt.retryAfter, latency: latency}
						c := newTestClient(t, Config{RoundTripper: server})
						start := time.Now()
						errs := work(t, c, workers, calls)
						took := time.Since(start)
						if errs > 0 || took > tt.within || server.denied > workers+100 {
							t.Errorf("took %s, %d refused, %d failed; want %s, %d, none", took, server.denied, errs, tt.within, workers+100)
						}
					})
				})
			}
		}
	}
}

func work(t *testing.T, c *Client, workers, calls int) (failed int) {
	queue := make(chan struct{}, calls)
	for range calls {
		queue <- struct{}{}
	}
	close(queue)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range queue {
				r, err := c.Do(t.Context(), Request{Method: "GET", Path: "/x", Template: "/x"})
				if err != nil || r.Status != 200 {
					mu.Lock()
					failed++
					mu.Unlock()
					if failed == 1 {
						t.Logf("%d %v", r.Status, err)
					}
				}
				r.Release()
			}
		})
	}
	wg.Wait()
	return failed
}

// A client that has never been refused is not held back, and its queue is not used.
func TestPacingIsOffUntilARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, Config{RoundTripper: answers(200, 503, 500, 404, 200)})
		for range 3 {
			r, err := c.Do(t.Context(), request("GET"))
			if err != nil {
				t.Fatal(err)
			}
			r.Release()
		}
		if !c.gate.pacer.free() {
			t.Error("paced without a refusal")
		}
		start := time.Now()
		if failed := work(t, c, 50, 5000); failed != 0 || time.Since(start) > 0 {
			t.Errorf("%d failed in %s", failed, time.Since(start))
		}
	})
}

// Pacing ends when the server takes whatever comes.
func TestPacingEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, Config{RoundTripper: answers(429, 200)})
		start := time.Now()
		if failed := work(t, c, 50, 20_000); failed != 0 {
			t.Errorf("%d failed", failed)
		}
		if took := time.Since(start); took > 30*time.Second || !c.gate.pacer.free() {
			t.Errorf("20,000 calls after one refusal took %s, free %v", took, c.gate.pacer.free())
		}
	})
}

func TestPauses(t *testing.T) {
	t.Parallel()
	const unasked = 0
	type refusal struct {
		at, asked time.Duration // asked after the pause that was on had ended, or within it
	}
	for name, tt := range map[string]struct {
		refusals    []refusal
		least, most time.Duration // when the next may be sent
	}{
		"one":                              {[]refusal{{0, 10 * time.Second}}, 10 * time.Second, 12 * time.Second},
		"a shorter one ends no longer one": {[]refusal{{0, 30 * time.Second}, {1, 2 * time.Second}}, 30 * time.Second, 34 * time.Second},
		"nor does one without a time":      {[]refusal{{0, 30 * time.Second}, {1, unasked}}, 30 * time.Second, 34 * time.Second},
		"a longer one goes on":             {[]refusal{{0, 2 * time.Second}, {1, 30 * time.Second}}, 30 * time.Second, 34 * time.Second},
		"without a time it is short":       {[]refusal{{0, unasked}}, 25 * time.Millisecond, 51 * time.Millisecond},
		"many of one burst are one":        {[]refusal{{0, unasked}, {0, unasked}, {0, unasked}, {0, unasked}}, 25 * time.Millisecond, 51 * time.Millisecond},
		"it doubles while nothing passes":  {[]refusal{{0, unasked}, {time.Second, unasked}, {2 * time.Second, unasked}, {3 * time.Second, unasked}}, 3200 * time.Millisecond, 3401 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPacer(Policy{}.WithDefaults())
				start := time.Now()
				for _, r := range tt.refusals {
					time.Sleep(r.at - time.Since(start))
					now := time.Now()
					p.refused(now, now, r.asked, Reply{Status: 429})
				}
				for wait := p.take(time.Now()); wait > 0; wait = p.take(time.Now()) {
					time.Sleep(wait)
				}
				if took := time.Since(start); took < tt.least || took > tt.most {
					t.Errorf("the next may go after %s, want %s to %s", took, tt.least, tt.most)
				}
			})
		})
	}
}

func TestAPauseWithoutATimeGrowsToItsBoundAndStartsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(Policy{}.WithDefaults())
		refuse := func() time.Duration {
			time.Sleep(time.Minute)
			wait, _ := p.refused(time.Now(), time.Now(), 0, Reply{})
			return wait
		}
		var last time.Duration
		for range 30 {
			last = refuse()
		}
		if last < 7500*time.Millisecond || last > 15*time.Second {
			t.Errorf("the pause has grown to %s, want up to MaxWait", last)
		}
		time.Sleep(time.Minute)
		p.accepted(time.Now(), time.Now())
		if wait := refuse(); wait > 51*time.Millisecond {
			t.Errorf("after a success the pause is %s", wait)
		}
	})
}

// Neither a failure nor what was sent before the last refusal says that the server
// lets requests through again.
func TestWhatCountsAsAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(Policy{}.WithDefaults())
		sent := time.Now()
		for range 5 {
			time.Sleep(time.Minute)
			p.refused(time.Now(), time.Now(), 0, Reply{})
		}
		grown := p.unasked
		if p.accepted(sent, time.Now()); p.unasked != grown {
			t.Errorf("an old request took the pause from %s to %s", grown, p.unasked)
		}
		for _, last := range []any{errors.New("reset"), 500} {
			c := newTestClient(t, Config{RoundTripper: answers(429, last)})
			_, _ = c.Do(t.Context(), request("POST"))
			if _, failed := last.(error); c.gate.pacer.passed.IsZero() != failed {
				t.Errorf("after %v the last was let through at %s", last, c.gate.pacer.passed)
			}
		}
	})
}

// A refusal is handed to later calls as it was, whatever was read since.
func TestARefusalOutlivesItsBuffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := tripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/fleet/late" {
				time.Sleep(time.Second)
				return response(200, "something else ..."), nil
			}
			return response(429, "come back later", "Retry-After", "300"), nil
		})
		c := newTestClient(t, Config{RoundTripper: server})
		var wg sync.WaitGroup
		for range 20 { // one of which has the buffer
			wg.Go(func() { get(t, c, Request{Method: "GET", Path: "/late"}) })
		}
		synctest.Wait()
		r, err := c.Do(t.Context(), Request{Method: "GET", Path: "/"})
		if err != nil {
			t.Fatal(err)
		}
		r.Release()
		wg.Wait()
		_, err = c.Do(t.Context(), Request{Method: "GET", Path: "/"})
		checkPause(t, err, 429, 300*time.Second, false)
	})
}

// While a pause beyond the cap is on, every call returns at once: the one that met
// it with the response, all others with an error that has it, wherever they wait.
func TestAPauseBeyondTheCapIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status   int
		limiters []Limiter
		before   string // a call that is refused or fails before
		others   string
	}{
		"429":                                  {status: 429},
		"503":                                  {status: 503},
		"others wait for the limiter":          {status: 429, limiters: []Limiter{rate.NewLimiter(0.001, 1)}},
		"others wait for a limiter of theirs":  {status: 429, limiters: []Limiter{&oneTurn{}}},
		"others wait for a shorter pause":      {status: 503, before: "/pause"},
		"others wait to send again":            {status: 429, others: "/fail"},
		"others wait while one waits to retry": {status: 503, before: "/fail"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := tripper(func(req *http.Request) (*http.Response, error) {
					switch req.URL.Path {
					case "/fleet/slow":
						time.Sleep(time.Second)
						return response(tt.status, "come back later", "Retry-After", "300"), nil
					case "/fleet/pause":
						return response(429, "", "Retry-After", "30"), nil
					case "/fleet/fail":
						return response(500, "", "Retry-After", "30"), nil
					}
					return response(200, ""), nil
				})
				c := newTestClient(t, Config{RoundTripper: server, Limiters: tt.limiters})
				var wg sync.WaitGroup
				start := time.Now()
				wg.Go(func() {
					r, err := c.Do(t.Context(), Request{Method: "GET", Path: "/slow"})
					if err != nil || r.Status != tt.status || string(r.Body) != "come back later" || r.Attempts != 1 {
						t.Errorf("the first: %d %q, %v", r.Status, r.Body, err)
					}
				})
				synctest.Wait()
				call := func(path string) {
					wg.Go(func() {
						_, err := c.Do(t.Context(), Request{Method: "GET", Path: path})
						checkPause(t, err, tt.status, 300*time.Second, false)
					})
				}
				if tt.before != "" {
					call(tt.before)
					synctest.Wait()
				}
				if tt.limiters != nil || tt.before == "/pause" || tt.others != "" {
					for range 20 {
						call(tt.others)
					}
				}
				wg.Wait()
				if took := time.Since(start); took != time.Second {
					t.Errorf("they returned after %s, want when the pause began", took)
				}
				for range 20 {
					call("")
				}
				wg.Wait()
				if took := time.Since(start); took != time.Second {
					t.Errorf("later ones returned after %s", took-time.Second)
				}
				time.Sleep(299 * time.Second)
				_, err := c.Do(t.Context(), request("GET"))
				checkPause(t, err, tt.status, time.Second, false)
				time.Sleep(1001 * time.Second) // and until the limiter has a turn
				get(t, c, Request{Method: "GET", Path: "/"})
			})
		})
	}
}

// oneTurn is a limiter that lets one request through and makes others wait.
type oneTurn struct{ used sync.Map }

func (l *oneTurn) Wait(ctx context.Context) error {
	if _, used := l.used.LoadOrStore(true, true); !used {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(1000 * time.Second):
		return nil
	}
}

func checkPause(t *testing.T, err error, status int, left time.Duration, deadline bool) {
	t.Helper()
	var pause *PauseError
	if !errors.As(err, &pause) || pause.Refusal.Status != status || pause.Refusal.Header.Get("Retry-After") == "" ||
		string(pause.Refusal.Body) != "come back later" || pause.Left > left || pause.Left < left-4*time.Second ||
		pause.Deadline != deadline || errors.Is(err, context.DeadlineExceeded) != deadline {
		t.Errorf("error %v, %+v", err, pause)
	}
}

func TestAPausePastTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refuse := func() *http.Response { return response(429, "come back later", "Retry-After", "30") }
		c := newTestClient(t, Config{RoundTripper: answers(refuse, 200)})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start := time.Now()
		if r, err := c.Do(ctx, request("GET")); err != nil || r.Status != 429 || time.Since(start) > 0 {
			t.Errorf("the one that met it: %d after %s, %v", r.Status, time.Since(start), err)
		}
		_, err := c.Do(ctx, request("GET"))
		checkPause(t, err, 429, 34*time.Second, true)
		if time.Since(start) > 0 {
			t.Errorf("the next returned after %s", time.Since(start))
		}
		get(t, c, request("GET")) // and one that has the time waits
		if took := time.Since(start); took < 30*time.Second || took > 34*time.Second {
			t.Errorf("waited %s", took)
		}
	})
}

func TestRefusalsAreWaitedOut(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		method      string
		steps       []any
		policy      Policy
		status      int
		least, most time.Duration
		attempts    int // at least
	}{
		"429 for ever":             {"POST", []any{429}, Policy{}, 429, 30 * time.Second, time.Minute, 8},
		"429 for ever, in a hurry": {"POST", []any{429}, Policy{MaxRetryAfter: time.Second}, 429, 100 * time.Millisecond, 3 * time.Second, 4},
		"429, and never again":     {"POST", []any{429}, Policy{MaxAttempts: 1}, 429, 0, 0, 1},
		"more 429s than attempts":  {"POST", []any{429, 429, 429, 429, 429, 429, 200}, Policy{}, 200, time.Second, 5 * time.Second, 7},
		"then failures":            {"GET", []any{429, 429, 429, 429, 503, 503, 200}, Policy{}, 200, 0, 10 * time.Second, 7},
		"at the cap":               {"POST", []any{reply{429, "Retry-After: 60"}, 200}, Policy{}, 200, time.Minute, 67 * time.Second, 2},
		"over the cap":             {"POST", []any{reply{429, "Retry-After: 61"}, 200}, Policy{}, 429, 0, 0, 1},
		"as long as can be said":   {"POST", []any{reply{429, "Retry-After: 10000000000"}, 200}, Policy{MaxRetryAfter: math.MaxInt64}, 429, 0, 0, 1},
		"rubbish":                  {"POST", []any{reply{429, "Retry-After: soon"}, 200}, Policy{}, 200, 0, time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t, Config{RoundTripper: answers(tt.steps...), Policy: tt.policy})
				start := time.Now()
				r, err := c.Do(t.Context(), request(tt.method))
				took := time.Since(start)
				if err != nil || r.Status != tt.status || r.Attempts < tt.attempts || took < tt.least || took > tt.most {
					t.Errorf("%d after %s in %d attempts: %v", r.Status, took, r.Attempts, err)
				}
			})
		})
	}
}

// What time alone bounds is sent no more often because a policy waits for next to
// nothing.
func TestAMinuteOfRefusalsIsFewRequests(t *testing.T) {
	t.Parallel()
	soon := func() string { return time.Now().UTC().Add(time.Second).Format(http.TimeFormat) }
	for name, refuse := range map[string]func() *http.Response{
		"429":                          func() *http.Response { return response(429, "") },
		"429, within the second":       func() *http.Response { return response(429, "", "Retry-After", soon()) },
		"503 with Retry-After":         func() *http.Response { return response(503, "", "Retry-After", "1") },
		"503, within the second":       func() *http.Response { return response(503, "", "Retry-After", soon()) },
		"503 with a date that is past": func() *http.Response { return response(503, "", "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT") },
	} {
		for _, longest := range []time.Duration{1, time.Millisecond, 100 * time.Millisecond} {
			t.Run(fmt.Sprint(name, ", up to ", longest), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server := func() *http.Response { time.Sleep(time.Millisecond); return refuse() }
					c := newTestClient(t, Config{RoundTripper: answers(server), Policy: Policy{MinWait: 1, MaxWait: longest}})
					start := time.Now()
					r, err := c.Do(t.Context(), request("PUT"))
					if took := time.Since(start); err != nil || r.Attempts < 4 || r.Attempts > 130 || took > 70*time.Second {
						t.Errorf("%d requests in %s: %v", r.Attempts, took, err)
					}
				})
			})
		}
	}
}

// Nobody waits for minutes in a queue before a server that takes nothing.
func TestCallsLeaveAQueueThatDoesNotMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, Config{RoundTripper: answers(429)})
		start := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				r, err := c.Do(t.Context(), request("GET"))
				var pause *PauseError
				refused := err == nil && r.Status == 429 || errors.As(err, &pause) && pause.Refusal.Status == 429
				if took := time.Since(start); !refused || took > 5*time.Minute {
					t.Errorf("%d after %s: %v", r.Status, took, err)
				}
			})
		}
		wg.Wait()
	})
}

// Only refusals show that a queue does not move, and not the time that passes.
func TestPatienceEndsWithARefusal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		accepted, joined time.Duration // when
		sent, refused    time.Duration // when a request was sent, and refused; at -1: not at all
		leaves           bool
	}{
		"refused for a minute":                     {0, 0, time.Minute, time.Minute, true},
		"refused for less":                         {0, 0, time.Minute - 1, time.Minute - 1, false},
		"accepted within the minute":               {1, 0, time.Minute, time.Minute, false},
		"joined within the minute":                 {0, 1, time.Minute, time.Minute, false},
		"nothing was sent for an hour":             {0, 0, -1, -1, false},
		"suspended for an hour and then let in":    {time.Hour, 0, -1, -1, false},
		"suspended for an hour amid a refusal":     {0, 0, 1, time.Hour, false},
		"suspended for an hour and then refused":   {0, 0, time.Hour, time.Hour, false},
		"refused for an hour, accepted at the end": {time.Hour, 0, time.Hour, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPacer(Policy{}.WithDefaults())
				start := time.Now()
				refuse := func(sent, at time.Duration) {
					p.refused(start.Add(sent), start.Add(at), 0, Reply{Status: 429})
				}
				refuse(0, 0)
				p.accepted(start, start.Add(tt.accepted))
				if tt.refused >= 0 {
					refuse(tt.sent, tt.refused)
				}
				time.Sleep(2 * time.Hour)
				var pause *PauseError
				if err := p.check(t.Context(), start.Add(tt.joined)); (err != nil) != tt.leaves || tt.leaves && (!errors.As(err, &pause) || pause.Deadline) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestAShorterPauseBeyondTheCapEndsNoLongerOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(Policy{}.WithDefaults())
		for _, asked := range []time.Duration{600 * time.Second, 100 * time.Second} {
			p.refused(time.Now(), time.Now(), asked, Reply{Status: int(asked / time.Second)})
		}
		time.Sleep(200 * time.Second)
		var pause *PauseError
		if err := p.check(t.Context(), time.Now()); !errors.As(err, &pause) || pause.Left != 400*time.Second || pause.Refusal.Status != 600 {
			t.Errorf("error %v", err)
		}
	})
}

// All that were told the same do not come back at the same time, and whatever is
// refused, the rate does not go down to nothing.
func TestPausesAreSpreadAndTheRateHasAFloor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(Policy{}.WithDefaults())
		spread := map[time.Duration]bool{}
		for range 50 {
			time.Sleep(time.Hour)
			wait, _ := p.refused(time.Now(), time.Now(), time.Minute, Reply{})
			spread[wait] = true
		}
		if len(spread) < 40 || p.rate() < afterCut*minRate {
			t.Errorf("%d pauses of 50 differ, and the rate is %v", len(spread), p.rate())
		}
	})
}

// The longer the pause of a refusal, the longer until the next is risked, within
// bounds.
func TestAPauseMakesForARestAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for asked, want := range map[time.Duration][2]time.Duration{
			0:               {recovery, recovery + time.Second},
			2 * time.Second: {7 * time.Second, 8 * time.Second},
			time.Minute:     {maxGrowth, maxGrowth},
		} {
			p := newPacer(Policy{}.WithDefaults())
			p.refused(time.Now(), time.Now(), asked, Reply{})
			if p.plateau < want[0] || p.plateau > want[1] {
				t.Errorf("after a pause of %s: %s, want %s to %s", asked, p.plateau, want[0], want[1])
			}
		}
		if p := newPacer(Policy{MaxRetryAfter: 1}.WithDefaults()); p.patience() != time.Second {
			t.Errorf("a patience of %s is none", p.patience())
		}
	})
}

// A rate that nobody uses is not tried, and does not grow.
func TestAnIdleHourDoesNotRaiseTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(Policy{}.WithDefaults())
		p.refused(time.Now(), time.Now(), 0, Reply{})
		for range 3 {
			time.Sleep(time.Hour)
			if wait := p.take(time.Now()); wait > 0 {
				t.Errorf("waits %s after an hour", wait)
			}
		}
		if p.free() || p.rate() > 10*startRate {
			t.Errorf("the rate is %v", p.rate())
		}
	})
}

// A call that waits for the limiter when a pause past its deadline begins learns of
// that when it has its turn.
func TestAPauseBeginsWhileTheLimiterIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate([]Limiter{stubLimiter(func(context.Context) error { time.Sleep(3 * time.Second); return nil })}, Policy{}.WithDefaults(), time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		time.AfterFunc(time.Second, func() {
			g.pacer.refused(time.Now(), time.Now(), 30*time.Second, Reply{Status: 429})
		})
		var pause *PauseError
		if err := g.wait(ctx, time.Time{}); !errors.As(err, &pause) || !pause.Deadline || time.Since(start) != 3*time.Second {
			t.Errorf("error %v after %s", err, time.Since(start))
		}
	})
}
