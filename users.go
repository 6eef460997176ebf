package motive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-querystring/query"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/paging"
	"github.com/motive-go/motive/internal/text"
)

const (
	usersPath      = "/v1/users"
	userPath       = "/v1/users/{id}"
	lookupPath     = "/v1/users/lookup"
	externalIDPath = "/v1/users/lookup_by_external_id"
)

// do makes a call for one user, who must be as expected.
func (s *UsersService) do(ctx context.Context, r request, o CallSettings, want expected) (*User, error) {
	user, err := do(ctx, (*core)(s), r, o, func(body []byte) (*userFields, error) {
		user, err := decodeUser(body)
		if err == nil {
			err = want.check(user)
		}
		return (*userFields)(user), err
	})
	return (*User)(user), err
}

// Create creates a user. A POST is not idempotent, so it is sent once: again only on
// 429, or where the first one provably never left. A request that carries an external
// id is reconciled where its outcome is unknown: the first pair is looked up for
// [RetryPolicy].ReconcileWait, the user who holds it is returned if nothing
// contradicts, and the request is sent once more if nobody does. What stays open is
// an [OutcomeUnknownError]; an API key in test mode is [ErrTestMode].
//
// After a 400, 409 or 422 the pairs are looked up one by one, the first five of them:
// one that another user holds is an [ExternalIDTakenError].
//
// Motive's hub: "Create a new user".
func (s *UsersService) Create(ctx context.Context, req *CreateUserRequest, opts ...CallOption) (*User, error) {
	o := ApplyCallOptions(opts...)
	if err := o.check(validateCreate(req, o.Strict)); err != nil {
		return nil, err
	}
	attributes := (*UserAttributes)(req)
	r, err := request{Method: http.MethodPost, Path: usersPath}.withUser(attributes)
	if err != nil {
		return nil, err
	}
	want := expected{email: req.Email.value, username: req.Username.value}
	added := addedIDs(attributes)
	added = added[:min(len(added), mostPairs)]
	if len(added) > 0 {
		want.pair = added[0]
	}
	user, err := s.do(ctx, r, o, want)
	if err != nil && len(added) > 0 && ctx.Err() == nil {
		o.Response = cmp.Or(o.Response, new(Response))
		return (&creation{s: s, req: req, r: r, o: o, want: want, added: added}).settle(ctx, err)
	}
	return user, err
}

const mostPairs = 5 // that a create is looked up by

// creation is a create that carries an external id.
type creation struct {
	s     *UsersService
	req   *CreateUserRequest
	r     request
	o     CallSettings
	want  expected
	added []ExternalID // at most mostPairs
	began time.Time
	sent  int // how often the create was sent, once that is in doubt
}

// settle turns the error of a create into its outcome, where that can be found out
// by the external id: what is unknown is reconciled, and a refusal may have a holder
// of the pair for its reason.
func (c *creation) settle(ctx context.Context, err error) (*User, error) {
	var unknown *OutcomeUnknownError
	if errors.As(err, &unknown) {
		return c.reconcile(ctx, unknown)
	}
	var refusal *APIError
	if !errors.As(err, &refusal) || !lookedAt(refusal) {
		return nil, err
	}
	return nil, c.taken(ctx, c.added, refusal, err)
}

// reconcile finds out what became of a create whose outcome is unknown. Slow
// servers answer 504 and go on: the pair is looked up with growing pauses, and only
// then the create is sent once more, unless the server has said that it happened.
// The uniqueness of the pair makes that safe: should the first one arrive late, one
// of the two is refused.
func (c *creation) reconcile(ctx context.Context, cause *OutcomeUnknownError) (*User, error) {
	c.began, c.sent = cause.began, cause.Attempts
	if c.s.observer != nil {
		c.s.observer(Event{Kind: EventReconcile, Method: cause.Method, Path: usersPath, Attempt: c.sent, Err: cause})
	}
	wait := max(c.s.reconcileWait, cause.took)

	user, err := c.find(ctx, wait, cause)
	if !errors.Is(err, ErrNotFound) || cause.happened || !c.s.resend {
		return user, c.verdict(ctx, cause, err)
	}
	before := c.o.Response.Attempts
	user, failed := c.s.do(ctx, c.r, c.o, c.want)
	c.sent += c.o.Response.Attempts - before
	if failed == nil {
		return user, nil
	}
	user, err = c.find(ctx, wait, failed)
	nobody := errors.Is(err, ErrNotFound)
	var refusal *APIError
	if nobody && errors.As(failed, &refusal) && lookedAt(refusal) {
		if provesNothingStored(failed, refusal) {
			refusal.Attempts = c.sent
			return nil, refusal
		}
		err = c.taken(ctx, c.added[1:], refusal, err)
	}
	return user, c.verdict(ctx, failed, err)
}

// taken looks for who holds one of the pairs, and is why a create was refused. Its error
// is otherwise if nobody does, or if it may be whom an earlier send of the create made.
func (c *creation) taken(ctx context.Context, pairs []ExternalID, refusal, otherwise error) error {
	var looked Response // that of the call remains the one before
	defer func() { c.o.Response.Attempts += looked.Attempts }()
	for _, pair := range pairs {
		holder, err := c.look(ctx, pair, &looked)
		if err == nil && (c.sent == 0 || !isOurs(c.req, holder, &looked, c.began)) {
			return takenBy(pair, holder, refusal)
		}
		if !errors.Is(err, ErrNotFound) {
			break
		}
	}
	return otherwise
}

// find looks for who holds the pair until wait is over: at once, and with pauses
// that double. Its error is an [ErrNotFound] only if nobody did at the last look.
func (c *creation) find(ctx context.Context, wait time.Duration, cause error) (*User, error) {
	start := time.Now()
	for pause := max(wait/15, time.Millisecond); ; pause *= 2 {
		user, err := c.look(ctx, c.want.pair, c.o.Response)
		if err == nil {
			c.o.Response.Reconciled = true
			if isOurs(c.req, user, c.o.Response, c.began) {
				return user, nil
			}
			return nil, takenBy(c.want.pair, user, cause)
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

// look looks up who holds an external id of the create, which need not be valid.
func (c *creation) look(ctx context.Context, pair ExternalID, r *Response) (*User, error) {
	return c.s.lookupPair(ctx, pair.ExternalID, pair.IntegrationName, c.o.toRead(r))
}

// takenBy is the error of a create whose external id another user holds.
func takenBy(pair ExternalID, holder *User, cause error) error {
	return &ExternalIDTakenError{ExternalID: pair.ExternalID, IntegrationName: pair.IntegrationName, Holder: holder, Err: cause}
}

// verdict is the error of a create after the lookups: none, that another holds the
// pair, or that its outcome is still unknown, with how it was last sent in vain. Of
// the lookup it wraps only that the context ended: a lookup that finds nothing does
// not make it an [ErrNotFound].
func (c *creation) verdict(ctx context.Context, cause, lookup error) error {
	var taken *ExternalIDTakenError
	if lookup == nil || errors.As(lookup, &taken) {
		return lookup
	}
	var unknown *OutcomeUnknownError
	if errors.As(cause, &unknown) {
		cause = unknown.Err
	}
	err := fmt.Errorf("%w; the lookup that should decide: %s", cause, strings.TrimPrefix(lookup.Error(), "motive: "))
	if ended := ctx.Err(); ended != nil {
		err = fmt.Errorf("%w: %w", err, ended)
	}
	return &OutcomeUnknownError{Method: c.r.Method, Path: c.r.Path, Attempts: c.sent, Err: err}
}

// Get returns the user with the given id, deactivated or not; [ErrNotFound] if
// there is none.
//
// Motive's hub: "Fetch a specific user using an ID", GET /v1/users/{id}.
func (s *UsersService) Get(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	r, err := record(http.MethodGet, userPath, id)
	if err != nil {
		return nil, err
	}
	return s.do(ctx, r, ApplyCallOptions(opts...), expected{id: id})
}

// Update changes the fields of a user that req sets, and clears those it sets to
// null. It is idempotent, so it may be sent more than once: a repeated PUT that
// lands late overwrites what was written in between. See [Against] for validation
// with the user as it is.
//
// Motive's hub: "Update an existing user", PUT /v1/users/{id}.
func (s *UsersService) Update(ctx context.Context, id int64, req *UpdateUserRequest, opts ...CallOption) (*User, error) {
	return s.update(ctx, id, req, ApplyCallOptions(opts...))
}

func (s *UsersService) update(ctx context.Context, id int64, req *UpdateUserRequest, o CallSettings) (*User, error) {
	r, err := record(http.MethodPut, userPath, id)
	if err != nil {
		return nil, err
	}
	if err := o.check(validateUpdate(req, o.Strict, o.Against)); err != nil {
		return nil, err
	}
	if r, err = r.withUser((*UserAttributes)(req)); err != nil {
		return nil, err
	}
	user, err := s.do(ctx, r, o, expected{id: id, status: req.Status.value})
	var unknown *OutcomeUnknownError
	if errors.As(err, &unknown) && ctx.Err() == nil {
		return s.reconcileUpdate(ctx, id, req, o, unknown)
	}
	return user, err
}

// reconcileUpdate reads a user whose update was refused after an attempt with an
// unknown outcome: if the external ids that it adds are there, the first attempt
// got through and is the reason for the refusal.
func (s *UsersService) reconcileUpdate(ctx context.Context, id int64, req *UpdateUserRequest, o CallSettings, cause *OutcomeUnknownError) (*User, error) {
	var refusal *APIError
	added := addedIDs((*UserAttributes)(req))
	if len(added) == 0 || !errors.As(cause.Err, &refusal) || !lookedAt(refusal) {
		return nil, cause
	}
	user, err := s.readBack(ctx, o, expected{id: id})
	if err != nil || slices.ContainsFunc(added, func(id ExternalID) bool { return !holds(user, id) }) {
		return nil, cause
	}
	return user, nil
}

// Deactivate sets the user's status to deactivated. Motive keeps every user: a
// deactivated one cannot sign in, and stays in lists and lookups. Where the response
// does not show the status, the user is read once to see it.
//
// Motive's hub: "Overview of /users", section "Deleting Users".
func (s *UsersService) Deactivate(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	return s.setStatus(ctx, id, StatusDeactivated, ApplyCallOptions(opts...))
}

// Reactivate sets the user's status to active. Motive's help center says that
// drivers can be reactivated and fleet users cannot: they need a new user.
func (s *UsersService) Reactivate(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	return s.setStatus(ctx, id, StatusActive, ApplyCallOptions(opts...))
}

// readBack reads a user whom a call with the settings o has written.
func (s *UsersService) readBack(ctx context.Context, o CallSettings, want expected) (*User, error) {
	r, err := record(http.MethodGet, userPath, want.id)
	if err != nil {
		return nil, err
	}
	return s.do(ctx, r, o.toRead(o.Response), want)
}

func (s *UsersService) setStatus(ctx context.Context, id int64, status Status, o CallSettings) (*User, error) {
	o.Response = cmp.Or(o.Response, new(Response))
	before := o.Response.Attempts
	user, err := s.update(ctx, id, &UpdateUserRequest{Status: Set(status)}, o)
	if err != nil || user.Status != "" {
		return user, err
	}
	sent := o.Response.Attempts - before
	user, err = s.readBack(ctx, o, expected{id: id, status: status})
	if err == nil && user.Status == "" {
		err = fmt.Errorf("the user shows none: %w", ErrUnexpectedResponse)
	}
	if err != nil {
		return nil, &OutcomeUnknownError{
			Method: http.MethodPut, Path: fmt.Sprintf("%s/%d", usersPath, id), Attempts: sent,
			Err: fmt.Errorf("the response does not show the status, and reading the user does not prove it: %w", err),
		}
	}
	return user, nil
}

// ListUsersOptions filters and pages [UsersService.List] and [UsersService.All].
// A zero field does not filter; without Status a list has deactivated users in it.
type ListUsersOptions struct {
	Role       Role       `url:"role,omitempty"`
	Name       string     `url:"name,omitempty"` // how the API matches it is not documented
	DutyStatus DutyStatus `url:"duty_status,omitempty"`
	Status     Status     `url:"status,omitempty"`
	Summary    bool       `url:"summary,omitempty"`  // asks for users with fewer fields; the API says which
	PerPage    int        `url:"per_page,omitempty"` // 1 to 100; 0 is the server's 25 in List and 100 in All
	PageNo     int        `url:"page_no,omitempty"`  // from 1; 0 is the first
}

const maxPerPage = 100 // as Motive documents it

// List returns one page of users. The server may serve fewer a page than asked
// for: Pagination has what it did. For the whole list use [UsersService.All].
//
// Motive's hub: "List all the users of a company", GET /v1/users.
func (s *UsersService) List(ctx context.Context, opts *ListUsersOptions, call ...CallOption) (*UserPage, error) {
	o := ApplyCallOptions(call...)
	if err := o.check(validateListOptions(opts)); err != nil {
		return nil, err
	}
	page, err := s.page(ctx, opts, o)
	if err != nil {
		return nil, err
	}
	return &page.UserPage, nil
}

// validateListOptions takes nil, "" and 0 as the defaults that they are.
func validateListOptions(o *ListUsersOptions) error {
	if o == nil {
		return nil
	}
	var p problems
	p.filter("role", string(o.Role))
	p.filter("duty_status", string(o.DutyStatus))
	p.filter("status", string(o.Status))
	p.judge(draft{}, given("name", o.Name))
	if o.PerPage < 0 || o.PerPage > maxPerPage {
		p.add("per_page", CodeInvalid, "is "+strconv.Itoa(o.PerPage)+"; use 1 to 100, or 0 for the API's default")
	}
	if o.PageNo < 0 {
		p.add("page_no", CodeInvalid, "is "+strconv.Itoa(o.PageNo)+"; pages count from 1, and 0 is the first too")
	}
	return p.err()
}

// page fetches a page for List and All.
func (s *UsersService) page(ctx context.Context, opts *ListUsersOptions, o CallSettings) (*listing, error) {
	values, err := query.Values(opts)
	if err != nil {
		return nil, err
	}
	r := request{Method: http.MethodGet, Path: usersPath, Query: values}
	page, err := do(ctx, (*core)(s), r, o, func(body []byte) (*listing, error) { return decodePage(ctx, body, mostRows) })
	if err == nil && o.Response != nil {
		o.Response.Pagination = page.Pagination
	}
	return page, err
}

const mostRows = 10 * maxPerPage // of a server that does not look at per_page

// All returns every user that opts selects, page by page, fetching as the loop
// asks for more, and ahead of it with [ReadAhead]. It can be ranged over more than
// once; each time starts anew.
//
// Each user comes once, also where rows move between pages while they are read. An
// unfiltered list loses nobody, for users are never deleted. In a filtered one, as
// by status, a user can be missed where one leaves the list and another enters it
// between two pages, since no total shows that.
//
// An error comes once and last, with a nil user. [ErrIncompleteList] means that
// the server ran dry before the total it announced, or repeated a page: what
// came before is valid and not everything. A total that shrinks is no error.
//
// Motive's hub: "List all the users of a company", GET /v1/users.
func (s *UsersService) All(ctx context.Context, opts *ListUsersOptions, call ...CallOption) iter.Seq2[*User, error] {
	return func(yield func(*User, error) bool) {
		o := ApplyCallOptions(call...)
		var from ListUsersOptions
		if opts != nil {
			from = *opts
		}
		if err := o.check(validateListOptions(&from)); err != nil {
			yield(nil, err)
			return
		}
		if o.ReadAhead < 0 || o.ReadAhead > maxReadAhead {
			yield(nil, fmt.Errorf("motive: ReadAhead(%d): use 1 to %d pages", o.ReadAhead, maxReadAhead))
			return
		}
		if ctx == nil {
			yield(nil, errNoContext)
			return
		}
		if err := s.walk(ctx, from, o, func(u *User) bool { return yield(u, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

const maxReadAhead = 32

// walk hands every user of a list to yield, until that returns false.
func (s *UsersService) walk(ctx context.Context, opts ListUsersOptions, o CallSettings, yield func(*User) bool) error {
	if opts.PerPage == 0 {
		opts.PerPage = maxPerPage
	}
	pager := paging.New(opts.PageNo, opts.PerPage)
	pages := paging.NewAhead(ctx, o.ReadAhead, s.fetcher(opts, o))
	defer pages.Stop()
	for {
		page, facts, err := nextPage(pager, pages, o)
		if err != nil {
			return err
		}
		unseen := pager.Unseen(facts.IDs)
		for _, i := range unseen {
			if !yield(page.Users[i]) {
				return nil
			}
		}
		if verdict := pager.Next(facts, len(unseen)); verdict != paging.Next && verdict != paging.Back {
			return ending(pager, verdict)
		}
	}
}

// nextPage reads the page that pager is at. Where that was read ahead and the list has
// moved meanwhile, it is read once more, and from then on page after page.
func nextPage(pager *paging.Pager, pages *paging.Ahead[*fetched], o CallSettings) (*fetched, paging.Page, error) {
	for {
		page, ahead, err := pages.Get(pager.PageNo(), pager.LastPage())
		if o.Response != nil && page != nil {
			*o.Response = page.response
		}
		if err != nil {
			return nil, paging.Page{}, err
		}
		facts := page.facts()
		if !ahead || pager.Steady(facts) {
			return page, facts, nil
		}
		pager.Distrust(o.ReadAhead, thrown(pages.Stop(), facts))
	}
}

// fetcher fetches the pages of a list, each with a response of its own.
func (s *UsersService) fetcher(opts ListUsersOptions, o CallSettings) func(context.Context, int) (*fetched, error) {
	return func(ctx context.Context, pageNo int) (_ *fetched, err error) {
		opts, o, f := opts, o, &fetched{}
		opts.PageNo = pageNo
		if o.Response != nil {
			o.Response = &f.response
		}
		f.listing, err = s.page(ctx, &opts, o)
		return f, err
	}
}

// ending is the error of a list that has ended, nil if it is complete.
func ending(p *paging.Pager, v paging.Verdict) error {
	switch v {
	case paging.Short:
		return fmt.Errorf("motive: the list of users ended after %d of %d: %w", p.Came(), p.Announced(), ErrIncompleteList)
	case paging.Repeated:
		return fmt.Errorf("motive: page %d of the users repeats what came before, after %d users: %w", p.PageNo(), p.Came(), ErrIncompleteList)
	}
	return nil
}

// fetched is a page, and the response it came in.
type fetched struct {
	*listing
	response Response
}

// facts is what a pager needs of a page.
func (l *listing) facts() paging.Page {
	ids := make([]int64, len(l.Users))
	for i, u := range l.Users {
		ids[i] = u.ID
	}
	size := l.Pagination.PerPage
	if size > maxPerPage {
		size = 0
	}
	return paging.Page{IDs: ids, Size: size, Total: l.Pagination.Total, HasTotal: l.announced}
}

// thrown is what is known of pages that are read again.
func thrown(pages []*fetched, and paging.Page) []paging.Page {
	facts := []paging.Page{and}
	for _, page := range pages {
		facts = append(facts, page.facts())
	}
	return facts
}

// UserLookup is the one key of [UsersService.Lookup]: exactly one field is set.
type UserLookup struct {
	Email           string `url:"email,omitempty"`
	Username        string `url:"username,omitempty"`
	DriverCompanyID string `url:"driver_company_id,omitempty"` // the fleet's own number for the driver
	Phone           string `url:"phone,omitempty"`             // sent as it stands: write it as Motive has it
}

// Lookup returns the user with the given email, username, company id or phone;
// [ErrNotFound] if there is none.
//
// Motive's hub: "Search for a specific user", GET /v1/users/lookup.
func (s *UsersService) Lookup(ctx context.Context, key UserLookup, opts ...CallOption) (*User, error) {
	o := ApplyCallOptions(opts...)
	if err := o.check(validateLookup(key)); err != nil {
		return nil, err
	}
	values, err := query.Values(key)
	if err != nil {
		return nil, err
	}
	r := request{Method: http.MethodGet, Path: lookupPath, Query: values}
	return s.do(ctx, r, o, expected{email: key.Email, username: key.Username, companyID: key.DriverCompanyID})
}

// validateLookup checks that l has one key, and that the key is well formed.
func validateLookup(l UserLookup) error {
	var p problems
	var keys []string
	for _, key := range [...]field{
		given("email", l.Email), given("username", l.Username), given("driver_company_id", l.DriverCompanyID), given("phone", l.Phone),
	} {
		switch {
		case key.absent:
			continue
		case text.Blank(key.text):
			p.add(key.name, CodeInvalid, "is blank; a lookup needs a key to look for")
		default:
			p.judge(draft{}, key)
		}
		keys = append(keys, key.name)
	}
	if len(keys) != 1 {
		return invalid("", CodeInvalid, "a lookup takes exactly one of email, username, driver_company_id and phone; given: "+
			cmp.Or(text.Sentence(keys, "and"), "none"))
	}
	return p.err()
}

func validateExternalIDPair(externalID, integrationName string) error {
	var p problems
	p.pair(externalID, integrationName)
	return p.err()
}

// LookupByExternalID returns the user that has the given external id under the
// given integration; [ErrNotFound] if there is none.
//
// Motive's hub: GET /v1/users/lookup_by_external_id.
func (s *UsersService) LookupByExternalID(ctx context.Context, externalID, integrationName string, opts ...CallOption) (*User, error) {
	return s.lookupPair(ctx, externalID, integrationName, ApplyCallOptions(opts...))
}

func (s *UsersService) lookupPair(ctx context.Context, externalID, integrationName string, o CallSettings) (*User, error) {
	if err := o.check(validateExternalIDPair(externalID, integrationName)); err != nil {
		return nil, err
	}
	values := url.Values{"external_id": {externalID}, "integration_name": {integrationName}}
	r := request{Method: http.MethodGet, Path: externalIDPath, Query: values}
	return s.do(ctx, r, o, expected{pair: ExternalID{ExternalID: externalID, IntegrationName: integrationName}})
}

// UpdateByExternalID looks the user with an external id up and updates that user:
// two calls, of which the first proves who the second is for.
//
// Motive's hub: GET /v1/users/lookup_by_external_id, PUT /v1/users/{id}.
func (s *UsersService) UpdateByExternalID(ctx context.Context, externalID, integrationName string, req *UpdateUserRequest, opts ...CallOption) (*User, error) {
	o := ApplyCallOptions(opts...)
	if err := o.check(validateUpdate(req, o.Strict, o.Against)); err != nil {
		return nil, err // before anything is sent
	}
	user, err := s.lookupPair(ctx, externalID, integrationName, o)
	if err != nil {
		return nil, err
	}
	return s.update(ctx, user.ID, req, o)
}

// DeactivateByExternalID looks the user with an external id up and deactivates that
// user; see [UsersService.Deactivate].
//
// Motive's hub: GET /v1/users/lookup_by_external_id, PUT /v1/users/{id}.
func (s *UsersService) DeactivateByExternalID(ctx context.Context, externalID, integrationName string, opts ...CallOption) (*User, error) {
	o := ApplyCallOptions(opts...)
	user, err := s.lookupPair(ctx, externalID, integrationName, o)
	if err != nil {
		return nil, err
	}
	return s.setStatus(ctx, user.ID, StatusDeactivated, o)
}
