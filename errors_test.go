package motive_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/test/wire"
)

var sentinels = map[string]error{
	"ErrBadRequest": motive.ErrBadRequest, "ErrUnauthorized": motive.ErrUnauthorized, "ErrForbidden": motive.ErrForbidden,
	"ErrNotFound": motive.ErrNotFound, "ErrConflict": motive.ErrConflict, "ErrUnprocessable": motive.ErrUnprocessable,
	"ErrRateLimited": motive.ErrRateLimited, "ErrServer": motive.ErrServer, "ErrOutcomeUnknown": motive.ErrOutcomeUnknown,
	"ErrIncompleteList": motive.ErrIncompleteList, "ErrTestMode": motive.ErrTestMode, "ErrUnexpectedResponse": motive.ErrUnexpectedResponse,
}

// isOnly checks that err is each of the named sentinels and no other.
func isOnly(t *testing.T, err error, names ...string) {
	t.Helper()
	for name, sentinel := range sentinels {
		want := strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ")
		if errors.Is(err, sentinel) != want {
			t.Errorf("errors.Is(%v, %s) is %v", err, name, !want)
		}
	}
}

func TestStatusesAreSentinels(t *testing.T) {
	t.Parallel()
	for status, name := range map[int]string{
		400: "ErrBadRequest", 401: "ErrUnauthorized", 403: "ErrForbidden", 404: "ErrNotFound", 409: "ErrConflict",
		422: "ErrUnprocessable", 429: "ErrRateLimited", 500: "ErrServer", 501: "ErrServer", 503: "ErrServer", 599: "ErrServer",
		402: "", 410: "", 418: "", 302: "", 304: "",
	} {
		srv := wire.NewServer(t, wire.Always(status, ""))
		c := newClient(t, srv.URL, motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1}))
		err := get(t.Context(), c)
		isOnly(t, err, name)
		isOnly(t, fmt.Errorf("sync: %w", err), name)
		var api *motive.APIError
		if !errors.As(fmt.Errorf("sync: %w", err), &api) || api.StatusCode != status {
			t.Errorf("error %v, want an APIError of %d", err, status)
		}
		if _, err := c.Users.Create(t.Context(), ada()); status == 302 || status == 304 || status == 500 || status == 503 || status == 599 {
			isOnly(t, err, name, "ErrOutcomeUnknown")
		} else {
			isOnly(t, err, name)
		}
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	const unknown = "the outcome is unknown after 1 attempt, make sure that it was not carried out before sending it again: "
	for _, tt := range []struct {
		handler http.HandlerFunc
		want    string
	}{
		{wire.Always(422, `{"error_message":"email has already been taken"}`, "X-Request-Id", "abc"),
			"422 email has already been taken (request id abc, 1 attempt)"},
		{wire.Always(404, ""), "404 not found (1 attempt)"},
		{wire.Always(429, `{"error":"slow down"}`, "Retry-After", "5400"), "429 slow down, retry after 1h30m0s (1 attempt)"},
		{wire.Always(502, "<html>"), unknown + "502 bad gateway (1 attempt)"},
		{wire.Always(307, "", "Location", "https://evil.example/?a=b"),
			"307 redirect to evil.example, which is not followed: the credential stays with the base URL's host (1 attempt)"},
		{wire.Always(302, "", "Location", "https://sign.in/"),
			unknown + "302 redirect to sign.in, which is not followed: the credential stays with the base URL's host (1 attempt)"},
		{wire.Always(300, ""), unknown + "300 redirect, which is not followed (1 attempt)"},
		{wire.Always(399, ""), unknown + "399 redirect, which is not followed (1 attempt)"},
		{wire.Always(599, ""), unknown + "599 server error (1 attempt)"},
		{wire.Always(200, `{"message":"come back"}`),
			unknown + "200 the response holds no user with an id; it says: come back (1 attempt)"},
		{wire.Always(200, `{"user":{}}`), unknown + "200 the response holds no user with an id (1 attempt)"},
		{wire.Always(304, ""), unknown + "304 not modified (1 attempt)"},
		{wire.Always(420, ""), "420 (1 attempt)"},
	} {
		want := "motive: POST /v1/users: " + tt.want
		srv := wire.NewServer(t, tt.handler)
		if _, err := newClient(t, srv.URL).Users.Create(t.Context(), ada()); err == nil || err.Error() != want {
			t.Errorf("error\n%q, want\n%q", err, want)
		}
	}
}

// A call that is left between two attempts says once why there was to be another.
func TestACallThatIsLeftSaysHowItsLastAttemptFailed(t *testing.T) {
	t.Parallel()
	for _, failure := range []string{"503", "reset"} {
		synctest.Test(t, func(t *testing.T) {
			c := offline(t, func(*http.Request) (*http.Response, error) {
				if failure == "503" {
					return wire.Reply(503, ""), nil
				}
				return nil, errors.New(failure)
			}, motive.WithRetry(motive.RetryPolicy{MinWait: time.Hour, MaxWait: time.Hour}))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Nanosecond, cancel)
			_, err := c.Users.Update(ctx, 7, &motive.UpdateUserRequest{Phone: motive.Set("555")})
			const want = "motive: PUT /v1/users/7: the outcome is unknown after 1 attempt, it can be sent again: " +
				"context canceled; the last attempt failed with %s (1 attempt)"
			if err == nil || err.Error() != fmt.Sprintf(want, failure) {
				t.Errorf("error %v, want that of a last attempt that failed with %s", err, failure)
			}
		})
	}
}

func TestErrorsReachTheCauseThroughEveryLayer(t *testing.T) {
	t.Parallel()
	t.Run("an answer", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewServer(t, wire.Always(503, `{"error_message":"maintenance"}`, "Retry-After", "600", "X-Request-Id", "abc"))
		_, err := newClient(t, srv.URL).Users.Create(t.Context(), ada())
		var unknown *motive.OutcomeUnknownError
		var api *motive.APIError
		if !errors.As(err, &unknown) || !errors.As(err, &api) {
			t.Fatalf("error %v", err)
		}
		if unknown.Method != "POST" || unknown.Path != "/v1/users" || unknown.Attempts != 1 || errors.Unwrap(unknown) != error(api) {
			t.Errorf("%+v", unknown)
		}
		if api.StatusCode != 503 || api.Message != "maintenance" || api.RequestID != "abc" || api.RetryAfter != 10*time.Minute ||
			api.Attempts != 1 || api.Method != "POST" || api.Path != "/v1/users" || string(api.Body) != `{"error_message":"maintenance"}` {
			t.Errorf("%+v with %q", api, api.Body)
		}
	})
	t.Run("a connection", func(t *testing.T) {
		t.Parallel()
		srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
			wire.Say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
			return false
		})
		_, err := newClient(t, srv.URL).Users.Deactivate(t.Context(), 7)
		if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, motive.ErrOutcomeUnknown) {
			t.Errorf("error %v, want one that wraps io.ErrUnexpectedEOF", err)
		}
	})
	t.Run("a dialler", func(t *testing.T) {
		t.Parallel()
		var op *net.OpError
		if err := get(t.Context(), newClient(t, wire.Refusing(t))); !errors.As(err, &op) || op.Op != "dial" {
			t.Errorf("error %v, want one that wraps a *net.OpError", err)
		}
	})
	t.Run("a round tripper, cleaned", func(t *testing.T) {
		t.Parallel()
		err := get(t.Context(), offline(t, func(req *http.Request) (*http.Response, error) {
			return nil, &quotingError{req.Header.Get("Authorization")}
		}))
		var quoting *quotingError
		if !errors.As(err, &quoting) || strings.Contains(err.Error(), testToken) || !strings.Contains(err.Error(), "[redacted]") {
			t.Errorf("error %v", err)
		}
	})
}

// quotingError says more than it should.
type quotingError struct{ text string }

func (e *quotingError) Error() string { return "cannot send " + e.text }

func TestErrorsThatAreMadeByHandDoNotPanic(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		&motive.APIError{}, &motive.ValidationError{}, motive.FieldError{}, &motive.OutcomeUnknownError{Err: io.EOF},
		&motive.OutcomeUnknownError{},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if text := fmt.Sprintf(verb, err); strings.Contains(text, "PANIC") {
				t.Errorf("%s of a %T: %s", verb, err, text)
			}
		}
	}
}

func TestValidationErrorNamesEveryProblem(t *testing.T) {
	t.Parallel()
	one := motive.FieldError{Field: "first_name", Code: motive.CodeRequired, Message: "is required"}
	for want, problems := range map[string][]motive.FieldError{
		"motive: first_name: is required":                                  {one},
		"motive: 2 problems: first_name: is required; the update is empty": {one, {Code: motive.CodeInvalid, Message: "the update is empty"}},
	} {
		err := &motive.ValidationError{Problems: problems}
		if err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
		if !err.Has("first_name", motive.CodeRequired) || err.Has("first_name", motive.CodeInvalid) || err.Has("", motive.CodeRequired) {
			t.Error("Has does not tell its problems from others")
		}
	}
}

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
			srv := wire.NewServer(t, wire.Always(422, tt.body, "X-Request-Id", "abc"))
			_, err := newClient(t, srv.URL).Users.Create(t.Context(), ada())
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
			srv := wire.NewServer(t, wire.Always(400, body, "X-Request-Id", strings.Repeat("r", 10000)))
			err := get(t.Context(), newClient(t, srv.URL))
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
			if len(srv.Got()) != 1 {
				t.Errorf("%d requests", len(srv.Got()))
			}
		})
	}
}

func TestHeadersOfErrorsAreReadable(t *testing.T) {
	t.Parallel()
	c := offline(t, func(*http.Request) (*http.Response, error) {
		return wire.Reply(404, "", "X-Request-Id", "a\x1b[31m\u202eb\u0085c"), nil
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
