package motivetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
)

// brokenStore is a store that breaks one promise. What instances share is behind
// the pointers.
type brokenStore struct {
	flaw   string
	shared *oauth.MemoryStore
	mu     *sync.Mutex
	holder *any // who holds the lock of the shared store
	me     *int
	cached *oauth.Record
}

const brokenVar = "MOTIVETEST_BROKEN_STORE"

// TestBrokenStore is what TestStoresThatBreakAPromiseAreCaught runs in another
// process, since there it has to fail.
func TestBrokenStore(t *testing.T) {
	flaw, ok := os.LookupEnv(brokenVar)
	if !ok {
		t.Skip("TestStoresThatBreakAPromiseAreCaught runs this")
	}
	shared, mu, holder := oauth.NewMemoryStore(nil), new(sync.Mutex), new(any)
	motivetest.TestTokenStore(t, func(testing.TB) oauth.Store {
		return &brokenStore{flaw: flaw, shared: shared, mu: mu, holder: holder, me: new(int)}
	})
}

func TestStoresThatBreakAPromiseAreCaught(t *testing.T) {
	t.Parallel()
	tests := []struct{ flaw, check string }{
		{"none", ""},
		{"empty record", "nothing_is_stored_at_first"},
		{"error when empty", "nothing_is_stored_at_first"},
		{"token alone", "a_record_comes_back_whole"},
		{"floats", "a_record_comes_back_whole"},
		{"cache", "a_record_comes_back_whole"},
		{"alias", "a_record_is_kept_as_it_was_saved"},
		{"one save", "two_saves_under_one_lock"},
		{"save without lock", "a_save_needs_the_lock"},
		{"load waits for lock", "a_load_needs_no_lock"},
		{"second unlock panics", "an_unlock_frees_the_lock"},
		{"lock forgets context", "a_lock_is_waited_for"},
		{"ended context saves", "an_ended_context_ends_every_call"},
		{"no exclusion", "the_lock_excludes"},
	}
	for _, test := range tests {
		t.Run(test.flaw, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.timeout=60s",
				"-test.run=^TestBrokenStore$/^(nothing_is_stored_at_first|"+test.check+")")
			cmd.Env = append(os.Environ(), brokenVar+"="+test.flaw)
			out, err := cmd.CombinedOutput()
			if test.check == "" {
				if err != nil {
					t.Fatalf("a store without a flaw failed: %v\n%s", err, out)
				}
				return
			}
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestBrokenStore/"+test.check) {
				t.Errorf("the flaw went unnoticed, or elsewhere: %v\n%s", err, out)
			}
			if strings.Contains(string(out), "canary") {
				t.Error("the failure prints a token")
			}
		})
	}
}

func (s *brokenStore) Load(ctx context.Context) (*oauth.Record, error) {
	if s.flaw == "load waits for lock" {
		unlock, err := s.shared.Lock(ctx)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	if s.flaw == "cache" && s.cached != nil {
		return s.cached, nil
	}
	r, err := s.shared.Load(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flaw == "cache" || s.flaw == "alias" && s.cached == nil {
		s.cached = r
	}
	switch {
	case r == nil && s.flaw == "empty record":
		return new(oauth.Record), err
	case r == nil && s.flaw == "error when empty":
		return nil, errors.New("no rows")
	case r != nil && s.flaw == "alias":
		return s.cached, err
	}
	return r, err
}

func (s *brokenStore) Save(ctx context.Context, r *oauth.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flaw == "ended context saves" {
		ctx = context.WithoutCancel(ctx)
	}
	if s.flaw == "save without lock" && *s.holder == nil {
		unlock, err := s.shared.Lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	} else if *s.holder != any(s.me) && s.flaw != "no exclusion" {
		return errors.New("not the holder")
	}
	switch s.flaw {
	case "token alone":
		r = &oauth.Record{Token: r.Token}
	case "floats":
		r = throughFloats(r)
	case "one save":
		*s.holder = nil
	case "alias":
		s.cached = r
	}
	return s.shared.Save(ctx, r)
}

// throughFloats is what a database makes of JSON that it decodes into float64.
func throughFloats(r *oauth.Record) *oauth.Record {
	var doc any
	data, _ := json.Marshal(r)
	_ = json.Unmarshal(data, &doc)
	data, _ = json.Marshal(doc)
	own := new(oauth.Record)
	_ = json.Unmarshal(data, own)
	return own
}

func (s *brokenStore) Lock(ctx context.Context) (func(), error) {
	if s.flaw == "no exclusion" {
		if unlock, err := s.shared.Lock(ctx); err == nil {
			defer unlock()
		}
		// The shared store is locked by nobody, or by somebody else: either way
		// this one lets everybody in.
		return func() {}, nil
	}
	if s.flaw == "lock forgets context" {
		ctx = context.WithoutCancel(ctx)
	}
	unlock, err := s.shared.Lock(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.holder = s.me
	free := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		*s.holder = nil
		unlock()
	}
	if s.flaw == "second unlock panics" {
		freed := false
		return func() {
			if freed {
				panic("unlocked twice")
			}
			freed = true
			free()
		}, nil
	}
	return sync.OnceFunc(free), nil
}
