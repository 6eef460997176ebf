package motive

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

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
