package fleets

import (
	"context"
	"time"

	"github.com/motive-go/motive/postgres/pgtest"
)

// Real is the server that the tests of this package share.
var Real pgtest.Shared

// Hurry makes everything that is a matter of time quicker.
func (e *Engine) Hurry(slice, rescue, lease time.Duration) {
	e.times = times{
		slice: slice, job: rescue * 4 / 5, rescue: rescue,
		lease: lease, beat: lease / 6, sweep: lease / 3,
		again: lease / 6, stop: 10 * time.Second,
	}
}

// Kill takes a process for dead.
func (e *Engine) Kill(ctx context.Context, process string) error {
	return e.db.state.leave(ctx, process)
}

// Age makes the last sign of life a lease old, as it is when a paused process wakes.
func (e *Engine) Age() {
	process, _ := e.member.now()
	e.member.lives(process, time.Now().Add(-e.times.lease))
}
