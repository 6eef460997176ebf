package motivetest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// spy takes note of what a test would have reported.
type spy struct {
	testing.TB
	failed   bool
	lines    []string
	cleanups []func()
}

func (s *spy) Helper()                      {}
func (s *spy) Failed() bool                 { return s.failed }
func (s *spy) Cleanup(f func())             { s.cleanups = append(s.cleanups, f) }
func (s *spy) Log(args ...any)              { s.lines = append(s.lines, fmt.Sprint(args...)) }
func (s *spy) Error(args ...any)            { s.failed = true; s.Log(args...) }
func (s *spy) Fatal(args ...any)            { s.Error(args...) }
func (s *spy) Errorf(f string, args ...any) { s.Error(fmt.Sprintf(f, args...)) }

// end does what the testing package does when a test is over.
func (s *spy) end() {
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		s.cleanups[i]()
	}
}

func TestAssertNoDuplicates(t *testing.T) {
	t.Parallel()
	const (
		phoneOnly = `{"first_name":"A","last_name":"B","role":"driver","phone":"5550100"}`
		withID    = `{"first_name":"A","last_name":"B","role":"driver","phone":"%s","external_ids_attributes":[{"external_id":"7","integration_name":"tms"}]}`
	)
	tests := []struct {
		name   string
		bodies []string
		want   []string
	}{
		{"different", []string{driverBody, phoneOnly, fmt.Sprintf(withID, "1")}, nil},
		{"the same body", []string{phoneOnly, phoneOnly}, []string{"users [1 2] were created from the same body"}},
		{"the same external id", []string{fmt.Sprintf(withID, "1"), fmt.Sprintf(withID, "2")}, []string{
			`2 creates were committed with external id "7" of "tms"`, `2 users have external id "7" of "tms"`}},
		{"the same username", []string{driverBody, strings.Replace(driverBody, "Reed", "Read", 1)}, []string{"users [1 2] have the same username"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, c := start(t, motivetest.WithoutUniqueness())
			for _, body := range tt.bodies {
				c.do(201, "POST", "/v1/users", body)
			}
			seen := &spy{}
			srv.AssertNoDuplicates(seen)
			mustEqual(t, "reported", strings.Join(seen.lines, "\n"), strings.Join(prefixed(tt.want), "\n"))
		})
	}
}

func prefixed(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = "motivetest: " + line
	}
	return out
}

func TestWhatIsFreedMayBeCreatedAgain(t *testing.T) {
	t.Parallel()
	body := func(n int) string {
		return fmt.Sprintf(`{"first_name":"A","last_name":"B","role":"driver","phone":"%d","external_ids_attributes":[{"external_id":"1","integration_name":"tms"}]}`, n)
	}
	for name, free := range map[string]struct{ method, path, body string }{
		"deleted":           {"DELETE", "/v1/external_ids/1", ""},
		"changed":           {"PUT", "/v1/external_ids/1", `{"external_id":"2"}`},
		"changed in a user": {"PUT", "/v1/users/1", `{"external_ids_attributes":[{"id":1,"external_id":"2"}]}`},
	} {
		for _, lax := range []bool{false, true} {
			var opts []motivetest.Option
			if lax {
				opts = append(opts, motivetest.WithoutUniqueness())
			}
			srv, c := start(t, opts...)
			c.do(201, "POST", "/v1/users", body(1))
			c.do(200, free.method, free.path, free.body)
			mustEqual(t, name+": created after it", srv.Created("1", "tms"), 0)
			c.do(201, "POST", "/v1/users", body(2))
			mustEqual(t, name+": created again", srv.Created("1", "tms"), 1)
			srv.AssertNoDuplicates(t)
			if lax {
				c.do(201, "POST", "/v1/users", body(3))
				seen := &spy{}
				srv.AssertNoDuplicates(seen)
				mustEqual(t, name+": a true duplicate is found", len(seen.lines), 2)
			}
		}
	}
	srv, c := start(t)
	c.do(201, "POST", "/v1/users", body(1))
	c.do(200, "PUT", "/v1/external_ids/1", `{"external_id":"1"}`)
	mustEqual(t, "created, after a change that changes nothing", srv.Created("1", "tms"), 1)
}

func TestSeededDuplicatesAreTheTestsOwn(t *testing.T) {
	t.Parallel()
	srv, c := start(t, motivetest.WithoutUniqueness())
	twin := motive.User{FirstName: "Ada", Email: "ada@example.com", Username: "ada",
		ExternalIDs: []motive.ExternalID{{ExternalID: "1", IntegrationName: "tms"}}}
	srv.Seed(twin, twin)
	srv.AssertNoDuplicates(t)
	c.do(201, "POST", "/v1/users", `{"first_name":"A","last_name":"B","role":"driver","username":"ADA","external_ids_attributes":[{"external_id":"1","integration_name":"tms"}]}`)
	seen := &spy{}
	srv.AssertNoDuplicates(seen)
	mustEqual(t, "reported", seen.lines, prefixed([]string{`3 users have external id "1" of "tms"`, "users [1 2 3] have the same username"}))
}

func TestCreatedCountsCommits(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	const body = `{"first_name":"A","last_name":"B","role":"driver","username":"u","external_ids_attributes":[{"external_id":"7","integration_name":"tms"}]}`
	mustEqual(t, "before", srv.Created("7", "tms"), 0)
	srv.Inject(motivetest.ResetAfter(), motivetest.Times(1))
	if r := c.try("POST", "/v1/users", body); r.err == nil {
		t.Fatal("the create was answered")
	}
	mustEqual(t, "after a create that was never answered", srv.Created("7", "tms"), 1)
	c.do(422, "POST", "/v1/users", body)
	mustEqual(t, "after a refusal", srv.Created("7", "tms"), 1)
	mustEqual(t, "another integration", srv.Created("7", "other"), 0)
	srv.AssertNoDuplicates(t)
}

func TestTranscriptOfAFailedTest(t *testing.T) {
	t.Parallel()
	seen := &spy{}
	srv := motivetest.NewServer(seen)
	c := newClient(t, srv)
	token := srv.IssueToken()
	srv.Inject(motivetest.StatusAfter(502, motivetest.HTML), motivetest.OnMethod("POST"))
	c.try("POST", "/v1/users", `{"first_name":"Zoë","last_name":"B","role":"driver","username":"u","password":"hunter2","drivers_license_number":"D1234567"}`)
	c.do(200, "GET", "/v1/users?name=zo&access_token=hunter2", "")
	c.refresh(200, token.RefreshToken)
	seen.failed = true
	seen.end()
	text := strings.Join(seen.lines, "\n")
	for _, want := range []string{
		"3 requests",
		"POST /v1/users → 502 committed",
		"fault: status 502 after commit",
		`"first_name":"Zoë"`,
		`"password":"[secret]"`,
		`"drivers_license_number":"[secret]"`,
		"GET /v1/users?name=zo&access_token=[secret] → 200",
		"POST /oauth/token → 200 committed",
		`"grant_type":"refresh_token"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the transcript lacks %q:\n%s", want, text)
		}
	}
	for _, secret := range []string{"hunter2", "D1234567", token.RefreshToken, srv.AccessToken(), srv.OAuth().ClientSecret} {
		if strings.Contains(text, secret) {
			t.Errorf("the transcript shows %q", secret)
		}
	}
	mustEqual(t, "the same for those who ask", seen.lines, []string{srv.Transcript()})
}

func TestNoTranscriptOfAPassedTest(t *testing.T) {
	t.Parallel()
	seen := &spy{}
	srv := motivetest.NewServer(seen)
	newClient(t, srv).do(200, "GET", "/v1/users", "")
	seen.end()
	mustEqual(t, "lines", len(seen.lines), 0)
}

func TestSeedReportsWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	seen := &spy{}
	srv := motivetest.NewServer(seen)
	defer seen.end()
	out := srv.Seed(motive.User{FirstName: "Ada", Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}}, motive.User{FirstName: "Bob"})
	if len(out) != 1 || out[0].FirstName != "Bob" || !seen.failed {
		t.Errorf("seeded %d users, failed %v", len(out), seen.failed)
	}
}
