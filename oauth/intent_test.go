package oauth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// refuse answers invalid_grant to every refresh token.
func refuse(int, url.Values) (*http.Response, error) {
	return responseOf(400, "application/json", `{"error":"invalid_grant"}`), nil
}

func TestIntentIsSavedBeforeTheRefreshTokenIsPresented(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &testStore{Store: NewMemoryStore(tokenFor(0, -time.Second))}
		var during *Record
		b := newBenchOn(store, &scriptedEndpoint{lifetime: time.Hour, script: func(int, url.Values) (*http.Response, error) {
			during = store.record(t)
			return nil, nil
		}})
		b.want(t, "a1")
		if during == nil || during.interrupted("r0") == nil || during.Token.AccessToken != "a0" {
			t.Fatal("no intent was stored while the refresh token was presented")
		}
		if i := during.intent; i.By != b.name || !i.Since.Equal(time.Now()) {
			t.Errorf("the intent is by %q since %s", i.By, i.Since)
		}
		after := store.record(t)
		if after.intent != nil || after.Token.RefreshToken != "r1" {
			t.Error("the intent outlived the refresh")
		}
		if n := len(store.saves); n != 2 {
			t.Errorf("%d saves under one lock, want 2", n)
		}
	})
}

func TestStoreThatCannotSaveCostsNoLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		b := newBench(tokenFor(0, time.Hour), &scriptedEndpoint{lifetime: time.Hour})
		b.want(t, "a0")
		b.store.fail(nil, full, nil)
		time.Sleep(time.Hour - 30*time.Second)
		b.want(t, "a0") // still alive
		if reports := b.reported(); len(reports) != 1 || !errors.Is(reports[0], full) || !strings.Contains(reports[0].Error(), "was not used") {
			t.Errorf("reported %v, want the store's error", reports)
		}
		time.Sleep(time.Minute)
		for range 20 {
			if _, err := b.TokenContext(t.Context()); !errors.Is(err, full) || errors.Is(err, ErrReconnect) {
				t.Fatalf("Token: %v, want the store's error", err)
			}
		}
		b.wantCalls(t, 0)
		b.store.fail(nil, nil, nil)
		time.Sleep(maxWait)
		b.want(t, "a1")
	})
}

func TestWhatAFailedRefreshLeavesInTheStore(t *testing.T) {
	t.Parallel()
	dialing := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	tests := []struct {
		name   string
		status int // 0: err
		err    error
		left   bool // the intent stays
	}{
		{"the connection was refused", 0, dialing, false},
		{"the transport knows that it never sent", 0, unsent{}, false},
		{"the connection was reset", 0, syscall.ECONNRESET, true},
		{"the request timed out", 0, context.DeadlineExceeded, true},
		{"the endpoint knows better", 401, nil, false},
		{"the endpoint is busy", 429, nil, false},
		{"a redirect that repeats the request", 307, nil, false},
		{"a redirect after it was handled", 302, nil, true},
		{"a proxy gave up", 408, nil, true},
		{"the endpoint broke", 500, nil, true},
		{"the gateway gave up", 504, nil, true},
		{"a success without a token", 200, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{script: func(call int, _ url.Values) (*http.Response, error) {
					if call > 1 {
						return refuse(0, nil)
					}
					if test.err != nil {
						return nil, test.err
					}
					return responseOf(test.status, "application/json", `{}`), nil
				}})
				_, err := b.TokenContext(t.Context())
				asError[*TokenError](t, err)
				if got := b.store.record(t).interrupted("r0") != nil; got != test.left {
					t.Errorf("an intent is left: %t, want %t", got, test.left)
				}
				time.Sleep(maxAfter) // and what the next one concludes from it
				_, err = b.TokenContext(t.Context())
				if ended := asError[*ReconnectError](t, err); ended.Interrupted != test.left {
					t.Errorf("interrupted: %t, want %t: %v", ended.Interrupted, test.left, err)
				}
			})
		})
	}
}

type unsent struct{}

func (unsent) Error() string   { return "no connection" }
func (unsent) NeverSent() bool { return true }

func TestReconnectErrorTellsACrashFromARevocation(t *testing.T) {
	t.Parallel()
	left := func(refreshToken string) *intent {
		return &intent{Fingerprint: fingerprint(refreshToken), By: "db7/4711/ABCD", Since: time.Unix(1800000000, 0).UTC()}
	}
	tests := []struct {
		name        string
		intent      *intent
		interrupted bool
		want        []string
	}{
		{"no refresh was open", nil, false, []string{"invalid_grant", "expired, revoked or already used"}},
		{"a process died in one", left("r0"), true, []string{"invalid_grant", "db7/4711/ABCD", "2027-01-15T08:00:00Z", "interrupted"}},
		{"one with another token", left("r9"), false, []string{"invalid_grant", "expired, revoked or already used"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &testStore{Store: &MemoryStore{record: (&Record{Token: tokenFor(0, -time.Second)}).withIntent(test.intent)}}
				var errs [2]*ReconnectError
				for i := range errs { // the second is another process, which goes by the store
					b := newBenchOn(store, &scriptedEndpoint{script: refuse})
					_, err := b.TokenContext(t.Context())
					errs[i] = asError[*ReconnectError](t, err)
					b.wantCalls(t, 1-i)
				}
				if *errs[0] != *errs[1] {
					t.Errorf("two processes say %v and %v", errs[0], errs[1])
				}
				if errs[0].Interrupted != test.interrupted {
					t.Errorf("interrupted: %t, want %t", errs[0].Interrupted, test.interrupted)
				}
				for _, want := range test.want {
					if !strings.Contains(errs[0].Error(), want) {
						t.Errorf("the error %q lacks %q", errs[0], want)
					}
				}
				if store.record(t).intent != nil {
					t.Error("the intent outlived the refresh token")
				}
			})
		})
	}
}

func TestSpentRefreshTokenIsPresentedOnceByAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &testStore{Store: NewMemoryStore(tokenFor(0, -time.Second))}
		endpoint := &scriptedEndpoint{delay: time.Second, lifetime: time.Hour, script: func(call int, _ url.Values) (*http.Response, error) {
			if call > 1 {
				return nil, nil
			}
			return refuse(0, nil)
		}}
		var wg sync.WaitGroup
		for range 8 {
			b := newBenchOn(store, endpoint)
			wg.Go(func() {
				for range 5 {
					if _, err := b.TokenContext(t.Context()); !errors.Is(err, ErrReconnect) {
						t.Errorf("Token: %v, want ErrReconnect", err)
					}
				}
			})
		}
		wg.Wait()
		if n := endpoint.calls(); n != 1 {
			t.Errorf("presented %d times, want once", n)
		}
		// A new login goes on, also with a store that remembers.
		b := newBenchOn(store, endpoint)
		if err := Save(t.Context(), store, tokenFor(3, -time.Second)); err != nil {
			t.Fatal(err)
		}
		b.want(t, "a4")
	})
}

func TestUnsavedNoteOfASpentTokenIsKeptInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{script: refuse})
		b.store.failResponses(errors.New("disk full"))
		for range 5 {
			if _, err := b.TokenContext(t.Context()); !errors.Is(err, ErrReconnect) {
				t.Fatalf("Token: %v, want ErrReconnect", err)
			}
		}
		b.wantCalls(t, 1)
		if n := len(b.reported()); n != 1 {
			t.Errorf("%d reports, want the failed save", n)
		}
	})
}

func TestTokenThatIsDeadOnArrivalMakesNoStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{lifetime: time.Second, delay: 3 * time.Second})
		slow := func(context.Context, *Record) error { time.Sleep(2 * time.Second); return nil }
		b.store.save = slow
		start := time.Now()
		b.want(t, "a1")
		for range 1000 {
			b.want(t, "a1")
		}
		b.wantCalls(t, 1)
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("took %s, want 7s", took)
		}
		time.Sleep(shortestLife)
		b.want(t, "a2") // nothing is lost
		if got := b.endpoint.form(2).Get("refresh_token"); got != "r1" {
			t.Errorf("refreshed with %s, want r1", got)
		}
	})
}

func TestLockIsHeldForLessThanALease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Everything takes as long as it may, and a moment more.
		const extra = grace - time.Millisecond
		store := &testStore{Store: NewMemoryStore(tokenFor(0, -time.Second))}
		b := newBenchOn(store, &scriptedEndpoint{delay: endpointTimeout - time.Millisecond, lifetime: time.Hour})
		store.load = func(context.Context) error { time.Sleep(storeTimeout + extra); return nil }
		store.save = func(context.Context, *Record) error { time.Sleep(storeTimeout + extra); return nil }
		var locked, freed time.Time
		store.lock = func(context.Context) error { locked = time.Now(); return nil }
		store.unlocked = func() { freed = time.Now() }
		b.want(t, "a1")
		if held := freed.Sub(locked); held > 90*time.Second || held < 75*time.Second {
			t.Errorf("the lock was held for %s, want 75s to 90s", held)
		}
	})
}
