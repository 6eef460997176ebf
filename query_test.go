package motive_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/motive-go/motive"
)

// Each field of the options alone: zero is left out, and a value is sent under
// the API's name.
func TestQueriesFieldByField(t *testing.T) {
	t.Parallel()
	list := func(o motive.ListUsersOptions) func(context.Context, *motive.Client) error {
		return func(ctx context.Context, c *motive.Client) error { _, err := c.Users.List(ctx, &o); return err }
	}
	roles := func(o motive.ListUserRolesOptions) func(context.Context, *motive.Client) error {
		return func(ctx context.Context, c *motive.Client) error { _, err := c.UserRoles.List(ctx, &o); return err }
	}
	lookup := func(k motive.UserLookup) func(context.Context, *motive.Client) error {
		return func(ctx context.Context, c *motive.Client) error { _, err := c.Users.Lookup(ctx, k); return err }
	}
	for want, call := range map[string]func(context.Context, *motive.Client) error{
		"/v1/users":                        list(motive.ListUsersOptions{}),
		"/v1/users?role=fleet_user":        list(motive.ListUsersOptions{Role: motive.RoleFleetUser}),
		"/v1/users?name=O%27Neil+%26+Sons": list(motive.ListUsersOptions{Name: "O'Neil & Sons"}),
		"/v1/users?duty_status=off_duty":   list(motive.ListUsersOptions{DutyStatus: motive.DutyStatusOffDuty}),
		"/v1/users?status=deactivated":     list(motive.ListUsersOptions{Status: motive.StatusDeactivated}),
		"/v1/users?summary=true":           list(motive.ListUsersOptions{Summary: true}),
		"/v1/users?per_page=100":           list(motive.ListUsersOptions{PerPage: 100}),
		"/v1/users?page_no=2":              list(motive.ListUsersOptions{PageNo: 2}),
		"/v1/users?duty_status=driving&name=A&page_no=3&per_page=1&role=driver&status=active&summary=true": list(motive.ListUsersOptions{
			Role: motive.RoleDriver, Name: "A", DutyStatus: motive.DutyStatusDriving, Status: motive.StatusActive, Summary: true, PerPage: 1, PageNo: 3,
		}),
		"/v1/user_roles":                                 roles(motive.ListUserRolesOptions{}),
		"/v1/user_roles?name=Dispatch":                   roles(motive.ListUserRolesOptions{Name: "Dispatch"}),
		"/v1/user_roles?status=active":                   roles(motive.ListUserRolesOptions{Status: motive.StatusActive}),
		"/v1/users/lookup?email=ada%2Bx%40example.com":   lookup(motive.UserLookup{Email: "ada+x@example.com"}),
		"/v1/users/lookup?username=ada+b":                lookup(motive.UserLookup{Username: "ada b"}),
		"/v1/users/lookup?driver_company_id=0012":        lookup(motive.UserLookup{DriverCompanyID: "0012"}),
		"/v1/users/lookup?phone=%2B1+%28555%29+010-0000": lookup(motive.UserLookup{Phone: "+1 (555) 010-0000"}),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			body := `{"users":[],"user_roles":[],"user":{"id":7}}`
			srv := newServer(t, answering(200, body))
			if err := call(t.Context(), newClient(t, srv.url)); err != nil {
				t.Fatal(err)
			}
			if lines := srv.lines(); !reflect.DeepEqual(lines, []string{"GET " + want}) {
				t.Errorf("sent %q, want %q", lines, want)
			}
		})
	}
}

func TestNilOptionsListEverything(t *testing.T) {
	t.Parallel()
	srv := newServer(t, answering(200, `{"users":[],"user_roles":[]}`))
	c := newClient(t, srv.url)
	if _, err := c.Users.List(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := c.UserRoles.List(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if want := []string{"GET /v1/users", "GET /v1/user_roles"}; !reflect.DeepEqual(srv.lines(), want) {
		t.Errorf("sent %q, want %q", srv.lines(), want)
	}
}

// No field of the options may be forgotten above, nor misspelt in its tag.
func TestOptionsHaveTheDocumentedNames(t *testing.T) {
	t.Parallel()
	for typ, want := range map[reflect.Type]map[string]string{
		reflect.TypeFor[motive.ListUsersOptions](): {
			"Role": "role", "Name": "name", "DutyStatus": "duty_status", "Status": "status", "Summary": "summary", "PerPage": "per_page", "PageNo": "page_no",
		},
		reflect.TypeFor[motive.UserLookup]():           {"Email": "email", "Username": "username", "DriverCompanyID": "driver_company_id", "Phone": "phone"},
		reflect.TypeFor[motive.ListUserRolesOptions](): {"Name": "name", "Status": "status"},
	} {
		for i := range typ.NumField() {
			field := typ.Field(i)
			if got := field.Tag.Get("url"); got != want[field.Name]+",omitempty" {
				t.Errorf("%s.%s has the tag %q", typ, field.Name, got)
			}
		}
		if typ.NumField() != len(want) {
			t.Errorf("%s has %d fields, want %d", typ, typ.NumField(), len(want))
		}
	}
}
