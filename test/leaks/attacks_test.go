package leaks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/test/calls"
	"github.com/motive-go/motive/test/wire"
)

// attacks are strings that try to be something else than a value.
var attacks = map[string]string{
	"a path":                "../../admin",
	"a path in backslashes": `..\..\admin`,
	"an absolute path":      "/v1/users/1",
	"dots":                  "..",
	"another host":          "//evil.example/",
	"a URL":                 "https://user:pw@evil.example/?x=1#y",
	"a query":               "x?role=admin",
	"another parameter":     "x&role=admin&per_page=1",
	"a semicolon":           "x;role=admin",
	"a fragment":            "x#y",
	"an escaped slash":      "%2f..%2f",
	"twice escaped":         "%252f",
	"a malformed escape":    "%zz%",
	"a placeholder":         "{id}",
	"a plus":                "a+b c",
	"a quote":               `"','; DROP TABLE users; --`,
	"JSON":                  `","role":"admin","x":"`,
	"HTML":                  "<script>&amp;</script>",
	"a template":            "{{.}} ${x} %s %d %!v",
	"another script":        "Ödön Пётр 陳 🚚",
	"combining characters":  "e\u0301\u0323",
	"right to left":         "\u202egnp.exe",
	"invisible":             "a\u200bb\ufeff",
	"a line separator":      "a\u2028b",
	"a non-character":       "\uffff",
	"very long":             strings.Repeat("x", 20_000),
	"a NUL":                 "a\x00b",
	"a line break":          "a\r\nX-Evil: 1",
	"a bare newline":        "a\nb",
	"a tab":                 "a\tb",
	"a terminal escape":     "\x1b[31m",
	"DEL":                   "a\x7fb",
	"a control of Latin 1":  "a\u0085b",
	"broken UTF-8":          "a\xff\xfeb",
	"an overlong slash":     "a\xc0\xafb",
	"half a surrogate":      "a\xed\xa0\x80b",
	"request smuggling":     "x HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /admin",
}

// mayBeRefused reports whether a string cannot be sent as it stands, or should
// not.
func mayBeRefused(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl)
}

// An argument is a string that a call sends.
type argument struct {
	call    func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error
	arrives func(s wire.Request, value string) error
}

// errElsewhere says that a call sends its argument in another request.
var errElsewhere = errors.New("in another request")

func arguments() map[string]argument {
	param := func(path, key string) func(wire.Request, string) error {
		return func(s wire.Request, value string) error {
			u, err := url.ParseRequestURI(s.Target)
			if err != nil {
				return err
			}
			q, err := url.ParseQuery(u.RawQuery)
			if err != nil || u.EscapedPath() != path || len(q[key]) != 1 || q.Get(key) != value || q.Get("role") != "" {
				return fmt.Errorf("%s (%v)", s.Target, err)
			}
			return nil
		}
	}
	field := func(line, key string) func(wire.Request, string) error {
		return func(s wire.Request, value string) error {
			var body map[string]any
			err := json.Unmarshal([]byte(s.Body), &body)
			if err != nil || s.Line() != line || body[key] != string([]rune(value)) { // what is not UTF-8 cannot be JSON
				return fmt.Errorf("%s %.100s (%v)", s.Line(), s.Body, err)
			}
			return nil
		}
	}
	besides := func(other string, arrives func(wire.Request, string) error) func(wire.Request, string) error {
		return func(s wire.Request, value string) error {
			if s.Line() == other {
				return errElsewhere
			}
			return arrives(s, value)
		}
	}
	return map[string]argument{
		"List by name": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.List(ctx, &motive.ListUsersOptions{Name: s}, opts...)
			return err
		}, param("/v1/users", "name")},
		"All by name": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := collect(c.Users.All(ctx, &motive.ListUsersOptions{Name: s}, opts...))
			return err
		}, param("/v1/users", "name")},
		"Lookup by username": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.Lookup(ctx, motive.UserLookup{Username: s}, opts...)
			return err
		}, param("/v1/users/lookup", "username")},
		"Lookup by company id": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.Lookup(ctx, motive.UserLookup{DriverCompanyID: s}, opts...)
			return err
		}, param("/v1/users/lookup", "driver_company_id")},
		"Lookup by phone": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.Lookup(ctx, motive.UserLookup{Phone: s}, opts...)
			return err
		}, param("/v1/users/lookup", "phone")},
		"LookupByExternalID, its id": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.LookupByExternalID(ctx, s, "generic_tms", opts...)
			return err
		}, param("/v1/users/lookup_by_external_id", "external_id")},
		"LookupByExternalID, its integration": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.LookupByExternalID(ctx, "987", s, opts...)
			return err
		}, param("/v1/users/lookup_by_external_id", "integration_name")},
		"UserRoles.List by name": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.UserRoles.List(ctx, &motive.ListUserRolesOptions{Name: s}, opts...)
			return err
		}, param("/v1/user_roles", "name")},
		"Create with a name": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			req := ada()
			req.FirstName = motive.Set(s)
			_, err := c.Users.Create(ctx, req, opts...)
			return err
		}, field("POST /v1/users", "first_name")},
		"Create with a password": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			req := ada()
			req.Password = motive.Set(s)
			_, err := c.Users.Create(ctx, req, opts...)
			return err
		}, field("POST /v1/users", "password")},
		"Update with a street": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.Update(ctx, 7, &motive.UpdateUserRequest{CarrierStreet: motive.Set(s)}, opts...)
			return err
		}, field("PUT /v1/users/7", "carrier_street")},
		"UpdateByExternalID, its id": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.UpdateByExternalID(ctx, s, "generic_tms", &motive.UpdateUserRequest{FirstName: motive.Set("Ada")}, opts...)
			return err
		}, besides("PUT /v1/users/7", param("/v1/users/lookup_by_external_id", "external_id"))},
		"UpdateByExternalID with a street": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.UpdateByExternalID(ctx, "987", "tms", &motive.UpdateUserRequest{CarrierStreet: motive.Set(s)}, opts...)
			return err
		}, besides("GET /v1/users/lookup_by_external_id?external_id=987&integration_name=tms", field("PUT /v1/users/7", "carrier_street"))},
		"DeactivateByExternalID, its id": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.Users.DeactivateByExternalID(ctx, s, "generic_tms", opts...)
			return err
		}, besides("PUT /v1/users/7", param("/v1/users/lookup_by_external_id", "external_id"))},
		"ExternalIDs.Create": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.ExternalIDs.Create(ctx, &motive.ExternalIDRequest{
				ExternalID: motive.Set(s), IntegrationName: motive.Set("generic_tms"),
				ExternalIDHolderID: motive.Set[int64](7), ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeUser),
			}, opts...)
			return err
		}, field("POST /v1/external_ids", "external_id")},
		"ExternalIDs.Update": {func(ctx context.Context, c *motive.Client, s string, opts ...motive.CallOption) error {
			_, err := c.ExternalIDs.Update(ctx, 31, &motive.ExternalIDRequest{ExternalID: motive.Set(s)}, opts...)
			return err
		}, field("PUT /v1/external_ids/31", "external_id")},
	}
}

func TestEveryCallThatTakesTextIsAttacked(t *testing.T) {
	t.Parallel()
	calls.Check(t, calls.Only(calls.Call.TakesText), slices.Collect(maps.Keys(arguments())), nil, "add a row to arguments in attacks_test.go")
}

// attack makes the call with a value, and says what of it arrives in another form or
// at another place, if a request was sent.
func (a argument) attack(t *testing.T, c *motive.Client, srv *wire.Server, value string, opts ...motive.CallOption) (sent int, err error) {
	t.Helper()
	before := len(srv.Got())
	err = a.call(t.Context(), c, value, opts...)
	got := srv.Got()[before:]
	sent = len(got)
	for _, request := range got {
		switch e := a.arrives(request, value); {
		case e == errElsewhere && err == nil:
			sent--
		case e != nil:
			t.Errorf("%.50q: arrives as %.200v", value, e)
		}
	}
	return sent, err
}

const anything = `{"user":{"id":7,"status":"deactivated"},"users":[],"user_roles":[],"external_id":{"id":31},"pagination":{"total":0}}`

// A string argument reaches the server as it is and where it belongs, whatever the
// rules of validation say of it. It never changes the path.
func TestStringArgumentsStayValues(t *testing.T) {
	t.Parallel()
	for name, a := range arguments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(200, anything))
			c := newClient(t, srv.URL)
			for attack, value := range attacks {
				if sent, err := a.attack(t, c, srv, value, motive.SkipValidation()); err != nil || sent != 1 {
					t.Errorf("%s: error %.200v after %d requests", attack, err, sent)
				}
			}
		})
	}
}

// judged are the arguments of which a rule of validation refuses more, on purpose, than
// what cannot be sent as it stands; each with the rule.
var judged = map[string]string{}

// An argument that is refused is refused before a byte is sent, and the error does
// not have it in raw.
func TestOnlyStringsThatCannotBeSentAreRefused(t *testing.T) {
	t.Parallel()
	for name, a := range arguments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(200, anything))
			c := newClient(t, srv.URL)
			var more []string // that can be sent and is refused
			for attack, value := range attacks {
				sent, err := a.attack(t, c, srv, value)
				var invalid *motive.ValidationError
				switch {
				case err == nil && sent != 1:
					t.Errorf("%s: %d requests", attack, sent)
				case err == nil:
				case !errors.As(err, &invalid) || sent > 0:
					t.Errorf("%s: error %.200v after %d requests", attack, err, sent)
				case mayBeRefused(err.Error()):
					t.Errorf("%s: the error has it in raw: %q", attack, err)
				case !mayBeRefused(value):
					more = append(more, attack)
				}
			}
			if rule := judged[name]; rule != "" && len(more) == 0 {
				t.Errorf("nothing more is refused: take %q and its rule %s out of judged", name, rule)
			} else if rule == "" && len(more) > 0 {
				t.Errorf("%q are refused, and can be sent; if a rule is to do that, put %q and the rule into judged", more, name)
			}
		})
	}
}

// Options whose values are headers refuse what no header can hold, and those of
// credentials a quotation mark at either end.
func TestHeaderOptionsCannotInject(t *testing.T) {
	t.Parallel()
	for option, with := range map[string]func(string) []motive.Option{
		"WithAccessToken": func(s string) []motive.Option { return []motive.Option{motive.WithAccessToken(s)} },
		"WithAPIKey":      func(s string) []motive.Option { return []motive.Option{motive.WithAPIKey(s)} },
		"WithUserAgent": func(s string) []motive.Option {
			return []motive.Option{motive.WithAPIKey("key"), motive.WithUserAgent(s)}
		},
		"WithTimeZone": func(s string) []motive.Option {
			return []motive.Option{motive.WithAPIKey("key"), motive.WithTimeZone(motive.TimeZone(s))}
		},
	} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			for name, value := range attacks {
				fits := !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
				if option == "WithAccessToken" || option == "WithAPIKey" {
					fits = fits && strings.Trim(value, `"`) == value
				}
				srv := wire.NewServer(t, wire.Always(200, oneUser))
				c, err := motive.NewClient(append(with(value), motive.WithBaseURL(srv.URL))...)
				if (err == nil) != fits {
					t.Errorf("%s: error %.200v", name, err)
				}
				if err != nil {
					if strings.Contains(err.Error(), value) {
						t.Errorf("%s: the error shows the value: %.200q", name, err)
					}
					continue
				}
				if err := get(t.Context(), c); err != nil {
					t.Errorf("%s: %.200v", name, err)
				} else if h := srv.Got()[0].Header; h.Get("X-Evil") != "" || !strings.Contains(fmt.Sprint(h), value) {
					t.Errorf("%s: arrives as %.300v", name, h)
				}
				c.CloseIdleConnections()
			}
		})
	}
}
