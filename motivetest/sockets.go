package motivetest

import (
	"io"
	"log"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// sockets is the listener of a server, which can be closed for a while and opened again on the
// same port.
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

// silent swallows what net/http would print about connections that faults cut.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }

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
