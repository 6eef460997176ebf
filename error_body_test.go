package motive_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/motive-go/motive"
)

// What the body says reaches the error; package errorbody has the shapes.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body   string
		want   string
		fields []motive.FieldError
	}{
		"words and fields": {
			`{"message":"Validation failed","errors":[{"field":"email","code":"taken","message":"has already been taken"}]}`, "Validation failed, email has already been taken",
			[]motive.FieldError{{Field: "email", Code: "taken", Message: "has already been taken"}},
		},
		"no words": {"<html><body><h1>502 Bad Gateway</h1></body></html>", "unprocessable entity", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, answering(422, tt.body, "X-Request-Id", "abc"))
			_, err := newClient(t, srv.url).Users.Create(t.Context(), ada())
			var api *motive.APIError
			if !errors.As(err, &api) || !errors.Is(err, motive.ErrUnprocessable) || api.StatusCode != 422 {
				t.Fatalf("error %v, want an APIError of 422", err)
			}
			if api.Message != tt.want || !reflect.DeepEqual(api.Fields, tt.fields) {
				t.Errorf("message %q, fields %+v, want %q, %+v", api.Message, api.Fields, tt.want, tt.fields)
			}
			if string(api.Body) != tt.body {
				t.Error("the body is not as it was sent")
			}
			if text := "motive: POST /v1/users: 422 " + tt.want + " (request id abc, 1 attempt)"; err.Error() != text {
				t.Errorf("error %q, want %q", err, text)
			}
		})
	}
}

func TestErrorsStayReadableWhateverTheirSize(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ö\x1b\n ", 1<<18) // 1 MiB
	for name, body := range map[string]string{
		"plain": long, "JSON": `{"error_message":"` + strings.Repeat("no such user ", 100000) + `"}`,
		"a long message": `{"error_message":"` + strings.Repeat("ö ", 10000) + `"}`,
		"many fields":    `{"errors":{` + strings.Repeat(`"f":"x",`, 5000) + `"g":"y"}}`,
		"many errors":    `{"errors":["` + strings.Repeat(`bad","`, 5000) + `bad"]}`,
		"a long field":   `{"errors":{"` + strings.Repeat("f", 10000) + `":"is odd"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, answering(400, body, "X-Request-Id", strings.Repeat("r", 10000)))
			err := get(t.Context(), newClient(t, srv.url))
			var api *motive.APIError
			if !errors.As(err, &api) || !errors.Is(err, motive.ErrBadRequest) {
				t.Fatalf("error %.200v, want an APIError of 400", err)
			}
			if string(api.Body) != body[:min(len(body), 64<<10)] {
				t.Errorf("the error keeps %d bytes of the body's %d", len(api.Body), len(body))
			}
			text := err.Error()
			if len(text) > 1500 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("the message has %d bytes: %.200q", len(text), text)
			}
			if len(srv.got()) != 1 {
				t.Errorf("%d requests", len(srv.got()))
			}
		})
	}
}

func TestHeadersOfErrorsAreReadable(t *testing.T) {
	t.Parallel()
	c := offline(t, func(*http.Request) (*http.Response, error) {
		return reply(404, "", "X-Request-Id", "a\x1b[31m\u202eb\u0085c"), nil
	})
	var r motive.Response
	_, err := c.Users.Get(t.Context(), 7, motive.WithResponse(&r))
	if want := "motive: GET /v1/users/7: 404 not found (request id a [31m b c, 1 attempt)"; err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if r.RequestID != "a [31m b c" {
		t.Errorf("request id %q", r.RequestID)
	}
}
