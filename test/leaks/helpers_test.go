package leaks_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
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

// sent is a request as the server saw it, below the prefix.
type sent struct {
	method, target string
	header         http.Header
	body           string
}

func (s sent) line() string { return s.method + " " + s.target }

// server is an HTTP server under the path /fleet that keeps what it was sent.
type server struct {
	url string

	mu       sync.Mutex
	requests []sent
	dials    int
}

func newServer(t testing.TB, handler http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	ts := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, ok := strings.CutPrefix(r.RequestURI, "/fleet")
		if !ok {
			t.Errorf("the request to %s is not under the base path", r.RequestURI)
		}
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, sent{r.Method, target, r.Header.Clone(), string(body)})
		s.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		handler(w, r)
	}))
	ts.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.dials++
		}
	}
	ts.Start()
	t.Cleanup(ts.Close)
	s.url = ts.URL + "/fleet"
	return s
}

func (s *server) got() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sent(nil), s.requests...)
}

// newClient returns a client for base with connections of its own.
func newClient(t testing.TB, base string, opts ...motive.Option) *motive.Client {
	t.Helper()
	opts = append([]motive.Option{motive.WithBaseURL(base), atOnce}, opts...)
	c, err := motive.NewClient(append([]motive.Option{motive.WithAccessToken(testToken)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
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

// roundTrip is a transport without a network, for tests on the clock of synctest.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return f(req)
}

func offline(t testing.TB, f roundTrip, opts ...motive.Option) *motive.Client {
	t.Helper()
	return newClient(t, "https://motive.example/fleet", append([]motive.Option{motive.WithTransport(f)}, opts...)...)
}

// reply makes an answer; header alternates names and values.
func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
}

// answering is a handler that always answers the same.
func answering(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// rawServer speaks HTTP by hand: talk answers the nth request, from 1, on its
// connection, which is closed after it unless talk returns true.
type rawServer struct {
	url string

	mu sync.Mutex
	n  int
}

func newRawServer(t testing.TB, talk func(n int, conn *net.TCPConn, req *http.Request) bool) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{url: "http://" + l.Addr().String() + "/fleet"}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.serve(conn.(*net.TCPConn), talk) })
		}
	})
	return s
}

func (s *rawServer) serve(conn *net.TCPConn, talk func(int, *net.TCPConn, *http.Request) bool) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		s.mu.Lock()
		s.n++
		n := s.n
		s.mu.Unlock()
		if !talk(n, conn, req) {
			return
		}
	}
}

// say writes an answer by hand.
func say(conn net.Conn, lines ...string) {
	_, _ = io.WriteString(conn, strings.Join(lines, "\r\n"))
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
func failingTimes(n, status int, header ...string) roundTrip {
	var mu sync.Mutex
	return func(*http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if n--; n >= 0 {
			return reply(status, "", header...), nil
		}
		return reply(200, oneUser), nil
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
