package oauth

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/redact"
	"github.com/motive-go/motive/internal/text"
	"golang.org/x/oauth2"
)

const (
	endpointTimeout = 30 * time.Second
	maxResponse     = 1 << 20
	maxMessage      = 200 // bytes of a server's words in an error
)

// endpoint sends single requests to a token endpoint, each once: a code and a
// refresh token are spent by the first request that arrives. net/http does not
// replay them either, since a POST without an Idempotency-Key is not replayable.
//
// x/oauth2 is not used for it, since that drops a response over a detail, such as
// a refresh_token that is a number, and the login with it.
type endpoint struct {
	cfg    *oauth2.Config
	client *http.Client
	now    func() time.Time
	slot   slot
}

func newEndpoint(cfg *oauth2.Config, client *http.Client, now func() time.Time) *endpoint {
	own := new(http.Client)
	if client != nil {
		*own = *client
	}
	// A redirect would carry the secrets to another address.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &endpoint{cfg: ownConfig(cfg), client: own, now: now}
}

// refresh spends a refresh token. A response without another one keeps it.
func (e *endpoint) refresh(ctx context.Context, refreshToken string) (*oauth2.Token, error) {
	token, err := e.ask(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}, refreshToken)
	if err == nil && token.RefreshToken == "" {
		token.RefreshToken = refreshToken
	}
	return token, err
}

// exchange spends the code of a login.
func (e *endpoint) exchange(ctx context.Context, code, verifier string) (*oauth2.Token, error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}}
	if e.cfg.RedirectURL != "" {
		form.Set("redirect_uri", e.cfg.RedirectURL)
	}
	return e.ask(ctx, form, code, verifier)
}

// ask returns a token, a [*TokenError] or a [*ReconnectError].
func (e *endpoint) ask(ctx context.Context, form url.Values, secrets ...string) (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	hidden := redact.New(secrets...).With(e.cfg.ClientSecret).With(basic(e.cfg.ClientID, e.cfg.ClientSecret)...)
	start := e.now()
	got, err := run(ctx, &e.slot, func(ctx context.Context) (*response, error) { return e.send(ctx, form) }, nil)
	if err != nil {
		return nil, noResponse(err, hidden)
	}
	token, err := got.token()
	if err != nil {
		return nil, refusal(got, err, e.now(), hidden)
	}
	token.Expiry = expiry(start, e.now(), got.lifetime())
	return token, nil
}

// basic returns what HTTP's basic authentication makes of an id and a secret,
// as it stands and with both form-encoded, which OAuth 2.0 asks for. The
// padding is left off, so that it is found with and without.
func basic(id, secret string) []string {
	encode := base64.RawStdEncoding.EncodeToString
	return []string{
		encode([]byte(id + ":" + secret)),
		encode([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret))),
	}
}

// expiry of a token that was asked for at start and came at end. The server's
// count began after start, so that counting from there errs on the safe side. A
// token that would be dead on arrival is counted from then: it lives for a moment
// at least, and a 401 says otherwise. Without a lifetime it is good until a 401.
func expiry(start, end time.Time, lifetime time.Duration) time.Time {
	if lifetime <= 0 {
		return time.Time{}
	}
	// The monotonic clock is dropped: it stands still while a machine sleeps.
	if at := start.Round(0).Add(lifetime); at.After(end) {
		return at
	}
	return end.Round(0).Add(lifetime)
}

// send sends the form once and takes in the response, up to a limit.
func (e *endpoint) send(ctx context.Context, form url.Values) (*response, error) {
	if e.cfg.Endpoint.AuthStyle == oauth2.AuthStyleInParams {
		form.Set("client_id", e.cfg.ClientID)
		if e.cfg.ClientSecret != "" {
			form.Set("client_secret", e.cfg.ClientSecret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.cfg.Endpoint.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if e.cfg.Endpoint.AuthStyle == oauth2.AuthStyleInHeader {
		// Form-encoded first, as RFC 6749 section 2.3.1 has it.
		req.SetBasicAuth(url.QueryEscape(e.cfg.ClientID), url.QueryEscape(e.cfg.ClientSecret))
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	return &response{status: resp.StatusCode, header: resp.Header, body: body, broken: err}, nil
}

// noResponse is the error of a request that got no response.
func noResponse(err error, hidden *redact.Set) error {
	var sending *url.Error
	if errors.As(err, &sending) {
		err = sending.Err // the rest is the address
	}
	message := text.Printable(hidden.String(err.Error()), maxMessage)
	return &TokenError{Message: "no response: " + message, err: hidden.Error(err)}
}

// refusal is the error of a response that has no token, for the reason err.
func refusal(r *response, err error, now time.Time, hidden *redact.Set) error {
	words := r.words()
	code := text.Printable(hidden.String(words.code), maxMessage)
	message := text.Printable(hidden.String(words.message), maxMessage)
	// A server that fails says nothing about the login, whatever its code.
	if code == "invalid_grant" && r.status < 500 {
		return &ReconnectError{Reason: "Motive no longer accepts the login (invalid_grant): " +
			cmp.Or(message, "it is expired, revoked or already used")}
	}
	if message == "" && r.success() && code == "" {
		message = text.Printable(hidden.String(err.Error()), maxMessage)
	}
	return &TokenError{
		StatusCode: r.status,
		Code:       code,
		Message:    cmp.Or(message, http.StatusText(r.status), "no token"),
		RetryAfter: backoff.RetryAfter(r.header, now),
		err:        hidden.Error(r.broken),
	}
}

// neverSent reports whether a request provably did not leave.
func neverSent(err error) bool {
	var (
		dialing     *net.OpError
		certificate *tls.CertificateVerificationError
		sure        interface{ NeverSent() bool }
	)
	switch {
	case errors.Is(err, errStuck):
		return true
	case errors.As(err, &sure):
		return sure.NeverSent()
	case errors.As(err, &dialing) && dialing.Op == "dial":
		return true
	}
	return errors.As(err, &certificate)
}
