package motivetest

import (
	"net"
	"sync"
	"sync/atomic"
)

// Silence makes every connection that is open now dead without a word, as a router does that has
// forgotten it: what the client sends is accepted and lost, and nothing ever comes back. New
// connections work. A request that is being answered is carried out, and its response lost. Over
// HTTP/2 nothing but a ping finds out.
func (s *Server) Silence() {
	s.lines.mu.Lock()
	defer s.lines.mu.Unlock()
	for l := range s.lines.open {
		l.dead.Store(true)
	}
}

// lines are the connections of a server.
type lines struct {
	mu   sync.Mutex
	open map[*line]bool
}

// tapped is a listener whose connections can fall silent.
type tapped struct {
	net.Listener
	lines *lines
}

// Accept returns the next connection.
func (t tapped) Accept() (net.Conn, error) {
	conn, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l := &line{Conn: conn, lines: t.lines}
	t.lines.mu.Lock()
	defer t.lines.mu.Unlock()
	t.lines.open[l] = true
	return l, nil
}

// line is a connection.
type line struct {
	net.Conn
	lines *lines
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
	l.lines.mu.Lock()
	defer l.lines.mu.Unlock()
	delete(l.lines.open, l)
	return l.Conn.Close()
}
