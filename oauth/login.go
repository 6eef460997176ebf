package oauth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/redact"
	"github.com/motive-go/motive/internal/text"
	"golang.org/x/oauth2"
)

// ErrAccessDenied says that the user, or Motive, has refused the access that a
// [Login] asked for.
var ErrAccessDenied = errors.New("access was denied")

// Login is one pass through the browser: send the user to URL, and hand the
// query of the request that comes back to Exchange.
//
// It holds a random state, which ties the callback to the browser that was sent
// away, and a PKCE verifier, which ties the code to this program. Both must
// survive until the callback: keep the Login itself, or keep Session in the
// user's session and take it up again with [ResumeLogin].
//
// Whether Motive checks PKCE is not documented; a server that does not, ignores
// it. A code lives ten minutes.
//
// Motive's hub: the pages on OAuth 2.0.
type Login struct {
	cfg             *oauth2.Config
	state, verifier string
}

// NewLogin begins a login with cfg, which is not modified. It does no I/O.
func NewLogin(cfg *oauth2.Config) (*Login, error) {
	return newLogin(cfg, rand.Text(), oauth2.GenerateVerifier())
}

// ResumeLogin returns the login that session came from.
func ResumeLogin(cfg *oauth2.Config, session string) (*Login, error) {
	state, verifier, ok := strings.Cut(session, ".")
	if !ok || state == "" || verifier == "" {
		return nil, errors.New("oauth: login: the session is empty or not one of Login.Session: start the login again")
	}
	return newLogin(cfg, state, verifier)
}

func newLogin(cfg *oauth2.Config, state, verifier string) (*Login, error) {
	if err := checkConfig(cfg); err != nil {
		return nil, fmt.Errorf("oauth: login: %w", err)
	}
	if err := checkEndpointURL("Endpoint.AuthURL", cfg.Endpoint.AuthURL, Endpoint.AuthURL); err != nil {
		return nil, fmt.Errorf("oauth: login: %w", err)
	}
	return &Login{ownConfig(cfg), state, verifier}, nil
}

// URL is where to send the user's browser.
func (l *Login) URL() string {
	return l.cfg.AuthCodeURL(l.state, oauth2.S256ChallengeOption(l.verifier))
}

// Session is a string to keep until the callback, on the server or in a cookie
// that is HttpOnly, Secure and SameSite=Lax. It is a secret of this user's
// browser: whoever has it can complete the login.
func (l *Login) Session() string { return l.state + "." + l.verifier }

// Exchange checks the query of the callback and trades its code for a token;
// keep that with [Save]. The error is [ErrAccessDenied] if the user said no,
// a [*ReconnectError] if the code is too old or was used before, and a
// [*TokenError] if the token endpoint fails. To be sent through an HTTP client
// of your own, put it in ctx under [oauth2.HTTPClient].
func (l *Login) Exchange(ctx context.Context, callback url.Values) (*oauth2.Token, error) {
	code, err := l.code(callback)
	if err != nil {
		return nil, fmt.Errorf("oauth: login: %w", err)
	}
	client, _ := ctx.Value(oauth2.HTTPClient).(*http.Client)
	token, err := newEndpoint(l.cfg, client, time.Now).exchange(ctx, code, l.verifier)
	if err != nil {
		return nil, fmt.Errorf("oauth: login: %w", err)
	}
	return token, nil
}

// code returns the code of a callback that belongs to this login.
func (l *Login) code(callback url.Values) (string, error) {
	state := callback.Get("state")
	switch {
	case state == "":
		return "", errors.New("the callback has no state: it did not come from this login")
	case subtle.ConstantTimeCompare([]byte(state), []byte(l.state)) != 1:
		return "", errors.New("the callback's state is that of another login: start the login again in this browser")
	}
	if problem := callback.Get("error"); problem != "" {
		return "", l.denial(problem, callback.Get("error_description"))
	}
	codes := callback["code"]
	if len(codes) != 1 || codes[0] == "" {
		return "", errors.New("the callback has no code, or more than one: start the login again")
	}
	return codes[0], nil
}

// denial is the error of a callback that brings one.
func (l *Login) denial(problem, description string) error {
	words := problem
	if description != "" {
		words += ": " + description
	}
	words = text.Printable(redact.New(l.state, l.verifier, l.cfg.ClientSecret).String(words), maxMessage)
	if problem == "access_denied" {
		return fmt.Errorf("%w (%s)", ErrAccessDenied, words)
	}
	return errors.New("Motive refused the login: " + words)
}

// Format prints neither state nor verifier, under any verb.
func (l Login) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "oauth.Login{…}") }
