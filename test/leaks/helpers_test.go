package leaks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/test/wire"
)

const (
	testToken = "canary-token-5f1c0a"
	oneUser   = `{"user":{"id":7,"first_name":"Ada","role":"driver","status":"active"}}`
)

// atOnce retries without a wait worth noticing.
var atOnce = motive.WithRetry(motive.RetryPolicy{MinWait: 1, MaxWait: 1, ReconcileWait: 1})

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

// newClient returns a client for base with an access token and connections of its own.
func newClient(t testing.TB, base string, opts ...motive.Option) *motive.Client {
	t.Helper()
	return clientWith(t, base, append([]motive.Option{motive.WithAccessToken(testToken)}, opts...)...)
}

// clientWith is newClient for a credential of the test's choice.
func clientWith(t testing.TB, base string, opts ...motive.Option) *motive.Client {
	t.Helper()
	c, err := motive.NewClient(append([]motive.Option{motive.WithBaseURL(base), atOnce}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func offline(t testing.TB, f wire.RoundTrip, opts ...motive.Option) *motive.Client {
	t.Helper()
	return newClient(t, "https://motive.example/fleet", append([]motive.Option{motive.WithTransport(f)}, opts...)...)
}

func ada() *motive.CreateUserRequest {
	return &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"), LastName: motive.Set("Byron"),
		Role: motive.Set(motive.RoleDriver), Username: motive.Set("ada"),
	}
}

// get is a call that is of no interest but for its error.
func get(ctx context.Context, c *motive.Client) error {
	_, err := c.Users.Get(ctx, 7)
	return err
}

// failingTimes answers the first n requests with status and header.
func failingTimes(n, status int, header ...string) wire.RoundTrip {
	var mu sync.Mutex
	return func(*http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if n--; n >= 0 {
			return wire.Reply(status, "", header...), nil
		}
		return wire.Reply(200, oneUser), nil
	}
}

// collect drains a list, and checks that an error comes once and last.
func collect(all func(func(*motive.User, error) bool)) (users []*motive.User, err error) {
	for user, e := range all {
		switch {
		case err != nil:
			return users, errors.New("something came after an error")
		case (user == nil) == (e == nil):
			return users, errors.New("a user and an error, or neither")
		case e != nil:
			err = e
		default:
			users = append(users, user)
		}
	}
	return users, err
}

// book keeps what is logged and observed.
type book struct {
	mu     sync.Mutex
	log    bytes.Buffer
	events []motive.Event
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

func (b *book) options() []motive.Option {
	logger := slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return []motive.Option{motive.WithLogger(logger), motive.WithObserver(func(e motive.Event) {
		if e.Kind == motive.EventAttemptStart || e.Kind == motive.EventAttemptEnd {
			return // see TestObserverSeesEachAttempt
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, e)
	})}
}
