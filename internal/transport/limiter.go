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

// gate says when an attempt may be sent: not within a pause, at the pace that the
// server can take, and when the limiters agree. Calls that have to wait queue in
// order, and only the first of them is at the limiters and the pacer, which would
// not take back the turns of others that leave.
type gate struct {
	limiters []Limiter
	limit    time.Duration
	pacer    pacer

	turn   chan struct{} // holds one element while somebody is first
	queued atomic.Int64  // how many are first or want to be
}

func newGate(l []Limiter, p Policy, limit time.Duration) *gate {
	return &gate{limiters: l, limit: limit, pacer: newPacer(p), turn: make(chan struct{}, 1)}
}

// free reports whether nothing but the backoff of a call holds it.
func (g *gate) free() bool { return len(g.limiters) == 0 && g.pacer.free() }

// hold holds an attempt until its turn, and not before least has passed. A timer that
// is late is no hold to tell of.
func (g *gate) hold(a *attempt, least time.Duration) error {
	k := a.call
	free, start := g.free(), time.Now()
	err := g.wait(k.ctx, least)
	waited := time.Since(start)
	a.waited += waited
	if held := waited - least; err == nil && held > time.Millisecond && !(free && g.free()) {
		k.tell(Event{Kind: KindWait, Wait: held})
	}
	return err
}

// wait returns when a request may be sent, and not before least has passed. It
// returns early with an error when ctx ends, and at once when ctx would end first.
func (g *gate) wait(ctx context.Context, least time.Duration) error {
	if ctx.Err() != nil {
		return backoff.ContextError(ctx)
	}
	if least <= 0 && g.free() {
		return nil
	}
	within, leave := context.WithCancel(ctx)
	defer leave()
	defer g.pacer.whenShut(leave)()
	err := g.queue(within, least)
	if err != nil && ctx.Err() != nil {
		return backoff.ContextError(ctx)
	}
	if err != nil && within.Err() != nil { // a long pause has begun
		return g.wait(ctx, 0)
	}
	return err
}

func (g *gate) queue(ctx context.Context, least time.Duration) error {
	if err := g.pacer.check(ctx, time.Now()); err != nil {
		return err
	}
	if err := backoff.Sleep(ctx, least); err != nil {
		return err
	}
	since := time.Now()
	ahead := g.queued.Add(1) - 1
	defer g.queued.Add(-1)
	if backoff.PastDeadline(ctx, g.queueTime(ahead)) {
		return ErrNoRoom
	}
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, l := range g.limiters {
		if err := ask(ctx, l); err != nil {
			return err
		}
	}
	for {
		wait := g.pacer.take(time.Now())
		if wait <= 0 {
			return nil
		}
		if err := g.pacer.check(ctx, since); err != nil {
			return err
		}
		if err := backoff.Sleep(ctx, wait); err != nil {
			return err
		}
	}
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
	if _, ok := l.(*rate.Limiter); ok && backoff.PastDeadline(ctx, year) {
		return ErrNoRoom
	}
	return fmt.Errorf("the limiter failed: %w", stripURL(err))
}

// tellLimiters tells the limiters of a pause that want to know. Others share them:
// they are told even if this call ends.
func (g *gate) tellLimiters(ctx context.Context, d time.Duration) (failed error) {
	for _, one := range g.limiters {
		l, ok := one.(Pauser)
		if !ok {
			continue
		}
		_, err := isolate.Go(func() (none struct{}, _ error) {
			whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.limit)
			defer cancel()
			return none, l.Pause(whole, d)
		}).Wait(ctx)
		failed = errors.Join(failed, err)
	}
	return failed
}
