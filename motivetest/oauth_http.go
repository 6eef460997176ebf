package motivetest

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// authorize sends the browser back with a code. A request that does not say who asks, or where
// to go back to, gets a response of its own instead: a redirect would carry the code to whoever
// made the request up.
func (f *Fake) authorize(x *exchange) *answer {
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
	return &answer{status: http.StatusFound, header: http.Header{"Location": {back.String()}}}
}

// grantCode returns a code, or the error of RFC 6749 that goes into the redirect.
func (f *Fake) grantCode(x *exchange) (code, problem string) {
	q := x.query
	if q.Get("response_type") != "code" {
		return "", "unsupported_response_type"
	}
	scopes, ok := scopesIn(q.Get("scope"), f.oauth.offered)
	if !ok {
		return "", "invalid_scope"
	}
	challenge := q.Get("code_challenge")
	if challenge != "" && q.Get("code_challenge_method") != "S256" {
		return "", "invalid_request"
	}
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	x.commit()
	code = "code-" + rand.Text()
	f.oauth.tickets[code] = &ticket{
		kind: "code", grant: &grant{scopes: scopes}, redirectURI: q.Get("redirect_uri"), challenge: challenge,
		expires: f.now().Add(codeLifetime),
	}
	return code, ""
}

// token is the token endpoint: a form, with the client's credentials in it.
func (f *Fake) token(x *exchange) *answer {
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
	return oauthAnswer(http.StatusOK, map[string]any{
		"access_token":  access,
		"token_type":    "Bearer",
		"expires_in":    int64((o.lifetime + time.Second - 1) / time.Second),
		"refresh_token": refresh,
		"scope":         strings.Join(scopes, " "),
		"created_at":    now.Unix(),
	})
}

// revoke is RFC 7009: also an unknown token is answered 200.
func (f *Fake) revoke(x *exchange) *answer {
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
	return oauthAnswer(http.StatusOK, map[string]any{})
}

// clientForm reads the form and checks the client's credentials in it.
func (f *Fake) clientForm(x *exchange) (url.Values, *answer) {
	if mediaType(x.r.Header) != formType {
		return nil, oauthError(http.StatusBadRequest, "invalid_request", "the body must be "+formType)
	}
	form, err := url.ParseQuery(string(x.body))
	switch {
	case err != nil:
		return nil, oauthError(http.StatusBadRequest, "invalid_request", "the form does not parse")
	case x.r.Header.Get("Authorization") != "":
		return nil, oauthError(http.StatusUnauthorized, "invalid_client", "client_id and client_secret belong into the form, not into a header")
	case form.Get("client_id") != f.oauth.clientID || form.Get("client_secret") != f.oauth.secret:
		return nil, oauthError(http.StatusUnauthorized, "invalid_client", "client_id or client_secret is wrong")
	}
	return form, nil
}

func oauthError(status int, code, description string) *answer {
	return oauthAnswer(status, map[string]any{"error": code, "error_description": description})
}

func oauthAnswer(status int, body map[string]any) *answer {
	a := reply(status, body)
	a.header = http.Header{"Cache-Control": {"no-store"}}
	return a
}
