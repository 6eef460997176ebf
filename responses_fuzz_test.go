package motive

import (
	"bytes"
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive/internal/lenient"
)

// The reference reads the same answers through encoding/json: slowly, with every
// value taken to pieces as any.

type pair struct {
	key   string
	value json.RawMessage
}

// refObject returns the members of an object in their order, false if raw is
// none.
func refObject(raw []byte) ([]pair, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	pairs := []pair{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false
		}
		pairs = append(pairs, pair{key.(string), value})
	}
	return pairs, true
}

func refArray(raw []byte) (list []json.RawMessage, ok bool) {
	raw = bytes.TrimSpace(raw)
	return list, len(raw) > 0 && raw[0] == '[' && json.Unmarshal(raw, &list) == nil
}

// refValid reports whether body is JSON that nests no deeper than allowed.
func refValid(body []byte) bool {
	if !json.Valid(body) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return true // its end
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > lenient.MaxDepth {
				return false
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

func refUser(raw []byte) User {
	pairs, _ := refObject(raw)
	first := slices.IndexFunc(pairs, func(p pair) bool {
		_, object := refObject(p.value)
		return p.key == "id" || p.key == "user" && object
	})
	if first >= 0 && pairs[first].key == "user" {
		pairs, _ = refObject(pairs[first].value)
	}
	last := make(map[string]json.RawMessage)
	for _, p := range pairs {
		last[p.key] = p.value
	}

	var u User
	fields := reflect.ValueOf(&u).Elem()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		raw, sent := last[name]
		if !sent {
			continue
		}
		if value, fits := refCoerce(raw, fields.Field(i).Type()); fits {
			fields.Field(i).Set(value)
			delete(last, name)
		}
	}
	if len(last) > 0 {
		u.Extra = last
	}
	return u
}

func refCoerce(raw []byte, t reflect.Type) (v reflect.Value, fits bool) {
	v = reflect.New(t).Elem()
	var sent any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&sent); err != nil {
		return v, false
	}
	if sent == nil || sent == "" {
		return v, true
	}
	text, isText := sent.(string)
	number, isNumber := sent.(json.Number)

	switch v.Interface().(type) {
	case int64:
		n, whole := refInt(text + number.String())
		v.SetInt(n)
		return v, whole
	case bool:
		if b, isBool := sent.(bool); isBool {
			v.SetBool(b)
			return v, true
		}
		s := strings.ToLower(text) + number.String()
		v.SetBool(s == "true" || s == "t" || s == "1")
		return v, slices.Contains([]string{"true", "t", "1", "false", "f", "0"}, s)
	case time.Time:
		at, ok := refTime(text)
		v.Set(reflect.ValueOf(at))
		return v, ok
	case Date:
		at, ok := refTime(text)
		if ok {
			v.Set(reflect.ValueOf(Date{time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)}))
		}
		return v, ok
	case []int64:
		list, ok := refArray(raw)
		ids := make([]int64, len(list))
		for i, element := range list {
			id, fits := refCoerce(element, reflect.TypeFor[int64]())
			ids[i] = id.Int()
			ok = ok && fits && string(element) != "null" && string(element) != `""`
		}
		if ok {
			v.Set(reflect.ValueOf(ids))
		}
		return v, ok
	case []ExternalID:
		list, ok := refArray(raw)
		ids := make([]ExternalID, len(list))
		for i, element := range list {
			pairs, object := refObject(element)
			known := slices.ContainsFunc(pairs, func(p pair) bool {
				return slices.Contains([]string{"id", "external_id", "integration_name"}, p.key)
			})
			ok = ok && object && known
			for _, field := range []struct {
				name string
				dst  reflect.Value
			}{
				{"id", reflect.ValueOf(&ids[i].ID)},
				{"external_id", reflect.ValueOf(&ids[i].ExternalID)},
				{"integration_name", reflect.ValueOf(&ids[i].IntegrationName)},
			} {
				raw := json.RawMessage("null")
				for _, p := range pairs {
					if p.key == field.name {
						raw = p.value
					}
				}
				part, fits := refCoerce(raw, field.dst.Type().Elem())
				field.dst.Elem().Set(part)
				ok = ok && fits
			}
		}
		if ok {
			v.Set(reflect.ValueOf(ids))
		}
		return v, ok
	}
	v.SetString(text + number.String())
	return v, isText || isNumber
}

// refInt is exact: a rational number that happens to be whole.
func refInt(s string) (int64, bool) {
	if !json.Valid([]byte(s)) || strings.TrimSpace(s) != s || strings.ContainsAny(s, `tfn"[{`) {
		return 0, false
	}
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(s), "e")
	if scientific {
		zero := strings.Trim(mantissa, "-0.") == ""
		if len(s) > 16 || zero || len(strings.TrimLeft(exponent, "+-0")) > 2 {
			return 0, false
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		return 0, false
	}
	n := r.Num().Int64()
	return n, !scientific || (-1<<53 < n && n < 1<<53)
}

func refTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02"} {
		t, err := time.ParseInLocation(layout, s, time.UTC)
		if err != nil {
			continue
		}
		if t.IsZero() {
			return time.Time{}, true
		}
		_, err = t.MarshalJSON()
		return t, err == nil
	}
	return time.Time{}, false
}

// quirks are the seeds of all targets, beside those in testdata/fuzz.
var quirks = []string{
	`{"id":7}`, `{"user":{"id":"7","first_name":"\ud83d\ude9a"}}`, `{"user":{"id":1},"id":2}`, `{"id":2,"user":{"id":1}}`, `null`, `[]`, `{"user":null}`,
	`{"id":7,"email":null,"phone":15555550142,"created_at":"2026-07-01T08:15:30.123456-04:00","joined_at":"2024-03-11","updated_at":"2024-03-11T01:02:03"}`,
	`{"id":7.0,"associated_dispatcher_id":"1e3","group_ids":[1,"2",3.0],"metric_units":"1","minute_logs":0,"export_recap":"yes"}`,
	`{"id":9223372036854775807,"group_ids":["x"],"external_ids":[{"id":"3","external_id":987,"integration_name":"tms"},{}]}`,
	`{"id":7,"external_ids":[null],"email":["a"],"shoe_size":{ "eu" : 43 },"user":{},"email":"b"}`,
	`{"users":[{"user":{"id":1}},{"id":2}],"pagination":{"per_page":"25","page_no":1,"total":2}}`,
	`{"users":[],"total":0}`, `{"users":null}`, `[{"id":1},{"user":{"id":2}}]`, `{"users":[{"id":1},{}]}`, `{"users":[],"users":[{"id":1}],"per_page":1}`,
	"{\"id\":7,\"first_name\":\"\xff\\u00e9\\ud800\"}", `{"id":7,"created_at":"2026-07-01T08:15:30+24:00"}`, "{\"id\":7,\"\xff\":1,\"\xfe\":2,\"é\":3}",
}

func addQuirks(f *testing.F) {
	for _, body := range quirks {
		f.Add([]byte(body))
	}
	f.Add([]byte(fullUser(1, unknownField)))
}

// Every field meets every kind of value, in the first place and as the last of
// two.
func TestDecodeUserAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	values := []string{
		`null`, `""`, `true`, `false`, `0`, `1`, `-0`, `-7`, `7.0`, `7.5`, `1e2`, `1.25E+1`, `1e-1`, `1e400`, `1e-400`, `4503599627370497.25`, `12345678901234567`, `1234567890123456789012`,
		`"true"`, `"false"`, `"True"`, `"0"`, `"1"`, `"01"`, `"+1"`, `" 1"`, `"1.0"`, `"0x1"`, `"x"`, `"\u0031"`, `"a\nb\ud83d\ude9a"`,
		`"2026-07-01T08:15:30Z"`, `"2026-07-01T08:15:30.123456+05:30"`, `"2026-07-01T08:15:30-00:00"`, `"2026-07-01T08:15:30"`, `"2026-07-01"`, `"2026-02-30"`,
		`"2026-07-01T24:00:00Z"`, `"2026-07-01T08:15:30-24:00"`, `"0001-01-01T00:00:00Z"`, `"0001-01-01T01:00:00+01:00"`, `"0001-01-01"`, `"2026-07-01 08:15:30 UTC"`,
		`[]`, `[1,"2",3.0]`, `[null]`, `[""]`, `["x"]`, `[[1]]`, `{}`, `{"id":1}`, `[{}]`, `[{"id":"1","external_id":2,"integration_name":"a"}]`,
		`[{"id":1,"id":{}}]`, `[{"id":{},"id":1,"external_id":null}]`, `[{"external_id":[]}]`, `[1,{"id":1}]`,
	}
	for _, name := range append(userTable.Names(), "user", "new") {
		for i, value := range values {
			earlier := values[(i+7)%len(values)]
			for _, body := range []string{
				`{"id":7,"` + name + `":` + value + `}`,
				`{"` + name + `":` + earlier + `, "id":"7" ,"` + name + `": ` + value + ` }`,
				`{"user":{"` + name + `":` + value + `,"id":7},"` + name + `":1}`,
			} {
				compareUser(t, []byte(body))
			}
		}
	}
}

func FuzzDecodeUser(f *testing.F) {
	addQuirks(f)
	f.Fuzz(compareUser)
}

func compareUser(t *testing.T, body []byte) {
	sent := bytes.Clone(body)
	got, err := decodeUser(body)
	if !bytes.Equal(body, sent) {
		t.Fatal("the input changed")
	}
	if !refValid(body) {
		if err == nil || err == errNoUser {
			t.Fatalf("%s: invalid JSON passes: user %v, error %v", body, got, err)
		}
		return
	}
	want := refUser(body)
	if want.ID <= 0 {
		if err != errNoUser {
			t.Fatalf("%s: there is no user, got %v, error %v", body, got, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: error %v, want %+v", body, err, plainUser(want))
	}
	if !reflect.DeepEqual(*got, want) {
		t.Fatalf("%s\ngot  %+v\nwant %+v", body, plainUser(*got), plainUser(want))
	}
}

func FuzzDecodePage(f *testing.F) {
	addQuirks(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodePage(t.Context(), body, 1000)
		want, ok := refPage(body)
		if ok != (err == nil) {
			t.Fatalf("error %v, the reference says %v", err, ok)
		}
		if ok && !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

func refPage(body []byte) (*listing, bool) {
	if !refValid(body) {
		return nil, false
	}
	users := json.RawMessage(body)
	pairs, object := refObject(body)
	if object {
		users = nil
	}
	var within []pair
	for _, p := range pairs {
		switch p.key {
		case "users":
			users = p.value
		case "pagination":
			inner, _ := refObject(p.value)
			within = append(within, inner...)
		}
	}
	list, ok := refArray(users)
	if !ok {
		return nil, false
	}
	page := &listing{UserPage: UserPage{Users: []*User{}}}
	for _, raw := range list {
		u := refUser(raw)
		if u.ID <= 0 {
			return nil, false
		}
		page.Users = append(page.Users, &u)
	}
	for _, source := range [][]pair{pairs, within} {
		var p position
		for _, m := range source {
			value, fits := refCoerce(m.value, reflect.TypeFor[int64]())
			if !fits || value.Int() < 0 || string(m.value) == "null" || string(m.value) == `""` {
				continue
			}
			switch m.key {
			case "per_page":
				p.PerPage = int(value.Int())
			case "page_no":
				p.PageNo = int(value.Int())
			case "total":
				p.Total, p.announced = int(value.Int()), true
			}
		}
		if p != (position{}) {
			page.Pagination, page.announced = p.Pagination, p.announced
		}
	}
	return page, true
}

func FuzzUserRoundTrip(f *testing.F) {
	addQuirks(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		var first, second User
		if err := first.UnmarshalJSON(body); err != nil {
			return
		}
		stored, err := first.MarshalJSON()
		if err != nil {
			t.Fatalf("%+v: %v", plainUser(first), err)
		}
		if !json.Valid(stored) {
			t.Fatalf("stored as invalid JSON: %s", stored)
		}
		if err := second.UnmarshalJSON(stored); err != nil {
			t.Fatalf("%s: %v", stored, err)
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("stored %s\ngot  %+v\nwant %+v", stored, plainUser(second), plainUser(first))
		}
		if _, err := json.Marshal(&first); err != nil {
			t.Fatalf("encoding/json does not take %s: %v", stored, err)
		}
	})
}

func FuzzDecodeRecords(f *testing.F) {
	for _, body := range []string{
		"", "null", "[]", "7", `{"id":5,"external_id":"987","integration_name":"tms"}`, `{"external_id":{"id":"5"}}`,
		`{"user_roles":[{"user_role":{"id":9,"permissions":["a",1,null],"last_edited_by":{"id":"1"}}}]}`,
		`[{"id":9,"last_edited_by":[],"permissions":{}}]`, `{"success":true}`, `{"success":"false"}`, `{"user_roles":null}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if id, err := decodeExternalID(body); err == nil && id.ID <= 0 {
			t.Error("an external id without a record id")
		}
		roles, err := decodeRoles(t.Context(), body)
		for _, role := range roles {
			if role.ID <= 0 || err != nil {
				t.Errorf("role %+v, error %v", role, err)
			}
		}
		_, _ = decodeDeletion(body)
	})
}
