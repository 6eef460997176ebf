package fleets

import (
	"context"
	"sync"
	"time"

	"github.com/motive-go/motive/internal/backoff"
)

// member is this process among the workers: the name under which it has fleets
// in hand, and since when it is known to be alive. A process that was paused
// finds both too old when it wakes: it goes on under a new name, and with nothing
// in hand.
type member struct {
	mu      sync.Mutex
	process string
	alive   time.Time // when the last sign of life was sent that arrived
	base    context.Context
	hands   context.Context // of the sessions under this name
	letGo   context.CancelCauseFunc
}

func (m *member) begin(base context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.base = base
	m.hands, m.letGo = context.WithCancelCause(base)
}

// enter takes a new name, and lets go of everything under the old one.
func (m *member) enter(process string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.letGo != nil {
		m.letGo(errOut)
		m.hands, m.letGo = context.WithCancelCause(m.base)
	}
	m.process, m.alive = process, at
}

func (m *member) lives(process string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if process == m.process {
		m.alive = at
	}
}

// now returns the name and the context of a session that begins.
func (m *member) now() (process string, hands context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.process, m.hands
}

// in reports whether process is surely still in: it is the present name, and the
// last sign of life is younger than most. Both clocks have to agree, since the
// monotonic one may stand still while a machine is suspended.
func (m *member) in(process string, most time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	return process == m.process && now.Sub(m.alive) < most && now.Round(0).Sub(m.alive.Round(0)) < most
}

func (e *Engine) join(ctx context.Context, heart *heart) error {
	process, at := processName(), time.Now()
	if err := e.db.state.join(ctx, heart, process); err != nil {
		return err
	}
	e.member.enter(process, at)
	return nil
}

// keepAlive sends signs of life until ctx ends. What is in flight then has the
// rest of the lease to come to its end.
func (e *Engine) keepAlive(ctx context.Context, heart *heart) {
	for backoff.Sleep(ctx, e.times.beat) == nil {
		e.beat(ctx, heart)
	}
}

// beat sends a sign of life. A process that others have taken for dead, or that
// could not be heard of for as long, lets go of its fleets and joins anew.
func (e *Engine) beat(ctx context.Context, heart *heart) {
	process, _ := e.member.now()
	at := time.Now()
	ctx, cancel := context.WithTimeout(ctx, e.times.lease/2)
	defer cancel()
	alive, err := e.db.state.beat(ctx, heart, process, e.times.lease-e.times.margin())
	if alive {
		e.member.lives(process, at)
		return
	}
	if err != nil && e.member.in(process, e.times.lease-e.times.margin()) {
		e.opts.Logger.WarnContext(ctx, "fleets: a sign of life did not arrive", "process", process, "error", err)
		return
	}
	if err := e.join(ctx, heart); err != nil {
		e.opts.Logger.ErrorContext(ctx, "fleets: joining the workers anew", "process", process, "error", err)
		return
	}
	e.opts.Logger.WarnContext(ctx, "fleets: "+errOut.Error(), "process", process)
}

// depart gives everything back. What is in hand in spite of all is free when the
// lease ends.
func (e *Engine) depart() error {
	ctx, cancel := context.WithTimeout(context.Background(), e.times.lease/2)
	defer cancel()
	process, _ := e.member.now()
	return e.db.state.leave(ctx, process)
}
