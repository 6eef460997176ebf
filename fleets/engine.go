package fleets

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/robfig/cron/v3"
)

// Engine asks for syncs and, while [Engine.Run] runs, carries them out. Its
// methods are called concurrently.
type Engine struct {
	opts   Options
	db     *database
	insert queue // which only inserts
	times  times

	member  member
	mu      sync.Mutex
	running map[string]*session
}

// times are how long things take; tests make them shorter.
type times struct {
	slice  time.Duration // of a River job
	job    time.Duration // after which River ends the context of a slice
	rescue time.Duration // after which River takes a slice's process for dead
	lease  time.Duration // how long a process that is not heard of keeps its fleets
	beat   time.Duration // between two signs of life
	sweep  time.Duration // between two looks for what nobody works on
	again  time.Duration // between two looks at a fleet that another process has
	stop   time.Duration // for slices to end, when a worker stops
}

// A fleet whose process died is in other hands after a lease, a sweep and a
// moment: within 45 s. River's own rescue comes later and finds nothing to do; it
// would take up to 111 s, since it looks every 30 s only.
var defaultTimes = times{
	slice: 45 * time.Second, job: 60 * time.Second, rescue: 75 * time.Second,
	lease: 30 * time.Second, beat: 5 * time.Second, sweep: 10 * time.Second,
	again: 5 * time.Second, stop: 45 * time.Second,
}

// margin is how much sooner a process itself believes that its lease has ended,
// than others do.
func (t times) margin() time.Duration { return t.lease / 4 }

// New returns an engine on db. It fails for options that are not complete, and
// where the file of [SQLite] cannot be opened. Call [Engine.Migrate] before
// anything else.
func New(db DB, opts Options) (*Engine, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	opened, err := db.opened()
	if err != nil {
		return nil, err
	}
	insert, err := opened.queue(&river.Config{Logger: opts.Logger})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fleets: making a River client: %w", err), opened.closeAll())
	}
	return &Engine{opts: opts, db: opened, insert: insert, times: defaultTimes, running: map[string]*session{}}, nil
}

// Close closes the file of [SQLite]; the pool of [Postgres] stays open. Run has to
// have returned.
func (e *Engine) Close() error { return e.db.closeAll() }

// Migrate makes the tables of this package and of River, or brings them up to
// date. It may be called at each start, by many processes at once.
func (e *Engine) Migrate(ctx context.Context) error {
	err := e.migrate(ctx)
	// Another process may have made in between what this one was about to make.
	for attempt := 1; err != nil && attempt < migrateAttempts; attempt++ {
		if backoff.Sleep(ctx, backoff.Full(minMigrateWait, maxMigrateWait, attempt)) != nil {
			break
		}
		err = e.migrate(ctx)
	}
	if err != nil {
		return fmt.Errorf("fleets: migrating: %w", err)
	}
	return nil
}

const (
	migrateAttempts = 8
	minMigrateWait  = 50 * time.Millisecond
	maxMigrateWait  = time.Second
)

func (e *Engine) migrate(ctx context.Context) error {
	if err := e.db.migrate(ctx); err != nil {
		return err
	}
	return e.db.state.migrate(ctx, e.db.exclude)
}

// Sync asks for a sync of a fleet, now. While one waits, asking again makes no
// other; while one runs, one more follows it. A fleet that is parked or held is
// tried again.
func (e *Engine) Sync(ctx context.Context, id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	c, idle, err := e.db.state.want(ctx, id, e.times.lease)
	if err != nil {
		return fmt.Errorf("fleets: asking for a sync of %q: %w", id, err)
	}
	if !idle {
		return nil
	}
	// Where this fails, a worker finds the fleet within a few seconds.
	if err := e.enqueue(ctx, c); err != nil {
		e.opts.Logger.WarnContext(ctx, "fleets: a job was not inserted", "fleet", id, "error", err)
	}
	return nil
}

// Every has a fleet synced by itself: "0 3 * * *", "@every 15m" or
// "CRON_TZ=America/Chicago 30 4 * * 1-5"; without a zone in UTC. "" ends that. A
// turn that comes while the one before still waits is left out.
func (e *Engine) Every(ctx context.Context, id, schedule string) error {
	if err := checkID(id); err != nil {
		return err
	}
	next := time.Time{}
	if schedule != "" {
		var err error
		if next, err = nextTurn(schedule, time.Now()); err != nil {
			return fmt.Errorf("fleets: the schedule of %q: %w", id, err)
		}
	}
	if err := e.db.state.plan(ctx, id, schedule, next); err != nil {
		return fmt.Errorf("fleets: scheduling %q: %w", id, err)
	}
	return nil
}

func nextTurn(schedule string, now time.Time) (time.Time, error) {
	parsed, err := cron.ParseStandard(schedule)
	if err != nil {
		return time.Time{}, err
	}
	next := parsed.Next(now.UTC())
	if next.IsZero() {
		return next, fmt.Errorf("%q never comes", schedule)
	}
	return next, nil
}

// Release lets one plan of a held fleet pass the brakes, by the hash that
// [Status].Plan has, and asks for a sync. Where the fleet or its roster has
// changed meanwhile, the plan is another, and is held again.
func (e *Engine) Release(ctx context.Context, id, plan string) error {
	if len(plan) < minHash {
		return fmt.Errorf("fleets: releasing %q: the hash of the plan is %q, want the one in its status", id, plan)
	}
	known, err := e.db.state.allow(ctx, id, plan)
	if err != nil {
		return fmt.Errorf("fleets: releasing %q: %w", id, err)
	}
	if !known {
		return fmt.Errorf("fleets: releasing %q: there is no such fleet", id)
	}
	return e.Sync(ctx, id)
}

const minHash = 6 // as provision.ApplyOptions.Force has it

// Run works until ctx ends, and then lets what is in flight finish, for at most
// 45 seconds. It returns nil then, and an error where it cannot begin. An engine
// runs once at a time.
func (e *Engine) Run(ctx context.Context) error {
	heart := e.db.newHeart()
	defer heart.stop()
	if err := e.join(ctx, heart); err != nil {
		return fmt.Errorf("fleets: joining the workers: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &slicer{engine: e})
	client, err := e.db.queue(e.riverConfig(workers))
	if err != nil {
		return fmt.Errorf("fleets: making a River client: %w", err)
	}
	// Sessions outlive ctx by what they need to end well.
	sessions, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	e.member.begin(sessions)
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		cancel(nil)
		return fmt.Errorf("fleets: starting River: %w", err)
	}
	var loops sync.WaitGroup
	loops.Go(func() { e.keepAlive(ctx, heart) })
	loops.Go(func() { e.keepSweeping(ctx) })
	<-ctx.Done()
	cancel(errStopping)
	e.stop(client)
	loops.Wait()
	return e.depart()
}

var errStopping = errors.New("the worker is stopping")

// stop waits for the jobs of River, and for the sessions, some of which have none:
// another process may have fetched theirs.
func (e *Engine) stop(client queue) {
	soft, cancel := context.WithTimeout(context.Background(), e.times.stop)
	defer cancel()
	if client.Stop(soft) != nil {
		hard, cancel := context.WithTimeout(context.Background(), e.times.stop)
		defer cancel()
		_ = client.StopAndCancel(hard)
	}
	for _, s := range e.sessions() {
		select {
		case <-s.ended:
		case <-soft.Done():
			return
		}
	}
}

func (e *Engine) riverConfig(workers *river.Workers) *river.Config {
	return &river.Config{
		Logger:               e.opts.Logger,
		Workers:              workers,
		Queues:               map[string]river.QueueConfig{queueName: {MaxWorkers: e.opts.Slots}},
		JobTimeout:           e.times.job,
		RescueStuckJobsAfter: e.times.rescue,
		RetryPolicy:          atOnce{},
		// A fleet waits for a second at most, and PgBouncer has no LISTEN.
		PollOnly: true,
	}
}

const (
	queueName   = "motive"
	jobKind     = "motive_fleet"
	maxAttempts = 10_000 // each rescue is one; the tables of this package decide
)

// atOnce has a rescued job run again without a wait.
type atOnce struct{}

func (atOnce) NextRetry(*rivertype.JobRow) time.Time { return time.Now() }

// job is a slice of a sync. The fence makes it another one than a job whose
// process has died, and which River holds for running until it is rescued.
type job struct {
	Fleet string `json:"fleet"`
	Fence int64  `json:"fence"`
}

func (job) Kind() string { return jobKind }

// enqueue inserts a job, unless it waits or runs. States in which a job has come
// to its end do not count, or else a fleet would be synced once.
func (e *Engine) enqueue(ctx context.Context, c call) error {
	_, err := e.insert.Insert(ctx, job{c.fleet, c.fence}, &river.InsertOpts{
		Queue:       queueName,
		MaxAttempts: maxAttempts,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	})
	return err
}

// processName is for people who read the tables, and new at each call.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:10])
}
