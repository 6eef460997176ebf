package motivetest

import (
	"errors"
	"net/http"
	"time"

	"github.com/motive-go/motive"
)

// Client returns a client of the server. It has the server's base URL and its access token, and
// pauses of milliseconds between attempts, so that a test against a server that never recovers
// is soon over; opts come after these, and a credential among opts takes the place of the token.
//
// Options that do not go together fail the test. In a program, which has no test to fail, the
// client returned answers every call with the error.
func (s *Server) Client(opts ...motive.Option) *motive.Client {
	base := []motive.Option{
		motive.WithBaseURL(s.URL),
		motive.WithRetry(motive.RetryPolicy{
			MinWait: time.Millisecond, MaxWait: 5 * time.Millisecond, ReconcileWait: 100 * time.Millisecond,
		}),
	}
	// With a credential in opts a second one would be an error; without, the lack of one is.
	client, err := motive.NewClient(append(base, opts...)...)
	if err == nil {
		return client
	}
	base = append(base, motive.WithAccessToken(s.AccessToken()))
	client, again := motive.NewClient(append(base, opts...)...)
	if again == nil {
		return client
	}
	err = errors.Join(err, again)
	if s.tb != nil {
		s.tb.Helper()
		s.tb.Fatalf("motivetest: client: %v", err)
	}
	client, _ = motive.NewClient(append(base, motive.WithTransport(broken{err}), motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1}))...)
	return client
}

// broken is a transport that fails.
type broken struct{ err error }

func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }
