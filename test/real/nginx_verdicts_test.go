package real

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// TestGatewayGivesUp has nginx give up on writes that are then carried out, and say
// so in each of the ways in which it is configured to.
func TestGatewayGivesUp(t *testing.T) {
	part(t, "nginx")
	t.Parallel()
	const patience = 300 * time.Millisecond
	for name, c := range map[string]struct {
		server string
		status int // that the client sees for a write that outlasts the gateway
	}{
		"504":                     {"", 504},
		"200 and a page":          {"error_page 504 =200 /sorry; location = /sorry { default_type text/html; return 200 '<html>Sorry</html>'; }", 200},
		"200 and a JSON document": {`error_page 504 =200 /sorry; location = /sorry { default_type application/json; return 200 '{"status":"ok"}'; }`, 200},
		"200 and nothing":         {"error_page 504 =200 /sorry; location = /sorry { return 200; }", 200},
		"302":                     {"error_page 504 =302 https://status.example.com/; ", 302},
		"303":                     {"error_page 504 /sorry; location = /sorry { return 303 https://status.example.com/; }", 303},
		"404 and a page":          {"error_page 504 =404 /sorry; location = /sorry { default_type text/html; return 404 '<html>Sorry</html>'; }", 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBackend(t, everyThird(patience), motivetest.WithoutUniqueness())
			n := startNginx(t, nginxConfig{
				Backend: b.addr, Server: c.server,
				Location: "proxy_read_timeout 300ms; proxy_intercept_errors on;",
			})
			w := &workload{workers: 8, calls: 40, patience: 30 * time.Second, seed: 1}
			w.run(w.client(t, n.URL, b.Fake))
			w.judge(t, b)
			if w.responses[c.status] == 0 {
				t.Errorf("the gateway never said %d: %v", c.status, w.responses)
			}
		})
	}
}

// TestCachedNotFound has nginx keep the 404s of lookups. While they are kept, a create
// that a gateway gave up on cannot be reconciled, and its outcome must stay open.
func TestCachedNotFound(t *testing.T) {
	part(t, "nginx")
	t.Parallel()
	for name, c := range map[string]struct {
		keep  string
		fresh bool // the truth can be had within ReconcileWait
	}{
		"for a second":                 {"1s", true},
		"for longer than anyone waits": {"10m", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow := func(r *http.Request) (time.Duration, time.Duration) {
				if r.Method == http.MethodPost {
					return 600 * time.Millisecond, 0
				}
				return 0, 0
			}
			b := newBackend(t, slow)
			n := startNginx(t, nginxConfig{
				Backend:  b.addr,
				HTTP:     "proxy_cache_path cache keys_zone=lookups:1m;",
				Location: "proxy_read_timeout 300ms; proxy_cache lookups; proxy_cache_valid 404 " + c.keep + "; proxy_ignore_headers Cache-Control Expires; add_header X-Cache $upstream_cache_status always;",
			})
			w := &workload{patience: 30 * time.Second}
			client := w.client(t, n.URL, b.Fake)
			p := &person{username: "cached", externalID: "cached-1"}
			ctx, cancel := context.WithTimeout(t.Context(), w.patience)
			defer cancel()
			var resp motive.Response
			u, err := client.Users.Create(ctx, p.request(), motive.WithResponse(&resp))
			p.create = verdictOf(err)
			if err == nil {
				p.id = u.ID
			}
			b.settle()
			for _, lie := range p.lies(truthOf(b.Users())) {
				t.Error(lie)
			}
			switch {
			case c.fresh && (err != nil || !resp.Reconciled):
				t.Errorf("the create was not reconciled: %v", err)
			case !c.fresh && p.create != unknown:
				t.Errorf("the create is %v, and no lookup could tell: %v", p.create, err)
			}
			hits := 0
			for _, r := range b.Requests() {
				if strings.HasPrefix(r.Path, "/v1/users/lookup") {
					hits++
				}
			}
			t.Logf("%d lookups reached the server; the create: %v", hits, err)
		})
	}
}

// TestWrongBaseURL asks a web server that is no API: what it does not find says
// nothing about users.
func TestWrongBaseURL(t *testing.T) {
	part(t, "nginx")
	t.Parallel()
	b := newBackend(t, nil)
	n := startNginx(t, nginxConfig{Backend: b.addr, Server: "location / { return 404; }"})
	w := &workload{}
	client := w.client(t, n.URL+"/no/such/place", b.Fake)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for name, call := range map[string]func() error{
		"get":     func() error { _, err := client.Users.Get(ctx, 7); return err },
		"lookup":  func() error { _, err := client.Users.Lookup(ctx, motive.UserLookup{Username: "ada"}); return err },
		"by pair": func() error { _, err := client.Users.LookupByExternalID(ctx, "1", integration); return err },
		"list":    func() error { _, err := list(ctx, client, nil); return err },
		"update": func() error {
			_, err := client.Users.Update(ctx, 7, &motive.UpdateUserRequest{LastName: motive.Set("Reed")})
			return err
		},
		"create": func() error {
			_, err := client.Users.Create(ctx, (&person{username: "ada", externalID: "1"}).request())
			return err
		},
		"delete": func() error { return client.ExternalIDs.Delete(ctx, 7) },
	} {
		err := call()
		if !errors.Is(err, motive.ErrUnexpectedResponse) || errors.Is(err, motive.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		} else if !strings.Contains(err.Error(), "base URL") {
			t.Errorf("%s does not hint at the base URL: %v", name, err)
		}
	}
}

// TestRepeatedDelete has a DELETE succeed behind a gateway that gives up, and its
// repetition meet a 404: of the API, and of a page.
func TestRepeatedDelete(t *testing.T) {
	part(t, "nginx")
	t.Parallel()
	for name, c := range map[string]struct {
		server string
		proven bool
	}{
		"the API's 404":   {"", true},
		"a page with 404": {"error_page 404 /gone; location = /gone { internal; default_type text/html; return 404 '<html>Gone</html>'; }", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var deletes atomic.Int64
			b := newBackend(t, func(r *http.Request) (time.Duration, time.Duration) {
				if r.Method == http.MethodDelete && deletes.Add(1) == 1 {
					return 0, 600 * time.Millisecond
				}
				return 0, 0
			})
			user := b.Seed(motive.User{FirstName: "Ada", LastName: "Reed", Role: motive.RoleDriver, Username: "ada",
				ExternalIDs: []motive.ExternalID{{ID: 5, ExternalID: "1", IntegrationName: integration}}})[0]
			n := startNginx(t, nginxConfig{Backend: b.addr, Server: c.server, Location: "proxy_read_timeout 300ms; proxy_intercept_errors on; proxy_next_upstream off;"})
			w := &workload{}
			client := w.client(t, n.URL, b.Fake)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := client.ExternalIDs.Delete(ctx, user.ExternalIDs[0].ID)
			if c.proven && err != nil {
				t.Errorf("the DELETE that its first attempt carried out: %v", err)
			}
			if !c.proven && !errors.Is(err, motive.ErrOutcomeUnknown) {
				t.Errorf("a page says nothing about the DELETE: %v", err)
			}
			if w.responses[504] == 0 {
				t.Errorf("the gateway never gave up: %v", w.responses)
			}
		})
	}
}
