// Package turns holds requests to a rate that many processes share. What is known
// of the rate is kept in a [Store]: package postgres has one in a table, package
// fleets one in a file.
package turns

import (
	"context"
	"fmt"
	"time"

	"github.com/motive-go/motive/internal/backoff"
)

// Rate is how fast requests may follow one another.
type Rate struct {
	Gap   time.Duration // between two requests
	Slack time.Duration // how far ahead of that a request may be
}

const (
	maxPerSecond = 1e6

	// maxLead is how much sooner than the rate has it a request may go.
	maxLead = 100 * time.Millisecond

	// minGood is how long a turn is good at the least, at rates where there are many
	// in it.
	minGood = 10 * time.Millisecond
)

// newRate returns perSecond requests a second on average, above 0 and at most 1e6,
// and burst at once after a quiet time, at least 1. In any second there are at most
// perSecond + burst requests.
func newRate(perSecond float64, burst int) (Rate, error) {
	if !(perSecond > 0) || perSecond > maxPerSecond || burst < 1 {
		return Rate{}, fmt.Errorf("a limit of %v a second in bursts of %d: want more than 0 and at most %.0f, and at least 1", perSecond, burst, maxPerSecond)
	}
	gap := time.Duration(float64(time.Second) / perSecond)
	// Part of a gap more, so that who comes a little late to its turn does not move
	// all that follow. It fits between perSecond and perSecond + burst.
	return Rate{gap, time.Duration(burst-1)*gap + min(gap/2, maxLead)}, nil
}

// goodFor is how long a turn may be used: until the next one comes, or for half a
// gap in a burst, less an eighth for the way to the wire. One that is used later
// would be one too many beside the turns that others have had meanwhile.
func (r Rate) goodFor(next time.Duration) time.Duration {
	return max(max(next, r.Gap/2)-r.Gap/8, minGood)
}

// until is how long t may be used. What its way takes counts, unless that is most of
// the time that there is: of a store that is far away all turns come late, and only
// the difference matters.
func (r Rate) until(t Turn) time.Time {
	good := r.goodFor(t.Wait)
	return t.Given.Add(good + max(t.Way-good/2, 0))
}

// Turn is what a store says to who asks for a turn.
type Turn struct {
	Taken bool
	Wait  time.Duration // until the next one may be had; this one, if it was not taken
	// Given is when it was, by the clock of this process, or the earliest that it can
	// have been.
	Given time.Time
	// Way is how long a turn is on its way from the store at the least.
	Way time.Duration
}

// Store keeps what all processes know of one rate.
type Store interface {
	// Take asks for a turn now. It is called by one goroutine at a time.
	Take(ctx context.Context, r Rate) (Turn, error)
	// Pause gives no turn for d from now, and never shortens a pause.
	Pause(ctx context.Context, d time.Duration) error
}

// Limiter is a motive.Limiter with Pause. Its methods are called concurrently.
//
// Nobody is given a turn ahead of its time: who dies or is cancelled while it waits
// takes nothing along, and a pause holds for all who wait. The price is that a
// request which has to wait asks more than once where several processes share the
// rate; one process alone knows when to ask.
type Limiter struct {
	store Store
	rate  Rate

	first chan struct{} // holds one element while somebody asks; it guards the rest
	next  time.Time     // there is nothing to be had before
}

// New returns a limiter of perSecond requests on average, above 0 and at most 1e6,
// and of burst at once after a quiet time, at least 1.
func New(store Store, perSecond float64, burst int) (*Limiter, error) {
	rate, err := newRate(perSecond, burst)
	if err != nil {
		return nil, err
	}
	return &Limiter{store: store, rate: rate, first: make(chan struct{}, 1)}, nil
}

// Wait returns when the next request may be sent, and at once with
// context.DeadlineExceeded in its error where ctx would end before that.
func (l *Limiter) Wait(ctx context.Context) error {
	_, err := l.Turn(ctx)
	return err
}

var errNoRoom = fmt.Errorf("the rate limit leaves no room before the deadline: %w", context.DeadlineExceeded)

// Turn is [Limiter.Wait], and says until when the turn may be used. A turn that was
// overslept, by a process that was paused or a way that was long, is not returned:
// another is asked for.
func (l *Limiter) Turn(ctx context.Context) (until time.Time, err error) {
	if ctx.Err() != nil {
		return until, backoff.ContextError(ctx)
	}
	select {
	case l.first <- struct{}{}:
		defer func() { <-l.first }()
	case <-ctx.Done():
		return until, backoff.ContextError(ctx)
	}
	for {
		wait := time.Until(l.next)
		if wait > 0 && backoff.PastDeadline(ctx, wait) {
			return until, errNoRoom
		}
		if err := backoff.Sleep(ctx, wait); err != nil {
			return until, err
		}
		turn, err := l.store.Take(ctx, l.rate)
		if err != nil && ctx.Err() != nil {
			return until, backoff.ContextError(ctx)
		}
		if err != nil {
			return until, err
		}
		l.next = time.Now().Add(turn.Wait)
		until = l.rate.until(turn)
		if turn.Taken && !past(until) {
			return until, nil
		}
	}
}

// past reports whether a time has come by either clock: the monotonic one may stand
// still while a machine is suspended, and the other may be set back.
func past(t time.Time) bool {
	now := time.Now()
	return !now.Before(t) || !now.Round(0).Before(t.Round(0))
}

const maxPause = time.Hour

// Pause holds back everybody's requests for d from now, at most an hour, and never
// shortens a pause. Afterwards the requests go on one by one, without a burst.
func (l *Limiter) Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	return l.store.Pause(ctx, min(d, maxPause))
}
