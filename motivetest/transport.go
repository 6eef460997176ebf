package motivetest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
)

// Transport returns a round tripper that hands requests to the fake in process, without a
// socket, for motive.WithTransport. It goes by any host, whose base URL must have the fake's
// base path, "/api" unless [WithBasePath] says otherwise.
//
// Nothing in it waits for anything but channels, timers and the request's context, so that a
// test can run it in a bubble of testing/synctest, where hours pass at once; make the fake in
// the bubble too. Faults act as on a socket: a connection that is reset is an error of the kind
// that the network gives, a body that is cut off ends in [io.ErrUnexpectedEOF]. Only
// [ConnectionRefused] refuses nothing after the request that it strikes.
func (f *Fake) Transport() http.RoundTripper {
	server := &http.Server{Handler: f, ErrorLog: log.New(io.Discard, "", 0)} // which would print what faults cut
	dial := func(context.Context, string, string) (net.Conn, error) {
		client, far := net.Pipe()
		cut := new(atomic.Bool)
		listener := make(lone, 1)
		listener <- pipe{far, cut}
		close(listener)
		_ = server.Serve(listener) // returns at once, the connection being served
		return pipe{client, cut}, nil
	}
	// A connection that waits for its next request would outlive the bubble.
	return &http.Transport{DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true, DisableCompression: true}
}

// lone is a listener of one connection.
type lone chan net.Conn

func (l lone) Accept() (net.Conn, error) {
	conn, ok := <-l
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (lone) Close() error   { return nil } // the connection stays open
func (lone) Addr() net.Addr { return &net.TCPAddr{} }

// pipe is one end of a connection in process that can be reset.
type pipe struct {
	net.Conn
	cut *atomic.Bool // shared by both ends
}

// SetLinger makes the next Close a reset, as 0 does on a [net.TCPConn].
func (p pipe) SetLinger(int) error {
	p.cut.Store(true)
	return nil
}

// Read ends in the error of a socket where the connection was reset.
func (p pipe) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if errors.Is(err, io.EOF) && p.cut.Load() {
		err = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return n, err
}
