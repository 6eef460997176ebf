package motive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"

	"github.com/google/go-querystring/query"

	"github.com/motive-go/motive/internal/paging"
)

// UsersService creates, changes, finds and lists users.
//
// Motive's hub: "Overview of /users".
type UsersService struct{ core *core }

const (
	usersPath      = "/v1/users"
	lookupPath     = "/v1/users/lookup"
	externalIDPath = "/v1/users/lookup_by_external_id"
)

// do makes a call for one user, who must be as expected.
func (s *UsersService) do(ctx context.Context, r request, o CallSettings, want expected) (*User, error) {
	if s == nil {
		return nil, errNoClient
	}
	return do(ctx, s.core, r, o, func(body []byte) (*User, error) {
		user, err := decodeUser(body)
		if err == nil {
			err = want.check(user)
		}
		return user, err
	})
}

// Create creates a user. A POST is not idempotent, so that it is sent once: again
// only on 429, or where the first one provably never left. A request that carries
// an external id is reconciled where its outcome is unknown: the pair is looked up
// for [RetryPolicy].ReconcileWait, the user who holds it is returned if nothing
// contradicts, and the request is sent once more if nobody does. What stays open is
// an [OutcomeUnknownError]; a pair that another user holds is an
// [ExternalIDTakenError]; an API key in test mode is [ErrTestMode].
//
// Motive's hub: "Create a new user".
func (s *UsersService) Create(ctx context.Context, req *CreateUserRequest, opts ...CallOption) (*User, error) {
	o := ApplyCallOptions(opts...)
	if err := o.check(validateCreate(req, o.Strict)); err != nil {
		return nil, err
	}
	pair, linked := externalIDOf(req)
	send := func(ctx context.Context, o CallSettings) (*User, error) {
		r := request{method: http.MethodPost, path: usersPath, secrets: secretsOf((*UserAttributes)(req))}
		r, err := r.with(req)
		if err != nil {
			return nil, err
		}
		return s.do(ctx, r, o, expected{email: req.Email.value, username: req.Username.value, pair: pair})
	}
	user, err := send(ctx, o)
	if linked && err != nil && ctx.Err() == nil {
		return (&creation{s: s, req: req, pair: pair, o: o, send: send}).settle(ctx, err)
	}
	return user, err
}

// Get returns the user with the given id, deactivated or not; [ErrNotFound] if
// there is none.
//
// Motive's hub: "Fetch a specific user using an ID", GET /v1/users/{id}.
func (s *UsersService) Get(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	if err := validateID("id", id); err != nil {
		return nil, err
	}
	r := record(http.MethodGet, usersPath, id)
	return s.do(ctx, r, ApplyCallOptions(opts...), expected{id: id})
}

// Update changes the fields of a user that req sets, and clears those it sets to
// null. It is idempotent, so that it may be sent more than once: a repeated PUT that
// lands late overwrites what was written in between. See [Against] for validation
// with the user as it is.
//
// Motive's hub: "Update an existing user", PUT /v1/users/{id}.
func (s *UsersService) Update(ctx context.Context, id int64, req *UpdateUserRequest, opts ...CallOption) (*User, error) {
	o := ApplyCallOptions(opts...)
	if err := validateID("id", id); err != nil {
		return nil, err
	}
	if err := o.check(validateUpdate(req, o.Strict, o.Against)); err != nil {
		return nil, err
	}
	r, err := record(http.MethodPut, usersPath, id).with(req)
	if err != nil {
		return nil, err
	}
	r.secrets = secretsOf((*UserAttributes)(req))
	user, err := s.do(ctx, r, o, expected{id: id, status: req.Status.value})
	var unknown *OutcomeUnknownError
	if errors.As(err, &unknown) && ctx.Err() == nil {
		return s.reconcileUpdate(ctx, id, req, o, unknown)
	}
	return user, err
}

// Deactivate sets the user's status to deactivated. Motive keeps every user: a
// deactivated one cannot sign in, and stays in lists and lookups. Where the response
// does not show the status, the user is read once to see it.
//
// Motive's hub: "Overview of /users", section "Deleting Users".
func (s *UsersService) Deactivate(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	return s.setStatus(ctx, id, StatusDeactivated, opts)
}

// Reactivate sets the user's status to active. Motive's help center says that
// drivers can be reactivated and fleet users cannot: they need a new user.
func (s *UsersService) Reactivate(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	return s.setStatus(ctx, id, StatusActive, opts)
}

func (s *UsersService) setStatus(ctx context.Context, id int64, status Status, opts []CallOption) (*User, error) {
	user, err := s.Update(ctx, id, &UpdateUserRequest{Status: Set(status)}, opts...)
	if err != nil || user.Status != "" {
		return user, err
	}
	var o CallSettings
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	sent := 1
	if o.Response != nil {
		sent = o.Response.Attempts // of the update
	}
	user, err = s.Get(ctx, id, func(g *CallSettings) { g.Response, g.Query = o.Response, o.Query })
	if err == nil && user.Status != status {
		err = fmt.Errorf("the user shows the status %q: %w", user.Status, ErrUnexpectedResponse)
	}
	if err != nil {
		return nil, &OutcomeUnknownError{
			Method: http.MethodPut, Path: usersPath + "/" + formatID(id), Attempts: sent,
			Err: fmt.Errorf("the response does not show the status, nor does reading the user: %w", err),
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

// page fetches a page for List and All.
func (s *UsersService) page(ctx context.Context, opts *ListUsersOptions, o CallSettings) (*listing, error) {
	if s == nil {
		return nil, errNoClient
	}
	values, err := query.Values(opts)
	if err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, path: usersPath, query: values}
	page, err := do(ctx, s.core, r, o, func(body []byte) (*listing, error) { return decodePage(ctx, body, mostRows) })
	if err == nil && o.Response != nil {
		o.Response.Pagination = page.Pagination
	}
	return page, err
}

const (
	maxPerPage = 100             // as Motive documents it
	mostRows   = 10 * maxPerPage // of a server that does not look at per_page
)

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
		page, ahead, err := pages.Get(pager.PageNo(), pager.LastPage())
		if o.Response != nil && page != nil {
			*o.Response = page.response
		}
		if err != nil {
			return err
		}
		facts := page.facts()
		if ahead && !pager.Steady(facts) {
			pager.Distrust(o.ReadAhead, thrown(pages.Stop(), facts))
			continue
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
	r := request{method: http.MethodGet, path: lookupPath, query: values}
	return s.do(ctx, r, o, expected{email: key.Email, username: key.Username, companyID: key.DriverCompanyID})
}

// LookupByExternalID returns the user that has the given external id under the
// given integration; [ErrNotFound] if there is none.
//
// Motive's hub: GET /v1/users/lookup_by_external_id.
func (s *UsersService) LookupByExternalID(ctx context.Context, externalID, integrationName string, opts ...CallOption) (*User, error) {
	o := ApplyCallOptions(opts...)
	if err := o.check(validateExternalIDPair(externalID, integrationName)); err != nil {
		return nil, err
	}
	return s.lookupPair(ctx, externalPair{externalID, integrationName}, o)
}

func (s *UsersService) lookupPair(ctx context.Context, pair externalPair, o CallSettings) (*User, error) {
	values := url.Values{"external_id": {pair.id}, "integration_name": {pair.integration}}
	r := request{method: http.MethodGet, path: externalIDPath, query: values}
	return s.do(ctx, r, o, expected{pair: pair})
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
	user, err := s.LookupByExternalID(ctx, externalID, integrationName, opts...)
	if err != nil {
		return nil, err
	}
	return s.Update(ctx, user.ID, req, opts...)
}

// DeactivateByExternalID looks the user with an external id up and deactivates that
// user; see [UsersService.Deactivate].
//
// Motive's hub: GET /v1/users/lookup_by_external_id, PUT /v1/users/{id}.
func (s *UsersService) DeactivateByExternalID(ctx context.Context, externalID, integrationName string, opts ...CallOption) (*User, error) {
	user, err := s.LookupByExternalID(ctx, externalID, integrationName, opts...)
	if err != nil {
		return nil, err
	}
	return s.Deactivate(ctx, user.ID, opts...)
}

// secretsOf lists the values that no error may show, should the server echo them.
func secretsOf(a *UserAttributes) []string {
	if a == nil {
		return nil
	}
	password, _ := a.Password.Get()
	license, _ := a.DriversLicenseNumber.Get()
	if password == "" && license == "" {
		return nil
	}
	return []string{password, license}
}
