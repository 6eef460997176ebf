package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

// loginContext sends the exchange of a code to endpoint.
func loginContext(t *testing.T, endpoint http.RoundTripper) context.Context {
	return context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: endpoint})
}

func mustLogin(t *testing.T) *Login {
	t.Helper()
	login, err := NewLogin(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	return login
}

// queryOf returns the query of the address that the browser is sent to.
func queryOf(t *testing.T, login *Login) url.Values {
	t.Helper()
	u, err := url.Parse(login.URL())
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestLoginGoesThereAndBack(t *testing.T) {
	t.Parallel()
	endpoint := &scriptedEndpoint{script: func(int, url.Values) (*http.Response, error) {
		return responseOf(200, "application/json", `{"access_token":"a1","refresh_token":"r1","expires_in":7200}`), nil
	}}
	begun := mustLogin(t)
	sent := queryOf(t, begun)
	for name, want := range map[string]string{
		"client_id":             "app",
		"redirect_uri":          "https://app.example.com/cb",
		"response_type":         "code",
		"scope":                 "users.read users.manage",
		"code_challenge_method": "S256",
	} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(begun.URL(), Endpoint.AuthURL+"?") || strings.Contains(begun.URL(), testSecret) {
		t.Errorf("the address is %s", begun.URL())
	}

	login, err := ResumeLogin(testConfig(), begun.Session()) // as another process would
	if err != nil {
		t.Fatal(err)
	}
	token, err := login.Exchange(loginContext(t, endpoint), url.Values{"state": {sent.Get("state")}, "code": {"c1"}})
	if err != nil {
		t.Fatal(err)
	}
	if token.AccessToken != "a1" || token.RefreshToken != "r1" || token.Expiry.IsZero() {
		t.Errorf("got %s, %s, expiry %s", token.AccessToken, token.RefreshToken, token.Expiry)
	}
	form := endpoint.form(1)
	if form.Get("code") != "c1" || form.Get("grant_type") != "authorization_code" || form.Get("client_secret") != testSecret {
		t.Errorf("the exchange lacks a parameter: %v", form)
	}
	if challenge := oauth2.S256ChallengeFromVerifier(form.Get("code_verifier")); challenge != sent.Get("code_challenge") {
		t.Errorf("the verifier does not match the challenge")
	}
}

func TestLoginsDiffer(t *testing.T) {
	t.Parallel()
	a, b := queryOf(t, mustLogin(t)), queryOf(t, mustLogin(t))
	if a.Get("state") == b.Get("state") || a.Get("code_challenge") == b.Get("code_challenge") {
		t.Errorf("two logins share a state or a challenge")
	}
}

func TestCallbacksThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(url.Values)
		want   string
		is     error
	}{
		{"empty", func(q url.Values) { clear(q) }, "has no state", nil},
		{"without a state", func(q url.Values) { q.Del("state") }, "has no state", nil},
		{"with another state", func(q url.Values) { q.Set("state", "forged") }, "another login", nil},
		{"with a longer state", func(q url.Values) { q.Set("state", q.Get("state")+"x") }, "another login", nil},
		{"an error under another state", func(q url.Values) { q.Set("state", "forged"); q.Set("error", "access_denied") }, "another login", nil},
		{"without a code", func(q url.Values) { q.Del("code") }, "no code, or more", nil},
		{"with an empty code", func(q url.Values) { q.Set("code", "") }, "no code, or more", nil},
		{"with two codes", func(q url.Values) { q.Add("code", "c2") }, "no code, or more", nil},
		{"denied", func(q url.Values) { q.Set("error", "access_denied"); q.Set("error_description", "no\r\nthanks") },
			"access was denied (access_denied: no thanks)", ErrAccessDenied},
		{"refused otherwise", func(q url.Values) { q.Set("error", "invalid_scope") }, "invalid_scope", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			login, endpoint := mustLogin(t), &scriptedEndpoint{}
			query := url.Values{"state": {queryOf(t, login).Get("state")}, "code": {"canary-code"}}
			test.change(query)
			_, err := login.Exchange(loginContext(t, endpoint), query)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("Exchange: %v, want %q", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("Exchange: %v, want %v", err, test.is)
			}
			state, verifier, _ := strings.Cut(login.Session(), ".")
			wantNoSecret(t, err, state, verifier, testSecret, "canary")
			if endpoint.calls() != 0 {
				t.Errorf("a code was sent")
			}
		})
	}
}

func TestCodeThatIsRefused(t *testing.T) {
	t.Parallel()
	login := mustLogin(t)
	callback := url.Values{"state": {queryOf(t, login).Get("state")}, "code": {"canary-code"}}
	answer := responseOf(400, "application/json", `{"error":"invalid_grant","error_description":"canary-code is spent"}`)
	ctx := loginContext(t, &scriptedEndpoint{script: func(int, url.Values) (*http.Response, error) { return answer, nil }})
	_, err := login.Exchange(ctx, callback)
	if !errors.Is(err, ErrReconnect) {
		t.Errorf("Exchange: %v, want ErrReconnect", err)
	}
	wantNoSecret(t, err, "canary-code")

	answer = responseOf(500, "text/html", "oops")
	_, err = login.Exchange(ctx, callback)
	if got := asError[*TokenError](t, err).StatusCode; got != 500 {
		t.Errorf("status %d, want 500", got)
	}
}

func TestLoginPrintsNoSecret(t *testing.T) {
	t.Parallel()
	login := mustLogin(t)
	state, verifier, _ := strings.Cut(login.Session(), ".")
	wantNoSecret(t, login, state, verifier, testSecret)
	wantNoSecret(t, *login, state, verifier, testSecret)
	wantNoSecret(t, []Login{*login}, state, verifier, testSecret)
}

func TestConfigsThatCannotWork(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*oauth2.Config)
		want   string
	}{
		{"without a client id", func(c *oauth2.Config) { c.ClientID = "" }, "ClientID"},
		{"without a token address", func(c *oauth2.Config) { c.Endpoint.TokenURL = "" }, "Endpoint.TokenURL needs"},
		{"with a relative token address", func(c *oauth2.Config) { c.Endpoint.TokenURL = "/oauth/token" }, "Endpoint.TokenURL needs"},
		{"with an unencrypted token address", func(c *oauth2.Config) { c.Endpoint.TokenURL = "http://api.example.com/t" }, "unencrypted"},
		{"without an authorize address", func(c *oauth2.Config) { c.Endpoint.AuthURL = "" }, "Endpoint.AuthURL needs"},
		{"with a script as authorize address", func(c *oauth2.Config) { c.Endpoint.AuthURL = "javascript:alert(1)" }, "Endpoint.AuthURL needs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig()
			test.change(cfg)
			_, err := NewLogin(cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("NewLogin: %v, want %q", err, test.want)
			}
		})
	}
	if _, err := NewLogin(nil); err == nil {
		t.Error("NewLogin took a nil config")
	}
	for _, session := range []string{"", ".", "state", "state.", ".verifier"} {
		if _, err := ResumeLogin(testConfig(), session); err == nil {
			t.Errorf("ResumeLogin took %q", session)
		}
	}
	local := testConfig()
	local.Endpoint = oauth2.Endpoint{AuthURL: "http://localhost:1/a", TokenURL: "http://127.0.0.1:1/t"}
	if _, err := NewLogin(local); err != nil {
		t.Errorf("NewLogin refused a fake on this machine: %v", err)
	}
}

func TestNewConfig(t *testing.T) {
	t.Parallel()
	scopes := []string{ScopeUsersRead, ScopeCompaniesRead}
	cfg := NewConfig("id", "secret", "https://app.example.com/cb", scopes...)
	scopes[0] = "changed"
	if !slices.Equal(cfg.Scopes, []string{"users.read", "companies.read"}) {
		t.Errorf("scopes are %v", cfg.Scopes)
	}
	if cfg.Endpoint != Endpoint || cfg.Endpoint.AuthStyle != oauth2.AuthStyleInParams {
		t.Errorf("the endpoint is %+v", cfg.Endpoint)
	}
	if got := NewConfig("id", "secret", "").Scopes; !slices.Equal(got, []string{ScopeUsersRead, ScopeUsersManage}) {
		t.Errorf("default scopes are %v", got)
	}
}
