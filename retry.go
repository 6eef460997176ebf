package motive

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// RetryPolicy says how often a request is sent and how long to wait in between.
// A field that is zero takes its default.
//
// GET, PUT and DELETE are sent again when the connection fails or breaks off,
// when a try times out, and on 429, 500, 502, 503 and 504. A POST is sent again
// on 429, and where it provably never left: a second one could create a second
// record.
//
// The wait is random between zero and a bound that starts at MinWait and doubles
// up to MaxWait. A Retry-After, in seconds or as a date, is waited for in full
// if it is within MaxRetryAfter; beyond that, or beyond the deadline of the
// context, the error is returned at once.
//
// When the service is failing, retries are held to a fifth of the calls of the
// last ten seconds, twenty at the least; those after a 429 do not count.
type RetryPolicy struct {
	MaxAttempts   int           // default 4; 1 means never again
	MinWait       time.Duration // default 500 ms
	MaxWait       time.Duration // default 15 s
	MaxRetryAfter time.Duration // default 60 s
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 4
	}
	if p.MinWait == 0 {
		p.MinWait = 500 * time.Millisecond
	}
	if p.MaxWait == 0 {
		p.MaxWait = max(15*time.Second, p.MinWait)
	}
	if p.MaxRetryAfter == 0 {
		p.MaxRetryAfter = time.Minute
	}
	// A year is as good as for ever, and sums of such waits do not overflow.
	const year = 365 * 24 * time.Hour
	p.MinWait, p.MaxWait, p.MaxRetryAfter = min(p.MinWait, year), min(p.MaxWait, year), min(p.MaxRetryAfter, year)
	return p
}

func (p RetryPolicy) check() error {
	if p.MaxAttempts < 0 || p.MinWait < 0 || p.MaxWait < 0 || p.MaxRetryAfter < 0 {
		return errors.New("WithRetry: a field of the policy is negative: use 0 for the default")
	}
	if p.MaxWait > 0 && p.MinWait > p.MaxWait {
		return fmt.Errorf("WithRetry: MinWait (%s) is above MaxWait (%s)", p.MinWait, p.MaxWait)
	}
	return nil
}

// newRetryClient sets up retryablehttp to ask this file at each turn. Its own
// defaults send a POST again after anything, wait for as long as a server says,
// and log full URLs to stderr.
func newRetryClient(c *core, inner *http.Client) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: inner,
		RetryMax:   c.retry.MaxAttempts - 1,
		RequestLogHook: func(_ retryablehttp.Logger, req *http.Request, retry int) {
			tripOf(req.Context()).try = retry + 1
		},
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			return tripOf(ctx).again(ctx, resp, err), nil
		},
		// The wait is that of PrepareRetry, which can be cancelled and knows the call.
		Backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 },
		PrepareRetry: func(req *http.Request) error {
			return tripOf(req.Context()).hold(req.Context())
		},
		ErrorHandler: func(resp *http.Response, err error, _ int) (*http.Response, error) { return resp, err },
	}
}

// again decides whether the request is sent once more, and after which wait. It
// is asked after each try, and once more when the body has been read.
func (t *trip) again(ctx context.Context, resp *http.Response, err error) bool {
	err = stripURL(err)
	transient, uncertain := verdict(resp, err)
	uncertain = uncertain && !t.unconnected()
	if uncertain && t.method != http.MethodGet {
		t.ambiguous = true
	}
	if !transient {
		return false
	}
	if t.judged == t.try { // the answer was given up already, and its body read
		return false
	}
	t.judged = t.try
	if ctx.Err() == nil {
		t.last = failure(resp, err)
	}
	policy, limited := t.core.retry, err == nil && resp.StatusCode == http.StatusTooManyRequests
	t.wait = policy.backoff(t.try)
	asked := retryAfter(resp, err)
	if asked > 0 && asked <= policy.MaxRetryAfter {
		t.wait = asked + rand.N(asked/10+time.Millisecond) // spread, for all were told the same
	}
	if limited {
		t.core.pause(t, resp, min(max(asked, t.wait), policy.MaxRetryAfter))
	}
	switch {
	case ctx.Err() != nil,
		permanent(err),
		t.method == http.MethodPost && uncertain,
		t.try >= policy.MaxAttempts,
		asked > policy.MaxRetryAfter,
		pastDeadline(ctx, t.wait),
		!limited && !t.core.flow.mayRetry():
		t.core.watch.happened(t, EventGiveUp, resp, err, 0)
		return false
	}
	t.retrying = true
	t.core.watch.happened(t, EventRetry, resp, err, t.wait)
	return true
}

// verdict says whether a try failed in a way that may pass, and whether the
// server may have carried it out all the same.
func verdict(resp *http.Response, err error) (transient, uncertain bool) {
	if err != nil {
		return true, !neverSent(err)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true, false
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false, false
	}
	return false, resp.StatusCode >= 500 // of a proxy, such as 524: it gave up on a server that may not have
}

func failure(resp *http.Response, err error) string {
	if err == nil {
		return strconv.Itoa(resp.StatusCode)
	}
	return err.Error()
}

// neverSent reports whether err proves that no byte of the request left: there
// was no credential, no address, no connection or no trust in the other end.
func neverSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	var dns *net.DNSError
	return errors.As(err, &dns) || refused(err)
}

// refused reports whether err is this side's own decision not to send.
func refused(err error) bool {
	var auth *authError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &auth) || errors.As(err, &cert) ||
		errors.Is(err, errForeignHost) || errors.Is(err, http.ErrSchemeMismatch)
}

// permanent reports whether err will be the same at the next try. A round tripper
// can say so of its own errors, as that of motivetest.Replay does.
func permanent(err error) bool {
	var own interface{ Permanent() bool }
	return refused(err) || errors.Is(err, errTooLarge) || errors.As(err, &own) && own.Permanent()
}

// backoff is a full jitter: a random wait below a bound that doubles.
func (p RetryPolicy) backoff(try int) time.Duration {
	bound := p.MaxWait
	if doublings := try - 1; doublings < 32 && p.MinWait<<doublings < p.MaxWait && p.MinWait<<doublings > 0 {
		bound = p.MinWait << doublings
	}
	return rand.N(bound + 1)
}

func pastDeadline(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= wait
}

// retryAfter is the wait that an answer asks for, or 0.
func retryAfter(resp *http.Response, err error) time.Duration {
	if err != nil {
		return 0
	}
	return parseRetryAfter(resp.Header, time.Now())
}

// parseRetryAfter reads Retry-After as whole seconds or as an HTTP date in any
// of its three forms, the latter against the server's own clock where the answer
// has a Date. What is negative, past or neither is 0; what is too large for a
// Duration is the largest one.
func parseRetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(math.MaxInt64/time.Second) {
			return math.MaxInt64
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, at.Sub(now))
}
