package motive

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"
)

// unshown are the fields that Diff cannot compare, or compares in a way of its
// own.
var unshown = []string{"password", "time_tracking_mode", "group_visibility", "custom_user_role", "external_ids_attributes"}

// Every field that can be written is compared or stands in unshown: a field that
// is added and forgotten fails here.
func TestDiffSeesEveryField(t *testing.T) {
	t.Parallel()
	random := fullAttributes()
	for i, name := range attributeNames {
		if name == "" {
			continue
		}
		var a UserAttributes
		field := reflect.ValueOf(&a).Elem().Field(i)
		field.Set(reflect.ValueOf(random).Elem().Field(i))
		update, changed := a.Diff(&User{ID: 7})
		if slices.Contains(unshown, name) && name != "external_ids_attributes" {
			if changed || !reflect.DeepEqual(update, UpdateUserRequest{}) {
				t.Errorf("%s: compared, and the API does not show it", name)
			}
			continue
		}
		if !changed || !reflect.DeepEqual(UserAttributes(update), a) {
			t.Errorf("%s: not compared: %v %v", name, update, changed)
		}
		if name == "external_ids_attributes" {
			continue
		}
		// A user who has the value shows no difference, and Null is one.
		place, ok := userTable.Index(name)
		if !ok {
			t.Fatalf("%s: a user has no such field", name)
		}
		var u User
		value := field.MethodByName("Get").Call(nil)[0]
		reflect.ValueOf(&u).Elem().Field(place).Set(value)
		if update, changed := a.Diff(&u); changed {
			t.Errorf("%s: the same value differs: %v", name, update)
		}
		null := reflect.New(field.Type())
		if err := json.Unmarshal([]byte("null"), null.Interface()); err != nil {
			t.Fatal(err)
		}
		field.Set(null.Elem())
		if _, changed := a.Diff(&u); !changed {
			t.Errorf("%s: null does not differ from a value", name)
		}
		if update, changed := a.Diff(&User{}); changed {
			t.Errorf("%s: null differs from nothing: %v", name, update)
		}
	}
}

func TestDiffComparesWhatIsMeant(t *testing.T) {
	t.Parallel()
	tms := func(record int64, id string) ExternalID {
		return ExternalID{ID: record, ExternalID: id, IntegrationName: "generic_tms"}
	}
	user := &User{
		ID: 7, FirstName: "Ada", Role: RoleAdmin, GroupIDs: []int64{1, 2}, JoinedAt: NewDate(2024, 3, 11),
		ExternalIDs: []ExternalID{tms(31, "987"), {ID: 32, ExternalID: "A", IntegrationName: "payroll"}},
		Extra:       map[string]json.RawMessage{"shoe": json.RawMessage(`{ "eu": 43, "us": 10 }`), "big": json.RawMessage(`9007199254740993`)},
	}
	for _, test := range []struct {
		name string
		a    UserAttributes
		want UpdateUserRequest
	}{
		{"nothing is set", UserAttributes{}, UpdateUserRequest{}},
		{"the same", UserAttributes{FirstName: Set("Ada"), Email: Set(""), MetricUnits: Set(false), Phone: Null[string]()}, UpdateUserRequest{}},
		{"one of two", UserAttributes{FirstName: Set("Ada"), LastName: Set("Byron")}, UpdateUserRequest{LastName: Set("Byron")}},
		{"the other name of an administrator", UserAttributes{Role: Set(RoleFleetAdmin)}, UpdateUserRequest{}},
		{"another role", UserAttributes{Role: Set(RoleDriver)}, UpdateUserRequest{Role: Set(RoleDriver)}},
		{"groups in another order", UserAttributes{GroupIDs: Set([]int64{2, 1})}, UpdateUserRequest{}},
		{"no groups", UserAttributes{GroupIDs: Set([]int64{})}, UpdateUserRequest{GroupIDs: Set([]int64{})}},
		{"a day with a time", UserAttributes{JoinedAt: Set(Date{time.Date(2024, 3, 11, 9, 0, 0, 0, time.UTC)})}, UpdateUserRequest{}},
		{"a pair that is there", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(0, "987")})}, UpdateUserRequest{}},
		{"a record that is there", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(31, "987")})}, UpdateUserRequest{}},
		{
			"another id for an integration", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(0, "988")})},
			UpdateUserRequest{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(31, "988")})},
		},
		{
			"one more id for an integration", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(0, "987"), tms(0, "988")})},
			UpdateUserRequest{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(0, "988")})},
		},
		{
			"two for one record", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(0, "988"), tms(0, "989")})},
			UpdateUserRequest{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(31, "988"), tms(0, "989")})},
		},
		{
			"another integration", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{{ExternalID: "987", IntegrationName: "other"}})},
			UpdateUserRequest{ExternalIDsAttributes: Set([]ExternalIDAttributes{{ExternalID: "987", IntegrationName: "other"}})},
		},
		{"no external ids", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{})}, UpdateUserRequest{}},
		{"null for external ids", UserAttributes{ExternalIDsAttributes: Null[[]ExternalIDAttributes]()}, UpdateUserRequest{ExternalIDsAttributes: Null[[]ExternalIDAttributes]()}},
		{"the same beyond this version", UserAttributes{Extra: map[string]any{"shoe": map[string]int{"us": 10, "eu": 43}}}, UpdateUserRequest{}},
		{
			"another beyond this version", UserAttributes{Extra: map[string]any{"big": int64(9007199254740992), "new": nil}},
			UpdateUserRequest{Extra: map[string]any{"big": int64(9007199254740992), "new": nil}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			update, changed := test.a.Diff(user)
			if !reflect.DeepEqual(update, test.want) || changed != !reflect.DeepEqual(test.want, UpdateUserRequest{}) {
				t.Errorf("got  %v %v\nwant %v", update, changed, test.want)
			}
		})
	}
	if update, changed := (UserAttributes{FirstName: Set("Ada")}).Diff(nil); !changed || update.FirstName != Set("Ada") {
		t.Errorf("against nobody: %v %v", update, changed)
	}
}

func TestExceptionsByValue(t *testing.T) {
	t.Parallel()
	var create CreateUserRequest
	update := UpdateUserRequest{Extra: map[string]any{"a": 1}}
	shared := update
	for i, e := range exceptionNames {
		create.SetException(e, i%2 == 0)
		create.SetException2(e, i%2 == 1)
	}
	update.SetException("exception_new", true)
	update.SetException2("exception_new", false)
	body, err := json.Marshal(create)
	if err != nil {
		t.Fatal(err)
	}
	var u User
	if err := json.Unmarshal(body, &u); err != nil {
		t.Fatal(err)
	}
	if want := []Exception{Exception24HourRestart, ExceptionWaitTime, ExceptionCAFarmSchoolBus}; !slices.Equal(u.Exceptions(), want) {
		t.Errorf("exceptions %q, want %q", u.Exceptions(), want)
	}
	if want := []Exception{Exception8HourBreak, ExceptionShortHaul, ExceptionAdverseDriving}; !slices.Equal(u.Exceptions2(), want) {
		t.Errorf("exceptions to the second cycle %q, want %q", u.Exceptions2(), want)
	}
	if want := map[string]any{"a": 1, "exception_new": true, "exception_new2": false}; !reflect.DeepEqual(update.Extra, want) {
		t.Errorf("extra %v, want %v", update.Extra, want)
	}
	if len(shared.Extra) != 1 {
		t.Errorf("a copy of the request changed: %v", shared.Extra)
	}
	if got := (User{}).Exceptions(); got != nil {
		t.Errorf("exceptions of nobody: %q", got)
	}
}

func TestExternalIDOfUser(t *testing.T) {
	t.Parallel()
	u := User{ExternalIDs: []ExternalID{{ExternalID: "987", IntegrationName: "generic_tms"}, {ExternalID: "", IntegrationName: "empty"}}}
	for _, test := range []struct {
		integration, want string
		ok                bool
	}{{"generic_tms", "987", true}, {"empty", "", true}, {"payroll", "", false}, {"", "", false}} {
		if got, ok := u.ExternalID(test.integration); got != test.want || ok != test.ok {
			t.Errorf("%q: got %q %v", test.integration, got, ok)
		}
	}
}
