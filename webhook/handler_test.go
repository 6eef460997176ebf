package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive/webhook"
)

const upserted = `{"action":"user_upserted","trigger":"created","id":7,"first_name":"canary-body"}`

// delivery is a signed delivery of body.
func delivery(ctx context.Context, body string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/motive", strings.NewReader(body))
	r.Header.Set(webhook.SignatureHeader, sign(secret, []byte(body)))
	return r
}

// deliver returns what h responds to r.
func deliver(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandlerResponds(t *testing.T) {
	t.Parallel()
	large := `{"action":"vehicle_upserted","pad":"` + strings.Repeat("x", webhook.MaxBody) + `"}`
	fits := large[:len(large)-2-(len(large)-webhook.MaxBody)] + `"}`
	tests := []struct {
		name      string
		body      string
		signature func(body string) string // nil: as it should be
		secret    string
		fail      error // of the callback
		status    int
		called    int
	}{
		{name: "an event", body: upserted, status: 200, called: 1},
		{name: "an unknown action", body: `{"action":"vehicle_upserted","id":9}`, status: 200, called: 1},
		{name: "a body as large as allowed", body: fits, status: 200, called: 1},
		{name: "the registration check", body: `["user_upserted"]`, status: 200},
		{name: "an error of the callback", body: upserted, fail: errors.New("canary: database is down"), status: 500, called: 1},
		{name: "no signature", body: upserted, signature: func(string) string { return "" }, status: 401},
		{name: "a malformed signature", body: upserted, signature: func(string) string { return "sha1" }, status: 401},
		{name: "another secret", body: upserted, signature: func(b string) string { return sign("canary-2", []byte(b)) }, status: 401},
		{name: "an unsigned check", body: `["user_upserted"]`, signature: func(string) string { return "" }, status: 401},
		{name: "unsigned and no JSON", body: `{canary`, signature: func(string) string { return "" }, status: 401},
		{name: "signed and no JSON", body: `{canary`, status: 400},
		{name: "a signed array of events", body: `[` + upserted + `]`, status: 400},
		{name: "a body that is too large", body: large, status: 413},
		{name: "an empty secret", body: upserted, secret: "none", signature: func(b string) string { return sign("", []byte(b)) }, status: 500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			called := 0
			key := secret
			if test.secret == "none" {
				key = ""
			}
			h := webhook.Handler(key, func(_ context.Context, e *webhook.Event) error {
				called++
				if string(e.Raw) != test.body {
					t.Errorf("the callback has another body of %d bytes", len(e.Raw))
				}
				return test.fail
			})
			r := delivery(t.Context(), test.body)
			if test.signature != nil {
				r.Header.Set(webhook.SignatureHeader, test.signature(test.body))
			}
			w := deliver(h, r)
			if w.Code != test.status || called != test.called {
				t.Errorf("status %d, %d calls; want %d, %d", w.Code, called, test.status, test.called)
			}
			if strings.Contains(w.Body.String(), "canary") {
				t.Error("the response shows the secret, the body or the callback's error")
			}
		})
	}
}

func TestHandlerTellsSignatureFaultsApart(t *testing.T) {
	t.Parallel()
	h := webhook.Handler(secret, func(context.Context, *webhook.Event) error { return nil })
	seen := map[string]bool{}
	for _, signature := range []string{"", "abc", strings.Repeat("0", 40)} {
		r := delivery(t.Context(), upserted)
		r.Header.Set(webhook.SignatureHeader, signature)
		seen[deliver(h, r).Body.String()] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d texts for three faults", len(seen))
	}
}

func TestHandlerReportsABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	h := webhook.Handler(secret, func(context.Context, *webhook.Event) error {
		t.Error("the callback is called")
		return nil
	})
	r := delivery(t.Context(), upserted)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(upserted[:20]), errReader{}))
	if w := deliver(h, r); w.Code != http.StatusBadRequest {
		t.Errorf("status %d", w.Code)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type contextKey struct{}

func TestHandlerHandsOnTheContextOfTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		h := webhook.Handler(secret, func(ctx context.Context, _ *webhook.Event) error {
			if ctx.Value(contextKey{}) != "trace" {
				t.Error("the values of the request's context are lost")
			}
			deadline, ok := ctx.Deadline()
			if !ok || deadline.Sub(start) != webhook.Timeout {
				t.Errorf("deadline %v after the start, %v", deadline.Sub(start), ok)
			}
			return nil
		})
		ctx := context.WithValue(t.Context(), contextKey{}, "trace")
		if w := deliver(h, delivery(ctx, upserted)); w.Code != http.StatusOK {
			t.Errorf("status %d", w.Code)
		}
	})
}

func TestHandlerIsNeverLate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		work   func(context.Context) error
		after  time.Duration
		status int
	}{
		{"just in time", func(context.Context) error {
			time.Sleep(webhook.Timeout - time.Millisecond)
			return nil
		}, webhook.Timeout - time.Millisecond, 200},
		{"the deadline is heeded and reported", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, webhook.Timeout, 503},
		{"the deadline is not heeded", func(context.Context) error {
			time.Sleep(time.Minute)
			return nil
		}, webhook.Timeout, 503},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := webhook.Handler(secret, func(ctx context.Context, _ *webhook.Event) error { return test.work(ctx) })
				start := time.Now()
				w := deliver(h, delivery(t.Context(), upserted))
				if w.Code != test.status {
					t.Errorf("status %d, want %d", w.Code, test.status)
				}
				if after := time.Since(start); after != test.after {
					t.Errorf("responded after %v, want %v", after, test.after)
				}
				time.Sleep(time.Minute) // until every callback has returned
			})
		})
	}
}

func TestHandlerDoesNotWaitForABodyThatNeverEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := webhook.Handler(secret, func(context.Context, *webhook.Event) error { return nil })
		body, end := io.Pipe()
		defer func() { _ = end.Close() }()
		r := delivery(t.Context(), upserted)
		r.Body = body
		start := time.Now()
		if w := deliver(h, r); w.Code != http.StatusServiceUnavailable || time.Since(start) != webhook.Timeout {
			t.Errorf("status %d after %v", w.Code, time.Since(start))
		}
	})
}

// The sender hangs up: the callback's context ends, long before its deadline.
func TestHandlerTellsTheCallbackThatTheSenderHasGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		heard := make(chan error, 1)
		h := webhook.Handler(secret, func(ctx context.Context, _ *webhook.Event) error {
			<-ctx.Done()
			heard <- ctx.Err()
			return nil
		})
		ctx, hangUp := context.WithTimeout(t.Context(), time.Second)
		defer hangUp()
		start := time.Now()
		deliver(h, delivery(ctx, upserted))
		if err := <-heard; err == nil || time.Since(start) != time.Second {
			t.Errorf("the callback heard %v after %v", err, time.Since(start))
		}
	})
}

func TestHandlerPassesAPanicOn(t *testing.T) {
	t.Parallel()
	cause := errors.New("the callback's own")
	h := webhook.Handler(secret, func(context.Context, *webhook.Event) error { panic(cause) })
	defer func() {
		if got := recover(); got != cause {
			t.Errorf("recovered %v, want the value of the callback", got)
		}
	}()
	deliver(h, delivery(t.Context(), upserted))
	t.Error("no panic reached the goroutine of the request")
}

func TestHandlerRespondsWhenTheCallbackEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	h := webhook.Handler(secret, func(context.Context, *webhook.Event) error {
		runtime.Goexit()
		return nil
	})
	if w := deliver(h, delivery(t.Context(), upserted)); w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
}

func TestHandlerLogsALatePanic(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value any
		want  string // in the log; "" for an empty log
	}{
		{"a panic", "too late", "too late"},
		{"a deliberate abort", http.ErrAbortHandler, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				server := &http.Server{ErrorLog: log.New(&out, "", 0)}
				h := webhook.Handler(secret, func(context.Context, *webhook.Event) error {
					time.Sleep(2 * webhook.Timeout)
					panic(test.value)
				})
				ctx := context.WithValue(t.Context(), http.ServerContextKey, server)
				w := deliver(h, delivery(ctx, upserted))
				if w.Code != http.StatusServiceUnavailable {
					t.Errorf("status %d", w.Code)
				}
				time.Sleep(2 * webhook.Timeout)
				synctest.Wait()
				if got := out.String(); !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
					t.Errorf("log %q, want %q in it", got, test.want)
				}
				if strings.Contains(out.String(), "canary") {
					t.Error("the log shows the body")
				}
			})
		})
	}
}

// On a real server a panic costs one connection, and the next delivery is served.
func TestHandlerOnARealServer(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	calls := 0
	h := webhook.Handler(secret, func(context.Context, *webhook.Event) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == 1 {
			panic(http.ErrAbortHandler) // a panic that net/http does not print
		}
		return nil
	})
	server := httptest.NewServer(h)
	defer server.Close()
	client := server.Client()

	send := func() (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(upserted))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(webhook.SignatureHeader, sign(secret, []byte(upserted)))
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode, nil
	}
	if status, err := send(); err == nil {
		t.Errorf("status %d in place of a closed connection", status)
	}
	if status, err := send(); status != http.StatusOK {
		t.Errorf("status %d, error %v", status, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if calls != 2 {
		t.Errorf("%d calls", calls)
	}
}

// A sender that stalls in its body gets its response in time, from a real socket.
func TestHandlerAnswersAStalledSender(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(webhook.Handler(secret, func(context.Context, *webhook.Event) error { return nil }))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // it would wait for ever
	line := make([]byte, 12)
	if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 503" {
		t.Errorf("read %q, %v", line, err)
	}
}

func TestHandlerRefusesANilCallback(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	webhook.Handler(secret, nil)
}
