package motive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// scriptedEndpoint is a token endpoint as a round tripper, so that it runs on
// the fake clock of synctest. Without a script it rotates: refresh token rN is
// traded for access token a(N+1) and refresh token r(N+1).
type scriptedEndpoint struct {
	delay    time.Duration
	lifetime time.Duration
	script   func(call int, form url.Values) (*http.Response, error) // nil, nil: rotate

	mu       sync.Mutex
	forms    []url.Values
	inFlight int
	most     int // in flight at once
}

func (e *scriptedEndpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.forms = append(e.forms, form)
	call := len(e.forms)
	e.inFlight++
	e.most = max(e.most, e.inFlight)
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.inFlight--
	}()
	if e.delay > 0 {
		select {
		case <-time.After(e.delay):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	if e.script != nil {
		if resp, err := e.script(call, form); resp != nil || err != nil {
			return resp, err
		}
	}
	var n int
	if _, err := fmt.Sscanf(form.Get("refresh_token"), "r%d", &n); err != nil {
		return answerOf(400, "application/json", `{"error":"invalid_grant"}`), nil
	}
	return answerOf(200, "application/json", fmt.Sprintf(`{"access_token":"a%d","refresh_token":"r%d","token_type":"bearer","expires_in":%d}`,
		n+1, n+1, int(e.lifetime/time.Second))), nil
}

func (e *scriptedEndpoint) calls() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.forms)
}

func (e *scriptedEndpoint) form(call int) url.Values {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.forms[call-1]
}

func answerOf(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {contentType}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}

// tokenBench is a storedTokens with its surroundings.
type tokenBench struct {
	*storedTokens
	endpoint *scriptedEndpoint
	store    *testStore

	mu      sync.Mutex
	reports []error
}

const testSecret = "canary-client-secret"

func testConfig() *oauth2.Config {
	return OAuth2Config("app", testSecret, "https://app.example.com/cb")
}

func newTokenBench(token *oauth2.Token, endpoint *scriptedEndpoint) *tokenBench {
	b := &tokenBench{endpoint: endpoint, store: &testStore{MemoryTokenStore: NewMemoryTokenStore(token)}}
	b.storedTokens = newStoredTokens(testConfig(), b.store, &http.Client{Transport: endpoint}, time.Now, func(err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.reports = append(b.reports, err)
	})
	return b
}

func (b *tokenBench) reported() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reports
}

// want fails the test unless Token returns the given access token.
func (b *tokenBench) want(t *testing.T, access string) {
	t.Helper()
	token, err := b.Token(t.Context())
	if err != nil {
		t.Fatalf("Token: %v, want %s", err, access)
	}
	if token.AccessToken != access {
		t.Fatalf("Token: %s, want %s", token.AccessToken, access)
	}
}

func (b *tokenBench) wantCalls(t *testing.T, n int) {
	t.Helper()
	if got := b.endpoint.calls(); got != n {
		t.Fatalf("%d requests to the token endpoint, want %d", got, n)
	}
}

func (b *tokenBench) wantStored(t *testing.T, access string) {
	t.Helper()
	token, _ := b.store.MemoryTokenStore.Load(t.Context())
	if token.AccessToken != access {
		t.Fatalf("the store holds %s, want %s", token.AccessToken, access)
	}
}

// testStore is a memory store whose parts can fail.
type testStore struct {
	*MemoryTokenStore

	mu                        sync.Mutex
	loadErr, saveErr, lockErr error
	loads                     int
}

func (s *testStore) fail(load, save, lock error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loadErr, s.saveErr, s.lockErr = load, save, lock
}

func (s *testStore) errs() (load, save, lock error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loadErr, s.saveErr, s.lockErr
}

func (s *testStore) Load(ctx context.Context) (*oauth2.Token, error) {
	s.mu.Lock()
	s.loads++
	s.mu.Unlock()
	if err, _, _ := s.errs(); err != nil {
		return nil, err
	}
	return s.MemoryTokenStore.Load(ctx)
}

func (s *testStore) Save(ctx context.Context, token *oauth2.Token) error {
	if _, err, _ := s.errs(); err != nil {
		return err
	}
	return s.MemoryTokenStore.Save(ctx, token)
}

func (s *testStore) Lock(ctx context.Context) (func(), error) {
	if _, _, err := s.errs(); err != nil {
		return nil, err
	}
	return s.MemoryTokenStore.Lock(ctx)
}

// tokenFor is token N of the rotation, good for d.
func tokenFor(n int, d time.Duration) *oauth2.Token {
	return &oauth2.Token{
		AccessToken:  fmt.Sprintf("a%d", n),
		RefreshToken: fmt.Sprintf("r%d", n),
		TokenType:    "bearer",
		Expiry:       time.Now().Add(d).Round(0),
	}
}

// asError is errors.As with a failed test where it does not apply.
func asError[T error](t *testing.T, err error) T {
	t.Helper()
	var target T
	if !errors.As(err, &target) {
		t.Fatalf("error is %v (%T), want a %T", err, err, target)
	}
	return target
}

// wantNoSecret fails the test if v prints a secret under any verb.
func wantNoSecret(t *testing.T, v any, secrets ...string) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		text := fmt.Sprintf(verb, v)
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s prints a secret: %s", verb, text)
			}
		}
	}
}
