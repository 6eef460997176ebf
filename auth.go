package motive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/text"
	"github.com/motive-go/motive/internal/transport"
	"github.com/motive-go/motive/oauth"
)

// The two ways to put a fixed secret on a request.
var (
	bearer = [2]string{"Authorization", "Bearer "}
	apiKey = [2]string{"X-Api-Key", ""}
)

// tokens is the credential that a token source gives.
func tokens(src oauth2.TokenSource) transport.Credential {
	fetch := func(context.Context) (*oauth2.Token, error) { return src.Token() }
	if s, ok := src.(interface {
		TokenContext(context.Context) (*oauth2.Token, error)
	}); ok {
		fetch = s.TokenContext
	}
	var rejected func(string)
	if s, ok := src.(interface{ Invalidate(accessToken string) }); ok {
		rejected = s.Invalidate
	}
	return transport.Tokens(func(ctx context.Context) (string, error) {
		token, err := fetch(ctx)
		switch {
		case err != nil:
			return "", tokenRefusal(err)
		case token == nil || token.AccessToken == "":
			return "", errors.New("the token source returned no access token")
		}
		if err := checkCredential(token.AccessToken); err != nil {
			return "", fmt.Errorf("the access token %w", err)
		}
		if strings.Contains(token.AccessToken, " ") {
			return "", errors.New("the access token has white space in it")
		}
		return token.AccessToken, nil
	}, rejected)
}

// tokenRefusal says what an error of x/oauth2 says, whose own text is the whole
// body of the response.
func tokenRefusal(err error) error {
	var failed *oauth2.RetrieveError
	if !errors.As(err, &failed) || failed.Response == nil {
		return err
	}
	code, message := text.Printable(failed.ErrorCode, 200), text.Printable(failed.ErrorDescription, 200)
	if code == "invalid_grant" {
		return &oauth.ReconnectError{Reason: "the token source's login is no longer accepted (invalid_grant): " +
			cmp.Or(message, "it is expired, revoked or already used")}
	}
	return &oauth.TokenError{
		StatusCode: failed.Response.StatusCode,
		Code:       code,
		Message:    cmp.Or(message, http.StatusText(failed.Response.StatusCode)),
		RetryAfter: backoff.RetryAfter(failed.Response.Header, time.Now()),
	}
}

// checkHeaderValue says what keeps v from being the value of a header. It does
// not quote v, which may be a secret.
func checkHeaderValue(v string) error {
	switch {
	case v == "":
		return errors.New("is empty")
	case v != strings.TrimSpace(v):
		return errors.New("begins or ends with white space: trim it")
	case strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }):
		return errors.New("has a control character or one outside ASCII in it")
	}
	return nil
}

// checkCredential says what keeps v from being a token or a key, without
// quoting it.
func checkCredential(v string) error {
	if err := checkHeaderValue(v); err != nil {
		return err
	}
	scheme, _, found := strings.Cut(v, " ")
	switch {
	case found && strings.EqualFold(strings.TrimSuffix(scheme, ":"), "Bearer"):
		return errors.New(`begins with "Bearer": give what stands behind it, the scheme is added`)
	case strings.Trim(v, "\"'`") != v:
		return errors.New("begins or ends with a quotation mark: leave the quotation marks out")
	}
	return nil
}
