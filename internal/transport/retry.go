package transport

import (
	"cmp"
	"net/http"
	"time"

	"github.com/motive-go/motive/internal/backoff"
)

// Policy says how often a request is sent, and when. A zero field has its default.
type Policy struct {
	MaxAttempts   int           // default 4; 1 means never again
	MinWait       time.Duration // default 500 ms
	MaxWait       time.Duration // default 15 s
	MaxRetryAfter time.Duration // default 60 s
}

// WithDefaults returns p with every field that is zero at its default.
func (p Policy) WithDefaults() Policy {
	p.MaxAttempts = cmp.Or(p.MaxAttempts, 4)
	p.MinWait = min(cmp.Or(p.MinWait, 500*time.Millisecond), year)
	p.MaxWait = min(cmp.Or(p.MaxWait, max(15*time.Second, p.MinWait)), year)
	p.MaxRetryAfter = min(cmp.Or(p.MaxRetryAfter, time.Minute), year)
	return p
}

// fate is what an attempt came to, as far as the next one depends on it.
type fate struct {
	again     bool // another attempt may end better
	maybeDone bool // the server may have carried it out: only what is idempotent is sent again
	pauses    bool // the server asks all of the client to hold back: it pauses and slows down
	waitedOut bool // for MaxRetryAfter, whatever MaxAttempts and the retry budget say
}

var (
	final   = fate{}                                                            // another would come to the same
	limited = fate{again: true, pauses: true, waitedOut: true}                  // the server has not looked at the request
	busy    = fate{again: true, maybeDone: true, pauses: true, waitedOut: true} // it asks for a pause, and may have looked
	unsent  = fate{again: true}                                                 // provably nothing left
	failed  = fate{again: true, maybeDone: true}                                // it broke off or failed on the way
)

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

const (
	year    = 365 * 24 * time.Hour // as good as for ever, and sums of it do not overflow
	growsTo = time.Second          // at least, where no number bounds the attempts
)

// delay is how long a call itself waits after the nth attempt of such a fate: for as
// long as the server asked, spread since all were told the same, or else for full
// jitter. A pause of the client is waited out at the gate.
//
// No number bounds what is waited out: where MaxWait is next to nothing it would be sent
// thousands of times a minute. Its waits grow to growsTo at least, as nextPause does.
func delay(p Policy, f fate, n int, asked time.Duration) time.Duration {
	if !f.again || f.pauses {
		return 0
	}
	wait := backoff.Full(p.MinWait, p.MaxWait, n)
	if asked > 0 && asked <= p.MaxRetryAfter {
		wait = backoff.Spread(asked)
	}
	if f.waitedOut {
		wait = max(wait, min(time.Millisecond<<min(n, 10), growsTo))
	}
	return wait
}

// situation is what the decision on the next attempt depends on.
type situation struct {
	policy  Policy
	method  string
	fate    fate          // of the last attempt
	other   AuthHeader    // than the one that met a 401; none if its name is empty
	count   int           // attempts of the call so far that are bounded in the same way
	elapsed time.Duration // since the first of these
	asked   time.Duration // by the Retry-After of the last
	pause   time.Duration // of the whole client
	longer  bool          // than was left of the one before: news to others
	backoff time.Duration // of this call alone
	late    bool          // the context ends before both are over
}

// decision is what follows from an attempt: the end of the call, if it is zero.
type decision struct {
	again   bool          // another attempt
	paid    bool          // if the retry budget has room for it
	auth    AuthHeader    // to send it with; if its name is empty, the one of the credential
	backoff time.Duration // before it asks for its turn
	wait    time.Duration // until then at least, by backoff or pause
}

// decide decides on the next attempt. One with another credential is safe for every
// method, since the server has refused to handle the last.
func decide(s situation) decision {
	wait := max(s.pause, s.backoff)
	switch {
	case s.other.Name != "":
		return decision{again: true, auth: s.other}
	case !s.fate.again,
		s.fate.maybeDone && !Idempotent(s.method),
		s.policy.MaxAttempts <= 1,
		s.asked > s.policy.MaxRetryAfter,
		s.late,
		s.count >= s.policy.MaxAttempts && !(s.fate.waitedOut && s.elapsed+wait <= s.policy.MaxRetryAfter):
		return decision{}
	}
	return decision{again: true, paid: !s.fate.waitedOut, backoff: s.backoff, wait: wait}
}

// Safe reports whether a request of a method, in capitals, only reads: there is nothing
// that could have been carried out.
func Safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// Idempotent reports whether two requests of a method come to the same as one.
func Idempotent(method string) bool {
	return Safe(method) || method == http.MethodPut || method == http.MethodDelete
}
