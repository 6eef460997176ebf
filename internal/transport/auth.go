package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/isolate"
)

// Credential is what authenticates a request; see [Fixed] and [Tokens].
type Credential interface {
	// Header returns the header for the next attempt. It returns within limit, and when
	// ctx ends.
	Header(ctx context.Context, limit time.Duration) (AuthHeader, error)
	// Rejected says that the server answered 401 to h, and reports whether it is
	// worth asking Header for another.
	Rejected(h AuthHeader) bool
}

// AuthHeader is a header that authenticates a request, and the secret within it.
type AuthHeader struct {
	Name   string // in canonical form
	Values []string
	Secret string
}

// authenticate puts the credential on an attempt and keeps it at home.
func (c *Client) authenticate(a *attempt) (err error) {
	if home, u := c.cfg.BaseURL, a.req.URL; u.Scheme != home.Scheme || u.Host != home.Host {
		return ErrForeignHost
	}
	if a.auth.Name == "" { // else there was another after a 401
		a.auth, err = c.header(a.call.ctx)
	}
	return err
}

// header asks for the credential, for no longer than an attempt may take.
func (c *Client) header(ctx context.Context) (AuthHeader, error) {
	h, err := c.cfg.Credential.Header(ctx, c.cfg.AttemptTimeout)
	if err != nil {
		return AuthHeader{}, fmt.Errorf("%w: %w", ErrCredential, stripURL(err))
	}
	return h, nil
}

// renew asks for another credential than h, which met a 401, once a call.
func (k *call) renew(h AuthHeader) (other AuthHeader, err error) {
	if !k.cfg.Credential.Rejected(h) || k.renewed {
		return AuthHeader{}, nil
	}
	k.renewed = true
	other, err = k.header(k.ctx)
	if err != nil || other.Secret == h.Secret {
		return AuthHeader{}, err
	}
	return other, nil
}

// Fixed is a credential that never changes: a header whose value is prefix and
// secret, such as "Authorization", "Bearer " and a token.
func Fixed(name, prefix, secret string) Credential {
	return fixed{http.CanonicalHeaderKey(name), []string{prefix + secret}, secret}
}

type fixed AuthHeader

func (f fixed) Header(context.Context, time.Duration) (AuthHeader, error) { return AuthHeader(f), nil }
func (f fixed) Rejected(AuthHeader) bool                                  { return false }

// Tokens is a bearer token that fetch returns, fit for a header. fetch is asked
// before each attempt and should return the same one for as long as that is valid.
//
// fetch runs on a goroutine of its own, one at a time for all calls, under a context of
// its own that ends with the attempt timeout or when nobody waits any more. A call that
// ends does not wait for it, and a panic is an error of every call that waits. rejected,
// which may be nil, is told of a token that met a 401, and must not block.
func Tokens(fetch func(ctx context.Context) (token string, err error), rejected func(token string)) Credential {
	return &tokens{fetch: fetch, tell: rejected}
}

type tokens struct {
	fetch func(context.Context) (string, error)
	tell  func(string)

	rejected atomic.Value // a string: the token that met a 401 last

	mu     sync.Mutex
	flight *flight
}

// flight is one run of fetch.
type flight struct {
	*isolate.Flight[string]
	ctx     context.Context // ends when the flight is given up
	giveUp  context.CancelFunc
	waiting int // calls; under the lock of tokens
}

// Header returns what fetch has. A rejected token is asked about once more, since
// the flight that brought it may have begun before the 401; after that it is
// handed out, so that the 401 reaches the caller.
func (t *tokens) Header(ctx context.Context, limit time.Duration) (AuthHeader, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errSlowCredential)
	defer cancel()
	token, err := t.ask(ctx)
	if err == nil && t.rejected.Load() == token {
		token, err = t.ask(ctx)
	}
	var broken isolate.Broken
	if errors.As(err, &broken) {
		err = fmt.Errorf("the token source failed: %w", err)
	}
	if err != nil {
		return AuthHeader{}, err
	}
	return AuthHeader{"Authorization", []string{"Bearer " + token}, token}, nil
}

func (t *tokens) Rejected(h AuthHeader) bool {
	t.rejected.Store(h.Secret)
	if t.tell != nil {
		t.tell(h.Secret)
	}
	return true
}

func (t *tokens) ask(ctx context.Context) (string, error) {
	for ctx.Err() == nil {
		f := t.board()
		token, err := f.Wait(ctx)
		if ctx.Err() != nil {
			t.leave(f, context.Cause(ctx) == errSlowCredential)
		} else if err == nil || f.ctx.Err() == nil { // else it failed for those who left
			return token, err
		}
	}
	return "", backoff.ContextError(ctx)
}

// board joins the flight that is under way or begins one.
func (t *tokens) board() *flight {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.flight == nil {
		ctx, giveUp := context.WithCancel(context.Background())
		t.flight = &flight{ctx: ctx, giveUp: giveUp, Flight: isolate.Go(func() (string, error) {
			defer t.land()
			return t.fetch(ctx)
		})}
	}
	t.flight.waiting++
	return t.flight
}

// leave gives f up if that was the last one aboard, or if f is too slow for all.
func (t *tokens) leave(f *flight, slow bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.waiting--; f.waiting == 0 || slow {
		f.giveUp()
	}
}

func (t *tokens) land() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flight = nil
}
