package motivetest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/motive-go/motive"
)

// stubTB takes failures down instead of failing, and ends when told to.
type stubTB struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (s *stubTB) Helper() {}

func (s *stubTB) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

func (s *stubTB) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

func (s *stubTB) end() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
}

// want asserts that there were as many failures as texts, and that each has its
// text.
func (s *stubTB) want(t *testing.T, texts ...string) {
	t.Helper()
	for i, text := range texts {
		if i >= len(s.failures) {
			t.Errorf("no failure with %q", text)
		} else if !strings.Contains(s.failures[i], text) {
			t.Errorf("failure %d lacks %q:\n%s", i+1, text, s.failures[i])
		}
	}
	if len(s.failures) > len(texts) {
		t.Errorf("%d failures, want %d: %s", len(s.failures), len(texts), strings.Join(s.failures, "\n"))
	}
}

const documented = `{
  "title": "rename a driver",
  "origin": "documentation",
  "exchanges": [
    {"request": {"method": "GET", "path": "/v1/users/lookup", "query": ["email=ada@example.com"]},
     "response": {"status": 200, "header": {"X-Request-Id": "request-0001"}, "body": {"user": {"id": 7, "total": 1.50}}}},
    {"request": {"method": "PUT", "path": "/v1/users/7", "body": {"first_name": "Ada", "phone": null, "password": "[redacted]", "group_ids": [1, 2], "drivers_license_number": "LICENCE-1"}},
     "response": {"status": 502, "text": "<html>"}},
    {"request": {"method": "GET", "path": "/v1/users/7"}, "response": {"status": 204}}
  ]
}`

func writeStory(t *testing.T, story string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "story.json")
	if err := os.WriteFile(file, []byte(story), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func call(t *testing.T, rt http.RoundTripper, method, url, body string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	answer, err := drain(resp.Body)
	return resp, string(answer), err
}

const (
	lookup = "http://motive.test/api/v1/users/lookup?email=ada%40example.com"
	rename = `{"group_ids":[1,2], "phone":null,"password":"s3cret-canary","drivers_license_number":"LICENCE-1","first_name":"Ada"}`
)

func TestReplayAnswersInOrder(t *testing.T) {
	t.Parallel()
	stub := &stubTB{TB: t}
	rt := Replay(stub, writeStory(t, documented))

	resp, body, err := call(t, rt, "GET", lookup, "")
	if err != nil || resp.Status != "200 OK" || resp.Header.Get("X-Request-Id") != "request-0001" || body != `{"user":{"id":7,"total":1.50}}` {
		t.Errorf("first: %v %q %v", resp, body, err)
	}
	resp, body, err = call(t, rt, "PUT", "https://other.test/v1/users/7", rename)
	if err != nil || resp.StatusCode != 502 || body != "<html>" || resp.ContentLength != 6 {
		t.Errorf("second: %v %q %v", resp, body, err)
	}
	resp, body, err = call(t, rt, "GET", "http://motive.test/v1/users/7", "")
	if err != nil || resp.StatusCode != 204 || body != "" {
		t.Errorf("third: %v %q %v", resp, body, err)
	}
	stub.end()
	stub.want(t)
}

func TestReplayFailsOnARequestThatDiffers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		skip              int // exchanges that go well before
		method, url, body string
		diff              []string
	}{
		{"method", 0, "DELETE", lookup, "", []string{"- GET /v1/users/lookup", "+ DELETE /v1/users/lookup", "    ?email=ada@example.com"}},
		{"path", 0, "GET", "http://motive.test/v1/users/8?email=ada%40example.com", "", []string{"- GET /v1/users/lookup", "+ GET /v1/users/8"}},
		{"path without a version", 0, "GET", "http://motive.test/users/7", "", []string{"- GET /v1/users/lookup", "+ GET /users/7"}},
		{"query value", 0, "GET", "http://motive.test/v1/users/lookup?email=bob%40example.com", "", []string{"-   ?email=ada@example.com", "+   ?email=bob@example.com"}},
		{"query key more", 0, "GET", lookup + "&summary=true", "", []string{"+   ?summary=true"}},
		{"query key unknown", 0, "GET", lookup + "&token=canary", "", []string{"+   ?token=[redacted]"}},
		{"query missing", 0, "GET", "http://motive.test/v1/users/lookup", "", []string{"-   ?email=ada@example.com"}},
		{"body where none is due", 0, "GET", lookup, `{"a":1}`, []string{"- (no body)", `+   "a": 1`}},
		{"order of exchanges", 0, "GET", "http://motive.test/v1/users/7", "", []string{"+ GET /v1/users/7"}},
		{"value in the body", 1, "PUT", "http://motive.test/v1/users/7", strings.Replace(rename, "Ada", "Bob", 1), []string{`-   "first_name": "Ada"`, `+   "first_name": "Bob"`, `    "phone": null`}},
		{"null and empty", 1, "PUT", "http://motive.test/v1/users/7", strings.Replace(rename, "null", `""`, 1), []string{`-   "phone": null`, `+   "phone": ""`}},
		{"type", 1, "PUT", "http://motive.test/v1/users/7", strings.Replace(rename, "[1,2]", `[1,"2"]`, 1), []string{"-     2", `+     "2"`}},
		{"order of a list", 1, "PUT", "http://motive.test/v1/users/7", strings.Replace(rename, "[1,2]", `[2,1]`, 1), []string{"-     2", "+     2,"}},
		{"licence number", 1, "PUT", "http://motive.test/v1/users/7", strings.Replace(rename, "LICENCE-1", "canary", 1), []string{`-   "drivers_license_number": "[redacted]"`, `+   "drivers_license_number": "[another licence number]"`}},
		{"password left out", 1, "PUT", "http://motive.test/v1/users/7", strings.Replace(rename, `"password":"s3cret-canary",`, "", 1), []string{`-   "password": "[redacted]"`}},
		{"body missing", 1, "PUT", "http://motive.test/v1/users/7", "", []string{"+ (no body)"}},
		{"body not JSON", 1, "PUT", "http://motive.test/v1/users/7", "canary=1", []string{"+ (8 bytes that are not JSON were left out)"}},
		{"one too many", 3, "GET", "http://motive.test/v1/users/7", "", []string{"all 3 exchanges are over", "+ GET /v1/users/7"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stub := &stubTB{TB: t}
			file := writeStory(t, documented)
			rt := Replay(stub, file)
			good := [][3]string{{"GET", lookup, ""}, {"PUT", "http://motive.test/v1/users/7", rename}, {"GET", "http://motive.test/v1/users/7", ""}}
			for _, g := range good[:tt.skip] {
				if _, _, err := call(t, rt, g[0], g[1], g[2]); err != nil {
					t.Fatal(err)
				}
			}
			_, _, err := call(t, rt, tt.method, tt.url, tt.body)
			if err == nil {
				t.Fatal("the request was answered")
			}
			var own interface{ Permanent() bool }
			if !errors.As(err, &own) || !own.Permanent() {
				t.Errorf("a client would try again after %v", err)
			}
			if _, _, again := call(t, rt, tt.method, tt.url, tt.body); again == nil {
				t.Error("the second try was answered")
			}
			stub.want(t, file) // once, although it was tried twice
			for _, line := range tt.diff {
				for where, text := range map[string]string{"error": err.Error(), "failure": stub.failures[0]} {
					if !strings.Contains(text+"\n", "\n"+line) && !strings.Contains(text, line) {
						t.Errorf("the %s lacks %q:\n%s", where, line, text)
					}
				}
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("a secret is in the error: %v", err)
			}
			for _, g := range good[tt.skip:] { // the story goes on
				if _, _, err := call(t, rt, g[0], g[1], g[2]); err != nil {
					t.Errorf("after the wrong request: %v", err)
				}
			}
			stub.end()
			stub.want(t, file)
		})
	}
}

func TestAMismatchIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	stub := &stubTB{TB: t}
	story, tries := Replay(stub, writeStory(t, documented)), 0
	client, err := motive.NewClient(motive.WithAccessToken("test"), motive.WithTransport(roundTripFunc(func(r *http.Request) (*http.Response, error) {
		tries++
		return story.RoundTrip(r)
	})))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Users.Get(t.Context(), 8)
	if err == nil || !strings.Contains(err.Error(), "+ GET /v1/users/8") || tries != 1 {
		t.Errorf("%d tries, and the error %v", tries, err)
	}
	stub.want(t, "differs from exchange 1")
}

func TestReplayFailsOnWhatWasNeverAsked(t *testing.T) {
	t.Parallel()
	stub := &stubTB{TB: t}
	rt := Replay(stub, writeStory(t, documented))
	if _, _, err := call(t, rt, "GET", lookup, ""); err != nil {
		t.Fatal(err)
	}
	stub.end()
	stub.want(t, "never asked:\n  exchange 2: PUT /v1/users/7\n  exchange 3: GET /v1/users/7")
}

func TestReplayFailsOnAFileThatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "nowhere.json"),
		"broken":  writeStory(t, `{"title":"x"`),
	} {
		stub := &stubTB{TB: t}
		rt := Replay(stub, file)
		if _, _, err := call(t, rt, "GET", lookup, ""); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: a request got %v", name, err)
		}
		stub.end()
		stub.want(t, file)
	}
}

const recorded = `{
  "title": "two drivers",
  "origin": "recorded",
  "exchanges": [
    {"request": {"method": "POST", "path": "/v1/users", "body": {"first_name": "First0001", "role": "driver", "email": "person0001@example.com", "carrier_zip": null}},
     "response": {"status": 201, "body": {"user": {"id": 7, "first_name": "First0001"}}}},
    {"request": {"method": "GET", "path": "/v1/users/lookup", "query": ["email=person0001@example.com"]},
     "response": {"status": 200, "body": {"user": {"id": 7, "first_name": "First0001"}}}},
    {"request": {"method": "GET", "path": "/v1/users", "query": ["name=Name0001", "role=driver"]},
     "response": {"status": 200, "body": {"users": []}}}
  ]
}`

func TestReplayOfARecordingHoldsThePersonsApart(t *testing.T) {
	t.Parallel()
	const (
		users = "http://motive.test/v1/users"
		ada   = `{"first_name":"Ada","role":"driver","email":"ada@real.test","carrier_zip":null}`
	)
	for _, tt := range []struct {
		name, body, lookup string
		failure            string
	}{
		{"another name throughout", ada, "ada@real.test", ""},
		{"the pseudonyms themselves", `{"first_name":"First0001","role":"driver","email":"person0001@example.com","carrier_zip":null}`, "person0001@example.com", ""},
		{"another spelling of one address", ada, "ADA@real.test", ""},
		{"somebody else in the lookup", ada, "bob@real.test", "+   ?email=bob@real.test"},
		{"a role is no name", strings.Replace(ada, "driver", "admin", 1), "", `+   "role": "admin"`},
		{"null is no name", strings.Replace(ada, `"Ada"`, `null`, 1), "", `+   "first_name": null`},
		{"empty is no name", strings.Replace(ada, `"Ada"`, `""`, 1), "", `+   "first_name": ""`},
		{"a number is no name", strings.Replace(ada, `"Ada"`, `1815`, 1), "", `+   "first_name": 1815`},
		{"a name where null was", strings.Replace(ada, `null`, `"90210"`, 1), "", `+   "carrier_zip": "90210"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stub := &stubTB{TB: t}
			rt := Replay(stub, writeStory(t, recorded))
			_, _, err := call(t, rt, "POST", users, tt.body)
			if err == nil {
				_, _, err = call(t, rt, "GET", users+"/lookup?email="+tt.lookup, "")
			}
			if tt.failure == "" {
				if err != nil {
					t.Error(err)
				}
				stub.want(t)
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.failure) {
				t.Errorf("got %v, want a diff with %q", err, tt.failure)
			}
		})
	}
}

func TestReplayIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	var exchanges []string
	for range 32 {
		exchanges = append(exchanges, `{"request":{"method":"GET","path":"/v1/users/7"},"response":{"status":200,"body":{"user":{"id":7}}}}`)
	}
	rt := Replay(t, writeStory(t, `{"title":"many","origin":"documentation","exchanges":[`+strings.Join(exchanges, ",")+`]}`))
	var wg sync.WaitGroup
	for range len(exchanges) {
		wg.Go(func() {
			if _, body, err := call(t, rt, "GET", "http://motive.test/v1/users/7", ""); err != nil || body != `{"user":{"id":7}}` {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
	wg.Wait()
}

func TestDiffLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, a, b, want string }{
		{"equal", "1 2", "1 2", "  1|  2"},
		{"changed", "1 2 3", "1 x 3", "  1|- 2|+ x|  3"},
		{"added at the end", "1", "1 2", "  1|+ 2"},
		{"removed at the start", "1 2", "2", "- 1|  2"},
		{"moved", "1 2 3", "2 3 1", "- 1|  2|  3|+ 1"},
		{"nothing in common", "1 2", "3", "- 1|- 2|+ 3"},
		{"keeps the longest", "a b c d", "x b y d", "- a|+ x|  b|- c|+ y|  d"},
		{"empty sides", "", "", ""},
	} {
		got := strings.ReplaceAll(diffLines(strings.Fields(tt.a), strings.Fields(tt.b)), "\n", "|")
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
