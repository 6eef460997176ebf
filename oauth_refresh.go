package motive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/time/rate"
)

// storedTokens hands out the token of a store and refreshes it, ahead of its
// expiry or after a 401. Refreshing is one flight at a time: every caller that
// needs its result waits for it under its own context, while the flight itself
// goes on when they leave, since a rotation that is given up half way is lost.
//
// A refresh whose answer is lost, in a reset or a timeout, may have spent the
// refresh token. It is not sent again at once: a server that watches for reuse
// would revoke the login. It is tried again after the backoff all the same,
// since otherwise a mere network failure would end the login for good; if the
// token turns out to be spent, the answer is invalid_grant and the user must
// reconnect. The same holds for a process that dies between the answer and the
// save, so that no note of an intent is kept in the store: it could say no more.
type storedTokens struct {
	endpoint   *tokenEndpoint
	store      TokenStore
	now        func() time.Time
	report     func(error)   // what no caller sees, since an older token serves
	rejections *rate.Limiter // refreshes because of a 401

	mu       sync.Mutex
	flight   *tokenFlight
	token    *oauth2.Token // the newest that is known
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

const (
	storeTimeout  = 15 * time.Second              // for a load or a save
	lockTimeout   = tokenTimeout + 2*storeTimeout // for the lock: another process may be refreshing
	minTokenWait  = time.Second                   // after a failure
	maxTokenWait  = time.Minute                   // the same, after many
	maxTokenAfter = 5 * time.Minute               // how much of a Retry-After is waited for
	saveWait      = 5 * time.Second               // after a failed save
	maxAhead      = time.Minute                   // a token is refreshed this long before its expiry
	aheadShare    = 60                            // or a second for each full minute of its life
	maxPatience   = 2 * time.Second               // with a refresh while the old token is good
	rejectEvery   = 10 * time.Second              // an API that refuses every token must not turn
	rejectBurst   = 10                            // each call into a refresh
)

// newStoredTokens returns the tokens of store. Errors that no caller sees go to
// report. Of client, which may be nil, the transport and the timeout are used.
func newStoredTokens(cfg *oauth2.Config, store TokenStore, client *http.Client, now func() time.Time, report func(error)) *storedTokens {
	return &storedTokens{
		endpoint:   newTokenEndpoint(cfg, client, now),
		store:      store,
		now:        now,
		report:     report,
		rejections: rate.NewLimiter(rate.Every(rejectEvery), rejectBurst),
	}
}

// Token returns a token that is valid now. In the time ahead of expiry one
// caller waits a moment for the refresh, so that a short-lived program does not
// exit in the middle of it; the others go on with the old token.
func (s *storedTokens) Token(ctx context.Context) (*oauth2.Token, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	s.mu.Lock()
	now := s.now()
	busy, backedOff := s.flight != nil, now.Before(s.retryAt)
	switch {
	case !s.due(now), s.usable(now) && (busy || backedOff):
		defer s.mu.Unlock()
		return s.token, nil
	case backedOff && !busy:
		defer s.mu.Unlock()
		return nil, s.failure
	case !busy:
		s.flight = newTokenFlight()
		go s.fly(context.WithoutCancel(ctx), s.flight)
	}
	f, old, usable := s.flight, s.token, s.usable(now)
	s.mu.Unlock()
	if !usable {
		return f.wait(ctx)
	}
	brief, cancel := context.WithTimeout(ctx, patience(ctx))
	defer cancel()
	token, err := f.wait(brief)
	if err != nil && ctx.Err() == nil {
		return old, nil
	}
	return token, err
}

// patience is how long a call waits for a refresh that it can do without.
func patience(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(maxPatience, time.Until(deadline)/2)
	}
	return maxPatience
}

// Rejected says that the server answered 401 to a token. Where it keeps doing
// so to one token after another, refreshing is held to a rate and the 401 is
// left to the callers.
func (s *storedTokens) Rejected(accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == nil || s.token.AccessToken != accessToken || s.rejected {
		return
	}
	s.rejected = s.rejections.AllowN(s.now(), 1)
}

func (s *storedTokens) usable(now time.Time) bool {
	return s.token != nil && s.token.AccessToken != "" && !s.rejected &&
		(s.token.Expiry.IsZero() || now.Before(s.token.Expiry))
}

// due reports whether there is something to do before a token is handed out.
func (s *storedTokens) due(now time.Time) bool {
	return s.stale(now) || s.unsaved && !now.Before(s.saveAt)
}

func (s *storedTokens) stale(now time.Time) bool {
	return !s.usable(now) || !s.renewAt.IsZero() && !now.Before(s.renewAt)
}

func (s *storedTokens) fly(ctx context.Context, f *tokenFlight) {
	unseen := s.finish(f, s.renew(ctx))
	if unseen != nil {
		s.report(unseen)
	}
	close(f.done)
}

// finish puts the result of a flight in f. It returns the error that the
// callers do not get to see.
func (s *storedTokens) finish(f *tokenFlight, err error) (unseen error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	if err == nil {
		s.failures, s.retryAt, s.failure = 0, time.Time{}, nil
		f.token = s.token
		return nil
	}
	usable := s.usable(s.now())
	// A login that ended is looked for anew at each call: loading costs little,
	// and the user may have reconnected through another process.
	if usable || !errors.Is(err, ErrReconnect) {
		s.failures++
		s.failure = err
		s.retryAt = s.now().Add(tokenBackoff(s.failures, err))
	}
	if usable {
		f.token = s.token
		return err
	}
	f.err = err
	return nil
}

// renew makes s.token one that is not stale, from the store if another process
// was first, else from the token endpoint.
func (s *storedTokens) renew(ctx context.Context) error {
	stored, err := s.load(ctx)
	if err != nil {
		return err
	}
	done, err := s.adopt(stored)
	if done || err != nil {
		return err
	}
	locking, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	unlock, err := s.store.Lock(locking)
	if err != nil {
		return fmt.Errorf("locking the token store: %w", err)
	}
	defer unlock()
	if stored, err = s.load(ctx); err != nil {
		return err
	}
	done, err = s.adopt(stored)
	if done || err != nil {
		return err
	}
	return s.rotate(ctx, stored)
}

// adopt takes the stored token as the newest, unless the store is known to lag
// behind. It reports whether that leaves nothing to do, or an error if nothing
// can be done.
func (s *storedTokens) adopt(stored *oauth2.Token) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsaved && stored != nil && !sameToken(stored, s.behind) {
		s.unsaved = false // the save came through after all, or there is a new login
	}
	if !s.unsaved {
		if stored == nil {
			return false, &ReconnectError{Reason: "no token is stored"}
		}
		if !sameToken(stored, s.token) {
			s.use(copyToken(stored))
		}
	}
	if !s.due(s.now()) {
		return true, nil
	}
	switch {
	case !s.stale(s.now()):
		return false, nil
	case s.token.RefreshToken == "":
		return false, &ReconnectError{Reason: "the token is no longer valid and has no refresh token beside it"}
	case s.token.RefreshToken == s.dead:
		return false, s.deadErr
	}
	return false, nil
}

// rotate spends the refresh token and saves what comes back. It runs under the
// store's lock. A save that fails does not fail the rotation: the new token is
// the only one left that is good for anything.
func (s *storedTokens) rotate(ctx context.Context, stored *oauth2.Token) error {
	s.mu.Lock()
	token, stale := s.token, s.stale(s.now())
	s.mu.Unlock()
	if stale {
		fresh, err := s.endpoint.refresh(ctx, token.RefreshToken)
		if err != nil {
			return s.buried(token.RefreshToken, err)
		}
		token = fresh
	}
	saving, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := s.store.Save(saving, copyToken(token))
	if err != nil {
		s.report(fmt.Errorf("saving a refreshed token, which is in use unsaved: %w", err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stale {
		s.use(token)
	}
	s.unsaved = err != nil
	if s.unsaved {
		s.behind, s.saveAt = stored, s.now().Add(saveWait)
	}
	return nil
}

// buried remembers a refresh token that the endpoint has refused for good.
func (s *storedTokens) buried(refreshToken string, err error) error {
	if !errors.Is(err, ErrReconnect) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead, s.deadErr = refreshToken, err
	return err
}

// use makes token the one that is handed out.
func (s *storedTokens) use(token *oauth2.Token) {
	s.token, s.rejected, s.renewAt = token, false, token.Expiry
	if token.Expiry.IsZero() || token.RefreshToken == "" {
		return
	}
	left := token.Expiry.Sub(s.now())
	s.renewAt = token.Expiry.Add(-min(maxAhead, (left / aheadShare).Truncate(time.Second)))
}

func (s *storedTokens) load(ctx context.Context) (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	token, err := s.store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading the token: %w", err)
	}
	return token, nil
}

// tokenBackoff doubles with each failure and is random in its upper half, so
// that processes which share a token do not return together.
func tokenBackoff(failures int, err error) time.Duration {
	wait := maxTokenWait
	if doublings := failures - 1; doublings < 6 {
		wait = minTokenWait << doublings
	}
	wait = min(wait, maxTokenWait)
	wait = wait/2 + rand.N(wait/2)
	var endpoint *TokenError
	if errors.As(err, &endpoint) {
		wait = max(wait, min(endpoint.RetryAfter, maxTokenAfter))
	}
	return wait
}
