package real

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive/motivetest"
)

// backend is the fake behind the real parts: it knows what has happened, whatever
// the client was told.
type backend struct {
	*motivetest.Fake
	server *httptest.Server
	addr   string
}

// pace says how long a request is worked on before it is carried out, and after.
type pace func(*http.Request) (before, after time.Duration)

// newBackend starts a fake that works at a pace; nil is at once.
func newBackend(t *testing.T, pace pace, opts ...motivetest.Option) *backend {
	t.Helper()
	fake := motivetest.NewHandler(append([]motivetest.Option{motivetest.WithBasePath("")}, opts...)...)
	var handler http.Handler = fake
	if pace != nil {
		handler = slowly(fake, pace)
	}
	server := httptest.NewServer(handler)
	b := &backend{fake, server, strings.TrimPrefix(server.URL, "http://")}
	t.Cleanup(func() {
		fake.Close()
		server.Close()
	})
	return b
}

// settle waits until everything that was received is carried out: a server goes on
// with a request whose sender has left.
func (b *backend) settle() { b.server.Close() }

// slowly has each request carried out at a pace, whether its sender waits or not.
func slowly(h http.Handler, pace pace) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // cut off on its way: nothing to carry out
		}
		before, after := pace(r)
		time.Sleep(before)
		r = r.WithContext(context.WithoutCancel(r.Context()))
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		time.Sleep(after)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// everyThird is a pace at which two of three writes outlast a gateway with patience:
// one is carried out after it has given up, one just before.
func everyThird(patience time.Duration) pace {
	var n atomic.Int64
	return func(r *http.Request) (before, after time.Duration) {
		if r.Method == http.MethodGet {
			return 0, 0
		}
		switch n.Add(1) % 3 {
		case 0:
			return 2 * patience, 0
		case 1:
			return 0, 2 * patience
		}
		return 0, 0
	}
}
