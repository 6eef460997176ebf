package motivetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Latency lets each request wait between low and high, evenly spread by the seed, and handles it then.
func Latency(low, high time.Duration, seed uint64) Fault {
	random := rand.New(rand.NewPCG(seed, seed))
	return LatencyFunc(func() time.Duration {
		return low + time.Duration(random.Int64N(max(int64(high-low), 0)+1))
	})
}

// LatencyFunc is Latency for as long as next says, which is called by one goroutine at a time.
func LatencyFunc(next func() time.Duration) Fault {
	var mu sync.Mutex
	return Fault{name: "latency", delay: func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return next()
	}}
}

// TooManyRequests answers 429 with the given Retry-After instead of handling the request. Any
// string will do, for a client must bear any: seconds, a date in one of HTTP's three forms, a
// negative or an absurdly large number, rubbish. Without one ("") the header is left out.
func TooManyRequests(retryAfter string) Fault {
	return instead(fmt.Sprintf("429, Retry-After: %q", retryAfter), busy(http.StatusTooManyRequests, retryAfter))
}

func busy(status int, retryAfter string) *response {
	a := refuse(status, "%s", strings.ToLower(http.StatusText(status)))
	if retryAfter != "" {
		a.header = http.Header{"Retry-After": {retryAfter}}
	}
	return a
}

// limit strikes the requests that admit turns away, with status and the Retry-After that hint
// returns. Both are told the fake's time, and called by one goroutine at a time.
func limit(name string, status int, admit func(time.Time) bool, hint func(time.Time) string) Fault {
	var mu sync.Mutex
	return Fault{
		name: name,
		applies: func(x *exchange) bool {
			mu.Lock()
			defer mu.Unlock()
			return !admit(x.f.now())
		},
		gate: func(x *exchange) *response {
			mu.Lock()
			defer mu.Unlock()
			return busy(status, hint(x.f.now()))
		},
	}
}

// RateLimit handles perMinute requests within any minute of the fake's clock and strikes the
// rest: 429 with the whole seconds to wait in Retry-After.
func RateLimit(perMinute int) Fault {
	var passed []time.Time // within the last minute, oldest first
	admit := func(now time.Time) bool {
		for len(passed) > 0 && now.Sub(passed[0]) >= time.Minute {
			passed = passed[1:]
		}
		if len(passed) >= perMinute {
			return false
		}
		passed = append(passed, now)
		return true
	}
	return limit("rate limit", http.StatusTooManyRequests, admit, func(now time.Time) string {
		wait := time.Minute
		if len(passed) > 0 {
			wait -= now.Sub(passed[0])
		}
		return strconv.Itoa(int(math.Ceil(max(wait, 0).Seconds())))
	})
}

// TokenBucket handles perSecond requests on average and bursts of burst, by the fake's clock,
// and strikes the rest with status: 429, or 503 as nginx does. With hint the response has a
// Retry-After of whole seconds, without it none.
func TokenBucket(perSecond float64, burst, status int, hint bool) Fault {
	tokens := float64(burst)
	var filled time.Time
	admit := func(now time.Time) bool {
		if !filled.IsZero() {
			tokens = min(float64(burst), tokens+perSecond*now.Sub(filled).Seconds())
		}
		filled = now
		if tokens < 1 {
			return false
		}
		tokens--
		return true
	}
	return limit(fmt.Sprintf("%g a second", perSecond), status, admit, func(time.Time) string {
		if !hint {
			return ""
		}
		return strconv.Itoa(int(max(1/perSecond, 1) + 0.999))
	})
}

// Storm refuses every request for d from the first one that it meets, by the fake's clock, with
// status and, where retryAfter is not "", a Retry-After.
func Storm(status int, retryAfter string, d time.Duration) Fault {
	var began time.Time
	admit := func(now time.Time) bool {
		if began.IsZero() {
			began = now
		}
		return now.Sub(began) >= d
	}
	return limit("storm of "+strconv.Itoa(status), status, admit, func(time.Time) string { return retryAfter })
}

// UnauthorizedOnce revokes the access token that the request presents, so that it and all that
// follow with the same token are answered 401. An API key cannot be revoked: it is refused this
// once. The fault strikes once unless [Times] says otherwise.
func UnauthorizedOnce() Fault {
	return Fault{name: "401", once: true, applies: (*exchange).isCall, gate: func(x *exchange) *response {
		if token, ok := bearer(x.r.Header); ok {
			x.f.oauth.mu.Lock()
			delete(x.f.oauth.access, token)
			x.f.oauth.mu.Unlock()
		}
		return invalidToken()
	}}
}
