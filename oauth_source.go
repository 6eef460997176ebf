package motive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// tokenFlight is a request for a token that several callers wait for.
type tokenFlight struct {
	done  chan struct{}
	token *oauth2.Token
	err   error
}

func newTokenFlight() *tokenFlight { return &tokenFlight{done: make(chan struct{})} }

func (f *tokenFlight) wait(ctx context.Context) (*oauth2.Token, error) {
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
}

// sourceTokens asks a token source, which takes no context: one goroutine at a
// time waits for it, and the callers wait for that under their contexts.
type sourceTokens struct {
	src oauth2.TokenSource

	mu       sync.Mutex
	flight   *tokenFlight
	rejected string // the access token that met a 401 last
}

func newSourceTokens(src oauth2.TokenSource) *sourceTokens { return &sourceTokens{src: src} }

// Token returns what the source has. A rejected token is asked about once more,
// since the flight that brought it may have begun before the 401; after that it
// is handed out, so that the 401 reaches the caller.
func (s *sourceTokens) Token(ctx context.Context) (*oauth2.Token, error) {
	token, err := s.ask(ctx)
	if err != nil || !s.isRejected(token) {
		return token, err
	}
	return s.ask(ctx)
}

// Rejected says that the server answered 401 to a token.
func (s *sourceTokens) Rejected(accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rejected = accessToken
}

func (s *sourceTokens) isRejected(token *oauth2.Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return token.AccessToken == s.rejected
}

func (s *sourceTokens) ask(ctx context.Context) (*oauth2.Token, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	s.mu.Lock()
	if s.flight == nil {
		s.flight = newTokenFlight()
		go s.fly(s.flight)
	}
	f := s.flight
	s.mu.Unlock()
	return f.wait(ctx)
}

func (s *sourceTokens) fly(f *tokenFlight) {
	f.token, f.err = s.fetch()
	s.mu.Lock()
	s.flight = nil
	s.mu.Unlock()
	close(f.done)
}

func (s *sourceTokens) fetch() (*oauth2.Token, error) {
	token, err := s.src.Token()
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused): // whose text would be the whole body
		return nil, tokenFailure(err, time.Now())
	case err != nil:
		return nil, fmt.Errorf("the token source failed: %w", err)
	case token == nil || token.AccessToken == "":
		return nil, errors.New("the token source returned no access token")
	}
	return token, nil
}
