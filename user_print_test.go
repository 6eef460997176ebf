package motive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// canary stands for every secret.
const canary = "CANARY-4711"

func secretUser() User {
	return User{
		ID: 7, FirstName: "Ada", DriversLicenseNumber: canary,
		Extra: map[string]json.RawMessage{"shoe_size": json.RawMessage(`"` + canary + `"`), "drivers_license_state": json.RawMessage(`["` + canary + `"]`)},
	}
}

func secretAttributes() UserAttributes {
	return UserAttributes{FirstName: Set("Ada"), Password: Set(canary), DriversLicenseNumber: Set(canary)}
}

func TestNoVerbPrintsSecrets(t *testing.T) {
	t.Parallel()
	u, a := secretUser(), secretAttributes()
	create, update := CreateUserRequest(a), UpdateUserRequest(a)
	for name, v := range map[string]any{
		"user": u, "pointer to user": &u, "users": []User{u}, "pointers to users": []*User{&u},
		"map": map[string]User{"a": u}, "struct": struct{ U User }{u}, "struct with pointer": &struct{ U any }{&u},
		"page":       UserPage{Users: []*User{&u}},
		"attributes": a, "pointer to attributes": &a, "create": create, "pointer to create": &create, "update": update, "pointer to update": &update,
		"requests": []any{create, &update, &a}, "struct with request": struct{ R *CreateUserRequest }{&create},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%10v"} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s of a %s shows a secret: %s", verb, name, got)
			}
			if !strings.Contains(got, `"Ada"`) {
				t.Errorf("%s of a %s hides the name: %s", verb, name, got)
			}
		}
		if err := fmt.Errorf("cannot use %v", v); strings.Contains(err.Error(), canary) {
			t.Errorf("an error with a %s shows a secret: %v", name, err)
		}
	}
}

func TestNoLogShowsSecrets(t *testing.T) {
	t.Parallel()
	u, a := secretUser(), secretAttributes()
	create, update := CreateUserRequest(a), UpdateUserRequest(a)
	both := map[string]any{
		"user": u, "pointer to user": &u, "page": UserPage{Users: []*User{&u}}, "attributes": a, "pointer to attributes": &a,
		"create": create, "pointer to create": &create, "update": update, "pointer to update": &update,
	}
	textOnly := map[string]any{"users": []User{u}, "requests": []any{create, &update}, "struct": struct{ U User }{u}}
	for name, v := range both {
		for kind, line := range map[string]string{"text": logged(t, textHandler, v), "JSON": logged(t, jsonHandler, v)} {
			if strings.Contains(line, canary) {
				t.Errorf("%s log of a %s shows a secret: %s", kind, name, line)
			}
			if name != "page" && (!strings.Contains(line, "Ada") || !strings.Contains(line, redacted)) {
				t.Errorf("%s log of a %s hides the rest: %s", kind, name, line)
			}
		}
	}
	for name, v := range textOnly {
		if line := logged(t, textHandler, v); strings.Contains(line, canary) || !strings.Contains(line, "Ada") {
			t.Errorf("text log of %s: %s", name, line)
		}
	}
}

func textHandler(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }
func jsonHandler(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }

func logged(t *testing.T, handler func(*bytes.Buffer) slog.Handler, v any) string {
	t.Helper()
	var b bytes.Buffer
	slog.New(handler(&b)).Info("message", "value", v)
	return b.String()
}

func TestPrintedFieldsStandUnderTheirNames(t *testing.T) {
	t.Parallel()
	u := User{
		ID: 7, FirstName: `Ada "A"`, Role: RoleDriver, GroupIDs: []int64{1, 2}, MetricUnits: true,
		CreatedAt:   time.Date(2026, 7, 1, 8, 15, 30, 500, time.UTC),
		ExternalIDs: []ExternalID{{ID: 3, ExternalID: "987", IntegrationName: "generic_tms"}},
		JoinedAt:    NewDate(2024, 3, 11), DriversLicenseNumber: "X0000000", TimeZone: "Eastern Time (US & Canada)",
		Extra: map[string]json.RawMessage{"b": json.RawMessage("1"), "a": json.RawMessage("2")},
	}
	request := UpdateUserRequest{
		FirstName: Set(""), Email: Null[string](), Password: Set("x"), DriversLicenseNumber: Null[string](), Cycle: Set(Cycle("70_8")),
		MetricUnits: Set(false), JoinedAt: Set(NewDate(2024, 3, 11)), GroupIDs: Set([]int64{1}), CustomUserRole: Set(CustomUserRole{UserRoleID: 9}),
	}
	for _, test := range []struct {
		in   any
		want string
	}{
		{User{}, `User{}`},
		{(*User)(nil), `<nil>`},
		{u, `User{id:7 first_name:"Ada \"A\"" time_zone:"Eastern Time (US & Canada)" role:"driver" group_ids:[1,2] metric_units:true ` +
			`created_at:"2026-07-01T08:15:30.0000005Z" external_ids:[{"id":3,"external_id":"987","integration_name":"generic_tms"}] ` +
			`drivers_license_number:[redacted] joined_at:"2024-03-11" extra:["a","b"]}`},
		{request, `UpdateUserRequest{first_name:"" email:null password:[redacted] metric_units:false drivers_license_number:null ` +
			`joined_at:"2024-03-11" cycle:"70_8" group_ids:[1] custom_user_role:{"user_role_id":9}}`},
		{CreateUserRequest{Password: Set("")}, `CreateUserRequest{password:""}`},
		{UserAttributes{}, `UserAttributes{}`},
	} {
		if got := fmt.Sprint(test.in); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}

	line := logged(t, jsonHandler, request)
	want := `"value":{"first_name":"","email":null,"password":"[redacted]","metric_units":false,"drivers_license_number":null,` +
		`"joined_at":"2024-03-11","cycle":"70_8","group_ids":[1],"custom_user_role":{"user_role_id":9}}`
	if !strings.Contains(line, want) {
		t.Errorf("got  %swant %s", line, want)
	}
	page := UserPage{Users: []*User{&u}, Pagination: Pagination{PerPage: 25, PageNo: 1, Total: 2}}
	if line := logged(t, textHandler, page); !strings.Contains(line, "value.users=1 value.per_page=25 value.page_no=1 value.total=2") {
		t.Error(line)
	}
}
