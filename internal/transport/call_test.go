package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive/test/wire"
)

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Time-Zone": {"UTC"}}
	for _, tt := range []struct {
		r                 Request
		url, body, header string
	}{
		{Request{Method: "GET", Path: "/v1/a"}, "https://api.example.com/fleet/v1/a", "", "map[Authorization:[Bearer canary-credential] X-Time-Zone:[UTC]]"},
		{Request{Method: "GET", Path: "/v1/a", Query: url.Values{"b": {"c d"}}}, "https://api.example.com/fleet/v1/a?b=c+d", "", "map[Authorization:[Bearer canary-credential] X-Time-Zone:[UTC]]"},
		{Request{Method: "PUT", Path: "/v1/a%2Fb", Body: []byte("{}")}, "https://api.example.com/fleet/v1/a%2Fb", "{}", "map[Authorization:[Bearer canary-credential] Content-Type:[application/json] X-Time-Zone:[UTC]]"},
	} {
		for _, base := range []string{"https://api.example.com/fleet", "https://api.example.com/fleet/"} {
			var bodies []string
			server := tripper(func(req *http.Request) (*http.Response, error) {
				if req.URL.String() != tt.url || fmt.Sprint(req.Header) != tt.header || req.ContentLength != int64(len(tt.body)) {
					t.Errorf("sent %s with %v", req.URL, req.Header)
				}
				var body []byte
				if req.Body != nil {
					body, _ = io.ReadAll(req.Body)
					req.Body.Close()
				}
				if bodies = append(bodies, string(body)); len(bodies) < 3 {
					return response(503, ""), nil
				}
				return response(200, ""), nil
			})
			c := newTestClient(t, Config{BaseURL: parse(t, base), RoundTripper: server, Header: header, Policy: quick})
			get(t, c, tt.r)
			if fmt.Sprint(bodies) != fmt.Sprint([]string{tt.body, tt.body, tt.body}) {
				t.Errorf("sent bodies %q", bodies)
			}
		}
	}
	if len(header) != 1 {
		t.Errorf("the header passed in is now %v", header)
	}
}

// What becomes of each sort of method under one failure: how many requests, and
// whether the last of them provably never left.
func TestFailuresOnTheWire(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, tt := range map[string]struct {
		talk   func(conn *net.TCPConn)
		status int
	}{
		"reset before the response":  {wire.Reset, 0},
		"closed before the response": {func(*net.TCPConn) {}, 0},
		"closed within the headers":  {func(conn *net.TCPConn) { wire.Say(conn, head+"X-Half") }, 0},
		"reset within the body":      {func(conn *net.TCPConn) { wire.Say(conn, head+"Content-Length: 500\r\n\r\n{"); wire.Reset(conn) }, -1},
		"body cut off":               {func(conn *net.TCPConn) { wire.Say(conn, head+"Content-Length: 500\r\n\r\n{}") }, 200},
		"chunks cut off":             {func(conn *net.TCPConn) { wire.Say(conn, head+"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"use\r\n") }, 200},
		"a malformed chunk":          {func(conn *net.TCPConn) { wire.Say(conn, head+"Transfer-Encoding: chunked\r\n\r\nzz\r\nwhat\r\n") }, 200},
		"no HTTP at all":             {func(conn *net.TCPConn) { wire.Say(conn, "SSH-2.0-OpenSSH_9.6\r\n\r\n") }, 0},
	} {
		for method, want := range map[string]int{"GET": 4, "PUT": 4, "DELETE": 4, "POST": 1, "PATCH": 1} {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool { tt.talk(conn); return false })
				c := newTestClient(t, Config{BaseURL: parse(t, srv.URL), Policy: quick})
				r, err := c.Do(t.Context(), request(method))
				if err == nil || r.Attempts != want || srv.Requests() != want || len(r.Earlier) != want {
					t.Fatalf("%d attempts, %d requests, %d records, want %d: %v", r.Attempts, srv.Requests(), len(r.Earlier), want, err)
				}
				for _, a := range r.Earlier {
					if a.NeverSent || a.Err == nil || tt.status >= 0 && a.Status != tt.status {
						t.Errorf("attempt %+v", a)
					}
				}
				if r.FirstTook <= 0 || tt.status >= 0 && r.Status != tt.status {
					t.Errorf("response %+v", r)
				}
				if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), srv.URL) || strings.Contains(err.Error(), "last attempt") {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

func TestFailuresBeforeTheWire(t *testing.T) {
	t.Parallel()
	failing := func(err error) *http.Transport {
		return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
	}
	through := func(proxy string, hook bool) *http.Transport {
		rt := &http.Transport{Proxy: http.ProxyURL(parse(t, proxy))}
		if hook {
			rt.OnProxyConnectResponse = onProxyConnect
		}
		return rt
	}
	denying := func(status string) string {
		return wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
			wire.Say(conn, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
			return false
		}).URL
	}
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	const base = "https://api.example.com/fleet"
	for name, tt := range map[string]struct {
		base      string
		transport *http.Transport
		attempts  int
		proxy     int // status, where it is that
	}{
		"connection refused":                   {wire.Refusing(t), &http.Transport{}, 4, 0},
		"no such host":                         {base, failing(&net.DNSError{Err: "no such host", IsNotFound: true}), 4, 0},
		"any other dial error":                 {base, failing(errors.New("the dialler gave up")), 4, 0},
		"the proxy is down":                    {base, through(wire.Refusing(t), false), 4, 0},
		"the proxy wants a password":           {base, through(denying("407 Proxy Authentication Required"), false), 4, 407},
		"the proxy says what a server may say": {base, through(denying("401 Unauthorized"), false), 4, 401},
		"the same with the default's hook":     {base, through(denying("403 No Way"), true), 4, 403},
		"an untrusted server":                  {untrusted.URL, &http.Transport{}, 1, 0},
		"TLS to a server without":              {strings.Replace(plain.URL, "http:", "https:", 1), &http.Transport{}, 1, 0},
	} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				c := newTestClient(t, Config{BaseURL: parse(t, tt.base), RoundTripper: tt.transport, Policy: quick})
				r, err := c.Do(t.Context(), request(method))
				if err == nil || r.Attempts != tt.attempts || r.Status != 0 {
					t.Errorf("%d attempts, want %d: %v", r.Attempts, tt.attempts, err)
				}
				var proxy *ProxyError
				if errors.As(err, &proxy) != (tt.proxy != 0) || proxy != nil && (proxy.Status != tt.proxy || !strings.Contains(err.Error(), "the proxy refused")) {
					t.Errorf("error %v", err)
				}
				for _, a := range r.Earlier {
					if !a.NeverSent && method != "GET" {
						t.Errorf("attempt %+v is said to have left", a)
					}
				}
			})
		}
	}
}

func TestARoundTripperMaySayThatItNeverSent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err       error
		attempts  int
		neverSent bool
	}{
		"nothing said":          {errors.New("lost"), 1, false},
		"never sent":            {fmt.Errorf("closed: %w", claim{neverSent: true}), 4, true},
		"and never will":        {claim{neverSent: true, permanent: true}, 1, true},
		"perhaps, and for good": {claim{permanent: true}, 1, false},
		"no responder":          {errors.New("no responder found"), 1, true},
	} {
		c := newTestClient(t, Config{RoundTripper: answers(tt.err), Policy: quick})
		r, err := c.Do(t.Context(), request("POST"))
		if !errors.Is(err, tt.err) || r.Attempts != tt.attempts || r.Earlier[0].NeverSent != tt.neverSent {
			t.Errorf("%s: %+v in %d attempts: %v", name, r.Earlier, r.Attempts, err)
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	waitedOut := map[int]bool{429: true}      // for a minute, however often, by default
	for status, want := range map[int][3]int{ // attempts of GET, PUT, POST
		429: {4, 4, 4}, 500: {4, 4, 1}, 502: {4, 4, 1}, 503: {4, 4, 1}, 504: {4, 4, 1},
		501: {1, 1, 1}, 520: {1, 1, 1}, 400: {1, 1, 1}, 401: {1, 1, 1}, 404: {1, 1, 1}, 408: {1, 1, 1}, 422: {1, 1, 1}, 304: {1, 1, 1}, 204: {1, 1, 1},
	} {
		for i, method := range []string{"GET", "PUT", "POST"} {
			for _, policy := range []Policy{{}, {MaxRetryAfter: 1}} { // the second waits nothing out
				t.Run(fmt.Sprint(status, method, policy.MaxRetryAfter), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						c := newTestClient(t, Config{RoundTripper: answers(status), Policy: policy})
						start := time.Now()
						r, err := c.Do(t.Context(), request(method))
						took, enough := time.Since(start), r.Attempts == want[i]
						if waitedOut[status] && policy.MaxRetryAfter == 0 {
							enough = r.Attempts > want[i] && took > 30*time.Second && took < 70*time.Second
						}
						if err != nil || r.Status != status || !enough || len(r.Earlier) != r.Attempts-1 {
							t.Errorf("%d in %d attempts, %d before, in %s, want %d: %v", r.Status, r.Attempts, len(r.Earlier), took, want[i], err)
						}
						for _, a := range r.Earlier {
							if a.Status != status || a.Err != nil || a.NeverSent {
								t.Errorf("attempt %+v", a)
							}
						}
					})
				})
			}
		}
	}
}

// A 101 hands over the connection, whose end may never come. The call ends at once
// and closes it.
func TestAnUpgradeThatNobodyAskedForEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "POST"} {
		closed := make(chan bool, 1)
		srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
			wire.Say(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
			_, err := io.Copy(io.Discard, conn)
			closed <- err == nil
			return false
		})
		c := newTestClient(t, Config{BaseURL: parse(t, srv.URL)})
		r, err := c.Do(t.Context(), request(method))
		if err != nil || r.Status != 101 || len(r.Body) != 0 || r.Attempts != 1 {
			t.Errorf("%d in %d attempts: %v", r.Status, r.Attempts, err)
		}
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Error("the connection stays open")
		}
	}
}

func TestHangingServersAreLeft(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{
		"before the headers": "",
		"within the headers": "HTTP/1.1 200 OK\r\nX-Half",
		"within the body":    "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
	} {
		for method, want := range map[string]int{"GET": 4, "POST": 1} {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c := newTestClient(t, Config{BaseURL: parse(t, "http://localhost"), Policy: quick, AttemptTimeout: 30 * time.Second, RoundTripper: piped(func(conn net.Conn) {
						wire.Say(conn, said)
						_, _ = io.Copy(io.Discard, conn)
					})})
					start := time.Now()
					r, err := c.Do(t.Context(), request(method))
					if !errors.Is(err, ErrAttemptTimeout) || !strings.Contains(err.Error(), "no full response within the attempt timeout") || r.Attempts != want {
						t.Errorf("%d attempts: %v", r.Attempts, err)
					}
					if took := time.Since(start).Round(time.Second); took != time.Duration(want)*30*time.Second || r.FirstTook != 30*time.Second {
						t.Errorf("took %s, the first %s", took, r.FirstTook)
					}
					// The end of the caller's context is another matter.
					ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errors.New("the shop closes"))
					defer cancel()
					start = time.Now()
					r, err = c.Do(ctx, request(method))
					if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrAttemptTimeout) || !strings.HasSuffix(err.Error(), "the shop closes") || strings.Contains(err.Error(), "last attempt") || errors.Is(r.Earlier[0].Err, ErrAttemptTimeout) || time.Since(start) != 10*time.Second || r.Attempts != 1 {
						t.Errorf("%d attempts in %s: %v", r.Attempts, time.Since(start), err)
					}
				})
			})
		}
	}
}

// piped is an http.Transport whose connections are pipes, so that all of net/http
// runs on the clock of synctest.
func piped(serve func(net.Conn)) *http.Transport {
	return &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			buf := make([]byte, 4096)
			if _, err := far.Read(buf); err == nil {
				go func() { _, _ = io.Copy(io.Discard, far) }() // the rest of the request
				serve(far)
			}
		}()
		return near, nil
	}}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const big = 200 << 10
	for name, tt := range map[string]struct {
		status  int
		limit   int64
		size    int
		gzip    bool
		want    int
		tooMuch bool
	}{
		"empty":                        {200, 1000, 0, false, 0, false},
		"at the limit":                 {200, 1000, 1000, false, 1000, false},
		"one over the limit":           {200, 1000, 1001, false, 1000, true},
		"far over the limit":           {200, 100 << 10, big, false, 64 << 10, true},
		"large by default":             {200, 0, 4 << 20, false, 4 << 20, false},
		"zipped, at the limit":         {200, 1000, 1000, true, 1000, false},
		"zipped, one over":             {200, 1000, 1001, true, 1000, true},
		"a large error":                {404, 1000, big, false, 64 << 10, false},
		"an error larger than a limit": {404, 10, 1000, false, 1000, false},
	} {
		for _, sized := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, length %v", name, sized), func(t *testing.T) {
				t.Parallel()
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					body := bytes.Repeat([]byte("x"), tt.size)
					if tt.gzip {
						var b bytes.Buffer
						z := gzip.NewWriter(&b)
						_, _ = z.Write(body)
						z.Close()
						body = b.Bytes()
						w.Header().Set("Content-Encoding", "gzip")
					}
					if sized {
						w.Header().Set("Content-Length", fmt.Sprint(len(body)))
					}
					w.WriteHeader(tt.status)
					w.(http.Flusher).Flush()
					_, _ = w.Write(body)
				}))
				defer srv.Close()
				c := newTestClient(t, Config{BaseURL: parse(t, srv.URL), MaxBody: tt.limit, Policy: quick})
				for _, method := range []string{"GET", "POST"} {
					r, err := c.Do(t.Context(), request(method))
					if errors.Is(err, ErrBodyTooLarge) != tt.tooMuch || (err != nil) != tt.tooMuch || r.Status != tt.status || len(r.Body) != tt.want || r.Attempts != 1 {
						t.Errorf("%d with %d bytes in %d attempts: %v", r.Status, len(r.Body), r.Attempts, err)
					}
					r.Release()
					r.Release()
					if r.Body != nil {
						t.Error("the body outlives its release")
					}
				}
			})
		}
	}
}

// watchedBody counts what is read of it, and whether it is closed.
type watchedBody struct {
	io.Reader
	read, closed int
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *watchedBody) Close() error { b.closed++; return nil }

func TestNoMoreOfABodyIsReadThanIsWanted(t *testing.T) {
	t.Parallel()
	const size, claimed, unknown = 4 << 20, true, false
	for _, tt := range []struct {
		status int
		length bool
		limit  int64
		most   int
	}{
		{200, claimed, 10 << 20, size},
		{200, claimed, 1 << 20, 64 << 10}, // it says that it is too large
		{200, unknown, 1 << 20, 1<<20 + 1},
		{404, claimed, 10 << 20, 64 << 10},
		{404, unknown, 10, 64 << 10},
	} {
		body := &watchedBody{Reader: strings.NewReader(strings.Repeat("x", size))}
		c := newTestClient(t, Config{MaxBody: tt.limit, RoundTripper: tripper(func(*http.Request) (*http.Response, error) {
			resp := &http.Response{StatusCode: tt.status, Body: body, ContentLength: -1}
			if tt.length {
				resp.ContentLength = size
			}
			return resp, nil
		})})
		if r, err := c.Do(t.Context(), request("GET")); r.Status != tt.status || body.read != tt.most || body.closed != 1 {
			t.Errorf("%+v: read %d, closed %d times: %v", tt, body.read, body.closed, err)
		}
	}
}

func TestALargeBufferIsNotKept(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, Config{RoundTripper: tripper(func(*http.Request) (*http.Response, error) {
		return response(200, strings.Repeat("x", keepBuffer+1)), nil
	})})
	get(t, c, request("GET"))
	if b := c.buffers.Get().(*bytes.Buffer); b.Cap() > 0 {
		t.Errorf("a buffer of %d bytes was kept", b.Cap())
	}
}

// A call that fails waits longer and longer, in no more than the bound on it.
func TestBackoffGrows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, Config{RoundTripper: answers(500), Policy: Policy{MaxAttempts: 16, MinWait: time.Second, MaxWait: 24 * time.Hour}})
		start := time.Now()
		r, err := c.Do(t.Context(), request("GET"))
		if waited := time.Since(start); err != nil || r.Attempts != 16 || waited < 30*time.Second || waited > 1<<15*time.Second {
			t.Errorf("waited %s in %d attempts: %v", waited, r.Attempts, err)
		}
	})
}

// How long the first attempt took is how long a write may still be under way.
func TestTheFirstAttemptIsTimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := 5 * time.Second
		c := newTestClient(t, Config{RoundTripper: tripper(func(*http.Request) (*http.Response, error) {
			time.Sleep(took)
			took = time.Second
			return response(503, ""), nil
		})})
		if r, err := c.Do(t.Context(), request("PUT")); err != nil || r.Attempts != 4 || r.FirstTook != 5*time.Second {
			t.Errorf("%d attempts, of which the first took %s: %v", r.Attempts, r.FirstTook, err)
		}
	})
}

// The wait of one failure is not waited again before the next attempt.
func TestEachWaitIsWaitedOnce(t *testing.T) {
	t.Parallel()
	for _, next := range []int{429, 401} {
		synctest.Test(t, func(t *testing.T) {
			fail := func() *http.Response { return response(500, "", "Retry-After", "20") }
			c := newTestClient(t, Config{RoundTripper: answers(fail, next, 200), Credential: &renewing{secrets: []string{"canary-1", "canary-1", "canary-2"}}})
			start := time.Now()
			r, err := c.Do(t.Context(), request("GET"))
			if waited := time.Since(start); err != nil || r.Attempts != 3 || waited < 20*time.Second || waited > 25*time.Second {
				t.Errorf("before a %d: waited %s in %d attempts: %v", next, waited, r.Attempts, err)
			}
		})
	}
}

// The status of an error says enough: that its body breaks off changes nothing.
func TestAnErrorWhoseBodyBreaksOffIsThatError(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 422, 302} {
		srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
			wire.Say(conn, fmt.Sprintf("HTTP/1.1 %d Some\r\nContent-Length: 500\r\n\r\n{\"error\":", status))
			return false
		})
		c := newTestClient(t, Config{BaseURL: parse(t, srv.URL), Policy: quick})
		for _, method := range []string{"GET", "POST"} {
			r, err := c.Do(t.Context(), request(method))
			if err != nil || r.Status != status || string(r.Body) != `{"error":` || r.Attempts != 1 {
				t.Errorf("%s: %d %q in %d attempts, %v", method, r.Status, r.Body, r.Attempts, err)
			}
		}
	}
}

// A later response does not carry the remains of an earlier one.
func TestRecovery(t *testing.T) {
	t.Parallel()
	srv := wire.NewRawServer(t, func(n int, conn *net.TCPConn, _ *http.Request) bool {
		switch n {
		case 1:
			wire.Say(conn, "HTTP/1.1 503 Busy\r\nX-Request-Id: first\r\nContent-Length: 4\r\n\r\nbusy")
			return true
		case 2:
			wire.Say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"a\":")
			return false
		}
		wire.Say(conn, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
		return true
	})
	c := newTestClient(t, Config{BaseURL: parse(t, srv.URL), Policy: quick})
	before := time.Now()
	r, err := c.Do(t.Context(), request("PUT"))
	whole := time.Since(before)
	if err != nil || r.Status != 201 || string(r.Body) != "{}" || r.Header.Get("X-Request-Id") != "" || r.Attempts != 3 || len(r.Earlier) != 2 {
		t.Fatalf("%+v, error %v", r, err)
	}
	if first, second := r.Earlier[0], r.Earlier[1]; first.Status != 503 || first.Err != nil || second.Status != 200 || !errors.Is(second.Err, io.ErrUnexpectedEOF) {
		t.Errorf("earlier attempts %+v", r.Earlier)
	}
	if r.Began.Before(before) || r.FirstTook <= 0 || r.FirstTook >= whole {
		t.Errorf("began %s, the first took %s", r.Began, r.FirstTook)
	}
}

func TestRoundTrippersThatMisbehave(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, Config{RoundTripper: tripper(func(*http.Request) (*http.Response, error) { return nil, nil }), Policy: quick})
	if r, err := c.Do(t.Context(), request("POST")); err == nil || r.Attempts != 1 {
		t.Errorf("neither a response nor an error: %+v, %v", r, err)
	}
	c = newTestClient(t, Config{RoundTripper: tripper(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil })})
	get(t, c, request("POST"))
	leak := &url.Error{Op: "Get", URL: "https://x/?name=canary-query", Err: errors.New("bad canary-credential of canary-body")}
	c = newTestClient(t, Config{RoundTripper: answers(leak), Policy: quick})
	r, err := c.Do(t.Context(), request("PUT"))
	if text := fmt.Sprintf("%v %+v %#v", err, err, r.Earlier[0].Err); strings.Contains(text, "canary") {
		t.Errorf("error %s", text)
	}
	c = newTestClient(t, Config{RoundTripper: answers(200)})
	if r, err := c.Do(t.Context(), Request{Method: "BAD METHOD", Path: "/x", Query: url.Values{"q": {"canary"}}}); err == nil || r.Attempts != 0 || strings.Contains(err.Error(), "canary") {
		t.Errorf("a bad method: %+v, %v", r, err)
	}
	if r, err := c.Do(t.Context(), Request{Method: "GET", Path: "/%zz", Query: url.Values{"q": {"canary"}}}); err == nil || r.Redact() == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a bad path: %+v, %v", r, err)
	}
}

// A dead HTTP/2 stream may have been carried out, a stream that was refused not.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		post    int
	}{
		"reset before the headers": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 1},
		"reset within the body": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewUnstartedServer(tt.handler)
			srv.EnableHTTP2 = true
			srv.StartTLS()
			defer srv.Close()
			rt := NewHTTPTransport()
			rt.TLSClientConfig = &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
			c := newTestClient(t, Config{BaseURL: parse(t, srv.URL), RoundTripper: rt, Policy: quick})
			for method, want := range map[string]int{"GET": 4, "POST": tt.post} {
				r, err := c.Do(t.Context(), request(method))
				if err == nil || r.Attempts != want || r.Earlier[0].NeverSent {
					t.Errorf("%s: %d attempts, %v", method, r.Attempts, err)
				}
			}
		})
	}
}
