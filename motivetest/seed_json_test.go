package motivetest_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// full returns a user with something in every field.
func full(tb testing.TB, role motive.Role) motive.User {
	tb.Helper()
	var u motive.User
	fields := reflect.ValueOf(&u).Elem()
	for i := range fields.NumField() {
		name, field := fields.Type().Field(i).Name, fields.Field(i)
		switch into := field.Addr().Interface().(type) {
		case *time.Time:
			*into = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC).AddDate(0, 0, i)
		case *motive.Date:
			*into = motive.NewDate(2026, 1, 2)
		case *[]int64:
			*into = []int64{1, 2}
		case *[]motive.ExternalID:
			*into = []motive.ExternalID{{ID: 5, ExternalID: "7", IntegrationName: "tms"}}
		case *map[string]json.RawMessage:
			*into = map[string]json.RawMessage{"unknown": json.RawMessage(`{"a":[1,null]}`), "none": json.RawMessage("null")}
		default:
			switch field.Kind() {
			case reflect.String:
				field.SetString(name + " <&> é\u2028")
			case reflect.Bool:
				field.SetBool(true)
			case reflect.Int64:
				field.SetInt(int64(i + 1))
			default:
				tb.Fatalf("%s is a %s, which this test does not know", name, field.Type())
			}
		}
	}
	u.Role = role
	return u
}

// Whatever a test seeds it reads back, and not by the client's own JSON.
func TestSeedReadsBackEveryField(t *testing.T) {
	t.Parallel()
	for _, role := range []motive.Role{motive.RoleDriver, "weird"} {
		srv := motivetest.NewServer(t)
		u := full(t, role)
		mustEqual(t, "seeded", srv.Seed(u), []motive.User{u})
		mustEqual(t, "users", srv.Users(), []motive.User{u})
	}
}

func TestDriverFieldsAreAbsentInTheOffice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		role   motive.Role
		number string
	}{
		{motive.RoleDriver, "DL1"}, {"weird", "DL1"}, {"", "DL1"},
		{motive.RoleFleetUser, ""}, {motive.RoleAdmin, ""}, {motive.RoleFleetAdmin, ""},
	} {
		srv, c := start(t)
		u := srv.Seed(motive.User{Role: tt.role, DriversLicenseNumber: "DL1", Username: "ada"})[0]
		mustEqual(t, fmt.Sprintf("license number of %q", tt.role), u.DriversLicenseNumber, tt.number)
		status := 200
		if tt.number == "" {
			status = 404
		}
		c.do(status, "GET", "/v1/users/lookup?username=ada", "")
	}
}

func TestSeedOfWhatFitsNoField(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	extra := map[string]json.RawMessage{"first_name": json.RawMessage(`["Ada"]`), "joined_at": json.RawMessage(`"soon"`), "metric_units": json.RawMessage(`"yes"`)}
	u := srv.Seed(motive.User{Extra: extra})[0]
	mustEqual(t, "extra", u.Extra, extra)
	mustEqual(t, "answered", c.do(200, "GET", "/v1/users/1", "").user(t)["first_name"], []any{"Ada"})
	u = srv.Seed(motive.User{LastName: "Reed", Extra: map[string]json.RawMessage{"last_name": json.RawMessage("7"), "expires_at": json.RawMessage(`""`)}})[0]
	mustEqual(t, "a field before Extra", u.LastName, "Reed")
	mustEqual(t, "nothing left", len(u.Extra), 0)
}
