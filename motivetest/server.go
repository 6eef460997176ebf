package motivetest

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive"
)

// Server is a [Fake] that listens on a loopback port of its own. It speaks HTTP/1.1, and HTTP/2
// without TLS to a client whose transport begins with it.
type Server struct {
	*Fake
	// URL is the base URL to give to a client, base path included: "http://127.0.0.1:1234/api".
	URL string

	http    *http.Server
	sockets *sockets
	lines   sync.Map // the open connections, by *line
	closing sync.Once
	accepts sync.WaitGroup // the goroutines in Serve
	serving sync.WaitGroup // the connections and the requests
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
	s := &Server{Fake: NewHandler(opts...), sockets: sockets}
	s.origin = "http://" + sockets.addr
	s.URL = s.origin + s.basePath
	s.http = &http.Server{Handler: http.HandlerFunc(s.counted), ConnState: s.count, ErrorLog: log.New(io.Discard, "", 0)}
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
		s.serving.Wait()
		s.working.Wait()
	})
}

// counted counts the requests, for those whose connection a fault takes over.
func (s *Server) counted(w http.ResponseWriter, r *http.Request) {
	s.serving.Add(1)
	defer s.serving.Done()
	s.ServeHTTP(w, r)
}

func (s *Server) serve(l net.Listener) {
	s.accepts.Go(func() {
		_ = s.http.Serve(tapped{l, &s.lines}) // always ends in an error, when l is closed
	})
}

// count counts connections, for Close to wait for. One that a fault took over counts as a request.
func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.serving.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.serving.Done()
	}
}

// Client returns a client of the server. It has the server's base URL and its access token, and
// pauses of milliseconds between attempts, so that a test against a server that never recovers
// is soon over; opts come after these, and a credential among opts takes the place of the token.
//
// Options that do not go together fail the test. In a program, which has no test to fail, the
// client returned answers every call with the error.
func (s *Server) Client(opts ...motive.Option) *motive.Client {
	base := []motive.Option{
		motive.WithBaseURL(s.URL),
		motive.WithRetry(motive.RetryPolicy{
			MinWait: time.Millisecond, MaxWait: 5 * time.Millisecond, ReconcileWait: 100 * time.Millisecond,
		}),
	}
	// With a credential in opts a second one would be an error; without, the lack of one is.
	client, err := motive.NewClient(append(base, opts...)...)
	if err == nil {
		return client
	}
	base = append(base, motive.WithAccessToken(s.AccessToken()))
	client, again := motive.NewClient(append(base, opts...)...)
	if again == nil {
		return client
	}
	err = errors.Join(err, again)
	if s.tb != nil {
		s.tb.Helper()
		s.tb.Fatalf("motivetest: client: %v", err)
	}
	client, _ = motive.NewClient(append(base, motive.WithTransport(broken{err}), motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1}))...)
	return client
}

// broken is a transport that fails.
type broken struct{ err error }

func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

// sockets is a listener that can be closed for a while and opened again on the same port.
type sockets struct {
	addr string

	mu       sync.Mutex
	listener net.Listener
	reserved io.Closer // keeps the port ours while the listener is closed
	timer    *time.Timer
	closed   bool
}

func openSockets() (*sockets, error) {
	reserved, addr := reservePort()
	l, err := net.Listen("tcp4", addr)
	if err != nil {
		_ = reserved.Close()
		return nil, err
	}
	return &sockets{addr: l.Addr().String(), listener: l, reserved: reserved}, nil
}

// anyPort stands in for a reserved port where none can be had.
func anyPort() (io.Closer, string) { return io.NopCloser(nil), "127.0.0.1:0" }

// shut closes the port. The sockets are locked.
func (s *sockets) shut() {
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
}

// close closes the port for good.
func (s *sockets) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.shut()
	_ = s.reserved.Close()
}

// Refuse closes the port: for d, or until [Server.Accept] is called where d is 0, the operating
// system refuses every new connection, and connections that stand idle are dropped. A request
// that is being answered is still answered.
//
// This is the true thing, a dial that fails before a byte has left, and so it hits every client
// of the server, whatever it wants to send. A client that has not yet noticed that its idle
// connection is gone meets that first.
func (s *Server) Refuse(d time.Duration) {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	if s.sockets.closed {
		return
	}
	s.sockets.shut()
	s.http.SetKeepAlivesEnabled(false) // drops the idle connections too
	if d > 0 {
		s.sockets.timer = time.AfterFunc(d, s.Accept)
	}
}

// Accept ends a [Server.Refuse] at once.
func (s *Server) Accept() {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	if s.sockets.closed || s.sockets.listener != nil {
		return
	}
	l, err := net.Listen("tcp4", s.sockets.addr)
	if err != nil {
		// Somebody else has the port for the moment.
		s.sockets.timer = time.AfterFunc(10*time.Millisecond, s.Accept)
		return
	}
	s.sockets.listener = l
	s.http.SetKeepAlivesEnabled(true)
	s.serve(l)
}

// Silence makes every connection that is open now dead without a word, as a router does that has
// forgotten it: what the client sends is accepted and lost, and nothing ever comes back. New
// connections work. A request that is being answered is carried out, and its response lost. Over
// HTTP/2 nothing but a ping finds out.
func (s *Server) Silence() {
	s.lines.Range(func(l, _ any) bool {
		l.(*line).dead.Store(true)
		return true
	})
}

// tapped is a listener whose connections can fall silent.
type tapped struct {
	net.Listener
	lines *sync.Map
}

// Accept returns the next connection.
func (t tapped) Accept() (net.Conn, error) {
	conn, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l := &line{Conn: conn, lines: t.lines}
	t.lines.Store(l, nil)
	return l, nil
}

// line is a connection.
type line struct {
	net.Conn
	lines *sync.Map
	dead  atomic.Bool
}

// NetConn returns the connection below, for those who must reset it.
func (l *line) NetConn() net.Conn { return l.Conn }

// Read swallows what comes in on a dead connection.
func (l *line) Read(p []byte) (int, error) {
	for {
		n, err := l.Conn.Read(p)
		if err != nil || !l.dead.Load() {
			return n, err
		}
	}
}

// Write swallows what goes out on a dead connection.
func (l *line) Write(p []byte) (int, error) {
	if l.dead.Load() {
		return len(p), nil
	}
	return l.Conn.Write(p)
}

// Close forgets the connection.
func (l *line) Close() error {
	l.lines.Delete(l)
	return l.Conn.Close()
}
