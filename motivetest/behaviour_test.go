package motivetest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

const pairBody = `{"first_name":"Ada","last_name":"Reed","role":"driver","phone":"1","external_ids_attributes":[{"external_id":"A7","integration_name":"tms"}]}`

func TestAttributesShowWhatIsWriteOnly(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	c.do(201, "POST", "/v1/users", `{"first_name":"Ada","last_name":"Reed","role":"driver","username":"ada","password":"canary","time_tracking_mode":"timecards","eld_mode":"exempt"}`)
	c.do(200, "PUT", "/v1/users/1", `{"time_tracking_mode":"not_required"}`)
	got := srv.Attributes(1)
	mustEqual(t, "time_tracking_mode", got["time_tracking_mode"], "not_required")
	mustEqual(t, "password", got["password"], "canary")
	mustEqual(t, "eld_mode", got["eld_mode"], "exempt")
	mustEqual(t, "id", got["id"], 1.0)
	got["first_name"] = "Eve"
	mustEqual(t, "first name after a change of the map", srv.Attributes(1)["first_name"], "Ada")
	if srv.Attributes(2) != nil {
		t.Error("there is no user 2")
	}
	if shown := c.do(200, "GET", "/v1/users/1", "").text + srv.Transcript(); strings.Contains(shown, "canary") {
		t.Error("the password is shown")
	}
}

func TestUnknownAttributesAreReportedOrRefused(t *testing.T) {
	t.Parallel()
	const body = `{"first_name":"Ada","last_name":"Reed","role":"driver","phone":"1","id":9,"nickname":"canary","external_ids":[]}`
	srv, c := start(t)
	c.do(201, "POST", "/v1/users", body)
	c.do(200, "GET", "/v1/users?page=2&role=driver", "")
	mustEqual(t, "ignored", srv.Requests()[0].Ignored, []string{"external_ids", "id", "nickname"})
	mustEqual(t, "ignored of the list", srv.Requests()[1].Ignored, []string{"?page"})
	if text := srv.Transcript(); !strings.Contains(text, "\n      ignored: external_ids, id, nickname\n") {
		t.Errorf("transcript: %s", text)
	}

	srv, c = start(t, motivetest.WithStrictAttributes())
	r := c.do(422, "POST", "/v1/users", body)
	for _, want := range []string{"external_ids can't be written; the attribute is external_ids_attributes", "id can't be written", "nickname is not an attribute of a user"} {
		if !strings.Contains(r.text, want) {
			t.Errorf("%s does not say %q", r.text, want)
		}
	}
	mustEqual(t, "users", len(srv.Users()), 0)
	c.do(201, "POST", "/v1/users", driverBody)
	c.do(422, "PUT", "/v1/users/1", `{"nickname":"x"}`)
	if got := srv.Requests()[0].Refusal; !strings.HasPrefix(got, "external_ids can't be written") || !strings.Contains(srv.Transcript(), "refused: "+got) {
		t.Errorf("refusal %q", got)
	}
}

func TestWhatIsUnknownAndStandsByIsNotRefused(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(motive.User{ID: 1, FirstName: "Ada", Role: motive.RoleDriver, Cycle: "70_8_next", Cycle2: "moon", ELDMode: "logs_lite"},
		motive.User{ID: 2, FirstName: "Bo", Role: "owner", Status: "pending"})
	for _, tt := range []struct {
		status     int
		path, body string
	}{
		{200, "/v1/users/1", `{"exception_short_haul":true}`},
		{200, "/v1/users/1", `{"exception_short_haul2":true}`},
		{200, "/v1/users/1", `{"cycle":"70_8_next","eld_mode":"logs_lite","first_name":"Ada"}`},
		{200, "/v1/users/1", `{"time_tracking_mode":"timecards"}`},
		{422, "/v1/users/1", `{"cycle":"80_8_next"}`},
		{422, "/v1/users/1", `{"eld_mode":"logs_heavy"}`},
		{200, "/v1/users/2", `{"role":"owner","status":"pending"}`},
		{422, "/v1/users/2", `{"role":"master"}`},
	} {
		c.do(tt.status, "PUT", tt.path, tt.body)
	}
}

func TestFleetUsersAreNotReactivated(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	for id, role := range []motive.Role{motive.RoleDriver, motive.RoleFleetUser, "admin"} {
		srv.Seed(motive.User{ID: int64(id + 1), FirstName: "Ada", Role: role, Status: motive.StatusDeactivated})
	}
	c.do(200, "PUT", "/v1/users/1", `{"status":"active"}`)
	r := c.do(422, "PUT", "/v1/users/2", `{"status":"active"}`)
	if !strings.Contains(r.text, "a fleet user is not reactivated, a new one has to be created") {
		t.Error(r.text)
	}
	c.do(422, "PUT", "/v1/users/2", `{"status":"active","role":"driver"}`)
	c.do(200, "PUT", "/v1/users/3", `{"status":"active","role":"fleet_user"}`)
	c.do(200, "PUT", "/v1/users/2", `{"first_name":"Bo"}`)
	c.do(200, "PUT", "/v1/users/1", `{"status":"active"}`)
	srv.Seed(motive.User{ID: 4, FirstName: "Cy", Role: motive.RoleFleetUser, Status: motive.StatusActive})
	c.do(200, "PUT", "/v1/users/4", `{"status":"active","first_name":"Di"}`)
}

// The shapes of requests that public clients in PHP and Python send.
func TestOtherShapesAreRefusedWithASentenceThatHelps(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	c.do(201, "POST", "/v1/users", driverBody)
	for _, tt := range []struct {
		name, method, path, body, header, value string
		status                                  int
		says                                    string
	}{
		{"wrapped", "POST", "/v1/users", `{"user":` + driverBody + `}`, "", "", 400, "in the body itself, not under user"},
		{"a form", "POST", "/v1/users", "first_name=Ada", "Content-Type", "application/x-www-form-urlencoded", 415, "must be application/json, and the body a JSON object rather than a form"},
		{"deactivate", "PUT", "/v1/users/1/deactivate", "", "", "", 404, `a user is deactivated by PUT /v1/users/1 with {\"status\":\"deactivated\"}`},
		{"reactivate", "POST", "/v1/users/1/reactivate", "", "", "", 404, `with {\"status\":\"active\"}`},
		{"no version", "GET", "/users", "", "", "", 404, "it begins with /v1, as in /v1/users"},
		{"no version, with an id", "GET", "/users/1", "", "", "", 404, "as in /v1/users/1"},
		{"a slash at the end", "GET", "/v1/users/", "", "", "", 404, "/v1/users has no slash at its end"},
		{"one user", "GET", "/v1/user/1", "", "", "", 404, "it is /v1/users"},
		{"drivers", "GET", "/v1/drivers", "", "", "", 404, "role=driver"},
		{"delete", "DELETE", "/v1/users/1", "", "", "", 405, "never deleted"},
		{"patch", "PATCH", "/v1/users/1", "{}", "", "", 405, "PUT changes a user"},
		{"put without an id", "PUT", "/v1/users", "{}", "", "", 405, "the id belongs into the path"},
		{"a name for an id", "GET", "/v1/users/ada.reed", "", "", "", 404, "an id is a number"},
		{"a bare token", "GET", "/v1/users", "", "Authorization", "canary", 401, `Authorization: Bearer \u003ctoken\u003e`},
		{"a key in the query", "GET", "/v1/users?api_key=canary", "", "Authorization", "", 401, "it belongs into a header"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			as := c
			if tt.header != "" {
				as = c.as(tt.header, tt.value)
			}
			as.tb = t
			r := as.do(tt.status, tt.method, tt.path, tt.body)
			if !strings.Contains(r.text, tt.says) || strings.Contains(r.text, "canary") {
				t.Errorf("%s does not say %q", r.text, tt.says)
			}
		})
	}
}

func TestARequestWithoutABodyIsServed(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	for _, method := range []string{"GET", "POST"} {
		req := httptest.NewRequest(method, "/api/v1/users", nil)
		req.Body = nil
		req.Header.Set("X-Api-Key", fake.APIKey())
		w := httptest.NewRecorder()
		fake.ServeHTTP(w, req)
		if want := map[string]int{"GET": 200, "POST": 400}[method]; w.Code != want {
			t.Errorf("%s: status %d, want %d", method, w.Code, want)
		}
	}
}

func TestAPageFarBeyondTheEndIsEmpty(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(motive.User{FirstName: "Ada"})
	for _, query := range []string{"?page_no=2147483647&per_page=100", "?page_no=2147483647&per_page=100&role=driver"} {
		mustEqual(t, query, len(c.do(200, "GET", "/v1/users"+query, "").rows(t)), 0)
	}
}

func TestLookThenInsertStoresBoth(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]motivetest.Option{
		"atomic":           nil,
		"look then insert": {motivetest.WithLookThenInsert(300 * time.Millisecond)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := start(t, opts...)
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() { c.try("POST", "/v1/users", pairBody) })
			}
			wg.Wait()
			want := 1
			if opts != nil {
				want = 2
			}
			mustEqual(t, "created", srv.Created("A7", "tms"), want)
			mustEqual(t, "users", len(srv.Users()), want)
			c.do(422, "POST", "/v1/users", pairBody) // long after
		})
	}
}

func TestLookupsLag(t *testing.T) {
	t.Parallel()
	clock := newClock()
	_, c := start(t, motivetest.WithLaggingLookups(3*time.Second), motivetest.WithClock(clock.Now))
	lookups := []string{"/v1/users/lookup?phone=1", "/v1/users/lookup_by_external_id?external_id=A7&integration_name=tms"}
	c.do(201, "POST", "/v1/users", pairBody)
	c.do(422, "POST", "/v1/users", pairBody)
	for _, path := range lookups {
		c.do(404, "GET", path, "")
	}
	c.do(200, "GET", "/v1/users/1", "")
	clock.Advance(3 * time.Second)
	for _, path := range lookups {
		c.do(200, "GET", path, "")
	}
}

func TestFoldedExternalIDsAreOne(t *testing.T) {
	t.Parallel()
	srv, c := start(t, motivetest.WithFoldedExternalIDs())
	c.do(201, "POST", "/v1/users", pairBody)
	c.do(422, "POST", "/v1/users", strings.ReplaceAll(pairBody, "A7", " a7 "))
	c.do(422, "POST", "/v1/external_ids", `{"external_id":"A7 ","integration_name":"tms","external_id_holder_id":1,"external_id_holder_type":"User"}`)
	r := c.do(200, "GET", "/v1/users/lookup_by_external_id?external_id=+A7&integration_name=tms", "")
	if !strings.Contains(r.text, `"external_id":"a7"`) {
		t.Error(r.text)
	}
	mustEqual(t, "created", srv.Created("A7", "tms"), 1)
}

func TestFixedCredentials(t *testing.T) {
	t.Parallel()
	srv, c := start(t, motivetest.WithCredentials("test", "key"))
	mustEqual(t, "access token", srv.AccessToken(), "test")
	c.as("Authorization", "Bearer test").do(200, "GET", "/v1/users", "")
	c.as("Authorization", "", "X-Api-Key", "key").do(200, "GET", "/v1/users", "")
	random, _ := start(t, motivetest.WithCredentials("", ""))
	if len(random.AccessToken()) < 20 || len(random.APIKey()) < 20 {
		t.Error("an empty credential is not random")
	}
}

// A permanent 503 is over in milliseconds, so that nobody avoids the test.
func TestTheServersClientDoesNotWaitLong(t *testing.T) {
	t.Parallel()
	srv := motivetest.NewServer(t)
	srv.Inject(motivetest.Status(http.StatusServiceUnavailable, motivetest.HTML))
	start := time.Now()
	if _, err := srv.Client().Users.Get(t.Context(), 1); err == nil {
		t.Error("a 503 is an error")
	}
	if took := time.Since(start); took > 400*time.Millisecond { // half a second is the least of the client's own waits
		t.Errorf("took %s", took)
	}
	mustEqual(t, "requests", len(srv.Requests()) > 1, true)
}
