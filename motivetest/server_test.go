package motivetest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(motive.User{FirstName: "Ada"})
	reader := srv.IssueToken("users.read").AccessToken
	writer := srv.IssueToken("users.manage").AccessToken
	tests := []struct {
		name, authorization, key, method string
		status                           int
	}{
		{"bearer", "Bearer " + srv.AccessToken(), "", "GET", 200},
		{"bearer in lower case", "bearer " + srv.AccessToken(), "", "GET", 200},
		{"API key", "", srv.APIKey(), "GET", 200},
		{"API key writes", "", srv.APIKey(), "PUT", 200},
		{"none", "", "", "GET", 401},
		{"wrong bearer", "Bearer nope", "", "GET", 401},
		{"wrong key", "", "nope", "GET", 401},
		{"key as bearer", "Bearer " + srv.APIKey(), "", "GET", 401},
		{"token without a scheme", srv.AccessToken(), "", "GET", 401},
		{"basic", "Basic " + srv.AccessToken(), "", "GET", 401},
		{"reader reads", "Bearer " + reader, "", "GET", 200},
		{"reader writes", "Bearer " + reader, "", "PUT", 403},
		{"writer reads", "Bearer " + writer, "", "GET", 403},
		{"writer writes", "Bearer " + writer, "", "PUT", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := ""
			if tt.method == "PUT" {
				body = `{"last_name":"Reed"}`
			}
			r := c.as("Authorization", tt.authorization, "X-Api-Key", tt.key).do(tt.status, tt.method, "/v1/users/1", body)
			if message, _ := r.json["error_message"].(string); (message == "") != (tt.status == 200) {
				t.Errorf("status %d with message %q", r.status, message)
			}
		})
	}
	if shown := fmt.Sprint(srv.Requests()[0].Header); strings.Contains(shown, srv.AccessToken()) || !strings.Contains(shown, "Bearer [secret]") {
		t.Error("the header of a request is not blotted")
	}
}

func TestTestModeStoresNothing(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(motive.User{FirstName: "Ada", ExternalIDs: []motive.ExternalID{{ExternalID: "7", IntegrationName: "tms"}}})
	before := srv.Users()
	test := c.as("Authorization", "", "X-Api-Key", srv.TestModeKey())
	calls := []struct{ method, path, body string }{
		{"POST", "/v1/users", driverBody},
		{"PUT", "/v1/users/1", `{"first_name":"Eve"}`},
		{"POST", "/v1/external_ids", `{"external_id":"8","integration_name":"tms","external_id_holder_id":1,"external_id_holder_type":"User"}`},
		{"PUT", "/v1/external_ids/1", `{"external_id":"9"}`},
		{"DELETE", "/v1/external_ids/1", ""},
	}
	for _, call := range calls {
		r := test.do(http.StatusOK, call.method, call.path, call.body)
		mustEqual(t, call.method+" "+call.path, r.json, map[string]any{"message": "valid (test mode)"})
	}
	test.do(http.StatusUnprocessableEntity, "POST", "/v1/users", `{"first_name":"A"}`)
	test.do(http.StatusOK, "GET", "/v1/users/1", "")
	mustEqual(t, "users", srv.Users(), before)
	for _, r := range srv.Requests() {
		mustEqual(t, r.Method+" committed", r.Committed, false)
	}
}

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(motive.User{FirstName: "Ada"})
	tests := []struct {
		method, path string
		status       int
	}{
		{"GET", "/v1/users", 200},
		{"GET", "/v1/users/1", 200},
		{"GET", "/v1/users/2", 404},
		{"GET", "/v1/users/0", 404},
		{"GET", "/v1/users/-1", 404},
		{"GET", "/v1/users/ada", 404},
		{"GET", "/v1/users/99999999999999999999", 404},
		{"GET", "/v1/users/", 404},
		{"GET", "/v1//users", 404},
		{"GET", "/users", 404},
		{"GET", "/v1/users/1/logs", 404},
		{"GET", "/v1/users/%2e%2e/users", 404},
		{"GET", "/v1/vehicles", 404},
		{"GET", "/v1/user_roles", 200},
		{"GET", "/v1/users/user_roles", 200},
		{"DELETE", "/v1/users/1", 405},
		{"PATCH", "/v1/users/1", 405},
		{"POST", "/v1/users/1", 405},
		{"PUT", "/v1/users", 405},
		{"GET", "/v1/external_ids", 405},
		{"GET", "/v1/external_ids/1", 405},
	}
	for _, tt := range tests {
		r := c.do(tt.status, tt.method, tt.path, "")
		if tt.status == 405 && r.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow header", tt.method, tt.path)
		}
	}
	outside := *c
	outside.base = strings.TrimSuffix(srv.URL, "/api")
	outside.do(http.StatusNotFound, "GET", "/v1/users", "")
}

func TestBasePath(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "/", "/a", "a/b/"} {
		srv, c := start(t, motivetest.WithBasePath(base))
		if strings.HasSuffix(srv.URL, "/") {
			t.Errorf("URL %q ends in a slash", srv.URL)
		}
		c.do(http.StatusOK, "GET", "/v1/users", "")
		mustEqual(t, "path", srv.Requests()[0].Path, "/v1/users")
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for contentType, status := range map[string]int{
		"application/json":                  201,
		"application/json; charset=utf-8":   201,
		"text/plain":                        415,
		"application/x-www-form-urlencoded": 415,
		"application/jsonp":                 415,
	} {
		_, c := start(t)
		c.as("Content-Type", contentType).do(status, "POST", "/v1/users", driverBody)
	}
}

func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	c.do(http.StatusRequestEntityTooLarge, "POST", "/v1/users", `{"first_name":"`+strings.Repeat("a", 1<<20)+`"}`)
	mustEqual(t, "users", len(srv.Users()), 0)
}

func TestBodyCutOff(t *testing.T) {
	t.Parallel()
	srv := motivetest.NewServer(t)
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(srv.URL, "http://"), "/api"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /api/v1/users HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n%s",
		srv.APIKey(), driverBody)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	mustEqual(t, "status", res.StatusCode, http.StatusBadRequest)
	mustEqual(t, "users", len(srv.Users()), 0)
}

func TestErrorShapes(t *testing.T) {
	t.Parallel()
	const both = "first_name can't be blank; last_name can't be blank"
	tests := map[motivetest.ErrorShape]map[string]any{
		motivetest.ErrorMessage: {"error_message": both},
		motivetest.ErrorString:  {"error": both},
		motivetest.MessageOnly:  {"message": both},
		motivetest.ErrorsList:   {"errors": []any{"first_name can't be blank", "last_name can't be blank"}},
		motivetest.ErrorsMap:    {"errors": map[string]any{"first_name": []any{"can't be blank"}, "last_name": []any{"can't be blank"}}},
	}
	for shape, want := range tests {
		_, c := start(t, motivetest.WithErrorShape(shape))
		mustEqual(t, "body", c.do(422, "POST", "/v1/users", `{"role":"driver","username":"u"}`).json, want)
	}
	_, c := start(t, motivetest.WithErrorShape(motivetest.ErrorsMap))
	mustEqual(t, "no field", c.do(404, "GET", "/v1/users/1", "").json, map[string]any{"errors": map[string]any{"base": []any{"user not found"}}})
}

func TestRequests(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	c.as("X-Time-Zone", "Alaska", "X-Metric-Units", "true", "X-User-Id", "7").do(201, "POST", "/v1/users", driverBody)
	c.do(200, "GET", "/v1/users/1?a=1&a=2", "")
	c.do(404, "GET", "/v1/nothing", "")
	all := srv.Requests()
	mustEqual(t, "count", len(all), 3)
	first := all[0]
	mustEqual(t, "method and path", first.Method+" "+first.Path, "POST /v1/users")
	mustEqual(t, "body", first.Body, map[string]any{"first_name": "Ada", "last_name": "Reed", "role": "driver", "username": "ada.reed"})
	mustEqual(t, "zone", first.Header.Get("X-Time-Zone"), "Alaska")
	mustEqual(t, "units", first.Header.Get("X-Metric-Units"), "true")
	mustEqual(t, "acting user", first.Header.Get("X-User-Id"), "7")
	mustEqual(t, "status", []int{first.Status, all[1].Status, all[2].Status}, []int{201, 200, 404})
	mustEqual(t, "committed", []bool{first.Committed, all[1].Committed}, []bool{true, false})
	mustEqual(t, "templates", []string{first.Template, all[1].Template, all[2].Template}, []string{"/v1/users", "/v1/users/{id}", ""})
	mustEqual(t, "path", all[1].Path, "/v1/users/1")
	mustEqual(t, "query", all[1].Query["a"], []string{"1", "2"})
	mustEqual(t, "printed", fmt.Sprintf("%+v %#v", first, first), "POST /v1/users 201 POST /v1/users 201")

	first.Body["first_name"] = "changed"
	first.Header.Set("X-Time-Zone", "changed")
	mustEqual(t, "the log after a change of the copy", srv.Requests()[0].Body["first_name"], "Ada")
	mustEqual(t, "the log after a change of the copy", srv.Requests()[0].Header.Get("X-Time-Zone"), "Alaska")
	srv.ForgetRequests()
	mustEqual(t, "forgotten", len(srv.Requests()), 0)
}

func TestExternalIDRecords(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(motive.User{FirstName: "Ada"}, motive.User{FirstName: "Bob"})
	record := func(id, integration string, holder int, kind string) string {
		return fmt.Sprintf(`{"external_id":%q,"integration_name":%q,"external_id_holder_id":%d,"external_id_holder_type":%q}`, id, integration, holder, kind)
	}
	r := c.do(201, "POST", "/v1/external_ids", record("7", "tms", 1, "User"))
	mustEqual(t, "record", r.json, map[string]any{"id": 1.0, "external_id": "7", "integration_name": "tms",
		"external_id_holder_id": 1.0, "external_id_holder_type": "User"})
	c.do(422, "POST", "/v1/external_ids", record("7", "tms", 2, "User"))
	c.do(422, "POST", "/v1/external_ids", record("7", "tms", 1, "User"))
	c.do(201, "POST", "/v1/external_ids", record("7", "tms", 2, "Vehicle"))
	c.do(201, "POST", "/v1/external_ids", record("7", "other", 2, "User"))
	refused := map[string]string{
		record("", "tms", 1, "User"):  "external_id can't be blank",
		record(" ", "tms", 1, "User"): "external_id can't be blank",
		record("8", "", 1, "User"):    "integration_name can't be blank",
		record("8", "tms", 9, "User"): "is not a user",
		record("8", "tms", 0, "User"): "external_id_holder_id can't be blank",
		record("8", "tms", 1, "user"): "is not one of",
		`{"external_id":8}`:           "must be strings",
	}
	for body, message := range refused {
		if r := c.do(422, "POST", "/v1/external_ids", body); !strings.Contains(r.text, message) {
			t.Errorf("%s: %s does not contain %q", body, r.text, message)
		}
	}
	c.do(400, "POST", "/v1/external_ids", `[]`)

	mustEqual(t, "shown", c.do(200, "GET", "/v1/users/1", "").user(t)["external_ids"],
		[]any{map[string]any{"id": 1.0, "external_id": "7", "integration_name": "tms"}})
	c.do(422, "PUT", "/v1/external_ids/1", `{"integration_name":"other"}`)
	c.do(200, "PUT", "/v1/external_ids/1", `{"external_id":"8"}`)
	c.do(200, "PUT", "/v1/external_ids/1", `{"external_id":"8"}`)
	mustEqual(t, "found", c.do(200, "GET", "/v1/users/lookup_by_external_id?external_id=8&integration_name=tms", "").user(t)["id"], 1.0)
	c.do(404, "PUT", "/v1/external_ids/99", `{"external_id":"8"}`)

	mustEqual(t, "deleted", c.do(200, "DELETE", "/v1/external_ids/1", "").json, map[string]any{"success": true})
	c.do(404, "DELETE", "/v1/external_ids/1", "")
	c.do(404, "GET", "/v1/users/lookup_by_external_id?external_id=8&integration_name=tms", "")
	mustEqual(t, "shown after", c.do(200, "GET", "/v1/users/1", "").user(t)["external_ids"], []any{})
	c.do(201, "POST", "/v1/external_ids", record("8", "tms", 2, "User"))
}

func TestUserRoles(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	mustEqual(t, "none", c.do(200, "GET", "/v1/user_roles", "").json, map[string]any{"user_roles": []any{}})
	seeded := srv.SeedUserRoles(
		motive.UserRole{ID: 9, Name: "Dispatch", Permissions: []string{"users"}},
		motive.UserRole{Name: "Safety", Status: "inactive", Type: "default"},
	)
	mustEqual(t, "ids", []int64{seeded[0].ID, seeded[1].ID}, []int64{9, 10})
	tests := map[string]int{"": 2, "?name=disp": 1, "?status=active": 1, "?name=safety&status=active": 0}
	for query, want := range tests {
		list := c.do(200, "GET", "/v1/user_roles"+query, "").json["user_roles"].([]any)
		mustEqual(t, "roles for "+query, len(list), want)
	}
}

func TestClientHasURLAndToken(t *testing.T) {
	t.Parallel()
	srv := motivetest.NewServer(t)
	ctx := t.Context()
	req := &motive.CreateUserRequest{FirstName: motive.Set("Ada"), LastName: motive.Set("Reed"),
		Role: motive.Set(motive.RoleDriver), Username: motive.Set("ada")}
	user, err := srv.Client().Users.Create(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "stored", srv.Users()[0].Username, user.Username)
	req.Username = motive.Set("bob")
	_, err = srv.Client(motive.WithAPIKey(srv.TestModeKey())).Users.Create(ctx, req)
	if !errors.Is(err, motive.ErrTestMode) {
		t.Errorf("with the key of test mode: %v", err)
	}
}

func TestClientOfAProgramReportsBadOptions(t *testing.T) {
	t.Parallel()
	srv, err := motivetest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c := srv.Client(motive.WithAccessToken("a"), motive.WithAPIKey("b"))
	if _, err := c.Users.Get(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "WithAPIKey") {
		t.Errorf("error %v does not name the option", err)
	}
}

func TestHandlerNeedsNoSocket(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	fake.Seed(motive.User{FirstName: "Ada"})
	req := httptest.NewRequest("GET", "/api/v1/users/1", nil)
	req.Header.Set("X-Api-Key", fake.APIKey())
	w := httptest.NewRecorder()
	fake.Handler().ServeHTTP(w, req)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"first_name":"Ada"`) {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	fake.Inject(motivetest.ResetAfter())
	w = httptest.NewRecorder()
	fake.ServeHTTP(w, req)
	mustEqual(t, "a cut without a connection", w.Code, http.StatusNotImplemented)
}

func TestServersAreIsolated(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			for range 20 {
				c.as("Authorization", "", "X-Api-Key", srv.APIKey()).do(201, "POST", "/v1/users",
					`{"first_name":"A","last_name":"B","role":"driver","phone":"5550100"}`)
			}
			mustEqual(t, "users", len(srv.Users()), 20)
			mustEqual(t, "requests", len(srv.Requests()), 20)
		})
	}
}

// Not parallel: it looks at every goroutine of the process.
func TestCloseLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	srv, err := motivetest.Start()
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, srv)
	arrived := make(chan string, 4)
	stuck := map[string]motivetest.Fault{
		"/v1/users/{id}":   motivetest.HangBeforeHeaders(),
		"/v1/users":        motivetest.HangMidBody(),
		"/v1/user_roles":   motivetest.Latency(time.Hour, time.Hour, 1),
		"/v1/users/lookup": motivetest.Garbage(motivetest.HugeBody),
	}
	for template, fault := range stuck {
		srv.Inject(fault, motivetest.OnPath(template), motivetest.OnRequest(func(r motivetest.Request) bool {
			arrived <- r.Path
			return true
		}))
	}
	srv.Seed(motive.User{FirstName: "Ada", Username: "ada"})
	replies := make(chan reply)
	paths := []string{"/v1/users", "/v1/users/1", "/v1/user_roles"}
	for _, path := range paths {
		go func() { replies <- c.try("GET", path, "") }()
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	unread := openAndLeave(ctx, t, c, "/v1/users/lookup?username=ada")
	for range stuck {
		<-arrived
	}
	idle, err := net.Dial("tcp", strings.TrimPrefix(strings.TrimSuffix(srv.URL, "/api"), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	srv.Close()
	srv.Close()
	for range paths {
		if r := <-replies; r.err == nil {
			t.Errorf("a request that hung was answered: %d", r.status)
		}
	}
	_ = unread.Body.Close()
	_ = idle.Close()
	if _, err := net.Dial("tcp", idle.RemoteAddr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the port after Close: %v", err)
	}
	c.http.CloseIdleConnections()
}

// openAndLeave sends a request and leaves the body of its answer unread.
func openAndLeave(ctx context.Context, t *testing.T, c *client, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", c.srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = c.header.Clone()
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}
