package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"time"
)

// exchange sends the request and reads the response, within the time that an attempt
// has. Its error is without secrets, for the observer.
func (c *Client) exchange(a *attempt) error {
	k := a.call
	if !slices.Contains(k.secrets, a.auth.Secret) {
		k.secrets = append(k.secrets, a.auth.Secret)
	}
	k.resp.Attempts++
	k.emit(Event{Kind: KindStart})
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
	if k.resp.Attempts == 1 {
		k.resp.FirstTook = a.took
	}
	k.emit(Event{Kind: KindEnd, Status: a.Status, Took: a.took, Err: err})
	return err
}

var jsonContent = []string{"application/json"}

// request is a copy of the loop's request with all its headers. It notes whether it got
// a connection, without which it did not leave: of what only reads that makes no
// difference.
func (a *attempt) request(ctx context.Context, header http.Header) *http.Request {
	if !Safe(a.req.Method) {
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
	a.Status, a.Header = resp.StatusCode, resp.Header
	if a.Status < 200 { // behind which is no body but a connection that may never end
		return nil
	}
	a.buf = c.buffers.Get().(*bytes.Buffer)
	a.Body, a.Truncated, err = read(resp, a.buf, c.cfg.MaxBody)
	return err
}

// explain is err in the words of what happened. net/http returns of a refused
// CONNECT the bare words of its status, which read as if the server had said them,
// and of a server without TLS the bytes that it sent.
func explain(req *http.Request, err error) error {
	var record tls.RecordHeaderError
	if errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/" {
		return http.ErrSchemeMismatch
	}
	if req.URL.Scheme != "https" || errors.Unwrap(err) != nil {
		return err
	}
	for status := 300; status < 600; status++ {
		if words := http.StatusText(status); words != "" && words == err.Error() {
			return &ProxyError{status}
		}
	}
	return err
}

const (
	maxErrorBody = 64 << 10
	growAhead    = 1 << 20 // a Content-Length is a claim: believe it up to here
	keepBuffer   = 2 << 20 // what is larger is not kept
)

// read takes in a body as far as it is wanted: of a success all of it, or its start
// where that is above the limit. Anything else its status says, whatever can be read.
func read(resp *http.Response, buf *bytes.Buffer, limit int64) (body []byte, truncated bool, err error) {
	start := min(limit, maxErrorBody)
	switch {
	case resp.Body == http.NoBody: // also of a HEAD, whatever length it tells of
		return nil, false, nil
	case resp.StatusCode > 299:
		n, broke := buf.ReadFrom(io.LimitReader(resp.Body, maxErrorBody))
		return buf.Bytes(), n == maxErrorBody || broke != nil, nil
	case resp.ContentLength > limit:
		_, _ = buf.ReadFrom(io.LimitReader(resp.Body, start))
		return buf.Bytes(), true, ErrBodyTooLarge
	case resp.ContentLength > 0:
		buf.Grow(int(min(resp.ContentLength, growAhead)) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if n > limit {
		return buf.Bytes()[:start], true, ErrBodyTooLarge
	}
	return buf.Bytes(), err != nil, err
}

// release gives up the body of the last attempt, whose buffer the next one is read into.
func (k *call) release() {
	if a := k.attempt; a != nil && a.buf != nil {
		if a.buf.Cap() <= keepBuffer {
			a.buf.Reset()
			k.buffers.Put(a.buf)
		}
		a.buf = nil
	}
}

// maxConns limits the connections to the one host: else a burst dials once a call. It is
// the idle limit too, so none is closed after the burst.
const maxConns = 64

// NewHTTPTransport returns the default round tripper: up to 64 connections, which
// stay open for 90 s after their last use; proxies from the environment; and pings
// on HTTP/2, so that a connection that has died in silence is left after 30 s.
func NewHTTPTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: onProxyConnect,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        maxConns,
		MaxIdleConns:           maxConns,
		MaxIdleConnsPerHost:    maxConns,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}

func onProxyConnect(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &ProxyError{resp.StatusCode}
	}
	return nil
}
