package fleets

import (
	"context"
	"time"

	"github.com/motive-go/motive/internal/backoff"
)

const (
	sweepMost = 1000           // fleets at a time
	forgotten = 24 * time.Hour // after its last sign of life a process is
)

// keepSweeping looks for fleets whose turn has come, and for those that have
// something to do and no job, until ctx ends.
func (e *Engine) keepSweeping(ctx context.Context) {
	for {
		if err := e.sweep(ctx); err != nil && ctx.Err() == nil {
			e.opts.Logger.WarnContext(ctx, "fleets: looking for work", "error", err)
		}
		if backoff.Sleep(ctx, backoff.Spread(e.times.sweep)) != nil {
			return
		}
	}
}

func (e *Engine) sweep(ctx context.Context) error {
	turns, err := e.db.state.scheduled(ctx, sweepMost)
	if err != nil {
		return err
	}
	for _, t := range turns {
		next, err := nextTurn(t.schedule, time.Now())
		if err != nil {
			return err // of a newer version of this package
		}
		if err := e.db.state.ring(ctx, t, next); err != nil {
			return err
		}
	}
	calls, err := e.db.state.wanting(ctx, e.times.lease, sweepMost)
	if err != nil {
		return err
	}
	for _, c := range calls {
		if err := e.enqueue(ctx, c); err != nil {
			return err
		}
	}
	return e.db.state.forget(ctx, forgotten)
}
