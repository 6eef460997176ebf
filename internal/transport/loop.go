package transport

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// RoundTripFunc is a round tripper that is a function.
type RoundTripFunc func(*http.Request) (*http.Response, error)

// RoundTrip returns what f does.
func (f RoundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// run sends the call for as long as decide says so, in retryablehttp's loop. That decides
// nothing: by itself it repeats a POST like a GET, sleeps for as long as any server asks,
// and drops the last response. So, in the order in which it asks:
//
//   - Transport: roundTrip sends an attempt through our stages, and shows the loop an
//     empty response whatever came: there is no redirect to follow, no body to read.
//   - CheckRetry: decide says whether there is another attempt.
//   - RetryMax: none, since decide counts.
//   - Backoff: none, since the gate waits, where a long pause can end the wait.
//   - ErrorHandler: an error is returned as it is, not in a sentence with the URL.
//
// After an error it closes the idle connections that all calls share, unless Transport
// has no CloseIdleConnections: so Transport is a function. (A call that had RoundTrip
// itself would have a program link every method of what it holds.)
func (k *call) run() error {
	target := k.base + k.req.Path
	if k.query != "" {
		target += "?" + k.query
	}
	req, err := http.NewRequestWithContext(k.ctx, k.req.Method, target, nil) // each attempt has a body of its own
	if err != nil {
		return k.cause(err)
	}
	k.shown = http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	k.http.Transport = RoundTripFunc(k.roundTrip)
	k.loop.HTTPClient = &k.http
	k.loop.CheckRetry = k.checkRetry
	k.loop.RetryMax = math.MaxInt
	k.loop.Backoff = func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return 0 }
	k.loop.ErrorHandler = retryablehttp.PassthroughErrorHandler
	if _, err := k.loop.Do(&retryablehttp.Request{Request: req}); err != nil {
		return k.cause(err)
	}
	return nil
}

// roundTrip sends an attempt as was decided after the one before.
func (k *call) roundTrip(req *http.Request) (*http.Response, error) {
	k.release()
	a := &attempt{call: k, req: req, auth: k.next.auth, notBefore: time.Now().Add(k.next.backoff)}
	k.attempt = a
	if err := k.send(a); err != nil {
		a.err = k.clean(err)
		return nil, a.err
	}
	return &k.shown, nil
}

func (k *call) checkRetry(context.Context, *http.Response, error) (bool, error) {
	a := k.attempt
	if a == nil { // net/http would not send the request at all
		return false, nil
	}
	s, err := k.assess(a)
	k.apply(a, s, decide(s))
	return k.next.again, err
}
