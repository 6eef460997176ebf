package backoff_test

import (
	"context"
	"errors"
	"fmt"
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
	now := time.Date(2026, 7, 4, 12, 0, 0, 0, time.UTC)
	server := now.Add(-3 * time.Hour) // a server whose clock is three hours slow
	in := func(at time.Time, layout string) string { return at.Add(90 * time.Second).Format(layout) }
	for name, tt := range map[string]struct {
		value, date string
		want        time.Duration
	}{
		"nothing":                    {"", "", 0},
		"seconds":                    {"120", "", 2 * time.Minute},
		"no seconds":                 {"0", "", 0},
		"leading zeros":              {"007", "", 7 * time.Second},
		"spaces around":              {" \t5 ", "", 5 * time.Second},
		"a day":                      {"86400", "", 24 * time.Hour},
		"more than a duration":       {"10000000000", "", math.MaxInt64},
		"just within a duration":     {"9223372036", "", 9223372036 * time.Second},
		"just over a duration":       {"9223372037", "", math.MaxInt64},
		"more than an int64":         {strings.Repeat("9", 400), "", math.MaxInt64},
		"too many digits, and more":  {strings.Repeat("9", 400) + "s", "", 0},
		"negative":                   {"-5", "", 0},
		"signed":                     {"+5", "", 0},
		"fractional":                 {"1.5", "", 0},
		"an exponent":                {"1e3", "", 0},
		"hexadecimal":                {"0x10", "", 0},
		"a unit":                     {"5s", "", 0},
		"words":                      {"in a while", "", 0},
		"two values":                 {"5, 7", "", 0},
		"digits of another script":   {"٣", "", 0},
		"a date":                     {in(now, http.TimeFormat), "", 90 * time.Second},
		"a date of RFC 850":          {in(now, "Monday, 02-Jan-06 15:04:05 GMT"), "", 90 * time.Second},
		"a date of asctime":          {in(now, time.ANSIC), "", 90 * time.Second},
		"a date by a slow clock":     {in(server, http.TimeFormat), server.Format(http.TimeFormat), 90 * time.Second},
		"RFC 850 by a slow clock":    {in(server, "Monday, 02-Jan-06 15:04:05 GMT"), server.Format(http.TimeFormat), 90 * time.Second},
		"asctime by a slow clock":    {in(server, time.ANSIC), server.Format(http.TimeFormat), 90 * time.Second},
		"seconds, whatever the Date": {"5", server.Format(http.TimeFormat), 5 * time.Second},
		"a Date that is none":        {in(now, http.TimeFormat), "yesterday", 90 * time.Second},
		"a past date":                {now.Add(-time.Hour).Format(http.TimeFormat), "", 0},
		"a date far ahead":           {"Fri, 31 Dec 9999 23:59:59 GMT", "", math.MaxInt64},
		"a date that is none":        {"Fri, 31 Foo 2026 23:59:59 GMT", "", 0},
		"a date without a zone":      {"Fri, 31 Dec 2026 23:59:59", "", 0},
		"RFC 3339":                   {now.Add(time.Hour).Format(time.RFC3339), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{"Retry-After": {tt.value}, "Date": {tt.date}}
			if got := backoff.RetryAfter(h, now); got != tt.want {
				t.Errorf("%q is %s, want %s", tt.value, got, tt.want)
			}
		})
	}
	if got := backoff.RetryAfter(nil, now); got != 0 {
		t.Errorf("no header at all is %s", got)
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "0", "120", "-1", "1.5", "10000000000", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT",
		"Friday, 31-Dec-99 23:59:59 GMT", "Fri Dec 31 23:59:59 1999", "soon", "\x00", " 7 ",
	} {
		f.Add(value, "Fri, 31 Dec 1999 23:59:00 GMT")
		f.Add(value, "")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		got := backoff.RetryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, time.Unix(946684740, 0))
		if got < 0 {
			t.Errorf("%q is %s", value, got)
		}
		var seconds int64
		if n, err := fmt.Sscanf(value, "%d", &seconds); n == 1 && err == nil && fmt.Sprint(seconds) == value && seconds >= 0 && seconds < 1e9 {
			if want := time.Duration(seconds) * time.Second; got != want {
				t.Errorf("%q is %s, want %s", value, got, want)
			}
		}
	})
}

// The wait is spread over the whole of [0, bound], and the bound doubles up to
// the longest wait.
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
