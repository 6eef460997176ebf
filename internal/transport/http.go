package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// maxConns is how many connections there are to the one host. A limit keeps a
// burst from dialling once per call, and since none of them is above the idle
// limit, none is closed after it.
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
