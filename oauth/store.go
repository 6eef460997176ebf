package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/oauth2"
)

// Store keeps the [Record] of one login between runs of a program and between
// processes. [MemoryStore] and the package tokenfile are two; for a database,
// store the JSON of the record. motivetest.TestTokenStore checks a store for all
// that is said here.
//
// A refresh token is good for one use. So a [Source] refreshes in these steps:
// Lock, Load, use the loaded token if another process has refreshed already,
// else Save the intent, ask the token endpoint, Save the response, unlock. It
// holds a lock for at most 90 seconds, so that a lock that is a lease must last
// longer than that, and calls Save at most twice under one lock. Whoever else
// writes to the store locks it as well; see [Save].
//
// No store can close the window between the moment in which the provider commits
// a refresh and the moment in which its response is saved: a process that dies
// there takes the new refresh token with it. The intent that stays in the store
// lets the next one say so, in [ReconnectError].
//
// The methods are called concurrently. Each returns when its context ends, and
// has changed nothing then or all of it.
type Store interface {
	// Load returns the stored record, or nil and no error if there is none. It
	// is called with and without the lock. It sees what the last Save that
	// returned has stored, by whichever process, and never half of a Save.
	Load(ctx context.Context) (*Record, error)
	// Save replaces the stored record. When it returns nil, the record survives
	// a crash of whatever the store is meant to survive. It is called with the
	// lock held only, and must fail, and change nothing, for one who does not
	// hold the lock or has lost it: a record from the time before would bring
	// back a spent refresh token.
	Save(ctx context.Context, r *Record) error
	// Lock waits until nobody else, in any process that shares the store, holds
	// the lock, or until ctx ends. A process that dies holds none. unlock waits
	// for nothing that can hang for long, and may be called again.
	Lock(ctx context.Context) (unlock func(), err error)
}

// Save stores the token of a new login, under the lock, so that it is not
// overwritten by a refresh of the old one that is under way. It replaces the
// whole record.
func Save(ctx context.Context, store Store, token *oauth2.Token) error {
	if token == nil || token.AccessToken == "" && token.RefreshToken == "" {
		return errors.New("oauth: saving a token: it is nil or empty: use one from Login.Exchange")
	}
	unlock, err := store.Lock(ctx)
	if err != nil {
		return fmt.Errorf("oauth: locking the store: %w", err)
	}
	defer unlock()
	if err := store.Save(ctx, &Record{Token: copyToken(token)}); err != nil {
		return fmt.Errorf("oauth: saving a token: %w", err)
	}
	return nil
}

// MemoryStore is a [Store] for one process, which forgets the login when it
// ends: for tests, and for a program that logs in at each start. The zero value
// is an empty one.
type MemoryStore struct {
	mu     sync.Mutex
	lock   chan struct{} // holds one element while locked; made at the first Lock
	record *Record
}

var errNotLocked = errors.New("the store is not locked: only the holder of its lock may save")

// NewMemoryStore returns a store that holds a copy of token, or nothing if that
// is nil.
func NewMemoryStore(token *oauth2.Token) *MemoryStore {
	if token == nil {
		return &MemoryStore{}
	}
	return &MemoryStore{record: &Record{Token: copyToken(token)}}
}

// Load returns a copy of the record, or nil.
func (s *MemoryStore) Load(ctx context.Context) (*Record, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record.clone(), nil
}

// Save keeps a copy of r. It fails while nobody holds the lock.
func (s *MemoryStore) Save(ctx context.Context, r *Record) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if r == nil {
		return errors.New("the record is nil")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lock) == 0 {
		return errNotLocked
	}
	s.record = r.clone()
	return nil
}

// Lock waits for the lock or the end of ctx.
func (s *MemoryStore) Lock(ctx context.Context) (unlock func(), err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	lock := s.lockChannel()
	select {
	case lock <- struct{}{}:
		return sync.OnceFunc(func() { <-lock }), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (s *MemoryStore) lockChannel() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		s.lock = make(chan struct{}, 1)
	}
	return s.lock
}

// Format prints no token, under any verb.
func (s *MemoryStore) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "oauth.MemoryStore{…}")
}
