package motive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive"
)

// outcome is what becomes of a call: how many requests the server saw, and the
// kind of the error, as kind names it.
type outcome struct {
	requests int
	kind     string
}

// What becomes of the three sorts of methods under one failure.
type outcomes struct{ get, put, post outcome }

var (
	// The failure may pass, and the request may have been carried out.
	passing = outcomes{outcome{4, "other"}, outcome{4, "unknown"}, outcome{1, "unknown"}}
	// The same, said by the server.
	passingStatus = outcomes{outcome{4, "api"}, outcome{4, "unknown"}, outcome{1, "unknown"}}
	// A proxy's word that it does not know either.
	openStatus = outcomes{outcome{1, "api"}, outcome{1, "unknown"}, outcome{1, "unknown"}}
	// The server's last word.
	final = outcomes{outcome{1, "api"}, outcome{1, "api"}, outcome{1, "api"}}
	// The server did not look at the request.
	limited = outcomes{outcome{4, "api"}, outcome{4, "api"}, outcome{4, "api"}}
)

func (o outcomes) of(verb string) outcome {
	switch verb {
	case http.MethodGet:
		return o.get
	case http.MethodPost:
		return o.post
	}
	return o.put
}

// oneOfEachVerb are the methods that the matrix of failures tries.
func oneOfEachVerb() []method {
	var some []method
	for _, m := range methods() {
		switch m.name {
		case "Users.Get", "Users.Create", "Users.Update", "ExternalIDs.Create", "ExternalIDs.Delete":
			some = append(some, m)
		}
	}
	return some
}

func checkOutcome(t *testing.T, want outcome, requests, attempts int, err error) {
	t.Helper()
	if got := (outcome{requests, kind(err)}); got != want || attempts != want.requests {
		t.Errorf("%+v in %d attempts, want %+v: %v", got, attempts, want, err)
	}
	var unknown *motive.OutcomeUnknownError
	if errors.As(err, &unknown) && unknown.Attempts != want.requests {
		t.Errorf("the error tells of %d attempts, want %d", unknown.Attempts, want.requests)
	}
	text := "1 attempt"
	if want.requests != 1 {
		text = fmt.Sprintf("%d attempts", want.requests)
	}
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("message %q lacks %q", err, text)
	}
}

func TestFailuresOnTheWire(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, talk := range map[string]func(conn *net.TCPConn){
		"reset before the answer":   reset,
		"closed before the answer":  func(*net.TCPConn) {},
		"reset within the headers":  func(conn *net.TCPConn) { say(conn, head); reset(conn) },
		"closed within the headers": func(conn *net.TCPConn) { say(conn, head+"X-Half") },
		"reset within the body":     func(conn *net.TCPConn) { say(conn, head+"Content-Length: 500\r\n\r\n"+`{"user":`); reset(conn) },
		"body cut off":              func(conn *net.TCPConn) { say(conn, head+"Content-Length: 500\r\n\r\n"+oneUser) },
		"chunks cut off":            func(conn *net.TCPConn) { say(conn, head+"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"use\r\n") },
		"a malformed chunk":         func(conn *net.TCPConn) { say(conn, head+"Transfer-Encoding: chunked\r\n\r\nzz\r\nwhat\r\n") },
		"no HTTP at all":            func(conn *net.TCPConn) { say(conn, "SSH-2.0-OpenSSH_9.6\r\n\r\n") },
		"a malformed header":        func(conn *net.TCPConn) { say(conn, head+"no colon\r\n\r\n") },
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				srv := newRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool { talk(conn); return false })
				var r motive.Response
				_, err := m.call(t.Context(), newClient(t, srv.url), motive.WithResponse(&r))
				checkOutcome(t, passing.of(m.verb()), srv.requests(), r.Attempts, err)
			})
		}
	}
}

func TestFailuresBeforeTheWireAreTriedAgainAndCertain(t *testing.T) {
	t.Parallel()
	failing := func(err error) *http.Transport {
		return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
	}
	through := func(proxy string) *http.Transport {
		u, err := url.Parse(proxy)
		if err != nil {
			t.Fatal(err)
		}
		return &http.Transport{Proxy: http.ProxyURL(u)}
	}
	denying := newRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
		say(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return false
	})
	const base = "https://motive.example/fleet"
	for name, tt := range map[string]struct {
		base      string
		transport *http.Transport
	}{
		"connection refused":      {refusing(t), &http.Transport{}},
		"no such host":            {base, failing(&net.DNSError{Err: "no such host", Name: "motive.example", IsNotFound: true})},
		"any other dial error":    {base, failing(errors.New("the dialler gave up"))},
		"the proxy is down":       {base, through(refusing(t))},
		"the proxy is unfriendly": {base, through(denying.url)},
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				var r motive.Response
				_, err := m.call(t.Context(), newClient(t, tt.base, motive.WithTransport(tt.transport)), motive.WithResponse(&r))
				if kind(err) != "other" || r.Attempts != 4 || r.StatusCode != 0 {
					t.Errorf("%s in %d attempts, want a plain error in 4: %v", kind(err), r.Attempts, err)
				}
			})
		}
	}
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    outcomes
	}{
		"a stream reset before the headers": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, passing},
		"a stream reset within the body": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"user":`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, passing},
		"a 503": {answering(503, ""), passingStatus},
		"a 404": {answering(404, ""), final},
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				var requests atomic.Int64
				srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if requests.Add(1); r.ProtoMajor != 2 {
						t.Errorf("spoken to in %s", r.Proto)
					}
					tt.handler(w, r)
				}))
				srv.EnableHTTP2 = true
				srv.StartTLS()
				defer srv.Close()
				var r motive.Response
				_, err := m.call(t.Context(), newClient(t, srv.URL, motive.WithTransport(srv.Client().Transport)), motive.WithResponse(&r))
				checkOutcome(t, tt.want.of(m.verb()), int(requests.Load()), r.Attempts, err)
			})
		}
	}
}

func TestStatusesThatFail(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]outcomes{
		429: limited,
		500: passingStatus, 502: passingStatus, 503: passingStatus, 504: passingStatus,
		501: final, 505: final, 520: openStatus, 522: openStatus, 524: openStatus, 599: openStatus,
		400: final, 401: final, 402: final, 403: final, 404: final, 405: final, 409: final, 418: final, 422: final,
		300: final, 304: final, 307: final, 308: final,
		301: openStatus, 302: openStatus, 303: openStatus, 408: openStatus, 499: openStatus,
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(fmt.Sprintf("%d/%s", status, m.name), func(t *testing.T) {
				t.Parallel()
				srv := newServer(t, answering(status, ""))
				var r motive.Response
				c := newClient(t, srv.url, motive.WithRetry(motive.RetryPolicy{MinWait: 1, MaxWait: 1, MaxRetryAfter: 1, ReconcileWait: 1}))
				_, err := m.call(t.Context(), c, motive.WithResponse(&r))
				checkOutcome(t, want.of(m.verb()), len(srv.got()), r.Attempts, err)
				var api *motive.APIError
				if !errors.As(err, &api) || api.StatusCode != status || r.StatusCode != status || api.Attempts != r.Attempts {
					t.Errorf("error %v, response %+v; want an APIError of %d", err, r, status)
				}
			})
		}
	}
}

func TestHangingServersAreLeftAfterTheAttemptTimeout(t *testing.T) {
	t.Parallel()
	for name, talk := range map[string]func(net.Conn){
		"before the headers": silent,
		"within the headers": func(conn net.Conn) { say(conn, "HTTP/1.1 200 OK\r\nX-Half"); silent(conn) },
		"within the body":    func(conn net.Conn) { say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"); silent(conn) },
	} {
		for _, m := range oneOfEachVerb() {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var requests atomic.Int64
					transport := piped(t, func(n int, conn net.Conn, _ *http.Request) { requests.Store(int64(n)); talk(conn) })
					c := newClient(t, "http://localhost/fleet", motive.WithTransport(transport), motive.WithAttemptTimeout(30*time.Second))
					start := time.Now()
					var r motive.Response
					_, err := m.call(t.Context(), c, motive.WithResponse(&r))
					want := passing.of(m.verb())
					checkOutcome(t, want, int(requests.Load()), r.Attempts, err)
					if took, limit := time.Since(start), time.Duration(want.requests)*30*time.Second; took < limit || took > limit+time.Second {
						t.Errorf("took %s, want %s", took, limit)
					}
					if !strings.Contains(err.Error(), "attempt timeout") {
						t.Errorf("message %q does not say that the attempt timeout was up", err)
					}
				})
			})
		}
	}
}

// A second request must not carry the remains of a first.
func TestRecoveryAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, m := range oneOfEachVerb() {
		if m.verb() == http.MethodPost {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				switch n.Add(1) {
				case 1:
					answering(503, strings.Repeat("busy ", 2000), "X-Request-Id", "first")(w, r)
				case 2:
					w.Header().Set("Content-Length", "5000")
					_, _ = io.WriteString(w, `{"user":{"id":8,`)
				default:
					answering(m.status, m.answer)(w, r)
				}
			})
			var r motive.Response
			got, err := m.call(t.Context(), newClient(t, srv.url), motive.WithResponse(&r))
			if err != nil || fmt.Sprint(got) != fmt.Sprint(m.want) {
				t.Errorf("got %v, error %v; want %v", got, err, m.want)
			}
			if r.Attempts != 3 || r.StatusCode != m.status || r.RequestID != "" {
				t.Errorf("response %+v", r)
			}
			for _, s := range srv.got() {
				if s.line() != m.line || s.body != m.body && !sameJSON(s.body, m.body) {
					t.Errorf("sent %s %s, want %s %s", s.line(), s.body, m.line, m.body)
				}
			}
		})
	}
}

func TestUntrustedServersAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	for _, m := range oneOfEachVerb() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
			srv.Config.ErrorLog = log.New(io.Discard, "", 0)
			srv.StartTLS()
			defer srv.Close()
			var r motive.Response
			_, err := m.call(t.Context(), newClient(t, srv.URL), motive.WithResponse(&r))
			if kind(err) != "other" || r.Attempts != 1 || requests.Load() != 0 {
				t.Errorf("%s in %d attempts and %d requests: %v", kind(err), r.Attempts, requests.Load(), err)
			}
		})
	}
}

// Bursts of 64 calls live on 64 connections, also where calls fail.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const workers, rounds = 64, 20
	var arrived sync.WaitGroup
	arrived.Add(workers)
	var first atomic.Int64
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if first.Add(1) <= workers { // so that each of the first round needs a connection
			arrived.Done()
			arrived.Wait()
		}
		switch r.URL.Query().Get("name") {
		case "missing":
			answering(404, `{"error_message":"gone"}`)(w, r)
		case "broken":
			answering(500, strings.Repeat("<html>", 500))(w, r)
		case "busy":
			answering(503, "")(w, r)
		default:
			answering(200, noUsers)(w, r)
		}
	})
	c := newClient(t, srv.url, motive.WithRetry(motive.RetryPolicy{MaxAttempts: 2, MinWait: 1, MaxWait: 1, MaxRetryAfter: 1}))
	names := []string{"", "missing", "broken", "busy", "", "", "", ""}
	for range rounds {
		var wg sync.WaitGroup
		for i := range workers {
			wg.Go(func() {
				_, err := c.Users.List(t.Context(), &motive.ListUsersOptions{Name: names[i%len(names)]})
				if (err == nil) != (names[i%len(names)] == "") {
					t.Errorf("%q: %v", names[i%len(names)], err)
				}
			})
		}
		wg.Wait()
	}
	if n := srv.connections(); n != workers {
		t.Errorf("%d connections for %d bursts of %d, want %d", n, rounds, workers, workers)
	}
}

func TestBodySizes(t *testing.T) {
	t.Parallel()
	padded := func(size int) string { return oneUser + strings.Repeat(" ", size-len(oneUser)) }
	for name, tt := range map[string]struct {
		limit int64 // 0: the default
		size  int
		fits  bool
	}{
		"at the limit":         {1000, 1000, true},
		"one over the limit":   {1000, 1001, false},
		"far over the limit":   {1000, 1 << 20, false},
		"over a tiny limit":    {10, 100, false},
		"no limit to speak of": {math.MaxInt64, 1000, true},
		"over 64 KiB":          {100 << 10, 200 << 10, false},
		"large by default":     {0, 4 << 20, true},
	} {
		for _, length := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, length %v", name, length), func(t *testing.T) {
				t.Parallel()
				srv := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
					body := padded(tt.size)
					if length {
						w.Header().Set("Content-Length", fmt.Sprint(len(body)))
					}
					_, _ = io.WriteString(w, body[:1])
					w.(http.Flusher).Flush()
					_, _ = io.WriteString(w, body[1:])
				})
				var opts []motive.Option
				if tt.limit > 0 {
					opts = append(opts, motive.WithMaxBodySize(tt.limit))
				}
				c := newClient(t, srv.url, opts...)
				if tt.fits {
					if u, err := c.Users.Get(t.Context(), 7); err != nil || u.ID != 7 {
						t.Errorf("user %v, error %v", u, err)
					}
					return
				}
				_, err := c.Users.Get(t.Context(), 7)
				checkTooLarge(t, err, int(min(tt.limit, 64<<10)))
				if n := len(srv.got()); n != 1 {
					t.Errorf("asked %d times for a body that is too large", n)
				}
				_, err = c.Users.Create(t.Context(), ada())
				checkTooLarge(t, err, int(min(tt.limit, 64<<10)))
				if !errors.Is(err, motive.ErrOutcomeUnknown) {
					t.Errorf("a create with an answer too large to read: %v", err)
				}
			})
		}
	}
}

func checkTooLarge(t *testing.T, err error, body int) {
	t.Helper()
	var api *motive.APIError
	if !errors.As(err, &api) || !errors.Is(err, motive.ErrUnexpectedResponse) || !strings.Contains(err.Error(), "larger") {
		t.Fatalf("error %v, want one that says the body is too large", err)
	}
	if len(api.Body) != body || !strings.HasPrefix(oneUser+strings.Repeat(" ", 64<<10), string(api.Body)) {
		t.Errorf("the error keeps %d bytes, want the first %d", len(api.Body), body)
	}
}

// What an error keeps of one answer must not be of another one, whose buffer it
// got from the pool.
func TestErrorsKeepOnlyTheirOwnBytes(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/1") {
			answering(200, `{"user":{"id":1,"first_name":"`+strings.Repeat("private", 80)+`"}}`)(w, r)
			return
		}
		answering(200, strings.Repeat("x", 601))(w, r)
	})
	c := newClient(t, srv.url, motive.WithMaxBodySize(600))
	for range 20 {
		if _, err := c.Users.Get(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		_, err := c.Users.Get(t.Context(), 2)
		var api *motive.APIError
		if !errors.As(err, &api) || string(api.Body) != strings.Repeat("x", 600) {
			t.Fatalf("error %v keeps %q", err, api.Body)
		}
	}
}

func TestCompressedAnswers(t *testing.T) {
	t.Parallel()
	zip := func(body string, zeros int) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, body)
		chunk := make([]byte, 1<<16)
		for i := range chunk {
			chunk[i] = ' '
		}
		for range zeros / len(chunk) {
			_, _ = w.Write(chunk)
		}
		_ = w.Close()
		return b.Bytes()
	}
	small, bomb := zip(oneUser, 0), zip(oneUser, 32<<20)
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Error("gzip was not asked for")
		}
		w.Header().Set("Content-Encoding", "gzip")
		switch target := r.URL.RequestURI(); target[len(target)-1] {
		case '1':
			_, _ = w.Write(small)
		case '2':
			_, _ = w.Write(bomb)
		case '3':
			w.WriteHeader(404)
			_, _ = w.Write(bomb)
		default:
			_, _ = w.Write(small[:len(small)/2])
		}
	})
	c := newClient(t, srv.url, motive.WithMaxBodySize(1<<20))
	if u, err := c.Users.Lookup(t.Context(), motive.UserLookup{Phone: "1"}); err != nil || u.ID != 7 {
		t.Errorf("user %v, error %v", u, err)
	}
	_, err := c.Users.Get(t.Context(), 2)
	checkTooLarge(t, err, 64<<10)
	_, err = c.Users.Get(t.Context(), 3)
	var api *motive.APIError
	if !errors.As(err, &api) || !errors.Is(err, motive.ErrNotFound) || len(api.Body) != 64<<10 {
		t.Errorf("error %v", err)
	}
	if _, err = c.Users.Get(t.Context(), 4); err == nil || len(srv.got()) != 7 {
		t.Errorf("error %v after %d requests; an answer cut off within its compression is to be asked for again", err, len(srv.got()))
	}
}

func TestWrongContentLength(t *testing.T) {
	t.Parallel()
	srv := newRawServer(t, func(n int, conn *net.TCPConn, _ *http.Request) bool {
		length := 10 // short of what follows
		if n > 1 {
			length = len(oneUser)
		}
		say(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "+fmt.Sprint(length)+"\r\n\r\n"+oneUser)
		return false
	})
	c := newClient(t, srv.url)
	if _, err := c.Users.Get(t.Context(), 7); !errors.Is(err, motive.ErrUnexpectedResponse) {
		t.Errorf("error %v, want ErrUnexpectedResponse", err)
	}
	if u, err := c.Users.Get(t.Context(), 7); err != nil || u.ID != 7 {
		t.Errorf("user %v, error %v", u, err)
	}
}

// Round trippers of callers may be sloppy.
func TestSloppyRoundTrippers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rt   roundTrip
		want string
	}{
		"neither answer nor error": {func(*http.Request) (*http.Response, error) { return nil, nil }, "other"},
		"no body":                  {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 404}, nil }, "api"},
		"no body to a success":     {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, "api"},
		"status 0":                 {func(*http.Request) (*http.Response, error) { return &http.Response{}, nil }, "api"},
		"a plain error":            {func(*http.Request) (*http.Response, error) { return nil, errors.New("no") }, "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := offline(t, tt.rt).Users.Get(t.Context(), 7); kind(err) != tt.want {
				t.Errorf("%s error, want %s: %v", kind(err), tt.want, err)
			}
		})
	}
}

func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	srv := newServer(t, answering(200, oneUser))
	c := newClient(t, srv.url)
	for range 2 {
		if _, err := c.Users.Get(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
		c.CloseIdleConnections()
	}
	if n := srv.connections(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
	offline(t, nil).CloseIdleConnections() // a round tripper that has none
}
