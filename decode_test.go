package motive

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDecodeUserTakesEveryQuirk(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 1, 8, 15, 30, 0, time.UTC)
	for _, test := range []struct {
		name string
		body string
		want User
	}{
		{"bare", `{"id":7,"first_name":"Ada"}`, User{ID: 7, FirstName: "Ada"}},
		{"wrapped", `{"user":{"id":7,"first_name":"Ada"}}`, User{ID: 7, FirstName: "Ada"}},
		{"wrapped beside other members", `{"meta":{"id":1},"user":{"id":7},"id":9,"ok":true}`, User{ID: 7}},
		{
			"a user with a user of its own", `{"id":7,"user":{"id":9}}`,
			User{ID: 7, Extra: map[string]json.RawMessage{"user": json.RawMessage(`{"id":9}`)}},
		},
		{"space everywhere", " {\n\t\"id\" : 7 ,\r\n \"group_ids\" : [ 1 , 2 ] } \n", User{ID: 7, GroupIDs: []int64{1, 2}}},
		{
			"null is zero", `{"id":7,"email":null,"metric_units":null,"created_at":null,"joined_at":null,"group_ids":null,"external_ids":null}`,
			User{ID: 7},
		},
		{
			"the empty string is zero", `{"id":7,"email":"","metric_units":"","created_at":"","joined_at":"","group_ids":"","external_ids":"","associated_dispatcher_id":""}`,
			User{ID: 7},
		},
		{"numbers as strings", `{"id":"7","group_ids":["1",2],"associated_dispatcher_id":"-3"}`, User{ID: 7, GroupIDs: []int64{1, 2}, AssociatedDispatcherID: -3}},
		{
			"strings as numbers, as they were written", `{"id":7,"driver_company_id":10.50,"phone":15555550142,"dot_id":12345678901234567890}`,
			User{ID: 7, DriverCompanyID: "10.50", Phone: "15555550142", DOTID: "12345678901234567890"},
		},
		{"a whole number as a float", `{"id":7.0}`, User{ID: 7}},
		{"a whole number with an exponent", `{"id":1.5e3}`, User{ID: 1500}},
		{"the largest id", `{"id":9223372036854775807}`, User{ID: 9223372036854775807}},
		{
			"booleans in every form", `{"id":7,"export_combined":true,"export_recap":"true","export_odometers":1,"minute_logs":"1","metric_units":"false","yard_moves_enabled":0}`,
			User{ID: 7, ExportCombined: true, ExportRecap: true, ExportOdometers: true, MinuteLogs: true},
		},
		{
			"times in every form",
			`{"id":7,"created_at":"2026-07-01T08:15:30Z","updated_at":"2026-07-01T08:15:30.123456Z","expires_at":"2026-07-01T08:15:30","web_last_active_at":"2026-07-01","web_last_sign_in_at":"2026-07-01T04:15:30-04:00"}`,
			User{
				ID: 7, CreatedAt: at, UpdatedAt: at.Add(123456 * time.Microsecond), ExpiresAt: at,
				WebLastActiveAt: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC),
				WebLastSignInAt: at.In(time.FixedZone("", -4*3600)),
			},
		},
		{"a date", `{"id":7,"joined_at":"2024-03-11"}`, User{ID: 7, JoinedAt: NewDate(2024, 3, 11)}},
		{"a date sent as a time", `{"id":7,"joined_at":"2024-03-11T23:30:00-05:00"}`, User{ID: 7, JoinedAt: NewDate(2024, 3, 11)}},
		{"an unknown enum value", `{"id":7,"role":"owner","cycle":"70_8_2020"}`, User{ID: 7, Role: "owner", Cycle: "70_8_2020"}},
		{
			"external ids that drift", `{"id":7,"external_ids":[{"id":"3","external_id":987,"integration_name":"generic_tms","new":{}},{"external_id":"a","id":null}]}`,
			User{ID: 7, ExternalIDs: []ExternalID{{ID: 3, ExternalID: "987", IntegrationName: "generic_tms"}, {ExternalID: "a"}}},
		},
		{"empty lists", `{"id":7,"group_ids":[],"external_ids":[ ]}`, User{ID: 7, GroupIDs: []int64{}, ExternalIDs: []ExternalID{}}},
		{
			"unknown fields, as they were sent", `{"id":7,"shoe_size":{ "eu" : 43.0 },"nick":null,"First_name":"x"}`,
			User{ID: 7, Extra: map[string]json.RawMessage{
				"shoe_size": json.RawMessage(`{ "eu" : 43.0 }`), "nick": json.RawMessage(`null`), "First_name": json.RawMessage(`"x"`),
			}},
		},
		{
			"values that do not fit their fields",
			`{"id":7,"email":["a"],"metric_units":"yes","created_at":"soon","updated_at":1751358000,"joined_at":"03/11/2024","group_ids":[1,"x"],"external_ids":[{"id":{}}],"associated_dispatcher_id":7.5,"phone":true}`,
			User{ID: 7, Extra: map[string]json.RawMessage{
				"email": json.RawMessage(`["a"]`), "metric_units": json.RawMessage(`"yes"`), "created_at": json.RawMessage(`"soon"`),
				"updated_at": json.RawMessage(`1751358000`), "joined_at": json.RawMessage(`"03/11/2024"`),
				"group_ids": json.RawMessage(`[1,"x"]`), "external_ids": json.RawMessage(`[{"id":{}}]`),
				"associated_dispatcher_id": json.RawMessage(`7.5`), "phone": json.RawMessage(`true`),
			}},
		},
		{
			"lists of what is no item",
			`{"id":7,"group_ids":[null],"external_ids":[null]}`,
			User{ID: 7, Extra: map[string]json.RawMessage{"group_ids": json.RawMessage(`[null]`), "external_ids": json.RawMessage(`[null]`)}},
		},
		{"the last of two with one name", `{"id":3,"email":"a","email":7,"id":7}`, User{ID: 7, Email: "7"}},
		{"a last one that does not fit", `{"id":7,"email":"a","email":[]}`, User{ID: 7, Extra: map[string]json.RawMessage{"email": json.RawMessage(`[]`)}}},
		{
			"escapes", `{"id":7,"time_zone":"Eastern Time (US \u0026 Canada)","first_name":"\"\\\/\b\f\n\r\t\u00e9","last_name":"\ud83d\ude9a\ud83d"}`,
			User{ID: 7, TimeZone: "Eastern Time (US & Canada)", FirstName: "\"\\/\b\f\n\r\té", LastName: "🚚\ufffd"},
		},
		{"an escaped key", `{"\u0069d":7,"\u00e9":1}`, User{ID: 7, Extra: map[string]json.RawMessage{"é": json.RawMessage("1")}}},
		{"invalid UTF-8", "{\"id\":7,\"first_name\":\"a\xffb\xe2\x82\"}", User{ID: 7, FirstName: "a\ufffdb\ufffd\ufffd"}},
		{"an offset that JSON cannot hold", `{"id":7,"created_at":"2026-07-01T08:15:30+24:00"}`, User{ID: 7, Extra: map[string]json.RawMessage{"created_at": json.RawMessage(`"2026-07-01T08:15:30+24:00"`)}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeUser([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(plainUser(*got), plainUser(test.want)) {
				t.Errorf("got  %+v\nwant %+v", plainUser(*got), plainUser(test.want))
			}
		})
	}
}

// plainUser prints all that is in a User.
type plainUser User

func TestDecodeUserRefusesWhatHoldsNoUser(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`null`, `[]`, `{}`, `"x"`, `7`, `true`, `{"id":0}`, `{"id":null}`, `{"id":"x"}`, `{"first_name":"Ada"}`,
		`{"user":null}`, `{"user":{}}`, `{"user":[{"id":7}]}`, `{"user":{"user":{"id":7}}}`, `{"error":"no"}`, `[{"id":7}]`,
	} {
		if u, err := decodeUser([]byte(body)); !errors.Is(err, errNoUser) || u != nil {
			t.Errorf("%s: user %v, error %v; want errNoUser", body, u, err)
		}
	}
}

func TestInvalidJSONIsAlwaysAnError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ body, want string }{
		{``, "invalid JSON at byte 0: unexpected end"},
		{`  `, "invalid JSON at byte 2: unexpected end"},
		{`{"id":7`, "invalid JSON at byte 7: unexpected end"},
		{`{"id":7}}`, "invalid JSON at byte 8: something follows the value"},
		{`{"id":7} x`, "invalid JSON at byte 9: something follows the value"},
		{`null null`, "invalid JSON at byte 5: something follows the value"},
		{`{"id":7,}`, "invalid JSON at byte 8: a key was expected"},
		{`{"id" 7}`, "invalid JSON at byte 6: a colon was expected"},
		{`{"id":7 "a":1}`, "invalid JSON at byte 8: a comma or a closing bracket was expected"},
		{`{"id":}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":nul}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":7,"x":[1,]}`, "invalid JSON at byte 15: a value was expected"},
		{`{"id":7,"x":[1}`, "invalid JSON at byte 14: a comma or a closing bracket was expected"},
		{`{"id":07}`, "invalid JSON at byte 7: a comma or a closing bracket was expected"},
		{`{"id":-}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":1.}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":1e+}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":7,"x":"\q"}`, "invalid JSON at byte 13: malformed escape in a string"},
		{`{"id":7,"x":"\u12g4"}`, "invalid JSON at byte 13: malformed escape in a string"},
		{`{"id":7,"x":"\`, "invalid JSON at byte 13: malformed escape in a string"},
		{"{\"id\":7,\"x\":\"a\x1fb\"}", "invalid JSON at byte 14: control character in a string"},
		{`{"id":7,"x":"a`, "invalid JSON at byte 14: unexpected end"},
		{`<html>`, "invalid JSON at byte 0: a value was expected"},
	} {
		_, userErr := decodeUser([]byte(test.body))
		_, pageErr := decodePage([]byte(test.body))
		itemsErr := decodeItems([]byte(test.body), "roles", "role", func([]byte) error { return nil })
		unmarshalErr := new(User).UnmarshalJSON([]byte(test.body))
		for _, err := range []error{userErr, pageErr, itemsErr, errors.Unwrap(unmarshalErr)} {
			if err == nil || err.Error() != test.want {
				t.Errorf("%s: error %v, want %s", test.body, err, test.want)
			}
		}
	}
}

func TestNestingIsLimited(t *testing.T) {
	t.Parallel()
	nest := func(n int) []byte {
		return []byte(`{"id":7,"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`)
	}
	if _, err := decodeUser(nest(maxDepth - 1)); err != nil {
		t.Errorf("%d levels: %v", maxDepth, err)
	}
	for _, n := range []int{maxDepth, 1_000_000} {
		if _, err := decodeUser(nest(n)); err == nil || !strings.Contains(err.Error(), "nested deeper than 200") {
			t.Errorf("%d levels: error %v", n+1, err)
		}
	}
}

func TestDecodePageTakesEveryEnvelope(t *testing.T) {
	t.Parallel()
	announced := paging{Pagination{PerPage: 25, PageNo: 1, Total: 2}, true}
	for _, test := range []struct {
		name, body string
		ids        []int64
		paging     paging
	}{
		{"documented", `{"users":[{"user":{"id":1}},{"user":{"id":2}}],"pagination":{"per_page":25,"page_no":1,"total":2}}`, []int64{1, 2}, announced},
		{"pagination first", `{"pagination":{"per_page":25,"page_no":1,"total":2},"users":[]}`, nil, announced},
		{"bare and wrapped users", `{"users":[{"id":1},{"user":{"id":2}}]}`, []int64{1, 2}, paging{}},
		{"pagination at top level", `{"per_page":25,"page_no":1,"total":2,"users":[{"id":1}]}`, []int64{1}, announced},
		{"pagination null and at top level", `{"pagination":null,"per_page":25,"page_no":1,"total":2,"users":[]}`, nil, announced},
		{"pagination of its own goes first", `{"total":9,"pagination":{"per_page":25,"page_no":1,"total":2},"users":[]}`, nil, announced},
		{"numbers as strings", `{"users":[],"pagination":{"per_page":"25","page_no":"1","total":"2"}}`, nil, announced},
		{"a total that makes no sense", `{"users":[],"pagination":{"per_page":25,"total":-1}}`, nil, paging{Pagination: Pagination{PerPage: 25}}},
		{"an announced total of none", `{"users":[],"pagination":{"total":0}}`, nil, paging{announced: true}},
		{"a bare array", `[{"id":1},{"user":{"id":2}}]`, []int64{1, 2}, paging{}},
		{"an empty array", ` [] `, nil, paging{}},
		{"the last of two lists", `{"users":[{"id":1}],"users":[{"id":2}]}`, []int64{2}, paging{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			page, err := decodePage([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			var ids []int64
			for _, u := range page.Users {
				ids = append(ids, u.ID)
			}
			if got := (paging{page.Pagination, page.announced}); !reflect.DeepEqual(ids, test.ids) || got != test.paging {
				t.Errorf("got users %v, %+v; want %v, %+v", ids, got, test.ids, test.paging)
			}
		})
	}
}

func TestDecodePageRefusesWhatIsNoList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body string
		want error
	}{
		{`{"error":"maintenance"}`, errNoList},
		{`{}`, errNoList},
		{`null`, errNoList},
		{`"x"`, errNoList},
		{`{"users":null}`, errNoList},
		{`{"users":{"user":{"id":1}}}`, errNoList},
		{`{"users":[],"users":null}`, errNoList},
		{`{"user":{"id":1}}`, errNoList},
		{`{"Users":[]}`, errNoList},
		{`{"users":[{"id":1},null]}`, errNoUser},
		{`{"users":[{"id":1},{}]}`, errNoUser},
		{`{"users":[[]]}`, errNoUser},
		{`{"users":[{"user":null}]}`, errNoUser},
		{`[7]`, errNoUser},
	} {
		if page, err := decodePage([]byte(test.body)); !errors.Is(err, test.want) || page != nil {
			t.Errorf("%s: page %v, error %v; want %v", test.body, page, err, test.want)
		}
	}
	_, err := decodePage([]byte(`{"users":[{"id":1},{},null]}`))
	if want := "users[1]: the answer holds no user with an id"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestDecodeItemsTakesEveryEnvelope(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body, want string
		err        error
	}{
		{`[{"id":1},{"role":{"id":2}}]`, `{"id":1} {"id":2}`, nil},
		{`{"roles":[{"role":{"id":2}},{"id":1,"role":{}},7]}`, `{"id":2} {"id":1,"role":{}} 7`, nil},
		{`{"roles":[]}`, ``, nil},
		{`{"roles":null}`, ``, errNoList},
		{`{"role":{}}`, ``, errNoList},
		{`"roles"`, ``, errNoList},
	} {
		var got []string
		err := decodeItems([]byte(test.body), "roles", "role", func(raw []byte) error {
			got = append(got, string(raw))
			return nil
		})
		if !errors.Is(err, test.err) || strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, error %v", test.body, got, err)
		}
	}
	stop := errors.New("stop")
	err := decodeItems([]byte(`[1,2]`), "roles", "role", func([]byte) error { return stop })
	if !errors.Is(err, stop) || err.Error() != "roles[0]: stop" {
		t.Errorf("error %v", err)
	}
}

func TestDecodedUsersDoNotShareTheInput(t *testing.T) {
	t.Parallel()
	body := fullPage(3, unknownField+`,"email":["misfit"]`)
	page, err := decodePage(body)
	if err != nil {
		t.Fatal(err)
	}
	want, err := decodePage(append([]byte(nil), body...))
	if err != nil {
		t.Fatal(err)
	}
	for i := range body {
		body[i] = 'x'
	}
	if !reflect.DeepEqual(page, want) {
		t.Error("the users changed with the buffer they were read from")
	}

	first := page.Users[0]
	for _, raw := range first.Extra {
		for i := range raw {
			raw[i] = 'y'
		}
	}
	first.Extra = want.Users[0].Extra
	if !reflect.DeepEqual(page, want) {
		t.Error("something changed with the Extra of the first user")
	}
}

func TestDecodeErrorsDoNotQuoteTheBody(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		canary, `{"` + canary + `"`, `{"id":` + canary + `}`, `{"drivers_license_number":"` + canary + `}`, `["` + canary + `"] ` + canary,
		`{"id":"` + canary + `"}`, `{"users":["` + canary + `"]}`,
	} {
		_, userErr := decodeUser([]byte(body))
		_, pageErr := decodePage([]byte(body))
		for _, err := range []error{userErr, pageErr} {
			if err == nil || strings.Contains(err.Error(), canary) {
				t.Errorf("%s: error %v", body, err)
			}
		}
		if err := new(User).UnmarshalJSON([]byte(body)); err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: error %v", body, err)
		}
	}
}

// The bounds leave room for a user's own allocations: the struct, its text, its
// lists, and those of Extra. Not parallel, as [testing.AllocsPerRun] demands.
func TestDecodePageAllocatesLittle(t *testing.T) {
	const users = 100
	for _, test := range []struct {
		name, extra string
		perUser     float64
	}{
		{"known fields", "", 6},
		{"an unknown field", unknownField, 12},
	} {
		body := fullPage(users, test.extra)
		allocs := testing.AllocsPerRun(20, func() {
			if _, err := decodePage(body); err != nil {
				t.Error(err)
			}
		})
		if allocs > users*test.perUser+20 {
			t.Errorf("%s: %v allocations for %d users", test.name, allocs, users)
		}
	}
}
