package motivetest

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
)

// Server is a [Fake] that listens on a loopback port of its own. It speaks HTTP/1.1, and HTTP/2
// without TLS to a client whose transport begins with it.
type Server struct {
	*Fake
	// URL is the base URL to give to a client, base path included: "http://127.0.0.1:1234/api".
	URL string

	http    *http.Server
	sockets *sockets
	lines   lines
	closing sync.Once
	accepts sync.WaitGroup // the goroutines in Serve
	conns   sync.WaitGroup // the connections that net/http looks after
	serving sync.WaitGroup // the requests being answered
}

// NewServer starts a fake for a test. It is closed when the test ends; where the test has
// failed, a transcript of the requests is logged first.
func NewServer(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s, err := Start(opts...)
	if err != nil {
		tb.Fatal(err)
	}
	s.tb = tb
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Log(s.Transcript())
		}
		s.Close()
	})
	return s
}

// Start starts a fake for a program. It fails only if no port is to be had.
func Start(opts ...Option) (*Server, error) {
	sockets, err := openSockets()
	if err != nil {
		return nil, fmt.Errorf("motivetest: listen on loopback: %w", err)
	}
	s := &Server{Fake: NewHandler(opts...), sockets: sockets, lines: lines{open: map[*line]bool{}}}
	s.origin = "http://" + sockets.addr
	s.URL = s.origin + s.basePath
	s.http = &http.Server{Handler: http.HandlerFunc(s.answer), ConnState: s.count, ErrorLog: silent()}
	s.http.Protocols = new(http.Protocols)
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	s.refuse = s.Refuse
	s.serve(sockets.listener)
	return s, nil
}

// Close stops the server and returns when none of its goroutines is left and its port is free.
// Requests that are being answered are cut off. It may be called more than once.
func (s *Server) Close() {
	s.closing.Do(func() {
		s.stop()
		s.sockets.close()
		_ = s.http.Close() // complains of the listener that is closed already
		s.accepts.Wait()
		_ = s.http.Close() // for a connection accepted while the first one ran
		s.conns.Wait()
		s.serving.Wait()
		s.working.Wait()
	})
}

// answer counts the requests, for those whose connection a fault takes over.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	s.serving.Add(1)
	defer s.serving.Done()
	s.ServeHTTP(w, r)
}

func (s *Server) serve(l net.Listener) {
	s.accepts.Add(1)
	go func() {
		defer s.accepts.Done()
		_ = s.http.Serve(tapped{l, &s.lines}) // always ends in an error, when l is closed
	}()
}

// count is told of every connection, so that Close can wait for all of them. One that a fault
// took over is waited for as a request.
func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	}
}
