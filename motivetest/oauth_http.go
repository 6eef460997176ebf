package motivetest

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// authorize sends the browser back with a code. A request that does not say who asks, or where
// to go back to, gets a response of its own instead: a redirect would carry the code to whoever
// made the request up.
func (f *Fake) authorize(x *exchange) answer {
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
	return answer{status: http.StatusFound, header: http.Header{"Location": {back.String()}}}
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
	return f.oauth.newCode(q.Get("redirect_uri"), challenge, scopes, f.now()), ""
}

// token is the token endpoint: a form, with the client's credentials in it.
func (f *Fake) token(x *exchange) answer {
	form, refused, ok := f.clientForm(x)
	if !ok {
		return refused
	}
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	var g *grant
	var err error
	switch form.Get("grant_type") {
	case "authorization_code":
		g, err = f.oauth.redeem(form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"), f.now())
		if err != nil {
			return f.invalidGrant(x, "the code", err)
		}
	case "refresh_token":
		// Asked for too much, the token is not used up.
		if old := f.oauth.refresh[form.Get("refresh_token")]; old != nil {
			if _, ok := scopesIn(form.Get("scope"), old.grant.scopes); !ok {
				return oauthError(http.StatusBadRequest, "invalid_scope", "the scope exceeds what was granted")
			}
		}
		g, err = f.oauth.rotate(form.Get("refresh_token"))
		if err != nil {
			return f.invalidGrant(x, "the refresh token", err)
		}
	default:
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
	}
	scopes := g.scopes
	if form.Get("grant_type") == "refresh_token" {
		scopes, _ = scopesIn(form.Get("scope"), g.scopes)
	}
	x.commit()
	now := f.now()
	access, refresh := f.oauth.issue(g, scopes, now)
	return oauthAnswer(http.StatusOK, map[string]any{
		"access_token":  access,
		"token_type":    "Bearer",
		"expires_in":    int64((f.oauth.lifetime + time.Second - 1) / time.Second),
		"refresh_token": refresh,
		"scope":         strings.Join(scopes, " "),
		"created_at":    now.Unix(),
	})
}

func (f *Fake) invalidGrant(x *exchange, what string, err error) answer {
	if errors.Is(err, errUsed) {
		x.commit() // the reuse has revoked the grant
	}
	return oauthError(http.StatusBadRequest, "invalid_grant", what+" "+err.Error())
}

// revoke is RFC 7009: also an unknown token is answered 200.
func (f *Fake) revoke(x *exchange) answer {
	form, refused, ok := f.clientForm(x)
	if !ok {
		return refused
	}
	token := form.Get("token")
	f.oauth.mu.Lock()
	defer f.oauth.mu.Unlock()
	if r := f.oauth.refresh[token]; r != nil {
		r.grant.revoked = true
	}
	delete(f.oauth.access, token)
	x.commit()
	return oauthAnswer(http.StatusOK, map[string]any{})
}

// clientForm reads the form and checks the client's credentials in it.
func (f *Fake) clientForm(x *exchange) (form url.Values, refused answer, ok bool) {
	if !isForm(x.r.Header.Get("Content-Type")) {
		return nil, oauthError(http.StatusBadRequest, "invalid_request", "the body must be application/x-www-form-urlencoded"), false
	}
	form, err := url.ParseQuery(string(x.body))
	if err != nil {
		return nil, oauthError(http.StatusBadRequest, "invalid_request", "the form does not parse"), false
	}
	if x.r.Header.Get("Authorization") != "" {
		return nil, oauthError(http.StatusUnauthorized, "invalid_client", "client_id and client_secret belong into the form, not into a header"), false
	}
	if !f.oauth.isClient(form.Get("client_id"), form.Get("client_secret")) {
		return nil, oauthError(http.StatusUnauthorized, "invalid_client", "client_id or client_secret is wrong"), false
	}
	return form, answer{}, true
}

func isForm(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/x-www-form-urlencoded"
}

func oauthError(status int, code, description string) answer {
	return oauthAnswer(status, map[string]any{"error": code, "error_description": description})
}

func oauthAnswer(status int, body map[string]any) answer {
	return answer{
		status: status,
		header: http.Header{"Cache-Control": {"no-store"}},
		body:   encode(body),
	}
}
