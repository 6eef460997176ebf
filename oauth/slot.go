package oauth

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/internal/isolate"
)

// errStuck says that the code still runs for an earlier call, which has given up
// on it.
var errStuck = errors.New("an earlier call of it was given up and has not come back yet")

// grace is how long code may take to notice the end of its context.
const grace = time.Second

// slot lets one call at a time run, so that code that hangs in every call holds
// one goroutine and not one more with each. The zero value is free.
type slot struct{ busy atomic.Bool }

// run calls f, which is not ours, on a goroutine of its own and waits for it, or
// until ctx has been over for grace. late, which may be nil, gets the value that f
// returns without an error after run has given up.
func run[T any](ctx context.Context, s *slot, f func(context.Context) (T, error), late func(T)) (value T, err error) {
	if !s.busy.CompareAndSwap(false, true) {
		return value, errStuck
	}
	flight := isolate.Go(func() (T, error) {
		defer s.busy.Store(false) // before the waiter can come back with another call
		return f(ctx)
	})
	select {
	case <-flight.Done():
		return flight.Wait(context.Background())
	case <-ctx.Done():
	}
	select {
	case <-flight.Done():
		return flight.Wait(context.Background())
	case <-time.After(grace):
	}
	if late != nil {
		isolate.Go(func() (none struct{}, _ error) {
			if v, err := flight.Wait(context.Background()); err == nil {
				late(v)
			}
			return none, nil
		})
	}
	return value, backoff.ContextError(ctx)
}
