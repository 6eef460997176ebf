package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// attempt is one request on its way and what came back. It is made by call and
// filled by the stages.
type attempt struct {
	call *call
	req  *http.Request // of the loop
	auth AuthHeader

	wait   time.Duration // of the call's own before it
	waited time.Duration // in all, for its turn
	began  time.Time     // when it was sent; zero if it was not
	took   time.Duration
	reply
	err error

	dialled   atomic.Bool // a connection was asked for
	connected atomic.Bool // and had

	shown http.Response // to the retry loop
}

// reply is what came back: after an error as far as it came.
type reply struct {
	status int
	header http.Header
	body   []byte // in buf
	buf    *bytes.Buffer
}

func (r reply) ok() bool { return r.status >= 200 && r.status <= 299 }

// sent reports whether the attempt reached the round tripper.
func (a *attempt) sent() bool { return !a.began.IsZero() }

// neverSent reports whether, given its error, no byte of the attempt left.
func (a *attempt) neverSent() bool {
	return a.err != nil && neverSent(a.err, a.dialled.Load(), a.connected.Load())
}

// refusal is what came back, to be kept for those who are refused for the same
// reason.
func (a *attempt) refusal() Refusal { return Refusal{a.status, a.header, bytes.Clone(a.body)} }

// exchange sends the request and reads the response, within the time that an
// attempt has. It counts and times it, and takes the secrets out of its error.
func (c *Client) exchange(a *attempt) error {
	k := a.call
	k.sent++
	k.tell(Event{Kind: KindStart})
	ctx, cancel := context.WithTimeout(k.ctx, c.cfg.AttemptTimeout)
	defer cancel()
	a.began = time.Now()
	err := c.roundTrip(a, a.request(ctx, c.cfg.Header))
	if err != nil {
		err = stripURL(err)
		if ctx.Err() != nil && k.ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", ErrAttemptTimeout, err)
		}
		err = k.clean(err)
	}
	a.took = time.Since(a.began)
	k.tell(Event{Kind: KindEnd, Status: a.status, Took: a.took, Err: err})
	return err
}

var jsonContent = []string{"application/json"}

// request is a copy of the loop's request with all its headers. Where it is not
// safe to repeat, it notes on the way whether it got a connection, since without
// one it did not leave.
func (a *attempt) request(ctx context.Context, header http.Header) *http.Request {
	if a.req.Method != http.MethodGet {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn: func(string) { a.dialled.Store(true) },
			GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
		})
	}
	req := a.req.WithContext(ctx)
	req.Header = make(http.Header, len(header)+2)
	maps.Copy(req.Header, header)
	if body := a.call.req.Body; len(body) > 0 {
		req.Header["Content-Type"] = jsonContent
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, _ = req.GetBody()
	}
	req.Header[a.auth.Name] = a.auth.Values
	return req
}

func (c *Client) roundTrip(a *attempt, req *http.Request) error {
	resp, err := c.cfg.RoundTripper.RoundTrip(req)
	switch {
	case err != nil:
		return explain(req, err)
	case resp == nil:
		return errors.New("the round tripper returned neither a response nor an error")
	case resp.Body == nil:
		resp.Body = http.NoBody
	}
	defer resp.Body.Close()
	a.reply, err = read(resp, c.cfg.MaxBody, &c.buffers)
	return err
}

const (
	maxErrorBody = 64 << 10
	growAhead    = 1 << 20 // a Content-Length is a claim: believe it up to here
)

// read takes in the body of a response as far as it is wanted: of a success up to
// limit, of anything else up to maxErrorBody, and what cannot be read of that is
// let go, since its status says enough. Of a success that is too large its start is
// kept. Behind a 1xx is no body but a connection that may never end.
func read(resp *http.Response, limit int64, pool *buffers) (reply, error) {
	r := reply{status: resp.StatusCode, header: resp.Header}
	if r.status < 200 {
		return r, nil
	}
	r.buf = pool.get()
	start, most := min(limit, maxErrorBody), limit
	switch {
	case !r.ok():
		start, most = maxErrorBody, maxErrorBody
	case resp.ContentLength > limit:
		most = start
	case resp.ContentLength > 0:
		r.buf.Grow(int(min(resp.ContentLength, growAhead)) + bytes.MinRead)
	}
	n, err := r.buf.ReadFrom(io.LimitReader(resp.Body, most+1))
	r.body = r.buf.Bytes()
	if n > most || resp.ContentLength > limit {
		r.body, err = r.body[:min(n, start)], ErrBodyTooLarge
	}
	if !r.ok() {
		err = nil
	}
	return r, err
}

// buffers keeps the buffers that bodies are read into.
type buffers struct{ pool sync.Pool }

// keepBuffer is the largest buffer worth keeping, in bytes.
const keepBuffer = 2 << 20

func (p *buffers) get() *bytes.Buffer {
	if b, ok := p.pool.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return new(bytes.Buffer)
}

func (p *buffers) put(b *bytes.Buffer) {
	if b != nil && b.Cap() <= keepBuffer {
		p.pool.Put(b)
	}
}
