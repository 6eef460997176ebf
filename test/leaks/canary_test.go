package leaks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/test/wire"
)

// The secrets of requests. Each has characters that are written differently in
// JSON, in a URL and in HTML.
const (
	canaryPassword = `canary-p"<w&\d+ é`
	canaryLicense  = `CANARY/D123 4567`
)

func secretRequest() *motive.CreateUserRequest {
	req := ada()
	req.Password = motive.Set(canaryPassword)
	req.DriversLicenseNumber = motive.Set(canaryLicense)
	return req
}

// hides fails the test where text shows a secret in any spelling.
func hides(t *testing.T, what, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		quoted, _ := json.Marshal(secret)
		inJSON := string(quoted[1 : len(quoted)-1])
		for _, form := range []string{
			secret, inJSON, url.QueryEscape(secret), url.PathEscape(secret), fmt.Sprintf("%q", secret),
			strings.NewReplacer(`\u003c`, "<", `\u0026`, "&").Replace(inJSON),
		} {
			if strings.Contains(text, form) {
				before, _, _ := strings.Cut(text, form)
				t.Errorf("%s shows %q after %q", what, form, before[max(0, len(before)-100):])
			}
		}
	}
}

// every prints v under every verb, and logs it in both of slog's formats.
func every(v any) string {
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if verb == "%x" {
			continue // the bytes of a secret in hexadecimal are looked for by nobody
		}
		fmt.Fprintf(&b, verb+"\n", v)
	}
	all := &slog.HandlerOptions{Level: slog.LevelDebug}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, all), slog.NewJSONHandler(&b, all)} {
		slog.New(h).Info("shown", "value", v)
	}
	return b.String()
}

// everyError prints err and all that it wraps.
func everyError(err error) string {
	if err == nil {
		return ""
	}
	text := every(err)
	switch wrapped := err.(type) {
	case interface{ Unwrap() error }:
		text += everyError(wrapped.Unwrap())
	case interface{ Unwrap() []error }:
		for _, e := range wrapped.Unwrap() {
			text += everyError(e)
		}
	}
	var api *motive.APIError
	if errors.As(err, &api) {
		text += fmt.Sprint(string(api.Body), api.Fields, api.Message, api.RequestID)
	}
	return text
}

func TestRequestsAndOptionsHideSecrets(t *testing.T) {
	t.Parallel()
	create := secretRequest()
	update := motive.UpdateUserRequest(*create)
	attributes := motive.UserAttributes(*create)
	user := motive.User{ID: 7, DriversLicenseNumber: canaryLicense}
	for _, v := range []any{
		create, *create, &update, update, &attributes, attributes, &user, user, []*motive.CreateUserRequest{create}[0],
	} {
		shown := every(v)
		hides(t, fmt.Sprintf("a %T", v), shown, canaryPassword, canaryLicense)
		if !strings.Contains(shown, "[redacted]") {
			t.Errorf("a %T does not say that it hides something: %s", v, shown)
		}
	}
	for _, cred := range credentials {
		c := clientWith(t, "https://motive.example", cred.option, motive.WithTransport(failingTimes(0, 0)))
		for _, v := range []any{c, *c, c.Users, c.ExternalIDs, *c.UserRoles, cred.option, []motive.Option{cred.option}} {
			hides(t, fmt.Sprintf("a %T of a client with %s", v, cred.name), fmt.Sprintf("%v %+v %#v", v, v, v), cred.secret, "canary-client-secret")
		}
	}
}

// echoes are servers and round trippers that give back what they were sent, in
// every place that an error, a log line or a Response is made of.
var echoes = map[string]wire.RoundTrip{
	"in an error":      func(req *http.Request) (*http.Response, error) { return wire.Reply(422, said("%s", all(req))), nil },
	"in a 5xx":         func(req *http.Request) (*http.Response, error) { return wire.Reply(503, said("%s", all(req))), nil },
	"in a 401":         func(req *http.Request) (*http.Response, error) { return wire.Reply(401, said("%s", all(req))), nil },
	"in plain text":    func(req *http.Request) (*http.Response, error) { return wire.Reply(400, all(req)), nil },
	"in HTML":          func(req *http.Request) (*http.Response, error) { return wire.Reply(502, "<pre>"+all(req)), nil },
	"in a success":     func(req *http.Request) (*http.Response, error) { return wire.Reply(200, all(req)), nil },
	"in words of JSON": func(req *http.Request) (*http.Response, error) { return wire.Reply(400, spelt(all(req))), nil },
	"in fields":        func(req *http.Request) (*http.Response, error) { return wire.Reply(422, fielded(req)), nil },
	"in words of fields": func(req *http.Request) (*http.Response, error) {
		return wire.Reply(422, `{"errors":{"phone":"`+escaped(all(req))+`","`+escaped(token(req))+`":"x"}}`), nil
	},
	"over and over": func(req *http.Request) (*http.Response, error) {
		return wire.Reply(400, strings.Repeat(all(req), 3000)), nil
	},
	"in a long message": func(req *http.Request) (*http.Response, error) {
		return wire.Reply(400, said("%1000s%s", "", all(req))), nil
	},
	"in headers":      func(req *http.Request) (*http.Response, error) { return wire.Reply(404, "", headers(req)...), nil },
	"in good headers": func(req *http.Request) (*http.Response, error) { return wire.Reply(201, oneUser, headers(req)...), nil },
	"in a redirect":   func(req *http.Request) (*http.Response, error) { return wire.Reply(302, "", headers(req)...), nil },
	"in a spoilt one": func(req *http.Request) (*http.Response, error) {
		return wire.Reply(302, "", "Location", "http://[/%zz"+all(req)), nil
	},
	"as a host": func(req *http.Request) (*http.Response, error) {
		return wire.Reply(302, "", "Location", "https://"+token(req)+".example"), nil
	},
	"in a plain failure":    func(req *http.Request) (*http.Response, error) { return nil, errors.New("cannot send " + all(req)) },
	"in a failure of value": func(req *http.Request) (*http.Response, error) { return nil, loudError{all(req)} },
	"in a quoted failure":   func(req *http.Request) (*http.Response, error) { return nil, fmt.Errorf("cannot send %q", all(req)) },
	"in a URL": func(req *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: req.Method, URL: req.URL.String(), Err: errors.New(all(req))}
	},
	"in a dial": func(req *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New(all(req))}
	},
	"while reading": func(req *http.Request) (*http.Response, error) {
		resp := wire.Reply(200, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"user":`), failingReader{errors.New("lost " + all(req))}))
		return resp, nil
	},
}

// loudError is an error that %#v takes apart.
type loudError struct{ text string }

func (e loudError) Error() string { return e.text }

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func token(req *http.Request) string {
	return strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ") + req.Header.Get("X-Api-Key")
}

// all is what the request holds, in several spellings.
func all(req *http.Request) string {
	if req.Method == http.MethodGet {
		return token(req) + " " + req.URL.RawQuery
	}
	r, _ := req.GetBody()
	body, _ := io.ReadAll(r)
	secrets := token(req) + " " + canaryPassword + " " + canaryLicense
	return secrets + " " + string(body) + " " + url.QueryEscape(secrets) + " " + url.PathEscape(secrets)
}

func said(format string, args ...any) string {
	out, _ := json.Marshal(map[string]string{"error_message": fmt.Sprintf(format, args...)})
	return string(out)
}

func spelt(s string) string { return `{"error_message":"` + escaped(s) + `"}` }

// escaped is s with every character escaped as JSON allows.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

func fielded(req *http.Request) string {
	out, _ := json.Marshal(map[string]any{"errors": []map[string]string{{"field": token(req), "code": canaryLicense, "message": canaryPassword}}})
	return string(out)
}

func headers(req *http.Request) []string {
	return []string{"X-Request-Id", "id " + token(req) + canaryLicense, "Location", "https://evil.example/?t=" + token(req), "X-Echo", all(req), "Set-Cookie", token(req)}
}

func TestEchoedSecretsAreHidden(t *testing.T) {
	t.Parallel()
	for name, echo := range echoes {
		for _, cred := range credentials {
			t.Run(name+"/"+cred.name, func(t *testing.T) {
				t.Parallel()
				b := &book{}
				text := slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
				opts := append([]motive.Option{cred.option, motive.WithTransport(echo)}, b.options()...)
				c := clientWith(t, "https://motive.example/fleet", append(opts, motive.WithLogger(text))...)
				for call, f := range map[string]func(...motive.CallOption) error{
					"create": func(o ...motive.CallOption) error {
						_, err := c.Users.Create(t.Context(), secretRequest(), o...)
						return err
					},
					"update": func(o ...motive.CallOption) error {
						req := motive.UpdateUserRequest(*secretRequest())
						_, err := c.Users.Update(t.Context(), 7, &req, o...)
						return err
					},
				} {
					var r motive.Response
					err := f(motive.WithResponse(&r))
					if err == nil && name != "in good headers" {
						t.Errorf("%s: no error", call)
					}
					shown := everyError(err) + every(r) + every(&r)
					hides(t, call, shown, cred.secret, canaryPassword, canaryLicense)
				}
				var r motive.Response
				_, err := c.Users.Lookup(t.Context(), motive.UserLookup{Email: "ada@example.com"}, motive.WithResponse(&r))
				hides(t, "lookup", everyError(err)+every(r), cred.secret)
				b.mu.Lock()
				defer b.mu.Unlock()
				hides(t, "the log", b.log.String(), cred.secret, canaryPassword, canaryLicense, "email=ada%40example.com")
				for _, e := range b.events {
					hides(t, "an event", every(e)+everyError(e.Err), cred.secret, canaryPassword, canaryLicense)
				}
			})
		}
	}
}

// What net/http cannot parse it quotes.
func TestSecretsInMalformedAnswersAreHidden(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(token string) string{
		"in the status line": func(token string) string { return token + " what?\r\n\r\n" },
		"in the protocol":    func(token string) string { return "HTTP/" + token + " 200 OK\r\n\r\n" },
		"in the status":      func(token string) string { return "HTTP/1.1 " + token + " OK\r\n\r\n" },
		"in a header":        func(token string) string { return "HTTP/1.1 200 OK\r\n" + token + "\r\n\r\n" },
		"in the length":      func(token string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + token + "\r\n\r\n" },
		"in the encoding":    func(token string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token + "\r\n\r\n" },
		"in a chunk": func(token string) string {
			return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + token + "\r\n"
		},
		"in an early response": func(token string) string {
			return "HTTP/1.1 103 Early\r\nLink: <" + token + ">\r\n\r\nHTTP/1.1 404 " + token + "\r\nContent-Length: 0\r\n\r\n"
		},
	} {
		for _, cred := range credentials[:2] {
			t.Run(name+"/"+cred.name, func(t *testing.T) {
				t.Parallel()
				srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, req *http.Request) bool {
					wire.Say(conn, answer(token(req)))
					return false
				})
				b := &book{}
				var r motive.Response
				c := clientWith(t, srv.URL, append(b.options(), cred.option)...)
				_, err := c.Users.Create(t.Context(), ada(), motive.WithResponse(&r))
				if err == nil {
					t.Fatal("no error")
				}
				hides(t, "the error", everyError(err)+every(r), cred.secret)
				hides(t, "the log", b.log.String(), cred.secret)
				for _, e := range b.events {
					hides(t, "an event", every(e)+everyError(e.Err), cred.secret)
				}
			})
		}
	}
}

// The token that was refused is a secret as well as its successor.
func TestRefusedTokensAreHidden(t *testing.T) {
	t.Parallel()
	src := &rotation{current: 1}
	var old string
	c := clientWith(t, "https://motive.example", motive.WithTokenSource(src), motive.WithTransport(wire.RoundTrip(func(req *http.Request) (*http.Response, error) {
		if token(req) == "token-1" {
			old = token(req)
			src.revoke("Bearer token-1")
			return wire.Reply(401, ""), nil
		}
		return wire.Reply(422, said("%s was followed by %s", old, token(req))), nil
	})))
	err := get(context.Background(), c)
	hides(t, "the error", everyError(err), "token-1", "token-2")
	if !errors.Is(err, motive.ErrUnprocessable) {
		t.Errorf("error %v", err)
	}
}

// Validation looks at secrets and quotes none.
func TestValidationHidesSecrets(t *testing.T) {
	t.Parallel()
	c := offline(t, failingTimes(0, 0))
	for _, spoilt := range []string{"\n", "\x00", "\xff"} {
		req := secretRequest()
		req.Password = motive.Set("canary-spoilt" + spoilt)
		req.DriversLicenseNumber = motive.Set("canary-spoilt" + spoilt)
		_, err := c.Users.Create(t.Context(), req)
		var invalid *motive.ValidationError
		if !errors.As(err, &invalid) || !invalid.Has("password", motive.CodeInvalid) || !invalid.Has("drivers_license_number", motive.CodeInvalid) {
			t.Errorf("error %v, want both to be refused", err)
		}
		hides(t, "the error", everyError(err), "canary-spoilt")
	}
}

// What a server says is shown all the same.
func TestOnlySecretsAreHidden(t *testing.T) {
	t.Parallel()
	req := ada()
	req.Password = motive.Set("abc") // too short to blot out
	c := offline(t, func(*http.Request) (*http.Response, error) {
		return wire.Reply(422, `{"error_message":"abc is too short"}`), nil
	})
	_, err := c.Users.Create(t.Context(), req)
	if want := "motive: POST /v1/users: 422 abc is too short (1 attempt)"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	if html.EscapeString(canaryPassword) == canaryPassword {
		t.Error("the canary has nothing to escape")
	}
}

func TestSecretsEchoedInAnotherCaseAreHidden(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(422, `{"error_message":"license D1234567XY is taken"}`))
	req := &motive.CreateUserRequest{DriversLicenseNumber: motive.Set("d1234567xy")}
	_, err := newClient(t, srv.URL).Users.Create(t.Context(), req, motive.SkipValidation())
	if err == nil || strings.Contains(strings.ToLower(err.Error()), "d1234567xy") {
		t.Errorf("error %v shows the license number", err)
	}
}

// An error keeps the first 64 KiB of a body. A secret that stands across its end is
// hidden as well, though only its beginning is there.
func TestSecretsAcrossTheEndOfABodyAreHidden(t *testing.T) {
	t.Parallel()
	const kept = 64 << 10
	for _, shown := range []int{6, len(testToken) / 2, len(testToken) - 1} {
		srv := wire.NewServer(t, wire.Always(422, strings.Repeat("x", kept-shown)+testToken))
		_, err := newClient(t, srv.URL).Users.Get(t.Context(), 7)
		var refusal *motive.APIError
		if !errors.As(err, &refusal) || len(refusal.Body) < kept-shown || strings.Contains(string(refusal.Body), testToken[:shown]) {
			t.Errorf("with %d characters of the secret before the end the body ends in %.40q", shown, refusal.Body[max(0, len(refusal.Body)-20):])
		}
	}
}
