// Package isolate runs code that is not ours, such as a store, a transport or a
// token source of the user's, in a way in which it can fail only the call that
// it was run for: a panic, a runtime.Goexit and a hang become errors.
package isolate

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/text"
)

// ErrStuck says that the code still runs for an earlier call, which has given up
// on it.
var ErrStuck = errors.New("an earlier call of it was given up and has not come back yet")

var errGoexit = errors.New("it ended its goroutine, as runtime.Goexit and t.FailNow do")

// Grace is how long code may take to notice the end of its context.
const Grace = time.Second

// Slot lets one call at a time run, so that code that hangs in every call holds
// one goroutine and not one more with each. The zero value is free.
type Slot struct{ busy atomic.Bool }

// Run calls f on a goroutine of its own and waits for it, or until ctx has been
// over for [Grace]. Whatever f does, the error says so. late, which may be nil,
// gets the value that f returns without an error after Run has given up.
func Run[T any](ctx context.Context, slot *Slot, f func(context.Context) (T, error), late func(T)) (T, error) {
	if !slot.busy.CompareAndSwap(false, true) {
		var zero T
		return zero, ErrStuck
	}
	c := &call[T]{err: errGoexit, done: make(chan struct{})}
	go c.run(ctx, slot, f, late)
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(Grace)
	defer timer.Stop()
	select {
	case <-c.done:
		return c.value, c.err
	case <-timer.C:
	}
	if !c.settled.CompareAndSwap(false, true) {
		<-c.done
		return c.value, c.err
	}
	var zero T
	return zero, backoff.ContextError(ctx)
}

// call is one run of f. Whoever settles it first, the runner with a result or
// the waiter who gives up, decides what becomes of the result.
type call[T any] struct {
	value   T
	err     error
	settled atomic.Bool
	done    chan struct{}
}

func (c *call[T]) run(ctx context.Context, slot *Slot, f func(context.Context) (T, error), late func(T)) {
	defer c.deliver(slot, late)
	defer func() {
		if p := recover(); p != nil {
			c.err = fmt.Errorf("it panicked: %s", text.Printable(fmt.Sprint(p), 200))
		}
	}()
	c.value, c.err = f(ctx)
}

func (c *call[T]) deliver(slot *Slot, late func(T)) {
	if c.settled.CompareAndSwap(false, true) {
		slot.busy.Store(false) // before the waiter can come back with another call
		close(c.done)
		return
	}
	defer slot.busy.Store(false)
	if late == nil || c.err != nil {
		return
	}
	defer func() { _ = recover() }()
	late(c.value)
}
