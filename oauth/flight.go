package oauth

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/isolate"
	"golang.org/x/oauth2"
)

// current returns the token itself. It starts a flight where one is due and none
// is under way.
func (s *Source) current(ctx context.Context) (*oauth2.Token, error) {
	if ctx.Err() != nil {
		return nil, backoff.ContextError(ctx)
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
		ctx := context.WithoutCancel(ctx)
		s.flight = isolate.Go(func() (*oauth2.Token, error) { return s.fly(ctx) })
	}
	f, old, usable := s.flight, s.token, s.usable(now)
	s.mu.Unlock()
	if !usable {
		return f.Wait(ctx)
	}
	brief, cancel := context.WithTimeout(ctx, patience(ctx))
	defer cancel()
	token, err := f.Wait(brief)
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

// fly refreshes the token for all that wait. What is not ours runs on a goroutine of
// its own, see package isolate.
func (s *Source) fly(ctx context.Context) (*oauth2.Token, error) {
	err := s.renew(ctx)
	token := s.land(err)
	switch {
	case err == nil:
		return token, nil
	case token != nil:
		s.store.tell(ctx, err)
		return token, nil
	}
	return nil, err
}

// land ends the flight and notes how it went. It returns the token that can be
// handed out, nil for none.
func (s *Source) land(err error) *oauth2.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	if err == nil {
		s.failures, s.retryAt, s.failure = 0, time.Time{}, nil
		return s.token
	}
	usable := s.usable(s.now())
	// A login that ended is looked for anew at each call: loading costs little,
	// and the user may have reconnected through another process.
	if usable || !errors.Is(err, ErrReconnect) {
		s.failures++
		s.failure = err
		s.retryAt = s.now().Add(pause(s.failures, err))
	}
	if !usable {
		return nil
	}
	return s.token
}

// pause doubles with each failure and is random in its upper half, so that
// processes which share a token do not return together.
func pause(failures int, err error) time.Duration {
	wait := maxWait
	if doublings := failures - 1; doublings < 6 {
		wait = minWait << doublings
	}
	wait = min(wait, maxWait)
	wait = wait/2 + rand.N(wait/2)
	var endpoint *TokenError
	if errors.As(err, &endpoint) {
		wait = max(wait, min(endpoint.RetryAfter, maxAfter))
	}
	return wait
}
