// Package isolate runs code that is not ours, such as a store, a limiter or a token
// source of the user's, in a way in which it can fail only those that wait for it:
// a panic, a runtime.Goexit and a hang become errors.
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

// Broken says how code broke off that neither returned a value nor an error.
type Broken string

func (b Broken) Error() string { return string(b) }

const goexit = Broken("it ended its goroutine, as runtime.Goexit and t.FailNow do")

// Grace is how long code may take to notice the end of its context.
const Grace = time.Second

// Flight is one run of a function, which any number of callers may wait for.
type Flight[T any] struct {
	done     chan struct{}
	value    T
	err      error
	panicked any
}

// Go runs f on a goroutine of its own. Whatever f does, its error says so.
func Go[T any](f func() (T, error)) *Flight[T] {
	r := &Flight[T]{done: make(chan struct{}), err: goexit}
	go func() {
		defer close(r.done)
		defer func() {
			if r.panicked = recover(); r.panicked != nil {
				r.err = Broken("it panicked: " + text.Printable(fmt.Sprint(r.panicked), 200))
			}
		}()
		r.value, r.err = f()
	}()
	return r
}

// Wait returns what the function has returned, or the error of ctx if that ends
// first.
func (r *Flight[T]) Wait(ctx context.Context) (value T, err error) {
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		return value, backoff.ContextError(ctx)
	}
}

// Join returns what the function has returned, and panics where it has.
func (r *Flight[T]) Join() (T, error) {
	if <-r.done; r.panicked != nil {
		panic(r.panicked)
	}
	return r.value, r.err
}

// Slot lets one call at a time run, so that code that hangs in every call holds
// one goroutine and not one more with each. The zero value is free.
type Slot struct{ busy atomic.Bool }

// Run calls f on a goroutine of its own and waits for it, or until ctx has been
// over for [Grace]. late, which may be nil, gets the value that f returns without
// an error after Run has given up.
func Run[T any](ctx context.Context, slot *Slot, f func(context.Context) (T, error), late func(T)) (value T, err error) {
	if !slot.busy.CompareAndSwap(false, true) {
		return value, ErrStuck
	}
	r := Go(func() (T, error) {
		defer slot.busy.Store(false) // before the waiter can come back with another call
		return f(ctx)
	})
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
	}
	select {
	case <-r.done:
		return r.value, r.err
	case <-time.After(Grace):
	}
	if late != nil {
		Go(func() (none struct{}, _ error) {
			if v, err := r.Join(); err == nil {
				late(v)
			}
			return none, nil
		})
	}
	return value, backoff.ContextError(ctx)
}
