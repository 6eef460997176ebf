package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive/postgres"
	"github.com/motive-go/motive/postgres/turns"
)

func limiter(t testing.TB, pool *pgxpool.Pool, fleet string, perSecond float64, burst int) *postgres.Limiter {
	t.Helper()
	l, err := postgres.NewLimiter(pool, fleet, perSecond, burst)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNewLimiterRefuses(t *testing.T) {
	t.Parallel()
	pool := open(t, "postgres://nobody@127.0.0.1:1/none", 1)
	tests := []struct {
		name      string
		pool      *pgxpool.Pool
		fleet     string
		perSecond float64
		burst     int
	}{
		{"no pool", nil, "a", 1, 1},
		{"no fleet", pool, "", 1, 1},
		{"no rate", pool, "a", 0, 1},
		{"a rate that is no number", pool, "a", nan(), 1},
		{"a rate beyond the clock", pool, "a", 2e6, 1},
		{"no burst", pool, "a", 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if l, err := postgres.NewLimiter(test.pool, test.fleet, test.perSecond, test.burst); err == nil || l != nil {
				t.Errorf("NewLimiter: %v, %v; want an error", l, err)
			}
		})
	}
}

func nan() float64 { return 0 / func() float64 { return 0 }() }

func TestLimiterLetsABurstThroughAndThenKeepsTheRate(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		const perSecond, burst, requests = 10, 5, 10
		l := limiter(t, open(t, url, 2), "fleet", perSecond, burst)
		start := time.Now()
		for range requests {
			if err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		// Half a gap of slack, and nothing else, comes off.
		least := (requests - burst) * time.Second / perSecond * 9 / 10
		if took := time.Since(start); took < least {
			t.Errorf("%d requests took %s, want at least %s", requests, took, least)
		}
	})
}

func TestFleetsDoNotShareALimit(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		pool := open(t, url, 2)
		start := time.Now()
		for n := range 20 {
			if err := limiter(t, pool, fmt.Sprint("fleet", n), 0.01, 1).Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took > 50*time.Second {
			t.Errorf("20 fleets waited for one another: %s", took)
		}
	})
}

func TestWaitEndsAtOnceWhereTheDeadlineComesFirst(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		l := limiter(t, open(t, url, 2), "fleet", 0.01, 1)
		if err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := l.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait: %v, want a deadline", err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("Wait returned after %s, want at once", took)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		l := limiter(t, open(t, url, 2), "fleet", 0.01, 1)
		if err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		why := errors.New("the caller has left")
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		for range 5 { // one asks, the others queue for it
			wg.Go(func() {
				if err := l.Wait(ctx); !errors.Is(err, why) {
					t.Errorf("Wait: %v, want %v", err, why)
				}
			})
		}
		time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
		wg.Wait()
	})
}

// Those who gave up waiting have taken nothing: the next request goes as soon as
// it would have gone without them.
func TestWhoLeavesTakesNothingAlong(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		const perSecond = 2
		pool := open(t, url, 4)
		start := time.Now()
		if err := limiter(t, pool, "fleet", perSecond, 1).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 30 { // as many processes
			l := limiter(t, pool, "fleet", perSecond, 1)
			wg.Go(func() { _ = l.Wait(ctx) })
		}
		time.AfterFunc(100*time.Millisecond, cancel)
		wg.Wait()
		if err := limiter(t, pool, "fleet", perSecond, 1).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("the next request went after %s, want half a second", took)
		}
	})
}

func TestPauseHoldsForEveryProcessAndLeavesNoBurst(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		const perSecond, burst = 20, 10
		first, second := limiter(t, open(t, url, 2), "fleet", perSecond, burst), limiter(t, open(t, url, 2), "fleet", perSecond, burst)
		start := time.Now()
		if err := first.Pause(t.Context(), 400*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if err := first.Pause(t.Context(), time.Millisecond); err != nil { // does not shorten it
			t.Fatal(err)
		}
		if err := second.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if held := time.Since(start); held < 400*time.Millisecond {
			t.Errorf("a request was let through after %s of 400ms", held)
		}
		for range 6 {
			if err := first.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took, least := time.Since(start), 400*time.Millisecond+6*time.Second/perSecond; took < least {
			t.Errorf("a pause and 7 requests took %s, want at least %s", took, least)
		}
	})
}

// A clock that was set back leaves a row that is full far in the future.
func TestClockThatWasSetBackDoesNotStopAFleet(t *testing.T) {
	t.Parallel()
	direct, _ := database(t)
	pool := open(t, direct, 2)
	if _, err := pool.Exec(t.Context(), `INSERT INTO motive_limits (fleet, full_at) VALUES ('fleet', now() + interval '1 hour')`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for range 2 {
		if err := limiter(t, pool, "fleet", 10, 1).Wait(ctx); err != nil {
			t.Errorf("Wait: %v", err)
		}
	}
}

func TestWaitOutlivesACutConnection(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		pool := open(t, url, 2)
		l := limiter(t, pool, "fleet", 1000, 1)
		for range 3 {
			if err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			admin := open(t, url, 1)
			if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Wait(t.Context()); err != nil {
			t.Errorf("Wait: %v", err)
		}
	})
}

// The function of the database and that of package turns are one algorithm in two
// languages. Times are far apart here, so that what passes between two statements
// does not matter.
func TestDatabaseTakesTurnsAsAStateDoes(t *testing.T) {
	t.Parallel()
	direct, _ := database(t)
	pool := open(t, direct, 1)
	rate := turns.Rate{Gap: 100 * time.Second, Slack: 250 * time.Second}
	random := rand.New(rand.NewPCG(5, 6))
	// Off the whole seconds at which one side takes a turn and the other does not.
	from := func(least, most int) time.Duration {
		return time.Duration(least+random.IntN(most-least))*time.Second + 500*time.Millisecond
	}
	for n := range 200 {
		fleet, fullIn, pausedIn := fmt.Sprint(n), from(-300, 700), from(-300, 300)
		const insert = `INSERT INTO motive_limits (fleet, full_at, paused_until) VALUES ($1, clock_timestamp() + $2, clock_timestamp() + $3)`
		if _, err := pool.Exec(t.Context(), insert, fleet, fullIn, pausedIn); err != nil {
			t.Fatal(err)
		}
		var taken bool
		var wait, full time.Duration
		err := pool.QueryRow(t.Context(), `SELECT taken, wait FROM motive_take($1, $2, $3)`, fleet, rate.Gap, rate.Slack).Scan(&taken, &wait)
		if err != nil {
			t.Fatal(err)
		}
		if err := pool.QueryRow(t.Context(), `SELECT full_at - clock_timestamp() FROM motive_limits WHERE fleet = $1`, fleet).Scan(&full); err != nil {
			t.Fatal(err)
		}
		const now = 1e15
		after, wantTaken, wantWait := turns.State{FullAt: now + fullIn.Microseconds(), PausedUntil: now + pausedIn.Microseconds()}.Take(now, rate)
		wantFull := time.Duration(after.FullAt-now) * time.Microsecond
		if taken != wantTaken || apart(wait, wantWait) || apart(full, wantFull) {
			t.Errorf("full in %s, paused for %s: %t, %s, full in %s; want %t, %s, %s", fullIn, pausedIn, taken, wait, full, wantTaken, wantWait, wantFull)
		}
	}
}

func apart(a, b time.Duration) bool { return (a - b).Abs() > 30*time.Second }

// slowWay is a connection on which one response is long under way.
type slowWay struct {
	net.Conn
	next *atomic.Int64 // how long, in nanoseconds
}

func (c slowWay) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	time.Sleep(time.Duration(c.next.Swap(0)))
	return n, err
}

// A turn that the database gave long ago, to a process that was paused on the way or
// by a network that was, is not used: also not the first one, and whatever was
// learned from it.
func TestTurnThatIsLongUnderWayIsNotUsed(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		const perSecond = 2
		config, err := pgxpool.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		var delay atomic.Int64
		dial := config.ConnConfig.DialFunc
		config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			return slowWay{conn, &delay}, err
		}
		config.MaxConns = 1
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		if err := pool.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		l := limiter(t, pool, "fleet", perSecond, 1)
		for range 3 {
			delay.Store(int64(time.Second))
			if err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			returned := time.Now()
			// The turn that is used is the newest, and the next one is yet to come.
			var next time.Time
			if err := pool.QueryRow(t.Context(), `SELECT full_at FROM motive_limits`, pgx.QueryExecModeExec).Scan(&next); err != nil {
				t.Fatal(err)
			}
			if ago := returned.Sub(next.Add(-time.Second / perSecond)); ago > time.Second/perSecond {
				t.Errorf("the turn that was used was given %s ago", ago)
			}
		}
	})
}

const (
	rateVar  = "RATE"
	worksFor = "FLEET"
)

// A worker asks for turns from eight goroutines and prints when each was given,
// in microseconds. To a line on its input it pauses the fleet for a second and
// prints when that was kept from and to.
func init() {
	roles["asks for turns"] = func(ctx context.Context, pool *pgxpool.Pool) error {
		rate, err := strconv.ParseFloat(os.Getenv(rateVar), 64)
		if err != nil {
			return err
		}
		l, err := postgres.NewLimiter(pool, os.Getenv(worksFor), rate, 1)
		if err != nil {
			return err
		}
		go func() {
			for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
				if err := l.Pause(ctx, pauseFor); err == nil {
					fmt.Println("paused", time.Now().UnixMicro())
				}
			}
		}()
		for range 8 {
			go func() {
				for {
					if err := l.Wait(ctx); err != nil {
						fmt.Println("failed", 0)
						return
					}
					fmt.Println("turn", time.Now().UnixMicro())
				}
			}()
		}
		select {}
	}
}

const pauseFor = time.Second

// printed is what the workers have printed.
type printed struct {
	mu     sync.Mutex
	given  []time.Time
	paused []time.Time // from when on
	failed int
}

func (r *printed) read(lines *bufio.Scanner) {
	for lines.Scan() {
		what, micros, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseInt(micros, 10, 64)
		if err != nil {
			continue // half a line of a worker that was killed
		}
		r.mu.Lock()
		switch what {
		case "turn":
			r.given = append(r.given, time.UnixMicro(n))
		case "paused":
			r.paused = append(r.paused, time.UnixMicro(n))
		case "failed":
			r.failed++
		}
		r.mu.Unlock()
	}
}

// most is the largest number of turns within any second.
func most(given []time.Time) int {
	slices.SortFunc(given, time.Time.Compare)
	largest, first := 0, 0
	for i, at := range given {
		for at.Sub(given[first]) >= time.Second {
			first++
		}
		largest = max(largest, i-first+1)
	}
	return largest
}

// Four processes share a limit of 25 a second, are killed one after the other and
// started again, and one of them pauses the fleet.
func TestProcessesThatDieKeepTheLimit(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		const processes, rate = 4, 25
		length := 6 * time.Second
		if full() {
			length = time.Minute
		}
		var r printed
		var readers sync.WaitGroup
		type worker struct {
			cmd  *exec.Cmd
			tell func()
		}
		start := func() worker {
			cmd := child(t, "asks for turns", url, rateVar+"="+fmt.Sprint(rate), worksFor+"=fleet")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			readers.Go(func() { r.read(bufio.NewScanner(out)) })
			return worker{cmd, func() { fmt.Fprintln(in) }}
		}
		workers := make([]worker, processes)
		for i := range workers {
			workers[i] = start()
		}
		began := time.Now()
		paused := false
		kills := 0
		for time.Since(began) < length {
			time.Sleep(length / 24)
			i := rand.N(processes)
			if !paused && time.Since(began) > length/3 {
				workers[i].tell()
				paused = true
				continue
			}
			_ = workers[i].cmd.Process.Kill()
			_ = workers[i].cmd.Wait()
			workers[i] = start()
			kills++
		}
		for _, w := range workers {
			_ = w.cmd.Process.Kill()
			_ = w.cmd.Wait()
		}
		readers.Wait()
		r.report(t, rate, kills)
	})
}

func (r *printed) report(t *testing.T, rate, kills int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed > 0 || len(r.paused) != 1 || len(r.given) < rate {
		t.Fatalf("%d failures, %d pauses, %d turns: want 0, 1 and many", r.failed, len(r.paused), len(r.given))
	}
	// The long form is for a machine that does nothing else. Elsewhere a process may
	// wait for the processor between its turn and its look at the clock.
	mostTurns, leastUsed, blur := rate+1, 0.95, 20*time.Millisecond
	if !full() {
		mostTurns, leastUsed, blur = rate+3, 0.75, 300*time.Millisecond
	}
	atOnce := most(r.given)
	if atOnce > mostTurns {
		t.Errorf("%d turns within one second, want at most %d", atOnce, mostTurns)
	}
	during := 0
	for _, at := range r.given {
		if since := at.Sub(r.paused[0]); since > blur && since < pauseFor-50*time.Millisecond {
			during++
		}
	}
	if during > 0 {
		t.Errorf("%d turns during a pause", during)
	}
	length := r.given[len(r.given)-1].Sub(r.given[0]) - pauseFor
	used := float64(len(r.given)-1) / (length.Seconds() * float64(rate))
	if used < leastUsed {
		t.Errorf("%.1f%% of the rate was used, want %.0f%%", 100*used, 100*leastUsed)
	}
	t.Logf("%d turns in %s beside the pause, %d kills: at most %d in a second, %d during the pause, %.1f%% of the rate used",
		len(r.given), length.Round(time.Millisecond), kills, atOnce, during, 100*used)
}
