package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/motive-go/motive"
)

// ApplyOptions says how a plan is applied. The zero value takes eight steps at a
// time, reads each user before it changes one, and respects the brakes.
type ApplyOptions struct {
	// Workers is how many steps are taken at a time; default 8. The rate is the
	// client's.
	Workers int
	// Force is the plan's hash, or its first 6 digits or more, where a plan that
	// exceeds its limits is to be applied all the same.
	Force string
	// Fleet is the fleet that the client is for, as [Options].Fleet named it.
	Fleet string
	// Fresh says that the plan was made just now, so that nobody is read again
	// before a write.
	Fresh bool
	// PasswordFile is the path of a file of mode 0600 to which a password is
	// appended for each create that has none. "" generates none.
	PasswordFile string
	// Grace is how long calls in flight may go on after the context has ended;
	// default 30 s. No call is started in it.
	Grace time.Duration
	// Progress is called after each step, one call at a time.
	Progress func(Progress)
}

// Progress is how far a run has come.
type Progress struct {
	Done, Total int // of the steps that write
	Last        Result
}

const (
	defaultWorkers = 8 // ten requests at once are said to be the limit
	defaultGrace   = 30 * time.Second
	// tooMany failures in a row that are not the fault of a row end the run.
	tooMany = 5
)

// Apply carries out a plan and reports what became of it. The error is nil where
// single rows failed: the report has them.
//
// A journal makes the run resumable, and may be nil. Applied again with the same
// journal, a plan goes on where it stopped; once it has come to its end it is
// spent, and [ErrStale].
//
// [ErrUnsafe] holds a plan that exceeds its limits or is for another fleet.
// [ErrStopped] ends a run early: the login has ended, the service does not
// respond, or the context has ended, which lets the calls in flight finish.
// There is a report then as well.
func Apply(ctx context.Context, client *motive.Client, plan *Plan, journal *Journal, opts ApplyOptions) (*Report, error) {
	hash := plan.Hash()
	if err := opts.allow(plan, hash); err != nil {
		return nil, err
	}
	order, stuck := inOrder(plan.Steps)
	if len(stuck) > 0 {
		return nil, errors.New("provision: steps of the plan wait for each other; make it again")
	}
	if err := journal.start(hash); err != nil {
		return nil, err
	}
	passwords, err := openPasswords(opts.PasswordFile)
	if err != nil {
		return nil, err
	}
	r := newRun(client, plan, journal, opts, passwords)
	start := time.Now()
	cause := r.all(ctx, order)
	report := r.report(hash, cause)
	report.Duration = time.Since(start)
	if err := passwords.close(); err != nil && cause == nil {
		cause = fmt.Errorf("provision: close the password file: %w", err)
	}
	return report, cause
}

// allow returns why the plan may not be applied.
func (o ApplyOptions) allow(plan *Plan, hash string) error {
	if plan.Fleet != o.Fleet {
		return fmt.Errorf("provision: the plan is for fleet %q, and the client for %q: %w", plan.Fleet, o.Fleet, ErrUnsafe)
	}
	if len(plan.Brakes) == 0 || len(o.Force) >= 6 && strings.HasPrefix(hash, strings.ToLower(o.Force)) {
		return nil
	}
	way := "to apply it all the same, pass the plan's hash, " + hash[:shortHash]
	if o.Force != "" {
		way = "the hash given is not the plan's, which begins with " + hash[:shortHash]
	}
	return fmt.Errorf("provision: the plan %s; %s: %w", strings.Join(plan.Brakes, ", and "), way, ErrUnsafe)
}

// run is one application of a plan.
type run struct {
	client    *motive.Client
	plan      *Plan
	journal   *Journal
	opts      ApplyOptions
	passwords *passwords
	total     int
	awaited   map[int]chan struct{} // of the steps that others come after; closed at their end

	mu       sync.Mutex
	results  map[int]Result
	open     int // steps that ended in a failure that may pass
	written  int // steps that write and have come to an end
	failing  int // failures in a row that are not the fault of a row
	requests int
	retries  int
	cancel   context.CancelCauseFunc
}

func newRun(client *motive.Client, plan *Plan, journal *Journal, opts ApplyOptions, passwords *passwords) *run {
	r := &run{
		client: client, plan: plan, journal: journal, opts: opts, passwords: passwords, total: plan.Writes(),
		awaited: make(map[int]chan struct{}), results: make(map[int]Result),
	}
	for i := range plan.Steps {
		for _, before := range plan.Steps[i].After {
			if r.awaited[before] == nil {
				r.awaited[before] = make(chan struct{})
			}
		}
	}
	return r
}

// all takes the steps in order, a few at a time, and returns why the run ended
// early.
func (r *run) all(ctx context.Context, order []int) error {
	ctx, r.cancel = context.WithCancelCause(ctx)
	defer r.cancel(nil)
	calls, release := afterwards(ctx, cmp.Or(r.opts.Grace, defaultGrace))
	defer release()

	next := make(chan int)
	var workers sync.WaitGroup
	for range min(max(cmp.Or(r.opts.Workers, defaultWorkers), 1), max(r.total, 1)) {
		workers.Go(func() {
			for i := range next {
				r.take(ctx, calls, i)
			}
		})
	}
	for _, i := range order {
		if !r.plan.Steps[i].Action.writes() {
			r.skip(i)
			continue
		}
		if !hand(ctx, next, i) {
			break
		}
	}
	close(next)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil && (r.open > 0 || len(r.results) < len(r.plan.Steps)) {
		return fmt.Errorf("provision: %w: %w", ErrStopped, cause)
	}
	if r.open > 0 {
		return nil // these can be tried again with the same journal
	}
	return r.journal.spend()
}

// hand gives a step to a worker, unless the context has ended.
func hand(ctx context.Context, next chan<- int, i int) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case next <- i:
		return true
	case <-ctx.Done():
		return false
	}
}

// afterwards returns a context that ends a while after ctx does, so that calls
// in flight can finish.
func afterwards(ctx context.Context, grace time.Duration) (context.Context, func()) {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-calls.Done():
		}
	})
	return calls, func() { stop(); cancel() }
}

// skip keeps what a step that writes nothing comes to.
func (r *run) skip(i int) {
	s := &r.plan.Steps[i]
	result := s.result(i)
	switch s.Action {
	case ActionUnchanged:
		result.Outcome = OutcomeUnchanged
	case ActionLeftAlone:
		result.Outcome = OutcomeLeftAlone
	default:
		result.Outcome, result.Problem = OutcomeLeftOut, s.details()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[i] = result
}

func (s *Step) result(i int) Result {
	return Result{Step: i, Line: s.Line, Name: s.Name, ExternalID: s.ExternalID, UserID: s.UserID}
}

// take brings one step to its end. Calls run under a context of their own, which
// outlives ctx for a while.
func (r *run) take(ctx, calls context.Context, i int) {
	if done := r.awaited[i]; done != nil {
		defer close(done)
	}
	s := &r.plan.Steps[i]
	if e, ok := r.journal.before(i); ok {
		result := s.result(i)
		result.Outcome, result.UserID, result.Problem = e.Outcome, e.User, e.Problem
		r.keep(result)
		return
	}
	result, reached := r.wait(ctx, i)
	if !reached {
		return
	}
	if result.Outcome == "" {
		result = r.step(ctx, calls, i)
	}
	if result.Outcome == OutcomeNotReached {
		return
	}
	if !result.open {
		if err := r.journal.end(i, result); err != nil {
			r.cancel(err)
		}
	}
	r.keep(result)
}

// wait waits for the steps that come first. It reports false where the run ends
// before, and a result where this step cannot be taken any more.
func (r *run) wait(ctx context.Context, i int) (Result, bool) {
	result := r.plan.Steps[i].result(i)
	for _, before := range r.plan.Steps[i].After {
		select {
		case <-r.awaited[before]:
		case <-ctx.Done():
			return result, false
		}
		r.mu.Lock()
		first, ok := r.results[before]
		r.mu.Unlock()
		switch {
		case !ok:
			return result, false
		case first.Problem != "":
			result.Outcome, result.open = OutcomeFailed, first.open
			result.Problem = where(first.Line, before) + " should have freed a value for it, and " + first.Outcome.words()
			return result, true
		}
	}
	return result, true
}

// keep takes down a result and tells of it.
func (r *run) keep(result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[result.Step] = result
	r.written++
	if result.open {
		r.open++
	}
	if r.opts.Progress != nil {
		r.opts.Progress(Progress{Done: r.written, Total: r.total, Last: result})
	}
}

// report gathers the results.
func (r *run) report(hash string, cause error) *Report {
	report := &Report{
		Plan: hash, Fleet: r.plan.Fleet, Counts: make(map[Outcome]int), Failures: []Result{},
		Requests: r.requests, Retries: r.retries, columns: r.plan.Columns, rows: make(map[int][]string),
	}
	for i := range r.plan.Steps {
		result, ok := r.results[i]
		if !ok {
			result.Outcome = OutcomeNotReached
		}
		report.Counts[result.Outcome]++
		if result.Problem != "" {
			report.Failures = append(report.Failures, result)
			report.rows[i] = r.plan.Steps[i].Cells
		}
	}
	if cause != nil {
		report.Stopped = strings.TrimPrefix(cause.Error(), "provision: ")
	}
	return report
}
