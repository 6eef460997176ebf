package motivetest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Latency makes each response wait between low and high, evenly spread by the seed. The request is
// handled after the wait.
func Latency(low, high time.Duration, seed uint64) Fault {
	random := rand.New(rand.NewPCG(seed, seed))
	return LatencyFunc(func() time.Duration {
		if high <= low {
			return low
		}
		return low + time.Duration(random.Int64N(int64(high-low)+1))
	})
}

// LatencyFunc makes each response wait for as long as next says: for any distribution. next is
// called by one goroutine at a time.
func LatencyFunc(next func() time.Duration) Fault {
	var mu sync.Mutex
	return Fault{name: "latency", delay: func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return next()
	}}
}

// Body is the kind of body that an error has.
type Body int

// The kinds of body.
const (
	JSON  Body = iota // Motive's own, {"error_message":"…"}
	HTML              // the page of a proxy in front of the API
	Empty             // nothing, and no Content-Type
)

// Status answers with status n instead of handling the request.
func Status(n int, body Body) Fault {
	return Fault{
		name: "status " + strconv.Itoa(n),
		gate: func(*exchange) answer { return errorAnswer(n, body) },
	}
}

// StatusAfter handles the request and answers with status n all the same: the change is
// committed, and a 502 from a proxy is all that the client hears. With a 200 the client is told
// that all went well, by a body that has no user in it.
func StatusAfter(n int, body Body) Fault {
	return Fault{
		name: "status " + strconv.Itoa(n) + " after commit",
		rewrite: func(_ *exchange, a *answer) bool {
			*a = errorAnswer(n, body)
			return true
		},
	}
}

func errorAnswer(status int, body Body) answer {
	switch body {
	case HTML:
		page := fmt.Sprintf("<html>\r\n<head><title>%[1]d %[2]s</title></head>\r\n<body><center><h1>%[1]d %[2]s</h1></center></body>\r\n</html>\r\n",
			status, http.StatusText(status))
		return answer{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: []byte(page)}
	case Empty:
		return answer{status: status}
	default:
		return refuse(status, "%s", strings.ToLower(http.StatusText(status)))
	}
}

// TooManyRequests answers 429 with the given Retry-After instead of handling the request. Any
// string will do, for a client must bear any: seconds, a date in one of HTTP's three forms, a
// negative or an absurdly large number, rubbish. Without one ("") the header is left out.
func TooManyRequests(retryAfter string) Fault {
	return Fault{
		name: fmt.Sprintf("429, Retry-After: %q", retryAfter),
		gate: func(*exchange) answer { return tooMany(retryAfter) },
	}
}

func tooMany(retryAfter string) answer {
	a := refuse(http.StatusTooManyRequests, "too many requests")
	if retryAfter != "" {
		a.header = http.Header{"Retry-After": {retryAfter}}
	}
	return a
}

// RateLimit handles perMinute requests within any minute of the fake's clock and strikes the
// rest: 429 with the whole seconds to wait in Retry-After.
func RateLimit(perMinute int) Fault {
	l := &limiter{perMinute: perMinute}
	return Fault{
		name:    "rate limit",
		applies: func(x *exchange) bool { return !l.admit(x.f.now()) },
		gate:    func(x *exchange) answer { return tooMany(strconv.FormatInt(l.wait(x.f.now()), 10)) },
	}
}

type limiter struct {
	mu        sync.Mutex
	perMinute int
	passed    []time.Time // within the last minute, oldest first
}

func (l *limiter) admit(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.passed) > 0 && now.Sub(l.passed[0]) >= time.Minute {
		l.passed = l.passed[1:]
	}
	if len(l.passed) >= l.perMinute {
		return false
	}
	l.passed = append(l.passed, now)
	return true
}

// wait returns the seconds until a request passes again.
func (l *limiter) wait(now time.Time) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := time.Minute
	if len(l.passed) > 0 {
		d -= now.Sub(l.passed[0])
	}
	return int64((max(d, 0) + time.Second - 1) / time.Second)
}

// UnauthorizedOnce revokes the access token that the request presents, so that it and all that
// follow with the same token are answered 401. An API key cannot be revoked: it is refused this
// once. The fault strikes once unless [Times] says otherwise.
func UnauthorizedOnce() Fault {
	return Fault{name: "401", once: true, applies: (*exchange).isCall, gate: func(x *exchange) answer {
		if token, ok := bearer(x.r); ok {
			x.f.oauth.revokeAccess(token)
		}
		return refuse(http.StatusUnauthorized, "the access token is not valid, expired or revoked")
	}}
}

// RepeatPage answers a list from its second page on with the rows of the page before, under the
// page number that was asked for.
func RepeatPage() Fault {
	return Fault{
		name:    "repeated page",
		applies: func(x *exchange) bool { return x.isList() && positive(x.query.Get("page_no"), 1) > 1 },
		alter:   func(x *exchange) { x.pageShift = 1 },
	}
}

// LyingTotal answers a list with n as the total.
func LyingTotal(n int) Fault {
	return Fault{
		name:    "lying total",
		applies: (*exchange).isList,
		alter:   func(x *exchange) { x.total = &n },
	}
}

// isCall reports whether the request is one of the API, rather than of OAuth.
func (x *exchange) isCall() bool { return !strings.HasPrefix(x.entry.Path, "/oauth/") }

func (x *exchange) isList() bool {
	return x.r.Method == http.MethodGet && x.entry.template == "/v1/users"
}
