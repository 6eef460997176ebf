package motive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
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

// fullAttributes has a value in every field but Extra.
func fullAttributes() *UserAttributes {
	a := new(UserAttributes)
	v := reflect.ValueOf(a).Elem()
	for i := range v.NumField() {
		switch p := v.Field(i).Addr().Interface().(type) {
		case *Optional[string]:
			*p = Set("Example Street 12")
		case *Optional[bool]:
			*p = Set(true)
		case *Optional[Date]:
			*p = Set(NewDate(2024, 3, 11))
		case *Optional[[]int64]:
			*p = Set([]int64{101, 102})
		case *Optional[CustomUserRole]:
			*p = Set(CustomUserRole{UserRoleID: 9, GroupIDs: []int64{101}})
		case *Optional[[]ExternalIDAttributes]:
			*p = Set([]ExternalIDAttributes{{ExternalID: "987", IntegrationName: "generic_tms"}})
		case *map[string]any:
		default:
			q := reflect.New(v.Field(i).Type())
			if err := json.Unmarshal([]byte(`"value"`), q.Interface()); err != nil {
				panic(err)
			}
			v.Field(i).Set(q.Elem())
		}
	}
	return a
}

// plainOf is what a program without this package would write: the same fields in
// a struct without methods.
func plainOf(a *UserAttributes) any {
	v := reflect.ValueOf(a).Elem()
	var fields []reflect.StructField
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Name == "Extra" {
			continue
		}
		get, _ := f.Type.MethodByName("Get")
		fields = append(fields, reflect.StructField{Name: f.Name, Type: get.Type.Out(0), Tag: f.Tag})
	}
	p := reflect.New(reflect.StructOf(fields))
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Name == "Extra" {
			continue
		}
		p.Elem().FieldByName(f.Name).Set(v.Field(i).MethodByName("Get").Call(nil)[0])
	}
	return p.Interface()
}

// literal has U+FFFD as it is, which stands for what is no UTF-8 and which json v2
// does not escape.
func literal(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`\ufffd`), []byte("\ufffd")) }

// A request is written as encoding/json writes a struct with the same fields.
func TestRequestsAreWrittenLikeAPlainStruct(t *testing.T) {
	t.Parallel()
	a := fullAttributes()
	a.FirstName, a.LastName = Set("<Ada> & \"B\"\n\u2028\x7f"), Set("é\xff🚚\x01")
	want, err := json.Marshal(plainOf(a))
	if err != nil {
		t.Fatal(err)
	}
	create, update := CreateUserRequest(*a), UpdateUserRequest(*a)
	for _, body := range []any{a, *a, &create, create, &update, update} {
		for name, marshal := range map[string]func(any) ([]byte, error){"encodeBody": encodeBody, "json.Marshal": json.Marshal} {
			if got, err := marshal(body); err != nil || !bytes.Equal(literal(got), literal(want)) {
				t.Errorf("%s of a %T: %s, error %v, want %s", name, body, got, err, want)
			}
		}
	}
	if got, err := encodeBody((*CreateUserRequest)(nil)); err != nil || string(got) != "null" {
		t.Errorf("nil: %s, error %v", got, err)
	}
}

// Not parallel, as [testing.AllocsPerRun] demands.
func TestRequestsAreWrittenInFewAllocations(t *testing.T) {
	req := CreateUserRequest(*fullAttributes())
	if allocs := testing.AllocsPerRun(100, func() { _, _ = encodeBody((*UserAttributes)(&req)) }); allocs > 8 {
		t.Errorf("%v allocations for every field", allocs)
	}
	if allocs := testing.AllocsPerRun(100, func() { _, _ = json.Marshal(&req) }); allocs > 12 {
		t.Errorf("json.Marshal: %v allocations for every field", allocs)
	}
}

// BenchmarkEncodeRequest writes a request with every field set. The ratio to look
// at is ours to plain.
func BenchmarkEncodeRequest(b *testing.B) {
	a := fullAttributes()
	plain := plainOf(a)
	for name, encode := range map[string]func() ([]byte, error){
		"plain":   func() ([]byte, error) { return json.Marshal(plain) },
		"ours":    func() ([]byte, error) { return encodeBody(a) },
		"marshal": func() ([]byte, error) { return json.Marshal(a) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := encode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestExtraFieldsOfARequest(t *testing.T) {
	t.Parallel()
	a := UserAttributes{FirstName: Set("Ada"), Extra: map[string]any{"zeta": []int{1}, "alpha": nil, "a<b": "<"}}
	want := `{"first_name":"Ada","a\u003cb":"\u003c","alpha":null,"zeta":[1]}`
	got, err := json.Marshal(UpdateUserRequest(a))
	if err != nil || string(got) != want {
		t.Errorf("got %s, error %v, want %s", got, err, want)
	}
	var back UpdateUserRequest
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(back); err != nil || string(again) != want {
		t.Errorf("comes back as %s, error %v, want %s", again, err, want)
	}
	for _, extra := range []map[string]any{{"first_name": "Eve"}, {"a": make(chan int)}} {
		if got, err := json.Marshal(CreateUserRequest{Extra: extra}); err == nil {
			t.Errorf("%v: sent as %s", extra, got)
		}
	}
}

func TestUnmarshalRequest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   string
		want UpdateUserRequest
		err  string // part of it
	}{
		{`{"external_ids_attributes":[{"id":"9876","external_id":987,"integration_name":"generic_tms"}]}`, UpdateUserRequest{
			ExternalIDsAttributes: Set([]ExternalIDAttributes{{ID: 9876, ExternalID: "987", IntegrationName: "generic_tms"}}),
		}, ""},
		{`{"external_ids_attributes":null,"First_Name":"Ada"}`, UpdateUserRequest{FirstName: Set("Ada"), ExternalIDsAttributes: Null[[]ExternalIDAttributes]()}, ""},
		{`{"external_ids_attributes":[]}`, UpdateUserRequest{ExternalIDsAttributes: Set([]ExternalIDAttributes{})}, ""},
		{`{"new":9007199254740993}`, UpdateUserRequest{Extra: map[string]any{"new": json.RawMessage("9007199254740993")}}, ""},
		{`{"new":{"a" : [null]},"newer":null}`, UpdateUserRequest{Extra: map[string]any{"new": json.RawMessage(`{"a" : [null]}`), "newer": json.RawMessage("null")}}, ""},
		{`null`, UpdateUserRequest{}, ""},
		{`{"external_ids":[{"external_id":"987"}]}`, UpdateUserRequest{}, "in a request it is external_ids_attributes"},
		{`{"External_IDs":[]}`, UpdateUserRequest{}, "in a request it is external_ids_attributes"},
		{`{"external_ids_attributes":[{"id":"x"}]}`, UpdateUserRequest{}, "external_ids_attributes: [0].id is neither a string nor a whole number"},
		{`{"external_ids_attributes":{}}`, UpdateUserRequest{}, "external_ids_attributes: is no list"},
		{`{"external_ids_attributes":[{"id":1.5}]}`, UpdateUserRequest{}, "external_ids_attributes: [0].id is neither a string nor a whole number"},
		{`{"external_ids_attributes":[{"id":1},7]}`, UpdateUserRequest{}, "external_ids_attributes: [1] is no object"},
		{`{"first_name":7}`, UpdateUserRequest{}, "first_name: json: cannot unmarshal number"},
		{`[]`, UpdateUserRequest{}, "motive: read request: json: cannot unmarshal array"},
	} {
		var got UpdateUserRequest
		err := json.Unmarshal([]byte(test.in), &got)
		if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: error %v, want %q", test.in, err, test.err)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.in, got, test.want)
		}
	}
	before := UpdateUserRequest{FirstName: Set("Ada"), ExternalIDsAttributes: Set([]ExternalIDAttributes{{ExternalID: "1"}})}
	got := before
	if err := json.Unmarshal([]byte(`{"external_ids":[]}`), &got); err == nil || !reflect.DeepEqual(got, before) {
		t.Errorf("error %v, and the request changed to %v", err, got)
	}
	if err := json.Unmarshal([]byte(`{"last_name":"Byron"}`), &got); err != nil || got.FirstName != Set("Ada") || got.ExternalIDsAttributes.IsZero() {
		t.Errorf("error %v, what the text does not have is lost: %v", err, got)
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

// unshown are the fields that Diff cannot compare, or compares in a way of its
// own.
var unshown = []string{"password", "time_tracking_mode", "group_visibility", "custom_user_role", "external_ids_attributes"}

// Every field that can be written is compared or stands in unshown: a field that
// is added and forgotten fails here.
func TestDiffSeesEveryField(t *testing.T) {
	t.Parallel()
	random := fullAttributes()
	for i, name := range attributeTable.Names() {
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
			"another record", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(40, "988")})},
			UpdateUserRequest{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(40, "988")})},
		},
		{
			"the pair of another record", UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(40, "987")})},
			UpdateUserRequest{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(40, "987")})},
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
	// A response may show an external id without its record, which then cannot be changed.
	partly := &User{ExternalIDs: []ExternalID{tms(0, "986"), tms(31, "987")}}
	want := Set([]ExternalIDAttributes{tms(31, "988")})
	if update, _ := (UserAttributes{ExternalIDsAttributes: Set([]ExternalIDAttributes{tms(0, "988")})}).Diff(partly); !update.ExternalIDsAttributes.Equal(want) {
		t.Errorf("beside an id without a record: %v, want %v", update.ExternalIDsAttributes, want)
	}
	if update, changed := (UserAttributes{ExternalIDsAttributes: Null[[]ExternalIDAttributes]()}).Diff(nil); changed {
		t.Errorf("no external ids to clear: %v", update)
	}
	if update, changed := (UserAttributes{GroupIDs: Null[[]int64]()}).Diff(&User{GroupIDs: []int64{}}); changed {
		t.Errorf("no groups to clear: %v", update)
	}
	if update, changed := (UserAttributes{FirstName: Set("Ada")}).Diff(nil); !changed || update.FirstName != Set("Ada") {
		t.Errorf("against nobody: %v %v", update, changed)
	}
}

func TestExceptionsByValue(t *testing.T) {
	t.Parallel()
	var create CreateUserRequest
	var attributes UserAttributes
	update := UpdateUserRequest{Extra: map[string]any{"a": 1}}
	shared := update
	for i, e := range Exceptions() {
		create.SetException(e, i%2 == 0)
		create.SetException2(e, i%2 == 1)
		attributes.SetException(e, i%2 == 0)
		attributes.SetException2(e, i%2 == 1)
	}
	if !reflect.DeepEqual(attributes, UserAttributes(create)) {
		t.Errorf("attributes %v, want those of %v", attributes, create)
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
