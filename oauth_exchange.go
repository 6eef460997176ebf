package motive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

const (
	tokenTimeout   = 30 * time.Second
	maxTokenAnswer = 1 << 20
)

// tokenEndpoint sends single requests to a token endpoint, each once: a code
// and a refresh token are spent by the first request that arrives. net/http
// does not replay them either, since a POST without an Idempotency-Key is not
// replayable.
type tokenEndpoint struct {
	cfg    *oauth2.Config
	client *http.Client
	now    func() time.Time
}

func newTokenEndpoint(cfg *oauth2.Config, client *http.Client, now func() time.Time) *tokenEndpoint {
	own := new(http.Client)
	if client != nil {
		*own = *client
	}
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	own.Transport = tokenTransport{own.Transport}
	// A redirect would carry the secrets to another address.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &tokenEndpoint{ownConfig(cfg), own, now}
}

// refresh spends a refresh token. An answer without another one keeps it.
func (e *tokenEndpoint) refresh(ctx context.Context, refreshToken string) (*oauth2.Token, error) {
	return e.ask(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return e.cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: refreshToken}).Token()
	}, refreshToken)
}

// exchange spends the code of a login.
func (e *tokenEndpoint) exchange(ctx context.Context, code, verifier string) (*oauth2.Token, error) {
	return e.ask(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return e.cfg.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	}, code, verifier)
}

func (e *tokenEndpoint) ask(ctx context.Context, send func(context.Context) (*oauth2.Token, error), secrets ...string) (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	start := e.now()
	token, err := send(context.WithValue(ctx, oauth2.HTTPClient, e.client))
	if err != nil {
		return nil, tokenFailure(err, e.now(), append(secrets, e.cfg.ClientSecret)...)
	}
	// The server's count began after start, so this errs on the safe side. The
	// monotonic clock is dropped: it stands still while a machine sleeps.
	if token.ExpiresIn > 0 {
		token.Expiry = start.Round(0).Add(time.Duration(token.ExpiresIn) * time.Second)
	}
	if !token.Expiry.After(start) {
		token.Expiry = time.Time{} // no lifetime, or none that makes sense: valid until a 401
	}
	return token, nil
}

// tokenTransport takes in the whole answer of a token endpoint, up to a limit,
// and hands on what x/oauth2 can read.
type tokenTransport struct{ next http.RoundTripper }

func (t tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp == nil {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer+1))
	if success := resp.StatusCode >= 200 && resp.StatusCode <= 299; success {
		if err != nil {
			return nil, fmt.Errorf("reading the answer: %w", err)
		}
		if body, err = tokenAnswer(resp, body); err != nil {
			return nil, err
		}
	} // else the status says enough, whatever could be read
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// tokenAnswer makes the body of a success readable for x/oauth2. That refuses
// JSON sent as text/plain and an expires_in that is a fraction, and with the
// answer the new refresh token would be lost.
func tokenAnswer(resp *http.Response, body []byte) ([]byte, error) {
	if len(body) > maxTokenAnswer {
		return nil, &TokenError{StatusCode: resp.StatusCode, Message: "the answer is larger than 1 MiB"}
	}
	if plain, ok := plainTokenJSON(body); ok {
		resp.Header.Set("Content-Type", "application/json")
		return plain, nil
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" || kind == "text/plain" {
		return body, nil
	}
	if kind == "" {
		kind = "of no known type"
	}
	return nil, &TokenError{StatusCode: resp.StatusCode, Message: "the answer is " + tidy(kind, nil) + ", not a token in JSON"}
}

// plainTokenJSON returns a JSON object with its expires_in as a whole number of
// seconds, or without it where it says nothing.
func plainTokenJSON(body []byte) ([]byte, bool) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, false
	}
	seconds, ok := wholeSeconds(string(fields["expires_in"]))
	delete(fields, "expires_in")
	if ok {
		fields["expires_in"] = seconds
	}
	plain, err := json.Marshal(fields)
	return plain, err == nil
}

func wholeSeconds(s string) (json.RawMessage, bool) {
	seconds, err := strconv.ParseFloat(strings.Trim(s, `" `), 64)
	if err != nil && !math.IsInf(seconds, 1) || !(seconds >= 1) {
		return nil, false
	}
	// x/oauth2 keeps 32 bits: 68 years.
	return strconv.AppendInt(nil, int64(min(seconds, math.MaxInt32)), 10), true
}
