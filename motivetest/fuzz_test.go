package motivetest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// ask sends a request to a fake without a socket.
func ask(fake *motivetest.Fake, method, path, contentType, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "/api", strings.NewReader(body))
	req.URL = &url.URL{Path: "/api" + path}
	req.Header.Set("X-Api-Key", fake.APIKey())
	req.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	fake.ServeHTTP(w, req)
	return w
}

// FuzzBody gives any body to the endpoints that take one. Each is judged: it is
// stored, and then read back as JSON, or it is refused with a message and
// changes nothing.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		"", "null", "[]", "{}", sampleBody, driverBody, `{"user":{}}`, `{"first_name":"\ud800","last_name":"` + "\xff" + `"}`,
		`{"first_name":"A","last_name":"B","role":"driver","phone":"1","external_ids_attributes":[{"id":1,"external_id":"7"},null]}`,
		`{"first_name":"A","last_name":"B","role":"fleet_user","phone":"1","custom_user_role":{"user_role_id":null},"group_visibility":"limited"}`,
		`{"external_id":"7","integration_name":"tms","external_id_holder_id":1,"external_id_holder_type":"User"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		calls := []struct{ method, path string }{
			{"POST", "/v1/users"}, {"PUT", "/v1/users/1"}, {"POST", "/v1/external_ids"}, {"PUT", "/v1/external_ids/1"},
		}
		for _, call := range calls {
			fake := motivetest.NewHandler()
			seeded := fake.Seed(motive.User{FirstName: "Ada", Username: "ada", Cycle: "70_8",
				ExternalIDs: []motive.ExternalID{{ExternalID: "1", IntegrationName: "x"}}})
			w := ask(fake, call.method, call.path, "application/json", body)
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s: the answer is no JSON: %q", call.path, w.Body)
			}
			committed := fake.Requests()[0].Committed
			switch w.Code {
			case http.StatusOK, http.StatusCreated:
				if !committed {
					t.Fatalf("%s: %d and nothing committed", call.path, w.Code)
				}
			case http.StatusBadRequest, http.StatusUnprocessableEntity:
				if committed || !strings.Contains(w.Body.String(), `"error_message":"`) {
					t.Fatalf("%s: %d, committed %v: %s", call.path, w.Code, committed, w.Body)
				}
				mustEqual(t, "users", fake.Users(), seeded)
			default:
				t.Fatalf("%s: status %d", call.path, w.Code)
			}
			if list := ask(fake, "GET", "/v1/users", "", ""); !json.Valid(list.Body.Bytes()) {
				t.Fatalf("%s: the list after it is no JSON: %q", call.path, list.Body)
			}
		}
	})
}

// FuzzForm gives any form to the token endpoint: without the right client no
// token is ever issued.
func FuzzForm(f *testing.F) {
	for _, body := range []string{"", "%", "grant_type=refresh_token&refresh_token=x", "grant_type=authorization_code&code=", "client_id=&client_secret="} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		fake := motivetest.NewHandler()
		w := ask(fake, "POST", "/oauth/token", "application/x-www-form-urlencoded", body)
		if w.Code != http.StatusBadRequest && w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `"error":"`) {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	})
}

// FuzzPath asks for any path: it is one of the API or a 404, never a failure.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"", "/", "/v1/users", "/v1/users/1", "/v1/users/..", "/v1/users/%2f", "/v1/users/\x00", "//", "/oauth/authorize"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		fake := motivetest.NewHandler()
		switch w := ask(fake, "GET", path, "", ""); w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed:
		default:
			t.Fatalf("%q: status %d", path, w.Code)
		}
	})
}
