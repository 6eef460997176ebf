package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/time/rate"

	"github.com/motive-go/motive/internal/isolate"
)

// Source hands out the token of a store and refreshes it, ahead of its expiry or
// after a 401. It is an [oauth2.TokenSource], so that one owner of the single-use
// refresh token serves package motive and whatever else the program calls at
// Motive; see the example.
//
// Before a refresh token is presented, the intent is saved. While that fails,
// nothing is spent: the old access token is used and the error reported, and once
// that token is dead, the error of the store is returned. A refresh whose
// response is lost may have spent the refresh token; it is presented again after
// a pause, since it may as well not have been received. A refresh token that was
// answered invalid_grant is remembered in the store and not presented again, by
// no process.
//
// A Source is safe for concurrent use. A store or a transport that panics, ends
// its goroutine or hangs costs an error.
type Source struct {
	endpoint   *endpoint
	store      *guardedStore
	now        func() time.Time
	name       string        // in an intent
	rejections *rate.Limiter // refreshes because of a 401

	mu       sync.Mutex
	flight   *isolate.Flight[*oauth2.Token]
	token    *oauth2.Token // the newest that is known
	goodTo   time.Time     // its expiry; zero: until a 401
	renewAt  time.Time     // zero: not before a 401
	rejected bool          // token met a 401
	unsaved  bool          // saving token failed
	behind   *oauth2.Token // what the store held then
	saveAt   time.Time     // when to try saving again
	failures int           // in a row
	retryAt  time.Time     // no flight before, after a failure
	failure  error         // the last one
	dead     string        // a refresh token that was answered invalid_grant
	deadErr  error
}

var _ oauth2.TokenSource = (*Source)(nil)

const (
	minWait      = time.Second      // after a failure
	maxWait      = time.Minute      // the same, after many
	maxAfter     = 5 * time.Minute  // how much of a Retry-After is waited for
	saveWait     = 5 * time.Second  // after a failed save
	maxAhead     = time.Minute      // a token is refreshed this long before its expiry
	aheadShare   = 60               // or a second for each full minute of its life
	shortestLife = time.Second      // of a token in use, however soon it is said to expire
	maxPatience  = 2 * time.Second  // with a refresh while the old token is good
	rejectEvery  = 10 * time.Second // an API that refuses every token must not turn
	rejectBurst  = 10               // each call into a refresh
)

// Option changes a [Source].
type Option func(*options)

type options struct {
	client *http.Client
	now    func() time.Time
	report func(error)
}

// WithHTTPClient sets the client that calls the token endpoint, whose transport,
// timeout and cookies are used; it is not modified. Redirects are never followed,
// and a call takes at most 30 seconds. nil is the default: a client of its own
// with [http.DefaultTransport].
func WithHTTPClient(client *http.Client) Option { return func(o *options) { o.client = client } }

// WithClock sets the clock by which a token expires, for tests; default
// [time.Now].
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithReport sets what is told of errors that no caller gets to see: an early
// refresh that failed while the old token is still good, a new token that could
// not be saved. report is called on a goroutine of its own, one call at a time,
// and is waited for for a second. The default drops them.
func WithReport(report func(error)) Option { return func(o *options) { o.report = report } }

// NewSource returns a source of the token in store, refreshed through cfg, which
// is not modified. It does no I/O; the store may still be empty.
func NewSource(cfg *oauth2.Config, store Store, opts ...Option) (*Source, error) {
	o := options{now: time.Now, report: func(error) {}}
	for _, opt := range opts {
		opt(&o)
	}
	var problems []string
	if err := checkConfig(cfg); err != nil {
		problems = append(problems, err.Error())
	}
	if store == nil {
		problems = append(problems, "the store is nil: make one with oauth.NewMemoryStore or tokenfile.New")
	}
	if o.now == nil || o.report == nil {
		problems = append(problems, "the clock or the report function is nil: leave the option out")
	}
	if len(problems) > 0 {
		return nil, errors.New("oauth: " + strings.Join(problems, "; "))
	}
	return &Source{
		endpoint:   newEndpoint(cfg, o.client, o.now),
		store:      &guardedStore{store: store, report: o.report},
		now:        o.now,
		name:       sourceName(),
		rejections: rate.NewLimiter(rate.Every(rejectEvery), rejectBurst),
	}, nil
}

// sourceName is for people who read the file: "host/4711/K3JB".
func sourceName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:4])
}

// Token is [Source.TokenContext] without a context. With a store and a token
// endpoint that both hang, it returns after about three minutes.
func (s *Source) Token() (*oauth2.Token, error) { return s.TokenContext(context.Background()) }

// TokenContext returns a token that is valid now; the copy is the caller's. One
// refresh serves every caller, who each wait for it under their own context; it
// goes on when they leave. In the time ahead of expiry one caller waits up to two
// seconds for the refresh, so that a short-lived program does not exit in the
// middle of it; the others go on with the old token.
//
// The error is a [*ReconnectError] if the user must log in again, a [*TokenError]
// if the token endpoint failed, or one of the store or of ctx.
func (s *Source) TokenContext(ctx context.Context) (*oauth2.Token, error) {
	token, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	return copyToken(token), nil
}

// Invalidate says that a server answered 401 to an access token: the next token
// is another, where there is one. Where a server refuses one token after another,
// refreshing is held to a rate of one in ten seconds, and the token stays.
func (s *Source) Invalidate(accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == nil || s.token.AccessToken != accessToken || s.rejected {
		return
	}
	s.rejected = s.rejections.AllowN(s.now(), 1)
}

// Format prints no token, under any verb.
func (s *Source) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("oauth.Source{…}")) }

// usable reports whether the token can be handed out.
func (s *Source) usable(now time.Time) bool {
	return s.token != nil && s.token.AccessToken != "" && !s.rejected &&
		(s.goodTo.IsZero() || now.Before(s.goodTo))
}

// stale reports whether the token is to be refreshed.
func (s *Source) stale(now time.Time) bool {
	return !s.usable(now) || !s.renewAt.IsZero() && !now.Before(s.renewAt)
}

// due reports whether there is something to do before a token is handed out.
func (s *Source) due(now time.Time) bool {
	return s.stale(now) || s.unsaved && !now.Before(s.saveAt)
}

// use makes token the one that is handed out.
func (s *Source) use(token *oauth2.Token, goodTo time.Time) {
	s.token, s.rejected, s.goodTo, s.renewAt = token, false, goodTo, goodTo
	if goodTo.IsZero() || token.RefreshToken == "" {
		return
	}
	left := goodTo.Sub(s.now())
	s.renewAt = goodTo.Add(-min(maxAhead, (left / aheadShare).Truncate(time.Second)))
}
