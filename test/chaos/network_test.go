package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

type markKey struct{}

const markHeader = "X-Chaos"

// RoundTrip lets each request carry the mark of its op, by which the fake's log
// tells whose it was.
func (r *round) RoundTrip(req *http.Request) (*http.Response, error) {
	mark, _ := req.Context().Value(markKey{}).(string)
	req = req.Clone(req.Context())
	req.Header.Set(markHeader, mark)
	if after, late := r.delay(); late && mark != "" && !strings.Contains(req.URL.Path, "/oauth/") {
		r.struck.Store(mark, true)
		r.delivered.Add(1)
		return nil, r.deliver(req, after)
	}
	resp, err := r.transport.RoundTrip(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		r.struck.Store(mark, true)
	}
	return resp, err
}

// delay decides whether a request arrives late, and how late.
func (r *round) delay() (after time.Duration, late bool) {
	most := r.fault.late
	if r.noise != nil {
		most = max(most, r.noise.late)
	}
	if most == 0 {
		return 0, false
	}
	random := rand.New(rand.NewPCG(uint64(r.number), uint64(r.sent.Add(1))))
	return time.Duration(random.Int64N(int64(most))), random.IntN(5) < 2
}

// deliver is a network that breaks the connection to the client and hands the
// request to the server all the same, a little later: perhaps when the client has
// looked for what became of it.
func (r *round) deliver(req *http.Request, after time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), after+time.Second) // a fault may let it hang
	req = req.Clone(ctx)
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body) // from memory
		req.Body.Close()
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	r.background.Go(func() {
		defer cancel()
		time.Sleep(after)
		if resp, err := r.transport.RoundTrip(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}
