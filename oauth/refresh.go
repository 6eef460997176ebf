package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"
)

// renew makes s.token one that is not stale, from the store if another process
// was first, else from the token endpoint.
func (s *Source) renew(ctx context.Context) error {
	stored, err := s.store.load(ctx)
	if err != nil {
		return err
	}
	if done, err := s.adopt(stored); done || err != nil {
		return err
	}
	unlock, err := s.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if stored, err = s.store.load(ctx); err != nil {
		return err
	}
	if done, err := s.adopt(stored); done || err != nil {
		return err
	}
	return s.rotate(ctx, stored)
}

// adopt takes the stored token as the newest, unless the store is known to lag
// behind. It reports whether that leaves nothing to do, or an error if nothing
// can be done.
func (s *Source) adopt(stored *Record) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var token *oauth2.Token
	if stored != nil {
		token = stored.Token
	}
	if s.unsaved && token != nil && !sameToken(token, s.behind) {
		s.unsaved = false // the save came through after all, or there is a new login
	}
	if !s.unsaved {
		if token == nil {
			return false, &ReconnectError{Reason: "no token is stored"}
		}
		if !sameToken(token, s.token) {
			s.use(copyToken(token), token.Expiry)
		}
	}
	now := s.now()
	if !s.due(now) {
		return true, nil
	}
	if !s.stale(now) {
		return false, nil
	}
	return false, s.ended(stored)
}

// ended says why s.token cannot be refreshed; nil where it can be tried.
func (s *Source) ended(stored *Record) error {
	refreshToken := s.token.RefreshToken
	if refreshToken == "" {
		return &ReconnectError{Reason: "the token is no longer valid and has no refresh token beside it"}
	}
	if refreshToken == s.dead {
		return s.deadErr
	}
	if known, ok := stored.spentAs(refreshToken); ok {
		return &ReconnectError{Reason: known.Reason, Interrupted: known.Interrupted}
	}
	return nil
}

// rotate spends the refresh token and saves what comes back. It runs under the
// store's lock.
func (s *Source) rotate(ctx context.Context, stored *Record) error {
	s.mu.Lock()
	token, stale := s.token, s.stale(s.now())
	s.mu.Unlock()
	if !stale { // all there is to do is to save it
		s.keep(ctx, stored.with(token).withIntent(nil), stored)
		return nil
	}
	earlier := stored.interrupted(token.RefreshToken)
	announced := stored.with(token).withIntent(&intent{
		Fingerprint: fingerprint(token.RefreshToken), By: s.name, Since: s.now().Round(0).UTC(),
	})
	if err := s.store.save(ctx, announced); err != nil {
		return fmt.Errorf("the refresh token was not used, since the store could not keep a new one: %w", err)
	}
	fresh, err := s.endpoint.refresh(ctx, token.RefreshToken)
	if err != nil {
		return s.failed(ctx, announced, earlier, err)
	}
	s.keep(ctx, announced.with(fresh).withIntent(nil), announced)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use(fresh, inUseTo(fresh.Expiry, s.now()))
	return nil
}

// inUseTo is until when a token that has just come is used. One that expires
// sooner than it could be saved would otherwise make for a refresh a call.
func inUseTo(expiry, now time.Time) time.Time {
	if least := now.Round(0).Add(shortestLife); !expiry.IsZero() && expiry.Before(least) {
		return least
	}
	return expiry
}

// keep saves a record. That this fails does not fail the refresh: the new token
// is the only one left that is good for anything.
func (s *Source) keep(ctx context.Context, r, stored *Record) {
	err := s.store.save(ctx, r)
	if err != nil {
		s.store.tell(ctx, fmt.Errorf("a refreshed token is in use unsaved: %w", err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved = err != nil
	if s.unsaved {
		s.behind, s.saveAt = nil, s.now().Add(saveWait)
		if stored != nil {
			s.behind = stored.Token
		}
	}
}

// failed notes in the store what the error of a refresh says about its refresh
// token: it is spent, or it was not used and the intent is withdrawn. Where it
// says nothing, the intent stays.
func (s *Source) failed(ctx context.Context, announced *Record, earlier *intent, err error) error {
	var ended *ReconnectError
	note := announced.withIntent(earlier)
	switch {
	case errors.As(err, &ended):
		ended = interruption(ended, earlier)
		err = ended
		refreshToken := announced.Token.RefreshToken
		note = announced.withIntent(nil).withSpent(spent{
			Fingerprint: fingerprint(refreshToken), Reason: ended.Reason, Interrupted: ended.Interrupted,
		})
		s.bury(refreshToken, ended)
	case mayHaveSpent(err):
		return err
	}
	if unsaved := s.store.save(ctx, note); unsaved != nil {
		s.store.tell(ctx, fmt.Errorf("noting the end of a refresh: %w", unsaved))
	}
	return err
}

// interruption is ended, with what an earlier refresh that was left open says
// about it.
func interruption(ended *ReconnectError, earlier *intent) *ReconnectError {
	if earlier == nil {
		return ended
	}
	by, since := earlier.By, earlier.Since.Format(time.RFC3339)
	return &ReconnectError{
		Interrupted: true,
		Reason: fmt.Sprintf("a refresh by %s at %s was interrupted before its response was saved, and has most likely spent the refresh token: %s",
			by, since, ended.Reason),
	}
}

// bury remembers a refresh token that the endpoint has refused for good, in case
// the store cannot.
func (s *Source) bury(refreshToken string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead, s.deadErr = refreshToken, err
}
