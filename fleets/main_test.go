package fleets_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive"
	"github.com/motive-go/motive/fleets"
)

// The tests that kill processes start the test binary again, as a worker.
const (
	workerVar  = "FLEETS_TEST_WORKER" // the database's URL or path
	baseVar    = "FLEETS_TEST_BASE"
	driversVar = "FLEETS_TEST_DRIVERS"
	rateVar    = "FLEETS_TEST_RATE"
	hurryVar   = "FLEETS_TEST_HURRY"
	stopVar    = "FLEETS_TEST_STOP" // the number of the request before which a worker stops itself
	fullVar    = "FLEETS_TEST_FULL" // the long forms, whose figures stand in the README
)

func full() bool { return os.Getenv(fullVar) == "1" }

func TestMain(m *testing.M) {
	if db, isWorker := os.LookupEnv(workerVar); isWorker {
		os.Exit(work(db))
	}
	code := m.Run()
	fleets.Real.Stop()
	os.Exit(code)
}

// openDB opens a database by its URL, or a file by its path.
func openDB(ctx context.Context, db string) (fleets.DB, func(), error) {
	if filepath.IsAbs(db) {
		return fleets.SQLite(db), func() {}, nil
	}
	config, err := pgxpool.ParseConfig(db)
	if err != nil {
		return fleets.DB{}, nil, err
	}
	config.MaxConns = 16
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fleets.DB{}, nil, err
	}
	return fleets.Postgres(pool), pool.Close, nil
}

// onEach runs a test on every kind of database.
func onEach(t *testing.T, test func(t *testing.T, db string)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, filepath.Join(t.TempDir(), "fleets.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		direct, _ := fleets.Real.Database(t)
		test(t, direct)
	})
	t.Run("pgbouncer", func(t *testing.T) {
		t.Parallel()
		_, pooled := fleets.Real.Database(t)
		test(t, pooled+"&default_query_exec_mode=exec")
	})
}

func newEngine(t testing.TB, db string, opts fleets.Options) *fleets.Engine {
	t.Helper()
	opened, closeDB, err := openDB(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeDB)
	opts.Transport = stamping()
	engine, err := fleets.New(opened, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	if err := engine.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return engine
}

// run runs a worker until the test ends.
func run(t testing.TB, engine *fleets.Engine) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// eventually waits for something that a worker does.
func eventually(t testing.TB, within time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %s: not yet %s", within, what)
		}
	}
}

// work is a worker process, until it is told to stop or is killed.
func work(db string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := workOn(ctx, db); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func workOn(ctx context.Context, db string) error {
	drivers, err := strconv.Atoi(os.Getenv(driversVar))
	if err != nil {
		return err
	}
	perSecond, err := strconv.ParseFloat(os.Getenv(rateVar), 64)
	if err != nil {
		return err
	}
	opened, closeDB, err := openDB(ctx, db)
	if err != nil {
		return err
	}
	defer closeDB()
	engine, err := fleets.New(opened, fleets.Options{
		Open:      opener(os.Getenv(baseVar), drivers),
		Transport: stamping(),
		Limit:     func(string) (float64, int) { return perSecond, 1 },
		Slots:     1000, // for every fleet: a takeover is measured, and not the wait for a slot
		Observer:  stopBefore(os.Getenv(stopVar)),
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	defer engine.Close()
	if os.Getenv(hurryVar) == "true" {
		engine.Hurry(hurrySlice, hurryRescue, hurryLease)
	}
	return engine.Run(ctx)
}

// stopBefore returns an observer that stops this process with SIGSTOP before its nth
// request, after the turn of that: when the process wakes, the next that it does is
// to send. "" is for none.
func stopBefore(nth string) func(string, motive.Event) {
	var started atomic.Int64
	return func(_ string, e motive.Event) {
		if e.Kind != motive.EventAttemptStart || strconv.FormatInt(started.Add(1), 10) != nth {
			return
		}
		last := time.Now()
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		for { // until the clock has jumped
			now := time.Now()
			if now.Sub(last) > time.Second {
				return
			}
			last = now
		}
	}
}

// In the short forms everything that is a matter of time is quicker.
const (
	hurrySlice  = 3 * time.Second
	hurryRescue = 8 * time.Second
	hurryLease  = 4 * time.Second
)
