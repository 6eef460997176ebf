package motivetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/motive-go/motive/motivetest"
)

// The fake is tested by net/http alone: a fake and a client that are wrong in
// the same way would agree with each other.

// a reply is an answer of the fake, read to its end.
type reply struct {
	status int
	header http.Header
	text   string
	json   map[string]any
	err    error // of the round trip, or of reading the body
}

// user returns the user in the reply.
func (r reply) user(tb testing.TB) map[string]any {
	tb.Helper()
	user, ok := r.json["user"].(map[string]any)
	if !ok {
		tb.Fatalf("status %d, no user in %s", r.status, r.text)
	}
	return user
}

// rows returns the users of a list, unwrapped.
func (r reply) rows(tb testing.TB) []map[string]any {
	tb.Helper()
	list, ok := r.json["users"].([]any)
	if !ok {
		tb.Fatalf("status %d, no users in %s", r.status, r.text)
	}
	rows := make([]map[string]any, len(list))
	for i, item := range list {
		rows[i] = item.(map[string]any)["user"].(map[string]any)
	}
	return rows
}

// client sends requests on connections of its own.
type client struct {
	tb     testing.TB
	srv    *motivetest.Server
	base   string
	http   *http.Client
	header http.Header
}

func newClient(tb testing.TB, srv *motivetest.Server) *client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	tb.Cleanup(transport.CloseIdleConnections)
	return &client{
		tb:   tb,
		srv:  srv,
		base: srv.URL,
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		header: http.Header{"Authorization": {"Bearer " + srv.AccessToken()}},
	}
}

// start returns a fake and a client of it.
func start(tb testing.TB, opts ...motivetest.Option) (*motivetest.Server, *client) {
	tb.Helper()
	srv := motivetest.NewServer(tb, opts...)
	return srv, newClient(tb, srv)
}

// as returns the client with other headers: name, value, name, value, and so on.
// An empty value removes the header.
func (c *client) as(pairs ...string) *client {
	other := *c
	other.header = c.header.Clone()
	for i := 0; i < len(pairs); i += 2 {
		other.header.Del(pairs[i])
		if pairs[i+1] != "" {
			other.header.Set(pairs[i], pairs[i+1])
		}
	}
	return &other
}

// try sends a request and returns what came back, errors included.
func (c *client) try(method, path, body string) (r reply) {
	c.tb.Helper()
	req, err := http.NewRequestWithContext(c.tb.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.tb.Fatal(err)
	}
	if body == "" {
		req.Body = http.NoBody
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	return c.send(req)
}

func (c *client) send(req *http.Request) (r reply) {
	res, err := c.http.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	r = reply{status: res.StatusCode, header: res.Header, text: string(data), err: err}
	_ = json.Unmarshal(data, &r.json)
	return r
}

// do is try for a request that must be answered with status.
func (c *client) do(status int, method, path, body string) reply {
	c.tb.Helper()
	r := c.try(method, path, body)
	if r.err != nil {
		c.tb.Fatalf("%s %s: %v", method, path, r.err)
	}
	if r.status != status {
		c.tb.Fatalf("%s %s: status %d, want %d: %s", method, path, r.status, status, r.text)
	}
	return r
}

func mustEqual(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if !reflect.DeepEqual(got, want) {
		tb.Errorf("%s = %v, want %v", what, got, want)
	}
}

const driverBody = `{"first_name":"Ada","last_name":"Reed","role":"driver","username":"ada.reed"}`
