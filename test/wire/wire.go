// Package wire has servers and transports that tests of this module are driven
// against. It knows nothing of what is tested.
package wire

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Request is a request as a [Server] saw it, below its prefix.
type Request struct {
	Method, Target string
	Header         http.Header
	Body           string
}

// Line is "GET /v1/users?page_no=1".
func (s Request) Line() string { return s.Method + " " + s.Target }

// Server is an HTTP server under the path /fleet that keeps what it was sent.
type Server struct {
	URL string

	mu       sync.Mutex
	requests []Request
	dials    int
}

// NewServer starts a server; the end of the test closes it.
func NewServer(t testing.TB, handler http.HandlerFunc) *Server {
	t.Helper()
	s := &Server{}
	ts := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, ok := strings.CutPrefix(r.RequestURI, "/fleet")
		if !ok {
			t.Errorf("the request to %s is not under the base path", r.RequestURI)
		}
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, Request{r.Method, target, r.Header.Clone(), string(body)})
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
	s.URL = ts.URL + "/fleet"
	return s
}

// Got lists the requests so far.
func (s *Server) Got() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Lines lists the lines of the requests so far.
func (s *Server) Lines() []string {
	var lines []string
	for _, r := range s.Got() {
		lines = append(lines, r.Line())
	}
	return lines
}

// Connections is how many connections were made.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

// RoundTrip is a transport without a network, for tests on the clock of synctest.
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip calls f, unless the context has ended.
func (f RoundTrip) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return f(req)
}

// Reply makes a response; header alternates names and values.
func Reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
}

// Always is a handler that gives one response to everything.
func Always(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// RawServer speaks HTTP by hand: talk answers the nth request, from 1, on its
// connection, which is closed after it unless talk returns true.
type RawServer struct {
	URL string

	mu sync.Mutex
	n  int
}

// NewRawServer starts a server; the end of the test closes it.
func NewRawServer(t testing.TB, talk func(n int, conn *net.TCPConn, req *http.Request) bool) *RawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &RawServer{URL: "http://" + l.Addr().String() + "/fleet"}
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() { l.Close(); stop(); wg.Wait() })
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { conn.Close() })
			wg.Go(func() { s.serve(conn.(*net.TCPConn), talk) })
		}
	})
	return s
}

func (s *RawServer) serve(conn *net.TCPConn, talk func(int, *net.TCPConn, *http.Request) bool) {
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

// Requests is how many requests came.
func (s *RawServer) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// Reset makes the next Close of conn send a reset.
func Reset(conn *net.TCPConn) { _ = conn.SetLinger(0) }

// Refusing is an address that refuses connections. Its port is that of an open
// connection, so that no other test comes to listen there.
func Refusing(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return "http://" + conn.LocalAddr().String() + "/fleet"
}

// Piped is an http.Transport whose connections are pipes, so that all of net/http
// runs on the clock of synctest. serve answers the nth request, from 1.
func Piped(t testing.TB, serve func(n int, conn net.Conn, req *http.Request)) *http.Transport {
	t.Helper()
	var n atomic.Int64
	return &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				req, err := http.ReadRequest(bufio.NewReader(far))
				if err != nil {
					return
				}
				if _, err := io.Copy(io.Discard, req.Body); err != nil {
					return
				}
				serve(int(n.Add(1)), far, req)
			}()
			return near, nil
		},
	}
}

// Say writes a response by hand.
func Say(conn net.Conn, lines ...string) {
	_, _ = io.WriteString(conn, strings.Join(lines, "\r\n"))
}

// Silent keeps a connection open and says no more.
func Silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
