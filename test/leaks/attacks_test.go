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

// A string argument reaches the server as it is and where it belongs, or is
// refused before a byte is sent. It never changes the path.
func TestStringArgumentsStayValues(t *testing.T) {
	t.Parallel()
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
			if err != nil || s.Line() != line || body[key] != value {
				return fmt.Errorf("%s %.100s (%v)", s.Line(), s.Body, err)
			}
			return nil
		}
	}
	for name, tt := range map[string]struct {
		call    func(ctx context.Context, c *motive.Client, s string) error
		arrives func(s wire.Request, value string) error
	}{
		"List by name": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.Users.List(ctx, &motive.ListUsersOptions{Name: s})
			return err
		}, param("/v1/users", "name")},
		"All by name": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := collect(c.Users.All(ctx, &motive.ListUsersOptions{Name: s}))
			return err
		}, param("/v1/users", "name")},
		"Lookup by username": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.Users.Lookup(ctx, motive.UserLookup{Username: s})
			return err
		}, param("/v1/users/lookup", "username")},
		"Lookup by company id": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.Users.Lookup(ctx, motive.UserLookup{DriverCompanyID: s})
			return err
		}, param("/v1/users/lookup", "driver_company_id")},
		"Lookup by phone": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.Users.Lookup(ctx, motive.UserLookup{Phone: s})
			return err
		}, param("/v1/users/lookup", "phone")},
		"LookupByExternalID, its id": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.Users.LookupByExternalID(ctx, s, "generic_tms")
			return err
		}, param("/v1/users/lookup_by_external_id", "external_id")},
		"LookupByExternalID, its integration": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.Users.LookupByExternalID(ctx, "987", s)
			return err
		}, param("/v1/users/lookup_by_external_id", "integration_name")},
		"UserRoles.List by name": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.UserRoles.List(ctx, &motive.ListUserRolesOptions{Name: s})
			return err
		}, param("/v1/user_roles", "name")},
		"Create with a name": {func(ctx context.Context, c *motive.Client, s string) error {
			req := ada()
			req.FirstName = motive.Set(s)
			_, err := c.Users.Create(ctx, req)
			return err
		}, field("POST /v1/users", "first_name")},
		"Create with a password": {func(ctx context.Context, c *motive.Client, s string) error {
			req := ada()
			req.Password = motive.Set(s)
			_, err := c.Users.Create(ctx, req)
			return err
		}, field("POST /v1/users", "password")},
		"Update with a street": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.Users.Update(ctx, 7, &motive.UpdateUserRequest{CarrierStreet: motive.Set(s)})
			return err
		}, field("PUT /v1/users/7", "carrier_street")},
		"ExternalIDs.Update": {func(ctx context.Context, c *motive.Client, s string) error {
			_, err := c.ExternalIDs.Update(ctx, 31, &motive.ExternalIDRequest{ExternalID: motive.Set(s)})
			return err
		}, field("PUT /v1/external_ids/31", "external_id")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const anything = `{"user":{"id":7},"users":[],"user_roles":[],"external_id":{"id":31},"pagination":{"total":0}}`
			srv := wire.NewServer(t, wire.Always(200, anything))
			c := newClient(t, srv.URL)
			for _, attack := range slices.Sorted(maps.Keys(attacks)) {
				value := attacks[attack]
				before := len(srv.Got())
				err := tt.call(t.Context(), c, value)
				got := srv.Got()[before:]
				if err != nil {
					var invalid *motive.ValidationError
					if !errors.As(err, &invalid) || !mayBeRefused(value) || len(got) > 0 {
						t.Errorf("%s: error %.200v after %d requests", attack, err, len(got))
					} else if mayBeRefused(err.Error()) {
						t.Errorf("%s: the error has it in raw: %q", attack, err)
					}
					continue
				}
				if len(got) != 1 {
					t.Errorf("%s: %d requests", attack, len(got))
				} else if e := tt.arrives(got[0], value); e != nil {
					t.Errorf("%s: arrives as %.200v", attack, e)
				}
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
