package motive

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/text"
	"github.com/motive-go/motive/internal/transport"
)

// What an error of this package can be, for [errors.Is]. An [APIError] is the
// one that belongs to its status code.
var (
	ErrBadRequest    = errors.New("bad request")          // 400
	ErrUnauthorized  = errors.New("unauthorized")         // 401
	ErrForbidden     = errors.New("forbidden")            // 403
	ErrNotFound      = errors.New("not found")            // 404
	ErrConflict      = errors.New("conflict")             // 409
	ErrUnprocessable = errors.New("unprocessable entity") // 422
	ErrRateLimited   = errors.New("rate limited")         // 429
	ErrServer        = errors.New("server error")         // 500 and above

	// ErrOutcomeUnknown: a write may or may not have happened; see
	// [OutcomeUnknownError].
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrIncompleteList: a list ended before the total that the server
	// announced, or a page repeated.
	ErrIncompleteList = errors.New("incomplete list")
	// ErrTestMode: the API key is in test mode, in which the API checks a write
	// and stores nothing.
	ErrTestMode = errors.New("API key in test mode")
	// ErrUnexpectedResponse: a 2xx that is not what the call promises. The
	// [APIError] around it has the status and the body.
	ErrUnexpectedResponse = errors.New("unexpected response")
)

// sentinels are those of the status codes; that of 500 is the one of all above, too.
var sentinels = map[int]error{
	http.StatusBadRequest:          ErrBadRequest,
	http.StatusUnauthorized:        ErrUnauthorized,
	http.StatusForbidden:           ErrForbidden,
	http.StatusNotFound:            ErrNotFound,
	http.StatusConflict:            ErrConflict,
	http.StatusUnprocessableEntity: ErrUnprocessable,
	http.StatusTooManyRequests:     ErrRateLimited,
	http.StatusInternalServerError: ErrServer,
}

// APIError is a response of the server that is not the success it should be:
// every status outside 2xx, and a 2xx whose body is not what the call promises.
//
// Printed in any form it shows its message only, never Body.
type APIError struct {
	StatusCode int
	// Message is what the server said, from whichever field its body had it in,
	// or the status text where the body says nothing readable.
	Message    string
	Fields     []FieldError  // the problems of single fields, where the body lists them
	RequestID  string        // X-Request-Id of the response
	RetryAfter time.Duration // how long the server asked to wait, not capped; 0 if it did not
	Attempts   int           // how often the request was sent
	Method     string
	Path       string // under the base URL, without the query
	// Body is the start of the response's body, at most 64 KiB. The secrets of
	// the request are redacted in it.
	Body []byte

	err    error               // why a response is not what its status says: ErrTestMode, ErrUnexpectedResponse
	redact func(string) string // of the call; nil in an APIError that somebody else made
}

// Error reads "motive: POST /v1/users: 422 email has already been taken
// (request id abc, 1 attempt)".
func (e *APIError) Error() string {
	said := strings.TrimSpace(fmt.Sprintf("motive: %s %s: %d %s", e.Method, e.Path, e.StatusCode, e.Message))
	if e.RetryAfter > 0 {
		said += ", retry after " + e.RetryAfter.String()
	}
	in := attempts(e.Attempts)
	if e.RequestID != "" {
		in = "request id " + e.RequestID + ", " + in
	}
	return said + " (" + in + ")"
}

// Is reports whether target is the sentinel of e's status code. A web page in place
// of a record is none of them.
func (e *APIError) Is(target error) bool {
	sentinel, ok := sentinels[min(e.StatusCode, http.StatusInternalServerError)]
	return ok && e.err == nil && target == sentinel
}

// Unwrap returns why a 2xx is an error, else nil.
func (e *APIError) Unwrap() error { return e.err }

// Format prints the message under every verb, so that no verb prints Body.
func (e *APIError) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, e.Error()) }

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return strconv.Itoa(n) + " attempts"
}

// FieldError is a problem of one field of a request.
type FieldError struct {
	// Field is the name in JSON, "first_name" or
	// "external_ids_attributes[1].external_id"; "" if it is of no single field.
	Field   string
	Code    string // one of the Code constants, or "" in a response of the server
	Message string // a sentence that says what is wrong and what would be right
}

// Error reads "first_name: is required".
func (e FieldError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// The codes of the problems that pre-flight validation finds.
const (
	CodeModeMismatch        = "mode_mismatch"         // the time tracking mode and the ELD mode do not go together
	CodeExceptionNotAllowed = "exception_not_allowed" // the cycle does not list the exception
	CodeCycleRequired       = "cycle_required"        // an exception is set true and no cycle is chosen
	CodeUnknownCycle        = "unknown_cycle"         // not a cycle of the catalog
	CodeUnknownValue        = "unknown_value"         // not a documented value
	CodeRequired            = "required"              // missing, null or empty
	CodeWrongPlace          = "wrong_place"           // a field that does not go with the role
	CodeDuplicate           = "duplicate"             // the same external id twice
	CodeInvalid             = "invalid"               // malformed or out of range
)

// ValidationError lists every problem that pre-flight validation found in a
// request. Nothing was sent.
type ValidationError struct {
	Problems []FieldError
}

// Error names every problem: "motive: 2 problems: first_name: is required;
// role: is required".
func (e *ValidationError) Error() string {
	said := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		said[i] = p.Error()
	}
	count := ""
	if len(said) != 1 {
		count = fmt.Sprintf("%d problems: ", len(said))
	}
	return "motive: " + count + strings.Join(said, "; ")
}

// Has reports whether a problem of the given field has the given code.
func (e *ValidationError) Has(field, code string) bool {
	return slices.ContainsFunc(e.Problems, func(p FieldError) bool {
		return p.Field == field && p.Code == code
	})
}

// invalid is the error of a single problem.
func invalid(field, code, message string) error {
	return &ValidationError{Problems: []FieldError{{Field: field, Code: code, Message: message}}}
}

// OutcomeUnknownError says that a write was sent and that nothing certain came
// back: it may or may not have happened. Make sure of that before sending it again.
type OutcomeUnknownError struct {
	Method   string
	Path     string // under the base URL, without the query
	Attempts int    // how often the request was sent
	// Err is the cause: an [*APIError] for a response of the server, else the
	// error of the transport or of the context.
	Err error

	took     time.Duration // by the first attempt
	began    time.Time     // when the call did
	happened bool          // the server has said that it was carried out
}

// Error says what was sent, that its outcome is open, and why.
func (e *OutcomeUnknownError) Error() string {
	call := "motive: " + e.Method + " " + e.Path + ": "
	advice := "make sure that it was not carried out before sending it again"
	if transport.Idempotent(e.Method) {
		advice = "it can be sent again"
	}
	text := call + "the outcome is unknown after " + attempts(e.Attempts) + ", " + advice
	if e.Err == nil {
		return text
	}
	return text + ": " + strings.TrimPrefix(e.Err.Error(), call)
}

// Is reports whether target is [ErrOutcomeUnknown].
func (e *OutcomeUnknownError) Is(target error) bool { return target == ErrOutcomeUnknown }

// Unwrap returns the cause.
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// ExternalIDTakenError says that a create was not carried out, since somebody else
// holds its external id. It is an [ErrConflict].
type ExternalIDTakenError struct {
	ExternalID, IntegrationName string
	// Holder is who has it.
	Holder *User
	// Err is the refusal, or why the create was looked up.
	Err error
}

// Error names the external id, its holder and the cause.
func (e *ExternalIDTakenError) Error() string {
	holder := "another user"
	if e.Holder != nil {
		holder = fmt.Sprintf("user %d", e.Holder.ID)
	}
	said := fmt.Sprintf("motive: the external id %s of %s belongs to %s", text.Quote(e.ExternalID), text.Quote(e.IntegrationName), holder)
	if e.Err == nil {
		return said
	}
	return said + ": " + strings.TrimPrefix(e.Err.Error(), "motive: ")
}

// Is reports whether target is [ErrConflict].
func (e *ExternalIDTakenError) Is(target error) bool { return target == ErrConflict }

// Unwrap returns the cause.
func (e *ExternalIDTakenError) Unwrap() error { return e.Err }
