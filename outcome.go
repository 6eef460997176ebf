package motive

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/errorbody"
	"github.com/motive-go/motive/internal/text"
	"github.com/motive-go/motive/internal/transport"
)

// This file is the one place where the facts of a call become a verdict. A call
// has succeeded when the response shows what was asked for, and was refused when
// the server looked at this request and nothing of ours can have been the reason.
// All else is unexpected, and of a write unknown.

// proof is what a response proves about a write.
type proof int

const (
	open    proof = iota // it may or may not have been carried out
	refused              // it was not carried out
	done                 // it was carried out
)

// byStatus says what the status of a response proves about a write; the first row
// that fits counts. README shows it, and a test holds the two together.
var byStatus = [...]struct {
	from, to int
	proves   proof
	why      string
}{
	{0, 99, open, "the response never came"},
	{100, 199, open, "an interim response that is the last one ends the exchange before its result"},
	{200, 299, done, "the server says so, however broken the body is"},
	{307, 308, refused, "the same request is asked for elsewhere, and the credential stays here"},
	{300, 399, open, "a proxy may send on to a page of its own, or a cache answer, after the server has stored"},
	{408, 408, open, "the server or a proxy gave up waiting, perhaps for itself"},
	{499, 499, open, "a proxy says that the client has left, and the server may go on"},
	{400, 499, refused, "the server looked at the request and turned it down"},
	{501, 501, refused, "the server does not know the method"},
	{505, 505, refused, "the server does not speak this version of HTTP"},
	{500, 999, open, "a server or a proxy failed somewhere on the way"},
}

func proofOf(status int) proof {
	for _, row := range byStatus {
		if status >= row.from && status <= row.to {
			return row.proves
		}
	}
	return open
}

// maybeBefore reports whether an attempt that did not end in the response of the call
// may have been carried out.
func maybeBefore(resp *transport.Response) bool {
	return slices.ContainsFunc(resp.Earlier, func(a transport.Attempt) bool {
		return !a.NeverSent && (a.Err != nil || proofOf(a.Status) == open)
	})
}

// classify turns what happened to a call into its result or its error. decode reads a
// success, and its error says why the body does not show one. testable says that the
// credential may be in test mode.
func classify[T any](r transport.Request, testable bool, resp *transport.Response, err error, decode func(body []byte) (T, error)) (T, error) {
	proof := proofOf(resp.Status)
	if isNotOfAPI(resp) {
		proof = open
	}
	if err == nil && proof == done {
		return accept(r, testable, resp, decode)
	}
	var none T
	maybe := maybeBefore(resp) || err == nil && proof == open
	switch {
	case err != nil:
		err = failure(r, resp, err)
	case maybe && proof == refused && r.Method == http.MethodDelete && resp.Status == http.StatusNotFound:
		return none, nil // an earlier attempt has deleted it
	default:
		err = refusal(r, resp)
	}
	if maybe && !transport.Safe(r.Method) {
		err = unknown(r, resp, err)
	}
	return none, err
}

// accept is the result of a 2xx whose body shows it, else an error. Nothing has to be
// shown of what has no body by its status: such a call succeeds where it has no result.
func accept[T any](r transport.Request, testable bool, resp *transport.Response, decode func(body []byte) (T, error)) (result T, _ error) {
	_, nothing := any(result).(struct{})
	if nothing && (r.Method == http.MethodHead || resp.Status == http.StatusNoContent || resp.Status == http.StatusResetContent) {
		return result, nil
	}
	read := transport.Safe(r.Method)
	result, bad := decode(resp.Body)
	if bad == nil && !read && bytes.Contains(resp.Body, []byte(`"success"`)) { // as nearly none has
		if success, said, _ := errorbody.Success(resp.Body); said && !success {
			bad = errDenied
		}
	}
	if bad == nil {
		return result, nil
	}
	var none T
	err := unexpected(r, resp, bad)
	if start := resp.Body[:min(len(resp.Body), 4096)]; testable && !read && bytes.Contains(bytes.ToLower(start), []byte("test mode")) {
		err.err = ErrTestMode // an access token has no test mode
		err.Message = "nothing was stored: so answers an API key in test mode, which checks a request and no more"
		return none, err
	}
	if read {
		return none, err
	}
	return none, unknown(r, resp, err)
}

// unknown is the error of a write that may have been carried out.
func unknown(r transport.Request, resp *transport.Response, err error) error {
	return &OutcomeUnknownError{
		Method: r.Method, Path: r.Path, Attempts: resp.Attempts, Err: err,
		took: resp.FirstTook, began: resp.Began, happened: proofOf(resp.Status) == done,
	}
}

// Why a 2xx is no success, whatever the call.
var (
	errDenied = errors.New("the response says that it is no success")
	errPage   = errors.New("a web page came rather than a record or an error of the API: is the base URL right?")
)

// unexpected is the error of a success whose body is not what the call promises:
// what is wrong, and what the server says.
func unexpected(r transport.Request, resp *transport.Response, why error) *APIError {
	e := apiError(r, resp)
	e.err = ErrUnexpectedResponse
	wrong := e.redact(fmt.Sprint(why)) // before it is cut
	if said, _ := errorbody.Read(e.Body, resp.Header, e.redact); said != "" && said != wrong {
		wrong += "; it says: " + said
	}
	e.Message = text.Printable(wrong, errorbody.MaxMessage)
	return e
}

// refusal is the error of a response that is no success.
func refusal(r transport.Request, resp *transport.Response) *APIError {
	e := apiError(r, resp)
	if isNotOfAPI(resp) {
		e.err = ErrUnexpectedResponse
		e.Message = errPage.Error()
		return e
	}
	said, problems := errorbody.Read(e.Body, resp.Header, e.redact)
	for _, p := range problems {
		e.Fields = append(e.Fields, FieldError(p))
	}
	if said == "" {
		said = text.Printable(e.redact(statusMessage(resp)), errorbody.MaxMessage)
	}
	e.Message = said
	return e
}

// failure is the error of a call that got no response, or none that could be read.
func failure(r transport.Request, resp *transport.Response, err error) error {
	var pause *transport.PauseError
	switch {
	case errors.Is(err, transport.ErrBodyTooLarge):
		return unexpected(r, resp, err)
	case errors.As(err, &pause) && !pause.Deadline:
		held := *resp // for its secrets
		held.Reply = pause.Refusal
		e := refusal(r, &held)
		e.RetryAfter = pause.Left
		return e
	case errors.As(err, &pause):
		err = fmt.Errorf("%w: %w", ErrRateLimited, err)
	}
	return fmt.Errorf("motive: %s %s: %w (%s)", r.Method, r.Path, err, attempts(resp.Attempts))
}

// apiError makes an APIError of a response, without a message.
func apiError(r transport.Request, resp *transport.Response) *APIError {
	secrets := resp.Redact()
	body := resp.Body
	if resp.Truncated || len(body) > maxErrorBody {
		body = secrets.Truncated(body[:min(len(body), maxErrorBody)])
	} else {
		body = secrets.Bytes(body)
	}
	return &APIError{
		StatusCode: resp.Status,
		RequestID:  text.Printable(secrets.String(resp.Header.Get("X-Request-Id")), maxRequestID),
		RetryAfter: backoff.RetryAfter(resp.Header, time.Now()),
		Attempts:   resp.Attempts,
		Method:     r.Method,
		Path:       r.Path,
		Body:       bytes.Clone(body),
		redact:     secrets.String,
	}
}

const maxErrorBody = 64 << 10 // of a body, that an error keeps

// isNotOfAPI reports whether a 404 is an HTML page, which comes from a proxy or a wrong
// base URL and proves nothing about the record.
func isNotOfAPI(resp *transport.Response) bool {
	return resp.Status == http.StatusNotFound &&
		(strings.Contains(strings.ToLower(resp.Header.Get("Content-Type")), "html") ||
			bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte{'<'}))
}

// statusMessage says what a status means where the body does not.
func statusMessage(resp *transport.Response) string {
	if resp.Status >= 300 && resp.Status <= 399 && resp.Status != http.StatusNotModified {
		if target, err := url.Parse(resp.Header.Get("Location")); err == nil && target.Host != "" {
			return "redirect to " + target.Host + ", which is not followed: the credential stays with the base URL's host"
		}
		return "redirect, which is not followed"
	}
	if resp.Status >= 500 && http.StatusText(resp.Status) == "" {
		return ErrServer.Error()
	}
	return strings.ToLower(http.StatusText(resp.Status))
}

// expected is what a user in a response must show to be the one that was asked for.
// What is zero is not asked for; a field that the response does not show proves
// nothing either way.
type expected struct {
	id                         int64
	status                     Status
	email, username, companyID string
	firstName, lastName        string
	pair                       ExternalID // one that the user holds
}

// check says what in u is not as expected, as one line. It does not quote what a
// person is called.
func (e expected) check(u *User) error {
	if e.id != 0 && u.ID != e.id {
		return fmt.Errorf("the response shows user %d rather than %d", u.ID, e.id)
	}
	if e.status != "" && u.Status != "" && u.Status != e.status {
		return fmt.Errorf(`the response shows the status "%s" rather than "%s"`, u.Status, e.status) // unexpected cuts it
	}
	for _, f := range [...]struct{ name, want, got string }{
		{"email", e.email, u.Email}, {"username", e.username, u.Username}, {"driver_company_id", e.companyID, u.DriverCompanyID},
		{"first_name", e.firstName, u.FirstName}, {"last_name", e.lastName, u.LastName},
	} {
		if differ(f.want, f.got) {
			return fmt.Errorf("the response shows a user with another %s", f.name)
		}
	}
	if e.pair.ExternalID != "" && u.ExternalIDs != nil && !holds(u, e.pair) { // an empty list is shown, too
		return errors.New("the response shows a user without the external id")
	}
	return nil
}

// differ reports whether a value that was asked for and one that is shown are
// two, with case and space folded: servers fold keys as well.
func differ(want, got string) bool {
	fold := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	return want != "" && got != "" && !strings.EqualFold(want, got) && !strings.EqualFold(fold(want), fold(got))
}

// addedIDs lists the external ids that a request would add. A pair of an external
// id and an integration is unique across a fleet, which makes a create repeatable.
func addedIDs(a *UserAttributes) (added []ExternalID) {
	for _, id := range a.ExternalIDsAttributes.value {
		if id.ID == 0 && id.ExternalID != "" && id.IntegrationName != "" {
			added = append(added, id)
		}
	}
	return added
}

// holds reports whether a user shows an external id, whichever record it is.
func holds(u *User, want ExternalID) bool {
	return slices.ContainsFunc(u.ExternalIDs, func(id ExternalID) bool {
		return !differ(want.ExternalID, id.ExternalID) && !differ(want.IntegrationName, id.IntegrationName)
	})
}

// isOurs reports whether a user who holds the external id of a create is the one
// whom it made: nothing about them says otherwise. shown is the response that they
// stand in, and began is when the create did.
func isOurs(req *CreateUserRequest, u *User, shown *Response, began time.Time) bool {
	want := expected{
		email: req.Email.value, username: req.Username.value,
		firstName: req.FirstName.value, lastName: req.LastName.value,
	}
	otherRole := differ(string(administrator(req.Role.value)), string(administrator(u.Role)))
	deactivated := u.Status == StatusDeactivated && req.Status != Set(StatusDeactivated)
	return want.check(u) == nil && !otherRole && !deactivated && !older(u, shown, began)
}

// older reports whether a user was created before began, by the server's own clock,
// where the response shows that. A Date is whole seconds.
func older(u *User, shown *Response, began time.Time) bool {
	date, err := http.ParseTime(shown.Header.Get("Date"))
	if err != nil || u.CreatedAt.IsZero() || began.IsZero() {
		return false
	}
	const uncertainty = 2 * time.Second
	return u.CreatedAt.Before(date.Add(-time.Since(began)).Add(-uncertainty))
}

// mayPass reports whether a lookup that failed may say something else in a while.
func mayPass(err error) bool {
	var api *APIError
	return !errors.As(err, &api) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrServer)
}

// provesNothingStored reports whether a refusal of a create that was sent twice is
// one of the first as well: the server looked at it and turned it down for fields
// that no other user can be the reason for.
func provesNothingStored(err error, refused *APIError) bool {
	mayBeOfAnother := func(f FieldError) bool { return f.Field == "" || isUnique(f.Field) }
	return !errors.Is(err, ErrOutcomeUnknown) &&
		len(refused.Fields) > 0 && !slices.ContainsFunc(refused.Fields, mayBeOfAnother)
}

// lookedAt reports whether a server turned a request down for what is in it.
func lookedAt(e *APIError) bool {
	return e.StatusCode == http.StatusBadRequest || e.StatusCode == http.StatusConflict || e.StatusCode == http.StatusUnprocessableEntity
}

// isUnique reports whether another user can be the reason why a field is refused.
func isUnique(field string) bool {
	unique := []string{"external_id", "email", "username", "driver_company_id", "phone", "base", "integration_name", "user"}
	return slices.ContainsFunc(unique, func(name string) bool { return strings.HasPrefix(field, name) })
}
