package real

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
)

// provider is oidc-provider, with refresh tokens that rotate, and which end the login
// when one of them is presented again.
type provider struct {
	base string
	file string // of the login that is shared
}

// startProvider runs the provider, whose access tokens are good for some seconds.
func startProvider(t *testing.T, lifetime time.Duration) *provider {
	t.Helper()
	dir, err := filepath.Abs("provider")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "oidc-provider")); err != nil {
		t.Fatal("oidc-provider is not installed: .ci/real installs it, and so does npm ci in test/real/provider")
	}
	for range 5 {
		port := freePort(t)
		p := start(t, dir, []string{"CLIENT_SECRET=" + clientSecret}, "node", "provider.mjs", fmt.Sprint(port), fmt.Sprint(lifetime.Seconds()))
		err := p.listens(port)
		if err == nil {
			return &provider{"http://" + loopback(port), filepath.Join(t.TempDir(), "login", "token.json")}
		}
		t.Logf("the provider: %v\n%s", err, p.tail())
	}
	t.Fatal("the provider does not start")
	return nil
}

// login goes through the provider's pages as a browser does, and keeps the token.
func (p *provider) login(t *testing.T) *tokenfile.Store {
	t.Helper()
	login, err := oauth.NewLogin(config(p.base))
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var callback url.Values
	browser := &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), "http://127.0.0.1:9/callback?") {
			callback = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := browser.Get(login.URL())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if callback == nil {
		t.Fatalf("the provider did not send the browser back: %s", resp.Status)
	}
	token, err := login.Exchange(t.Context(), callback)
	if err != nil {
		t.Fatal(err)
	}
	store, err := tokenfile.New(p.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := oauth.Save(t.Context(), store, token); err != nil {
		t.Fatal(err)
	}
	return store
}

// providerStats is what the provider has seen.
type providerStats struct {
	Refreshes int // that it granted
	Reuses    int // of refresh tokens that were spent
	Revoked   int // logins that it ended
	Presented int // refresh tokens, each counted once
	Most      int // times that one of them was presented
}

// ask gives the provider an order, "hold?ms=500", "lifetime?seconds=60", "revoke" or
// none, "stats", and returns what it has seen.
func (p *provider) ask(t *testing.T, order string) (stats providerStats) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/test/"+order, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(&stats); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", order, resp.Status, err)
	}
	return stats
}

// calls has n processes make one call each, at once, and counts the outcomes.
func (p *provider) calls(t *testing.T, n int) map[string]int {
	t.Helper()
	children := make([]*child, n)
	for i := range children {
		children[i] = newChild(t, "once", p.base, p.file)
	}
	total := map[string]int{}
	for _, c := range children {
		select {
		case <-c.done:
		case <-time.After(time.Minute):
			t.Fatal("a process does not end")
		}
		for outcome, n := range c.outcomes() {
			total[outcome] += n
		}
	}
	return total
}

// TestLoginIsShared has six processes share a login whose access tokens last for
// three seconds, and kills one after the other while none of them is refreshing: the
// test holds the store's lock.
func TestLoginIsShared(t *testing.T) {
	part(t, "node")
	t.Parallel()
	p := startProvider(t, 3*time.Second)
	const kills = 10
	store := p.login(t)
	var children []*child
	for range 6 {
		children = append(children, newChild(t, "caller", p.base, p.file))
	}
	for i := range kills {
		time.Sleep(900 * time.Millisecond)
		unlock, err := store.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		children[i].kill()
		unlock()
		children = append(children, newChild(t, "caller", p.base, p.file))
	}
	stats := p.ask(t, "stats")
	total := map[string]int{}
	for _, c := range children {
		c.kill()
		for outcome, n := range c.outcomes() {
			total[outcome] += n
		}
	}
	t.Logf("%d processes, %d killed; %v; %+v", len(children), kills, total, stats)
	for outcome, n := range total {
		if outcome != "success" {
			t.Errorf("%d times %q", n, outcome)
		}
	}
	if stats.Reuses > 0 || stats.Most > 1 || stats.Revoked > 0 {
		t.Errorf("a refresh token was presented again: %+v", stats)
	}
	if stats.Refreshes < 2 || total["success"] < 100 {
		t.Errorf("%d refreshes and %d calls try little", stats.Refreshes, total["success"])
	}
}

// TestKillInTheWindow kills a process after the provider has committed a refresh and
// before its response has come: no store can keep what nobody received. Whoever comes
// next cannot know that, presents the token once, and hears that the login has ended.
// From then on nobody presents it again, and each says why.
func TestKillInTheWindow(t *testing.T) {
	part(t, "node")
	t.Parallel()
	p := startProvider(t, time.Second)
	p.login(t)
	time.Sleep(1200 * time.Millisecond) // until the token has expired
	p.ask(t, "hold?ms=20000")
	victim := newChild(t, "once", p.base, p.file)
	waitFor(t, "the refresh", func() bool { return p.ask(t, "stats").Presented == 1 })
	victim.kill()
	p.ask(t, "hold?ms=0")

	for range 2 {
		if outcomes := p.calls(t, 8); outcomes["interrupted"] != 8 {
			t.Errorf("eight processes: %v", outcomes)
		}
	}
	stats := p.ask(t, "stats")
	t.Logf("%+v", stats)
	if stats.Most != 2 || stats.Reuses != 1 || stats.Presented != 1 {
		t.Errorf("the token was presented by more than the one who could not know: %+v", stats)
	}
	p.ask(t, "lifetime?seconds=60")
	p.login(t)
	if outcomes := p.calls(t, 8); outcomes["success"] != 8 {
		t.Errorf("after another login: %v", outcomes)
	}
}

// TestRevokedLogin revokes a login at the provider. One process of eight presents the
// refresh token, and all of them say that the user must connect again.
func TestRevokedLogin(t *testing.T) {
	part(t, "node")
	t.Parallel()
	p := startProvider(t, time.Minute)
	p.login(t)
	if outcomes := p.calls(t, 2); outcomes["success"] != 2 {
		t.Fatalf("before it was revoked: %v", outcomes)
	}
	p.ask(t, "revoke")
	for range 2 {
		if outcomes := p.calls(t, 8); outcomes["reconnect"] != 8 {
			t.Errorf("eight processes: %v", outcomes)
		}
	}
	stats := p.ask(t, "stats")
	t.Logf("%+v", stats)
	if stats.Presented != 1 || stats.Most != 1 || stats.Refreshes != 0 {
		t.Errorf("the token was presented again and again: %+v", stats)
	}
}

// waitFor waits until something is so, for half a minute at most.
func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("%s: not within 30 s", what)
}
