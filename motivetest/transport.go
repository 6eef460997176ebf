package motivetest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
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
func (f *Fake) Transport() http.RoundTripper { return inProcess{f} }

type inProcess struct{ fake *Fake }

// RoundTrip serves the request on a goroutine that ends with the request's context, or when the
// response's body is closed.
func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	w := &pipeWriter{ctx: ctx, header: http.Header{}, begun: make(chan struct{}), aborted: make(chan struct{}), announced: -1}
	w.reader, w.body = io.Pipe()
	traceSent(ctx)
	in := req.Clone(ctx)
	in.URL = &url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery}
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "in-process"
	go func() {
		p.fake.ServeHTTP(w, in)
		if in.Body != nil {
			_ = in.Body.Close()
		}
		w.end()
	}()
	select {
	case <-w.begun:
	case <-w.aborted:
	case <-ctx.Done():
	}
	if err := w.failure(); err != nil {
		cancel()
		return nil, err
	}
	context.AfterFunc(ctx, func() { w.body.CloseWithError(context.Cause(ctx)) })
	return &http.Response{
		StatusCode: w.status, Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: w.announced, Body: &pipeBody{w.reader, cancel}, Request: req,
	}, nil
}

// traceSent tells a trace that the request has a connection and has left on it.
func traceSent(ctx context.Context) {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

// pipeBody is the body of a response. Closing it ends the handler.
type pipeBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *pipeBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// pipeWriter is the ResponseWriter of a request in process.
type pipeWriter struct {
	ctx       context.Context // of the request
	header    http.Header
	status    int
	sent      http.Header // the header as it was when it was sent
	announced int64       // the length of the body, -1 if not said
	written   int64

	reader  *io.PipeReader
	body    *io.PipeWriter
	once    sync.Once
	begun   chan struct{} // closed with the header
	aborted chan struct{} // closed when the connection is reset
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
			w.announced = n
		}
		close(w.begun)
	})
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	n, err := w.body.Write(p)
	w.written += int64(n)
	return n, err
}

// Flush does nothing: what is written is read at once.
func (w *pipeWriter) Flush() {}

// failure is why there is no response, or nil: the end of the request's context comes before
// whatever the handler did on account of it.
func (w *pipeWriter) failure() error {
	select {
	case <-w.begun:
		return nil
	default:
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return reset()
}

func reset() error { return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET} }

// abort is a reset of the connection.
func (w *pipeWriter) abort() {
	w.once.Do(func() { close(w.aborted) })
	w.close(reset())
}

// end is the handler's return.
func (w *pipeWriter) end() {
	w.WriteHeader(http.StatusOK)
	if w.written < w.announced {
		w.close(io.ErrUnexpectedEOF)
		return
	}
	_ = w.body.Close()
}

// close ends the body with err, or with the end of the request's context.
func (w *pipeWriter) close(err error) {
	if w.ctx.Err() != nil {
		err = context.Cause(w.ctx)
	}
	w.body.CloseWithError(err)
}
