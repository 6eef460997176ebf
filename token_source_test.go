package motive_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
)

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
			c := offlineWith(t, func(*http.Request) (*http.Response, error) { return reply(200, oneUser), nil },
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
func offlineWith(t testing.TB, f roundTrip, opts ...motive.Option) *motive.Client {
	t.Helper()
	return clientWith(t, "https://motive.example/fleet", append([]motive.Option{motive.WithTransport(f)}, opts...)...)
}
