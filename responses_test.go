package motive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/motive-go/motive/internal/lenient"
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
		{"a byte order mark", "\ufeff" + `{"id":7}`, User{ID: 7}},
		{"the words of other languages for a boolean", `{"id":7,"export_combined":"True","export_recap":"t","export_odometers":"TRUE","minute_logs":"False"}`, User{ID: 7, ExportCombined: true, ExportRecap: true, ExportOdometers: true}},
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
		{"a member named like the tag of Extra", `{"id":7,"-":7}`, User{ID: 7, Extra: map[string]json.RawMessage{"-": json.RawMessage("7")}}},
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
		`null`, `[]`, `{}`, `"x"`, `7`, `true`, `{"id":0}`, `{"id":-7}`, `{"id":"-7"}`, `{"id":9223372036854775808}`, `{"id":1e19}`, `{"id":null}`, `{"id":"x"}`, `{"first_name":"Ada"}`,
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
		{`{"id":07}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":-}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":1.}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":1e+}`, "invalid JSON at byte 6: a value was expected"},
		{`{"id":7,"x":"\q"}`, "invalid JSON at byte 13: malformed escape in a string"},
		{`{"id":7,"x":"\u12g4"}`, "invalid JSON at byte 13: malformed escape in a string"},
		{`{"id":7,"x":"\`, "invalid JSON at byte 13: malformed escape in a string"},
		{"{\"id\":7,\"x\":\"a\x1fb\"}", "invalid JSON at byte 14: control character in a string"},
		{`{"id":7,"x":"a`, "invalid JSON at byte 14: unexpected end"},
		{`[{"id":7},{"id":}]`, "invalid JSON at byte 16: a value was expected"},
		{`{"success":true,"id":7} x`, "invalid JSON at byte 24: something follows the value"},
		{`<html>`, "invalid JSON at byte 0: a value was expected"},
	} {
		_, userErr := decodeUser([]byte(test.body))
		_, pageErr := decodePage(t.Context(), []byte(test.body), 1000)
		_, rolesErr := decodeRoles(t.Context(), []byte(test.body))
		_, externalIDErr := decodeExternalID([]byte(test.body))
		_, deletionErr := decodeDeletion([]byte(test.body))
		unmarshalErr := new(User).UnmarshalJSON([]byte(test.body))
		for _, err := range []error{userErr, pageErr, rolesErr, externalIDErr, deletionErr, errors.Unwrap(unmarshalErr)} {
			if err == nil || err.Error() != test.want {
				t.Errorf("%s: error %v, want %s", test.body, err, test.want)
			}
		}
	}
}

// As deep as encoding/json, and no deeper.
func TestNestingIsLimited(t *testing.T) {
	t.Parallel()
	nest := func(n int, opening, closing string) []byte {
		return []byte(`{"id":7,"x":` + strings.Repeat(opening, n) + "1" + strings.Repeat(closing, n) + `}`)
	}
	for _, test := range []struct{ opening, closing string }{{"[", "]"}, {`{"a":`, "}"}, {`[{"a":`, "}]"}} {
		for _, n := range []int{1, 33, 4999, 9999} {
			body := nest(n, test.opening, test.closing)
			_, err := decodeUser(body)
			if want := json.Valid(body); (err == nil) != want {
				t.Errorf("%d times %s: error %v, encoding/json takes it: %v", n, test.opening, err, want)
			}
		}
		for _, n := range []int{10_000, 1_000_000} {
			if _, err := decodeUser(nest(n, test.opening, test.closing)); err == nil || !strings.Contains(err.Error(), "nested deeper than 10000") {
				t.Errorf("%d times %s: error %v", n, test.opening, err)
			}
		}
	}
}

func TestDecodePageTakesEveryEnvelope(t *testing.T) {
	t.Parallel()
	announced := position{Pagination{PerPage: 25, PageNo: 1, Total: 2}, true}
	for _, test := range []struct {
		name, body string
		ids        []int64
		paging     position
	}{
		{"documented", `{"users":[{"user":{"id":1}},{"user":{"id":2}}],"pagination":{"per_page":25,"page_no":1,"total":2}}`, []int64{1, 2}, announced},
		{"pagination first", `{"pagination":{"per_page":25,"page_no":1,"total":2},"users":[]}`, nil, announced},
		{"bare and wrapped users", `{"users":[{"id":1},{"user":{"id":2}}]}`, []int64{1, 2}, position{}},
		{"pagination at top level", `{"per_page":25,"page_no":1,"total":2,"users":[{"id":1}]}`, []int64{1}, announced},
		{"pagination null and at top level", `{"pagination":null,"per_page":25,"page_no":1,"total":2,"users":[]}`, nil, announced},
		{"pagination of its own goes first", `{"total":9,"pagination":{"per_page":25,"page_no":1,"total":2},"users":[]}`, nil, announced},
		{"numbers as strings", `{"users":[],"pagination":{"per_page":"25","page_no":"1","total":"2"}}`, nil, announced},
		{"a total that makes no sense", `{"users":[],"pagination":{"per_page":25,"total":-1}}`, nil, position{Pagination: Pagination{PerPage: 25}}},
		{"an announced total of none", `{"users":[],"pagination":{"total":0}}`, nil, position{announced: true}},
		{"a bare array", `[{"id":1},{"user":{"id":2}}]`, []int64{1, 2}, position{}},
		{"an empty array", ` [] `, nil, position{}},
		{"the last of two lists", `{"users":[{"id":1}],"users":[{"id":2}]}`, []int64{2}, position{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			page, err := decodePage(t.Context(), []byte(test.body), 1000)
			if err != nil {
				t.Fatal(err)
			}
			var ids []int64
			for _, u := range page.Users {
				ids = append(ids, u.ID)
			}
			if got := (position{page.Pagination, page.announced}); !reflect.DeepEqual(ids, test.ids) || got != test.paging {
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
		if page, err := decodePage(t.Context(), []byte(test.body), 1000); !errors.Is(err, test.want) || page != nil {
			t.Errorf("%s: page %v, error %v; want %v", test.body, page, err, test.want)
		}
	}
	_, err := decodePage(t.Context(), []byte(`{"users":[{"id":1},{},null]}`), 1000)
	if want := "users[1]: the response holds no user with an id"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// A page that is none costs no more than its first odd row. Not parallel, as
// [testing.AllocsPerRun] demands.
func TestDecodePageEndsAtOnce(t *testing.T) {
	rows := func(n int, row string) []byte { return []byte(`{"users":[` + strings.Repeat(row+",", n) + row + `]}`) }
	row := `{"id":1,"email":"` + strings.Repeat("a", 120) + `"}` // enough for the memory that it takes
	gone, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("not shown"))
	for _, test := range []struct {
		name string
		ctx  context.Context
		body []byte
		want string
	}{
		{"rows without an id", t.Context(), rows(2_000_000, `{}`), "users[0]: the response holds no user with an id"},
		{"rows with an id that is negative", t.Context(), rows(100_000, `{"id":-1}`), "users[0]: the response holds no user with an id"},
		{"far too many rows", t.Context(), rows(500_000, row), "the response holds more than 300 users on a page"},
		{"a context that has ended", gone, rows(299, row), "context canceled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			page, err := decodePage(test.ctx, test.body, 300)
			if page != nil || err == nil || err.Error() != test.want {
				t.Errorf("page %v, error %v, want %s", page, err, test.want)
			}
			if allocs := testing.AllocsPerRun(1, func() { _, _ = decodePage(test.ctx, test.body, 300) }); allocs > 1000 {
				t.Errorf("%v allocations", allocs)
			}
		})
	}
	if page, err := decodePage(t.Context(), rows(299, row), 300); err != nil || len(page.Users) != 300 {
		t.Errorf("as many as may come: %v", err)
	}
}

// Whatever a response is, at most eight times its bytes are made of it, or what a
// page of users weighs. Not parallel: it counts what the program allocates.
func TestMemoryIsBoundByTheResponse(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would empty the pools
	const pageOfUsers = 100*(9*uint64(unsafe.Sizeof(User{}))/8+512) + 2048
	for _, test := range []struct {
		name                string
		before, item, after string
		most                uint64 // if that is more
	}{
		{"tiny users", `{"users":[{"id":1}`, `,{"user":{"id":1}}`, `]}`, pageOfUsers},
		{"users with a field nobody knows", `{"users":[{"id":1}`, `,{"id":1,"x":1}`, `]}`, pageOfUsers},
		{"tiny roles", `[{"id":1}`, `,{"id":1}`, `]`, pageOfUsers},
		{"roles", `[{"id":1}`, `,{"id":1,"name":"Night dispatch","permissions":["view_users"]}`, `]`, pageOfUsers},
		{"fields nobody knows", `{"id":1`, `,"a":1`, `}`, 4096},
		{"fields that do not fit", `{"id":1,"email":[1`, `,[]`, `]}`, 4096},
		{"group ids", `{"id":1,"group_ids":[1`, `,1`, `]}`, 4096},
		{"external ids", `{"id":1,"external_ids":[{"id":1}`, `,{"id":1}`, `]}`, 4096},
		{"a long date", `{"id":1,"joined_at":"`, `2`, `"}`, 4096},
		{"a broken name", `{"id":1,"first_name":"`, "\xff", `"}`, 4096},
		{"a deletion", `{"success":true`, `,"a":1`, `}`, 4096},
	} {
		for _, size := range []int{100, 1 << 10, 4 << 10, 32 << 10, 1 << 20} {
			body := []byte(test.before + strings.Repeat(test.item, size/len(test.item)) + test.after)
			for name, decode := range map[string]func() error{
				"user":        func() error { _, err := decodeUser(body); return err },
				"page":        func() error { _, err := decodePage(t.Context(), body, mostRows); return err },
				"roles":       func() error { _, err := decodeRoles(t.Context(), body); return err },
				"external id": func() error { _, err := decodeExternalID(body); return err },
				"deletion":    func() error { _, err := decodeDeletion(body); return err },
			} {
				most := max(8*uint64(len(body)), test.most)
				made := uint64(math.MaxUint64)
				for try := 0; try < 10 && made > most; try++ { // the first makes a decoder, and -race throws some away
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					_ = decode()
					runtime.ReadMemStats(&after)
					made = min(made, after.TotalAlloc-before.TotalAlloc)
				}
				if made > most {
					t.Errorf("%s as %s: %d bytes make %d, %.1f times as many", test.name, name, len(body), made, float64(made)/float64(len(body)))
				}
			}
		}
	}
}

func TestDecodeRolesTakesEveryEnvelope(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body string
		want []UserRole
		err  string
	}{
		{`[{"id":1},{"user_role":{"id":2}}]`, []UserRole{{ID: 1}, {ID: 2}}, ""},
		{`{"user_roles":[{"user_role":{"id":2}},{"id":1,"user_role":{}}]}`, []UserRole{{ID: 2}, {ID: 1}}, ""},
		{`{"user_roles":[]}`, []UserRole{}, ""},
		{`{"user_roles":[{"id":1},7]}`, nil, "user_roles[1]: the response holds no role with an id"},
		{`{"user_roles":null}`, nil, "the response holds no list"},
		{`{"user_role":{}}`, nil, "the response holds no list"},
		{`"user_roles"`, nil, "the response holds no list"},
	} {
		got, err := decodeRoles(t.Context(), []byte(test.body))
		message := ""
		if err != nil {
			message = err.Error()
		}
		if !reflect.DeepEqual(got, test.want) || message != test.err {
			t.Errorf("%s: got %+v, error %v", test.body, got, err)
		}
	}
}

func TestDecodedUsersDoNotShareTheInput(t *testing.T) {
	t.Parallel()
	body := fullPage(3, unknownField+`,"email":["misfit"]`)
	page, err := decodePage(t.Context(), body, 1000)
	if err != nil {
		t.Fatal(err)
	}
	want, err := decodePage(t.Context(), bytes.Clone(body), 1000)
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
		_, pageErr := decodePage(t.Context(), []byte(body), 1000)
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
			if _, err := decodePage(t.Context(), body, 1000); err != nil {
				t.Error(err)
			}
		})
		if allocs > users*test.perUser+20 {
			t.Errorf("%s: %v allocations for %d users", test.name, allocs, users)
		}
	}
}

// strictUser is what a program without this package would write: the same
// struct, without the methods that make it tolerant.
type strictUser User

type strictPage struct {
	Users []struct {
		User strictUser `json:"user"`
	} `json:"users"`
	Pagination struct {
		PerPage int `json:"per_page"`
		PageNo  int `json:"page_no"`
		Total   int `json:"total"`
	} `json:"pagination"`
}

// decodeStrictWithExtra finds the unknown fields by a second pass over each
// user, as one does with encoding/json.
func decodeStrictWithExtra(body []byte) ([]strictUser, error) {
	var page struct {
		Users []struct {
			User json.RawMessage `json:"user"`
		} `json:"users"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	users := make([]strictUser, len(page.Users))
	for i, item := range page.Users {
		if err := json.Unmarshal(item.User, &users[i]); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(item.User, &users[i].Extra); err != nil {
			return nil, err
		}
		for _, name := range userTable.Names() {
			delete(users[i].Extra, name)
		}
	}
	return users, nil
}

// fullUser is a driver in which every field has a value, in the shape and about
// the size of a live one.
func fullUser(id int, extra string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":%d,"email":"driver%d@example.com","first_name":"Avery","last_name":"Lindqvist",`, id, id)
	b.WriteString(`"phone":"5555550142","phone_ext":"12","phone_country_code":"+1","phone2":"5555550143","phone_country_code2":"+1",` +
		`"company_reference_id":"REF-20417","role":"driver","status":"active","time_zone":"Eastern Time (US \u0026 Canada)",` +
		`"metric_units":true,"group_ids":[101,102,103],"dot_id":"12345678",`)
	for _, name := range []string{
		"created_at", "updated_at", "mobile_current_sign_in_at", "mobile_last_sign_in_at", "mobile_last_active_at",
		"web_current_sign_in_at", "web_last_sign_in_at", "web_last_active_at", "expires_at",
	} {
		fmt.Fprintf(&b, `"%s":"2026-07-01T08:15:30Z",`, name)
	}
	fmt.Fprintf(&b, `"external_ids":[{"id":%d,"external_id":"TMS-%d","integration_name":"generic_tms"}],`, 9000+id, id)
	fmt.Fprintf(&b, `"username":"driver.%d","driver_company_id":"D-%d",`, id, id)
	b.WriteString(`"drivers_license_number":"X0000000","drivers_license_state":"OH","joined_at":"2024-03-11",` +
		`"duty_status":"off_duty","eld_mode":"logs","cycle":"70_8","cycle2":"60_7","violation_alerts":"1_hour",` +
		`"carrier_name":"Example Freight","carrier_street":"1 Example Street","carrier_city":"Columbus","carrier_state":"OH","carrier_zip":"43004",` +
		`"terminal_street":"2 Example Street","terminal_city":"Columbus","terminal_state":"OH","terminal_zip":"43004",`)
	for _, name := range userTable.Names() {
		if strings.HasPrefix(name, "exception_") || strings.HasPrefix(name, "export_") || strings.HasSuffix(name, "_enabled") || name == "minute_logs" {
			fmt.Fprintf(&b, `"%s":true,`, name)
		}
	}
	b.WriteString(`"associated_dispatcher_id":4711` + extra + `}`)
	return b.String()
}

func fullPage(users int, extra string) []byte {
	var b strings.Builder
	b.WriteString(`{"users":[`)
	for i := range users {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"user":` + fullUser(i+1, extra) + `}`)
	}
	fmt.Fprintf(&b, `],"pagination":{"per_page":%d,"page_no":1,"total":%d}}`, users, users)
	return []byte(b.String())
}

const unknownField = `,"shoe_size":{"eu":43,"us":"10"}`

// BenchmarkDecodePage decodes a page of 100 full users. The ratio to look at is
// ours to strict, which neither takes a drifting type nor keeps a field that it
// does not know.
func BenchmarkDecodePage(b *testing.B) {
	strict := func(body []byte) (int, error) {
		var page strictPage
		err := json.Unmarshal(body, &page)
		return len(page.Users), err
	}
	ours := func(body []byte) (int, error) {
		page, err := decodePage(b.Context(), body, 1000)
		if err != nil {
			return 0, err
		}
		return len(page.Users), nil
	}
	withExtra := func(body []byte) (int, error) {
		users, err := decodeStrictWithExtra(body)
		return len(users), err
	}
	known, unknown := fullPage(100, ""), fullPage(100, unknownField)
	for _, bench := range []struct {
		name   string
		body   []byte
		decode func([]byte) (int, error)
	}{
		{"strict", known, strict},
		{"ours", known, ours},
		{"strict/unknown-field-lost", unknown, strict},
		{"strict/unknown-field-kept", unknown, withExtra},
		{"ours/unknown-field-kept", unknown, ours},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.body)))
			b.ReportAllocs()
			for b.Loop() {
				if n, err := bench.decode(bench.body); err != nil || n != 100 {
					b.Fatalf("%d users, error %v", n, err)
				}
			}
		})
	}
}

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
		if name == "-" { // the tag of what has no name in JSON
			continue
		}
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
	if len(body) > 100 && err != nil && strings.Contains(err.Error(), "in memory") {
		return // the bound, which has a test of its own
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

func TestReadmeSaysWhatEachStatusProves(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(readme(t), "| status | of a write | why |\n|---|---|---|\n")
	table, _, found := strings.Cut(rest, "<!-- end of statuses -->")
	names := map[proof]string{open: "unknown", refused: "refused", done: "carried out"}
	var want strings.Builder
	for _, row := range byStatus {
		status := fmt.Sprintf("%d–%d", row.from, row.to)
		switch {
		case row.from == 0:
			status = "none"
		case row.from == row.to:
			status = strconv.Itoa(row.from)
		}
		fmt.Fprintf(&want, "| %s | %s | %s |\n", status, names[row.proves], row.why)
	}
	if !found || table != want.String() {
		t.Errorf("the statuses in the README are\n%s\nwant\n%s", table, want.String())
	}
}
