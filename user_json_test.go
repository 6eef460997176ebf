package motive

import (
	"bytes"
	"encoding/json"
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
		{"the licence number", User{ID: 7, DriversLicenseNumber: "X0000000"}, `{"id":7,"drivers_license_number":"X0000000"}`},
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
