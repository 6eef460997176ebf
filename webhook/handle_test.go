package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// Where time is over twice at once, in the callback and in ServeHTTP, which of the
// two is heard first is chance: the response must not depend on it.
func TestBeingLateIsOneOutcome(t *testing.T) {
	t.Parallel()
	const body = `{"action":"vehicle_upserted"}`
	mac := hmac.New(sha1.New, []byte("canary-secret"))
	mac.Write([]byte(body))
	signature := hex.EncodeToString(mac.Sum(nil))
	ended, end := context.WithCancel(t.Context())
	end()
	tests := []struct {
		name string
		body io.Reader
	}{
		{"the callback returns the error of its context", strings.NewReader(body)},
		{"the body stalls until the read deadline", iotest.ErrReader(os.ErrDeadlineExceeded)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(ended, "POST", "/", test.body)
			r.Header.Set(SignatureHeader, signature)
			h := &receiver{"canary-secret", func(ctx context.Context, _ *Event) error { return ctx.Err() }}
			if got := h.handle(r); got != late {
				t.Errorf("status %d: %s", got.status, got.problem)
			}
		})
	}
}
