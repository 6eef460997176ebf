package motive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/oauth2"
)

// TokenStore keeps the token of one login between runs of a program and between
// processes. [NewMemoryTokenStore] and the package tokenfile have one each; for
// a database, store the JSON of the token, which has its expiry in it.
//
// A refresh token is good for one use. So a client refreshes in these steps:
// Lock, Load, use the loaded token if another process has refreshed it already,
// else ask the token endpoint, Save, unlock. Whoever else writes to the store
// locks it as well; see [SaveToken].
//
// The methods are called concurrently. A method that waits returns when its
// context ends.
type TokenStore interface {
	// Load returns the stored token, or nil if there is none. It is called with
	// and without the lock, and never sees half of a Save.
	Load(ctx context.Context) (*oauth2.Token, error)
	// Save replaces the stored token. When it returns nil, the token survives
	// a crash of whatever the store is meant to survive. It is called with the
	// lock held only.
	Save(ctx context.Context, token *oauth2.Token) error
	// Lock waits until nobody else, in any process that shares the store, holds
	// the lock. A process that dies holds none.
	Lock(ctx context.Context) (unlock func(), err error)
}

// SaveToken stores the token of a new login, under the lock, so that it is not
// overwritten by a refresh of the old one that is under way.
func SaveToken(ctx context.Context, store TokenStore, token *oauth2.Token) error {
	if token == nil || token.AccessToken == "" && token.RefreshToken == "" {
		return errors.New("motive: saving a token: it is nil or empty: use one from Login.Exchange")
	}
	unlock, err := store.Lock(ctx)
	if err != nil {
		return fmt.Errorf("motive: locking the token store: %w", err)
	}
	defer unlock()
	if err := store.Save(ctx, token); err != nil {
		return fmt.Errorf("motive: saving a token: %w", err)
	}
	return nil
}

// MemoryTokenStore is a [TokenStore] for one process, which forgets the token
// when it ends: for tests, and for a program that logs in at each start.
type MemoryTokenStore struct {
	lock  chan struct{} // holds one element while locked
	mu    sync.Mutex
	token *oauth2.Token
}

// NewMemoryTokenStore returns a store that holds a copy of token, or nothing if
// that is nil.
func NewMemoryTokenStore(token *oauth2.Token) *MemoryTokenStore {
	return &MemoryTokenStore{lock: make(chan struct{}, 1), token: copyToken(token)}
}

// Load returns a copy of the token, or nil.
func (s *MemoryTokenStore) Load(context.Context) (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copyToken(s.token), nil
}

// Save keeps a copy of token.
func (s *MemoryTokenStore) Save(_ context.Context, token *oauth2.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = copyToken(token)
	return nil
}

// Lock waits for the lock or the end of ctx.
func (s *MemoryTokenStore) Lock(ctx context.Context) (unlock func(), err error) {
	select {
	case s.lock <- struct{}{}:
		return sync.OnceFunc(func() { <-s.lock }), nil
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
}

// Format prints no token, under any verb.
func (s *MemoryTokenStore) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "motive.MemoryTokenStore{…}")
}

func copyToken(token *oauth2.Token) *oauth2.Token {
	if token == nil {
		return nil
	}
	own := *token
	return &own
}

// sameToken reports whether two tokens come from the same answer.
func sameToken(a, b *oauth2.Token) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.AccessToken == b.AccessToken && a.RefreshToken == b.RefreshToken
}
