package oauth

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
		return responseOf(400, "application/json", `{"error":"invalid_grant"}`), nil
	}
	return responseOf(200, "application/json", fmt.Sprintf(`{"access_token":"a%d","refresh_token":"r%d","token_type":"bearer","expires_in":%d}`,
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

func responseOf(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {contentType}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
}

// bench is a Source with its surroundings.
type bench struct {
	*Source
	endpoint *scriptedEndpoint
	store    *testStore

	mu      sync.Mutex
	reports []error
}

const testSecret = "canary-client-secret"

func testConfig() *oauth2.Config {
	return NewConfig("app", testSecret, "https://app.example.com/cb")
}

func newBench(token *oauth2.Token, endpoint *scriptedEndpoint) *bench {
	return newBenchOn(&testStore{Store: NewMemoryStore(token)}, endpoint)
}

func newBenchOn(store *testStore, endpoint *scriptedEndpoint) *bench {
	b := &bench{endpoint: endpoint, store: store}
	source, err := NewSource(testConfig(), store, WithHTTPClient(&http.Client{Transport: endpoint}), WithReport(func(err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.reports = append(b.reports, err)
	}))
	if err != nil {
		panic(err)
	}
	b.Source = source
	return b
}

func (b *bench) reported() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reports
}

// want fails the test unless Token returns the given access token.
func (b *bench) want(t *testing.T, access string) {
	t.Helper()
	token, err := b.TokenContext(t.Context())
	if err != nil {
		t.Fatalf("Token: %v, want %s", err, access)
	}
	if token.AccessToken != access {
		t.Fatalf("Token: %s, want %s", token.AccessToken, access)
	}
}

func (b *bench) wantCalls(t *testing.T, n int) {
	t.Helper()
	if got := b.endpoint.calls(); got != n {
		t.Fatalf("%d requests to the token endpoint, want %d", got, n)
	}
}

func (b *bench) wantStored(t *testing.T, access string) {
	t.Helper()
	if token := b.store.record(t).Token; token.AccessToken != access {
		t.Fatalf("the store holds %s, want %s", token.AccessToken, access)
	}
}

// testStore is a store whose parts can be replaced.
type testStore struct {
	Store

	mu   sync.Mutex
	load func(context.Context) error // before a Load; nil: go on
	save func(context.Context, *Record) error
	lock func(context.Context) error

	unlocked func() // after an unlock

	loads int
	saves []*Record // that came through
}

// fail makes each part fail with an error, where that is not nil.
func (s *testStore) fail(load, save, lock error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load = func(context.Context) error { return load }
	s.save = func(context.Context, *Record) error { return save }
	s.lock = func(context.Context) error { return lock }
}

// failResponses makes the saves of tokens fail, and lets those of intents through.
func (s *testStore) failResponses(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.save = func(_ context.Context, r *Record) error {
		if r.intent != nil {
			return nil
		}
		return err
	}
}

func (s *testStore) record(t *testing.T) *Record {
	t.Helper()
	r, err := s.Store.Load(t.Context())
	if err != nil || r == nil {
		t.Fatalf("the store holds no record: %v", err)
	}
	return r
}

func (s *testStore) Load(ctx context.Context) (*Record, error) {
	s.mu.Lock()
	s.loads++
	hook := s.load
	s.mu.Unlock()
	if hook != nil {
		if err := hook(ctx); err != nil {
			return nil, err
		}
	}
	return s.Store.Load(context.WithoutCancel(ctx))
}

func (s *testStore) Save(ctx context.Context, r *Record) error {
	s.mu.Lock()
	hook := s.save
	s.mu.Unlock()
	if hook != nil {
		if err := hook(ctx, r); err != nil {
			return err
		}
	}
	err := s.Store.Save(context.WithoutCancel(ctx), r)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.saves = append(s.saves, r)
	}
	return err
}

func (s *testStore) Lock(ctx context.Context) (func(), error) {
	s.mu.Lock()
	hook := s.lock
	s.mu.Unlock()
	if hook != nil {
		if err := hook(ctx); err != nil {
			return nil, err
		}
		ctx = context.WithoutCancel(ctx) // as if the hook were within the lock
	}
	unlock, err := s.Store.Lock(ctx)
	if err != nil || s.unlocked == nil {
		return unlock, err
	}
	return func() { unlock(); s.unlocked() }, nil
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
