// Package isolate runs code that is not ours, such as a store, a limiter or a token
// source of the user's, in a way in which it can fail only those that wait for it:
// a panic, a runtime.Goexit and a hang become errors.
package isolate

import (
	"context"
	"fmt"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/text"
)

// Broken says how code broke off that neither returned a value nor an error.
type Broken string

func (b Broken) Error() string { return string(b) }

const goexit = Broken("it ended its goroutine, as runtime.Goexit and t.FailNow do")

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

// Done is closed when the function has ended, however it did.
func (r *Flight[T]) Done() <-chan struct{} { return r.done }

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
