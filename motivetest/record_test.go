package motivetest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// canaries are what must never be read in a file, each of them said somewhere
// in the story below.
var canaries = []string{
	"tok_live_Zq81", "key_live_Zq82", "cookieZq", "hunter2-Zq",
	"Zqadelina", "Zqworth", "Zquelle", "zq.adelina@fleet-zq.test", "zqadel",
	"415-867-5309", "4158675309", "D1234567Zq", "ZQ-77", "5550777",
	"12 Zq Lane", "Zqville", "94110", "Zq Haulage", "ZQ-USDOT",
	"zqnote", "zqnick", "Zqstranger", "9988776655", "zqkey",
	"zqdropped", "zqheader", "zqhtml", "zqtrace", "zqsession", "zq-partial",
}

// said is one call of a story and what came of it.
type said struct {
	method, path, body string
	status             int
	answer             string
}

// script is what the server of the story answers, in order.
var script = []said{
	{"POST", `/v1/users?access_token=tok_live_Zq81&zqkey!=zqdropped`, `{
		"first_name":"Zqadelina","last_name":"Zqworth","email":"zq.adelina@fleet-zq.test","username":"zqadel",
		"password":"hunter2-Zq","phone":"415-867-5309","drivers_license_number":"D1234567Zq","driver_company_id":"ZQ-77",
		"dot_id":"ZQ-USDOT","carrier_name":"Zq Haulage","carrier_street":"12 Zq Lane","carrier_city":"Zqville",
		"carrier_zip":"94110","role":"driver","eld_mode":"none","cycle":"70_8","minute_logs":false,"terminal_zip":null,
		"external_ids_attributes":[{"external_id":"5550777","integration_name":"generic_tms"}]}`,
		201, `{"user":{"id":7001,"first_name":"Zqadelina","last_name":"Zqworth","email":"ZQ.Adelina@fleet-zq.test",
		"username":"zqadel","phone":"(415) 867-5309","driver_company_id":"ZQ-77","drivers_license_number":"D1234567Zq",
		"external_ids":[{"id":31,"external_id":5550777,"integration_name":"generic_tms"}],
		"created_at":"2026-03-04T05:06:07.000008Z","time_zone":"Eastern Time (US & Canada)","role":"driver",
		"notes":"zqnote","profile":{"nickname":"zqnick","auth_token":{"value":"tok_live_Zq81"}},"badge":9988776655,
		"zqkey@fleet":true,"metric_units":false,"joined_at":"2026-03-04","carrier_zip":94110}}`},
	{"GET", `/v1/users/lookup?email=zq.adelina%40fleet-zq.test`, ``,
		200, `{"user":{"id":"7001","first_name":"Zqadelina","last_name":"Zqworth","email":"zq.adelina@fleet-zq.test"}}`},
	{"GET", `/v1/users?name=Zqadelina&per_page=2&page_no=1`, ``,
		200, `{"users":[{"user":{"id":7001,"first_name":"Zqadelina"}},{"user":{"id":7002,"first_name":"Zquelle"}}],
		"pagination":{"per_page":2,"page_no":1,"total":2}}`},
	{"PUT", `/v1/users/7002`, `{"external_ids_attributes":[{"external_id":"5550777","integration_name":"generic_tms"}]}`,
		422, `{"error_message":"External id 5550777 for generic_tms is taken by Zqadelina Zqworth (zqadel, 4158675309), see Dave Zqstranger"}`},
	{"POST", `/v1/users`, `{"first_name":"Zqadelina","role":"driver"}`,
		422, `{"errors":{"email":["zq.adelina@fleet-zq.test has already been taken"],"last_name":["can't be blank"]},
		"message":"Bearer tok_live_Zq81 is fine, cookieZq is not"}`},
	{"GET", `/v1/users/zqadel`, ``, 404, `not found: zqadel`},
	{"GET", `/v1/users/7001`, ``, 502, `<html><title>zqhtml</title><body>upstream of Zqadelina</body></html>`},
	{"GET", `/v1/users/7001`, ``, 200, `{"user":{"first_name":"zq-partial`},
	{"DELETE", `/v1/external_ids/31`, ``, 204, ``},
}

// scriptServer answers the script in order and notes what it was asked.
func scriptServer(t *testing.T) *httptest.Server {
	t.Helper()
	var mu sync.Mutex
	turn := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		s := script[turn]
		turn++
		body, _ := io.ReadAll(r.Body)
		if r.Method != s.method || r.URL.RequestURI() != "/proxy"+s.path || string(body) != s.body {
			t.Errorf("call %d reached the server as %s %s %s", turn, r.Method, r.URL.RequestURI(), body)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-Request-Id", "zqtrace-1")
		w.Header().Set("X-Owner", "zqheader")
		w.Header().Set("Set-Cookie", "zqsession=1")
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, s.answer)
	}))
	t.Cleanup(srv.Close)
	return srv
}

// tell sends the script's calls through a transport and returns the answers.
func tell(t *testing.T, base string, rt http.RoundTripper) []said {
	t.Helper()
	var told []said
	for _, s := range script {
		req, err := http.NewRequestWithContext(t.Context(), s.method, base+s.path, strings.NewReader(s.body))
		if err != nil {
			t.Fatal(err)
		}
		if s.body == "" {
			req.Body, req.GetBody = http.NoBody, nil
		}
		req.Header.Set("Authorization", "Bearer tok_live_Zq81")
		req.Header.Set("X-Api-Key", "key_live_Zq82")
		req.Header.Set("Cookie", "cookieZq")
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatalf("%s %s: %v", s.method, s.path, err)
		}
		answer, err := drain(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, said{s.method, s.path, s.body, resp.StatusCode, string(answer)})
	}
	return told
}

func recordScript(t *testing.T) string {
	t.Helper()
	srv := scriptServer(t)
	file := filepath.Join(t.TempDir(), "deep", "a_story.json")
	rec := Record(file, srv.Client().Transport)
	for i, s := range tell(t, srv.URL+"/proxy", rec) {
		if s != script[i] {
			t.Errorf("the recorder changed call %d: %+v", i+1, s)
		}
	}
	if err := rec.Save(); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRecordKeepsSecretsAndPersonalDataOut(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(recordScript(t))
	if err != nil {
		t.Fatal(err)
	}
	folded := strings.ToLower(string(data))
	for _, canary := range canaries {
		if strings.Contains(folded, strings.ToLower(canary)) {
			t.Errorf("the file has %q", canary)
		}
	}
	if strings.Contains(folded, "zq") {
		t.Errorf("the file has a piece of a canary:\n%s", data)
	}
}

func TestRecordKeepsWhatTheStoryIsAbout(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(recordScript(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"title": "a story"`,
		`"origin": "recorded"`,
		`"path": "/v1/users"`,
		`"access_token=[redacted]"`,
		`"path": "/v1/users/7002"`,
		`"cycle": "70_8"`,
		`"minute_logs": false`,
		`"terminal_zip": null`,
		`"integration_name": "generic_tms"`,
		`"created_at": "2026-03-04T05:06:07.000008Z"`,
		`"joined_at": "2026-03-04"`,
		`"time_zone": "Eastern Time (US & Canada)"`,
		`"id": 7001`,
		`"id": "7001"`,
		`"password": "[redacted]"`,
		`"X-Request-Id": "request-0001"`,
		`"Content-Type": "application/json"`,
		`"total": 2`,
		`"person0001@example.com has already been taken"`,
		`"can't be blank"`,
		`"email=person0001@example.com"`,
		`"phone": "201-555-0100"`,
		`for generic_tms is taken by First0001 Last0001 (user0001, 201-555-0100), see [name] [name]`,
		`<h1>502 Bad Gateway</h1>`,
		`"text": "not found: `,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the file lacks %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", data)
	}
}

// What stands where an id, an enum or a name of a field belongs need not be one.
func TestRecordTrustsNoFieldByItsName(t *testing.T) {
	t.Parallel()
	personal := []string{"867-5309", "eve", "marsh", "123-45-6789", "4158675309", "415-867", "1990-01-02"}
	file := filepath.Join(t.TempDir(), "story.json")
	rec := Record(file, answering(422, nil, `{"error_message":"username eve.marsh is taken, call 867-5309","id":"123-45-6789",
		"phone_country_code":"4158675309","errors":[{"field":"415-867-5309","code":"eve.marsh"}],"birth_at":"1990-01-02",
		"eve_marsh":{"eve-marsh":1},"group_ids":["eve"],"status":"eve","permissions":["eve.marsh"],"integration_name":"eve_marsh",
		"time_zone":"Eve/Marsh","total":"123-45-6789","joined_at":"eve","user":{"id":7,"role":"driver","terminal_city":null}}`))
	if _, err := get(t, rec, "http://motive.test/v1/eve_marsh/eve?eve_marsh=1&page_no=eve"); err != nil {
		t.Fatal(err)
	}
	if err := rec.Save(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range personal {
		if strings.Contains(strings.ToLower(string(data)), s) {
			t.Errorf("%q is in the file:\n%s", s, data)
		}
	}
	for _, kept := range []string{"username Text", " is taken, call 201-555-01", `"id": 7`, `"role": "driver"`, `"terminal_city": null`} {
		if !strings.Contains(string(data), kept) {
			t.Errorf("%s is not in the file:\n%s", kept, data)
		}
	}
}

func TestSaveRefusesWhatIsLeftOfAPerson(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "story.json")
	old := fixture{Title: "what ada@real.test did", Origin: originDocumentation, Exchanges: []step{{
		Request: fixtureRequest{Method: "GET", Path: "/v1/users/1"}, Response: fixtureResponse{Status: 404}}}}
	data, err := old.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeFile(file, data); err != nil {
		t.Fatal(err)
	}
	rec := Record(file, answering(200, nil, `{}`))
	if _, err := get(t, rec, "http://motive.test/v1/users/3"); err != nil {
		t.Fatal(err)
	}
	err = rec.Save()
	if err == nil || !strings.Contains(err.Error(), "line 2 would have what looks like an email") || strings.Contains(err.Error(), "ada") {
		t.Errorf("saved a title with an email: %v", err)
	}
	if now, _ := os.ReadFile(file); !bytes.Equal(now, data) {
		t.Error("the old file was replaced")
	}
}

func TestRecordGivesOnePseudonymToOnePerson(t *testing.T) {
	t.Parallel()
	f, err := loadFixture(recordScript(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		name  string
		times map[int]int // exchange to occurrences
	}{
		{"First0001", map[int]int{1: 2, 2: 1, 3: 2, 4: 1, 5: 1}},
		{"First0002", map[int]int{3: 1}},
		{"person0001@example.com", map[int]int{1: 2, 2: 2, 5: 1}},
		{"201-555-0100", map[int]int{1: 2, 4: 1}},
		{"99000002", map[int]int{1: 2, 4: 2}}, // an external id as a string and as a number
	} {
		for i := range f.Exchanges {
			data, err := (&fixture{Exchanges: f.Exchanges[i : i+1]}).encode()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(data), want.name); got != want.times[i+1] {
				t.Errorf("exchange %d has %s %d times, want %d:\n%s", i+1, want.name, got, want.times[i+1], data)
			}
		}
	}
}

func TestRecordedStoryReplaysWithTheDataOfTheProgram(t *testing.T) {
	t.Parallel()
	file := recordScript(t)
	stub := &stubTB{TB: t}
	told := tell(t, "http://elsewhere.test/another/prefix", Replay(stub, file))
	stub.end()
	stub.want(t)

	for i, s := range told {
		if s.status != script[i].status {
			t.Errorf("call %d answered %d, want %d", i+1, s.status, script[i].status)
		}
	}
	for _, want := range []struct {
		call int
		text string
	}{
		{1, `"first_name":"Zqadelina"`},                             // said by the program, so given back
		{1, `"email":"zq.adelina@fleet-zq.test"`},                   // as the program spelled it
		{1, `"external_id":5550777`},                                // a number stays a number
		{3, `"first_name":"First0002"`},                             // never said by the program
		{4, `is taken by Zqadelina Zqworth (zqadel, 415-867-5309)`}, // in sentences too
	} {
		if got := told[want.call-1].answer; !strings.Contains(got, want.text) {
			t.Errorf("call %d lacks %s: %s", want.call, want.text, got)
		}
	}
}

func TestRecordIsRepeatable(t *testing.T) {
	t.Parallel()
	a, err := os.ReadFile(recordScript(t))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(recordScript(t))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("two recordings of one story differ:\n%s", diffLines(strings.Split(string(a), "\n"), strings.Split(string(b), "\n")))
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answering(status int, header http.Header, body string) roundTripFunc {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func get(t *testing.T, rt http.RoundTripper, url string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return "", err
	}
	body, err := drain(resp.Body)
	return string(body), err
}

func TestRecorderStoresOnlyWholeAnswersUnderV1(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	next := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		switch r.URL.Path {
		case "/v1/users/1":
			return nil, broken
		case "/v1/users/2":
			half := io.MultiReader(strings.NewReader(`{"user":`), failing{broken})
			return &http.Response{StatusCode: 200, Body: io.NopCloser(half)}, nil
		default:
			return answering(200, nil, `{"user":{"id":3}}`)(r)
		}
	})
	file := filepath.Join(t.TempDir(), "story.json")
	rec := Record(file, next)

	if err := rec.Save(); err == nil || !strings.Contains(err.Error(), "no exchange") {
		t.Errorf("a story without exchanges was saved: %v", err)
	}
	if _, err := get(t, rec, "http://motive.test/v1/users/1"); !errors.Is(err, broken) {
		t.Errorf("error of the transport: got %v", err)
	}
	if body, err := get(t, rec, "http://motive.test/v1/users/2"); !errors.Is(err, broken) || body != `{"user":` {
		t.Errorf("a body that breaks off: got %q and %v", body, err)
	}
	for _, path := range []string{"/oauth/token", "/v1/users/3"} {
		if body, err := get(t, rec, "http://motive.test"+path); err != nil || body != `{"user":{"id":3}}` {
			t.Errorf("%s: got %q and %v", path, body, err)
		}
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := loadFixture(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Exchanges) != 1 || f.Exchanges[0].Request.Path != "/v1/users/3" {
		t.Errorf("stored %+v", f.Exchanges)
	}
}

func TestRecorderReadsCompressedAnswers(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	zw := gzip.NewWriter(&zipped)
	_, _ = zw.Write([]byte(`{"user":{"id":3,"first_name":"Ada"}}`))
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Encoding": {"gzip"}, "Retry-After": {"Wed, 21 Oct 2026 07:28:00 GMT"}}
	file := filepath.Join(t.TempDir(), "story.json")
	rec := Record(file, answering(200, header, zipped.String()))
	if body, err := get(t, rec, "http://motive.test/v1/users/3"); err != nil || body != zipped.String() {
		t.Errorf("the caller got %q and %v", body, err)
	}
	if err := rec.Save(); err != nil {
		t.Fatal(err)
	}
	f, err := loadFixture(file)
	if err != nil {
		t.Fatal(err)
	}
	res := f.Exchanges[0].Response
	if got := compact(t, res.Body); got != `{"user":{"id":3,"first_name":"First0001"}}` {
		t.Errorf("stored %s", got)
	}
	if len(res.Header) != 1 || res.Header["Retry-After"] != header.Get("Retry-After") {
		t.Errorf("stored the header %v", res.Header)
	}
}

func compact(t *testing.T, data []byte) string {
	t.Helper()
	v, err := parseJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(appendJSON(nil, v))
}

func TestRecorderLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	body := &closeCounter{Reader: strings.NewReader(`{"first_name":"Ada"}`)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://motive.test/v1/users", body)
	if err != nil {
		t.Fatal(err)
	}
	var sent string
	rec := Record(filepath.Join(t.TempDir(), "story.json"), roundTripFunc(func(r *http.Request) (*http.Response, error) {
		data, err := drain(r.Body)
		sent = string(data)
		r.Header.Set("X-Seen", "1")
		return &http.Response{StatusCode: 204, Body: http.NoBody}, err
	}))
	if _, err := rec.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	if sent != `{"first_name":"Ada"}` || body.closed != 1 {
		t.Errorf("sent %q, closed the body %d times", sent, body.closed)
	}
	if req.Body != body || len(req.Header) != 0 {
		t.Error("the request was modified")
	}
}

type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

func TestRecorderServesConcurrentRequests(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "story.json")
	rec := Record(file, answering(200, nil, `{"user":{"id":3,"email":"ada@real.test"}}`))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := get(t, rec, "http://motive.test/v1/users/3"); err != nil {
				t.Error(err)
			}
			if err := rec.Save(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := rec.Save(); err != nil {
		t.Fatal(err)
	}
	f, err := loadFixture(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Exchanges) != 16 {
		t.Errorf("stored %d exchanges, want 16", len(f.Exchanges))
	}
}

func TestRecorderPrintsNoSecrets(t *testing.T) {
	t.Parallel()
	rec := Record("story.json", answering(200, nil, `{}`))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://motive.test/v1/users/3", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer canary-token")
	if _, err := rec.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(verb, rec); strings.Contains(s, "canary") || s != "motivetest.Recorder(story.json)" {
			t.Errorf("%s prints %s", verb, s)
		}
	}
}

func TestSaveLeavesTheOldFileWhenItFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "story.json")
	if err := writeFile(file, []byte("old")); err != nil {
		t.Fatal(err)
	}
	blocked := filepath.Join(file, "below_a_file.json")
	rec := Record(blocked, answering(200, nil, `{}`))
	if _, err := get(t, rec, "http://motive.test/v1/users/3"); err != nil {
		t.Fatal(err)
	}
	if err := rec.Save(); err == nil {
		t.Error("saved below a file")
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "old" {
		t.Errorf("the old file reads %q, %v", data, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestRecordingAnewKeepsTheTitle(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "story.json")
	old := fixture{Title: "a title by hand", Origin: originDocumentation, Exchanges: []step{{
		Request:  fixtureRequest{Method: "GET", Path: "/v1/users/1"},
		Response: fixtureResponse{Status: 404},
	}}}
	data, err := old.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeFile(file, data); err != nil {
		t.Fatal(err)
	}
	rec := Record(file, answering(200, nil, `{}`))
	if _, err := get(t, rec, "http://motive.test/v1/users/3"); err != nil {
		t.Fatal(err)
	}
	if err := rec.Save(); err != nil {
		t.Fatal(err)
	}
	f, err := loadFixture(file)
	if err != nil {
		t.Fatal(err)
	}
	if f.Title != old.Title || f.Origin != originRecorded {
		t.Errorf("title %q, origin %q", f.Title, f.Origin)
	}
}
