package motivetest_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive/motivetest"
)

const callback = "http://127.0.0.1:9/callback?keep=1"

// clock is a time that tests move by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// login asks for a code and returns the parameters of the redirect.
func (c *client) login(params url.Values) url.Values {
	c.tb.Helper()
	all := url.Values{"response_type": {"code"}, "client_id": {c.srv.OAuth().ClientID}, "redirect_uri": {callback}, "state": {"s&1"}}
	for name, values := range params {
		all[name] = values
	}
	r := c.as("Authorization", "").do(http.StatusFound, "GET", "/oauth/authorize?"+all.Encode(), "")
	to, err := url.Parse(r.header.Get("Location"))
	if err != nil {
		c.tb.Fatal(err)
	}
	mustEqual(c.tb, "host", to.Host, "127.0.0.1:9")
	mustEqual(c.tb, "kept parameter", to.Query().Get("keep"), "1")
	mustEqual(c.tb, "state", to.Query().Get("state"), "s&1")
	return to.Query()
}

// form posts a form to an OAuth endpoint, with the client's credentials unless
// they are given.
func (c *client) form(status int, path string, pairs ...string) reply {
	c.tb.Helper()
	o := c.srv.OAuth()
	form := url.Values{"client_id": {o.ClientID}, "client_secret": {o.ClientSecret}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return c.as("Authorization", "", "Content-Type", "application/x-www-form-urlencoded").do(status, "POST", path, form.Encode())
}

func (c *client) redeem(status int, code string, pairs ...string) reply {
	c.tb.Helper()
	return c.form(status, "/oauth/token", append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", callback}, pairs...)...)
}

func (c *client) refresh(status int, token string, pairs ...string) reply {
	c.tb.Helper()
	return c.form(status, "/oauth/token", append([]string{"grant_type", "refresh_token", "refresh_token", token}, pairs...)...)
}

// reads reports the status that a read with the token gets.
func (c *client) reads(token string) int {
	c.tb.Helper()
	return c.as("Authorization", "Bearer "+token).try("GET", "/v1/users", "").status
}

func (r reply) str(name string) string {
	s, _ := r.json[name].(string)
	return s
}

func TestLoginGivesAWorkingToken(t *testing.T) {
	t.Parallel()
	srv, c := start(t, motivetest.WithTokenLifetime(90*time.Second))
	code := c.login(url.Values{"scope": {"users.read companies.read"}}).Get("code")
	r := c.redeem(200, code)
	mustEqual(t, "type", r.str("token_type"), "Bearer")
	mustEqual(t, "expires_in", r.json["expires_in"], 90.0)
	mustEqual(t, "scope", r.str("scope"), "users.read companies.read")
	mustEqual(t, "cache", r.header.Get("Cache-Control"), "no-store")
	mustEqual(t, "read", c.reads(r.str("access_token")), 200)
	c.as("Authorization", "Bearer "+r.str("access_token")).do(403, "POST", "/v1/users", driverBody)
	mustEqual(t, "stats", srv.OAuthStats(), motivetest.OAuthStats{Logins: 1})
	shown := fmt.Sprintf("%v %+v %#v", srv.Requests(), srv.Requests()[1].Body, srv.OAuth())
	for _, secret := range []string{code, srv.OAuth().ClientSecret, r.str("refresh_token")} {
		if strings.Contains(shown, secret) {
			t.Errorf("a secret is shown in %s", shown)
		}
	}
}

func TestCodesAreSingleUse(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	code := c.login(nil).Get("code")
	first := c.redeem(200, code)
	mustEqual(t, "second use", c.redeem(400, code).str("error"), "invalid_grant")
	mustEqual(t, "the access token of a code used twice", c.reads(first.str("access_token")), 401)
	mustEqual(t, "its refresh token", c.refresh(400, first.str("refresh_token")).str("error"), "invalid_grant")
	mustEqual(t, "reuses", srv.OAuthStats().Reuses, 1)
}

func TestCodesLiveTenMinutes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	_, c := start(t, motivetest.WithClock(clock.Now))
	first, second := c.login(nil).Get("code"), c.login(nil).Get("code")
	clock.Advance(10*time.Minute - time.Second)
	c.redeem(200, first)
	clock.Advance(time.Second)
	mustEqual(t, "error", c.redeem(400, second).str("error"), "invalid_grant")
}

func TestTokensExpireUnderTheClock(t *testing.T) {
	t.Parallel()
	clock := newClock()
	srv, c := start(t, motivetest.WithClock(clock.Now), motivetest.WithTokenLifetime(time.Minute))
	token := srv.IssueToken()
	mustEqual(t, "expiry", token.Expiry, clock.Now().Add(time.Minute))
	clock.Advance(time.Minute - 1)
	mustEqual(t, "just before", c.reads(token.AccessToken), 200)
	clock.Advance(1)
	mustEqual(t, "just after", c.reads(token.AccessToken), 401)
	mustEqual(t, "after a refresh", c.reads(c.refresh(200, token.RefreshToken).str("access_token")), 200)
	mustEqual(t, "the fixed token", c.reads(srv.AccessToken()), 200)
}

func TestRefreshTokensRotate(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	token := srv.IssueToken("users.read", "users.manage")
	second := c.refresh(200, token.RefreshToken)
	mustEqual(t, "scope", second.str("scope"), "users.read users.manage")
	mustEqual(t, "old access token", c.reads(token.AccessToken), 200)
	third := c.refresh(200, second.str("refresh_token"), "scope", "users.manage")
	mustEqual(t, "narrowed", c.reads(third.str("access_token")), 403)
	fourth := c.refresh(200, third.str("refresh_token"))
	mustEqual(t, "wide again", c.reads(fourth.str("access_token")), 200)
	mustEqual(t, "too wide", c.refresh(400, fourth.str("refresh_token"), "scope", "companies.read").str("error"), "invalid_scope")
	mustEqual(t, "stats", srv.OAuthStats(), motivetest.OAuthStats{Refreshes: 3})
}

func TestReuseOfARefreshTokenRevokesTheFamily(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	token, other := srv.IssueToken(), srv.IssueToken()
	second := c.refresh(200, token.RefreshToken)
	r := c.refresh(400, token.RefreshToken)
	mustEqual(t, "error", r.str("error"), "invalid_grant")
	mustEqual(t, "newest access token", c.reads(second.str("access_token")), 401)
	mustEqual(t, "newest refresh token", c.refresh(400, second.str("refresh_token")).str("error"), "invalid_grant")
	mustEqual(t, "another login", c.reads(other.AccessToken), 200)
	mustEqual(t, "stats", srv.OAuthStats(), motivetest.OAuthStats{Refreshes: 1, Reuses: 1})
}

func TestConcurrentRefreshesOfOneToken(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	token := srv.IssueToken()
	o := srv.OAuth()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.RefreshToken}, "client_id": {o.ClientID}, "client_secret": {o.ClientSecret}}
	poster := c.as("Content-Type", "application/x-www-form-urlencoded", "Authorization", "")
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = poster.try("POST", "/oauth/token", form.Encode()).status })
	}
	all.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	mustEqual(t, "statuses", count, map[int]int{200: 1, 400: 7})
}

func TestPKCE(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	verifier := oauth2.GenerateVerifier()
	challenge := url.Values{"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"}}
	code := c.login(challenge).Get("code")
	mustEqual(t, "none", c.redeem(400, code).str("error"), "invalid_grant")
	mustEqual(t, "wrong", c.redeem(400, code, "code_verifier", "x"+verifier).str("error"), "invalid_grant")
	c.redeem(200, code, "code_verifier", verifier)
	challenge.Set("code_challenge_method", "plain")
	mustEqual(t, "plain", c.login(challenge).Get("error"), "invalid_request")
}

func TestAuthorizeRefusals(t *testing.T) {
	t.Parallel()
	srv, c := start(t, motivetest.WithScopes("vehicles.read"))
	mustEqual(t, "scope", c.login(url.Values{"scope": {"user.read"}}).Get("error"), "invalid_scope")
	mustEqual(t, "response type", c.login(url.Values{"response_type": {"token"}}).Get("error"), "unsupported_response_type")
	if c.login(url.Values{"scope": {"vehicles.read"}}).Get("code") == "" {
		t.Error("a further scope is refused")
	}
	id := url.QueryEscape(srv.OAuth().ClientID)
	for _, query := range []string{
		"response_type=code&redirect_uri=http://127.0.0.1/x&client_id=nobody",
		"response_type=code&redirect_uri=/x&client_id=" + id,
		"response_type=code&redirect_uri=javascript:alert(1)&client_id=" + id,
		"response_type=code&client_id=" + id,
	} {
		if r := c.do(400, "GET", "/oauth/authorize?"+query, ""); r.header.Get("Location") != "" {
			t.Errorf("%s is redirected", query)
		}
	}
}

func TestTokenEndpointRefusals(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	refresh := srv.IssueToken().RefreshToken
	o := srv.OAuth()
	mustEqual(t, "wrong secret", c.refresh(401, refresh, "client_secret", "x").str("error"), "invalid_client")
	mustEqual(t, "wrong client", c.refresh(401, refresh, "client_id", "x").str("error"), "invalid_client")
	mustEqual(t, "grant type", c.form(400, "/oauth/token", "grant_type", "password").str("error"), "unsupported_grant_type")
	mustEqual(t, "unknown token", c.refresh(400, "x").str("error"), "invalid_grant")
	mustEqual(t, "unknown code", c.redeem(400, "x").str("error"), "invalid_grant")
	code := c.login(nil).Get("code")
	mustEqual(t, "redirect", c.redeem(400, code, "redirect_uri", "http://127.0.0.1:9/other").str("error"), "invalid_grant")
	c.as("Authorization", "").do(405, "GET", "/oauth/token", "")
	mustEqual(t, "JSON", c.as("Authorization", "").do(400, "POST", "/oauth/token", `{}`).str("error"), "invalid_request")
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(o.ClientID+":"+o.ClientSecret))
	r := c.as("Authorization", basic, "Content-Type", "application/x-www-form-urlencoded").
		do(401, "POST", "/oauth/token", "grant_type=refresh_token&refresh_token="+refresh)
	mustEqual(t, "basic", r.str("error"), "invalid_client")
	c.refresh(200, refresh) // none of it has used the token up
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	token := srv.IssueToken()
	c.form(200, "/oauth/revoke", "token", token.AccessToken)
	c.form(200, "/oauth/revoke", "token", "unknown")
	c.form(401, "/oauth/revoke", "token", token.RefreshToken, "client_secret", "x")
	mustEqual(t, "access token revoked", c.reads(token.AccessToken), 401)
	second := c.refresh(200, token.RefreshToken)
	c.form(200, "/oauth/revoke", "token", second.str("refresh_token"))
	mustEqual(t, "access token of a revoked refresh token", c.reads(second.str("access_token")), 401)
	mustEqual(t, "revoked refresh token", c.refresh(400, second.str("refresh_token")).str("error"), "invalid_grant")

	token = srv.IssueToken()
	srv.RevokeTokens()
	mustEqual(t, "all access tokens", []int{c.reads(token.AccessToken), c.reads(srv.AccessToken())}, []int{401, 401})
	third := c.refresh(200, token.RefreshToken)
	code := c.login(nil).Get("code")
	srv.Disconnect()
	mustEqual(t, "disconnected", c.reads(third.str("access_token")), 401)
	mustEqual(t, "refresh token", c.refresh(400, third.str("refresh_token")).str("error"), "invalid_grant")
	mustEqual(t, "code", c.redeem(400, code).str("error"), "invalid_grant")
}

// The x/oauth2 library is the client that everybody uses.
func TestOAuth2LibraryGoesThroughTheDance(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	config := srv.OAuth().Config(callback, "users.read")
	verifier := oauth2.GenerateVerifier()
	to := config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier))
	req, err := http.NewRequestWithContext(t.Context(), "GET", to, nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(c.send(req).header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := config.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	token.Expiry = time.Now().Add(-time.Minute)
	next, err := config.TokenSource(t.Context(), token).Token()
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "read", c.reads(next.AccessToken), 200)
	mustEqual(t, "stats", srv.OAuthStats(), motivetest.OAuthStats{Logins: 1, Refreshes: 1})
}
