package motive

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/go-querystring/query"
)

// UsersService creates, changes, finds and lists users.
//
// Motive's hub: "Overview of /users".
type UsersService struct{ core *core }

const (
	usersPath      path = "/v1/users"
	userPath       path = "/v1/users/{id}"
	lookupPath     path = "/v1/users/lookup"
	externalIDPath path = "/v1/users/lookup_by_external_id"
)

// Create creates a user. It is sent once: again only on 429, or where the first
// one provably never left. A request that carries an external id is settled
// where its outcome is open: the pair is looked up, the user who holds it is
// returned, and the request sent once more if nobody does. What stays open is an
// [OutcomeUnknownError]; an API key in test mode is [ErrTestMode].
//
// Motive's hub: "Create a new user".
func (s *UsersService) Create(ctx context.Context, req *CreateUserRequest, opts ...CallOption) (*User, error) {
	o := gather(opts)
	if err := o.check(validateCreate(req, o.strict)); err != nil {
		return nil, err
	}
	r := request{method: http.MethodPost, path: usersPath, body: req, secrets: secretsOf((*UserAttributes)(req))}
	create := func(o callOptions) (*User, error) { return do(ctx, s.core, r, o, oneUser) }
	user, err := create(o)
	var open *OutcomeUnknownError
	if pair, ok := externalIDOf(req); ok && errors.As(err, &open) && ctx.Err() == nil {
		return s.settleCreate(ctx, pair, o, open, create)
	}
	return user, err
}

// Get returns the user with the given id, deactivated or not; [ErrNotFound] if
// there is none.
//
// Motive's hub: GET /v1/users/{id}.
func (s *UsersService) Get(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	if err := validateID("id", id); err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, path: userPath, id: id}
	return do(ctx, s.core, r, gather(opts), oneUser)
}

// Update changes the fields of a user that req sets, and clears those it sets to
// null. It may be sent more than once: the same update twice ends in the same
// user. See [Against] for validation with the user as it is.
//
// Motive's hub: PUT /v1/users/{id}.
func (s *UsersService) Update(ctx context.Context, id int64, req *UpdateUserRequest, opts ...CallOption) (*User, error) {
	o := gather(opts)
	if err := validateID("id", id); err != nil {
		return nil, err
	}
	if err := o.check(validateUpdate(req, o.strict, o.current)); err != nil {
		return nil, err
	}
	r := request{method: http.MethodPut, path: userPath, id: id, body: req, secrets: secretsOf((*UserAttributes)(req))}
	return do(ctx, s.core, r, o, oneUser)
}

// Deactivate sets the user's status to deactivated. Motive keeps every user: a
// deactivated one cannot sign in, and stays in lists and lookups.
//
// Motive's hub: "Overview of /users", section "Deleting Users".
func (s *UsersService) Deactivate(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	return s.Update(ctx, id, &UpdateUserRequest{Status: Set(StatusDeactivated)}, opts...)
}

// Reactivate sets the user's status to active. That the API takes this is
// inferred, not documented.
func (s *UsersService) Reactivate(ctx context.Context, id int64, opts ...CallOption) (*User, error) {
	return s.Update(ctx, id, &UpdateUserRequest{Status: Set(StatusActive)}, opts...)
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
// Motive's hub: GET /v1/users.
func (s *UsersService) List(ctx context.Context, opts *ListUsersOptions, call ...CallOption) (*UserPage, error) {
	o := gather(call)
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
func (s *UsersService) page(ctx context.Context, opts *ListUsersOptions, o callOptions) (*listing, error) {
	values, err := query.Values(opts)
	if err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, path: usersPath, query: values}
	return do(ctx, s.core, r, o, onePage)
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
// Motive's hub: GET /v1/users/lookup.
func (s *UsersService) Lookup(ctx context.Context, key UserLookup, opts ...CallOption) (*User, error) {
	o := gather(opts)
	if err := o.check(validateLookup(key)); err != nil {
		return nil, err
	}
	values, err := query.Values(key)
	if err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, path: lookupPath, query: values}
	return do(ctx, s.core, r, o, oneUser)
}

// LookupByExternalID returns the user that has the given external id under the
// given integration; [ErrNotFound] if there is none.
//
// Motive's hub: GET /v1/users/lookup_by_external_id.
func (s *UsersService) LookupByExternalID(ctx context.Context, externalID, integrationName string, opts ...CallOption) (*User, error) {
	o := gather(opts)
	if err := o.check(validateExternalIDPair(externalID, integrationName)); err != nil {
		return nil, err
	}
	return s.lookupPair(ctx, externalPair{externalID, integrationName}, o)
}

func (s *UsersService) lookupPair(ctx context.Context, pair externalPair, o callOptions) (*User, error) {
	values := url.Values{"external_id": {pair.id}, "integration_name": {pair.integration}}
	r := request{method: http.MethodGet, path: externalIDPath, query: values}
	return do(ctx, s.core, r, o, oneUser)
}

// secretsOf lists the values that no error may show, should the server echo them.
func secretsOf(a *UserAttributes) []string {
	if a == nil {
		return nil
	}
	password, _ := a.Password.Get()
	licence, _ := a.DriversLicenseNumber.Get()
	return []string{password, licence}
}
