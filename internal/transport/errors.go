package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

var (
	// ErrForeignHost: the request would have gone to another scheme or host than
	// the base URL's, with the credential.
	ErrForeignHost = errors.New("refused to send the credential to another host than the base URL's")
	// ErrCredential: nothing was sent for want of a credential.
	ErrCredential = errors.New("no credential")
	// ErrAttemptTimeout: an attempt took longer than it may.
	ErrAttemptTimeout = errors.New("no full response within the attempt timeout")
	// ErrBodyTooLarge: the body of a success is larger than Config.MaxBody.
	ErrBodyTooLarge = errors.New("the body is larger than the client accepts")
	// ErrNoRoom: the limiter has no room before the deadline. It is a
	// [context.DeadlineExceeded] too.
	ErrNoRoom = fmt.Errorf("the rate limit leaves no room before the deadline: %w", context.DeadlineExceeded)
)

// PauseError says that the server has asked for a pause that a call does not wait
// for: it is longer than Policy.MaxRetryAfter, or than the call has time.
type PauseError struct {
	Refusal Reply         // which began the pause
	Left    time.Duration // of the pause
	// Deadline says that it is the deadline of the context that comes first. The
	// error is a [context.DeadlineExceeded] then.
	Deadline bool
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
