package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var (
	// ErrForeignHost: the credential would have gone elsewhere than to the base URL.
	ErrForeignHost = errors.New("refused to send the credential to another host than the base URL's")
	// ErrCredential: nothing was sent for want of a credential.
	ErrCredential = errors.New("no credential")
	// ErrAttemptTimeout: an attempt took longer than it may.
	ErrAttemptTimeout = errors.New("no full response within the attempt timeout")
	// ErrBodyTooLarge: the body of a success is larger than Config.MaxBody.
	ErrBodyTooLarge = errors.New("the body is larger than the client accepts")
	// ErrNoRoom: the limiter has no room before the deadline.
	ErrNoRoom         = fmt.Errorf("the rate limit leaves no room before the deadline: %w", context.DeadlineExceeded)
	errSlowCredential = errors.New("it took longer than the attempt timeout")
)

// PauseError says that the server has asked for a pause that a call does not wait
// for: it is longer than Policy.MaxRetryAfter, or than the call has time.
type PauseError struct {
	Refusal  Reply         // which began the pause
	Left     time.Duration // of the pause
	Deadline bool          // of the context comes first: a [context.DeadlineExceeded]
}

func (e *PauseError) Error() string {
	text := "the server asked to wait " + e.Left.Round(time.Millisecond).String() + " more"
	if e.Deadline {
		text += ", past the deadline: " + context.DeadlineExceeded.Error()
	}
	return text
}

// Unwrap returns [context.DeadlineExceeded] if that is what the pause would exceed.
func (e *PauseError) Unwrap() error {
	if e.Deadline {
		return context.DeadlineExceeded
	}
	return nil
}

// ProxyError says that a proxy refused to connect to the server, which has seen
// nothing of the request.
type ProxyError struct{ Status int }

func (e *ProxyError) Error() string {
	return "the proxy refused to connect: " + strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
}

// NeverSent reports that nothing reached the server.
func (e *ProxyError) NeverSent() bool { return true }

// neverSent reports whether err proves that no byte of the request left: there was no
// address, no connection or no trust in the other end. What httptrace saw goes first:
// a round tripper may have sent by one connection and failed to get another.
func neverSent(err error, dialled, connected bool) bool {
	if connected {
		return false
	}
	var own interface{ NeverSent() bool }
	if errors.As(err, &own) {
		return own.NeverSent()
	}
	var op *net.OpError
	var dns *net.DNSError
	return dialled || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") ||
		errors.As(err, &dns) || ourRefusal(err)
}

// permanent reports whether err will be the same next time, by its own word or ours.
func permanent(err error) bool {
	var own interface{ Permanent() bool }
	return errors.As(err, &own) && own.Permanent() || errors.Is(err, ErrBodyTooLarge) || ourRefusal(err)
}

// ourRefusal reports whether err is this side's own decision not to send: to a
// server that it has no trust in, or with httpmock without a responder.
func ourRefusal(err error) bool {
	var cert *tls.CertificateVerificationError
	return errors.As(err, &cert) || errors.Is(err, http.ErrSchemeMismatch) ||
		strings.Contains(err.Error(), "no responder found")
}

// stripURL takes off the wrapper of net/http, which shows the URL and its query.
func stripURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
