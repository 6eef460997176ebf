package motive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// authorizer says which header authenticates a request.
type authorizer interface {
	// authorize returns the header's name and value, and the secret within it.
	authorize(ctx context.Context) (credentialHeader, error)
	// rejected reports a 401 to the secret, and whether it is worth asking
	// authorize for another.
	rejected(secret string) bool
}

type credentialHeader struct {
	name   string
	values []string
	secret string
}

// namedCredential is a credential under the name of what gave it.
type namedCredential struct {
	name string
	make func(*core) authorizer
}

// The two ways to put a fixed secret on a request.
func bearer(token string) credentialHeader {
	return credentialHeader{"Authorization", []string{"Bearer " + token}, token}
}

func apiKey(key string) credentialHeader { return credentialHeader{"X-Api-Key", []string{key}, key} }

func withHeaderCredential(name string, header func(string) credentialHeader, secret string) Option {
	return func(c *config) {
		if err := checkHeaderValue(secret); err != nil {
			c.problem("%s: the value %w", name, err)
		}
		c.credentials = append(c.credentials, namedCredential{name, func(*core) authorizer {
			return fixedAuth{header(secret)}
		}})
	}
}

// fixedAuth is a secret that never changes.
type fixedAuth struct{ header credentialHeader }

func (a fixedAuth) authorize(context.Context) (credentialHeader, error) { return a.header, nil }
func (a fixedAuth) rejected(string) bool                                { return false }

// tokenProvider is where access tokens come from.
type tokenProvider interface {
	// Token returns a token that is valid now.
	Token(ctx context.Context) (*oauth2.Token, error)
	// Rejected says that the server answered 401 to a token: the next Token
	// returns another, where there is one.
	Rejected(accessToken string)
}

// tokenAuth is a bearer token that is renewed.
type tokenAuth struct{ tokens tokenProvider }

func (a tokenAuth) authorize(ctx context.Context) (credentialHeader, error) {
	token, err := a.tokens.Token(ctx)
	if err != nil {
		return credentialHeader{}, &authError{err}
	}
	if err := checkHeaderValue(token.AccessToken); err != nil {
		return credentialHeader{}, &authError{fmt.Errorf("the access token %w", err)}
	}
	return bearer(token.AccessToken), nil
}

func (a tokenAuth) rejected(secret string) bool {
	a.tokens.Rejected(secret)
	return true
}

// authError says that a request was not sent for want of a credential.
type authError struct{ err error }

func (e *authError) Error() string { return "no access token: " + e.err.Error() }
func (e *authError) Unwrap() error { return e.err }

// guard puts the credential on each request and keeps it at home: a request to
// another scheme or host than the base URL's is refused. After a 401 it asks
// once for another token and sends once more, which is safe for every method,
// since the server has refused to handle the first.
//
// It has no CloseIdleConnections on purpose: retryablehttp would call that after
// each failed call and throw away the warm connections of all the others.
type guard struct {
	scheme, host string
	header       http.Header // of every request
	timeout      time.Duration
	auth         authorizer
	next         http.RoundTripper
}

var errForeignHost = errors.New("refused to send the credential to another host than the base URL's")

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != g.scheme || req.URL.Host != g.host {
		closeBody(req)
		return nil, errForeignHost
	}
	header, err := g.auth.authorize(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := g.send(req, header)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !g.auth.rejected(header.secret) {
		return resp, err
	}
	fresh, err := g.auth.authorize(req.Context())
	if err == nil && fresh.secret == header.secret {
		return resp, nil
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be used again
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	if req.GetBody != nil {
		if req.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return g.send(req, fresh)
}

// send sends a copy of req with all its headers, within the time of one try. The
// time goes on until the body has been read; see trip.endTry.
func (g *guard) send(req *http.Request, credential credentialHeader) (*http.Response, error) {
	t := tripOf(req.Context())
	if t.credential != "" && t.credential != credential.secret {
		t.secrets = append(t.secrets, t.credential) // no longer in use, and still not to be shown
	}
	t.credential = credential.secret
	out := req.WithContext(t.startTry(req.Context(), g.timeout))
	out.Header = make(http.Header, len(g.header)+2)
	maps.Copy(out.Header, g.header)
	if req.Body != nil && req.Body != http.NoBody {
		out.Header["Content-Type"] = jsonContent
	}
	out.Header[credential.name] = credential.values
	start := time.Now()
	resp, err := g.next.RoundTrip(out)
	switch {
	case err != nil:
		err = t.tryError(err)
	case resp == nil:
		err = errors.New("the round tripper returned neither an answer nor an error")
	case resp.Body == nil:
		resp.Body = http.NoBody
	}
	if err == nil {
		dropBadLocation(req, resp)
	}
	t.tried = tryReport{statusOf(resp), err, time.Since(start), true}
	return resp, err
}

// dropBadLocation removes a Location that is no URL, over which http.Client would
// lose the answer and print it.
func dropBadLocation(req *http.Request, resp *http.Response) {
	location := resp.Header.Get("Location")
	if location == "" {
		return
	}
	if _, err := req.URL.Parse(location); err != nil {
		resp.Header.Del("Location")
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
