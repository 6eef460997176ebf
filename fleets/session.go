package fleets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/postgres/turns"
	"github.com/motive-go/motive/provision"
	"github.com/riverqueue/river"
)

// session is a sync that this process has in hand. It lasts as long as it needs,
// for a large fleet many slices; River's jobs only wait for it.
type session struct {
	claim *claim
	ended chan struct{}
}

// slicer is what River calls: it takes a fleet in hand, or waits for the session
// that has it, for one slice.
type slicer struct {
	river.WorkerDefaults[job]
	engine *Engine
}

// Work never fails: what goes wrong with a fleet stands in its row, and River is
// told when to look again.
func (w *slicer) Work(ctx context.Context, j *river.Job[job]) error {
	e, id := w.engine, j.Args.Fleet
	s, err := e.attend(ctx, id)
	switch {
	case errors.Is(err, errNothingToDo):
		return nil
	case errors.Is(err, errBusy):
		return river.JobSnooze(e.times.again)
	case err != nil:
		e.opts.Logger.WarnContext(ctx, "fleets: a fleet could not be taken in hand", "fleet", id, "error", err)
		return river.JobSnooze(e.times.again)
	}
	slice := time.NewTimer(e.times.slice)
	defer slice.Stop()
	select {
	case <-s.ended: // whatever is due is found by looking
		return river.JobSnooze(0)
	case <-slice.C:
		return river.JobSnooze(0)
	case <-ctx.Done():
		return river.JobSnooze(0)
	}
}

// attend returns the session of a fleet in this process, which is begun where
// there is none.
func (e *Engine) attend(ctx context.Context, id string) (*session, error) {
	if s := e.session(id); s != nil {
		return s, nil
	}
	process, hands := e.member.now()
	if hands.Err() != nil {
		return nil, errBusy
	}
	c, err := e.db.state.take(ctx, id, process, e.times.lease)
	if err != nil {
		return nil, err
	}
	s := &session{claim: c, ended: make(chan struct{})}
	e.mu.Lock()
	e.running[id] = s
	e.mu.Unlock()
	go e.hold(hands, s)
	return s, nil
}

func (e *Engine) session(id string) *session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.running[id]
}

func (e *Engine) sessions() []*session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.running))
}

// hold carries a session to its end and writes down what became of it.
func (e *Engine) hold(ctx context.Context, s *session) {
	defer func() {
		e.mu.Lock()
		if e.running[s.claim.fleet] == s {
			delete(e.running, s.claim.fleet)
		}
		e.mu.Unlock()
		close(s.ended)
	}()
	start := time.Now()
	v := e.sync(ctx, s.claim)
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.times.lease/2)
	defer cancel()
	log := e.opts.Logger.With("fleet", s.claim.fleet, "took", time.Since(start).Round(time.Millisecond))
	if v.abandoned {
		err := e.db.state.release(writing, s.claim)
		log.InfoContext(ctx, "fleets: a sync was broken off", "cause", context.Cause(ctx), "error", err)
		return
	}
	kept, err := e.db.state.finish(writing, s.claim, v)
	switch {
	case err != nil: // the lease ends, and somebody does it again
		log.ErrorContext(ctx, "fleets: the end of a sync was not written down", "error", err)
	case !kept:
		log.WarnContext(ctx, "fleets: the fleet has come into other hands")
	case v.trouble != "":
		log.WarnContext(ctx, "fleets: a fleet is "+string(v.trouble), "reason", v.reason, "again", v.wait)
	default:
		log.InfoContext(ctx, "fleets: a fleet is in line", "result", v.result)
	}
}

// sync brings a fleet in line once. What is not of this package's making may
// panic or end its goroutine.
func (e *Engine) sync(ctx context.Context, c *claim) verdict {
	ended := make(chan verdict, 1)
	go func() {
		v := verdict{trouble: failing, reason: "its goroutine was ended", failures: c.failures + 1, wait: retryAfter(c.failures + 1)}
		defer func() { ended <- v }()
		defer func() {
			if p := recover(); p != nil {
				v.reason = fmt.Sprintf("a panic: %v", p)
				e.opts.Logger.ErrorContext(ctx, "fleets: a panic", "fleet", c.fleet, "panic", p, "stack", string(debug.Stack()))
			}
		}()
		plan, report, err := e.provision(ctx, c)
		v = judge(c, plan, report, err, context.Cause(ctx))
	}()
	return <-ended
}

// provision lists, plans and applies.
func (e *Engine) provision(ctx context.Context, c *claim) (*provision.Plan, *provision.Report, error) {
	perSecond, burst := e.opts.Limit(c.fleet)
	limiter, err := e.db.limiter(c.fleet, perSecond, burst)
	if err != nil {
		return nil, nil, err
	}
	guard := turns.NewGuard(limiter, e.opts.Transport, func() error { return e.check(c) })
	fleet, err := e.opts.Open(ctx, c.fleet, e.shared(c, guard))
	if err != nil {
		return nil, nil, fmt.Errorf("opening the fleet: %w", err)
	}
	if fleet == nil || fleet.Client == nil || fleet.Roster == nil {
		return nil, nil, errors.New("opening the fleet: Options.Open returned no client or no roster")
	}
	if fleet.ID != c.fleet {
		return nil, nil, fmt.Errorf("opening the fleet: Options.Open returned fleet %q", fleet.ID)
	}
	opts := fleet.Plan
	opts.Fleet, opts.PerSecond = c.fleet, perSecond
	plan, err := provision.NewPlan(ctx, fleet.Client, fleet.Roster, opts)
	if err != nil {
		return nil, nil, err
	}
	if guard.Sent() == 0 {
		return nil, nil, errUnguarded
	}
	// No journal: what was done stands in the fleet, and is found there.
	report, err := provision.Apply(ctx, fleet.Client, plan, nil, provision.ApplyOptions{Fleet: c.fleet, Force: c.release, Grace: grace})
	return plan, report, err
}

var errUnguarded = errors.New("opening the fleet: its client does not send with the transport that Options.Open was given, which keeps the rate and the fence: " +
	"make it with the shared options, and give a transport of your own to Options.Transport")

// grace is how long calls in flight may go on when a worker stops.
const grace = 20 * time.Second

// shared are the options of a fleet's client for one session.
func (e *Engine) shared(c *claim, guard *turns.Guard) []motive.Option {
	return []motive.Option{
		motive.WithLimiter(guard),
		motive.WithTransport(guard),
		motive.WithObserver(func(event motive.Event) { e.opts.Observer(c.fleet, event) }),
	}
}

// check lets no request through for a process that may be out.
func (e *Engine) check(c *claim) error {
	if !e.member.in(c.process, e.times.lease-e.times.margin()) {
		return errOut
	}
	return nil
}
