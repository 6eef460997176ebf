package transport

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/motive-go/motive/internal/backoff"
)

// call is one call, from Do to Release.
type call struct {
	*Client
	req   Request
	query string          // encoded
	ctx   context.Context // the caller's

	loop  retryablehttp.Client
	http  http.Client   // of loop
	shown http.Response // to loop

	resp    Response  // as far as it has come
	attempt *attempt  // the last one
	next    decision  // what followed from it
	secrets []string  // of the request, and each that it was sent with
	few     [4]string // room for them, which costs no allocation

	failures  int       // attempts that MaxAttempts bounds
	waitedOut int       // and those that time bounds
	since     time.Time // when the first of these had ended
	renewed   bool      // another credential has been asked for
}

// attempt is one request and what came back, which the stages of send fill in.
type attempt struct {
	call *call
	req  *http.Request // of the loop
	auth AuthHeader

	notBefore time.Time     // by the backoff of the call
	turn      time.Time     // when it had its turn last
	waited    time.Duration // in all, for its turns
	began     time.Time     // when it was sent; zero if it was not
	took      time.Duration

	Reply
	buf *bytes.Buffer // which has the body
	err error

	dialled   atomic.Bool // a connection was asked for
	connected atomic.Bool // and had
}

// sent reports whether the attempt reached the round tripper.
func (a *attempt) sent() bool { return !a.began.IsZero() }

// neverSent reports whether, given its error, no byte of the attempt left.
func (a *attempt) neverSent() bool {
	return a.err != nil && neverSent(a.err, a.dialled.Load(), a.connected.Load())
}

// Do sends r and reads the response. A status other than 2xx is no error. What
// keeps a call from a response is one of
//
//   - [ErrForeignHost], or a certificate that is not trusted: nothing was sent
//   - [ErrCredential]: there was none to send
//   - [*PauseError]: the server has asked for a pause beyond the cap or the deadline
//   - [ErrNoRoom]: the limiter has no room before the deadline
//   - [*ProxyError]: a proxy refused to connect
//   - [ErrAttemptTimeout]: no full response within the attempt timeout
//   - [ErrBodyTooLarge]: Response has the status, and of the body what fits 64 KiB
//   - the error of the context and its cause
//   - that of the limiter or the round tripper
//
// as [errors.Is] and [errors.As] see it. No text shows the query or a secret.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	r.Template = cmp.Or(r.Template, r.Path)
	k := &call{Client: c, req: r, query: r.Query.Encode(), ctx: ctx}
	k.secrets = append(k.few[:0], r.Secrets...)
	k.resp = Response{Began: time.Now(), call: k}
	c.budget.called()
	err := k.run()
	if a := k.attempt; a != nil {
		k.resp.Reply = a.Reply
		if err != nil && !k.next.again {
			k.keep(a)
		}
	}
	return k.resp, err
}

// keep notes what became of a, which is not the response of the call.
func (k *call) keep(a *attempt) {
	if a.sent() {
		k.resp.Earlier = append(k.resp.Earlier, Attempt{a.Status, a.err, a.neverSent()})
	}
}

// assess finds out what the decision after a depends on. On the way it counts a, lets
// the pacer learn from it, and asks for another credential after a 401.
func (k *call) assess(a *attempt) (s situation, err error) {
	if !a.sent() { // the gate or the credential has ended the call
		return situation{fate: final}, nil
	}
	now := time.Now()
	s = situation{policy: k.cfg.Policy, method: k.req.Method, asked: backoff.RetryAfter(a.Header, now)}
	s.fate = classify(a.Status, s.asked, a.err, a.neverSent())
	switch {
	case s.fate.waitedOut:
		if k.waitedOut++; k.waitedOut == 1 {
			k.since = now
		}
		s.count, s.elapsed = k.waitedOut, now.Sub(k.since)
	case s.fate.again:
		k.failures++
		s.count = k.failures
	}
	switch {
	case s.fate.pauses:
		s.pause, s.longer = k.gate.pacer.refused(a.began, now, s.asked, a.Reply)
	case a.err == nil:
		k.gate.pacer.accepted(a.began, now)
	}
	s.backoff = delay(s.policy, s.fate, s.count, s.asked)
	s.late = k.ctx.Err() != nil || backoff.PastDeadline(k.ctx, max(s.pause, s.backoff))
	if a.err == nil && a.Status == http.StatusUnauthorized {
		s.other, err = k.renew(a.auth)
	}
	return s, err
}

// apply spends of the retry budget, says what happens, and leaves the decision to the
// next attempt.
func (k *call) apply(a *attempt, s situation, d decision) {
	if d.paid && !k.budget.mayRetry() {
		d = decision{}
	}
	if d.again {
		k.keep(a) // before the call can end, whose error names the last that failed
	}
	k.next = d
	k.report(a, s, d)
	if s.longer {
		if err := k.gate.tellLimiters(k.ctx, s.pause); err != nil {
			k.log(slog.LevelWarn, "the limiter was not told of a pause", slog.String("error", k.clean(err).Error()))
		}
	}
}

// cause is what ended the call, and how the last attempt failed if that is another.
func (k *call) cause(err error) error {
	err = stripURL(err)
	if k.ctx.Err() != nil {
		err = backoff.ContextError(k.ctx)
	}
	err = k.clean(err)
	earlier := k.resp.Earlier
	if len(earlier) == 0 || k.attempt.sent() && k.ctx.Err() == nil {
		return err
	}
	last := earlier[len(earlier)-1]
	if last.Err == nil {
		return fmt.Errorf("%w; the last attempt failed with %d", err, last.Status)
	}
	return fmt.Errorf("%w; the last attempt failed with %s", err, last.Err)
}

// clean is err without the secrets and the query of the call: net/http quotes what
// it cannot parse, and a round tripper of the caller's may say anything.
func (k *call) clean(err error) error { return k.resp.Redact().With(k.query).Error(err) }
