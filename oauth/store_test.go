package oauth

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func TestMemoryStoreKeepsCopies(t *testing.T) {
	t.Parallel()
	given := &oauth2.Token{AccessToken: "a", RefreshToken: "r"}
	store := NewMemoryStore(given)
	given.AccessToken = "changed"
	loaded, err := store.Load(t.Context())
	if err != nil || loaded.Token.AccessToken != "a" {
		t.Fatalf("Load: %v, %v, want a", loaded, err)
	}
	loaded.Token.AccessToken = "changed"
	if again, _ := store.Load(t.Context()); again.Token.AccessToken != "a" {
		t.Errorf("a change of a loaded token reached the store")
	}
	saved := &oauth2.Token{AccessToken: "b"}
	if err := Save(t.Context(), store, saved); err != nil {
		t.Fatal(err)
	}
	saved.AccessToken = "changed"
	if again, _ := store.Load(t.Context()); again.Token.AccessToken != "b" {
		t.Errorf("a change of a saved token reached the store")
	}
	if none, err := NewMemoryStore(nil).Load(t.Context()); none != nil || err != nil {
		t.Errorf("Load of an empty store: %v, %v", none, err)
	}
}

func TestMemoryStoreLock(t *testing.T) {
	t.Parallel()
	store := NewMemoryStore(nil)
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

func TestSaveRefusesAndReports(t *testing.T) {
	t.Parallel()
	full, stuck := errors.New("disk full"), errors.New("stuck")
	store := &testStore{Store: NewMemoryStore(nil)}
	for _, token := range []*oauth2.Token{nil, {}} {
		if err := Save(t.Context(), store, token); err == nil {
			t.Errorf("saved %v", token)
		}
	}
	store.fail(nil, full, nil)
	if err := Save(t.Context(), store, tokenFor(1, time.Hour)); !errors.Is(err, full) {
		t.Errorf("Save: %v, want %v", err, full)
	}
	store.fail(nil, nil, stuck)
	if err := Save(t.Context(), store, tokenFor(1, time.Hour)); !errors.Is(err, stuck) {
		t.Errorf("Save: %v, want %v", err, stuck)
	}
}

func TestStorePrintsNoToken(t *testing.T) {
	t.Parallel()
	store := NewMemoryStore(&oauth2.Token{AccessToken: "canary-access", RefreshToken: "canary-refresh"})
	wantNoSecret(t, store, "canary")
	wantNoSecret(t, struct{ Store Store }{store}, "canary")
}
