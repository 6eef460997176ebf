package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Only a CONNECT has a proxy refuse in the words of a status.
func TestWordsOfAStatusAreAProxysWhereThereCanBeOne(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[string]bool{"https": true, "http": false} {
		err := explain(&http.Request{URL: &url.URL{Scheme: scheme}}, errors.New("Bad Gateway"))
		var proxy *ProxyError
		if errors.As(err, &proxy) != want {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

// pipes is a listener whose connections are pipes, so that all of net/http runs on
// the clock of synctest, on both sides.
type pipes struct {
	far    chan net.Conn
	closed context.Context
	close  context.CancelFunc
	dials  atomic.Int64
	write  func(net.Conn, []byte) (int, error) // of the client; nil: as it is
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	p.dials.Add(1)
	near, far := net.Pipe()
	select {
	case p.far <- far:
		return slowConn{near, p.write}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.far:
		return conn, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.close(); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

type slowConn struct {
	net.Conn
	write func(net.Conn, []byte) (int, error)
}

func (c slowConn) Write(b []byte) (int, error) {
	if c.write == nil {
		return c.Conn.Write(b)
	}
	return c.write(c.Conn, b)
}

// newPipes starts a server whose path says with which status it answers, and returns
// the default transport, connected to it.
func newPipes(t *testing.T) (*pipes, *http.Transport) {
	p := &pipes{far: make(chan net.Conn)}
	p.closed, p.close = context.WithCancel(t.Context())
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Millisecond) // until all that can come has come
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Repeat("<html>", 500))
	})}
	go func() { _ = srv.Serve(p) }()
	rt := NewHTTPTransport()
	rt.DialContext = p.dial
	t.Cleanup(func() {
		rt.CloseIdleConnections()
		srv.Close()
		time.Sleep(2 * time.Second) // until late writers are back
	})
	return p, rt
}

// Bursts of calls live on as many connections as there may be, also where calls
// fail: each is dialled once.
func TestConnectionsAreFewAndKept(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{maxConns / 2, maxConns, 4 * maxConns} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, rt := newPipes(t)
				c := newTestClient(t, Config{BaseURL: parse(t, "http://localhost"), RoundTripper: rt, Policy: quick})
				for round := range 10 {
					var wg sync.WaitGroup
					for i := range workers {
						wg.Go(func() {
							status := []int{200, 404, 500, 503, 200, 200, 204, 200}[i%8]
							if round == 5 {
								status = 503
							}
							r, err := c.Do(t.Context(), Request{Method: "GET", Path: fmt.Sprintf("/%d", status)})
							if err != nil || r.Status != status {
								t.Errorf("%d: %d, %v", status, r.Status, err)
							}
							r.Release()
						})
					}
					wg.Wait()
				}
				if n, want := int(p.dials.Load()), min(workers, maxConns); n != want {
					t.Errorf("%d workers opened %d connections, want %d", workers, n, want)
				}
			})
		})
	}
}

// Why on a busy machine a connection may be dialled again all the same: net/http
// drops one on which the writing goroutine has not come back from sending the
// request 50 ms after the response has come.
func TestAConnectionIsLostToALateWriter(t *testing.T) {
	t.Parallel()
	for late, want := range map[time.Duration]int64{10 * time.Millisecond: 1, time.Second: 3} {
		synctest.Test(t, func(t *testing.T) {
			p, rt := newPipes(t)
			p.write = func(conn net.Conn, b []byte) (int, error) {
				defer time.Sleep(late)
				return conn.Write(b)
			}
			c := newTestClient(t, Config{BaseURL: parse(t, "http://localhost"), RoundTripper: rt})
			for range 3 {
				get(t, c, Request{Method: "GET", Path: "/200"})
			}
			if n := p.dials.Load(); n != want {
				t.Errorf("%d connections with a writer %s late, want %d", n, late, want)
			}
		})
	}
}

func TestTheDefaultTransportPingsOnHTTP2(t *testing.T) {
	t.Parallel()
	rt := NewHTTPTransport()
	if h2 := rt.HTTP2; h2 == nil || h2.SendPingTimeout != 15*time.Second || h2.PingTimeout != 15*time.Second {
		t.Errorf("HTTP/2 is configured as %+v", rt.HTTP2)
	}
	if rt.MaxConnsPerHost != rt.MaxIdleConnsPerHost || rt.MaxIdleConns < rt.MaxIdleConnsPerHost {
		t.Error("connections beyond the idle limit are closed and dialled again")
	}
}
