package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
)

// connect returns a client for the login in the file, which every process of this
// machine may share.
func connect(cfg *oauth2.Config, path string, opts ...motive.Option) (*motive.Client, error) {
	store, err := tokenfile.New(path)
	if err != nil {
		return nil, err
	}
	return motive.NewClient(append(opts, motive.WithOAuth2(cfg, store))...)
}

// alarm tells a login that has ended, for which a person must act, from a token
// endpoint that will be back.
func alarm(err error) string {
	var refused *oauth.TokenError
	var ended *oauth.ReconnectError
	switch {
	case errors.As(err, &ended):
		return "connect to Motive again: " + ended.Reason
	case errors.As(err, &refused):
		return fmt.Sprintf("the token endpoint failed (%d), try later", refused.StatusCode)
	}
	return ""
}

func Example_logins() {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	dir, err := os.MkdirTemp("", "login")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, path := context.Background(), filepath.Join(dir, "token.json")
	cfg := server.OAuth().Config("https://tms.example.com/callback", oauth.ScopeUsersRead) // oauth.NewConfig for the real one
	client, err := connect(cfg, path, motive.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	_, err = client.Users.List(ctx, nil)
	fmt.Println("before the login:", errors.Is(err, oauth.ErrReconnect), alarm(err) != "")

	// The login, or a new one: a running client goes on with it.
	store, err := tokenfile.New(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := oauth.Save(ctx, store, server.IssueToken(oauth.ScopeUsersRead)); err != nil {
		log.Fatal(err)
	}
	_, err = client.Users.List(ctx, nil)
	fmt.Println("after it:", err)
	// Output:
	// before the login: true true
	// after it: <nil>
}

// A source with a client and a clock of its own, for tests.
func Example_sources() {
	cfg := oauth.NewConfig("client id", "canary-client-secret", "https://tms.example.com/callback")
	token := &oauth2.Token{AccessToken: "canary-access-token", RefreshToken: "canary-refresh-token", Expiry: time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)}
	source, err := oauth.NewSource(cfg, oauth.NewMemoryStore(token),
		oauth.WithHTTPClient(&http.Client{Timeout: 10 * time.Second}),
		oauth.WithClock(func() time.Time { return time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC) }),
	)
	if err != nil {
		log.Fatal(err)
	}
	first, err := source.TokenContext(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	second, err := source.Token() // the same, without a context
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first.AccessToken == second.AccessToken, source)
	source.Invalidate(first.AccessToken) // after a 401 of your own: the next token is another
	// Output: true oauth.Source{…}
}
