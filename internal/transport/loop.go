package transport

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// loop is retryablehttp as the loop around the attempts of a call. It sends, asks and
// sends again, and decides nothing: by itself it repeats a POST like a GET, sleeps
// for as long as any server asks, and drops the last response. So, in its order:
//
//   - Transport: roundTrip has send do all the work. It shows the loop one empty
//     response whatever came, with no redirect to follow and no body to read.
//   - CheckRetry: checkRetry has decide say whether there is another attempt.
//   - RetryMax: as good as none, since decide counts.
//   - Backoff: none, since the gate waits, where a long pause can end the wait.
//   - ErrorHandler: an error comes back as it is, and not in a sentence with the URL.
//
// After an error it closes the idle connections of its transport, at the cost of all
// other calls, unless that has no CloseIdleConnections: roundTripFunc has none.
type loop struct {
	client retryablehttp.Client
	http   http.Client
	shown  http.Response
}

// roundTripFunc is a type of its own since a call that were a round tripper itself
// would have a program link every method of what it holds.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func noBackoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return 0 }

// run sends req, and again for as long as decide says so.
func (k *call) run(req *http.Request) error {
	l := &k.loop
	l.shown = http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	l.http.Transport = roundTripFunc(k.roundTrip)
	l.client.HTTPClient = &l.http
	l.client.CheckRetry = k.checkRetry
	l.client.RetryMax = math.MaxInt
	l.client.Backoff = noBackoff
	l.client.ErrorHandler = retryablehttp.PassthroughErrorHandler
	_, err := l.client.Do(&retryablehttp.Request{Request: req})
	return err
}

func (k *call) roundTrip(req *http.Request) (*http.Response, error) {
	if err := k.try(req); err != nil {
		return nil, err
	}
	return &k.loop.shown, nil
}

func (k *call) checkRetry(context.Context, *http.Response, error) (bool, error) {
	if k.attempt == nil { // net/http would not send the request at all
		return false, nil
	}
	s, err := k.assess(k.attempt)
	k.apply(s, decide(s))
	return k.next.again, err
}
