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

// Whatever the body of an error is, its status and a readable message survive.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	taken := []motive.FieldError{{Field: "email", Message: "has already been taken"}}
	for name, tt := range map[string]struct {
		body   string
		want   string // "": the text of the status
		fields []motive.FieldError
	}{
		"seen live":               {`{"error_message":"email has already been taken"}`, "email has already been taken", nil},
		"error":                   {`{"error":"no such user"}`, "no such user", nil},
		"message":                 {`{"message":"no such user"}`, "no such user", nil},
		"RFC 6749":                {`{"error":"invalid_token","error_description":"expired"}`, "invalid_token", nil},
		"a description":           {`{"error_description":"expired"}`, "expired", nil},
		"an object in error":      {`{"error":{"code":17,"message":"no such user"}}`, "no such user", nil},
		"errors as a text":        {`{"errors":"no such user"}`, "no such user", nil},
		"errors as a list":        {`{"errors":["email has already been taken","phone is too short"]}`, "email has already been taken, phone is too short", nil},
		"errors as a map":         {`{"errors":{"phone":"is too short","email":["has already been taken","is silly"]}}`, "email has already been taken, email is silly, phone is too short", []motive.FieldError{{Field: "email", Message: "has already been taken"}, {Field: "email", Message: "is silly"}, {Field: "phone", Message: "is too short"}}},
		"errors as objects":       {`{"errors":[{"field":"email","code":"taken","message":"has already been taken"}]}`, "email has already been taken", []motive.FieldError{{Field: "email", Code: "taken", Message: "has already been taken"}}},
		"other names":             {`{"errors":[{"attribute":"email","detail":"has already been taken"}]}`, "email has already been taken", taken},
		"a code that is a number": {`{"errors":[{"field":"email","code":1042,"message":"has already been taken"}]}`, "email has already been taken", taken},
		"only a code":             {`{"errors":[{"field":"email","code":"taken"}]}`, "email taken", []motive.FieldError{{Field: "email", Code: "taken", Message: "taken"}}},
		"a message and a map":     {`{"message":"Validation failed","errors":{"email":["has already been taken"]}}`, "Validation failed", taken},
		"a map under error":       {`{"error":{"email":["has already been taken"]}}`, "email has already been taken", taken},
		"a list of texts":         {`["no such user"]`, "no such user", nil},
		"a list of objects":       {`[{"message":"no such user"}]`, "no such user", []motive.FieldError{{Message: "no such user"}}},
		"a JSON text":             {`"no such user"`, "no such user", nil},
		"plain text":              {"no such user\n", "no such user", nil},
		"HTML":                    {"<html><body><h1>502 Bad Gateway</h1></body></html>", "", nil},
		"HTML after space":        {"\n  <!DOCTYPE html>", "", nil},
		"XML":                     {"<?xml version=\"1.0\"?><Error/>", "", nil},
		"nothing":                 {"", "", nil},
		"blank":                   {" \r\n\t ", "", nil},
		"null":                    {"null", "", nil},
		"an empty object":         {"{}", "", nil},
		"an empty list":           {"[]", "", nil},
		"empty words":             {`{"error_message":"","errors":[]}`, "", nil},
		"null words":              {`{"error_message":null,"error":null,"errors":null}`, "", nil},
		"numbers for words":       {`{"error":42,"message":true,"errors":7}`, "", nil},
		"JSON cut off behind it":  {`{"error_message":"no such user","errors":{"em`, "no such user", nil},
		"words in a list":         {`{"error_message":["no such user","a"]}`, "no such user, a", nil},
		"maps in a list":          {`{"errors":[{"email":["taken"]}]}`, "email taken", []motive.FieldError{{Field: "email", Message: "taken"}}},
		"objects in a map":        {`{"errors":{"base":[{"message":"zz"}]}}`, "base zz", []motive.FieldError{{Field: "base", Message: "zz"}}},
		"JSON cut off":            {`{"error_message":"email has alre`, "", nil},
		"a list cut off":          {`["no such us`, "", nil},
		"mixed items":             {`{"errors":[null,7,{"x":1},["a","b"],"no such user"]}`, "a, b, no such user", nil},
		"line breaks":             {`{"error_message":"no\r\nlevel=ERROR msg=\"forged\"\u2028x\u0085y"}`, `no level=ERROR msg="forged" x y`, nil},
		"plain line breaks":       {"no\nlevel=ERROR forged", "no level=ERROR forged", nil},
		"terminal escapes":        {`{"error_message":"\u001b[31mred\u001b[0m\u0007"}`, "[31mred [0m", nil},
		"bidirectional tricks":    {`{"error_message":"user \u202eresu\u202c\u200f \u2066x\u2069"}`, "user resu x", nil},
		"invisible characters":    {`{"error_message":"a\u200bb\ufeffc\u0000d"}`, "a b c d", nil},
		"broken UTF-8":            {"{\"error_message\":\"caf\xe9\"}", "caf\ufffd", nil},
		"broken plain UTF-8":      {"caf\xe9", "caf\ufffd", nil},
		"half a surrogate pair":   {`{"error_message":"x\ud83dy"}`, "x\ufffdy", nil},
		"another script":          {`{"error_message":"Пользователь не найден 🚚"}`, "Пользователь не найден 🚚", nil},
		"deep nesting":            {strings.Repeat("[", 20000) + strings.Repeat("]", 20000), "", nil},
		"deep nesting of objects": {strings.Repeat(`{"errors":`, 9000) + "1" + strings.Repeat("}", 9000), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, answering(422, tt.body, "X-Request-Id", "abc"))
			_, err := newClient(t, srv.url).Users.Create(t.Context(), ada())
			var api *motive.APIError
			if !errors.As(err, &api) || !errors.Is(err, motive.ErrUnprocessable) || api.StatusCode != 422 {
				t.Fatalf("error %v, want an APIError of 422", err)
			}
			want := tt.want
			if want == "" {
				want = "unprocessable entity"
			}
			if api.Message != want {
				t.Errorf("message %q, want %q", api.Message, want)
			}
			if !reflect.DeepEqual(api.Fields, tt.fields) {
				t.Errorf("fields %+v, want %+v", api.Fields, tt.fields)
			}
			if string(api.Body) != tt.body[:min(len(tt.body), 64<<10)] {
				t.Error("the body is not as it was sent")
			}
			if text := "motive: POST /v1/users: 422 " + want + " (request id abc, 1 attempt)"; err.Error() != text {
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
