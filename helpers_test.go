package motive_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/test/wire"
)

const (
	testToken = "canary-token-5f1c0a"
	oneUser   = `{"user":{"id":7,"first_name":"Ada","role":"driver","status":"active"}}`
	leftUser  = `{"user":{"id":7,"first_name":"Ada","role":"driver","status":"deactivated"}}`
	noUsers   = `{"users":[],"pagination":{"per_page":100,"page_no":1,"total":0}}`
)

// atOnce retries without a wait worth noticing.
var atOnce = motive.WithRetry(motive.RetryPolicy{MinWait: 1, MaxWait: 1, ReconcileWait: 1})

// newClient returns a client for base with connections of its own.
func newClient(t testing.TB, base string, opts ...motive.Option) *motive.Client {
	t.Helper()
	opts = append([]motive.Option{motive.WithBaseURL(base), atOnce}, opts...)
	c, err := motive.NewClient(append([]motive.Option{motive.WithAccessToken(testToken)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// clientWith is newClient for a credential of the test's choice.
func clientWith(t testing.TB, base string, opts ...motive.Option) *motive.Client {
	t.Helper()
	c, err := motive.NewClient(append([]motive.Option{motive.WithBaseURL(base), atOnce}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func offline(t testing.TB, f wire.RoundTrip, opts ...motive.Option) *motive.Client {
	t.Helper()
	return newClient(t, "https://motive.example/fleet", append([]motive.Option{motive.WithTransport(f)}, opts...)...)
}

func ada() *motive.CreateUserRequest {
	return &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"), LastName: motive.Set("Byron"),
		Role: motive.Set(motive.RoleDriver), Username: motive.Set("ada"),
	}
}

func adaLinked() *motive.CreateUserRequest {
	req := ada()
	req.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "generic_tms"}})
	return req
}

func externalIDRequest() *motive.ExternalIDRequest {
	return &motive.ExternalIDRequest{
		ExternalID: motive.Set("987"), IntegrationName: motive.Set("generic_tms"),
		ExternalIDHolderID: motive.Set[int64](7), ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeUser),
	}
}

// method is one method of a service: how it is called, what it sends, and an
// answer that it takes with what it makes of it.
type method struct {
	name   string
	line   string
	path   string // as logs show it
	body   string // "" for none
	status int
	answer string
	want   any
	call   func(context.Context, *motive.Client, ...motive.CallOption) (any, error)
}

// methods lists every method that sends a request.
func methods() []method {
	user := &motive.User{ID: 7, FirstName: "Ada", Role: motive.RoleDriver, Status: motive.StatusActive}
	left := &motive.User{ID: 7, FirstName: "Ada", Role: motive.RoleDriver, Status: motive.StatusDeactivated}
	link := &motive.ExternalID{ID: 31, ExternalID: "987", IntegrationName: "generic_tms"}
	const oneLink = `{"external_id":{"id":31,"external_id":"987","integration_name":"generic_tms"}}`
	return []method{
		{"Users.Create", "POST /v1/users", "/v1/users",
			`{"first_name":"Ada","last_name":"Byron","role":"driver","username":"ada"}`, 201, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Create(ctx, ada(), o...))
			}},
		{"Users.Get", "GET /v1/users/7", "/v1/users/{id}", "", 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Get(ctx, 7, o...))
			}},
		{"Users.Update", "PUT /v1/users/7", "/v1/users/{id}", `{"phone":null,"minute_logs":false}`, 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				req := &motive.UpdateUserRequest{Phone: motive.Null[string](), MinuteLogs: motive.Set(false)}
				return result(c.Users.Update(ctx, 7, req, o...))
			}},
		{"Users.Deactivate", "PUT /v1/users/7", "/v1/users/{id}", `{"status":"deactivated"}`, 200, leftUser, left,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Deactivate(ctx, 7, o...))
			}},
		{"Users.Reactivate", "PUT /v1/users/7", "/v1/users/{id}", `{"status":"active"}`, 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Reactivate(ctx, 7, o...))
			}},
		{"Users.List", "GET /v1/users?per_page=2&role=driver", "/v1/users", "", 200,
			`{"users":[{"user":{"id":7,"first_name":"Ada","role":"driver","status":"active"}}],"pagination":{"per_page":2,"page_no":1,"total":1}}`,
			[]*motive.User{user},
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				page, err := c.Users.List(ctx, &motive.ListUsersOptions{Role: motive.RoleDriver, PerPage: 2}, o...)
				if page == nil {
					return nil, err
				}
				return page.Users, err
			}},
		{"Users.All", "GET /v1/users?page_no=1&per_page=100", "/v1/users", "", 200,
			`{"users":[{"user":{"id":7,"first_name":"Ada","role":"driver","status":"active"}}],"pagination":{"per_page":100,"page_no":1,"total":1}}`,
			[]*motive.User{user},
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				users, err := collect(c.Users.All(ctx, nil, o...))
				return result(users, err)
			}},
		{"Users.Lookup", "GET /v1/users/lookup?email=ada%2Bx%40example.com", "/v1/users/lookup", "", 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Lookup(ctx, motive.UserLookup{Email: "ada+x@example.com"}, o...))
			}},
		{"Users.LookupByExternalID", "GET /v1/users/lookup_by_external_id?external_id=9+8%267&integration_name=generic_tms",
			"/v1/users/lookup_by_external_id", "", 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.LookupByExternalID(ctx, "9 8&7", "generic_tms", o...))
			}},
		{"ExternalIDs.Create", "POST /v1/external_ids", "/v1/external_ids",
			`{"external_id":"987","integration_name":"generic_tms","external_id_holder_id":7,"external_id_holder_type":"User"}`, 201, oneLink, link,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.ExternalIDs.Create(ctx, externalIDRequest(), o...))
			}},
		{"ExternalIDs.Update", "PUT /v1/external_ids/31", "/v1/external_ids/{id}", `{"external_id":"987"}`, 200, oneLink, link,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.ExternalIDs.Update(ctx, 31, &motive.ExternalIDRequest{ExternalID: motive.Set("987")}, o...))
			}},
		{"ExternalIDs.Delete", "DELETE /v1/external_ids/31", "/v1/external_ids/{id}", "", 200, `{"success":true}`, nil,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return nil, c.ExternalIDs.Delete(ctx, 31, o...)
			}},
		{"UserRoles.List", "GET /v1/user_roles?name=Dispatch&status=active", "/v1/user_roles", "", 200,
			`{"user_roles":[{"user_role":{"id":9,"name":"Dispatch"}}]}`, []motive.UserRole{{ID: 9, Name: "Dispatch"}},
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.UserRoles.List(ctx, &motive.ListUserRolesOptions{Name: "Dispatch", Status: motive.StatusActive}, o...))
			}},
	}
}

// result gives up the type of a result, nil if it is its zero value.
func result[T any](v T, err error) (any, error) {
	if reflect.ValueOf(&v).Elem().IsZero() {
		return nil, err
	}
	return v, err
}

// verb is the method's HTTP method.
func (m method) verb() string { return m.line[:strings.Index(m.line, " ")] }

// collect drains a list, and checks that an error comes once and last.
func collect(all func(func(*motive.User, error) bool)) (users []*motive.User, err error) {
	for user, e := range all {
		switch {
		case err != nil:
			return users, errors.New("something came after an error")
		case (user == nil) == (e == nil):
			return users, errors.New("a user and an error, or neither")
		case e != nil:
			err = e
		default:
			users = append(users, user)
		}
	}
	return users, err
}

func ids(users []*motive.User) []int64 {
	out := []int64{}
	for _, u := range users {
		out = append(out, u.ID)
	}
	return out
}

// kind names what an error is: "none", "api", "unknown" or "other".
func kind(err error) string {
	var api *motive.APIError
	switch {
	case err == nil:
		return "none"
	case errors.Is(err, motive.ErrOutcomeUnknown):
		return "unknown"
	case errors.As(err, &api):
		return "api"
	}
	return "other"
}

// sameJSON reports whether two texts hold the same JSON.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
