package backoff_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive/internal/backoff"
)

func TestSleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(broken) })
		start := time.Now()
		err := backoff.Sleep(ctx, time.Hour)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, broken) || time.Since(start) != time.Second {
			t.Errorf("Sleep: %v after %s", err, time.Since(start))
		}
		if err := backoff.Sleep(ctx, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Sleep of an ended context: %v", err)
		}
		if err := backoff.Sleep(t.Context(), time.Minute); err != nil || time.Since(start) != time.Minute+time.Second {
			t.Errorf("Sleep: %v after %s", err, time.Since(start))
		}
	})
}

func TestPastDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if backoff.PastDeadline(ctx, time.Second-1) || !backoff.PastDeadline(ctx, time.Second) || backoff.PastDeadline(t.Context(), math.MaxInt64) {
			t.Error("a deadline is taken for another")
		}
	})
}

func TestFullJitterStaysBelowABoundThatDoubles(t *testing.T) {
	t.Parallel()
	const least, most = 500 * time.Millisecond, 15 * time.Second
	for attempt := range 100 {
		bound := most
		if attempt < 6 {
			bound = min(least<<(max(attempt, 1)-1), most)
		}
		largest := time.Duration(0)
		for range 200 {
			largest = max(largest, backoff.Full(least, most, attempt))
		}
		if largest > bound || largest < bound/2 {
			t.Errorf("after attempt %d: up to %s, want up to %s", attempt, largest, bound)
		}
	}
	if d := backoff.Full(0, 0, 1); d != 0 {
		t.Errorf("no wait became %s", d)
	}
}

func TestSpreadAddsATenthAtMost(t *testing.T) {
	t.Parallel()
	for range 1000 {
		if d := backoff.Spread(time.Minute); d < time.Minute || d > 66*time.Second+time.Millisecond {
			t.Fatalf("a minute became %s", d)
		}
	}
}

func TestRetryAfterInEveryForm(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"7", "", 7 * time.Second},
		{" 7 ", "", 7 * time.Second},
		{"0", "", 0},
		{"-7", "", 0},
		{"1.5", "", 0},
		{"soon", "", 0},
		{"10000000000", "", math.MaxInt64},
		{strings.Repeat("9", 40), "", math.MaxInt64},
		{"Fri, 02 Jan 2026 03:05:05 GMT", "", time.Minute},
		{"Friday, 02-Jan-26 03:05:05 GMT", "", time.Minute},
		{"Fri Jan  2 03:05:05 2026", "", time.Minute},
		{"Fri, 02 Jan 2026 03:03:05 GMT", "", 0},
		{"Fri, 02 Jan 2026 03:05:05 GMT", "Fri, 02 Jan 2026 03:05:00 GMT", 5 * time.Second},
		{"Fri, 02 Jan 2026 03:05:05 GMT", "broken", time.Minute},
	}
	for _, test := range tests {
		h := http.Header{"Retry-After": {test.value}, "Date": {test.date}}
		if got := backoff.RetryAfter(h, now); got != test.want {
			t.Errorf("Retry-After %q with Date %q: %s, want %s", test.value, test.date, got, test.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7", "")
	f.Add("Fri, 02 Jan 2026 03:05:05 GMT", "Fri, 02 Jan 2026 03:05:00 GMT")
	f.Add("9223372036854775807", "x")
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		if d := backoff.RetryAfter(h, time.Now()); d < 0 {
			t.Errorf("%q: %s", value, d)
		}
	})
}
