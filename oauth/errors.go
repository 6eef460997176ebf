package oauth

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrReconnect is what a [ReconnectError] is, for [errors.Is].
var ErrReconnect = errors.New("the user must connect to Motive again")

// ReconnectError says that no token can be had until the user has logged in
// again: there is no stored token, or the token endpoint has answered
// invalid_grant to its refresh token, which no process that shares the store
// then sends again. Log in with [NewLogin] and store the token with [Save]; a
// running [Source] goes on with it.
type ReconnectError struct {
	// Reason says why, without a secret.
	Reason string
	// Interrupted says which of two things invalid_grant means here. True: an
	// earlier refresh with the same refresh token was begun and its response
	// never saved, because its process died in that moment or the response was
	// lost on the way. That refresh has most likely spent the token, and nobody
	// has ended the login. False: the login was revoked, has expired, or its
	// refresh token was used elsewhere.
	Interrupted bool
}

// Error says what to do and why.
func (e *ReconnectError) Error() string { return ErrReconnect.Error() + ": " + e.Reason }

// Is reports whether target is [ErrReconnect].
func (e *ReconnectError) Is(target error) bool { return target == ErrReconnect }

// TokenError says that the token endpoint could not be reached or gave no
// token. A [Source] does not ask again at once: it waits from one second up to
// one minute, doubling, and as long as RetryAfter asks for up to five minutes.
// Calls in between return the same error, or go on with the old token while
// that is valid.
type TokenError struct {
	// StatusCode is the status of the response; 0 if there was none.
	StatusCode int
	// Code is the response's error code, as in RFC 6749: "invalid_client".
	Code string
	// Message is the response's description, or what went wrong.
	Message string
	// RetryAfter is how long the endpoint asked to wait; 0 if it did not. It is
	// not capped.
	RetryAfter time.Duration

	err error // of the transport or the context
}

// Error reads "token endpoint: 429 slow_down: Too Many Requests, retry after 5s".
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
// endpoint responded.
func (e *TokenError) Unwrap() error { return e.err }

// mayHaveSpent reports whether the refresh token of a failed request may be
// spent: not if the request never left, nor if the server has refused it.
func mayHaveSpent(err error) bool {
	var failed *TokenError
	if !errors.As(err, &failed) {
		return true
	}
	switch status := failed.StatusCode; {
	case status == 0:
		return !neverSent(failed.err)
	case status == http.StatusRequestTimeout || status == 499: // a proxy's: the request may have gone on
		return true
	case status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect:
		return false // they ask for the same request elsewhere
	default:
		return status < 400 || status > 499
	}
}
