package motive

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive/oauth"
	"golang.org/x/oauth2"
)

// apiWithLogin is an API that takes one access token, and its token endpoint.
type apiWithLogin struct {
	good              atomic.Value // string
	refreshes, denied atomic.Int32
	granted           atomic.Int32
	barrier           sync.WaitGroup // where set, the first 401s are answered together
}

func (a *apiWithLogin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/oauth/token" {
		n := a.refreshes.Add(1)
		a.good.Store(fmt.Sprintf("new%d", n))
		fmt.Fprintf(w, `{"access_token":"new%d","refresh_token":"r%d","expires_in":7200}`, n, n)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+a.good.Load().(string) {
		a.denied.Add(1)
		a.barrier.Done()
		a.barrier.Wait()
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a.granted.Add(1)
	_, _ = io.WriteString(w, `{"user":{"id":1}}`)
}

func TestRevokedTokenCostsOneRefreshAndOneReplayACall(t *testing.T) {
	t.Parallel()
	const calls = 64
	api := &apiWithLogin{}
	api.good.Store("new")
	api.barrier.Add(calls)
	server := httptest.NewServer(api)
	defer server.Close()
	cfg := oauth.NewConfig("app", "canary-client-secret", "https://app.example.com/cb")
	cfg.Endpoint.TokenURL = server.URL + "/oauth/token"
	store := oauth.NewMemoryStore(&oauth2.Token{AccessToken: "revoked", RefreshToken: "r0", Expiry: time.Now().Add(time.Hour)})
	client, err := NewClient(WithBaseURL(server.URL), WithOAuth2(cfg, store), WithRetry(RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			if _, err := client.Users.Get(t.Context(), 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := api.refreshes.Load(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	if denied, granted := api.denied.Load(), api.granted.Load(); denied != calls || granted != calls {
		t.Errorf("%d requests denied and %d granted, want %d of each", denied, granted, calls)
	}
}

func TestEndedLoginReachesTheCaller(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
	}))
	defer server.Close()
	cfg := oauth.NewConfig("app", "canary-client-secret", "https://app.example.com/cb")
	cfg.Endpoint.TokenURL = server.URL
	client, err := NewClient(WithBaseURL(server.URL), WithOAuth2(cfg, oauth.NewMemoryStore(&oauth2.Token{RefreshToken: "canary-refresh"})))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	_, err = client.Users.Create(t.Context(), &CreateUserRequest{}, SkipValidation())
	if !errors.Is(err, oauth.ErrReconnect) || errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("Create: %v, want ErrReconnect and no doubt about the outcome", err)
	}
	wantNoSecret(t, err, "canary")
}

// wantNoSecret fails the test if v prints a secret under any verb.
func wantNoSecret(t *testing.T, v any, secret string) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if strings.Contains(fmt.Sprintf(verb, v), secret) {
			t.Errorf("%s prints a secret", verb)
		}
	}
}
