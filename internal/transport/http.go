package transport

import (
	"context"
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
