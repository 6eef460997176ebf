package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	broken := errors.New("reset")
	for name, tt := range map[string]struct {
		method string
		steps  []any
		want   string
	}{
		"a success":          {"GET", []any{200}, "attempt_start attempt_end"},
		"a refusal":          {"GET", []any{404}, "attempt_start attempt_end"},
		"a failure":          {"GET", []any{503, 200}, "attempt_start attempt_end retry attempt_start attempt_end"},
		"a write that fails": {"POST", []any{broken}, "attempt_start attempt_end give_up"},
		"a 429":              {"POST", []any{429, 200}, "attempt_start attempt_end pause retry wait attempt_start attempt_end"},
		"a busy server":      {"PUT", []any{reply{503, "Retry-After: 2"}, 200}, "attempt_start attempt_end pause retry wait attempt_start attempt_end"},
		"and a POST":         {"POST", []any{reply{503, "Retry-After: 2"}}, "attempt_start attempt_end pause give_up"},
		"beyond the cap":     {"POST", []any{reply{429, "Retry-After: 900"}}, "attempt_start attempt_end pause give_up"},
		"permanent":          {"GET", []any{claim{permanent: true}}, "attempt_start attempt_end give_up"},
		"another credential": {"GET", []any{401, 200}, "attempt_start attempt_end attempt_start attempt_end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var seen events
				credential := &renewing{secrets: []string{"canary-1", "canary-2"}}
				c := newTestClient(t, Config{RoundTripper: answers(tt.steps...), Credential: credential, Observer: seen.add})
				r, _ := c.Do(t.Context(), request(tt.method))
				if got := seen.kinds(); got != tt.want {
					t.Errorf("%s, want %s", got, tt.want)
				}
				for _, e := range seen.all {
					if e.Method != tt.method || e.Template != "/v1/things/{id}" || e.Attempt < 1 || e.Attempt > r.Attempts {
						t.Errorf("event %+v", e)
					}
					if (e.Kind == KindRetry || e.Kind == KindPause || e.Kind == KindWait) && e.Wait <= 0 {
						t.Errorf("event %+v without a wait", e)
					}
					if e.Kind == KindEnd && e.Status == 0 && e.Err == nil {
						t.Errorf("event %+v says nothing", e)
					}
				}
			})
		})
	}
}

// No retry is told of that the end of the context has ruled out.
func TestACallThatWasCancelledTellsOfNoRetry(t *testing.T) {
	t.Parallel()
	var seen events
	ctx, cancel := context.WithCancel(t.Context())
	c := newTestClient(t, Config{Observer: seen.add, RoundTripper: tripper(func(*http.Request) (*http.Response, error) {
		cancel()
		return response(500, ""), nil
	})})
	r, err := c.Do(ctx, request("GET"))
	if seen.kinds() != "attempt_start attempt_end give_up" || r.Status != 500 || err != nil {
		t.Errorf("%s: %d, %v", seen.kinds(), r.Status, err)
	}
}

// A wait is told of as long as it was held, without the backoff of the call's own.
func TestWaitEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen events
		c := newTestClient(t, Config{RoundTripper: answers(200, 500, 200), Limiters: []Limiter{rate.NewLimiter(0.1, 1)}, Observer: seen.add})
		get(t, c, request("GET"))
		time.Sleep(4 * time.Second)
		get(t, c, request("GET"))
		var waits []time.Duration
		var retry time.Duration
		for _, e := range seen.all {
			switch e.Kind {
			case KindWait:
				waits = append(waits, e.Wait.Round(time.Millisecond))
			case KindRetry:
				retry = e.Wait
			}
		}
		if len(waits) != 2 || waits[0] != 6*time.Second || waits[1]+retry < 10*time.Second-time.Millisecond || waits[1]+retry > 10*time.Second+time.Millisecond {
			t.Errorf("held for %v, after a backoff of %s", waits, retry)
		}
	})
}

func TestLeavingWhileWaitingIsToldOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen events
		var out bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c := newTestClient(t, Config{RoundTripper: answers(500), Observer: seen.add, Logger: logger, Name: "it", Policy: Policy{MinWait: time.Hour}})
		cause := errors.New("canary-body has left")
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Do(ctx, request("PUT"))
			if !errors.Is(err, cause) || !strings.Contains(err.Error(), "the last attempt failed with 500") || strings.Contains(err.Error(), "canary") {
				t.Errorf("error %v", err)
			}
		})
		synctest.Wait()
		cancel(cause)
		wg.Wait()
		if seen.kinds() != "attempt_start attempt_end retry give_up" || !strings.Contains(out.String(), "it: gave up waiting") {
			t.Errorf("events %s, log %s", seen.kinds(), out.String())
		}
		if text := fmt.Sprint(seen.all) + out.String(); strings.Contains(text, "canary") {
			t.Errorf("a secret in %s", text)
		}
	})
}

// So is a call that ends before its next attempt has begun to wait.
func TestAnEndRightAfterAFailureNamesIt(t *testing.T) {
	t.Parallel()
	for want, last := range map[string]any{"502": 502, "429": 429, "connection reset": errors.New("connection reset")} {
		for _, before := range []any{nil, 500} {
			ctx, cancel := context.WithCancel(t.Context())
			steps := []any{last}
			if before != nil {
				steps = []any{before, last}
			}
			c := newTestClient(t, Config{RoundTripper: answers(steps...), Policy: quick, Observer: func(e Event) {
				if e.Kind == KindRetry && e.Attempt == len(steps) {
					cancel()
				}
			}})
			r, err := c.Do(ctx, request("GET"))
			if !errors.Is(err, context.Canceled) || !strings.HasSuffix(err.Error(), "; the last attempt failed with "+want) || len(r.Earlier) != len(steps) {
				t.Errorf("%v, then %v: %v, of %d attempts", before, last, err, len(r.Earlier))
			}
		}
	}
}

// One line an attempt, which says what follows from it, and no secret.
func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		leak := errors.New("round tripper says canary-credential, canary-body and name=canary-query")
		var seen events
		c := newTestClient(t, Config{RoundTripper: answers(503, leak, 401, 500, 500), Logger: logger, Observer: seen.add, Name: "it", Policy: Policy{MaxAttempts: 2}})
		_, err := c.Do(t.Context(), request("PUT"))
		if err == nil || strings.Contains(fmt.Sprint(err, seen.all), "canary") {
			t.Errorf("error %v, events %+v", err, seen.all)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		for i, want := range []string{
			`msg="it: attempt" method=PUT path=/v1/things/{id} status=503 duration=0s attempt=1 waited=0s retry_in=`,
			`msg="it: attempt" method=PUT path=/v1/things/{id} status=0 duration=0s attempt=2 waited=`,
		} {
			if len(lines) != 2 || !strings.Contains(lines[i], want) {
				t.Fatalf("logged %s\nwant %s", out.String(), want)
			}
		}
		if !strings.HasSuffix(lines[1], "gave_up=true") || strings.Contains(out.String(), "canary") || strings.Contains(out.String(), "things/7") {
			t.Errorf("logged %s", out.String())
		}
		quiet := newTestClient(t, Config{RoundTripper: answers(200), Logger: slog.New(slog.NewTextHandler(&out, nil))})
		before := out.Len()
		get(t, quiet, request("GET"))
		if out.Len() != before {
			t.Error("logged at a level that is off")
		}
	})
}

// That a limiter could not be told of a pause keeps no call from going on.
func TestALimiterThatFailsToPauseIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		limiter := sharedLimiter{
			func(context.Context) error { return nil },
			func(context.Context, time.Duration) error { return errors.New("no table for canary-credential") },
		}
		c := newTestClient(t, Config{
			RoundTripper: answers(429, 200), Limiters: []Limiter{limiter},
			Logger: slog.New(slog.NewTextHandler(&out, nil)), Name: "it",
		})
		get(t, c, request("GET"))
		if text := out.String(); !strings.Contains(text, `level=WARN msg="it: the limiter was not told of a pause" error="no table for [redacted]"`) {
			t.Errorf("logged %s", text)
		}
	})
}
