package motive_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/test/wire"
)

// credentials are the ways to authenticate, each with its secret.
var credentials = []struct {
	name, secret, header, value string
	option                      motive.Option
}{
	{"access token", testToken, "Authorization", "Bearer " + testToken, motive.WithAccessToken(testToken)},
	{"API key", "canary-key-77ab", "X-Api-Key", "canary-key-77ab", motive.WithAPIKey("canary-key-77ab")},
	{"token source", "canary-source-31f0", "Authorization", "Bearer canary-source-31f0",
		motive.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "canary-source-31f0", TokenType: "mac"}))},
	{"stored token", "canary-stored-9d2c", "Authorization", "Bearer canary-stored-9d2c",
		motive.WithOAuth2(oauth.NewConfig("id", "canary-client-secret", "https://app.example.com/cb"),
			oauth.NewMemoryStore(&oauth2.Token{AccessToken: "canary-stored-9d2c"}))},
}

// No redirect is followed, wherever it leads, and no credential leaves the host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		strayed.Add(1)
		t.Errorf("a request went to the other server: %s %s %v", r.Method, r.URL, r.Header)
	}))
	t.Cleanup(elsewhere.Close)
	secure := httptest.NewTLSServer(nil)
	secure.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", elsewhere.URL+"/v1/users/7")
		w.WriteHeader(http.StatusFound)
	})
	t.Cleanup(secure.Close)
	for _, cred := range credentials {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for name, location := range map[string]string{
				"to another host":  elsewhere.URL + "/v1/users/7",
				"without a scheme": strings.TrimPrefix(elsewhere.URL, "http:") + "/v1/users/7",
				"with the secret":  elsewhere.URL + "/v1/users/7?token=" + cred.secret,
				"to the secret":    "https://" + cred.secret + ".example/",
				"to the same host": "/fleet/v1/users/8",
				"to nowhere":       "",
				"to no URL":        "http://[::1/%zz?" + cred.secret,
			} {
				for _, m := range oneOfEachVerb() {
					t.Run(fmt.Sprintf("%s/%d/%s/%s", cred.name, status, name, m.name), func(t *testing.T) {
						t.Parallel()
						srv := wire.NewServer(t, wire.Always(status, "", "Location", location))
						var r motive.Response
						_, err := m.call(t.Context(), clientWith(t, srv.URL, cred.option), motive.WithResponse(&r))
						var api *motive.APIError
						want := "api"
						if m.verb() != http.MethodGet && status <= http.StatusSeeOther {
							want = "unknown" // a proxy may have sent on after the server has stored
						}
						if !errors.As(err, &api) || kind(err) != want || api.StatusCode != status || r.StatusCode != status {
							t.Errorf("error %v, want an APIError of %d", err, status)
						} else if !strings.Contains(err.Error(), "redirect") {
							t.Errorf("message %q does not speak of a redirect", err)
						}
						if shown := fmt.Sprintf("%v %+v", err, r); strings.Contains(shown, cred.secret) {
							t.Errorf("the secret is shown: %s", shown)
						}
						got := srv.Got()
						if len(got) != 1 || got[0].Header.Get(cred.header) != cred.value {
							t.Errorf("%d requests, the first with %v", len(got), got[0].Header)
						}
					})
				}
			}
		}
		t.Run(cred.name+"/from https to http", func(t *testing.T) {
			t.Parallel()
			c := clientWith(t, secure.URL, cred.option, motive.WithTransport(secure.Client().Transport))
			var api *motive.APIError
			if err := get(t.Context(), c); !errors.As(err, &api) || api.StatusCode != http.StatusFound {
				t.Errorf("error %v, want an APIError of 302", err)
			}
		})
	}
}

// A fixed credential that is refused is refused: nothing is replayed.
func TestARefusedFixedCredentialIsNotReplayed(t *testing.T) {
	t.Parallel()
	for _, cred := range credentials[:2] {
		for _, m := range oneOfEachVerb() {
			t.Run(cred.name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				srv := wire.NewServer(t, wire.Always(401, `{"error_message":"Invalid token"}`))
				_, err := m.call(t.Context(), clientWith(t, srv.URL, cred.option))
				if !errors.Is(err, motive.ErrUnauthorized) || kind(err) != "api" || len(srv.Got()) != 1 {
					t.Errorf("%d requests, error %v", len(srv.Got()), err)
				}
			})
		}
	}
}

// rotation is a token source that hands out token-1, token-2 and so on: the next
// one each time that the one before is revoked.
type rotation struct {
	mu      sync.Mutex
	current int
	asked   int
}

func (r *rotation) Token() (*oauth2.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	return &oauth2.Token{AccessToken: fmt.Sprintf("token-%d", r.current)}, nil
}

func (r *rotation) revoke(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if token == fmt.Sprintf("Bearer token-%d", r.current) {
		r.current++
	}
}

// A revoked token costs one replay, of any method, with the body as it was.
func TestARevokedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			src := &rotation{current: 1}
			srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Authorization"); got != "Bearer token-2" {
					src.revoke(got)
					wire.Always(401, `{"error_message":"Token is revoked"}`)(w, r)
					return
				}
				wire.Always(m.status, m.answer)(w, r)
			})
			c := clientWith(t, srv.URL, motive.WithTokenSource(src))
			var r motive.Response
			got, err := m.call(t.Context(), c, motive.WithResponse(&r))
			if err != nil || fmt.Sprint(got) != fmt.Sprint(m.want) || r.Attempts != len(m.lines())+1 {
				t.Fatalf("got %v in %d attempts, error %v", got, r.Attempts, err)
			}
			requests := srv.Got()
			if lines := append(m.lines()[:1], m.lines()...); !slices.Equal(srv.Lines(), lines) {
				t.Fatalf("sent %q, want %q", srv.Lines(), lines)
			}
			if requests[0].Body != requests[1].Body || requests[1].Header.Get("Content-Type") != requests[0].Header.Get("Content-Type") {
				t.Errorf("the replay differs: %v", requests)
			}
			if body := requests[len(requests)-1].Body; m.body != "" && !sameJSON(body, m.body) {
				t.Errorf("the last body is %s, want %s", body, m.body)
			}
		})
	}
}

// Where the new token is refused as well, or there is none, that is the end.
func TestARevokedTokenIsNotReplacedTwice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rotates  bool
		requests int
	}{"every token refused": {true, 2}, "no other token": {false, 1}} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				src := &rotation{current: 1}
				srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
					if tt.rotates {
						src.revoke(r.Header.Get("Authorization"))
					}
					wire.Always(401, `{"error_message":"No"}`)(w, r)
				})
				_, err := m.call(t.Context(), clientWith(t, srv.URL, motive.WithTokenSource(src)))
				var api *motive.APIError
				if !errors.Is(err, motive.ErrUnauthorized) || !errors.As(err, &api) || kind(err) != "api" ||
					len(srv.Got()) != tt.requests || api.Attempts != tt.requests {
					t.Errorf("%d requests, want %d: %v", len(srv.Got()), tt.requests, err)
				}
			})
		}
	}
}

// The tries after a 401 go on as if it had not been.
func TestARevokedTokenBetweenFailures(t *testing.T) {
	t.Parallel()
	src := &rotation{current: 1}
	var n atomic.Int64
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) {
		case 1, 3:
			wire.Always(503, "")(w, r)
		case 2:
			src.revoke(r.Header.Get("Authorization"))
			wire.Always(401, strings.Repeat("a long story ", 10000))(w, r)
		default:
			wire.Always(200, leftUser)(w, r)
		}
	})
	var r motive.Response
	_, err := clientWith(t, srv.URL, motive.WithTokenSource(src)).Users.Deactivate(t.Context(), 7, motive.WithResponse(&r))
	if err != nil || r.Attempts != 4 {
		t.Errorf("%d attempts, error %v", r.Attempts, err)
	}
	var seen []string
	for _, s := range srv.Got() {
		seen = append(seen, s.Header.Get("Authorization")+" "+s.Body)
	}
	want := `[Bearer token-1 {"status":"deactivated"} Bearer token-1 {"status":"deactivated"} Bearer token-2 {"status":"deactivated"} Bearer token-2 {"status":"deactivated"}]`
	if fmt.Sprint(seen) != want {
		t.Errorf("sent %s, want %s", seen, want)
	}
}

func TestTokenSourcesThatFail(t *testing.T) {
	t.Parallel()
	down := errors.New("the vault is sealed")
	for name, tt := range map[string]struct {
		src  tokens
		want string
	}{
		"an error":         {func() (*oauth2.Token, error) { return nil, down }, "the vault is sealed"},
		"no token":         {func() (*oauth2.Token, error) { return nil, nil }, "no access token"},
		"an empty token":   {func() (*oauth2.Token, error) { return &oauth2.Token{}, nil }, "no access token"},
		"a spoilt token":   {func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "canary\nX-Evil: 1"}, nil }, "control character"},
		"two tokens":       {func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "canary canary"}, nil }, "white space"},
		"a token to trim":  {func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "canary\n"}, nil }, "white space"},
		"no access for it": {func() (*oauth2.Token, error) { return &oauth2.Token{RefreshToken: "canary"}, nil }, "no access token"},
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int64
				srv := wire.NewServer(t, wire.Always(m.status, m.answer))
				src := tokens(func() (*oauth2.Token, error) { asked.Add(1); return tt.src() })
				_, err := m.call(t.Context(), clientWith(t, srv.URL, motive.WithTokenSource(src)))
				if kind(err) != "other" || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
					t.Errorf("error %v, want one with %q", err, tt.want)
				}
				if name == "an error" && !errors.Is(err, down) {
					t.Errorf("error %v does not wrap that of the source", err)
				}
				if asked.Load() != 1 || len(srv.Got()) != 0 {
					t.Errorf("the source was asked %d times, and %d requests were sent", asked.Load(), len(srv.Got()))
				}
			})
		}
	}
}

// A slow token source is asked once for all the calls that wait for it.
func TestATokenSourceIsAskedOnceAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		src := tokens(func() (*oauth2.Token, error) {
			asked.Add(1)
			time.Sleep(time.Second)
			return &oauth2.Token{AccessToken: testToken}, nil
		})
		c := clientWith(t, "https://motive.example", motive.WithTokenSource(src), motive.WithTransport(failingTimes(0, 0)))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := get(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if asked.Load() != 1 {
			t.Errorf("asked %d times", asked.Load())
		}
	})
}

// The round tripper of the caller's sees requests for the base URL's host only.
func TestRequestsStayWithTheBaseURL(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		c := offline(t, func(req *http.Request) (*http.Response, error) {
			if req.URL.Scheme+"://"+req.URL.Host != "https://motive.example" || !strings.HasPrefix(req.URL.Path, "/fleet/v1/") || req.Host != "" && req.Host != req.URL.Host {
				t.Errorf("%s: request to %s", m.name, req.URL)
			}
			if req.Body != nil {
				_, _ = io.Copy(io.Discard, req.Body)
			}
			return wire.Reply(m.status, m.answer), nil
		})
		if _, err := m.call(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
}

type sourceFunc func() (*oauth2.Token, error)

func (f sourceFunc) Token() (*oauth2.Token, error) { return f() }

func TestTokenSourceFailures(t *testing.T) {
	t.Parallel()
	broken := errors.New("vault sealed")
	refused := func(status int, code string) error {
		return &oauth2.RetrieveError{Response: &http.Response{StatusCode: status}, ErrorCode: code, Body: []byte("canary-body")}
	}
	tests := []struct {
		name  string
		token *oauth2.Token
		err   error
		want  string
	}{
		{"its own error", nil, broken, "vault sealed"},
		{"an error of x/oauth2", nil, fmt.Errorf("refresh: %w", refused(503, "")), "token endpoint: 503 Service Unavailable"},
		{"a login that ended", nil, refused(400, "invalid_grant"), oauth.ErrReconnect.Error()},
		{"no token", nil, nil, "no access token"},
		{"an empty token", &oauth2.Token{}, nil, "no access token"},
		{"the scheme along with the token", &oauth2.Token{AccessToken: "Bearer canary-token"}, nil, "Bearer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := offlineWith(t, func(*http.Request) (*http.Response, error) { return wire.Reply(200, oneUser), nil },
				motive.WithTokenSource(sourceFunc(func() (*oauth2.Token, error) { return test.token, test.err })))
			_, err := c.Users.Get(t.Context(), 7)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("Get: %v, want %q", err, test.want)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "canary") {
				t.Errorf("a secret stands in %s", text)
			}
		})
	}
}

// offlineWith is offline for a credential of the test's choice.
func offlineWith(t testing.TB, f wire.RoundTrip, opts ...motive.Option) *motive.Client {
	t.Helper()
	return clientWith(t, "https://motive.example/fleet", append([]motive.Option{motive.WithTransport(f)}, opts...)...)
}

// apiWithLogin is an API that takes one access token, and its token endpoint.
type apiWithLogin struct {
	good              atomic.Value // string
	refreshes, denied atomic.Int32
	granted           atomic.Int32
	barrier           sync.WaitGroup // where set, the first 401s are answered together
}

func (a *apiWithLogin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/oauth/token" {
		n := a.refreshes.Add(1)
		a.good.Store(fmt.Sprintf("new%d", n))
		fmt.Fprintf(w, `{"access_token":"new%d","refresh_token":"r%d","expires_in":7200}`, n, n)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+a.good.Load().(string) {
		a.denied.Add(1)
		a.barrier.Done()
		a.barrier.Wait()
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a.granted.Add(1)
	_, _ = io.WriteString(w, `{"user":{"id":1}}`)
}

func TestRevokedTokenCostsOneRefreshAndOneReplayACall(t *testing.T) {
	t.Parallel()
	const calls = 64
	api := &apiWithLogin{}
	api.good.Store("new")
	api.barrier.Add(calls)
	server := httptest.NewServer(api)
	defer server.Close()
	cfg := oauth.NewConfig("app", "canary-client-secret", "https://app.example.com/cb")
	cfg.Endpoint.TokenURL = server.URL + "/oauth/token"
	store := oauth.NewMemoryStore(&oauth2.Token{AccessToken: "revoked", RefreshToken: "r0", Expiry: time.Now().Add(time.Hour)})
	client, err := motive.NewClient(motive.WithBaseURL(server.URL), motive.WithOAuth2(cfg, store), motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			if _, err := client.Users.Get(t.Context(), 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := api.refreshes.Load(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	if denied, granted := api.denied.Load(), api.granted.Load(); denied != calls || granted != calls {
		t.Errorf("%d requests denied and %d granted, want %d of each", denied, granted, calls)
	}
}

func TestEndedLoginReachesTheCaller(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
	}))
	defer server.Close()
	cfg := oauth.NewConfig("app", "canary-client-secret", "https://app.example.com/cb")
	cfg.Endpoint.TokenURL = server.URL
	client, err := motive.NewClient(motive.WithBaseURL(server.URL), motive.WithOAuth2(cfg, oauth.NewMemoryStore(&oauth2.Token{RefreshToken: "canary-refresh"})))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	_, err = client.Users.Create(t.Context(), &motive.CreateUserRequest{}, motive.SkipValidation())
	if !errors.Is(err, oauth.ErrReconnect) || errors.Is(err, motive.ErrOutcomeUnknown) {
		t.Errorf("Create: %v, want ErrReconnect and no doubt about the outcome", err)
	}
	wantNoSecret(t, err, "canary")
}

// wantNoSecret fails the test if v prints a secret under any verb.
func wantNoSecret(t *testing.T, v any, secret string) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if strings.Contains(fmt.Sprintf(verb, v), secret) {
			t.Errorf("%s prints a secret", verb)
		}
	}
}
