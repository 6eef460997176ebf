package motive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	{301, 303, open, "a proxy may send on to a page of its own after the server has stored"},
	{300, 399, refused, "307 and 308 ask for the same request elsewhere, and the credential stays here"},
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

// before says what the attempts prove that did not end in the response of the call:
// whether one may have been carried out, and whether one was.
func before(resp *transport.Response) (maybe, surely bool) {
	for _, attempt := range resp.Earlier {
		maybe = maybe || !attempt.NeverSent && (attempt.Err != nil || proofOf(attempt.Status) == open)
		surely = surely || proofOf(attempt.Status) == done
	}
	return maybe, surely
}

// judge turns what happened to a call into its result or its error. decode reads a
// success, and its error says why the body does not show one.
func judge[T any](c *core, r request, resp *transport.Response, err error, decode func(body []byte) (T, error)) (T, error) {
	var none T
	write := r.method != http.MethodGet
	proof := proofOf(resp.Status)
	if isNotOfAPI(resp) {
		proof = open
	}
	maybe, surely := before(resp)
	switch {
	case err != nil:
		maybe = maybe || proof == done
		err = failure(r, resp, err)
	case r.method == http.MethodDelete && resp.Status == http.StatusNoContent:
		return none, nil // which has no body to show it with
	case proof == done:
		v, bad := decode(resp.Body)
		if bad == nil {
			return v, nil
		}
		e := unexpected(r, resp, bad)
		if start := resp.Body[:min(len(resp.Body), 4096)]; write && c.apiKey && bytes.Contains(bytes.ToLower(start), []byte("test mode")) {
			e.err = ErrTestMode // an access token has no test mode
			e.Message = "nothing was stored: so answers an API key in test mode, which checks a request and no more"
			return none, e
		}
		err, maybe = e, true
	case maybe && r.method == http.MethodDelete && resp.Status == http.StatusNotFound && proof == refused:
		return none, nil // an earlier attempt has deleted it
	default:
		maybe = maybe || proof == open
		err = refusal(r, resp)
	}
	if write && maybe {
		return none, &OutcomeUnknownError{Method: r.method, Path: r.path, Attempts: resp.Attempts, Err: err,
			took: resp.FirstTook, began: resp.Began, happened: surely || proof == done}
	}
	return none, err
}

// unexpected is the error of a success whose body is not what the call promises:
// what is wrong, and what the server says.
func unexpected(r request, resp *transport.Response, why error) *APIError {
	e := apiError(r, resp)
	e.err = ErrUnexpectedResponse
	said, _ := e.words(resp.Header)
	if e.Message = fmt.Sprint(why); said != "" && said != e.Message {
		e.Message += "; it says: " + said
	}
	return e
}

// refusal is the error of a response that is no success.
func refusal(r request, resp *transport.Response) *APIError {
	e := apiError(r, resp)
	if isNotOfAPI(resp) {
		e.err = ErrUnexpectedResponse
		e.Message = "a web page came rather than a record or an error of the API: is the base URL right?"
		return e
	}
	e.Message, e.Fields = e.words(resp.Header)
	if e.Message == "" {
		e.Message = e.redact(statusMessage(resp))
	}
	return e
}

// failure is the error of a call that got no response, or none that could be read.
func failure(r request, resp *transport.Response, err error) error {
	var pause *transport.PauseError
	switch {
	case errors.Is(err, transport.ErrBodyTooLarge):
		return unexpected(r, resp, err)
	case errors.As(err, &pause) && !pause.Deadline:
		held := *resp // for its secrets
		held.Status, held.Header, held.Body = pause.Refusal.Status, pause.Refusal.Header, pause.Refusal.Body
		e := refusal(r, &held)
		e.RetryAfter = pause.Left
		return e
	case errors.As(err, &pause):
		err = fmt.Errorf("%w: %w", ErrRateLimited, err)
	}
	if n := len(resp.Earlier); n > 0 {
		last := resp.Earlier[n-1]
		switch {
		case last.Err == nil:
			err = fmt.Errorf("%w; the last attempt failed with %d", err, last.Status)
		case !errors.Is(err, last.Err):
			err = fmt.Errorf("%w; the last attempt failed with %v", err, last.Err)
		}
	}
	return fmt.Errorf("motive: %s %s: %w (%s)", r.method, r.path, err, attempts(resp.Attempts))
}

// apiError makes an APIError of a response, without a message.
func apiError(r request, resp *transport.Response) *APIError {
	secrets := resp.Redact()
	body := resp.Body
	if len(body) >= maxErrorBody {
		body = secrets.Truncated(body[:maxErrorBody])
	} else {
		body = secrets.Bytes(body)
	}
	return &APIError{
		StatusCode: resp.Status,
		RequestID:  text.Printable(secrets.String(resp.Header.Get("X-Request-Id")), maxRequestID),
		RetryAfter: backoff.RetryAfter(resp.Header, time.Now()),
		Attempts:   resp.Attempts,
		Method:     r.method,
		Path:       r.path,
		Body:       bytes.Clone(body),
		redact:     secrets.String,
	}
}

const (
	maxErrorBody = 64 << 10 // of a body, that an error keeps
	maxRequestID = 128
)

// words is what a response says of its error. What it had in an escaped form of its
// own is redacted once it has been read.
func (e *APIError) words(h http.Header) (message string, fields []FieldError) {
	message, problems := errorbody.Read(e.Body, h)
	for _, p := range problems {
		fields = append(fields, FieldError{Field: e.redact(p.Field), Code: e.redact(p.Code), Message: e.redact(p.Message)})
	}
	return e.redact(message), fields
}

// isNotOfAPI reports whether a response is a web page in place of a 404: the API has
// not said it, and something in front of it may have taken its place at any time.
func isNotOfAPI(resp *transport.Response) bool {
	return resp.Status == http.StatusNotFound &&
		(strings.Contains(strings.ToLower(resp.Header.Get("Content-Type")), "html") ||
			bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte{'<'}))
}

// statusMessage says what a status means where the body does not.
func statusMessage(resp *transport.Response) string {
	if resp.Status >= 300 && resp.Status <= 399 && resp.Status != http.StatusNotModified {
		if target, err := url.Parse(resp.Header.Get("Location")); err == nil && target.Host != "" {
			return "redirect to " + text.Printable(target.Host, 128) + ", which is not followed: the credential stays with the base URL's host"
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
	pair                       externalPair // one that the user holds
}

// check says what in u is not as expected, as one line. It does not quote what a
// person is called.
func (e expected) check(u *User) error {
	if e.id != 0 && u.ID != e.id {
		return fmt.Errorf("the response shows user %d rather than %d", u.ID, e.id)
	}
	if e.status != "" && u.Status != "" && u.Status != e.status {
		return fmt.Errorf("the response shows the status %s rather than %s", text.Quote(string(u.Status)), text.Quote(string(e.status)))
	}
	for _, f := range [...]struct{ name, want, got string }{
		{"email", e.email, u.Email}, {"username", e.username, u.Username}, {"driver_company_id", e.companyID, u.DriverCompanyID},
	} {
		if differ(f.want, f.got) {
			return fmt.Errorf("the response shows a user with another %s", f.name)
		}
	}
	if e.pair.id != "" && u.ExternalIDs != nil && !e.pair.heldBy(u) { // an empty list is shown, too
		return errors.New("the response shows a user without the external id")
	}
	return nil
}

// differ reports whether a value that was asked for and one that is shown are
// two, with case and space folded: servers fold keys as well.
func differ(want, got string) bool {
	if want == "" || got == "" || strings.EqualFold(want, got) {
		return false
	}
	return !strings.EqualFold(strings.Join(strings.Fields(want), " "), strings.Join(strings.Fields(got), " "))
}

// contradiction is the field in which a user is not the one whom req describes, ""
// if there is none.
func contradiction(req *CreateUserRequest, u *User) string {
	for _, f := range [...]struct {
		name string
		want Optional[string]
		got  string
	}{
		{"email", req.Email, u.Email}, {"username", req.Username, u.Username},
		{"first_name", req.FirstName, u.FirstName}, {"last_name", req.LastName, u.LastName},
	} {
		if want, _ := f.want.Get(); differ(want, f.got) {
			return f.name
		}
	}
	if want, set := req.Role.Get(); set && u.Role != "" && administrator(want) != administrator(u.Role) {
		return "role"
	}
	return ""
}

// externalPair is an external id and the integration it belongs to. It is unique
// across a fleet, which makes a create repeatable.
type externalPair struct{ id, integration string }

// externalIDOf is the first external id that a create would add.
func externalIDOf(req *CreateUserRequest) (externalPair, bool) {
	if req == nil {
		return externalPair{}, false
	}
	for _, pair := range addedPairs((*UserAttributes)(req)) {
		return pair, true
	}
	return externalPair{}, false
}

// addedPairs lists the external ids that a request would add.
func addedPairs(a *UserAttributes) (pairs []externalPair) {
	ids, _ := a.ExternalIDsAttributes.Get()
	for _, id := range ids {
		if id.ID == 0 && id.ExternalID != "" && id.IntegrationName != "" {
			pairs = append(pairs, externalPair{id.ExternalID, id.IntegrationName})
		}
	}
	return pairs
}

// heldBy reports whether a user shows the pair.
func (p externalPair) heldBy(u *User) bool {
	for _, id := range u.ExternalIDs {
		if !differ(p.id, id.ExternalID) && !differ(p.integration, id.IntegrationName) {
			return true
		}
	}
	return false
}

// creation is a create that carries an external id.
type creation struct {
	s     *UsersService
	req   *CreateUserRequest
	pair  externalPair
	o     CallSettings
	send  func(context.Context, CallSettings) (*User, error)
	began time.Time
	sent  int      // how often the create was sent
	last  Response // the response that decides the call
}

// settle turns the error of a create into its outcome, where that can be found out
// by the external id: what is unknown is reconciled, and a refusal may have a holder
// of the pair for its reason.
func (c *creation) settle(ctx context.Context, err error) (*User, error) {
	var unknown *OutcomeUnknownError
	var refused *APIError
	switch {
	case errors.As(err, &unknown):
		return c.reconcile(ctx, unknown)
	case errors.Is(err, ErrConflict), errors.Is(err, ErrUnprocessable):
		if errors.As(err, &refused) {
			return nil, c.taken(ctx, refused)
		}
	}
	return nil, err
}

// reconcile finds out what became of a create whose outcome is unknown. Slow
// servers answer 504 and go on: the pair is looked up with growing pauses, and only
// then the create is sent once more, unless the server has said that it happened.
// The uniqueness of the pair makes that safe: should the first one arrive late, one
// of the two is refused.
func (c *creation) reconcile(ctx context.Context, cause *OutcomeUnknownError) (*User, error) {
	c.began, c.sent = cause.began, cause.Attempts
	if observe := c.s.core.observer; observe != nil {
		observe(Event{Kind: EventReconcile, Method: cause.Method, Path: usersPath, Attempt: c.sent, Err: cause})
	}
	defer c.report()
	wait := max(c.s.core.reconcileWait, cause.took)

	user, err := c.find(ctx, wait, cause)
	if !errors.Is(err, ErrNotFound) || cause.happened || !c.s.core.resend {
		return user, c.verdict(ctx, cause, err)
	}
	step := c.o
	step.Response = &c.last
	user, again := c.send(ctx, step)
	c.sent += c.last.Attempts
	if again == nil {
		return user, nil
	}
	user, err = c.find(ctx, wait, again)
	var refused *APIError
	if errors.Is(err, ErrNotFound) && errors.As(again, &refused) && provesNothingStored(again, refused) {
		refused.Attempts = c.sent
		return nil, refused
	}
	return user, c.verdict(ctx, again, err)
}

// find looks for who holds the pair until wait is over: at once, and with pauses
// that double. Its error is an [ErrNotFound] only if nobody did at the last look.
func (c *creation) find(ctx context.Context, wait time.Duration, cause error) (*User, error) {
	start := time.Now()
	for pause := max(wait/15, time.Millisecond); ; pause *= 2 {
		user, err := c.s.lookupPair(ctx, c.pair, CallSettings{Response: &c.last, Query: c.o.Query})
		if err == nil {
			c.last.Reconciled = true
			return c.own(user, cause)
		}
		left := wait - time.Since(start)
		if left <= 0 || !mayPass(err) {
			return nil, err
		}
		if ended := backoff.Sleep(ctx, min(pause, left)); ended != nil {
			return nil, ended
		}
	}
}

// mayPass reports whether a lookup that failed may say something else in a while.
func mayPass(err error) bool {
	var api *APIError
	return !errors.As(err, &api) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrServer)
}

// own holds who was found to the request: the user is the success of this call
// only if nothing about them says otherwise.
func (c *creation) own(u *User, cause error) (*User, error) {
	if c.isOurs(u) {
		return u, nil
	}
	return nil, &ExternalIDTakenError{ExternalID: c.pair.id, IntegrationName: c.pair.integration, Holder: u, Err: cause}
}

func (c *creation) isOurs(u *User) bool {
	status, set := c.req.Status.Get()
	deactivated := u.Status == StatusDeactivated && !(set && status == StatusDeactivated)
	return contradiction(c.req, u) == "" && !deactivated && !c.older(u)
}

// older reports whether a user was created before the call began, by the server's
// own clock, where the response shows that. A Date is whole seconds.
func (c *creation) older(u *User) bool {
	date, err := http.ParseTime(c.last.Header.Get("Date"))
	if err != nil || u.CreatedAt.IsZero() || c.began.IsZero() {
		return false
	}
	const uncertainty = 2 * time.Second
	began := date.Add(-time.Since(c.began)).Add(-uncertainty)
	return u.CreatedAt.Before(began)
}

// taken is the error of a create that was refused on a good line, with the holder of
// the pair in it where there is one.
func (c *creation) taken(ctx context.Context, refusal *APIError) error {
	holder, err := c.s.lookupPair(ctx, c.pair, CallSettings{Query: c.o.Query})
	if err != nil {
		return refusal
	}
	return &ExternalIDTakenError{ExternalID: c.pair.id, IntegrationName: c.pair.integration, Holder: holder, Err: refusal}
}

// verdict is the error of a create after the lookups: none, that another holds the
// pair, or that its outcome is still unknown.
func (c *creation) verdict(ctx context.Context, cause, lookup error) error {
	var taken *ExternalIDTakenError
	if lookup == nil || errors.As(lookup, &taken) {
		return lookup
	}
	return unresolved(ctx, cause, c.sent, lookup)
}

// report tells the caller of the response that decides, with the sends of the create.
func (c *creation) report() {
	if c.o.Response != nil {
		*c.o.Response = c.last
		c.o.Response.Attempts = c.sent
	}
}

// provesNothingStored reports whether a refusal of a create that was sent twice is
// one of the first as well: the server looked at it and turned it down for fields
// that no other user can be the reason for.
func provesNothingStored(err error, refused *APIError) bool {
	if errors.Is(err, ErrOutcomeUnknown) || !lookedAt(refused) || len(refused.Fields) == 0 {
		return false
	}
	for _, f := range refused.Fields {
		if f.Field == "" || isUnique(f.Field) {
			return false
		}
	}
	return true
}

// lookedAt reports whether a server turned a request down for what is in it.
func lookedAt(e *APIError) bool {
	return e.StatusCode == http.StatusBadRequest || e.StatusCode == http.StatusConflict || e.StatusCode == http.StatusUnprocessableEntity
}

// isUnique reports whether another user can be the reason why a field is refused.
func isUnique(field string) bool {
	for _, unique := range [...]string{"external_id", "email", "username", "driver_company_id", "phone", "base", "integration_name", "user"} {
		if strings.HasPrefix(field, unique) {
			return true
		}
	}
	return false
}

// unresolved is the error of a create that the lookups could not decide: how it was
// last sent in vain, and how often. Of the lookup it wraps only that the context
// ended: a lookup that finds nothing does not make it an [ErrNotFound].
func unresolved(ctx context.Context, cause error, sent int, lookup error) error {
	err := cause
	var unknown *OutcomeUnknownError
	if errors.As(cause, &unknown) {
		err = unknown.Err
	}
	said := strings.TrimPrefix(lookup.Error(), "motive: ")
	if ended := ctx.Err(); ended != nil {
		err = fmt.Errorf("%w; the lookup that should decide: %s: %w", err, said, ended)
	} else {
		err = fmt.Errorf("%w; the lookup that should decide: %s", err, said)
	}
	return &OutcomeUnknownError{Method: http.MethodPost, Path: usersPath, Attempts: sent, Err: err}
}

// reconcileUpdate reads a user whose update was refused after an attempt with an
// unknown outcome: if the external ids that it adds are there, the first attempt
// got through and is the reason for the refusal.
func (s *UsersService) reconcileUpdate(ctx context.Context, id int64, req *UpdateUserRequest, o CallSettings, cause *OutcomeUnknownError) (*User, error) {
	var refused *APIError
	pairs := addedPairs((*UserAttributes)(req))
	if len(pairs) == 0 || !errors.As(cause.Err, &refused) || !lookedAt(refused) {
		return nil, cause
	}
	user, err := s.Get(ctx, id, func(g *CallSettings) { g.Response, g.Query = o.Response, o.Query })
	if o.Response != nil {
		o.Response.Attempts += cause.Attempts
	}
	if err != nil {
		return nil, cause
	}
	for _, pair := range pairs {
		if !pair.heldBy(user) {
			return nil, cause
		}
	}
	return user, nil
}
