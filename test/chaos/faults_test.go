package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/motive-go/motive/motivetest"
)

// fault is something that goes wrong, in all the ways that motivetest has.
type fault struct {
	name string
	make func(*rand.Rand) motivetest.Fault
	// late is in place of make for what is the network's fault: requests that
	// arrive so much later, at most, than the client hears of a reset.
	late time.Duration
	// hangs marks what only a short attempt timeout ends.
	hangs bool
	// only names the calls that it can strike; nil is all. Incomplete marks what
	// makes All end in ErrIncompleteList.
	only       []string
	incomplete bool
	// foreign marks responses about somebody else, which calls that name nobody
	// cannot tell, and slow what a server goes on with after its proxy has given up.
	foreign, slow bool
	// waits marks what makes the client wait for a second or more, and limits what
	// makes it slow down.
	waits, limits bool
}

func allFaults(foreign string) []*fault {
	always := func(f motivetest.Fault) func(*rand.Rand) motivetest.Fault {
		return func(*rand.Rand) motivetest.Fault { return f }
	}
	faults := []*fault{
		{name: "connection refused", make: func(r *rand.Rand) motivetest.Fault {
			return motivetest.ConnectionRefused(time.Millisecond + time.Duration(r.IntN(4))*time.Millisecond)
		}},
		{name: "reset before handling", make: always(motivetest.ResetBefore())},
		{name: "reset after commit", make: always(motivetest.ResetAfter())},
		{name: "hang before headers", hangs: true, make: always(motivetest.HangBeforeHeaders())},
		{name: "hang after commit", hangs: true, make: always(motivetest.HangAfterCommit())},
		{name: "hang in the body", hangs: true, make: always(motivetest.HangMidBody())},
		{name: "body cut off", make: always(motivetest.TruncateBody())},
		{name: "dripping body", make: always(motivetest.DripBody(200, 2*time.Millisecond))},
		{name: "dripping body, too slow", hangs: true, make: always(motivetest.DripBody(10, 10*time.Millisecond))},
		{name: "delivered within 0.3 ms of the reset", late: 300 * time.Microsecond},
		{name: "delivered within 3 ms of the reset", late: 3 * time.Millisecond},
		{name: "delivered within 30 ms of the reset", late: 30 * time.Millisecond},
		{name: "latency", make: func(r *rand.Rand) motivetest.Fault {
			return motivetest.Latency(0, 20*time.Millisecond, r.Uint64())
		}},
		{name: "latency around the attempt timeout", hangs: true, make: func(r *rand.Rand) motivetest.Fault {
			return motivetest.Latency(attemptLimit-10*time.Millisecond, attemptLimit+5*time.Millisecond, r.Uint64())
		}},
		{name: "redirect to another host", make: always(motivetest.RedirectTo(foreign))},
		{name: "401 once", make: always(motivetest.UnauthorizedOnce())},
		{name: "rate limit", limits: true, make: func(r *rand.Rand) motivetest.Fault { return motivetest.RateLimit(r.IntN(10)) }},
		{name: "page that repeats", only: []string{"All"}, incomplete: true, make: always(motivetest.RepeatPage())},
		{name: "total too high", only: []string{"List", "All"}, incomplete: true, make: func(r *rand.Rand) motivetest.Fault {
			return motivetest.LyingTotal(officeSize + 1 + r.IntN(1000))
		}},
		// 2 and 4 would end on a page's edge, where a total that is too low
		// cannot be told from the truth without a request more for every list.
		{name: "total too low", only: []string{"List", "All"}, make: func(r *rand.Rand) motivetest.Fault {
			return motivetest.LyingTotal([]int{0, 1, 3}[r.IntN(3)])
		}},
	}
	for _, status := range []int{301, 302, 303} {
		faults = append(faults, &fault{name: fmt.Sprintf("redirect %d after commit", status), make: always(motivetest.RedirectAfter(status, foreign))})
	}
	for _, status := range []int{408, 499} {
		faults = append(faults, &fault{name: fmt.Sprintf("status %d after commit", status), make: always(motivetest.StatusAfter(status, motivetest.HTML))})
	}
	for _, body := range []string{"", "OK", "{}", `{"status":"ok"}`, `{"user":null}`, "<html>welcome</html>"} {
		faults = append(faults, &fault{name: fmt.Sprintf("200 with %q after commit", body), make: always(motivetest.BodyAfter(200, body))})
	}
	faults = append(faults,
		&fault{name: "404 that is a page", make: always(motivetest.Status(404, motivetest.HTML))},
		&fault{name: "somebody else's record", foreign: true, make: always(motivetest.ForeignRecord())},
		&fault{name: "504 while the server works", slow: true, make: always(motivetest.GatewayTimeout(2*time.Millisecond, 10*time.Millisecond))},
		&fault{name: "storm of 429", limits: true, make: always(motivetest.Storm(429, "", 30*time.Millisecond))},
		&fault{name: "storm of 503", limits: true, make: always(motivetest.Storm(503, "", 30*time.Millisecond))},
		&fault{name: "a rate, refused with 429", limits: true, make: always(motivetest.TokenBucket(100, 3, 429, false))},
		&fault{name: "a rate, refused with 503", limits: true, make: always(motivetest.TokenBucket(100, 3, 503, false))},
		&fault{name: "a rate, refused with 503 and a hint", limits: true, make: always(motivetest.TokenBucket(100, 3, 503, true))})
	for kind, name := range []string{
		motivetest.WrongTypes: "wrong types", motivetest.NullBody: "null", motivetest.ArrayBody: "an array",
		motivetest.DeepNesting: "deep nesting", motivetest.HugeBody: "100 MiB", motivetest.NotJSON: "no JSON",
	} {
		faults = append(faults, &fault{name: "garbage: " + name, make: always(motivetest.Garbage(motivetest.Nonsense(kind)))})
	}
	for _, status := range []int{500, 502, 503, 504} {
		for body, name := range []string{motivetest.JSON: "JSON", motivetest.HTML: "HTML", motivetest.Empty: "nothing"} {
			faults = append(faults,
				&fault{name: fmt.Sprintf("status %d with %s", status, name), make: always(motivetest.Status(status, motivetest.Body(body)))},
				&fault{name: fmt.Sprintf("status %d with %s, after commit", status, name), make: always(motivetest.StatusAfter(status, motivetest.Body(body)))})
		}
	}
	for _, value := range []string{"", "0", "-7", "120", "99999999999999999999", "soon"} {
		faults = append(faults, &fault{name: fmt.Sprintf("429, Retry-After: %q", value), limits: true, make: always(motivetest.TooManyRequests(value))})
	}
	for _, layout := range []string{http.TimeFormat, time.RFC850, time.ANSIC} {
		faults = append(faults,
			&fault{name: "429, Retry-After: past date as " + layout, limits: true, make: retryAt(layout, -time.Hour)},
			&fault{name: "429, Retry-After: far date as " + layout, limits: true, make: retryAt(layout, time.Hour)})
	}
	return append(faults,
		&fault{name: `429, Retry-After: "1"`, waits: true, limits: true, make: always(motivetest.TooManyRequests("1"))},
		&fault{name: "429, Retry-After: near date", waits: true, limits: true, make: retryAt(http.TimeFormat, 2*time.Second)})
}

func retryAt(layout string, after time.Duration) func(*rand.Rand) motivetest.Fault {
	return func(*rand.Rand) motivetest.Fault {
		return motivetest.TooManyRequests(time.Now().UTC().Add(after).Format(layout))
	}
}

// attemptLimit is the attempt timeout where a fault hangs.
const attemptLimit = 60 * time.Millisecond

func (f *fault) canStrike(call *apiCall) bool {
	if f.foreign && call.name == "Create" {
		return false // no id, no username: a record of the same shape is as good as its own
	}
	return f.only == nil || slices.Contains(f.only, call.name)
}

// strikes says which requests a fault strikes, sometimes all of them.
func (f *fault) strikes(r *rand.Rand, concurrent bool) []motivetest.Match {
	if f.incomplete {
		return nil
	}
	if f.waits {
		return []motivetest.Match{motivetest.Times(1)}
	}
	if concurrent && f.limits {
		return []motivetest.Match{motivetest.Times([]int{1, 2, 1000}[r.IntN(3)])}
	}
	if concurrent {
		return []motivetest.Match{motivetest.Times(1000), motivetest.Probability([]float64{0.4, 0.7, 1}[r.IntN(3)], r.Uint64())}
	}
	patterns := [][]motivetest.Match{
		{motivetest.Times(1)}, {motivetest.Times(2)}, {motivetest.Times(3)}, {motivetest.Times(1000)},
		{motivetest.Nth(2)}, {motivetest.Nth(1, 3)},
		{motivetest.Times(1000), motivetest.Probability(0.5, r.Uint64())},
	}
	return patterns[r.IntN(len(patterns))]
}
