package motive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
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
			if got := parseRetryAfter(h, now); got != tt.want {
				t.Errorf("%q is %s, want %s", tt.value, got, tt.want)
			}
		})
	}
	if got := parseRetryAfter(nil, now); got != 0 {
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
		got := parseRetryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, time.Unix(946684740, 0))
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
func TestBackoff(t *testing.T) {
	t.Parallel()
	p := RetryPolicy{}.withDefaults()
	for try, bound := range map[int]time.Duration{
		1: 500 * time.Millisecond, 2: time.Second, 3: 2 * time.Second, 4: 4 * time.Second, 5: 8 * time.Second,
		6: 15 * time.Second, 7: 15 * time.Second, 33: 15 * time.Second, 64: 15 * time.Second, 1000: 15 * time.Second,
	} {
		var low, high int
		for range 2000 {
			switch wait := p.backoff(try); {
			case wait < 0 || wait > bound:
				t.Fatalf("try %d waits %s, beyond %s", try, wait, bound)
			case wait < bound/10:
				low++
			case wait > bound-bound/10:
				high++
			}
		}
		if low == 0 || high == 0 { // one in 0.9^2000
			t.Errorf("try %d: of 2000 waits %d are short and %d long", try, low, high)
		}
	}
}

func TestBackoffTakesAnyPolicy(t *testing.T) {
	t.Parallel()
	const forever = math.MaxInt64
	for _, p := range []RetryPolicy{
		{MinWait: 1}, {MinWait: forever}, {MaxWait: forever}, {MinWait: 1, MaxWait: forever},
		{MinWait: forever, MaxWait: forever}, {MinWait: 1 << 62}, {MinWait: 1, MaxWait: 1}, {MinWait: time.Minute},
	} {
		if err := p.check(); err != nil {
			t.Fatal(err)
		}
		p = p.withDefaults()
		for try := 1; try < 100; try++ {
			if wait := p.backoff(try); wait < 0 || wait > p.MaxWait {
				t.Errorf("%+v: try %d waits %s", p, try, wait)
			}
		}
	}
}

func TestRetryPolicyDefaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want RetryPolicy }{
		{RetryPolicy{}, RetryPolicy{4, 500 * time.Millisecond, 15 * time.Second, time.Minute}},
		{RetryPolicy{MaxAttempts: 1}, RetryPolicy{1, 500 * time.Millisecond, 15 * time.Second, time.Minute}},
		{RetryPolicy{MinWait: time.Minute}, RetryPolicy{4, time.Minute, time.Minute, time.Minute}},
		{RetryPolicy{MaxRetryAfter: 5}, RetryPolicy{4, 500 * time.Millisecond, 15 * time.Second, 5}},
	} {
		if got := tt.in.withDefaults(); got != tt.want {
			t.Errorf("%+v becomes %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

// Below retries and redirects there is one more door, which no request to
// another host gets through.
func TestGuardRefusesOtherHosts(t *testing.T) {
	t.Parallel()
	c, err := NewClient(WithAccessToken("canary"), WithTransport(http.NewFileTransport(http.Dir("."))))
	if err != nil {
		t.Fatal(err)
	}
	for target, home := range map[string]bool{
		DefaultBaseURL + "/v1/users": true, DefaultBaseURL: true,
		"http://api.gomotive.com/v1/users": false, "https://api.gomotive.com:8443/": false, "https://gomotive.com": false,
		"https://api.gomotive.com.evil.example": false, "https://evil.example/api.gomotive.com": false,
	} {
		body := &closing{Reader: strings.NewReader("{}")}
		req, err := http.NewRequest(http.MethodPost, target, body)
		if err != nil {
			t.Fatal(err)
		}
		trip := &trip{core: c.core, caller: t.Context()}
		req = req.WithContext(context.WithValue(t.Context(), tripKey{}, trip))
		resp, err := c.core.client.HTTPClient.Transport.RoundTrip(req)
		trip.endTry()
		if errors.Is(err, errForeignHost) == home || (trip.sent == 1) != home || !home && !body.closed {
			t.Errorf("%s: sent %d times, body closed %v, error %v", target, trip.sent, body.closed, err)
		}
		if resp != nil {
			resp.Body.Close()
		}
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }
