package motive

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"
)

// ErrReconnect is what a [ReconnectError] is, for [errors.Is].
var ErrReconnect = errors.New("the user must connect to Motive again")

// ReconnectError says that no token can be had until the user has logged in
// again: there is no stored token, or the token endpoint has answered
// invalid_grant to its refresh token, which is then not sent again. Log in with
// [NewLogin] and store the token with [SaveToken]; a running client goes on
// with it.
type ReconnectError struct {
	// Reason says why, without a secret.
	Reason string
}

// Error says what to do and why.
func (e *ReconnectError) Error() string { return ErrReconnect.Error() + ": " + e.Reason }

// Is reports whether target is [ErrReconnect].
func (e *ReconnectError) Is(target error) bool { return target == ErrReconnect }

// TokenError says that the token endpoint could not be reached or gave no
// token. The client does not ask again at once: it waits from one second up to
// one minute, doubling, and as long as RetryAfter asks for up to five minutes.
// Calls in between return the same error, or go on with the old token while
// that is valid.
type TokenError struct {
	// StatusCode is the status of the answer; 0 if there was none.
	StatusCode int
	// Code is the answer's error code, as in RFC 6749: "invalid_client".
	Code string
	// Message is the answer's description, or what went wrong.
	Message string
	// RetryAfter is how long the endpoint asked to wait; 0 if it did not. It is
	// not capped.
	RetryAfter time.Duration

	err error // of the transport or the context
}

// Error reads "token endpoint: 429 slow down, retry after 5s".
func (e *TokenError) Error() string {
	var b strings.Builder
	b.WriteString("token endpoint: ")
	if e.StatusCode != 0 {
		b.WriteString(strconv.Itoa(e.StatusCode) + " ")
	}
	if e.Code != "" {
		b.WriteString(e.Code + ": ")
	}
	b.WriteString(e.Message)
	if e.RetryAfter > 0 {
		b.WriteString(", retry after " + e.RetryAfter.String())
	}
	return b.String()
}

// Unwrap returns the error of the transport or the context; nil where the
// endpoint answered.
func (e *TokenError) Unwrap() error { return e.err }

// tokenFailure translates what x/oauth2 says of a failed request into a
// TokenError or a ReconnectError. It keeps no error of x/oauth2, since those
// print whole bodies.
func tokenFailure(err error, now time.Time, secrets ...string) error {
	var (
		own     *TokenError
		refused *oauth2.RetrieveError
		sending *url.Error
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused) && refused.Response != nil:
		return tokenRefusal(refused, now, secrets)
	case errors.As(err, &sending):
		return &TokenError{Message: "no answer: " + tidy(sending.Err.Error(), secrets), err: sending.Err}
	}
	return &TokenError{Message: "the answer has no access token in it"}
}

func tokenRefusal(r *oauth2.RetrieveError, now time.Time, secrets []string) error {
	code, message := tidy(r.ErrorCode, secrets), tidy(r.ErrorDescription, secrets)
	if code == "invalid_grant" {
		if message == "" {
			message = "it is expired, revoked or already used"
		}
		return &ReconnectError{Reason: "Motive no longer accepts the login (invalid_grant): " + message}
	}
	if message == "" {
		message = http.StatusText(r.Response.StatusCode)
	}
	return &TokenError{
		StatusCode: r.Response.StatusCode,
		Code:       code,
		Message:    message,
		RetryAfter: parseRetryAfter(r.Response.Header, now),
	}
}

// tidy makes text from outside fit for an error: without the secrets that it
// may repeat, without control characters, and short.
func tidy(s string, secrets []string) string {
	const longest = 200
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "[secret]")
		}
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest]) + "…"
	}
	return strings.TrimSpace(s)
}
