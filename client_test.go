package motive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/test/calls"
	"github.com/motive-go/motive/test/wire"
)

const (
	testToken = "canary-token-5f1c0a"
	oneUser   = `{"user":{"id":7,"first_name":"Ada","role":"driver","status":"active"}}`
	leftUser  = `{"user":{"id":7,"first_name":"Ada","role":"driver","status":"deactivated"}}`
	noUsers   = `{"users":[],"pagination":{"per_page":100,"page_no":1,"total":0}}`
)

// atOnce retries without a wait worth noticing.
var atOnce = motive.WithRetry(motive.RetryPolicy{MinWait: 1, MaxWait: 1, ReconcileWait: 1})

// newClient returns a client for base with an access token and connections of its own.
func newClient(t testing.TB, base string, opts ...motive.Option) *motive.Client {
	t.Helper()
	return clientWith(t, base, append([]motive.Option{motive.WithAccessToken(testToken)}, opts...)...)
}

// clientWith is newClient for a credential of the test's choice.
func clientWith(t testing.TB, base string, opts ...motive.Option) *motive.Client {
	t.Helper()
	c, err := motive.NewClient(append([]motive.Option{motive.WithBaseURL(base), atOnce}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func offline(t testing.TB, f wire.RoundTrip, opts ...motive.Option) *motive.Client {
	t.Helper()
	return newClient(t, "https://motive.example/fleet", append([]motive.Option{motive.WithTransport(f)}, opts...)...)
}

func ada() *motive.CreateUserRequest {
	return &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"), LastName: motive.Set("Byron"),
		Role: motive.Set(motive.RoleDriver), Username: motive.Set("ada"),
	}
}

func adaLinked() *motive.CreateUserRequest {
	req := ada()
	req.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "generic_tms"}})
	return req
}

func externalIDRequest() *motive.ExternalIDRequest {
	return &motive.ExternalIDRequest{
		ExternalID: motive.Set("987"), IntegrationName: motive.Set("generic_tms"),
		ExternalIDHolderID: motive.Set[int64](7), ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeUser),
	}
}

// method is one method of a service: how it is called, what it sends, and an
// answer that it takes with what it makes of it.
type method struct {
	name   string
	line   string // "GET /v1/users/7"; of two requests that follow each other "GET /v1/users/7; PUT /v1/users/7"
	path   string // as logs show it, in the same way
	body   string // "" for none; of the last request
	status int
	answer string
	want   any
	call   func(context.Context, *motive.Client, ...motive.CallOption) (any, error)
}

// methods lists every method that sends a request; TestMethodsHasEveryMethod says which
// it has not.
func methods() []method {
	user := &motive.User{ID: 7, FirstName: "Ada", Role: motive.RoleDriver, Status: motive.StatusActive}
	left := &motive.User{ID: 7, FirstName: "Ada", Role: motive.RoleDriver, Status: motive.StatusDeactivated}
	link := &motive.ExternalID{ID: 31, ExternalID: "987", IntegrationName: "generic_tms"}
	const byPair = "GET /v1/users/lookup_by_external_id?external_id=9+8%267&integration_name=generic_tms"
	const oneLink = `{"external_id":{"id":31,"external_id":"987","integration_name":"generic_tms"}}`
	return []method{
		{"Users.Create", "POST /v1/users", "/v1/users",
			`{"first_name":"Ada","last_name":"Byron","role":"driver","username":"ada"}`, 201, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Create(ctx, ada(), o...))
			}},
		{"Users.Get", "GET /v1/users/7", "/v1/users/{id}", "", 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Get(ctx, 7, o...))
			}},
		{"Users.Update", "PUT /v1/users/7", "/v1/users/{id}", `{"phone":null,"minute_logs":false}`, 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				req := &motive.UpdateUserRequest{Phone: motive.Null[string](), MinuteLogs: motive.Set(false)}
				return result(c.Users.Update(ctx, 7, req, o...))
			}},
		{"Users.Deactivate", "PUT /v1/users/7", "/v1/users/{id}", `{"status":"deactivated"}`, 200, leftUser, left,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Deactivate(ctx, 7, o...))
			}},
		{"Users.Reactivate", "PUT /v1/users/7", "/v1/users/{id}", `{"status":"active"}`, 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Reactivate(ctx, 7, o...))
			}},
		{"Users.List", "GET /v1/users?per_page=2&role=driver", "/v1/users", "", 200,
			`{"users":[{"user":{"id":7,"first_name":"Ada","role":"driver","status":"active"}}],"pagination":{"per_page":2,"page_no":1,"total":1}}`,
			[]*motive.User{user},
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				page, err := c.Users.List(ctx, &motive.ListUsersOptions{Role: motive.RoleDriver, PerPage: 2}, o...)
				if page == nil {
					return nil, err
				}
				return page.Users, err
			}},
		{"Users.All", "GET /v1/users?page_no=1&per_page=100", "/v1/users", "", 200,
			`{"users":[{"user":{"id":7,"first_name":"Ada","role":"driver","status":"active"}}],"pagination":{"per_page":100,"page_no":1,"total":1}}`,
			[]*motive.User{user},
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				users, err := collect(c.Users.All(ctx, nil, o...))
				return result(users, err)
			}},
		{"Users.Lookup", "GET /v1/users/lookup?email=ada%2Bx%40example.com", "/v1/users/lookup", "", 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.Lookup(ctx, motive.UserLookup{Email: "ada+x@example.com"}, o...))
			}},
		{"Users.LookupByExternalID", byPair, "/v1/users/lookup_by_external_id", "", 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.LookupByExternalID(ctx, "9 8&7", "generic_tms", o...))
			}},
		{"Users.UpdateByExternalID", byPair + "; PUT /v1/users/7", "/v1/users/lookup_by_external_id; /v1/users/{id}",
			`{"first_name":"Ada"}`, 200, oneUser, user,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				req := &motive.UpdateUserRequest{FirstName: motive.Set("Ada")}
				return result(c.Users.UpdateByExternalID(ctx, "9 8&7", "generic_tms", req, o...))
			}},
		{"Users.DeactivateByExternalID", byPair + "; PUT /v1/users/7", "/v1/users/lookup_by_external_id; /v1/users/{id}",
			`{"status":"deactivated"}`, 200, leftUser, left,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.Users.DeactivateByExternalID(ctx, "9 8&7", "generic_tms", o...))
			}},
		{"ExternalIDs.Create", "POST /v1/external_ids", "/v1/external_ids",
			`{"external_id":"987","integration_name":"generic_tms","external_id_holder_id":7,"external_id_holder_type":"User"}`, 201, oneLink, link,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.ExternalIDs.Create(ctx, externalIDRequest(), o...))
			}},
		{"ExternalIDs.Update", "PUT /v1/external_ids/31", "/v1/external_ids/{id}", `{"external_id":"987"}`, 200, oneLink, link,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.ExternalIDs.Update(ctx, 31, &motive.ExternalIDRequest{ExternalID: motive.Set("987")}, o...))
			}},
		{"ExternalIDs.Delete", "DELETE /v1/external_ids/31", "/v1/external_ids/{id}", "", 200, `{"success":true}`, nil,
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return nil, c.ExternalIDs.Delete(ctx, 31, o...)
			}},
		{"UserRoles.List", "GET /v1/user_roles?name=Dispatch&status=active", "/v1/user_roles", "", 200,
			`{"user_roles":[{"user_role":{"id":9,"name":"Dispatch"}}]}`, []motive.UserRole{{ID: 9, Name: "Dispatch"}},
			func(ctx context.Context, c *motive.Client, o ...motive.CallOption) (any, error) {
				return result(c.UserRoles.List(ctx, &motive.ListUserRolesOptions{Name: "Dispatch", Status: motive.StatusActive}, o...))
			}},
	}
}

// result gives up the type of a result, nil if it is its zero value.
func result[T any](v T, err error) (any, error) {
	if reflect.ValueOf(&v).Elem().IsZero() {
		return nil, err
	}
	return v, err
}

// lines are the requests: of most methods one.
func (m method) lines() []string { return strings.Split(m.line, "; ") }

// templates are the lines as logs show them.
func (m method) templates() []string {
	templates := m.lines()
	for i, path := range strings.Split(m.path, "; ") {
		verb, _, _ := strings.Cut(templates[i], " ")
		templates[i] = verb + " " + path
	}
	return templates
}

// verb is the HTTP method of the first request, which is the one that fails.
func (m method) verb() string { return m.line[:strings.Index(m.line, " ")] }

func TestMethodsHasEveryMethod(t *testing.T) {
	t.Parallel()
	var rows []string
	for _, m := range methods() {
		rows = append(rows, m.name)
	}
	calls.Check(t, calls.All(), rows, nil, "add a row to methods in client_test.go, which is held to what is true of every call")
}

// collect drains a list, and checks that an error comes once and last.
func collect(all func(func(*motive.User, error) bool)) (users []*motive.User, err error) {
	for user, e := range all {
		switch {
		case err != nil:
			return users, errors.New("something came after an error")
		case (user == nil) == (e == nil):
			return users, errors.New("a user and an error, or neither")
		case e != nil:
			err = e
		default:
			users = append(users, user)
		}
	}
	return users, err
}

func ids(users []*motive.User) []int64 {
	out := []int64{}
	for _, u := range users {
		out = append(out, u.ID)
	}
	return out
}

// kind names what an error is: "none", "api", "unknown" or "other".
func kind(err error) string {
	var api *motive.APIError
	switch {
	case err == nil:
		return "none"
	case errors.Is(err, motive.ErrOutcomeUnknown):
		return "unknown"
	case errors.As(err, &api):
		return "api"
	}
	return "other"
}

// sameJSON reports whether two texts hold the same JSON.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func TestNewClientTakesOneCredential(t *testing.T) {
	t.Parallel()
	const secret = "canary-secret"
	source := motive.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: secret}))
	stored := motive.WithOAuth2(oauth.NewConfig("id", secret, "https://app.example.com/cb"), oauth.NewMemoryStore(nil))
	for name, tt := range map[string]struct {
		opts []motive.Option
		want []string // in the message; nil: no error
	}{
		"a token":                 {[]motive.Option{motive.WithAccessToken(secret)}, nil},
		"a key":                   {[]motive.Option{motive.WithAPIKey(secret)}, nil},
		"a source":                {[]motive.Option{source}, nil},
		"a stored token":          {[]motive.Option{stored}, nil},
		"nil options around it":   {[]motive.Option{nil, motive.WithAPIKey(secret), nil}, nil},
		"none":                    {nil, []string{"no credential", "WithAccessToken", "WithAPIKey", "WithTokenSource", "WithOAuth2", "MOTIVE_ACCESS_TOKEN", "MOTIVE_API_KEY"}},
		"a token and a key":       {[]motive.Option{motive.WithAccessToken(secret), motive.WithAPIKey(secret)}, []string{"2 credentials (WithAccessToken, WithAPIKey)"}},
		"the same twice":          {[]motive.Option{motive.WithAPIKey(secret), motive.WithAPIKey(secret)}, []string{"2 credentials (WithAPIKey, WithAPIKey)"}},
		"three":                   {[]motive.Option{source, stored, motive.WithAPIKey(secret)}, []string{"3 credentials (WithTokenSource, WithOAuth2, WithAPIKey)"}},
		"an empty token":          {[]motive.Option{motive.WithAccessToken("")}, []string{"WithAccessToken: the value is empty"}},
		"an empty key":            {[]motive.Option{motive.WithAPIKey("")}, []string{"WithAPIKey: the value is empty"}},
		"a blank key":             {[]motive.Option{motive.WithAPIKey("  ")}, []string{"WithAPIKey", "white space"}},
		"a token with a newline":  {[]motive.Option{motive.WithAccessToken(secret + "\n")}, []string{"WithAccessToken", "white space: trim it"}},
		"a key with a newline":    {[]motive.Option{motive.WithAPIKey(secret + "\r\nX-Evil: 1")}, []string{"WithAPIKey", "control character"}},
		"a key with a NUL":        {[]motive.Option{motive.WithAPIKey(secret + "\x00x")}, []string{"WithAPIKey", "control character"}},
		"a key in another script": {[]motive.Option{motive.WithAPIKey(secret + "ключ")}, []string{"WithAPIKey", "outside ASCII"}},
		"a nil source":            {[]motive.Option{motive.WithTokenSource(nil)}, []string{"WithTokenSource: the token source is nil"}},
		"a nil config":            {[]motive.Option{motive.WithOAuth2(nil, oauth.NewMemoryStore(nil))}, []string{"WithOAuth2: oauth: the config is nil"}},
		"a nil store":             {[]motive.Option{motive.WithOAuth2(&oauth2.Config{}, nil)}, []string{"the store is nil"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := motive.NewClient(tt.opts...)
			checkConstruction(t, c, err, tt.want)
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the message shows the credential: %v", err)
			}
		})
	}
}

func checkConstruction(t *testing.T, c *motive.Client, err error, want []string) {
	t.Helper()
	if want == nil {
		if err != nil || c == nil || c.Users == nil || c.ExternalIDs == nil || c.UserRoles == nil {
			t.Errorf("client %v, error %v; want a whole client", c, err)
		}
		return
	}
	if err == nil || c != nil {
		t.Fatalf("client %v, error %v; want an error with %q", c, err, want)
	}
	for _, part := range append(want, "motive: ") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

func TestNewClientFromEnv(t *testing.T) { // not parallel: it sets variables
	const secret = "canary-secret"
	srv := wire.NewServer(t, wire.Always(200, oneUser))
	for name, tt := range map[string]struct {
		token, key, base string
		opts             []motive.Option
		want             []string
		header           string
	}{
		"a token":            {secret, "", srv.URL, nil, nil, "Authorization: Bearer " + secret},
		"a key":              {"", secret, srv.URL, nil, nil, "X-Api-Key: " + secret},
		"neither":            {"", "", "", nil, []string{"no credential", "MOTIVE_ACCESS_TOKEN", "MOTIVE_API_KEY", "WithAPIKey"}, ""},
		"both":               {secret, secret, "", nil, []string{"2 credentials (MOTIVE_ACCESS_TOKEN, MOTIVE_API_KEY)"}, ""},
		"one and an option":  {"", secret, "", []motive.Option{motive.WithAccessToken(secret)}, []string{"(MOTIVE_API_KEY, WithAccessToken)"}, ""},
		"only an option":     {"", "", srv.URL, []motive.Option{motive.WithAPIKey(secret)}, nil, "X-Api-Key: " + secret},
		"a newline":          {secret + "\n", "", "", nil, []string{"MOTIVE_ACCESS_TOKEN", "trim it"}, ""},
		"blank":              {"", "  ", "", nil, []string{"MOTIVE_API_KEY", "white space"}, ""},
		"a base URL on http": {secret, "", "http://api.gomotive.com", nil, []string{"unencrypted", "WithInsecureHTTP"}, ""},
		"an option wins":     {secret, "", "https://nowhere.example", []motive.Option{motive.WithBaseURL(srv.URL)}, nil, "Authorization: Bearer " + secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("MOTIVE_ACCESS_TOKEN", tt.token)
			t.Setenv("MOTIVE_API_KEY", tt.key)
			t.Setenv("MOTIVE_BASE_URL", tt.base)
			c, err := motive.NewClientFromEnv(tt.opts...)
			checkConstruction(t, c, err, tt.want)
			if err != nil {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the message shows the credential: %v", err)
				}
				return
			}
			defer c.CloseIdleConnections()
			if _, err := c.Users.Get(t.Context(), 7); err != nil {
				t.Fatal(err)
			}
			got := srv.Got()
			name, value, _ := strings.Cut(tt.header, ": ")
			if h := got[len(got)-1].Header; h.Get(name) != value {
				t.Errorf("headers %v lack %s", h, tt.header)
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ base, host, path, problem string }{
		{"https://api.gomotive.com", "api.gomotive.com", "/v1/users/7", ""},
		{"https://api.keeptruckin.com", "api.keeptruckin.com", "/v1/users/7", ""},
		{"https://api.keeptruckin.com/", "api.keeptruckin.com", "/v1/users/7", ""},
		{"https://api.gomotive.com/v1", "api.gomotive.com", "/v1/users/7", ""},
		{"https://api.gomotive.com/v1/", "api.gomotive.com", "/v1/users/7", ""},
		{"https://gateway.example/motive/eu", "gateway.example", "/motive/eu/v1/users/7", ""},
		{"https://gateway.example/motive//", "gateway.example", "/motive/v1/users/7", ""},
		{"https://gateway.example/motive/v1/", "gateway.example", "/motive/v1/users/7", ""},
		{"https://gateway.example/a%20b/c%2Fd", "gateway.example", "/a%20b/c%2Fd/v1/users/7", ""},
		{"  https://api.gomotive.com\n", "api.gomotive.com", "/v1/users/7", ""},
		{"HTTPS://api.gomotive.com:8443", "api.gomotive.com:8443", "/v1/users/7", ""},
		{"http://localhost:8080/x", "localhost:8080", "/x/v1/users/7", ""},
		{"http://127.0.0.1:8080", "127.0.0.1:8080", "/v1/users/7", ""},
		{"http://127.9.9.9", "127.9.9.9", "/v1/users/7", ""},
		{"http://[::1]:8080/", "[::1]:8080", "/v1/users/7", ""},
		{"http://api.gomotive.com", "", "", "unencrypted"},
		{"http://localhost.evil.example", "", "", "unencrypted"},
		{"http://10.0.0.1", "", "", "unencrypted"},
		{"https://user:canary@api.gomotive.com", "", "", "user or a password"},
		{"https://api.gomotive.com?token=canary", "", "", "query"},
		{"https://api.gomotive.com#canary", "", "", "fragment"},
		{"https://api.gomotive.com/v1/users", "", "", "leave it out"},
		{"https://gateway.example/motive/v1/users/", "", "", "ends in /v1/users"},
		{"https://gateway.example/users", "gateway.example", "/users/v1/users/7", ""},
		{"", "", "", "scheme and a host"},
		{"api.gomotive.com", "", "", "scheme and a host"},
		{"//api.gomotive.com", "", "", "scheme and a host"},
		{"https:///v1", "", "", "scheme and a host"},
		{"https://:443", "", "", "scheme and a host"},
		{"ftp://api.gomotive.com", "", "", "scheme and a host"},
		{"file:///etc/passwd", "", "", "scheme and a host"},
		{"https:api.gomotive.com", "", "", "scheme and a host"},
		{"https://api.gomotive.com\r\nX-Evil: 1", "", "", "cannot be parsed"},
		{"https://api gomotive.com", "", "", "cannot be parsed"},
		{"https://api.gomotive.com:port", "", "", "cannot be parsed"},
		{"https://%zz", "", "", "cannot be parsed"},
		{"https://api.gomotive.com/\x00", "", "", "cannot be parsed"},
		{"::", "", "", "cannot be parsed"},
	} {
		t.Run(tt.base, func(t *testing.T) {
			t.Parallel()
			var host, path string
			transport := wire.RoundTrip(func(req *http.Request) (*http.Response, error) {
				host, path = req.URL.Host, req.URL.EscapedPath()
				return wire.Reply(200, oneUser), nil
			})
			c, err := motive.NewClient(motive.WithAccessToken("token"), motive.WithBaseURL(tt.base), motive.WithTransport(transport))
			if tt.problem != "" {
				checkConstruction(t, c, err, []string{tt.problem})
				if strings.Contains(err.Error(), "canary") {
					t.Errorf("the message shows a secret: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Users.Get(t.Context(), 7); err != nil {
				t.Fatal(err)
			}
			if host != tt.host || path != tt.path {
				t.Errorf("request to %s %s, want %s %s", host, path, tt.host, tt.path)
			}
		})
	}
}

func TestPlainHTTPIsAllowedOnRequest(t *testing.T) {
	t.Parallel()
	_, err := motive.NewClient(motive.WithAccessToken("token"), motive.WithBaseURL("http://10.0.0.1"), motive.WithInsecureHTTP())
	if err != nil {
		t.Error(err)
	}
}

func TestNewClientNamesEveryProblem(t *testing.T) {
	t.Parallel()
	c, err := motive.NewClient(
		motive.WithAPIKey(""), motive.WithAccessToken("x y\n"),
		motive.WithBaseURL("gopher://x"), motive.WithTransport(nil),
		motive.WithUserAgent("a\nb"), motive.WithTimeZone("\x7f"), motive.WithActingUser(0),
		motive.WithRateLimit(0, 1), motive.WithAttemptTimeout(-1), motive.WithMaxBodySize(0),
		motive.WithRetry(motive.RetryPolicy{MaxAttempts: -1}),
	)
	checkConstruction(t, c, err, []string{
		"WithAPIKey", "WithAccessToken", "base URL", "WithTransport", "WithUserAgent", "WithTimeZone", "WithActingUser",
		"WithRateLimit", "WithAttemptTimeout", "WithMaxBodySize", "WithRetry", "2 credentials",
	})
}

func TestOptionsRefuseWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	var nan float64
	nan /= nan
	for name, opt := range map[string]motive.Option{
		"WithRateLimit of no burst":     motive.WithRateLimit(1, 0),
		"WithRateLimit below zero":      motive.WithRateLimit(-1, 1),
		"WithRateLimit of NaN":          motive.WithRateLimit(nan, 1),
		"WithRateLimit of too many":     motive.WithRateLimit(2e9, 1),
		"WithLimiter of nil":            motive.WithLimiter(nil),
		"WithRetry of a negative look":  motive.WithRetry(motive.RetryPolicy{ReconcileWait: -1}),
		"WithRetry of no attempts":      motive.WithRetry(motive.RetryPolicy{MaxAttempts: -1}),
		"WithRetry of negative waits":   motive.WithRetry(motive.RetryPolicy{MinWait: -1}),
		"WithRetry of a negative bound": motive.WithRetry(motive.RetryPolicy{MaxWait: -1}),
		"WithRetry of a negative cap":   motive.WithRetry(motive.RetryPolicy{MaxRetryAfter: -1}),
		"WithRetry of swapped waits":    motive.WithRetry(motive.RetryPolicy{MinWait: 2, MaxWait: 1}),
		"WithAttemptTimeout of nothing": motive.WithAttemptTimeout(0),
		"WithMaxBodySize below zero":    motive.WithMaxBodySize(-1),
		"WithActingUser below zero":     motive.WithActingUser(-3),
		"WithUserAgent of nothing":      motive.WithUserAgent(""),
		"WithTimeZone of nothing":       motive.WithTimeZone(""),
		"WithTimeZone of IANA":          motive.WithTimeZone("America/New_York"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := motive.NewClient(motive.WithAPIKey("key"), opt)
			option, _, _ := strings.Cut(name, " ")
			checkConstruction(t, c, err, []string{option})
		})
	}
}

// What people copy along with a credential is refused by name, and not shown.
func TestCredentialsAreGivenAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ secret, problem string }{
		{"canary-1", ""},
		{"canary'1", ""},
		{"Bearer-canary", ""},
		{"Bearer canary", `begins with "Bearer"`},
		{"bearer canary", `begins with "Bearer"`},
		{"Bearer: canary", `begins with "Bearer"`},
		{`"canary"`, "quotation mark"},
		{"'canary'", "quotation mark"},
		{`canary"`, "quotation mark"},
		{"`canary", "quotation mark"},
		{`"`, "quotation mark"},
	} {
		t.Run(tt.secret, func(t *testing.T) {
			t.Parallel()
			for option, opt := range map[string]motive.Option{
				"WithAccessToken": motive.WithAccessToken(tt.secret), "WithAPIKey": motive.WithAPIKey(tt.secret),
			} {
				c, err := motive.NewClient(opt)
				if tt.problem == "" {
					if err != nil {
						t.Errorf("%s: %v", option, err)
					}
					continue
				}
				checkConstruction(t, c, err, []string{option, tt.problem})
				if strings.Contains(err.Error(), "canary") {
					t.Errorf("%s: the message shows the secret", option)
				}
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	own := "motive-go/" + motive.Version
	for name, tt := range map[string]struct {
		opts []motive.Option
		want map[string]string
	}{
		"by default": {nil, map[string]string{
			"Accept": "application/json", "User-Agent": own, "Authorization": "Bearer " + testToken,
			"X-Api-Key": "", "X-Time-Zone": "", "X-Metric-Units": "", "X-User-Id": "", "Idempotency-Key": "",
		}},
		"a user agent":    {[]motive.Option{motive.WithUserAgent("tms/2 (x)")}, map[string]string{"User-Agent": "tms/2 (x) " + own}},
		"a time zone":     {[]motive.Option{motive.WithTimeZone(motive.TimeZonePacific)}, map[string]string{"X-Time-Zone": "Pacific Time (US & Canada)"}},
		"metric units":    {[]motive.Option{motive.WithMetricUnits(true)}, map[string]string{"X-Metric-Units": "true"}},
		"imperial units":  {[]motive.Option{motive.WithMetricUnits(false)}, map[string]string{"X-Metric-Units": "false"}},
		"an acting user":  {[]motive.Option{motive.WithActingUser(42)}, map[string]string{"X-User-Id": "42"}},
		"the last of two": {[]motive.Option{motive.WithActingUser(42), motive.WithActingUser(43)}, map[string]string{"X-User-Id": "43"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(201, oneUser))
			c := newClient(t, srv.URL, tt.opts...)
			if _, err := c.Users.Create(t.Context(), ada()); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Users.Get(t.Context(), 7); err != nil {
				t.Fatal(err)
			}
			got := srv.Got()
			for _, r := range got {
				for name, want := range tt.want {
					if value := r.Header.Get(name); value != want {
						t.Errorf("%s: %s is %q, want %q", r.Line(), name, value, want)
					}
				}
			}
			if got[0].Header.Get("Content-Type") != "application/json" || got[1].Header.Get("Content-Type") != "" {
				t.Error("the content type belongs to requests with a body, and to no other")
			}
		})
	}
}

func TestOneClientServesManyGoroutines(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"user":{"id":%s}}`, strings.TrimPrefix(r.URL.Path, "/fleet/v1/users/"))
	})
	c := newClient(t, srv.URL, motive.WithRateLimit(1e6, 10), motive.WithObserver(func(motive.Event) {}))
	var wg sync.WaitGroup
	for id := int64(1); id <= 64; id++ {
		wg.Go(func() {
			for range 4 {
				var r motive.Response
				u, err := c.Users.Get(t.Context(), id, motive.WithResponse(&r))
				if err != nil || u.ID != id || r.Attempts != 1 {
					t.Errorf("user %v, attempts %d, error %v; want user %d", u, r.Attempts, err, id)
				}
			}
		})
	}
	wg.Wait()
}

func TestArgumentsAreNotModified(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			wire.Always(200, noUsers)(w, r)
			return
		}
		wire.Always(201, oneUser)(w, r)
	})
	c := newClient(t, srv.URL)
	create, update, list := adaLinked(), motive.UpdateUserRequest(*ada()), motive.ListUsersOptions{Role: motive.RoleDriver}
	if _, err := c.Users.Create(t.Context(), create); err != nil {
		t.Error(err)
	}
	if _, err := c.Users.Update(t.Context(), 7, &update); err != nil {
		t.Error(err)
	}
	if _, err := c.Users.List(t.Context(), &list); err != nil {
		t.Error(err)
	}
	if _, err := collect(c.Users.All(t.Context(), &list)); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(create, adaLinked()) || !reflect.DeepEqual(update, motive.UpdateUserRequest(*ada())) ||
		list != (motive.ListUsersOptions{Role: motive.RoleDriver}) {
		t.Error("an argument was modified")
	}
}

// Every method sends what it should and returns what came back, and every one
// fails alike.
func TestMethods(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(m.status, m.answer, "X-Request-Id", "req-1"))
			var r motive.Response
			got, err := m.call(t.Context(), newClient(t, srv.URL), motive.WithResponse(&r), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, m.want) {
				t.Errorf("got %v, want %v", got, m.want)
			}
			requests := srv.Got()
			if !slices.Equal(srv.Lines(), m.lines()) {
				t.Fatalf("requests %q, want %q", srv.Lines(), m.lines())
			}
			if body := requests[len(requests)-1].Body; body != m.body && !sameJSON(body, m.body) {
				t.Errorf("body %s, want %s", body, m.body)
			}
			if r.StatusCode != m.status || r.RequestID != "req-1" || r.Attempts != len(m.lines()) || r.Header.Get("X-Request-Id") != "req-1" {
				t.Errorf("response %+v", r)
			}
			t.Run("failing", func(t *testing.T) { testFailures(t, m) })
		})
	}
}

// testFailures tries the ways in which every method fails alike.
func testFailures(t *testing.T, m method) {
	t.Run("refused by the server", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewServer(t, wire.Always(403, `{"error_message":"not for you"}`, "X-Request-Id", "req-2"))
		var r motive.Response
		got, err := m.call(t.Context(), newClient(t, srv.URL), motive.WithResponse(&r))
		var api *motive.APIError
		if !errors.As(err, &api) || !errors.Is(err, motive.ErrForbidden) || got != nil {
			t.Fatalf("result %v, error %v; want an APIError", got, err)
		}
		line, _, _ := strings.Cut(m.lines()[0], "?")
		want := "motive: " + line + ": 403 not for you (request id req-2, 1 attempt)"
		if err.Error() != want {
			t.Errorf("message %q, want %q", err, want)
		}
		if r.StatusCode != 403 || r.RequestID != "req-2" || r.Attempts != 1 {
			t.Errorf("response %+v", r)
		}
	})
	for name, body := range map[string]string{
		"nothing": "", "another shape": `{"status":"ok"}`, "null": "null", "a number": "7",
		"HTML": "<html><body>Sign in</body></html>", "JSON cut off": m.answer[:len(m.answer)/2], "JSON and more": m.answer + "x",
	} {
		t.Run("answered with "+name, func(t *testing.T) {
			t.Parallel()
			if m.name == "ExternalIDs.Delete" && body == "" {
				return // an empty answer to a deletion is fine
			}
			srv := wire.NewServer(t, wire.Always(m.status, body))
			got, err := m.call(t.Context(), newClient(t, srv.URL))
			if !errors.Is(err, motive.ErrUnexpectedResponse) || got != nil {
				t.Errorf("result %v, error %v; want ErrUnexpectedResponse", got, err)
			}
			if unknown := errors.Is(err, motive.ErrOutcomeUnknown); unknown != (m.verb() != "GET") {
				t.Errorf("outcome unknown: %v, for %s", unknown, m.line)
			}
		})
	}
	t.Run("cancelled before", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewServer(t, wire.Always(m.status, m.answer))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		got, err := m.call(ctx, newClient(t, srv.URL))
		if !errors.Is(err, context.Canceled) || kind(err) != "other" || got != nil || len(srv.Got()) > 0 {
			t.Errorf("result %v, error %v after %q", got, err, srv.Lines())
		}
	})
	t.Run("without a context", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewServer(t, wire.Always(m.status, m.answer))
		got, err := m.call(nil, newClient(t, srv.URL)) //nolint:staticcheck // that is the test
		if err == nil || !strings.Contains(err.Error(), "context is nil") || got != nil || len(srv.Got()) > 0 {
			t.Errorf("result %v, error %v after %q", got, err, srv.Lines())
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestInvalidArgumentsAreRefusedUnsent(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(200, oneUser))
	c := newClient(t, srv.URL)
	ctx := t.Context()
	tests := []struct {
		name, field, code string
		err               error
	}{
		{"Create, nil", "", motive.CodeRequired, second(c.Users.Create(ctx, nil))},
		{"Create, empty", "first_name", motive.CodeRequired, second(c.Users.Create(ctx, &motive.CreateUserRequest{}))},
		{"Get, 0", "id", motive.CodeInvalid, second(c.Users.Get(ctx, 0))},
		{"Get, -1", "id", motive.CodeInvalid, second(c.Users.Get(ctx, -1))},
		{"Update, nil", "", motive.CodeRequired, second(c.Users.Update(ctx, 7, nil))},
		{"Update, empty", "", motive.CodeInvalid, second(c.Users.Update(ctx, 7, &motive.UpdateUserRequest{}))},
		{"Update, 0", "id", motive.CodeInvalid, second(c.Users.Update(ctx, 0, nil))},
		{"Deactivate, 0", "id", motive.CodeInvalid, second(c.Users.Deactivate(ctx, 0))},
		{"Deactivate, 0 unchecked", "id", motive.CodeInvalid, second(c.Users.Deactivate(ctx, 0, motive.SkipValidation()))},
		{"Reactivate, 0", "id", motive.CodeInvalid, second(c.Users.Reactivate(ctx, 0))},
		{"List, 101", "per_page", motive.CodeInvalid, second(c.Users.List(ctx, &motive.ListUsersOptions{PerPage: 101}))},
		{"List, page -1", "page_no", motive.CodeInvalid, second(c.Users.List(ctx, &motive.ListUsersOptions{PageNo: -1}))},
		{"All, -1", "per_page", motive.CodeInvalid, second(collect(c.Users.All(ctx, &motive.ListUsersOptions{PerPage: -1})))},
		{"Lookup, nothing", "", motive.CodeInvalid, second(c.Users.Lookup(ctx, motive.UserLookup{}))},
		{"Lookup, two", "", motive.CodeInvalid, second(c.Users.Lookup(ctx, motive.UserLookup{Email: "a@example.com", Phone: "1"}))},
		{"Lookup, no email", "email", motive.CodeInvalid, second(c.Users.Lookup(ctx, motive.UserLookup{Email: "nobody"}))},
		{"LookupByExternalID, no id", "external_id", "", second(c.Users.LookupByExternalID(ctx, "", "tms"))},
		{"LookupByExternalID, no integration", "integration_name", "", second(c.Users.LookupByExternalID(ctx, "9", ""))},
		{"UpdateByExternalID, nil", "", motive.CodeRequired, second(c.Users.UpdateByExternalID(ctx, "9", "tms", nil))},
		{"DeactivateByExternalID, no id", "external_id", "", second(c.Users.DeactivateByExternalID(ctx, "", "tms"))},
		{"ExternalIDs.Create, nil", "", motive.CodeRequired, second(c.ExternalIDs.Create(ctx, nil))},
		{"ExternalIDs.Create, empty", "external_id_holder_id", motive.CodeRequired, second(c.ExternalIDs.Create(ctx, &motive.ExternalIDRequest{}))},
		{"ExternalIDs.Update, nil", "", motive.CodeRequired, second(c.ExternalIDs.Update(ctx, 31, nil))},
		{"ExternalIDs.Update, 0", "id", motive.CodeInvalid, second(c.ExternalIDs.Update(ctx, 0, externalIDRequest()))},
		{"ExternalIDs.Update, empty", "", motive.CodeInvalid, second(c.ExternalIDs.Update(ctx, 31, &motive.ExternalIDRequest{}))},
		{"ExternalIDs.Delete, 0", "id", motive.CodeInvalid, c.ExternalIDs.Delete(ctx, 0)},
	}
	var rows []string
	for _, tt := range tests {
		rows = append(rows, tt.name)
		var invalid *motive.ValidationError
		if !errors.As(tt.err, &invalid) {
			t.Errorf("%s: error %v, want a ValidationError", tt.name, tt.err)
			continue
		}
		found := slices.ContainsFunc(invalid.Problems, func(p motive.FieldError) bool {
			return p.Field == tt.field && (tt.code == "" || p.Code == tt.code)
		})
		if !found {
			t.Errorf("%s: %v, want %q with %q", tt.name, invalid, tt.field, tt.code)
		}
	}
	refusing := func(c calls.Call) bool { return c.TakesID() || c.TakesText() }
	calls.Check(t, calls.Only(refusing), rows, map[string]string{"UserRoles.List": "it takes any name"}, "add a row with an argument that is refused")
	// Nothing can be sent of nil, checked or not.
	for name, err := range map[string]error{
		"Create":             second(c.Users.Create(ctx, nil, motive.SkipValidation())),
		"Update":             second(c.Users.Update(ctx, 7, nil, motive.SkipValidation())),
		"ExternalIDs.Create": second(c.ExternalIDs.Create(ctx, nil, motive.SkipValidation())),
		"ExternalIDs.Update": second(c.ExternalIDs.Update(ctx, 31, nil, motive.SkipValidation())),
	} {
		if err == nil || !strings.Contains(err.Error(), "nil") {
			t.Errorf("unchecked %s of nil: error %v", name, err)
		}
	}
	if lines := srv.Lines(); len(lines) > 0 {
		t.Errorf("sent %q", lines)
	}
}

// outcome is what becomes of a call: how many requests the server saw, and the
// kind of the error, as kind names it.
type outcome struct {
	requests int
	kind     string
}

// What becomes of the three sorts of methods under one failure.
type outcomes struct{ get, put, post outcome }

var (
	// The failure may pass, and the request may have been carried out.
	passing = outcomes{outcome{4, "other"}, outcome{4, "unknown"}, outcome{1, "unknown"}}
	// The same, said by the server.
	passingStatus = outcomes{outcome{4, "api"}, outcome{4, "unknown"}, outcome{1, "unknown"}}
	// A proxy's word that it does not know either.
	openStatus = outcomes{outcome{1, "api"}, outcome{1, "unknown"}, outcome{1, "unknown"}}
	// The server's last word.
	final = outcomes{outcome{1, "api"}, outcome{1, "api"}, outcome{1, "api"}}
	// The server did not look at the request.
	limited = outcomes{outcome{4, "api"}, outcome{4, "api"}, outcome{4, "api"}}
)

func (o outcomes) of(verb string) outcome {
	switch verb {
	case http.MethodGet:
		return o.get
	case http.MethodPost:
		return o.post
	}
	return o.put
}

// oneOfEachVerb are the methods that the matrix of failures tries: one at least of GET,
// POST, PUT and DELETE. What becomes of a request is decided by its verb alone, so that
// another method need not be added.
func oneOfEachVerb() []method {
	var some []method
	for _, m := range methods() {
		switch m.name {
		case "Users.Get", "Users.Create", "Users.Update", "ExternalIDs.Create", "ExternalIDs.Delete":
			some = append(some, m)
		}
	}
	return some
}

func checkOutcome(t *testing.T, want outcome, requests, attempts int, err error) {
	t.Helper()
	if got := (outcome{requests, kind(err)}); got != want || attempts != want.requests {
		t.Errorf("%+v in %d attempts, want %+v: %v", got, attempts, want, err)
	}
	var unknown *motive.OutcomeUnknownError
	if errors.As(err, &unknown) && unknown.Attempts != want.requests {
		t.Errorf("the error tells of %d attempts, want %d", unknown.Attempts, want.requests)
	}
	text := "1 attempt"
	if want.requests != 1 {
		text = fmt.Sprintf("%d attempts", want.requests)
	}
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("message %q lacks %q", err, text)
	}
}

func TestFailuresOnTheWire(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, talk := range map[string]func(conn *net.TCPConn){
		"reset before the answer":   wire.Reset,
		"closed before the answer":  func(*net.TCPConn) {},
		"reset within the headers":  func(conn *net.TCPConn) { wire.Say(conn, head); wire.Reset(conn) },
		"closed within the headers": func(conn *net.TCPConn) { wire.Say(conn, head+"X-Half") },
		"reset within the body": func(conn *net.TCPConn) {
			wire.Say(conn, head+"Content-Length: 500\r\n\r\n"+`{"user":`)
			wire.Reset(conn)
		},
		"body cut off":       func(conn *net.TCPConn) { wire.Say(conn, head+"Content-Length: 500\r\n\r\n"+oneUser) },
		"chunks cut off":     func(conn *net.TCPConn) { wire.Say(conn, head+"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"use\r\n") },
		"a malformed chunk":  func(conn *net.TCPConn) { wire.Say(conn, head+"Transfer-Encoding: chunked\r\n\r\nzz\r\nwhat\r\n") },
		"no HTTP at all":     func(conn *net.TCPConn) { wire.Say(conn, "SSH-2.0-OpenSSH_9.6\r\n\r\n") },
		"a malformed header": func(conn *net.TCPConn) { wire.Say(conn, head+"no colon\r\n\r\n") },
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool { talk(conn); return false })
				var r motive.Response
				_, err := m.call(t.Context(), newClient(t, srv.URL), motive.WithResponse(&r))
				checkOutcome(t, passing.of(m.verb()), srv.Requests(), r.Attempts, err)
			})
		}
	}
}

func TestFailuresBeforeTheWireAreTriedAgainAndCertain(t *testing.T) {
	t.Parallel()
	failing := func(err error) *http.Transport {
		return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
	}
	through := func(proxy string) *http.Transport {
		u, err := url.Parse(proxy)
		if err != nil {
			t.Fatal(err)
		}
		return &http.Transport{Proxy: http.ProxyURL(u)}
	}
	denying := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
		wire.Say(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return false
	})
	const base = "https://motive.example/fleet"
	for name, tt := range map[string]struct {
		base      string
		transport *http.Transport
	}{
		"connection refused":      {wire.Refusing(t), &http.Transport{}},
		"no such host":            {base, failing(&net.DNSError{Err: "no such host", Name: "motive.example", IsNotFound: true})},
		"any other dial error":    {base, failing(errors.New("the dialler gave up"))},
		"the proxy is down":       {base, through(wire.Refusing(t))},
		"the proxy is unfriendly": {base, through(denying.URL)},
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				var r motive.Response
				_, err := m.call(t.Context(), newClient(t, tt.base, motive.WithTransport(tt.transport)), motive.WithResponse(&r))
				if kind(err) != "other" || r.Attempts != 4 || r.StatusCode != 0 {
					t.Errorf("%s in %d attempts, want a plain error in 4: %v", kind(err), r.Attempts, err)
				}
			})
		}
	}
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    outcomes
	}{
		"a stream reset before the headers": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, passing},
		"a stream reset within the body": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"user":`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, passing},
		"a 503": {wire.Always(503, ""), passingStatus},
		"a 404": {wire.Always(404, ""), final},
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				var requests atomic.Int64
				srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if requests.Add(1); r.ProtoMajor != 2 {
						t.Errorf("spoken to in %s", r.Proto)
					}
					tt.handler(w, r)
				}))
				srv.EnableHTTP2 = true
				srv.StartTLS()
				defer srv.Close()
				var r motive.Response
				_, err := m.call(t.Context(), newClient(t, srv.URL, motive.WithTransport(srv.Client().Transport)), motive.WithResponse(&r))
				checkOutcome(t, tt.want.of(m.verb()), int(requests.Load()), r.Attempts, err)
			})
		}
	}
}

func TestStatusesThatFail(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]outcomes{
		429: limited,
		500: passingStatus, 502: passingStatus, 503: passingStatus, 504: passingStatus,
		501: final, 505: final, 520: openStatus, 522: openStatus, 524: openStatus, 599: openStatus,
		400: final, 401: final, 402: final, 403: final, 404: final, 405: final, 409: final, 418: final, 422: final,
		307: final, 308: final,
		300: openStatus, 301: openStatus, 302: openStatus, 303: openStatus, 304: openStatus, 305: openStatus, 399: openStatus, 408: openStatus, 499: openStatus,
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(fmt.Sprintf("%d/%s", status, m.name), func(t *testing.T) {
				t.Parallel()
				srv := wire.NewServer(t, wire.Always(status, ""))
				var r motive.Response
				c := newClient(t, srv.URL, motive.WithRetry(motive.RetryPolicy{MinWait: 1, MaxWait: 1, MaxRetryAfter: 1, ReconcileWait: 1}))
				_, err := m.call(t.Context(), c, motive.WithResponse(&r))
				checkOutcome(t, want.of(m.verb()), len(srv.Got()), r.Attempts, err)
				var api *motive.APIError
				if !errors.As(err, &api) || api.StatusCode != status || r.StatusCode != status || api.Attempts != r.Attempts {
					t.Errorf("error %v, response %+v; want an APIError of %d", err, r, status)
				}
			})
		}
	}
}

func TestHangingServersAreLeftAfterTheAttemptTimeout(t *testing.T) {
	t.Parallel()
	for name, talk := range map[string]func(net.Conn){
		"before the headers": wire.Silent,
		"within the headers": func(conn net.Conn) { wire.Say(conn, "HTTP/1.1 200 OK\r\nX-Half"); wire.Silent(conn) },
		"within the body": func(conn net.Conn) {
			wire.Say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
			wire.Silent(conn)
		},
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var requests atomic.Int64
					transport := wire.Piped(t, func(n int, conn net.Conn, _ *http.Request) { requests.Store(int64(n)); talk(conn) })
					c := newClient(t, "http://localhost/fleet", motive.WithTransport(transport), motive.WithAttemptTimeout(30*time.Second))
					start := time.Now()
					var r motive.Response
					_, err := m.call(t.Context(), c, motive.WithResponse(&r))
					want := passing.of(m.verb())
					checkOutcome(t, want, int(requests.Load()), r.Attempts, err)
					if took, limit := time.Since(start), time.Duration(want.requests)*30*time.Second; took < limit || took > limit+time.Second {
						t.Errorf("took %s, want %s", took, limit)
					}
					if !strings.Contains(err.Error(), "attempt timeout") {
						t.Errorf("message %q does not say that the attempt timeout was up", err)
					}
				})
			})
		}
	}
}

// A second request must not carry the remains of a first.
func TestRecoveryAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, m := range oneOfEachVerb() {
		if m.verb() == http.MethodPost {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
				switch n.Add(1) {
				case 1:
					wire.Always(503, strings.Repeat("busy ", 2000), "X-Request-Id", "first")(w, r)
				case 2:
					w.Header().Set("Content-Length", "5000")
					_, _ = io.WriteString(w, `{"user":{"id":8,`)
				default:
					wire.Always(m.status, m.answer)(w, r)
				}
			})
			var r motive.Response
			got, err := m.call(t.Context(), newClient(t, srv.URL), motive.WithResponse(&r))
			if err != nil || fmt.Sprint(got) != fmt.Sprint(m.want) {
				t.Errorf("got %v, error %v; want %v", got, err, m.want)
			}
			if r.Attempts != 3 || r.StatusCode != m.status || r.RequestID != "" {
				t.Errorf("response %+v", r)
			}
			for _, s := range srv.Got() {
				if s.Line() != m.line || s.Body != m.body && !sameJSON(s.Body, m.body) {
					t.Errorf("sent %s %s, want %s %s", s.Line(), s.Body, m.line, m.body)
				}
			}
		})
	}
}

func TestUntrustedServersAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	for _, m := range oneOfEachVerb() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
			srv.Config.ErrorLog = log.New(io.Discard, "", 0)
			srv.StartTLS()
			defer srv.Close()
			var r motive.Response
			_, err := m.call(t.Context(), newClient(t, srv.URL), motive.WithResponse(&r))
			if kind(err) != "other" || r.Attempts != 1 || requests.Load() != 0 {
				t.Errorf("%s in %d attempts and %d requests: %v", kind(err), r.Attempts, requests.Load(), err)
			}
		})
	}
}

// Bursts of 64 calls live on 64 connections, also where calls fail. A machine that is
// too busy loses one now and then, see TestAConnectionIsLostToALateWriter in package
// transport, but not each time; a client that redials does.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const workers, tries = 64, 5
	var made []int
	for range tries {
		n := connectionsOfBursts(t, workers)
		if made = append(made, n); n == workers {
			return
		}
	}
	t.Errorf("%v connections for bursts of %d, want %d", made, workers, workers)
}

// connectionsOfBursts is how many connections are made for twenty bursts of calls.
func connectionsOfBursts(t *testing.T, workers int) int {
	const rounds = 20
	var arrived sync.WaitGroup
	arrived.Add(workers)
	var first atomic.Int64
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		if first.Add(1) <= int64(workers) { // so that each of the first round needs a connection
			arrived.Done()
			arrived.Wait()
		}
		switch r.URL.Query().Get("name") {
		case "missing":
			wire.Always(404, `{"error_message":"gone"}`)(w, r)
		case "broken":
			wire.Always(500, strings.Repeat("<html>", 500))(w, r)
		case "busy":
			wire.Always(503, "")(w, r)
		default:
			wire.Always(200, noUsers)(w, r)
		}
	})
	c := newClient(t, srv.URL, motive.WithRetry(motive.RetryPolicy{MaxAttempts: 2, MinWait: 1, MaxWait: 1, MaxRetryAfter: 1}))
	names := []string{"", "missing", "broken", "busy", "", "", "", ""}
	for range rounds {
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() {
				_, err := c.Users.List(t.Context(), &motive.ListUsersOptions{Name: names[i%len(names)]})
				if (err == nil) != (names[i%len(names)] == "") {
					t.Errorf("%q: %v", names[i%len(names)], err)
				}
			})
		}
		wg.Wait()
	}
	return srv.Connections()
}

func TestBodySizes(t *testing.T) {
	t.Parallel()
	padded := func(size int) string { return oneUser + strings.Repeat(" ", size-len(oneUser)) }
	for name, tt := range map[string]struct {
		limit int64 // 0: the default
		size  int
		fits  bool
	}{
		"at the limit":         {1000, 1000, true},
		"one over the limit":   {1000, 1001, false},
		"far over the limit":   {1000, 1 << 20, false},
		"over a tiny limit":    {10, 100, false},
		"no limit to speak of": {math.MaxInt64, 1000, true},
		"over 64 KiB":          {100 << 10, 200 << 10, false},
		"large by default":     {0, 4 << 20, true},
	} {
		for _, length := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, length %v", name, length), func(t *testing.T) {
				t.Parallel()
				srv := wire.NewServer(t, func(w http.ResponseWriter, _ *http.Request) {
					body := padded(tt.size)
					if length {
						w.Header().Set("Content-Length", fmt.Sprint(len(body)))
					}
					_, _ = io.WriteString(w, body[:1])
					w.(http.Flusher).Flush()
					_, _ = io.WriteString(w, body[1:])
				})
				var opts []motive.Option
				if tt.limit > 0 {
					opts = append(opts, motive.WithMaxBodySize(tt.limit))
				}
				c := newClient(t, srv.URL, opts...)
				if tt.fits {
					if u, err := c.Users.Get(t.Context(), 7); err != nil || u.ID != 7 {
						t.Errorf("user %v, error %v", u, err)
					}
					return
				}
				_, err := c.Users.Get(t.Context(), 7)
				checkTooLarge(t, err, int(min(tt.limit, 64<<10)))
				if n := len(srv.Got()); n != 1 {
					t.Errorf("asked %d times for a body that is too large", n)
				}
				_, err = c.Users.Create(t.Context(), ada())
				checkTooLarge(t, err, int(min(tt.limit, 64<<10)))
				if !errors.Is(err, motive.ErrOutcomeUnknown) {
					t.Errorf("a create with an answer too large to read: %v", err)
				}
			})
		}
	}
}

func checkTooLarge(t *testing.T, err error, body int) {
	t.Helper()
	var api *motive.APIError
	if !errors.As(err, &api) || !errors.Is(err, motive.ErrUnexpectedResponse) || !strings.Contains(err.Error(), "larger") {
		t.Fatalf("error %v, want one that says the body is too large", err)
	}
	if len(api.Body) != body || !strings.HasPrefix(oneUser+strings.Repeat(" ", 64<<10), string(api.Body)) {
		t.Errorf("the error keeps %d bytes, want the first %d", len(api.Body), body)
	}
}

// What an error keeps of one answer must not be of another one, whose buffer it
// got from the pool.
func TestErrorsKeepOnlyTheirOwnBytes(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/1") {
			wire.Always(200, `{"user":{"id":1,"first_name":"`+strings.Repeat("private", 80)+`"}}`)(w, r)
			return
		}
		wire.Always(200, strings.Repeat("x", 601))(w, r)
	})
	c := newClient(t, srv.URL, motive.WithMaxBodySize(600))
	for range 20 {
		if _, err := c.Users.Get(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		_, err := c.Users.Get(t.Context(), 2)
		var api *motive.APIError
		if !errors.As(err, &api) || string(api.Body) != strings.Repeat("x", 600) {
			t.Fatalf("error %v keeps %q", err, api.Body)
		}
	}
}

func TestCompressedAnswers(t *testing.T) {
	t.Parallel()
	zip := func(body string, zeros int) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, body)
		chunk := make([]byte, 1<<16)
		for i := range chunk {
			chunk[i] = ' '
		}
		for range zeros / len(chunk) {
			_, _ = w.Write(chunk)
		}
		_ = w.Close()
		return b.Bytes()
	}
	small, bomb := zip(oneUser, 0), zip(oneUser, 32<<20)
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Error("gzip was not asked for")
		}
		w.Header().Set("Content-Encoding", "gzip")
		switch target := r.URL.RequestURI(); target[len(target)-1] {
		case '1':
			_, _ = w.Write(small)
		case '2':
			_, _ = w.Write(bomb)
		case '3':
			w.WriteHeader(404)
			_, _ = w.Write(bomb)
		default:
			_, _ = w.Write(small[:len(small)/2])
		}
	})
	c := newClient(t, srv.URL, motive.WithMaxBodySize(1<<20))
	if u, err := c.Users.Lookup(t.Context(), motive.UserLookup{Phone: "1"}); err != nil || u.ID != 7 {
		t.Errorf("user %v, error %v", u, err)
	}
	_, err := c.Users.Get(t.Context(), 2)
	checkTooLarge(t, err, 64<<10)
	_, err = c.Users.Get(t.Context(), 3)
	var api *motive.APIError
	if !errors.As(err, &api) || !errors.Is(err, motive.ErrNotFound) || len(api.Body) != 64<<10 {
		t.Errorf("error %v", err)
	}
	if _, err = c.Users.Get(t.Context(), 4); err == nil || len(srv.Got()) != 7 {
		t.Errorf("error %v after %d requests; an answer cut off within its compression is to be asked for again", err, len(srv.Got()))
	}
}

func TestWrongContentLength(t *testing.T) {
	t.Parallel()
	srv := wire.NewRawServer(t, func(n int, conn *net.TCPConn, _ *http.Request) bool {
		length := 10 // short of what follows
		if n > 1 {
			length = len(oneUser)
		}
		wire.Say(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "+fmt.Sprint(length)+"\r\n\r\n"+oneUser)
		return false
	})
	c := newClient(t, srv.URL)
	if _, err := c.Users.Get(t.Context(), 7); !errors.Is(err, motive.ErrUnexpectedResponse) {
		t.Errorf("error %v, want ErrUnexpectedResponse", err)
	}
	if u, err := c.Users.Get(t.Context(), 7); err != nil || u.ID != 7 {
		t.Errorf("user %v, error %v", u, err)
	}
}

// Round trippers of callers may be sloppy.
func TestSloppyRoundTrippers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rt   wire.RoundTrip
		want string
	}{
		"neither answer nor error": {func(*http.Request) (*http.Response, error) { return nil, nil }, "other"},
		"no body":                  {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 404}, nil }, "api"},
		"no body to a success":     {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, "api"},
		"status 0":                 {func(*http.Request) (*http.Response, error) { return &http.Response{}, nil }, "api"},
		"a plain error":            {func(*http.Request) (*http.Response, error) { return nil, errors.New("no") }, "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := offline(t, tt.rt).Users.Get(t.Context(), 7); kind(err) != tt.want {
				t.Errorf("%s error, want %s: %v", kind(err), tt.want, err)
			}
		})
	}
}

func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(200, oneUser))
	c := newClient(t, srv.URL)
	for range 2 {
		if _, err := c.Users.Get(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
		c.CloseIdleConnections()
	}
	if n := srv.Connections(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
	offline(t, nil).CloseIdleConnections() // a round tripper that has none
}

func TestDoSendsAnyRequest(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(200, `{"groups":[{"id":3}]}`, "X-Request-Id", "r-1"))
	c := newClient(t, srv.URL)
	var out struct{ Groups []struct{ ID int64 } }
	var r motive.Response
	req := motive.Request{Method: "POST", Path: "/v1/groups", Query: url.Values{"a b": {"1&2"}}, Body: map[string]int{"n": 1}}
	err := c.Do(t.Context(), req, &out, motive.WithResponse(&r), motive.WithQuery("x", "y"))
	if err != nil || len(out.Groups) != 1 || out.Groups[0].ID != 3 || r.RequestID != "r-1" || r.Attempts != 1 {
		t.Errorf("got %+v, response %+v, error %v", out, r, err)
	}
	got := srv.Got()[0]
	if got.Line() != "POST /v1/groups?a+b=1%262&x=y" || got.Body != `{"n":1}` || got.Header.Get("Authorization") != "Bearer "+testToken {
		t.Errorf("sent %+v", got)
	}
	if len(req.Query) != 1 {
		t.Errorf("the query of the request became %v", req.Query)
	}
	if err := c.Do(t.Context(), motive.Request{Path: "v1/groups"}, nil); err != nil {
		t.Error(err)
	}
	if got := srv.Got()[1]; got.Line() != "GET /v1/groups" || got.Body != "" {
		t.Errorf("sent %+v", got)
	}
}

func TestDoDoesNotLeaveTheBaseURL(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(200, `{}`))
	c := newClient(t, srv.URL)
	for _, path := range []string{
		"", "https://evil.example/v1", "//evil.example/v1", `\\evil.example`, "/v1/../../admin", "/v1/./x", "..", "/v1/%2e%2e/x",
		"/v1/users?x=1", "/v1/users#x", "mailto:x", "/v1/%zz", "/v1/\n",
	} {
		if err := c.Do(t.Context(), motive.Request{Path: path}, nil); err == nil {
			t.Errorf("%q was sent as %q", path, srv.Lines())
		}
	}
	if n := len(srv.Got()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestErrorsOfDo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		method, body string
		status       int
		requests     int
		errs         []string
	}{
		"GET 404":             {"GET", `{"error_message":"gone"}`, 404, 1, []string{"ErrNotFound"}},
		"GET 503":             {"GET", "", 503, 4, []string{"ErrServer"}},
		"POST 503":            {"POST", "", 503, 1, []string{"ErrOutcomeUnknown", "ErrServer"}},
		"PUT 503":             {"PUT", "", 503, 4, []string{"ErrOutcomeUnknown", "ErrServer"}},
		"POST 422":            {"POST", "", 422, 1, []string{"ErrUnprocessable"}},
		"GET of no JSON":      {"GET", "<html>", 200, 1, []string{"ErrUnexpectedResponse"}},
		"POST of no JSON":     {"POST", "<html>", 200, 1, []string{"ErrOutcomeUnknown", "ErrUnexpectedResponse"}},
		"GET of another type": {"GET", `{"id":"x"}`, 200, 1, []string{"ErrUnexpectedResponse"}},
		"DELETE 503":          {"DELETE", "", 503, 4, []string{"ErrOutcomeUnknown", "ErrServer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(tt.status, tt.body))
			var out struct {
				ID int64 `json:"id"`
			}
			err := newClient(t, srv.URL).Do(t.Context(), motive.Request{Method: tt.method, Path: "/v1/things/7"}, &out)
			isOnly(t, err, tt.errs...)
			if n := len(srv.Got()); n != tt.requests || !strings.Contains(err.Error(), "/v1/things/7") {
				t.Errorf("%d requests, want %d; error %v", n, tt.requests, err)
			}
		})
	}
}

// What shows a success to Do: its status, a body that fits out, and nothing that says
// otherwise.
func TestWhatShowsASuccessToDo(t *testing.T) {
	t.Parallel()
	const failed, page = `{"success":false,"error_message":"the group is not empty"}`, "<!DOCTYPE html><title>Sign in"
	for _, tt := range []struct {
		method string
		status int
		body   string
		fits   bool // with an out
		none   bool // without
	}{
		{"PUT", 200, `{"id":3}`, true, true},
		{"PUT", 200, `{}`, true, true},
		{"PUT", 204, "", true, true}, // by its status there is no body
		{"PUT", 205, "", true, true},
		{"PUT", 200, "", false, true}, // there could have been one
		{"PUT", 201, "", false, true},
		{"PUT", 202, "", false, true},
		{"PUT", 200, " \n", false, true},
		{"PUT", 202, `{"id":3}`, true, true},
		{"PUT", 206, `{"id":3}`, true, true},
		{"PUT", 206, `{"id":`, false, true},
		{"PUT", 200, "null", false, true},
		{"PUT", 200, " null\n", false, true},
		{"PUT", 200, `{"id":null}`, true, true},
		{"PUT", 200, "OK", false, true},
		{"PUT", 200, page, false, false},
		{"PUT", 200, "\n " + page, false, false},
		{"PUT", 200, failed, false, false},
		{"PUT", 201, `{"id":3,"success":"false"}`, false, false},
		{"PUT", 200, `{"id":3,"success":true}`, true, true},
		{"PUT", 200, `{"id":3,"group":{"success":false}}`, true, true}, // what that is of is not known
		{"PUT", 101, "", false, false},
		{"PUT", 302, "", false, false},
		{"PUT", 304, "", false, false},
		{"POST", 204, "", true, true},
		{"POST", 200, failed, false, false},
		{"PATCH", 204, "", true, true},
		{"DELETE", 204, "", true, true},
		{"DELETE", 205, "", true, true},
		{"DELETE", 200, "", false, true},
		{"DELETE", 200, failed, false, false},
		{"GET", 200, `{"id":3}`, true, true},
		{"GET", 204, "", true, true},
		{"GET", 200, "", false, true},
		{"GET", 200, "null", false, true},
		{"GET", 200, page, false, false},
		{"GET", 200, failed, true, true}, // which is what was asked for
		{"HEAD", 200, "", true, true},
		{"HEAD", 202, "", true, true},
		{"OPTIONS", 204, "", true, true},
	} {
		t.Run(fmt.Sprintf("%s %d %.12s", tt.method, tt.status, tt.body), func(t *testing.T) {
			t.Parallel()
			srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
				length := fmt.Sprintf("Content-Length: %d", len(tt.body))
				if tt.status == 204 {
					length = "X-Length: none"
				}
				wire.Say(conn, fmt.Sprintf("HTTP/1.1 %d X", tt.status), "Connection: close", length, "", tt.body)
				return false
			})
			c := newClient(t, srv.URL, motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1}))
			type thing struct{ ID int }
			for _, out := range []*thing{{ID: 1}, nil} {
				var err error
				want := tt.fits
				if out != nil {
					err = c.Do(t.Context(), motive.Request{Method: tt.method, Path: "/v1/things/7"}, out)
				} else {
					want = tt.none
					err = c.Do(t.Context(), motive.Request{Method: tt.method, Path: "/v1/things/7"}, nil)
				}
				read := tt.method == "GET" || tt.method == "HEAD" || tt.method == "OPTIONS"
				if (err == nil) != want || errors.Is(err, motive.ErrOutcomeUnknown) == (want || read) {
					t.Errorf("into %v: error %v, want a success: %v", out, err, want)
				}
				if strings.TrimSpace(tt.body) == "" && out != nil && out.ID != 1 {
					t.Errorf("%v came of no body", out)
				}
			}
		})
	}
}

// What a method is decides whether it is tried again, whether its outcome can be
// unknown, and what is to be done then.
func TestMethodsOfDo(t *testing.T) {
	t.Parallel()
	for method, tt := range map[string]struct {
		sent     string // "": refused
		requests int    // of what is answered 502
		advice   string // "": there is no doubt
	}{
		"":        {"GET", 4, ""},
		"GET":     {"GET", 4, ""},
		"get":     {"GET", 4, ""},
		"HEAD":    {"HEAD", 4, ""},
		"OPTIONS": {"OPTIONS", 4, ""},
		"PUT":     {"PUT", 4, "it can be sent again"},
		"Put":     {"PUT", 4, "it can be sent again"},
		"DELETE":  {"DELETE", 4, "it can be sent again"},
		"POST":    {"POST", 1, "make sure that it was not carried out before sending it again"},
		"post":    {"POST", 1, "make sure that it was not carried out before sending it again"},
		"PATCH":   {"PATCH", 1, "make sure that it was not carried out before sending it again"},
		"TRACE":   {}, // repeats the credential
		"CONNECT": {},
		"FETCH":   {},
		"GE T":    {},
		"GET\n":   {},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(502, ""))
			err := newClient(t, srv.URL).Do(t.Context(), motive.Request{Method: method, Path: "/v1/things/7"}, nil)
			if tt.sent == "" {
				if len(srv.Got()) != 0 || kind(err) != "other" || !strings.Contains(err.Error(), `"PATCH"`) || strings.Contains(err.Error(), "\n") {
					t.Errorf("sent %q, error %v; want one that names the methods", srv.Lines(), err)
				}
				return
			}
			if got := srv.Lines(); len(got) != tt.requests || got[0] != tt.sent+" /v1/things/7" {
				t.Errorf("sent %q, want %d of %s", got, tt.requests, tt.sent)
			}
			if errors.Is(err, motive.ErrOutcomeUnknown) != (tt.advice != "") || err == nil || !strings.Contains(err.Error(), tt.advice) {
				t.Errorf("error %v, want the advice %q", err, tt.advice)
			}
		})
	}
}

// The length that a HEAD tells of is that of a body which does not come.
func TestTheLengthOfAHeadIsNoBody(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"5", "2000"} {
		srv := wire.NewServer(t, wire.Always(200, "", "Content-Length", length))
		var r motive.Response
		c := newClient(t, srv.URL, motive.WithMaxBodySize(1000))
		err := c.Do(t.Context(), motive.Request{Method: "HEAD", Path: "/v1/things/7"}, nil, motive.WithResponse(&r))
		if err != nil || r.Header.Get("Content-Length") != length {
			t.Errorf("%s bytes: response %+v, error %v", length, r, err)
		}
	}
}

// The credential stays out of what Do says, and ids out of what it logs.
func TestDoHidesSecrets(t *testing.T) {
	t.Parallel()
	b := &book{}
	c := offline(t, func(req *http.Request) (*http.Response, error) {
		return wire.Reply(422, `{"error_message":"`+strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")+` is bad"}`), nil
	}, b.options()...)
	err := c.Do(t.Context(), motive.Request{Path: "/v1/things/4711", Query: url.Values{"q": {"canary-query"}}}, nil)
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "canary") {
		t.Error("no error, or one that shows the credential")
	}
	if log := b.log.String(); strings.Contains(log, "canary") || strings.Contains(log, "4711") || !strings.Contains(log, "/v1/things/{id}") {
		t.Error("the log shows a secret or an id, or no template")
	}
}

func TestDoRefusesABodyThatCannotBeEncoded(t *testing.T) {
	t.Parallel()
	c := offline(t, failingTimes(0, 0))
	for _, body := range []any{make(chan int), func() {}} {
		err := c.Do(t.Context(), motive.Request{Method: "POST", Path: "/v1/x", Body: body}, nil)
		if err == nil || errors.Is(err, motive.ErrOutcomeUnknown) {
			t.Errorf("error %v", err)
		}
	}
}

// A client that NewClient has not made says so, and does not panic.
func TestClientsThatNewClientHasNotMade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*motive.Client{
		"zero":     {},
		"services": {Users: new(motive.UsersService), ExternalIDs: new(motive.ExternalIDsService), UserRoles: new(motive.UserRolesService)},
	} {
		for _, m := range methods() {
			if _, err := m.call(t.Context(), c); err == nil || !strings.Contains(err.Error(), "NewClient") {
				t.Errorf("%s, %s: error %v, want one that names NewClient", name, m.name, err)
			}
		}
		if err := c.Do(t.Context(), motive.Request{Path: "/v1/users"}, nil); err == nil || !strings.Contains(err.Error(), "NewClient") {
			t.Errorf("%s, Do: error %v", name, err)
		}
		c.CloseIdleConnections()
	}
}
