package motive_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/test/wire"
)

func TestUserRolesTakeEachEnvelope(t *testing.T) {
	t.Parallel()
	const dispatch = `{"id":"9","name":"Dispatch","permissions":["users.read","logs.edit",7],"status":"active","type":"custom",
		"is_editable":"true","assigned_users_count":3,"created_at":"2024-02-29T01:02:03.456789Z","updated_at":null,
		"last_edited_by":{"id":4,"first_name":"Grace","last_name":"Hopper","x":1},"colour":"red"}`
	want := []motive.UserRole{
		{ID: 9, Name: "Dispatch", Permissions: []string{"users.read", "logs.edit", "7"}, Status: motive.StatusActive, Type: motive.UserRoleTypeCustom,
			IsEditable: true, AssignedUsersCount: 3, CreatedAt: time.Date(2024, 2, 29, 1, 2, 3, 456789000, time.UTC),
			LastEditedBy: motive.UserRoleEditor{ID: 4, FirstName: "Grace", LastName: "Hopper"}},
		{ID: 10, Name: "Admin", Type: motive.UserRoleTypeDefault},
	}
	const admin = `{"id":10,"name":"Admin","type":"default","permissions":null,"last_edited_by":null}`
	for name, body := range map[string]string{
		"an array":            `[` + dispatch + `,` + admin + `]`,
		"an array, wrapped":   `[{"user_role":` + dispatch + `},{"user_role":` + admin + `}]`,
		"an object":           `{"user_roles":[` + dispatch + `,` + admin + `]}`,
		"an object, wrapped":  `{"user_roles":[{"user_role":` + dispatch + `},{"user_role":` + admin + `}],"pagination":{"total":2}}`,
		"an object and mixed": ` {"x":[],"user_roles":[` + dispatch + `,{"user_role":` + admin + `}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(200, body))
			got, err := newClient(t, srv.URL).UserRoles.List(t.Context(), nil)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, error %v, want %+v", got, err, want)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewServer(t, wire.Always(200, `{"user_roles":[]}`))
		if got, err := newClient(t, srv.URL).UserRoles.List(t.Context(), nil); err != nil || got == nil || len(got) != 0 {
			t.Errorf("got %#v, error %v", got, err)
		}
	})
}

// Where the first path is not found the second is asked, and only then.
func TestUserRolesAskBothPaths(t *testing.T) {
	t.Parallel()
	const one, two = "GET /v1/user_roles?name=A", "GET /v1/users/user_roles?name=A"
	for name, tt := range map[string]struct {
		first, second int
		lines         []string
		err           []string
	}{
		"the first serves":   {200, 0, []string{one}, nil},
		"the second serves":  {404, 200, []string{one, two}, nil},
		"neither serves":     {404, 404, []string{one, two}, []string{"ErrNotFound"}},
		"no right to either": {403, 0, []string{one}, []string{"ErrForbidden"}},
		"the second refuses": {404, 403, []string{one, two}, []string{"ErrForbidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
				status := tt.first
				if strings.HasSuffix(r.URL.Path, "/users/user_roles") {
					status = tt.second
				}
				wire.Always(status, `[{"id":9,"name":"Dispatch"}]`)(w, r)
			})
			got, err := newClient(t, srv.URL).UserRoles.List(t.Context(), &motive.ListUserRolesOptions{Name: "A"})
			isOnly(t, err, tt.err...)
			if (err == nil) != (tt.err == nil) || (len(got) == 1) != (err == nil) {
				t.Errorf("got %v, error %v", got, err)
			}
			if !reflect.DeepEqual(srv.Lines(), tt.lines) {
				t.Errorf("sent %q, want %q", srv.Lines(), tt.lines)
			}
		})
	}
}
