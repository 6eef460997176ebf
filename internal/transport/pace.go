package transport

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/motive-go/motive/internal/backoff"
)

// pacer learns from refusals how fast the server lets the client send, and holds
// it to that: additive increase, multiplicative decrease, in the shape of CUBIC
// (RFC 9438), which AWS's adaptive retries have too. It lets everything through
// until the first refusal.
//
// A refusal begins a pause and cuts the rate once. Others of requests that were
// sent before the cut say nothing new. The rate then comes back to just below
// where it was refused, stays there for a while, and probes above. The longer a
// refusal costs, the more rarely one is provoked.
type pacer struct {
	policy Policy
	mu     sync.Mutex
	pause  struct { // in which nothing is sent, since a refusal has asked for it
		until   time.Time
		long    bool // beyond MaxRetryAfter: nobody waits for its end
		refusal Reply
	}
	noLongPause context.Context    // ends when one begins
	longPause   context.CancelFunc // ends noLongPause

	on      bool
	ceiling float64       // requests a second that were too many; 0 while that is not known
	start   float64       // requests a second to begin with while it is not
	plateau time.Duration // from a cut until the rate is back at the ceiling
	age     time.Duration // since the cut, as far as the rate was used
	last    time.Time     // when the last request left
	next    time.Time     // when the next one may
	cut     time.Time     // when the rate was last cut
	probed  time.Time     // when the request was sent that had it cut
	due     time.Time     // when the next one was to be sent
	streak  time.Time     // since when requests have been sent one after another, and refused
	unasked time.Duration // pause of the last cut, where the refusal asked for none
	passed  time.Time     // when the last request was not refused
	meter   meter
}

const (
	afterCut  = 0.85                   // of the ceiling
	doubling  = 250 * time.Millisecond // of the rate, while no ceiling is known
	startRate = 10                     // requests a second, while none is known
	minRate   = 0.2                    // requests a second, whatever is refused
	freeRate  = 10_000                 // requests a second, beyond which pacing ends
	lateness  = 20 * time.Millisecond  // of timers and schedulers, which is made up for
	recovery  = time.Second            // least plateau
	perPause  = 3                      // times the pause is added to that
	maxGrowth = 10 * time.Second       // largest plateau
	meterSpan = 500 * time.Millisecond
)

func newPacer(p Policy) pacer {
	noLongPause, longPause := context.WithCancel(context.Background())
	return pacer{policy: p, noLongPause: noLongPause, longPause: longPause}
}

// free reports whether nothing holds a request back.
func (p *pacer) free() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.on
}

// onLongPause has f called, once, when the next pause begins that nobody waits for.
func (p *pacer) onLongPause(f func()) (stop func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return context.AfterFunc(p.noLongPause, f)
}

// patience is how long a call waits for its turn while all is refused.
func (p *pacer) patience() time.Duration { return max(p.policy.MaxRetryAfter, time.Second) }

// check returns a [*PauseError] if there is nothing to wait for, for a call with ctx
// that has waited since then: the pause is longer than it waits, or for all its
// patience whatever was sent has been refused. Time in which nothing was refused
// proves nothing: the process may have been suspended. So a refusal tells of the time
// until its request was sent, and from the one before only if that came in due time.
func (p *pacer) check(ctx context.Context, since time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if left := p.pause.until.Sub(now); left > 0 && (p.pause.long || backoff.PastDeadline(ctx, left)) {
		return &PauseError{Refusal: p.pause.refusal, Left: left, Deadline: !p.pause.long}
	}
	if min(p.probed.Sub(since), p.probed.Sub(p.passed), p.probed.Sub(p.streak)) >= p.patience() {
		return &PauseError{Refusal: p.pause.refusal, Left: max(p.next.Sub(now), 0)}
	}
	return nil
}

// take lets one request through, or returns how long that has to wait.
func (p *pacer) take(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on {
		return 0
	}
	if wait := max(p.pause.until.Sub(now), p.next.Sub(now)); wait > 0 {
		return wait
	}
	// A time in which nobody wanted to send has not tried the rate.
	p.age += min(now.Sub(p.last), 2*interval(p.rate()))
	rate := p.rate()
	if rate > freeRate {
		p.on = false
		return 0
	}
	p.last = now
	if now.Sub(p.next) > lateness {
		p.next = now
	}
	p.next = p.next.Add(interval(rate))
	return 0
}

// rate is how many requests a second may leave now: from below the ceiling up to
// it, at first fast and then slowly, and beyond it at first slowly and then fast.
func (p *pacer) rate() float64 {
	if p.ceiling == 0 {
		return p.start * math.Exp2(float64(p.age)/float64(doubling))
	}
	x := float64(p.age)/float64(p.plateau) - 1
	return p.ceiling * (1 + (1-afterCut)*x*x*x)
}

func interval(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }

// accepted notes a request that was sent at the given time and not refused.
func (p *pacer) accepted(sent, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meter.advance(now)
	p.meter.now++
	p.passed = now
	if sent.After(p.cut) {
		p.unasked = 0
	}
}

// refused notes a request that was sent at the given time and refused by a reply,
// with asked as its Retry-After. It returns how long the client pauses, and whether
// that is longer than before.
func (p *pacer) refused(sent, now time.Time, asked time.Duration, by Reply) (wait time.Duration, longer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked = min(asked, year)
	wait = asked
	if !p.on || sent.After(p.cut) {
		if asked == 0 {
			wait = p.nextPause()
		} else if asked <= p.policy.MaxRetryAfter {
			wait = backoff.Spread(asked)
		}
		p.slowDown(now, wait)
		if sent.Sub(p.due) >= p.patience() {
			p.streak = sent
		}
		p.probed, p.due = sent, now.Add(wait)
	}
	if longer = now.Add(wait).After(p.pause.until); longer {
		by.Body = bytes.Clone(by.Body) // which is in a buffer of the call's
		p.pause.until, p.pause.long, p.pause.refusal = now.Add(wait), asked > p.policy.MaxRetryAfter, by
		if p.pause.long {
			p.longPause()
			p.noLongPause, p.longPause = context.WithCancel(context.Background())
		}
	}
	return p.pause.until.Sub(now), longer
}

// nextPause is the pause after a refusal that names none. It doubles while nothing
// else comes back: up to MaxWait, and to growsTo at least.
func (p *pacer) nextPause() time.Duration {
	p.unasked = min(max(2*p.unasked, p.policy.MinWait/10, time.Millisecond), max(p.policy.MaxWait, growsTo))
	return p.unasked/2 + rand.N(p.unasked/2+1)
}

// slowDown cuts the rate to what was let through lately, to half at most.
func (p *pacer) slowDown(now time.Time, wait time.Duration) {
	measured, steady := p.meter.rate(now)
	switch {
	case p.on:
		rate := p.rate()
		p.ceiling = max(min(max(measured, rate/2), rate), minRate)
	case steady:
		p.ceiling = max(measured, minRate)
	default: // a first burst tells nothing
		p.ceiling, p.start = 0, max(measured, startRate)
	}
	p.on, p.age, p.cut = true, 0, now
	p.plateau = min(recovery+perPause*wait, maxGrowth)
	p.last = now.Add(wait)
	p.next = p.last
}

// meter measures how many requests a second were let through lately: in the last
// half to whole second.
type meter struct {
	began     time.Time // of the current span
	now, then float64   // requests in it and in the one before
	span      time.Duration
}

// advance begins another span when it is time. After a gap what was before is no
// measure any more.
func (m *meter) advance(now time.Time) {
	switch age := now.Sub(m.began); {
	case age > 2*meterSpan:
		*m = meter{began: now}
	case age >= meterSpan:
		*m = meter{began: now, then: m.now, span: age}
	}
}

// rate returns the measure, and whether it covers a whole span.
func (m *meter) rate(now time.Time) (perSecond float64, steady bool) {
	m.advance(now)
	span := max(m.span+now.Sub(m.began), meterSpan)
	return (m.now + m.then) / span.Seconds(), m.span > 0
}
