package motive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestUserSurvivesStorage(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		want := randomUser(random)
		stored, err := want.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var got User
		if err := got.UnmarshalJSON(stored); err != nil {
			t.Fatalf("%s: %v", stored, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("stored %s\ngot  %+v\nwant %+v", stored, plainUser(got), plainUser(want))
		}
	}
}

func TestUserSurvivesStorageWithinOtherJSON(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	want := map[string][]*User{}
	for _, key := range []string{"drivers", "staff"} {
		for range 50 {
			u := randomUser(random)
			want[key] = append(want[key], &u)
		}
	}
	// encoding/json rewrites the space and the HTML characters of Extra.
	for _, users := range want {
		for _, u := range users {
			for key := range u.Extra {
				u.Extra[key] = json.RawMessage(`{"eu":[43,"10",null]}`)
			}
		}
	}
	stored, err := json.MarshalIndent(want, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string][]*User
	if err := json.Unmarshal(stored, &got); err != nil {
		t.Fatal(err)
	}
	for _, users := range got {
		for _, u := range users {
			for key, raw := range u.Extra {
				var b bytes.Buffer
				if err := json.Compact(&b, raw); err != nil {
					t.Fatal(err)
				}
				u.Extra[key] = b.Bytes()
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the users changed in storage")
	}
}

// randomUser fills every field, each with a chance of staying zero.
func randomUser(random *rand.Rand) User {
	text := func() string {
		const alphabet = "ab7 \"\\/<>&'é\u2028🚚\x00\x1f\x7f\ufffd{}[]:,"
		chars := []rune(alphabet)
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteRune(chars[random.IntN(len(chars))])
		}
		return b.String()
	}
	var u User
	fields := reflect.ValueOf(&u).Elem()
	for i := range fields.NumField() {
		if random.IntN(4) == 0 {
			continue
		}
		switch p := fields.Field(i).Addr().Interface().(type) {
		case *int64:
			*p = random.Int64() - random.Int64()
		case *bool:
			*p = true
		case *time.Time:
			offset := random.IntN(47*60) - 23*60 // in minutes
			*p = time.Unix(random.Int64N(4e9), random.Int64N(1e9)).In(time.FixedZone("", offset*60))
			if offset == 0 {
				*p = p.UTC()
			}
		case *Date:
			*p = NewDate(1+random.IntN(9998), time.Month(1+random.IntN(12)), 1+random.IntN(28))
		case *[]int64:
			*p = []int64{}
			for range random.IntN(4) {
				*p = append(*p, random.Int64())
			}
		case *[]ExternalID:
			*p = []ExternalID{}
			for range random.IntN(3) {
				*p = append(*p, ExternalID{random.Int64(), text(), text()})
			}
		case *map[string]json.RawMessage:
			*p = map[string]json.RawMessage{}
			for range 1 + random.IntN(3) {
				(*p)["new "+text()] = json.RawMessage(`{ "a" : [1.50, "<\u0041>", null] }`)
			}
		default:
			fields.Field(i).SetString(text())
		}
	}
	return u
}

func TestMarshalUserWritesWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		user User
		want string
	}{
		{"nothing", User{}, `{"id":0}`},
		{"in the order of the fields", User{ID: 7, JoinedAt: NewDate(2024, 3, 11), FirstName: "Ada", Role: RoleDriver}, `{"id":7,"first_name":"Ada","role":"driver","joined_at":"2024-03-11"}`},
		{"the license number", User{ID: 7, DriversLicenseNumber: "X0000000"}, `{"id":7,"drivers_license_number":"X0000000"}`},
		{
			"extra fields by name, as they were sent",
			User{ID: 7, Extra: map[string]json.RawMessage{"z": json.RawMessage(`[1, 2]`), "a": json.RawMessage(`1.0`), "n": nil}},
			`{"id":7,"a":1.0,"n":null,"z":[1, 2]}`,
		},
		{
			"an extra field with the name of a zero one",
			User{ID: 7, Extra: map[string]json.RawMessage{"email": json.RawMessage(`["a"]`)}},
			`{"id":7,"email":["a"]}`,
		},
		{
			"a field before an extra one of its name",
			User{ID: 7, Email: "a@example.com", Extra: map[string]json.RawMessage{"email": json.RawMessage(`["a"]`), "id": json.RawMessage(`9`)}},
			`{"id":7,"email":"a@example.com"}`,
		},
		{"an id that does not fit", User{Extra: map[string]json.RawMessage{"id": json.RawMessage(`"x"`)}}, `{"id":"x"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.user.MarshalJSON()
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s, error %v\nwant %s", got, err, test.want)
			}
			if _, err := json.Marshal(&test.user); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMarshalUserRefusesWhatIsNotJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		user User
		want string
	}{
		{User{Extra: map[string]json.RawMessage{"a": json.RawMessage(`{"b"`)}}, `motive: write user: extra field "a": invalid JSON at byte 4: unexpected end`},
		{User{Extra: map[string]json.RawMessage{"a": {}}}, `motive: write user: extra field "a": invalid JSON at byte 0: unexpected end`},
		{User{Extra: map[string]json.RawMessage{"a": json.RawMessage(`1,"b":2`)}}, `motive: write user: extra field "a": invalid JSON at byte 1: something follows the value`},
	} {
		if got, err := test.user.MarshalJSON(); err == nil || err.Error() != test.want {
			t.Errorf("got %s, error %v; want %s", got, err, test.want)
		}
	}
	if _, err := (User{CreatedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}).MarshalJSON(); err == nil || !strings.HasPrefix(err.Error(), "motive: write user: created_at: ") {
		t.Errorf("error %v", err)
	}
}

func TestUnmarshalUser(t *testing.T) {
	t.Parallel()
	before := User{ID: 1, Email: "a@example.com"}
	for _, test := range []struct {
		in   string
		want User
		err  string
	}{
		{`{"id":7,"first_name":"Ada"}`, User{ID: 7, FirstName: "Ada"}, ""},
		{` {"user":{"id":"7"}} `, User{ID: 7}, ""},
		{`{}`, User{}, ""},
		{` null `, before, ""},
		{`[]`, before, "motive: read user: a JSON object was expected"},
		{`"x"`, before, "motive: read user: a JSON object was expected"},
		{`{"id":7`, before, "motive: read user: invalid JSON at byte 7: unexpected end"},
	} {
		got, message := before, ""
		if err := got.UnmarshalJSON([]byte(test.in)); err != nil {
			message = err.Error()
		}
		if message != test.err || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, error %q; want %+v, %q", test.in, got, message, test.want, test.err)
		}
	}
}

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
			if name != "page" && (!strings.Contains(line, "Ada") || !strings.Contains(line, "[redacted]")) {
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

func TestDateReadsEveryForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   string
		want Date
	}{
		{`"2024-02-29"`, NewDate(2024, 2, 29)},
		{`"2024-02-29T23:59:59Z"`, NewDate(2024, 2, 29)},
		{`"2024-02-29T23:59:59.123456-08:00"`, NewDate(2024, 2, 29)},
		{`null`, Date{}},
		{`""`, Date{}},
	} {
		got := NewDate(1999, 1, 1)
		if err := json.Unmarshal([]byte(test.in), &got); err != nil || got != test.want {
			t.Errorf("%s: got %s, error %v; want %s", test.in, got, err, test.want)
		}
	}
	for _, in := range []string{`"2023-02-29"`, `"29/02/2024"`, `20240229`, `"2024-2-9"`, `{}`} {
		d := NewDate(1999, 1, 1)
		if err := json.Unmarshal([]byte(in), &d); err == nil {
			t.Errorf("%s: got %s, want an error", in, d)
		}
		if d != NewDate(1999, 1, 1) {
			t.Errorf("%s: the date changed to %s", in, d)
		}
	}
}

func TestDateWritesDays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in         Date
		json, text string
	}{
		{NewDate(2024, 2, 29), `"2024-02-29"`, "2024-02-29"},
		{NewDate(2024, 2, 30), `"2024-03-01"`, "2024-03-01"},
		{Date{}, `""`, ""},
		{Date{time.Date(2024, 2, 29, 23, 0, 0, 0, time.FixedZone("", -8*3600))}, `"2024-02-29"`, "2024-02-29"},
	} {
		b, err := json.Marshal(test.in)
		if err != nil || string(b) != test.json || test.in.String() != test.text {
			t.Errorf("got %s and %q, error %v; want %s and %q", b, test.in, err, test.json, test.text)
		}
	}
}

// As a key of a map and in formats of text a date is a day as well.
func TestDateIsTextOfItsOwn(t *testing.T) {
	t.Parallel()
	days := map[Date]int{NewDate(2024, 2, 29): 1}
	out, err := json.Marshal(days)
	if err != nil || string(out) != `{"2024-02-29":1}` {
		t.Errorf("got %s, error %v", out, err)
	}
	var back map[Date]int
	if err := json.Unmarshal(out, &back); err != nil || !reflect.DeepEqual(back, days) {
		t.Errorf("comes back as %v, error %v", back, err)
	}
	for _, test := range []struct {
		in   string
		want Date
	}{{"2024-02-29", NewDate(2024, 2, 29)}, {"2024-02-29T23:30:00-05:00", NewDate(2024, 2, 29)}, {"", Date{}}} {
		got := NewDate(1999, 1, 1)
		if err := got.UnmarshalText([]byte(test.in)); err != nil || got != test.want {
			t.Errorf("%q: got %s, error %v", test.in, got, err)
		}
	}
	for _, in := range []string{"soon", `2024-02-29"x`, `\`} {
		got := NewDate(1999, 1, 1)
		if err := got.UnmarshalText([]byte(in)); err == nil || got != NewDate(1999, 1, 1) {
			t.Errorf("%s: got %s, error %v", in, got, err)
		}
	}
	if text, err := (Date{}).AppendText([]byte("x")); err != nil || string(text) != "x" {
		t.Errorf("the zero date is %q, error %v", text, err)
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
