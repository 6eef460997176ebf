package oauth

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive/internal/redact"
	"golang.org/x/oauth2"
)

// The secrets of this file have characters that each encoding spells in its own
// way.
const (
	oddSecret  = `canary/sec ret+"ö&=<k>`
	oddRefresh = `canary-refresh/+=%20 "ü\é`
)

// spellings are the forms in which a server may repeat a secret.
func spellings(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	inJSON := string(quoted[1 : len(quoted)-1])
	form := url.QueryEscape(secret)
	return map[string]string{
		"raw":               secret,
		"upper case":        strings.ToUpper(secret),
		"JSON":              inJSON,
		"form":              form,
		"form, lower case":  strings.ToLower(form),
		"percent":           url.PathEscape(secret),
		"percent, no plus":  strings.ReplaceAll(form, "+", "%20"),
		"Basic":             base64.StdEncoding.EncodeToString([]byte("app:" + secret)),
		"Basic, form first": base64.StdEncoding.EncodeToString([]byte("app:" + form)),
	}
}

// readable undoes the encodings, to see whether text gives a secret away.
func readable(text string) string {
	var all strings.Builder
	all.WriteString(text)
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" []:,\"", r) }) {
		if plain, err := base64.StdEncoding.DecodeString(word); err == nil {
			all.WriteString(" " + string(plain))
		}
		if plain, err := hex.DecodeString(word); err == nil {
			all.WriteString(" " + string(plain))
		}
	}
	return strings.ToLower(all.String())
}

func wantNothingReadable(t *testing.T, v any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		text := readable(fmt.Sprintf(verb, v))
		for _, piece := range []string{"canary", "63616e617279", "sec%20ret", "sec+ret"} {
			if strings.Contains(text, piece) {
				t.Errorf("%s prints a secret", verb)
			}
		}
	}
}

func TestNoErrorShowsASecretInAnySpelling(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{"client secret": oddSecret, "refresh token": oddRefresh} {
		for spelling, text := range spellings(secret) {
			if secret == oddRefresh && strings.HasPrefix(spelling, "Basic") {
				continue // no header is made of it
			}
			quoted, _ := json.Marshal("you sent <" + text + ">, why?")
			bodies := map[string]func(*http.Request) (*http.Response, error){
				"description": func(*http.Request) (*http.Response, error) {
					return responseOf(400, "application/json", `{"error":"invalid_request","error_description":`+string(quoted)+`}`), nil
				},
				"code": func(*http.Request) (*http.Response, error) {
					return responseOf(401, "application/json", `{"error":`+string(quoted)+`}`), nil
				},
				"message": func(*http.Request) (*http.Response, error) {
					return responseOf(422, "application/json", `{"error_message":`+string(quoted)+`}`), nil
				},
				"invalid_grant": func(*http.Request) (*http.Response, error) {
					return responseOf(400, "application/json", `{"error":"invalid_grant","error_description":`+string(quoted)+`}`), nil
				},
				"transport": func(*http.Request) (*http.Response, error) {
					return nil, errors.New("sending " + text + ": broken")
				},
				"body that breaks off": func(*http.Request) (*http.Response, error) {
					resp := responseOf(200, "application/json", "")
					resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"acc`), errReader{errors.New("after " + text)}))
					return resp, nil
				},
			}
			for place, respond := range bodies {
				t.Run(name+" "+spelling+" "+place, func(t *testing.T) {
					t.Parallel()
					err := refreshError(t, respond)
					wantNothingReadable(t, err)
					for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
						wantNothingReadable(t, inner)
					}
					if !strings.Contains(err.Error(), "[redacted]") {
						t.Error("nothing was redacted: the test tests nothing")
					}
				})
			}
		}
	}
}

func TestBasicAuthenticationIsFound(t *testing.T) {
	t.Parallel()
	id, secret := "my app", "canary/secret=1"
	set := redact.New(basic(id, secret)...)
	for _, pair := range []string{id + ":" + secret, url.QueryEscape(id) + ":" + url.QueryEscape(secret)} {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
			text := "Basic " + encoding.EncodeToString([]byte(pair))
			if got := strings.TrimRight(set.String(text), "="); got != "Basic "+redact.Mark {
				t.Errorf("%s became %s", text, got)
			}
		}
	}
}

// The form itself, as a token endpoint echoes it, in both styles.
func TestEchoOfTheRequestShowsNoSecret(t *testing.T) {
	t.Parallel()
	err := refreshError(t, func(req *http.Request) (*http.Response, error) {
		form, _ := io.ReadAll(req.Body)
		echo, _ := json.Marshal(string(form) + " " + req.Header.Get("Authorization"))
		return responseOf(400, "application/json", `{"error":"bad","error_description":`+string(echo)+`}`), nil
	})
	wantNothingReadable(t, err)
	if !strings.Contains(err.Error(), "client_secret=[redacted]") && !strings.Contains(err.Error(), "Basic [redacted]") {
		t.Errorf("the echo is not in the error")
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func refreshError(t *testing.T, respond roundTrip) error {
	t.Helper()
	cfg := NewConfig("app", oddSecret, "https://app.example.com/cb")
	store := NewMemoryStore(&oauth2.Token{RefreshToken: oddRefresh})
	source, err := NewSource(cfg, store, WithHTTPClient(&http.Client{Transport: respond}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = source.TokenContext(t.Context()); err == nil {
		t.Fatal("the refresh succeeded")
	}
	// Nor does the store learn more than a fingerprint of what was spent.
	record, loadErr := store.Load(t.Context())
	if loadErr != nil {
		t.Fatal(loadErr)
	}
	for _, s := range record.spent {
		wantNothingReadable(t, s.Fingerprint+" "+s.Reason)
	}
	return err
}

func TestRecordPrintsNoSecret(t *testing.T) {
	t.Parallel()
	record := new(Record)
	err := json.Unmarshal([]byte(`{"access_token":"canary-a","refresh_token":"canary-r","intent":{"fingerprint":"f","by":"canary-by"},
		"spent":[{"fingerprint":"canary-f"}],"later":"canary-later"}`), record)
	if err != nil {
		t.Fatal(err)
	}
	store := &MemoryStore{record: record}
	source, err := NewSource(testConfig(), store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Token(); err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{record, *record, []*Record{record}, []Record{*record}, struct{ R Record }{*record}, map[string]*Record{"r": record},
		store, source, struct{ S *Source }{source}} {
		wantNothingReadable(t, v)
	}
	wantNothingReadable(t, (*Record)(nil))
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("loaded", "record", record, "value", *record)
	}
	wantNothingReadable(t, log.String())
}

func TestRecordComesBackWhole(t *testing.T) {
	t.Parallel()
	expiry := time.Date(2031, 5, 6, 7, 8, 9, 123456789, time.UTC)
	token := &oauth2.Token{AccessToken: "a<&>\u2028", RefreshToken: "\x01", TokenType: "bearer", Expiry: expiry}
	bare, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, document, want string
	}{
		{"a bare token of x/oauth2", string(bare), `{"access_token":"a\u003c\u0026\u003e\u2028","expiry":"2031-05-06T07:08:09.123456789Z","refresh_token":"\u0001","token_type":"bearer"}`},
		{"with an expires_in, which says nothing", `{"access_token":"a","expires_in":7200}`, `{"access_token":"a"}`},
		{"with members of a newer version", `{"access_token":"a","v":9007199254740993,"x":{"y":[1,null]}}`, `{"access_token":"a","v":9007199254740993,"x":{"y":[1,null]}}`},
		{"with an intent of a newer version", `{"access_token":"a","intent":{"fingerprint":"f","by":7,"x":1}}`, `{"access_token":"a","intent":{"fingerprint":"f","by":7,"x":1}}`},
		{"with an intent of another shape", `{"access_token":"a","intent":["f"]}`, `{"access_token":"a","intent":["f"]}`},
		{"with a null intent", `{"access_token":"a","intent":null}`, `{"access_token":"a"}`},
		{"with spent tokens of a newer version", `{"refresh_token":"r","spent":[{"fingerprint":"f","x":1},7]}`, `{"refresh_token":"r","spent":[{"fingerprint":"f","x":1},7]}`},
		{"without a token", `{"x":1}`, `{"x":1}`},
		{"empty", `{}`, `{}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var r Record
			if err := json.Unmarshal([]byte(test.document), &r); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				data, err := json.Marshal(r.clone())
				if err != nil || string(data) != test.want {
					t.Fatalf("got %s, %v, want %s", data, err, test.want)
				}
				r = Record{Token: &oauth2.Token{AccessToken: "overwritten"}}
				if err := json.Unmarshal(data, &r); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestDocumentsThatAreNoRecord(t *testing.T) {
	t.Parallel()
	for _, document := range []string{``, `[]`, `"canary"`, `{"access_token":{"canary":1}}`, `{"refresh_token":4711}`, `{"access_token":"a","expiry":"canary"}`, `{"access_token":"canary`} {
		r := Record{Token: tokenFor(0, time.Hour)}
		err := r.UnmarshalJSON([]byte(document))
		if err == nil {
			t.Errorf("took %s", document)
			continue
		}
		if r.Token.AccessToken != "a0" {
			t.Errorf("%s changed the record", document)
		}
		wantNoSecret(t, err, "canary", "4711")
	}
	r := Record{Token: tokenFor(0, time.Hour)}
	if err := json.Unmarshal([]byte(`null`), &r); err != nil || r.Token == nil {
		t.Errorf("null changed the record: %v", err)
	}
	r.Token.Expiry = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := json.Marshal(r); err == nil {
		t.Error("marshalled an expiry that JSON cannot hold")
	}
}

func TestSpentTokensAreBounded(t *testing.T) {
	t.Parallel()
	r := &Record{Token: tokenFor(0, time.Hour)}
	for i := range 3 * maxSpent {
		before := r
		r = r.withSpent(spent{Fingerprint: fingerprint(fmt.Sprint("r", i))})
		if _, ok := before.spentAs(fmt.Sprint("r", i)); ok {
			t.Fatal("a copy changed the record it was made of")
		}
	}
	for i := range 3 * maxSpent {
		if _, ok := r.spentAs(fmt.Sprint("r", i)); ok != (i >= 2*maxSpent) {
			t.Errorf("token %d is remembered: %t", i, ok)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"access_token":"a","intent":{"since":"never"},"spent":{"fingerprint":"f"},"x":1e999}`))
	f.Add([]byte(`{"refresh_token":"r","spent":[null,{"fingerprint":7}],"expires_in":"x"}`))
	f.Add([]byte("{\"access_token\":\"\xff\",\"intent\":false}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := new(Record)
		if r.UnmarshalJSON(data) != nil {
			return
		}
		first, err := json.Marshal(r)
		if err != nil {
			return // an expiry that JSON has no form for
		}
		again := new(Record)
		if err := json.Unmarshal(first, again); err != nil {
			t.Fatalf("%q became %q: %v", data, first, err)
		}
		if second, err := json.Marshal(again); err != nil || string(second) != string(first) {
			t.Errorf("%q became %q and %q: %v", data, first, second, err)
		}
	})
}
