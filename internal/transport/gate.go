package transport

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/isolate"
)

// Limiter says when a request may be sent. Calls ask it one at a time, in order.
type Limiter interface {
	// Wait returns when the next request may be sent, and early with an error when
	// ctx ends or would end first.
	Wait(ctx context.Context) error
}

// Pauser is a limiter that learns of each pause of d that the server asks for, so that
// it can hold back others who share it.
type Pauser interface {
	Pause(ctx context.Context, d time.Duration) error
}

// gate is where attempts wait for their turn: not within a pause, at the pace that
// the server can take, and when the limiters agree. Those that have to wait queue in
// order. Only the call at the head of the queue asks the limiters and the pacer,
// because a turn taken there cannot be given back.
type gate struct {
	limiters []Limiter
	pacer    pacer
	tellFor  time.Duration // how long a limiter has to take in a pause
	head     chan struct{} // holds one element while somebody is at the head
	queued   atomic.Int64  // how many are there or behind
}

func newGate(l []Limiter, p Policy, tellFor time.Duration) *gate {
	return &gate{limiters: l, pacer: newPacer(p), tellFor: tellFor, head: make(chan struct{}, 1)}
}

// free reports whether nothing but the backoff of a call keeps it.
func (g *gate) free() bool { return len(g.limiters) == 0 && g.pacer.free() }

// waitTurn waits until an attempt has a turn that is good. A wait that only a late timer
// lengthened is not reported.
func (g *gate) waitTurn(a *attempt) error {
	const good = 20 * time.Millisecond // all that have waited longer, for one token, would leave together
	k, start := a.call, time.Now()
	if start.Sub(a.turn) <= good {
		return nil
	}
	free, own := g.free(), max(a.notBefore.Sub(start), 0)
	err := g.wait(k.ctx, a.notBefore)
	waited := time.Since(start)
	a.waited += waited
	if held := waited - own; err == nil && held > time.Millisecond && !(free && g.free()) {
		k.emit(Event{Kind: KindWait, Wait: held})
	}
	a.turn = time.Now() // an observer that takes its time makes no turn stale
	return err
}

// wait returns when a request may be sent, and with an error when ctx ends or, at
// once, would end first. A long pause has all leave the queue and look again.
func (g *gate) wait(ctx context.Context, notBefore time.Time) error {
	for ctx.Err() == nil && (notBefore.After(time.Now()) || !g.free()) {
		queueing, leave := context.WithCancel(ctx)
		stop := g.pacer.onLongPause(leave)
		err := g.queue(queueing, notBefore)
		interrupted := queueing.Err() != nil
		stop()
		leave()
		if err == nil || !interrupted {
			return err
		}
	}
	return backoff.ContextError(ctx)
}

// queue has a turn taken at the head of the queue, which is joined at notBefore.
func (g *gate) queue(ctx context.Context, notBefore time.Time) error {
	if err := g.pacer.check(ctx, time.Now()); err != nil {
		return err
	}
	if err := backoff.Sleep(ctx, time.Until(notBefore)); err != nil {
		return err
	}
	joined := time.Now()
	ahead := g.queued.Add(1) - 1
	defer g.queued.Add(-1)
	if backoff.PastDeadline(ctx, g.queueTime(ahead)) {
		return ErrNoRoom
	}
	select {
	case g.head <- struct{}{}:
		defer func() { <-g.head }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, l := range g.limiters {
		if err := ask(ctx, l); err != nil {
			return err
		}
	}
	for wait := g.pacer.take(time.Now()); wait > 0; wait = g.pacer.take(time.Now()) {
		if err := g.pacer.check(ctx, joined); err != nil {
			return err
		}
		if err := backoff.Sleep(ctx, wait); err != nil {
			return err
		}
	}
	return nil
}

// queueTime is how long it takes at least until those ahead have had their turns.
// Of a limiter of another kind that is not known.
func (g *gate) queueTime(ahead int64) (longest time.Duration) {
	for _, one := range g.limiters {
		if l, ok := one.(*rate.Limiter); ok {
			short := max(0, float64(ahead)-l.Tokens()) // the first may be in debt already
			longest = max(longest, time.Duration(short/float64(l.Limit())*float64(time.Second)))
		}
	}
	return longest
}

// ask waits until l lets the next request through.
func ask(ctx context.Context, l Limiter) error {
	_, err := isolate.Go(func() (none struct{}, _ error) { return none, l.Wait(ctx) }).Wait(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	_, hurried := ctx.Deadline()
	if _, ok := l.(*rate.Limiter); ok && hurried {
		return ErrNoRoom
	}
	return fmt.Errorf("the limiter failed: %w", stripURL(err))
}

// tellLimiters tells the limiters of a pause that want to know. Others share them:
// they are told even if this call ends.
func (g *gate) tellLimiters(ctx context.Context, d time.Duration) (errs error) {
	for _, one := range g.limiters {
		l, ok := one.(Pauser)
		if !ok {
			continue
		}
		_, err := isolate.Go(func() (none struct{}, _ error) {
			whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.tellFor)
			defer cancel()
			return none, l.Pause(whole, d)
		}).Wait(ctx)
		errs = errors.Join(errs, err)
	}
	return errs
}
