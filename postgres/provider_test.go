package postgres_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// provider is a token endpoint. Refresh tokens are single-use: one that comes a
// second time ends the login, as with a server that takes it for stolen.
type provider struct {
	*httptest.Server
	lifetime time.Duration

	mu        sync.Mutex
	committed func(pid int) // called where set, when a refresh is done and its response not sent
	dead      map[int]bool  // processes that were killed, whose requests do not count
	issued    int
	current   string // the refresh token that is good
	refreshes int
	refused   int // invalid_grant
}

func newProvider(t *testing.T, lifetime time.Duration) *provider {
	p := &provider{lifetime: lifetime, dead: map[int]bool{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.token))
	t.Cleanup(p.Close)
	return p
}

// login returns a fresh token, as a user's visit to the browser would.
func (p *provider) login() *oauth2.Token {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.issue()
}

// bury says that a process is dead, so that a request which it has sent and which
// is not served yet does not count.
func (p *provider) bury(pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead[pid] = true
}

func (p *provider) hasRefused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused > 0
}

func (p *provider) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = 0
}

func (p *provider) issue() *oauth2.Token {
	p.issued++
	p.current = fmt.Sprintf("canary-refresh-%d", p.issued)
	return &oauth2.Token{
		AccessToken: fmt.Sprintf("canary-access-%d", p.issued), RefreshToken: p.current,
		TokenType: "bearer", Expiry: time.Now().Add(p.lifetime),
	}
}

const pidHeader = "X-Test-Pid"

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	pid, _ := strconv.Atoi(r.Header.Get(pidHeader))
	presented := r.FormValue("refresh_token")
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead[pid] {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	if presented != p.current || p.current == "" {
		p.current = ""
		p.refused++
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	p.refreshes++
	token := p.issue()
	if p.committed != nil {
		p.committed(pid)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": token.AccessToken, "refresh_token": token.RefreshToken,
		"token_type": "bearer", "expires_in": int(p.lifetime / time.Second),
	})
}

// saysPid adds the id of this process to each request.
type saysPid struct{}

func (saysPid) RoundTrip(r *http.Request) (*http.Response, error) {
	own := r.Clone(r.Context())
	own.Header.Set(pidHeader, strconv.Itoa(os.Getpid()))
	return http.DefaultTransport.RoundTrip(own)
}
