package turns

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/motive-go/motive/internal/transport"
)

// Guard sends each request within the time of a turn. Between the moment in which a
// limiter gives a turn and the one in which the request leaves, a process may be
// paused or wait for a fresh token; its request would then go out beside those that
// others have sent meanwhile. Guard is the limiter of a client and its transport,
// both:
//
//	guard := turns.NewGuard(limiter, nil, nil)
//	client, err := motive.NewClient(motive.WithLimiter(guard), motive.WithTransport(guard), …)
//
// What remains is the time from Guard to the wire: microseconds on a connection
// that stands, a handshake on a new one.
type Guard struct {
	limiter *Limiter
	base    http.RoundTripper
	allowed func() error

	mu    sync.Mutex
	turns []time.Time // taken and not used: until when each is good
	sent  atomic.Int64
}

// NewGuard returns a guard that sends with base; nil: with a transport like that of a
// client which is given none. allowed, where it is not nil, has the last word: a
// request that it returns an error for is not sent.
func NewGuard(l *Limiter, base http.RoundTripper, allowed func() error) *Guard {
	if base == nil {
		base = transport.NewHTTPTransport()
	}
	if allowed == nil {
		allowed = func() error { return nil }
	}
	return &Guard{limiter: l, base: base, allowed: allowed}
}

// Wait returns when the next request may be sent; see [Limiter.Wait].
func (g *Guard) Wait(ctx context.Context) error {
	if err := g.allowed(); err != nil {
		return err
	}
	until, err := g.limiter.Turn(ctx)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turns = append(g.turns, until)
	return nil
}

// Pause is [Limiter.Pause].
func (g *Guard) Pause(ctx context.Context, d time.Duration) error { return g.limiter.Pause(ctx, d) }

// Sent is how many requests were sent with a turn.
func (g *Guard) Sent() int { return int(g.sent.Load()) }

// RoundTrip sends a request with a turn that was waited for and is still good, or
// waits for another. An error says that the request was not sent, unless it is one
// of the transport. A request without the credential of the API, as for a token,
// needs no turn.
func (g *Guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if !hasCredential(req.Header) {
		return g.base.RoundTrip(req)
	}
	if err := g.pass(req.Context()); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, notSent{err}
	}
	g.sent.Add(1)
	return g.base.RoundTrip(req)
}

func hasCredential(h http.Header) bool {
	return strings.HasPrefix(h.Get("Authorization"), "Bearer ") || h.Get("X-Api-Key") != ""
}

func (g *Guard) pass(ctx context.Context) error {
	for !g.use() {
		if err := g.Wait(ctx); err != nil {
			return err
		}
	}
	return g.allowed()
}

// use uses up a turn that is still good, if there is one.
func (g *Guard) use() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turns = slices.DeleteFunc(g.turns, past)
	if len(g.turns) == 0 {
		return false
	}
	g.turns = slices.Delete(g.turns, 0, 1)
	return true
}

// notSent is an error with which a client knows that it may send the request again,
// also a create.
type notSent struct{ error }

func (notSent) NeverSent() bool { return true }
func (e notSent) Unwrap() error { return e.error }
