package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

func TestTokenIsRefreshedAheadOfExpiry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		lifetime time.Duration
		ahead    time.Duration
	}{
		{"two hours", 2 * time.Hour, time.Minute},
		{"one hour", time.Hour, time.Minute},
		{"ten minutes", 10 * time.Minute, 10 * time.Second},
		{"one second", time.Second, 0}, // a margin would make for more refreshes than lifetimes
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(tokenFor(0, test.lifetime), &scriptedEndpoint{lifetime: test.lifetime})
				b.want(t, "a0")
				time.Sleep(test.lifetime - test.ahead - time.Millisecond)
				b.want(t, "a0")
				b.wantCalls(t, 0)
				time.Sleep(time.Millisecond)
				b.want(t, "a1")
				b.wantCalls(t, 1)
				b.wantStored(t, "a1")
				time.Sleep(test.lifetime - test.ahead)
				b.want(t, "a2")
				b.wantCalls(t, 2)
			})
		})
	}
}

func TestManyCallersShareOneRefresh(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		token  *oauth2.Token
		reject bool
	}{
		{"expired", &oauth2.Token{AccessToken: "a0", RefreshToken: "r0", Expiry: time.Unix(1, 0)}, false},
		{"rejected by all of them", &oauth2.Token{AccessToken: "a0", RefreshToken: "r0"}, true},
		{"refresh token alone", &oauth2.Token{RefreshToken: "r0"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(test.token, &scriptedEndpoint{lifetime: time.Hour, delay: time.Second})
				if test.reject {
					b.want(t, "a0")
				}
				var wg sync.WaitGroup
				for range 64 {
					wg.Go(func() {
						if test.reject {
							b.Invalidate("a0")
						}
						token, err := b.TokenContext(t.Context())
						if err != nil || token.AccessToken != "a1" {
							t.Errorf("Token: %v, %v", token, err)
						}
						b.wantStored(t, "a1") // saved before it was handed out
						b.Invalidate("a0")    // late news of the old token changes nothing
					})
				}
				wg.Wait()
				b.want(t, "a1")
				b.wantCalls(t, 1)
			})
		})
	}
}

func TestCallerThatLeavesDoesNotStopTheRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{lifetime: time.Hour, delay: 10 * time.Second})
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := b.TokenContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Token: %v, want the deadline", err)
		}
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("left after %s, want 100ms", took)
		}
		time.Sleep(10 * time.Second)
		b.wantStored(t, "a1")
		b.want(t, "a1")
		b.wantCalls(t, 1)
	})
}

func TestCancelledCallerGetsNoToken(t *testing.T) {
	t.Parallel()
	b := newBench(tokenFor(0, time.Hour), &scriptedEndpoint{})
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := b.TokenContext(ctx); !errors.Is(err, cause) {
		t.Errorf("Token: %v, want the cause of the cancellation", err)
	}
}

func TestOneCallerWaitsForAnEarlyRefreshAndOthersGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, time.Hour), &scriptedEndpoint{lifetime: time.Hour, delay: time.Second})
		b.want(t, "a0")
		time.Sleep(time.Hour - 30*time.Second)
		first := make(chan string)
		go func() {
			token, err := b.TokenContext(t.Context())
			if err != nil {
				t.Errorf("Token: %v", err)
			}
			first <- token.AccessToken
		}()
		synctest.Wait()
		start := time.Now()
		b.want(t, "a0")
		if took := time.Since(start); took != 0 {
			t.Errorf("the second caller waited %s for a refresh it does not need", took)
		}
		if got := <-first; got != "a1" {
			t.Errorf("the first caller got %s, want a1", got)
		}
		b.wantCalls(t, 1)
	})
}

func TestAnEarlyRefreshThatHangsHoldsNobodyForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, time.Hour), &scriptedEndpoint{lifetime: time.Hour, delay: 20 * time.Second})
		b.want(t, "a0")
		time.Sleep(time.Hour - 30*time.Second)
		start := time.Now()
		b.want(t, "a0")
		if took := time.Since(start); took > maxPatience {
			t.Errorf("the caller waited %s for a refresh it does not need", took)
		}
		time.Sleep(20 * time.Second)
		b.want(t, "a1")
		b.wantCalls(t, 1)
	})
}

func TestTokenOfAnotherProcessIsUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, time.Hour), &scriptedEndpoint{})
		b.want(t, "a0")
		if err := Save(t.Context(), b.store, tokenFor(1, time.Hour)); err != nil {
			t.Fatal(err)
		}
		b.Invalidate("a0")
		b.want(t, "a1")
		if err := Save(t.Context(), b.store, tokenFor(2, 3*time.Hour)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		b.want(t, "a2")
		b.wantCalls(t, 0)
	})
}

func TestRefreshWaitsForTheLockAndLooksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{})
		unlock, err := b.store.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(3 * time.Second) // another process is refreshing
			_ = b.store.Save(t.Context(), &Record{Token: tokenFor(1, time.Hour)})
			unlock()
		}()
		b.want(t, "a1")
		b.wantCalls(t, 0)
	})
}

func TestLockThatIsNeverFreedEndsInAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{})
		unlock, err := b.store.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
		start := time.Now()
		if _, err := b.TokenContext(t.Context()); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "locking the token store") {
			t.Errorf("Token: %v, want a deadline at the lock", err)
		}
		if took := time.Since(start); took != lockTimeout {
			t.Errorf("gave up after %s, want %s", took, lockTimeout)
		}
	})
}

func TestStoreThatHangs(t *testing.T) {
	t.Parallel()
	untilItEnds := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	tests := []struct {
		name  string
		spoil func(*testStore)
		took  time.Duration
		want  string // the access token, or what the error says
		fails bool
	}{
		{"at load", func(s *testStore) { s.load = untilItEnds }, storeTimeout, "loading the token", true},
		{"at lock", func(s *testStore) { s.lock = untilItEnds }, lockTimeout, "locking the token store", true},
		{"at the intent", func(s *testStore) {
			s.save = func(ctx context.Context, _ *Record) error { return untilItEnds(ctx) }
		}, storeTimeout, "the refresh token was not used", true},
		{"at the save", func(s *testStore) {
			s.save = func(ctx context.Context, r *Record) error {
				if r.intent != nil {
					return nil
				}
				return untilItEnds(ctx)
			}
		}, storeTimeout, "a1", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{lifetime: time.Hour})
				test.spoil(b.store)
				start := time.Now()
				token, err := b.TokenContext(t.Context())
				if took := time.Since(start); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				if test.fails {
					if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), test.want) {
						t.Errorf("Token: %v, want a deadline and %q", err, test.want)
					}
					b.wantCalls(t, 0)
					return
				}
				if err != nil || token.AccessToken != test.want {
					t.Errorf("Token: %v, %v, want %s", token, err, test.want)
				}
				if reports := b.reported(); len(reports) != 1 || !errors.Is(reports[0], context.DeadlineExceeded) {
					t.Errorf("reported %v, want the save that hung", reports)
				}
			})
		})
	}
}

func TestFailedSaveServesAndIsMadeUpFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{lifetime: 10 * time.Second})
		b.store.failResponses(full) // since the intent was saved
		b.want(t, "a1")
		b.want(t, "a1")
		if reports := b.reported(); len(reports) != 1 || !errors.Is(reports[0], full) {
			t.Fatalf("reported %v, want the failed save once", reports)
		}
		time.Sleep(saveWait)
		b.want(t, "a1")
		if n := len(b.reported()); n != 2 {
			t.Fatalf("%d reports after a second failed save, want 2", n)
		}
		b.wantStored(t, "a0")

		time.Sleep(10 * time.Second) // a1 expires: its own refresh token is the one to use
		b.want(t, "a2")
		b.wantCalls(t, 2)
		if got := b.endpoint.form(2).Get("refresh_token"); got != "r1" {
			t.Errorf("refreshed with %s, want r1", got)
		}
		b.wantStored(t, "a1") // with the intent to use its refresh token
		b.store.fail(nil, nil, nil)
		time.Sleep(saveWait)
		b.want(t, "a2")
		b.wantStored(t, "a2")
		b.wantCalls(t, 2)
	})
}

func TestNewLoginWinsOverAnUnsavedToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{lifetime: time.Hour})
		b.store.failResponses(errors.New("disk full"))
		b.want(t, "a1")
		b.store.fail(nil, nil, nil)
		if err := Save(t.Context(), b.store, tokenFor(7, time.Hour)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(saveWait)
		b.want(t, "a7")
		b.wantStored(t, "a7")
		b.wantCalls(t, 1)
	})
}

func TestInvalidGrantIsRememberedUntilTheUserReconnects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		revoked := tokenFor(0, -time.Second)
		revoked.RefreshToken = "canary-refresh"
		b := newBench(revoked, &scriptedEndpoint{
			lifetime: time.Hour,
			script: func(_ int, form url.Values) (*http.Response, error) {
				if form.Get("refresh_token") != "canary-refresh" {
					return nil, nil
				}
				return responseOf(400, "application/json", `{"error":"invalid_grant","error_description":"canary-refresh was revoked, `+testSecret+`"}`), nil
			},
		})
		for range 10 {
			_, err := b.TokenContext(t.Context())
			if !errors.Is(err, ErrReconnect) {
				t.Fatalf("Token: %v, want ErrReconnect", err)
			}
			wantNoSecret(t, asError[*ReconnectError](t, err), "canary", testSecret)
		}
		time.Sleep(time.Hour)
		if _, err := b.TokenContext(t.Context()); !errors.Is(err, ErrReconnect) {
			t.Fatalf("Token: %v, want ErrReconnect", err)
		}
		b.wantCalls(t, 1)

		if err := Save(t.Context(), b.store, tokenFor(5, -time.Second)); err != nil {
			t.Fatal(err)
		}
		b.want(t, "a6")
		b.wantCalls(t, 2)
	})
}

func TestStoreWithoutAUsableToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		token *oauth2.Token
		want  string
	}{
		{"nothing stored", nil, "no token is stored"},
		{"expired without a refresh token", &oauth2.Token{AccessToken: "a0", Expiry: time.Unix(1, 0)}, "no refresh token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(test.token, &scriptedEndpoint{})
			_, err := b.TokenContext(t.Context())
			if !errors.Is(err, ErrReconnect) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Token: %v, want ErrReconnect with %q", err, test.want)
			}
			b.wantCalls(t, 0)
		})
	}
}

func TestTokenEndpointFailures(t *testing.T) {
	t.Parallel()
	withHeader := func(resp *http.Response, name, value string) *http.Response {
		resp.Header.Set(name, value)
		return resp
	}
	const page = "<html><title>r0 canary-client-secret</title></html>"
	tests := []struct {
		name   string
		script func(int, url.Values) (*http.Response, error)
		delay  time.Duration
		want   TokenError
		text   string
		cause  error
	}{
		{name: "down",
			script: func(int, url.Values) (*http.Response, error) { return nil, syscall.ECONNREFUSED },
			text:   "token endpoint: no response: connection refused", cause: syscall.ECONNREFUSED},
		{name: "hanging", delay: time.Hour,
			text: "token endpoint: no response: context deadline exceeded", cause: context.DeadlineExceeded},
		{name: "502 in HTML",
			script: func(int, url.Values) (*http.Response, error) { return responseOf(502, "text/html", page), nil },
			want:   TokenError{StatusCode: 502, Message: "Bad Gateway"}, text: "token endpoint: 502 Bad Gateway"},
		{name: "200 in HTML",
			script: func(int, url.Values) (*http.Response, error) {
				return responseOf(200, "text/html; charset=utf-8", page), nil
			},
			want: TokenError{StatusCode: 200, Message: "the response is text/html, not a token in JSON"}},
		{name: "200 in JSON without a token",
			script: func(int, url.Values) (*http.Response, error) {
				return responseOf(200, "application/json", `{"refresh_token":"r1"}`), nil
			},
			want: TokenError{StatusCode: 200, Message: "the response has no access token in it"}},
		{name: "200 of the wrong types",
			script: func(int, url.Values) (*http.Response, error) {
				return responseOf(200, "application/json", `{"access_token":["canary-client-secret"]}`), nil
			},
			want: TokenError{StatusCode: 200, Message: "the response has no access token in it"}},
		{name: "endless",
			script: func(int, url.Values) (*http.Response, error) {
				return responseOf(200, "application/json", strings.Repeat("x", maxResponse+2)), nil
			},
			want: TokenError{StatusCode: 200, Message: "the response is larger than 1 MiB"}},
		{name: "500 that claims the login has ended",
			script: func(int, url.Values) (*http.Response, error) {
				return responseOf(500, "application/json", `{"error":"invalid_grant"}`), nil
			},
			want: TokenError{StatusCode: 500, Code: "invalid_grant", Message: "Internal Server Error"}},
		{name: "Motive's own words",
			script: func(int, url.Values) (*http.Response, error) {
				return responseOf(401, "application/json", `{"error_message":"Invalid\napp"}`), nil
			},
			want: TokenError{StatusCode: 401, Message: "Invalid app"}},
		{name: "rate limited",
			script: func(int, url.Values) (*http.Response, error) {
				return withHeader(responseOf(429, "application/json", `{"error":"slow_down"}`), "Retry-After", "90"), nil
			},
			want: TokenError{StatusCode: 429, Code: "slow_down", Message: "Too Many Requests", RetryAfter: 90 * time.Second},
			text: "token endpoint: 429 slow_down: Too Many Requests, retry after 1m30s"},
		{name: "rate limited for a week",
			script: func(int, url.Values) (*http.Response, error) {
				return withHeader(responseOf(429, "", ""), "Retry-After", "604800"), nil
			},
			want: TokenError{StatusCode: 429, Message: "Too Many Requests", RetryAfter: 7 * 24 * time.Hour}},
		{name: "redirect",
			script: func(int, url.Values) (*http.Response, error) {
				return withHeader(responseOf(307, "", ""), "Location", "https://elsewhere.example.com/"), nil
			},
			want: TokenError{StatusCode: 307, Message: "Temporary Redirect"}},
		{name: "wrong client secret, repeated",
			script: func(int, url.Values) (*http.Response, error) {
				return responseOf(401, "application/json", `{"error":"invalid_client","error_description":"`+testSecret+"\\u001b is wrong"+`"}`), nil
			},
			want: TokenError{StatusCode: 401, Code: "invalid_client", Message: "[redacted] is wrong"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{script: test.script, delay: test.delay})
				_, err := b.TokenContext(t.Context())
				failed := asError[*TokenError](t, err)
				if test.text != "" && failed.Error() != test.text {
					t.Errorf("error reads %q, want %q", failed, test.text)
				}
				if test.cause != nil && !errors.Is(err, test.cause) {
					t.Errorf("error is %v, want %v in it", err, test.cause)
				}
				if got := *failed; test.want.Message != "" && got != test.want {
					t.Errorf("got %#v, want %#v", got, test.want)
				}
				wantNoSecret(t, err, "r0", testSecret)

				// No storm: the error is remembered, then tried once more.
				wait := max(minWait, min(failed.RetryAfter, maxAfter))
				start := time.Now()
				for range 100 {
					if _, again := b.TokenContext(t.Context()); again != err {
						t.Fatalf("within the backoff: %v, want the same error", again)
					}
				}
				if took := time.Since(start); took != 0 {
					t.Errorf("the remembered error took %s", took)
				}
				time.Sleep(wait/2 - time.Nanosecond) // the first wait is random in its upper half
				if failed.RetryAfter > 0 {
					time.Sleep(wait / 2)
				}
				_, _ = b.TokenContext(t.Context())
				b.wantCalls(t, 1)
				time.Sleep(wait/2 + time.Nanosecond)
				_, _ = b.TokenContext(t.Context())
				b.wantCalls(t, 2)
				if b.endpoint.most != 1 {
					t.Errorf("%d requests in flight at once", b.endpoint.most)
				}
			})
		})
	}
}

func TestTokenEndpointThatStaysDownIsAskedEverMoreRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := true
		b := newBench(tokenFor(0, -time.Second), &scriptedEndpoint{lifetime: time.Hour, script: func(int, url.Values) (*http.Response, error) {
			if down {
				return nil, syscall.ECONNRESET
			}
			return nil, nil
		}})
		for range 3600 {
			_, _ = b.TokenContext(t.Context())
			time.Sleep(time.Second)
		}
		// 6 while the wait doubles to a minute, then one every 30 to 60 seconds.
		if n := b.endpoint.calls(); n < 60 || n > 130 {
			t.Errorf("%d requests in an hour, want 60 to 130", n)
		}
		down = false
		time.Sleep(maxWait)
		b.want(t, "a1") // the refresh token survived

		down = true // and the next failure counts as a first one
		time.Sleep(time.Hour)
		_, _ = b.TokenContext(t.Context())
		down = false
		time.Sleep(minWait)
		b.want(t, "a2")
	})
}

func TestOldTokenServesWhileRefreshingFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*bench)
	}{
		{"endpoint down", func(b *bench) {
			b.endpoint.script = func(int, url.Values) (*http.Response, error) { return nil, syscall.ECONNREFUSED }
		}},
		{"login ended", func(b *bench) {
			b.endpoint.script = func(int, url.Values) (*http.Response, error) {
				return responseOf(400, "application/json", `{"error":"invalid_grant"}`), nil
			}
		}},
		{"store unreadable", func(b *bench) { b.store.fail(errors.New("unreadable"), nil, nil) }},
		{"lock broken", func(b *bench) { b.store.fail(nil, nil, errors.New("no locks")) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(tokenFor(0, time.Hour), &scriptedEndpoint{lifetime: time.Hour})
				b.want(t, "a0")
				test.spoil(b)
				time.Sleep(time.Hour - time.Second)
				for range 20 {
					b.want(t, "a0")
				}
				if n := b.endpoint.calls(); n > 1 {
					t.Errorf("%d requests, want at most one", n)
				}
				if n := len(b.reported()); n != 1 {
					t.Errorf("%d reports, want 1", n)
				}
				time.Sleep(2 * time.Second)
				if token, err := b.TokenContext(t.Context()); err == nil {
					t.Errorf("got %s after its expiry", token.AccessToken)
				}
			})
		})
	}
}

func TestAPIThatRefusesEveryTokenDoesNotCauseAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(tokenFor(0, time.Hour), &scriptedEndpoint{lifetime: time.Hour})
		for range 10_000 {
			token, err := b.TokenContext(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			b.Invalidate(token.AccessToken)
		}
		b.wantCalls(t, rejectBurst)
		time.Sleep(rejectEvery)
		token, err := b.TokenContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.Invalidate(token.AccessToken)
		b.want(t, fmt.Sprintf("a%d", rejectBurst+1))
	})
}

func TestBackoffOfTheTokenEndpointIsBounded(t *testing.T) {
	t.Parallel()
	for failures := 1; failures < 100; failures++ {
		bound := maxWait
		if failures < 7 {
			bound = min(time.Second<<(failures-1), maxWait)
		}
		if wait := pause(failures, errors.New("down")); wait < bound/2 || wait > bound {
			t.Errorf("after %d failures: %s, want %s to %s", failures, wait, bound/2, bound)
		}
	}
}
