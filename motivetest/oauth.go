package motivetest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// The scopes that the users API asks for.
const (
	scopeRead   = "users.read"
	scopeManage = "users.manage"
)

var allScopes = []string{scopeRead, scopeManage, "companies.read"}

// Motive's hub, on OAuth 2.0: a code lives ten minutes.
const codeLifetime = 10 * time.Minute

// OAuth says how to reach the fake's OAuth 2.0 provider. Printed it does not show the secret.
//
// The provider grants every authorization request without asking. Credentials are taken from the
// form only. Refresh tokens are single-use and rotate; one that is used again revokes every token
// that came from the same login.
type OAuth struct {
	// ClientID names the provider's one client, which each fake makes at random.
	ClientID string
	// ClientSecret is that client's secret.
	ClientSecret string
	AuthURL      string // sends the browser back with a code
	TokenURL     string // takes codes and refresh tokens
	RevokeURL    string // takes tokens of either kind, as in RFC 7009
}

// Config returns the client's side of it, with credentials sent in the form.
func (o OAuth) Config(redirectURL string, scopes ...string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, RedirectURL: redirectURL, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: o.AuthURL, TokenURL: o.TokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
}

// Format prints the client's id and the URLs under every verb.
func (o OAuth) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "client %s, authorize %s, token %s, revoke %s", o.ClientID, o.AuthURL, o.TokenURL, o.RevokeURL)
}

// OAuth returns the provider's endpoints, which are paths without a socket, and its one client.
func (f *Fake) OAuth() OAuth {
	base := f.origin + f.basePath + "/oauth/"
	return OAuth{
		ClientID: f.oauth.clientID, ClientSecret: f.oauth.secret,
		AuthURL: base + "authorize", TokenURL: base + "token", RevokeURL: base + "revoke",
	}
}

// OAuthStats counts what the provider has done.
type OAuthStats struct {
	Logins    int // codes exchanged
	Refreshes int // refresh tokens exchanged
	Reuses    int // codes and refresh tokens presented a second time
}

// OAuthStats returns the counts so far.
func (f *Fake) OAuthStats() OAuthStats {
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	return f.oauth.stats
}

// IssueToken returns a token pair as a login would, for the given scopes or, without any, for all.
func (f *Fake) IssueToken(scopes ...string) *oauth2.Token {
	if len(scopes) == 0 {
		scopes = allScopes
	}
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	now := f.now()
	access, refresh := f.oauth.issue(&grant{scopes: slices.Clone(scopes)}, scopes, now)
	expiry := now.Add(f.oauth.lifetime)
	return &oauth2.Token{AccessToken: access, TokenType: "Bearer", RefreshToken: refresh, Expiry: expiry}
}

// RevokeTokens revokes every access token issued so far, that of [Fake.AccessToken] included.
// Refresh tokens go on working, so that a client has a reason to refresh.
func (f *Fake) RevokeTokens() {
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	clear(f.oauth.access)
}

// Disconnect revokes everything that was granted, refresh tokens too, as a fleet does when it
// removes the app: every refresh is an invalid_grant.
func (f *Fake) Disconnect() {
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	clear(f.oauth.access)
	for _, t := range f.oauth.tickets {
		t.grant.revoked = true
	}
}

// provider keeps the state of the fake's OAuth provider.
type provider struct {
	mu       sync.Mutex
	clientID string
	secret   string
	fixed    string // the access token that never expires
	lifetime time.Duration
	offered  []string           // the scopes that may be asked for
	tickets  map[string]*ticket // by their values
	access   map[string]accessToken
	stats    OAuthStats
}

// A grant is what one login gave: every token that comes from it falls with it.
type grant struct {
	scopes  []string
	revoked bool
}

// A ticket is a code or a refresh token: what is good for a pair of tokens, once.
type ticket struct {
	kind  string // the parameter in which it comes
	grant *grant
	used  bool

	// Of a code.
	redirectURI string
	challenge   string
	expires     time.Time
}

type accessToken struct {
	grant   *grant
	scopes  []string
	expires time.Time // zero: never
}

func newOAuth() *provider {
	o := &provider{
		clientID: "client-" + rand.Text(),
		secret:   "secret-" + rand.Text(),
		lifetime: time.Hour,
		offered:  slices.Clone(allScopes),
		tickets:  map[string]*ticket{},
	}
	o.fix("access-" + rand.Text())
	return o
}

// fix sets the access token that does not expire, the only one at first.
func (o *provider) fix(token string) {
	o.fixed = cmp.Or(token, o.fixed)
	o.access = map[string]accessToken{o.fixed: {grant: &grant{}, scopes: allScopes}}
}

// scopesOf returns what a token may do, and whether it may do anything.
func (o *provider) scopesOf(token string, now time.Time) ([]string, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t, ok := o.access[token]
	if !ok || t.grant.revoked || !t.expires.IsZero() && !now.Before(t.expires) {
		return nil, false
	}
	return t.scopes, true
}

// issue makes a pair of tokens. The provider is locked, here and below.
func (o *provider) issue(g *grant, scopes []string, now time.Time) (access, refresh string) {
	access, refresh = "access-"+rand.Text(), "refresh-"+rand.Text()
	o.access[access] = accessToken{grant: g, scopes: scopes, expires: now.Add(o.lifetime)}
	o.tickets[refresh] = &ticket{kind: "refresh_token", grant: g}
	return access, refresh
}

const usedBefore = "has been used before"

// punch uses a ticket up; what is wrong with it reads on from its name. One presented again means
// that two parties hold it: everything from the same login is revoked.
func (o *provider) punch(t *ticket, redirectURI, verifier string, now time.Time) (wrong string) {
	switch {
	case t.used:
		o.stats.Reuses++
		t.grant.revoked = true
		return usedBefore
	case !t.expires.IsZero() && !now.Before(t.expires):
		return "has expired"
	case t.grant.revoked:
		return "has been revoked"
	case t.redirectURI != "" && t.redirectURI != redirectURI:
		return "was issued for another redirect_uri"
	case t.challenge != "" && t.challenge != oauth2.S256ChallengeFromVerifier(verifier):
		return "does not go with this code_verifier"
	}
	t.used = true
	return ""
}

// scopesIn reads a scope parameter; false where it asks for more than allowed.
func scopesIn(parameter string, allowed []string) ([]string, bool) {
	asked := strings.Fields(parameter)
	if len(asked) == 0 {
		return allowed, true
	}
	return asked, !slices.ContainsFunc(asked, func(s string) bool { return !slices.Contains(allowed, s) })
}

// authorize sends the browser back with a code. One that does not say who asks, or where to go back
// to, is refused without a redirect, which would carry the code to whoever made the request up.
func (f *Fake) authorize(x *exchange) *response {
	back, err := url.Parse(x.query.Get("redirect_uri"))
	if err != nil || back.Host == "" || back.Scheme != "http" && back.Scheme != "https" {
		return refuse(http.StatusBadRequest, "redirect_uri must be an absolute http or https URL")
	}
	if x.query.Get("client_id") != f.oauth.clientID {
		return refuse(http.StatusBadRequest, "client_id is unknown")
	}
	params := back.Query()
	if state := x.query.Get("state"); state != "" {
		params.Set("state", state)
	}
	if code, problem := f.grantCode(x); problem == "" {
		params.Set("code", code)
	} else {
		params.Set("error", problem)
	}
	back.RawQuery = params.Encode()
	return &response{status: http.StatusFound, header: http.Header{"Location": {back.String()}}}
}

// grantCode returns a code, or the error of RFC 6749 that goes into the redirect.
func (f *Fake) grantCode(x *exchange) (code, problem string) {
	q := x.query
	scopes, ok := scopesIn(q.Get("scope"), f.oauth.offered)
	switch {
	case q.Get("response_type") != "code":
		return "", "unsupported_response_type"
	case !ok:
		return "", "invalid_scope"
	case q.Get("code_challenge") != "" && q.Get("code_challenge_method") != "S256":
		return "", "invalid_request"
	}
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	x.commit()
	code = "code-" + rand.Text()
	f.oauth.tickets[code] = &ticket{
		kind: "code", grant: &grant{scopes: scopes}, expires: f.now().Add(codeLifetime),
		redirectURI: q.Get("redirect_uri"), challenge: q.Get("code_challenge"),
	}
	return code, ""
}

// token is the token endpoint: a form, with the client's credentials in it.
func (f *Fake) token(x *exchange) *response {
	form, refused := f.clientForm(x)
	if refused != nil {
		return refused
	}
	o := f.oauth
	o.mu.Lock()
	defer o.mu.Unlock()
	kind, name, count := "code", "the code", &o.stats.Logins
	switch form.Get("grant_type") {
	case "authorization_code":
	case "refresh_token":
		kind, name, count = "refresh_token", "the refresh token", &o.stats.Refreshes
	default:
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
	}
	t := o.tickets[form.Get(kind)]
	if t == nil || t.kind != kind {
		return oauthError(http.StatusBadRequest, "invalid_grant", name+" is unknown")
	}
	scopes := t.grant.scopes
	if kind == "refresh_token" { // asked for too much, it is not used up
		var ok bool
		if scopes, ok = scopesIn(form.Get("scope"), scopes); !ok {
			return oauthError(http.StatusBadRequest, "invalid_scope", "the scope exceeds what was granted")
		}
	}
	if wrong := o.punch(t, form.Get("redirect_uri"), form.Get("code_verifier"), f.now()); wrong != "" {
		if wrong == usedBefore {
			x.commit() // the reuse has revoked the grant
		}
		return oauthError(http.StatusBadRequest, "invalid_grant", name+" "+wrong)
	}
	*count++
	x.commit()
	now := f.now()
	access, refresh := o.issue(t.grant, scopes, now)
	return oauthResponse(http.StatusOK, map[string]any{
		"access_token":  access,
		"token_type":    "Bearer",
		"expires_in":    int64((o.lifetime + time.Second - 1) / time.Second),
		"refresh_token": refresh,
		"scope":         strings.Join(scopes, " "),
		"created_at":    now.Unix(),
	})
}

// revoke is RFC 7009: also an unknown token is answered 200.
func (f *Fake) revoke(x *exchange) *response {
	form, refused := f.clientForm(x)
	if refused != nil {
		return refused
	}
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	if t := f.oauth.tickets[form.Get("token")]; t != nil && t.kind == "refresh_token" {
		t.grant.revoked = true
	}
	delete(f.oauth.access, form.Get("token"))
	x.commit()
	return oauthResponse(http.StatusOK, map[string]any{})
}

// clientForm reads the form and checks the client's credentials in it.
func (f *Fake) clientForm(x *exchange) (url.Values, *response) {
	if mediaType(x.r.Header) != formType {
		return nil, oauthError(http.StatusBadRequest, "invalid_request", "the body must be "+formType)
	}
	form, err := url.ParseQuery(string(x.entry.body))
	switch {
	case err != nil:
		return nil, oauthError(http.StatusBadRequest, "invalid_request", "the form does not parse")
	case x.r.Header.Get("Authorization") != "":
		return nil, oauthError(http.StatusUnauthorized, "invalid_client",
			"client_id and client_secret belong into the form, not into a header")
	case form.Get("client_id") != f.oauth.clientID || form.Get("client_secret") != f.oauth.secret:
		return nil, oauthError(http.StatusUnauthorized, "invalid_client", "client_id or client_secret is wrong")
	}
	return form, nil
}

func oauthError(status int, code, description string) *response {
	return oauthResponse(status, map[string]any{"error": code, "error_description": description})
}

func oauthResponse(status int, body map[string]any) *response {
	a := reply(status, body)
	a.header = http.Header{"Cache-Control": {"no-store"}}
	return a
}
