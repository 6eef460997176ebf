package tokenfile_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
	"golang.org/x/oauth2"
)

// provider is an API with one user and the token endpoint before it. Refresh
// tokens are single-use: one that comes a second time ends the login, as with a
// server that takes it for stolen.
type provider struct {
	*httptest.Server
	lifetime time.Duration

	mu        sync.Mutex
	committed func() // called once, where set, when a rotation is done and not answered
	issued    int
	current   string // the refresh token that is good
	expiry    map[string]time.Time
	refreshes int
	refused   int // invalid_grant
	calls     int // answered 200
}

func newProvider(t *testing.T, lifetime time.Duration) *provider {
	p := &provider{lifetime: lifetime, expiry: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", p.token)
	mux.HandleFunc("GET /v1/users/1", p.user)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) atCommit(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.committed = f
}

// login returns a fresh token, as a user's visit to the browser would.
func (p *provider) login() *oauth2.Token {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.issue()
}

func (p *provider) issue() *oauth2.Token {
	p.issued++
	access := fmt.Sprintf("access-%d", p.issued)
	p.current = fmt.Sprintf("refresh-%d", p.issued)
	p.expiry[access] = time.Now().Add(p.lifetime)
	return &oauth2.Token{AccessToken: access, RefreshToken: p.current, TokenType: "bearer", Expiry: p.expiry[access]}
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.FormValue("grant_type") != "refresh_token" || r.FormValue("refresh_token") != p.current || p.current == "" {
		p.current = ""
		p.refused++
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	p.refreshes++
	token := p.issue()
	if p.committed != nil {
		p.committed()
		p.committed = nil
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": token.AccessToken, "refresh_token": token.RefreshToken,
		"token_type": "bearer", "expires_in": int(p.lifetime / time.Second),
	})
}

func (p *provider) user(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	access := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	w.Header().Set("Content-Type", "application/json")
	if !time.Now().Before(p.expiry[access]) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error_message":"the token is expired"}`)
		return
	}
	p.calls++
	fmt.Fprint(w, `{"user":{"id":1,"first_name":"Ada","last_name":"Lovelace","role":"driver"}}`)
}

// newClient returns a client of the provider at base with its token in store.
func newClient(base string, store oauth.Store) (*motive.Client, error) {
	cfg := oauth.NewConfig("app", "secret", "https://app.example.com/cb")
	cfg.Endpoint.TokenURL = base + "/oauth/token"
	return motive.NewClient(motive.WithBaseURL(base), motive.WithOAuth2(cfg, store), motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1}))
}
