package oauth

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

func TestTokenResponsesAreReadGenerously(t *testing.T) {
	t.Parallel()
	const head = `{"access_token":"a1","refresh_token":"r1","token_type":"bearer"`
	tests := []struct {
		name        string
		contentType string
		body        string
		life        time.Duration // 0: no expiry
		refresh     string
	}{
		{"a number", "application/json", head + `,"expires_in":7200}`, 2 * time.Hour, "r1"},
		{"a string", "application/json", head + `,"expires_in":"7200"}`, 2 * time.Hour, "r1"},
		{"a fraction", "application/json", head + `,"expires_in":7199.9}`, 7199 * time.Second, "r1"},
		{"an exponent", "application/json", head + `,"expires_in":7.2e3}`, 2 * time.Hour, "r1"},
		{"with a byte order mark", "application/json", "\xef\xbb\xbf" + head + `,"expires_in":60}`, time.Minute, "r1"},
		{"with something behind it", "application/json", head + `,"expires_in":60}` + "\n<!-- served by 7 -->", time.Minute, "r1"},
		{"of the wrong type", "text/html", head + `,"expires_in":60}`, time.Minute, "r1"},
		{"beside an unreadable member", "application/json", head + `,"expires_in":60,"scope":["a"],"n":1e999}`, time.Minute, "r1"},
		{"a refresh token that is a number", "application/json", `{"access_token":"a1","refresh_token":12345678901234567890,"expires_in":60}`, time.Minute, "12345678901234567890"},
		{"a refresh token that is no token", "application/json", `{"access_token":"a1","refresh_token":{},"expires_in":60}`, time.Minute, "r0"},
		{"shorter than the round trip", "application/json", head + `,"expires_in":1}`, 2500 * time.Millisecond, "r1"},
		{"missing", "application/json", head + `}`, 0, "r1"},
		{"null", "application/json", head + `,"expires_in":null}`, 0, "r1"},
		{"zero", "application/json", head + `,"expires_in":0}`, 0, "r1"},
		{"negative", "application/json", head + `,"expires_in":-5}`, 0, "r1"},
		{"words", "application/json", head + `,"expires_in":"soon"}`, 0, "r1"},
		{"an object", "application/json", head + `,"expires_in":{}}`, 0, "r1"},
		{"huge", "application/json", head + `,"expires_in":1e300}`, math.MaxInt32 * time.Second, "r1"},
		{"larger than any number", "application/json", head + `,"expires_in":1e999}`, math.MaxInt32 * time.Second, "r1"},
		{"JSON as text", "text/plain", head + `,"expires_in":60}`, time.Minute, "r1"},
		{"JSON of no type", "", head + `,"expires_in":60}`, time.Minute, "r1"},
		{"a form", "application/x-www-form-urlencoded", "access_token=a1&refresh_token=r1&expires_in=60", time.Minute, "r1"},
		{"a form that ends in the past", "application/x-www-form-urlencoded", "access_token=a1&refresh_token=r1&expires_in=-60", 0, "r1"},
		{"no new refresh token", "application/json", `{"access_token":"a1","expires_in":60}`, time.Minute, "r0"},
		{"an empty refresh token", "application/json", `{"access_token":"a1","refresh_token":"","expires_in":60}`, time.Minute, "r0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				endpoint := &scriptedEndpoint{delay: 1500 * time.Millisecond, script: func(int, url.Values) (*http.Response, error) {
					return responseOf(200, test.contentType, test.body), nil
				}}
				start := time.Now()
				token, err := newEndpoint(testConfig(), &http.Client{Transport: endpoint}, time.Now).refresh(t.Context(), "r0")
				if err != nil {
					t.Fatal(err)
				}
				if token.AccessToken != "a1" || token.RefreshToken != test.refresh {
					t.Errorf("got %s and %s, want a1 and %s", token.AccessToken, token.RefreshToken, test.refresh)
				}
				if test.life == 0 != token.Expiry.IsZero() || test.life != 0 && !token.Expiry.Equal(start.Add(test.life)) {
					t.Errorf("expires at %s, want after %s", token.Expiry, test.life)
				}
			})
		})
	}
}

func TestLifetimeIsCountedFromBeforeTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		endpoint := newEndpoint(testConfig(), &http.Client{Transport: &scriptedEndpoint{lifetime: time.Hour, delay: 20 * time.Second}}, time.Now)
		token, err := endpoint.refresh(t.Context(), "r0")
		if err != nil {
			t.Fatal(err)
		}
		if !token.Expiry.Equal(start.Add(time.Hour)) {
			t.Errorf("expires %s after the request, want an hour", token.Expiry.Sub(start))
		}
	})
}

func TestFailingRefreshIsSentOnceWhateverTheAuthStyle(t *testing.T) {
	t.Parallel()
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleAutoDetect, oauth2.AuthStyleInParams, oauth2.AuthStyleInHeader} {
		refuse := &scriptedEndpoint{script: func(int, url.Values) (*http.Response, error) { return responseOf(401, "", ""), nil }}
		cfg := testConfig()
		cfg.Endpoint.AuthStyle = style
		client := &http.Client{Transport: refuse}
		_, err := newEndpoint(cfg, client, time.Now).refresh(t.Context(), "r0")
		asError[*TokenError](t, err)
		if n := refuse.calls(); n != 1 {
			t.Errorf("style %d: sent %d times, want once", style, n)
		}
		if cfg.Endpoint.AuthStyle != style || client.CheckRedirect != nil || client.Transport != refuse {
			t.Errorf("style %d: the config or the client was modified", style)
		}
		if got := refuse.form(1).Has("client_secret"); got != (style != oauth2.AuthStyleInHeader) {
			t.Errorf("style %d: client secret in the form: %t", style, got)
		}
	}
}

// net/http sends some requests again by itself when a kept connection breaks.
// A refresh must not be among them: its token would be spent twice.
func TestRefreshOnABrokenConnectionIsSentOnce(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if requests.Add(1) == 1 {
			_, _ = io.WriteString(w, `{"access_token":"a1","refresh_token":"r1","expires_in":60}`)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	}))
	defer server.Close()
	cfg := testConfig()
	cfg.Endpoint.TokenURL = server.URL
	endpoint := newEndpoint(cfg, server.Client(), time.Now)
	if _, err := endpoint.refresh(t.Context(), "r0"); err != nil {
		t.Fatal(err)
	}
	_, err := endpoint.refresh(t.Context(), "r1")
	if failed := asError[*TokenError](t, err); failed.StatusCode != 0 || !strings.Contains(failed.Message, "no response: ") {
		t.Errorf("the error is %#v", failed)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

func FuzzResponse(f *testing.F) {
	f.Add(`{"access_token":"a","expires_in":"1e3"}`, "application/json")
	f.Add("\xef\xbb\xbf"+`{"access_token":1e400,"refresh_token":12345678901234567890}trailing`, "")
	f.Add(`{"expires_in":{"a":[1,2]}}`, "text/html")
	f.Add(`null`, "application/json")
	f.Add("access_token=a&refresh_token=%zz&expires_in=NaN", "text/plain")
	f.Add("{\"access_token\":\"\xff\",\"expires_in\":9223372036854775808}", "")
	f.Fuzz(func(t *testing.T, body, kind string) {
		r := &response{status: 200, header: http.Header{"Content-Type": {kind}}, body: []byte(body)}
		token, err := r.token()
		if (err == nil) != (token != nil && token.AccessToken != "") {
			t.Fatalf("%v with the error %v", token != nil, err)
		}
		if life := r.lifetime(); life < 0 || life > math.MaxInt32*time.Second || life%time.Second != 0 {
			t.Errorf("the lifetime is %s", life)
		}
		var doc struct {
			AccessToken  string `json:"access_token"`
			RefreshToken string `json:"refresh_token"`
		}
		if json.Unmarshal([]byte(body), &doc) == nil && doc.AccessToken != "" && !hasTwice(body) {
			if token == nil || token.AccessToken != doc.AccessToken || token.RefreshToken != doc.RefreshToken {
				t.Errorf("a token that encoding/json reads was not taken: %q", body)
			}
		}
	})
}

// hasTwice reports whether a member may stand in body twice, or in another case,
// in which a struct is filled otherwise than a map.
func hasTwice(body string) bool {
	lower := strings.ToLower(body)
	return strings.Count(lower, "_token") > 2 || strings.Contains(body, "\\") || lower != body
}
