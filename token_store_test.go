package motive

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func TestMemoryTokenStoreKeepsCopies(t *testing.T) {
	t.Parallel()
	given := &oauth2.Token{AccessToken: "a", RefreshToken: "r"}
	store := NewMemoryTokenStore(given)
	given.AccessToken = "changed"
	loaded, err := store.Load(t.Context())
	if err != nil || loaded.AccessToken != "a" {
		t.Fatalf("Load: %v, %v, want a", loaded, err)
	}
	loaded.AccessToken = "changed"
	if again, _ := store.Load(t.Context()); again.AccessToken != "a" {
		t.Errorf("a change of a loaded token reached the store")
	}
	saved := &oauth2.Token{AccessToken: "b"}
	if err := SaveToken(t.Context(), store, saved); err != nil {
		t.Fatal(err)
	}
	saved.AccessToken = "changed"
	if again, _ := store.Load(t.Context()); again.AccessToken != "b" {
		t.Errorf("a change of a saved token reached the store")
	}
	if none, err := NewMemoryTokenStore(nil).Load(t.Context()); none != nil || err != nil {
		t.Errorf("Load of an empty store: %v, %v", none, err)
	}
}

func TestMemoryTokenStoreLock(t *testing.T) {
	t.Parallel()
	store := NewMemoryTokenStore(nil)
	unlock, err := store.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Lock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("second Lock: %v, want it to end with its context", err)
	}
	unlock()
	unlock() // a second call does no harm
	again, err := store.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestSaveTokenRefusesAndReports(t *testing.T) {
	t.Parallel()
	full, stuck := errors.New("disk full"), errors.New("stuck")
	store := &testStore{MemoryTokenStore: NewMemoryTokenStore(nil)}
	for _, token := range []*oauth2.Token{nil, {}} {
		if err := SaveToken(t.Context(), store, token); err == nil {
			t.Errorf("saved %v", token)
		}
	}
	store.fail(nil, full, nil)
	if err := SaveToken(t.Context(), store, tokenFor(1, time.Hour)); !errors.Is(err, full) {
		t.Errorf("SaveToken: %v, want %v", err, full)
	}
	store.fail(nil, nil, stuck)
	if err := SaveToken(t.Context(), store, tokenFor(1, time.Hour)); !errors.Is(err, stuck) {
		t.Errorf("SaveToken: %v, want %v", err, stuck)
	}
}

func TestTokenStorePrintsNoToken(t *testing.T) {
	t.Parallel()
	store := NewMemoryTokenStore(&oauth2.Token{AccessToken: "canary-access", RefreshToken: "canary-refresh"})
	wantNoSecret(t, store, "canary")
	wantNoSecret(t, struct{ Store TokenStore }{store}, "canary")
}
