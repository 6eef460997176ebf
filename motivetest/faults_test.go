package motivetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// create sends a create of its own and tells what the fake has after it.
func (c *client) create() (r reply, users int) {
	c.tb.Helper()
	r = c.try("POST", "/v1/users", driverBody)
	return r, len(c.srv.Users())
}

func TestAnswersThatAreNotTheAPIs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault     motivetest.Fault
		status    int
		text      string // is contained in the body
		header    string // Name: value
		committed int
	}{
		{motivetest.Status(500, motivetest.JSON), 500, `{"error_message":"internal server error"}`, "Content-Type: application/json; charset=utf-8", 0},
		{motivetest.Status(502, motivetest.HTML), 502, "<h1>502 Bad Gateway</h1>", "Content-Type: text/html", 0},
		{motivetest.Status(503, motivetest.Empty), 503, "", "Content-Length: 0", 0},
		{motivetest.StatusAfter(502, motivetest.HTML), 502, "<h1>502 Bad Gateway</h1>", "Content-Type: text/html", 1},
		{motivetest.StatusAfter(504, motivetest.Empty), 504, "", "Content-Type: ", 1},
		{motivetest.StatusAfter(200, motivetest.JSON), 200, `{"error_message":"ok"}`, "Content-Type: application/json; charset=utf-8", 1},
		{motivetest.StatusAfter(200, motivetest.HTML), 200, "<h1>200 OK</h1>", "Content-Type: text/html", 1},
		{motivetest.StatusAfter(200, motivetest.Empty), 200, "", "Content-Length: 0", 1},
		{motivetest.StatusAfter(204, motivetest.Empty), 204, "", "Content-Type: ", 1},
		{motivetest.Compose(motivetest.StatusAfter(200, motivetest.JSON), motivetest.Garbage(motivetest.ArrayBody)), 200, "[1,2,3]", "", 1},
		{motivetest.Compose(motivetest.Garbage(motivetest.HugeBody), motivetest.Garbage(motivetest.NullBody)), 201, "null", "Content-Length: 4", 1},
		{motivetest.Compose(motivetest.Garbage(motivetest.HugeBody), motivetest.StatusAfter(502, motivetest.Empty)), 502, "", "Content-Length: 0", 1},
		{motivetest.TooManyRequests(""), 429, "too many requests", "Retry-After: ", 0},
		{motivetest.TooManyRequests("7"), 429, "too many requests", "Retry-After: 7", 0},
		{motivetest.TooManyRequests("Sun, 06 Nov 1994 08:49:37 GMT"), 429, "", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", 0},
		{motivetest.TooManyRequests("Sunday, 06-Nov-94 08:49:37 GMT"), 429, "", "Retry-After: Sunday, 06-Nov-94 08:49:37 GMT", 0},
		{motivetest.TooManyRequests("Sun Nov  6 08:49:37 1994"), 429, "", "Retry-After: Sun Nov  6 08:49:37 1994", 0},
		{motivetest.TooManyRequests("-3"), 429, "", "Retry-After: -3", 0},
		{motivetest.TooManyRequests("99999999999999999999"), 429, "", "Retry-After: 99999999999999999999", 0},
		{motivetest.TooManyRequests("soon"), 429, "", "Retry-After: soon", 0},
		{motivetest.RedirectTo("http://127.0.0.1:9/x"), 307, "", "Location: http://127.0.0.1:9/x", 0},
		{motivetest.Garbage(motivetest.WrongTypes), 201, `"first_name":["Ada"]`, "Content-Type: application/json; charset=utf-8", 1},
		{motivetest.Garbage(motivetest.NullBody), 201, "null", "", 1},
		{motivetest.Garbage(motivetest.ArrayBody), 201, "[1,2,3]", "", 1},
		{motivetest.Garbage(motivetest.DeepNesting), 201, strings.Repeat("[", 100_000), "", 1},
		{motivetest.Garbage(motivetest.NotJSON), 201, "warming up", "", 1},
		{motivetest.DripBody(100, time.Microsecond), 201, `"username":"ada.reed"`, "", 1},
		{motivetest.Latency(time.Microsecond, time.Millisecond, 1), 201, `"username":"ada.reed"`, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			srv.Inject(tt.fault)
			r, users := c.create()
			if r.err != nil {
				t.Fatal(r.err)
			}
			mustEqual(t, "status", r.status, tt.status)
			mustEqual(t, "committed users", users, tt.committed)
			mustEqual(t, "logged status", srv.Requests()[0].Status, tt.status)
			if !strings.Contains(r.text, tt.text) || tt.text == "" && tt.status != 429 && r.text != "" {
				t.Errorf("body %.200q, want %.200q in it", r.text, tt.text)
			}
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				mustEqual(t, name, r.header.Get(name), value)
			}
			mustEqual(t, "faults", srv.Faults(), []motivetest.FaultRecord{
				{Fault: tt.fault.String(), Request: 0, Committed: tt.committed == 1}})
		})
	}
}

func TestConnectionsThatEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault     motivetest.Fault
		err       error
		committed int
	}{
		{motivetest.ResetBefore(), syscall.ECONNRESET, 0},
		{motivetest.ResetAfter(), syscall.ECONNRESET, 1},
		{motivetest.ConnectionRefused(time.Hour), syscall.ECONNRESET, 0},
		{motivetest.TruncateBody(), io.ErrUnexpectedEOF, 1},
		{motivetest.Compose(motivetest.Status(503, motivetest.Empty), motivetest.TruncateBody()), io.ErrUnexpectedEOF, 0},
		{motivetest.Compose(motivetest.Status(500, motivetest.JSON), motivetest.TruncateBody()), io.ErrUnexpectedEOF, 0},
		{motivetest.Compose(motivetest.Latency(0, time.Millisecond, 1), motivetest.ResetAfter()), syscall.ECONNRESET, 1},
	}
	for _, tt := range tests {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			srv.Inject(tt.fault)
			r, users := c.create()
			if !errors.Is(r.err, tt.err) {
				t.Errorf("error %v, want %v", r.err, tt.err)
			}
			mustEqual(t, "committed users", users, tt.committed)
			mustEqual(t, "committed", srv.Faults()[0].Committed, tt.committed == 1)
		})
	}
}

func TestHangsEndWithTheClient(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault     motivetest.Fault
		headers   bool
		committed int
	}{
		{motivetest.HangBeforeHeaders(), false, 0},
		{motivetest.HangAfterCommit(), false, 1},
		{motivetest.HangMidBody(), true, 1},
		{motivetest.Compose(motivetest.StatusAfter(502, motivetest.Empty), motivetest.HangMidBody()), true, 1},
		{motivetest.Compose(motivetest.Garbage(motivetest.HugeBody), motivetest.HangMidBody()), true, 1},
		{motivetest.DripBody(50, time.Hour), true, 1},
		{motivetest.Latency(time.Hour, time.Hour, 1), false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			srv.Inject(tt.fault)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, "POST", srv.URL+"/v1/users", strings.NewReader(driverBody))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = c.header.Clone()
			req.Header.Set("Content-Type", "application/json")
			if !tt.headers {
				go func() {
					for !reached(srv, tt.committed) {
						runtime.Gosched()
					}
					cancel()
				}()
			}
			res, err := c.http.Do(req)
			if err == nil {
				cancel()
				_, err = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want that of the context", err)
			}
			mustEqual(t, "has headers", res != nil, tt.headers)
			mustEqual(t, "committed users", len(srv.Users()), tt.committed)
		})
	}
}

// reached reports whether the first request has come, and as far as it will.
func reached(srv *motivetest.Server, users int) bool {
	return len(srv.Requests()) == 1 && len(srv.Users()) == users
}

func TestRefuseClosesThePort(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	c.do(200, "GET", "/v1/users", "")
	srv.Refuse(0)
	c.http.CloseIdleConnections() // of which the client may not know yet
	if r, users := c.create(); !errors.Is(r.err, syscall.ECONNREFUSED) || users != 0 {
		t.Errorf("error %v, want a refused connection", r.err)
	}
	srv.Refuse(0)
	srv.Accept()
	srv.Accept()
	c.do(201, "POST", "/v1/users", driverBody)
	mustEqual(t, "requests", len(srv.Requests()), 2)

	srv.Inject(motivetest.ConnectionRefused(0), motivetest.Times(1))
	if r, _ := c.create(); r.err == nil || errors.Is(r.err, syscall.ECONNREFUSED) {
		t.Errorf("the struck request: error %v, want its connection cut", r.err)
	}
	if r := c.try("GET", "/v1/users", ""); !errors.Is(r.err, syscall.ECONNREFUSED) {
		t.Errorf("after the fault: error %v, want a refused connection", r.err)
	}
	srv.Accept()
	c.do(200, "GET", "/v1/users", "")
}

func TestRefuseEndsByItself(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Refuse(20 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		r := c.try("GET", "/v1/users", "")
		if r.err == nil {
			mustEqual(t, "status", r.status, 200)
			return
		}
		if !errors.Is(r.err, syscall.ECONNREFUSED) || ctx.Err() != nil {
			t.Fatal(r.err)
		}
	}
}

func TestRefuseAndCloseAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		srv, err := motivetest.Start()
		if err != nil {
			t.Fatal(err)
		}
		addr := strings.TrimSuffix(strings.TrimPrefix(srv.URL, "http://"), "/api")
		srv.Refuse(time.Nanosecond)
		srv.Close()
		srv.Refuse(0)
		srv.Accept()
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			t.Error("the port is open after Close")
		}
	}
}

func TestMatchers(t *testing.T) {
	t.Parallel()
	fault := motivetest.Status(500, motivetest.Empty)
	get, put, list := "GET /v1/users/1", "PUT /v1/users/1", "GET /v1/users"
	calls := []string{get, list, put, get, get, list, put, get} // get is 0, 3, 4, 7
	tests := []struct {
		name string
		when []motivetest.Match
		want []int // the indexes of the calls that are struck
	}{
		{"none", nil, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"method", []motivetest.Match{motivetest.OnMethod("PUT")}, []int{2, 6}},
		{"path", []motivetest.Match{motivetest.OnPath("/v1/users")}, []int{1, 5}},
		{"template", []motivetest.Match{motivetest.OnPath("/v1/users/{id}")}, []int{0, 2, 3, 4, 6, 7}},
		{"method and path", []motivetest.Match{motivetest.OnMethod("GET"), motivetest.OnPath("/v1/users/{id}")}, []int{0, 3, 4, 7}},
		{"nth", []motivetest.Match{motivetest.Nth(1, 3)}, []int{0, 2}},
		{"nth of none", []motivetest.Match{motivetest.Nth()}, []int{}},
		{"nth of none and some", []motivetest.Match{motivetest.Nth(), motivetest.Nth(2)}, []int{1}},
		{"nth of a method", []motivetest.Match{motivetest.Nth(2), motivetest.OnMethod("PUT")}, []int{6}},
		{"times", []motivetest.Match{motivetest.Times(3)}, []int{0, 1, 2}},
		{"never", []motivetest.Match{motivetest.Times(0)}, []int{}},
		{"times of nth", []motivetest.Match{motivetest.Nth(2, 4, 6), motivetest.Times(2)}, []int{1, 3}},
		{"certain", []motivetest.Match{motivetest.Probability(1, 7)}, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"impossible", []motivetest.Match{motivetest.Probability(0, 7)}, []int{}},
		{"request", []motivetest.Match{motivetest.OnRequest(func(r motivetest.Request) bool { return r.Body["last_name"] == "Reed" })}, []int{2, 6}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			srv.Seed(motive.User{FirstName: "Ada"})
			srv.Inject(fault, tt.when...)
			mustEqual(t, "struck", c.struck(calls), tt.want)
			recorded := []int{}
			for _, f := range srv.Faults() {
				recorded = append(recorded, f.Request)
			}
			mustEqual(t, "recorded", recorded, tt.want)
			srv.ClearFaults()
			mustEqual(t, "struck after ClearFaults", c.struck(calls), []int{})
		})
	}
}

// struck sends the calls and returns the indexes of those answered 500.
func (c *client) struck(calls []string) []int {
	struck := []int{}
	for i, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		body := ""
		if method == "PUT" {
			body = `{"last_name":"Reed"}`
		}
		if c.try(method, path, body).status == 500 {
			struck = append(struck, i)
		}
	}
	return struck
}

func TestProbabilityFollowsTheSeed(t *testing.T) {
	t.Parallel()
	calls := slices.Repeat([]string{"GET /v1/users"}, 60)
	run := func(seed uint64) []int {
		srv, c := start(t)
		srv.Inject(motivetest.Status(500, motivetest.Empty), motivetest.Probability(0.5, seed))
		return c.struck(calls)
	}
	first := run(1)
	mustEqual(t, "the same seed again", run(1), first)
	if slices.Equal(run(2), first) {
		t.Error("another seed strikes the same requests")
	}
	if len(first) < 15 || len(first) > 45 {
		t.Errorf("%d of 60 struck with probability 0.5", len(first))
	}
}

func TestFaultsSpareOAuthUnlessNamed(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	token := srv.IssueToken()
	srv.Inject(motivetest.Status(500, motivetest.HTML))
	c.do(500, "GET", "/v1/users", "")
	token.RefreshToken = c.refresh(200, token.RefreshToken).str("refresh_token")
	srv.ClearFaults()
	srv.Inject(motivetest.Status(503, motivetest.HTML), motivetest.OnPath("/oauth/token"), motivetest.Times(1))
	c.do(200, "GET", "/v1/users", "")
	c.refresh(503, token.RefreshToken)
	c.refresh(200, token.RefreshToken)
	srv.Inject(motivetest.ResetAfter(), motivetest.OnPath("/oauth/authorize"))
	mustEqual(t, "faults", len(srv.Faults()), 2)
}

func TestUnauthorizedOnceRevokesTheToken(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Inject(motivetest.UnauthorizedOnce())
	token := srv.IssueToken()
	mustEqual(t, "struck", c.reads(token.AccessToken), 401)
	mustEqual(t, "the same token", c.reads(token.AccessToken), 401)
	mustEqual(t, "after a refresh", c.reads(c.refresh(200, token.RefreshToken).str("access_token")), 200)
	srv.Inject(motivetest.UnauthorizedOnce())
	key := c.as("Authorization", "", "X-Api-Key", srv.APIKey())
	key.do(401, "GET", "/v1/users", "")
	key.do(200, "GET", "/v1/users", "")
	mustEqual(t, "faults", len(srv.Faults()), 2)
}

func TestRateLimitUnderTheClock(t *testing.T) {
	t.Parallel()
	clock := newClock()
	srv, c := start(t, motivetest.WithClock(clock.Now))
	srv.Inject(motivetest.RateLimit(2))
	c.do(200, "GET", "/v1/users", "")
	clock.Advance(20 * time.Second)
	c.do(200, "GET", "/v1/users", "")
	mustEqual(t, "Retry-After", c.do(429, "GET", "/v1/users", "").header.Get("Retry-After"), "40")
	clock.Advance(39500 * time.Millisecond)
	mustEqual(t, "Retry-After", c.do(429, "GET", "/v1/users", "").header.Get("Retry-After"), "1")
	clock.Advance(500 * time.Millisecond)
	c.do(200, "GET", "/v1/users", "")
	c.do(429, "GET", "/v1/users", "")
	clock.Advance(time.Hour)
	c.do(200, "GET", "/v1/users", "")
	c.do(200, "GET", "/v1/users", "")
	c.do(429, "GET", "/v1/users", "")
	struck := []int{}
	for _, f := range srv.Faults() {
		struck = append(struck, f.Request)
	}
	mustEqual(t, "struck", struck, []int{2, 3, 5, 8})
}

func TestListsThatLie(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	for i := range 5 {
		srv.Seed(motive.User{FirstName: fmt.Sprint(i)})
	}
	srv.Inject(motivetest.RepeatPage())
	srv.Inject(motivetest.LyingTotal(99), motivetest.Nth(2))
	ids := func(query string) (list []float64, pagination any) {
		r := c.do(200, "GET", "/v1/users?per_page=2"+query, "")
		for _, row := range r.rows(t) {
			list = append(list, row["id"].(float64))
		}
		return list, r.json["pagination"]
	}
	first, _ := ids("")
	second, pagination := ids("&page_no=2")
	mustEqual(t, "the second page", second, first)
	mustEqual(t, "pagination", pagination, map[string]any{"per_page": 2.0, "page_no": 2.0, "total": 99.0})
	third, _ := ids("&page_no=3")
	mustEqual(t, "the third page", third, []float64{3, 4})
	c.do(200, "GET", "/v1/users/1", "")
	mustEqual(t, "faults", srv.Faults(), []motivetest.FaultRecord{
		{Fault: "repeated page", Request: 1}, {Fault: "lying total", Request: 1}, {Fault: "repeated page", Request: 2}})
}

func TestGarbageSparesRefusals(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Inject(motivetest.Garbage(motivetest.NullBody))
	mustEqual(t, "message", c.do(404, "GET", "/v1/users/1", "").str("error_message"), "user not found")
}

func TestHugeBody(t *testing.T) {
	t.Parallel()
	huge := motivetest.Garbage(motivetest.HugeBody)
	for _, tt := range []struct {
		fault  motivetest.Fault
		length int64 // announced; -1 for none
		n      int64
		err    error
	}{
		{huge, -1, 100 << 20, nil},
		{motivetest.Compose(huge, motivetest.DripBody(1<<20, 0)), 100 << 20, 100 << 20, nil},
		{motivetest.Compose(huge, motivetest.TruncateBody()), 100 << 20, 50 << 20, io.ErrUnexpectedEOF},
	} {
		srv, c := start(t)
		srv.Inject(tt.fault)
		res := openAndLeave(t.Context(), t, c, "/v1/users")
		n, err := io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.ContentLength != tt.length || n != tt.n || !errors.Is(err, tt.err) {
			t.Errorf("%s: read %d of %d bytes: %v", tt.fault, n, res.ContentLength, err)
		}
		mustEqual(t, "fault", srv.Faults()[0].Fault, tt.fault.String())
	}
}

func TestFaultsTellsWhatActed(t *testing.T) {
	t.Parallel()
	status := motivetest.Status(500, motivetest.JSON)
	tests := []struct {
		name   string
		inject []motivetest.Fault
		call   string
		want   []string
	}{
		{"a reset overrules", []motivetest.Fault{motivetest.ResetBefore(), status, motivetest.TruncateBody()}, "/v1/users", []string{"reset before handling"}},
		{"a reset overrules, composed", []motivetest.Fault{motivetest.Compose(status, motivetest.TruncateBody(), motivetest.ResetBefore())}, "/v1/users", []string{"reset before handling"}},
		{"the first answer", []motivetest.Fault{status, motivetest.TooManyRequests("7"), motivetest.LyingTotal(9)}, "/v1/users", []string{"status 500"}},
		{"the first delivery", []motivetest.Fault{motivetest.Compose(motivetest.DripBody(9, 0), motivetest.TruncateBody())}, "/v1/users", []string{"dripping body"}},
		{"garbage of a refusal", []motivetest.Fault{motivetest.Garbage(motivetest.NullBody)}, "/v1/users/1", []string{}},
		{"garbage in place of another answer", []motivetest.Fault{status, motivetest.Garbage(motivetest.NullBody)}, "/v1/users", []string{"status 500"}},
		{"all of several", []motivetest.Fault{motivetest.LyingTotal(9), motivetest.Compose(motivetest.Garbage(motivetest.NullBody), motivetest.ResetAfter())}, "/v1/users",
			[]string{"lying total", "garbage: null+reset after commit"}},
		{"no wait", []motivetest.Fault{motivetest.Latency(0, 0, 1)}, "/v1/users", []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			for _, fault := range tt.inject {
				srv.Inject(fault)
			}
			c.try("GET", tt.call, "") // on a new connection, and so once
			names := []string{}
			for _, f := range srv.Faults() {
				names = append(names, f.Fault)
			}
			mustEqual(t, "faults", names, tt.want)
		})
	}
}

func TestTimesCountsWhatActed(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(motive.User{FirstName: "Ada"})
	srv.Inject(motivetest.Status(500, motivetest.JSON), motivetest.Times(1))
	srv.Inject(motivetest.Status(503, motivetest.JSON), motivetest.Times(1))
	srv.Inject(motivetest.Garbage(motivetest.NullBody), motivetest.Times(1))
	c.do(500, "GET", "/v1/users/1", "")
	c.do(503, "GET", "/v1/users/1", "")
	c.do(404, "GET", "/v1/users/2", "")
	mustEqual(t, "garbage", c.do(200, "GET", "/v1/users/1", "").text, "null")
	mustEqual(t, "name", c.do(200, "GET", "/v1/users/1", "").user(t)["first_name"], "Ada")
	mustEqual(t, "faults", len(srv.Faults()), 3)
}

func TestFaultsCanBeToldApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range []motivetest.Fault{
		motivetest.Garbage(motivetest.WrongTypes), motivetest.Garbage(motivetest.NullBody), motivetest.Garbage(motivetest.ArrayBody),
		motivetest.Garbage(motivetest.DeepNesting), motivetest.Garbage(motivetest.HugeBody), motivetest.Garbage(motivetest.NotJSON),
		motivetest.TooManyRequests(""), motivetest.TooManyRequests("7"), motivetest.TooManyRequests("soon"),
		motivetest.Status(429, motivetest.JSON), motivetest.StatusAfter(429, motivetest.JSON),
	} {
		if seen[f.String()] {
			t.Errorf("two faults are named %q", f)
		}
		seen[f.String()] = true
	}
}

func TestMisspeltPath(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/v1/users/1", "/v1/user", "/api/v1/users", "v1/users", ""} {
		seen := &spy{}
		srv := motivetest.NewServer(seen)
		srv.Inject(motivetest.Status(500, motivetest.JSON), motivetest.OnPath(path))
		if !seen.failed || !strings.Contains(seen.lines[0], fmt.Sprintf("OnPath(%q)", path)) || !strings.Contains(seen.lines[0], "/v1/users/{id}") {
			t.Errorf("%q: failed %v: %v", path, seen.failed, seen.lines)
		}
		newClient(t, srv).do(200, "GET", "/v1/users", "")
		seen.end()
	}
}

func TestMisspeltPathWithoutATest(t *testing.T) {
	t.Parallel()
	srv, err := motivetest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c := newClient(t, srv)
	srv.Inject(motivetest.Status(500, motivetest.JSON), motivetest.OnPath("/v1/user"), motivetest.Times(0))
	message := c.do(501, "GET", "/v1/users", "").json["error_message"].(string)
	if !strings.Contains(message, `OnPath("/v1/user")`) {
		t.Errorf("message %q", message)
	}
	c.do(501, "GET", "/v1/users", "")
	srv.ClearFaults()
	c.do(200, "GET", "/v1/users", "")
}

func TestFaultsInAnotherServer(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	for _, tls := range []bool{false, true} {
		other := httptest.NewUnstartedServer(fake)
		if tls {
			other.StartTLS()
		} else {
			other.Start()
		}
		fake.ClearFaults()
		fake.Inject(motivetest.ResetAfter())
		_, err := other.Client().Post(other.URL+"/api/v1/users", "application/json", strings.NewReader(driverBody))
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("TLS %v: error %v, want a reset", tls, err)
		}
		other.Close()
	}
}

func TestForgetRequestsForgetsFaults(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Inject(motivetest.Status(500, motivetest.JSON))
	c.do(500, "GET", "/v1/users", "")
	srv.ForgetRequests()
	mustEqual(t, "faults", len(srv.Faults()), 0)
	c.do(500, "GET", "/v1/users", "")
	mustEqual(t, "index", srv.Faults()[0].Request, 0)
}
