package motivetest_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

func TestProxiesSayWhatIsNotSo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault       motivetest.Fault
		status      int
		contentType string
		body        string
		location    string
		committed   bool
	}{
		{motivetest.BodyAfter(200, "OK"), 200, "text/plain", "OK", "", true},
		{motivetest.BodyAfter(200, "{}"), 200, "application/json; charset=utf-8", "{}", "", true},
		{motivetest.BodyAfter(201, `{"status":"ok"}`), 201, "application/json; charset=utf-8", `{"status":"ok"}`, "", true},
		{motivetest.BodyAfter(200, `{"user":null}`), 200, "application/json; charset=utf-8", `{"user":null}`, "", true},
		{motivetest.BodyAfter(200, "<html>"), 200, "text/html", "<html>", "", true},
		{motivetest.BodyAfter(200, ""), 200, "", "", "", true},
		{motivetest.RedirectAfter(302, "/login"), 302, "", "", "/login", true},
		{motivetest.RedirectAfter(303, "/login"), 303, "", "", "/login", true},
		{motivetest.Redirect(301, "/login"), 301, "", "", "/login", false},
		{motivetest.Status(404, motivetest.HTML), 404, "text/html", "404 Not Found", "", false},
		{motivetest.Status(408, motivetest.Empty), 408, "", "", "", false},
		{motivetest.StatusAfter(408, motivetest.Empty), 408, "", "", "", true},
		{motivetest.Status(499, motivetest.Empty), 499, "", "", "", false},
		{motivetest.StatusAfter(499, motivetest.HTML), 499, "text/html", "499", "", true},
		{motivetest.Status(101, motivetest.Empty), 101, "", "", "", false},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			c.tb = t
			srv.Inject(tt.fault)
			r := c.as("Connection", "close").try("POST", "/v1/users", driverBody)
			mustEqual(t, "status", r.status, tt.status)
			mustEqual(t, "content type", r.header.Get("Content-Type"), tt.contentType)
			mustEqual(t, "location", r.header.Get("Location"), tt.location)
			if !strings.Contains(r.text, tt.body) {
				t.Errorf("body %q", r.text)
			}
			mustEqual(t, "committed", srv.Requests()[0].Committed, tt.committed)
			mustEqual(t, "users", len(srv.Users()) == 1, tt.committed)
			mustEqual(t, "faults", len(srv.Faults()), 1)
		})
	}
}

func TestForeignRecords(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	c.do(201, "POST", "/v1/users", pairBody)
	srv.Inject(motivetest.ForeignRecord())
	mustEqual(t, "made up", c.do(200, "GET", "/v1/users/1", "").user(t)["first_name"], "Somebody")
	srv.Seed(motive.User{ID: 7, FirstName: "Bo", Role: motive.RoleDriver})
	for _, call := range []struct{ method, path, body string }{
		{"GET", "/v1/users/1", ""},
		{"PUT", "/v1/users/1", `{"last_name":"Moss"}`},
		{"GET", "/v1/users/lookup?phone=1", ""},
		{"GET", "/v1/users/lookup_by_external_id?external_id=A7&integration_name=tms", ""},
	} {
		mustEqual(t, call.method+" "+call.path, c.do(200, call.method, call.path, call.body).user(t)["id"], 7.0)
	}
	mustEqual(t, "last name", srv.Attributes(1)["last_name"], "Moss")
	r := c.do(201, "POST", "/v1/external_ids", `{"external_id":"B8","integration_name":"tms","external_id_holder_id":1,"external_id_holder_type":"User"}`)
	mustEqual(t, "record", r.json["id"], 3.0)
	n := len(srv.Faults())
	c.do(200, "GET", "/v1/users", "")
	c.do(404, "GET", "/v1/users/99", "")
	mustEqual(t, "faults after a list and a 404", len(srv.Faults()), n)
}

func TestAGatewayGivesUpWhileTheServerWorks(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Inject(motivetest.GatewayTimeout(0, 200*time.Millisecond), motivetest.OnMethod("POST"))
	r := c.do(504, "POST", "/v1/users", driverBody)
	if !strings.HasPrefix(r.text, "<html>") {
		t.Error(r.text)
	}
	mustEqual(t, "users at once", len(srv.Users()), 0)
	for deadline := time.Now().Add(5 * time.Second); len(srv.Users()) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server has not gone on")
		}
	}
	mustEqual(t, "committed", srv.Requests()[0].Committed, true)

	closing, c := start(t)
	closing.Inject(motivetest.GatewayTimeout(0, time.Hour))
	c.do(504, "POST", "/v1/users", driverBody)
	closing.Close() // does not wait for the hour
	mustEqual(t, "users", len(closing.Users()), 0)
}

func TestRates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		hint   bool
		after  string
	}{{429, true, "1"}, {503, true, "1"}, {429, false, ""}, {503, false, ""}} {
		clock := newClock()
		srv, c := start(t, motivetest.WithClock(clock.Now))
		srv.Inject(motivetest.TokenBucket(2, 3, tt.status, tt.hint))
		for range 3 {
			c.do(200, "GET", "/v1/users", "")
		}
		mustEqual(t, "Retry-After", c.do(tt.status, "GET", "/v1/users", "").header.Get("Retry-After"), tt.after)
		clock.Advance(500 * time.Millisecond)
		c.do(200, "GET", "/v1/users", "")
		c.do(tt.status, "GET", "/v1/users", "")
		clock.Advance(time.Hour)
		for range 3 {
			c.do(200, "GET", "/v1/users", "")
		}
		c.do(tt.status, "GET", "/v1/users", "")
	}
	srv, c := start(t)
	srv.Inject(motivetest.TokenBucket(0.1, 1, 429, true))
	c.do(200, "GET", "/v1/users", "")
	mustEqual(t, "Retry-After of a slow one", c.do(429, "GET", "/v1/users", "").header.Get("Retry-After"), "10")
}

func TestAStormPasses(t *testing.T) {
	t.Parallel()
	clock := newClock()
	srv, c := start(t, motivetest.WithClock(clock.Now))
	srv.Inject(motivetest.Storm(503, "7", 10*time.Second))
	for range 3 {
		mustEqual(t, "Retry-After", c.do(503, "GET", "/v1/users", "").header.Get("Retry-After"), "7")
		clock.Advance(3 * time.Second)
	}
	clock.Advance(time.Second)
	c.do(200, "GET", "/v1/users", "")
}

func TestRowsMoveWhileAListIsRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		movement motivetest.Movement
		query    string
		want     []string // ids of three pages of two
	}{
		{motivetest.RowLeaves, "&status=active", []string{"10 20", "40 50", ""}},
		{motivetest.RowInFront, "", []string{"10 20", "20 30", "30 40"}},
		{motivetest.RowInTheMiddle, "", []string{"10 20", "29 30", "39 40"}},
		{motivetest.RowAtTheEnd, "", []string{"10 20", "30 40", "50 51"}},
	} {
		t.Run(fmt.Sprint(tt.movement, tt.query), func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			for id := range 5 {
				srv.Seed(motive.User{ID: int64(id+1) * 10, FirstName: "Ada"})
			}
			srv.Inject(motivetest.Churn(tt.movement))
			for page, want := range tt.want {
				var ids []string
				for _, row := range c.do(200, "GET", fmt.Sprintf("/v1/users?per_page=2&page_no=%d%s", page+1, tt.query), "").rows(t) {
					ids = append(ids, fmt.Sprint(row["id"]))
				}
				mustEqual(t, fmt.Sprint("page ", page+1), strings.Join(ids, " "), want)
			}
			srv.AssertNoDuplicates(t)
		})
	}
	srv, c := start(t)
	srv.Seed(motive.User{ID: 1}, motive.User{ID: 2})
	srv.Inject(motivetest.Churn(motivetest.RowInFront))
	srv.Inject(motivetest.Churn(motivetest.RowInTheMiddle))
	c.do(200, "GET", "/v1/users?page_no=2", "")
	mustEqual(t, "users where no id is free", len(srv.Users()), 2)
	mustEqual(t, "faults where no id is free", len(srv.Faults()), 0)
}

func TestASilentConnectionSaysNothing(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	c.do(200, "GET", "/v1/users", "")
	srv.Silence()
	short := *c
	short.http = &http.Client{Transport: c.http.Transport, Timeout: 200 * time.Millisecond}
	if r := short.try("GET", "/v1/users", ""); r.err == nil {
		t.Errorf("a silent connection answered %d", r.status)
	}
	c.do(200, "GET", "/v1/users", "") // on a new one
	mustEqual(t, "requests that arrived", len(srv.Requests()), 2)
}

func TestADeadHTTP2ConnectionIsFoundByPings(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	transport := &http.Transport{Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{SendPingTimeout: 50 * time.Millisecond, PingTimeout: 50 * time.Millisecond}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	c.http = &http.Client{Transport: transport, Timeout: 10 * time.Second}
	if r := c.do(200, "GET", "/v1/users", ""); r.err != nil {
		t.Fatal(r.err)
	}
	srv.Silence()
	if r := c.try("GET", "/v1/users", ""); r.err == nil {
		t.Error("a dead connection answered")
	}
	c.do(200, "GET", "/v1/users", "") // on a new one
}

func TestSilenceStrikesAResponseUnderWay(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Inject(motivetest.DripBody(1, time.Millisecond))
	req, err := http.NewRequestWithContext(t.Context(), "GET", c.base+"/v1/users", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = c.header
	resp, err := (&http.Client{Transport: c.http.Transport, Timeout: time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	srv.Silence()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the whole body came")
	}
	_ = resp.Body.Close()
	if !slices.ContainsFunc(srv.Requests(), func(r motivetest.Request) bool { return r.Status == 200 }) {
		t.Error("the server has not answered")
	}
}
