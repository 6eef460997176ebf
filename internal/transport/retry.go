package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/backoff"
)

// WithDefaults returns p with every field that is zero at its default.
func (p Policy) WithDefaults() Policy {
	p.MaxAttempts = cmp.Or(p.MaxAttempts, 4)
	p.MinWait = min(cmp.Or(p.MinWait, 500*time.Millisecond), year)
	p.MaxWait = min(cmp.Or(p.MaxWait, max(15*time.Second, p.MinWait)), year)
	p.MaxRetryAfter = min(cmp.Or(p.MaxRetryAfter, time.Minute), year)
	return p
}

// A year is as good as for ever, and sums of such waits do not overflow.
const year = 365 * 24 * time.Hour

// Check reports a field that is negative, and a MinWait above MaxWait.
func (p Policy) Check() error {
	if p.MaxAttempts < 0 || p.MinWait < 0 || p.MaxWait < 0 || p.MaxRetryAfter < 0 {
		return errors.New("a field of the policy is negative: use 0 for the default")
	}
	if p.MaxWait > 0 && p.MinWait > p.MaxWait {
		return fmt.Errorf("MinWait (%s) is above MaxWait (%s)", p.MinWait, p.MaxWait)
	}
	return nil
}

// fate is what an attempt came to, as far as the next one depends on it.
type fate int

const (
	final   fate = iota // a response to hand out, or an error that would come again
	limited             // 429: the server has not looked at the request
	busy                // 503 with Retry-After: it may have
	unsent              // provably nothing left, and the next may succeed
	failed              // it may have been carried out, and the next may succeed
)

// limits reports whether the server asked the whole client to hold back.
func (f fate) limits() bool { return f == limited || f == busy }

// classify says what an attempt came to. asked is its Retry-After.
func classify(status int, asked time.Duration, err error, neverSent bool) fate {
	switch {
	case err != nil && permanent(err):
		return final
	case err != nil && neverSent:
		return unsent
	case err != nil:
		return failed
	case status == http.StatusTooManyRequests:
		return limited
	case status == http.StatusServiceUnavailable && asked > 0:
		return busy
	case status == http.StatusInternalServerError, status == http.StatusBadGateway,
		status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return failed
	}
	return final
}

// delay is how long a call waits after its nth failure: for as long as the server
// asked, spread since all were told the same, or else for full jitter.
func delay(p Policy, n int, asked time.Duration) time.Duration {
	if asked > 0 && asked <= p.MaxRetryAfter {
		return backoff.Spread(asked)
	}
	return backoff.Full(p.MinWait, p.MaxWait, n)
}

// situation is what a decision on the next attempt depends on.
type situation struct {
	policy   Policy
	method   string
	fate     fate          // of the last attempt
	attempts int           // that came to such a fate: refusals do not count as failures
	asked    time.Duration // by its Retry-After
	wait     time.Duration // before the next one
	limited  time.Duration // since the first refusal
	left     time.Duration // until the context ends
}

// retry reports whether there is another attempt, the retry budget permitting.
// Refusals are waited out for MaxRetryAfter, and MaxAttempts at least.
func (s situation) retry() bool {
	switch {
	case s.fate == final,
		(s.fate == failed || s.fate == busy) && !idempotent(s.method),
		s.policy.MaxAttempts <= 1,
		s.asked > s.policy.MaxRetryAfter,
		s.wait >= s.left:
		return false
	case s.attempts < s.policy.MaxAttempts:
		return true
	}
	return s.fate.limits() && s.limited+s.wait <= s.policy.MaxRetryAfter
}

// timeLeft is how long ctx has until its deadline, and 0 where it has ended.
func timeLeft(ctx context.Context, now time.Time) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	if deadline, ok := ctx.Deadline(); ok {
		return deadline.Sub(now)
	}
	return math.MaxInt64
}

// idempotent reports whether two requests come to the same as one.
func idempotent(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete}, method)
}

// neverSent reports whether err proves that no byte of the request left: there was
// no address, no connection or no trust in the other end. What httptrace saw goes
// first: a round tripper may have sent by one connection and failed to get
// another. Without a trace the error alone tells.
func neverSent(err error, dialled, connected bool) bool {
	if connected {
		return false
	}
	var own interface{ NeverSent() bool }
	if errors.As(err, &own) {
		return own.NeverSent()
	}
	var op *net.OpError
	var dns *net.DNSError
	return dialled || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") ||
		errors.As(err, &dns) || ourRefusal(err)
}

// permanent reports whether err will be the same next time. A round tripper can
// say so of its own errors.
func permanent(err error) bool {
	var own interface{ Permanent() bool }
	return errors.As(err, &own) && own.Permanent() || errors.Is(err, ErrBodyTooLarge) || ourRefusal(err)
}

// ourRefusal reports whether err is this side's own decision not to send: to a
// server that it has no trust in, or with httpmock without a responder.
func ourRefusal(err error) bool {
	var cert *tls.CertificateVerificationError
	return errors.As(err, &cert) || errors.Is(err, http.ErrSchemeMismatch) ||
		strings.Contains(err.Error(), "no responder found")
}
