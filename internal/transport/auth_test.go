package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheCredentialStaysAtHome(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		base, path string
		home       bool
	}{
		"a path":                {"https://api.example.com/fleet", "/v1/x", true},
		"a path that begins so": {"https://api.example.com/fleet", "//evil.example/x", true},
		"a port":                {"https://api.example.com:8443", "/v1/x", true},
		"another host":          {"https://api.example.com", ".evil.example/x", false},
		"a user and a host":     {"https://api.example.com", "@evil.example/x", false},
		"another port":          {"https://api.example.com", ":8443/x", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := answers(200)
			c := newTestClient(t, Config{BaseURL: parse(t, tt.base), RoundTripper: server})
			r, err := c.Do(t.Context(), Request{Method: "POST", Path: tt.path, Body: []byte("{}")})
			if tt.home != (err == nil) || tt.home != (len(server.seen) == 1) || r.Attempts != len(server.seen) {
				t.Fatalf("%d requests, %v", len(server.seen), err)
			}
			if err != nil && !errors.Is(err, ErrForeignHost) {
				t.Errorf("error %v", err)
			}
			if err == nil && (server.seen[0].URL.Host != parse(t, tt.base).Host || server.seen[0].Header.Get("Authorization") != "Bearer "+secret) {
				t.Errorf("sent to %s with %v", server.seen[0].URL, server.seen[0].Header)
			}
		})
	}
}

func TestTheSchemeIsPartOfHome(t *testing.T) {
	t.Parallel()
	server := answers(200)
	c := newTestClient(t, Config{RoundTripper: server})
	a := &attempt{call: &call{Client: c, ctx: t.Context()}, req: &http.Request{URL: parse(t, "http://api.example.com/v1/x")}}
	if err := c.send(a); !errors.Is(err, ErrForeignHost) || len(server.seen) > 0 {
		t.Errorf("sent in the clear: %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, location := range []string{"https://evil.example/x", "/v1/other", "%zz\x7f"} {
			for _, method := range []string{"GET", "POST"} {
				server := answers(func() *http.Response { return response(status, "moved", "Location", location) })
				c := newTestClient(t, Config{RoundTripper: server})
				r, err := c.Do(t.Context(), request(method))
				if err != nil || r.Status != status || string(r.Body) != "moved" || len(server.seen) != 1 || r.Header.Get("Location") != location {
					t.Errorf("%s %d to %q: %d %q in %d requests, %v", method, status, location, r.Status, r.Body, len(server.seen), err)
				}
			}
		}
	}
}

// renewing is a credential that has one secret after another.
type renewing struct {
	secrets  []string
	errs     []error
	stubborn bool
	asked    int
	rejected []string
}

func (c *renewing) Header(context.Context, time.Duration) (AuthHeader, error) {
	i := min(c.asked, len(c.secrets)-1)
	c.asked++
	if i < len(c.errs) && c.errs[i] != nil {
		return AuthHeader{}, c.errs[i]
	}
	return AuthHeader{"X-Key", []string{c.secrets[i]}, c.secrets[i]}, nil
}

func (c *renewing) Rejected(h AuthHeader) bool {
	c.rejected = append(c.rejected, h.Secret)
	return !c.stubborn
}

func TestOneMoreTryAfterA401(t *testing.T) {
	t.Parallel()
	gone := errors.New("the login is gone")
	for name, tt := range map[string]struct {
		credential renewing
		steps      []any
		policy     Policy
		status     int
		sent       string // the secrets, in order
		err        error
	}{
		"another secret":               {renewing{secrets: []string{"canary-1", "canary-2"}}, []any{401, 200}, Policy{}, 200, "canary-1 canary-2", nil},
		"though nothing is repeated":   {renewing{secrets: []string{"canary-1", "canary-2"}}, []any{401, 200}, Policy{MaxAttempts: 1}, 200, "canary-1 canary-2", nil},
		"once a call":                  {renewing{secrets: []string{"canary-1", "canary-2", "canary-3"}}, []any{401, 401, 200}, Policy{}, 401, "canary-1 canary-2", nil},
		"the same secret":              {renewing{secrets: []string{"canary-1"}}, []any{401, 200}, Policy{}, 401, "canary-1", nil},
		"a secret that never changes":  {renewing{secrets: []string{"canary-1", "canary-2"}, stubborn: true}, []any{401, 200}, Policy{}, 401, "canary-1", nil},
		"no other secret":              {renewing{secrets: []string{"canary-1", "canary-2"}, errs: []error{nil, gone}}, []any{401, 200}, Policy{}, 401, "canary-1", gone},
		"none at all":                  {renewing{secrets: []string{"canary-1"}, errs: []error{gone}}, []any{200}, Policy{}, 0, "", gone},
		"a 403 is another matter":      {renewing{secrets: []string{"canary-1", "canary-2"}}, []any{403, 200}, Policy{}, 403, "canary-1", nil},
		"it counts as no failure":      {renewing{secrets: []string{"canary-1", "canary-1", "canary-2"}}, []any{503, 401, 503, 503, 200}, Policy{MinWait: 1, MaxWait: 1}, 200, "canary-1 canary-1 canary-2 canary-2 canary-2", nil},
		"a failure after it is itself": {renewing{secrets: []string{"canary-1", "canary-2"}}, []any{401, 503, 200}, Policy{MinWait: 1, MaxWait: 1}, 200, "canary-1 canary-2 canary-2", nil},
	} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			if method == "POST" && strings.Contains(fmt.Sprint(tt.steps), "503") {
				continue
			}
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				server, credential := answers(tt.steps...), tt.credential
				c := newTestClient(t, Config{RoundTripper: server, Credential: &credential, Policy: tt.policy})
				r, err := c.Do(t.Context(), request(method))
				none := errors.Is(err, ErrCredential)
				if r.Status != tt.status || !errors.Is(err, tt.err) || (err != nil) != none {
					t.Errorf("%d, error %v", r.Status, err)
				}
				var sent []string
				for _, req := range server.seen {
					sent = append(sent, req.Header.Get("X-Key"))
				}
				if got := strings.Join(sent, " "); got != tt.sent || r.Attempts != len(sent) {
					t.Errorf("sent %q in %d attempts, want %q", got, r.Attempts, tt.sent)
				}
				if text := r.Redact().String(fmt.Sprint(sent)); strings.Contains(text, "canary") {
					t.Errorf("the set of secrets lets %s through", text)
				}
			})
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	broken := errors.New("no network")
	for name, tt := range map[string]struct {
		fetch func(context.Context) (string, error)
		want  string
		is    error
	}{
		"an error": {func(context.Context) (string, error) { return "", broken }, "no credential: no network", broken},
		"of net/http": {func(context.Context) (string, error) {
			return "", &url.Error{Op: "Post", URL: "https://id.example/?canary", Err: broken}
		}, "no credential: no network", broken},
		"a panic":        {func(context.Context) (string, error) { panic("oops") }, "no credential: the token source failed: it panicked: oops", nil},
		"a Goexit":       {func(context.Context) (string, error) { runtime.Goexit(); return "", nil }, "the token source failed: it ended its goroutine", nil},
		"it hangs":       {func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }, "longer than the attempt timeout", nil},
		"and won't hear": {func(context.Context) (string, error) { time.Sleep(time.Hour); return "late", nil }, "longer than the attempt timeout", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				server := answers(200)
				c := newTestClient(t, Config{
					RoundTripper:   server,
					AttemptTimeout: 30 * time.Second,
					Credential: Tokens(func(ctx context.Context) (string, error) {
						asked.Add(1)
						time.Sleep(time.Second) // so that all wait for one
						return tt.fetch(ctx)
					}, nil),
				})
				start := time.Now()
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() {
						_, err := c.Do(t.Context(), request("POST"))
						none := errors.Is(err, ErrCredential)
						if !none || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) || strings.Contains(err.Error(), "canary") {
							t.Errorf("error %v", err)
						}
					})
				}
				wg.Wait()
				if took := time.Since(start); took > 30*time.Second || asked.Load() != 1 && took < 30*time.Second || asked.Load() > 2 || len(server.seen) != 0 {
					t.Errorf("took %s, asked %d times, sent %d", took, asked.Load(), len(server.seen))
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

// A call that ends does not wait for the token, and takes it from nobody else.
func TestACallThatEndsLeavesTheTokenToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := newTestClient(t, Config{RoundTripper: answers(200), Credential: Tokens(func(ctx context.Context) (string, error) {
			asked++
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(10 * time.Second):
				return "canary-token", nil
			}
		}, nil)})
		ended := func(after time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			start := time.Now()
			_, err := c.Do(ctx, request("GET"))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != after {
				t.Errorf("error %v after %s", err, time.Since(start))
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { ended(2 * time.Second) })
		synctest.Wait()
		wg.Go(func() { get(t, c, request("GET")) })
		wg.Wait()
		if asked != 1 {
			t.Errorf("asked %d times by two calls at once", asked)
		}
		// The last one to leave ends the fetch, and the next begins another.
		ended(3 * time.Second)
		get(t, c, request("GET"))
		if asked != 3 {
			t.Errorf("asked %d times, want 3", asked)
		}
	})
}

// A fetch that is too slow for one call is given up for all, and those that still
// wait have the next.
func TestASlowFetchIsGivenUpForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := newTestClient(t, Config{RoundTripper: answers(200), AttemptTimeout: 30 * time.Second, Credential: Tokens(func(ctx context.Context) (string, error) {
			if asked++; asked > 1 {
				return "canary-token", nil
			}
			<-ctx.Done()
			return "", ctx.Err()
		}, nil)})
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Do(t.Context(), request("GET")); !errors.Is(err, ErrCredential) || time.Since(start) != 30*time.Second {
				t.Errorf("the first: %v after %s", err, time.Since(start))
			}
		})
		time.Sleep(20 * time.Second)
		get(t, c, request("GET"))
		if took := time.Since(start); took != 30*time.Second || asked != 2 {
			t.Errorf("the second has a token after %s, asked %d times", took, asked)
		}
		wg.Wait()
	})
}

// A token that met a 401 is asked about once more, since its fetch may have begun
// before that.
func TestARejectedTokenIsAskedAboutOnceMore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		tokens []string
		status int
		asked  int
	}{
		"another one":       {[]string{"canary-1", "canary-2"}, 200, 2},
		"another one later": {[]string{"canary-1", "canary-1", "canary-2"}, 200, 3},
		"always the same":   {[]string{"canary-1"}, 401, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			var told []string
			server := tripper(func(req *http.Request) (*http.Response, error) {
				if req.Header.Get("Authorization") == "Bearer canary-1" {
					return response(401, ""), nil
				}
				return response(200, ""), nil
			})
			c := newTestClient(t, Config{RoundTripper: server, Credential: Tokens(func(context.Context) (string, error) {
				asked++
				return tt.tokens[min(asked, len(tt.tokens))-1], nil
			}, func(token string) { told = append(told, token) })})
			r, err := c.Do(t.Context(), request("POST"))
			if err != nil || r.Status != tt.status || asked != tt.asked || len(told) == 0 || told[0] != "canary-1" {
				t.Errorf("%d, asked %d times, told of %d: %v", r.Status, asked, len(told), err)
			}
		})
	}
}
