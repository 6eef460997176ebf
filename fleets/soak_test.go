package fleets_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/motive-go/motive/fleets"
)

// soak is many fleets, and worker processes that are killed and paused.
type soak struct {
	fleets, drivers  int
	processes        int
	kills, pauses    int
	every            time.Duration // a kill
	pause            time.Duration // longer than the rescue
	perSecond        float64
	hurry            bool
	takeover, within time.Duration // by others; until the end
}

// SQLite's driver serves one statement at a time in each process.
func TestOneOfTwoProcessesOnAFileIsKilled(t *testing.T) {
	t.Parallel()
	soak{
		fleets: 20, drivers: 10, processes: 2, kills: 1, every: 2 * time.Second,
		perSecond: 5, hurry: true, takeover: 60 * time.Second, within: 3 * time.Minute,
	}.run(t, filepath.Join(t.TempDir(), "fleets.db"))
}

func TestProcessesThatAreKilledAndPaused(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	s := soak{
		fleets: 100, drivers: 20, processes: 4, kills: 10, every: time.Second,
		pauses: 2, pause: hurryRescue + 4*time.Second,
		perSecond: 5, hurry: true, takeover: 60 * time.Second, within: 4 * time.Minute,
	}
	if full() {
		s = soak{
			fleets: 1000, drivers: 50, processes: 4, kills: 100, every: 6 * time.Second,
			pauses: 20, pause: 85 * time.Second,
			perSecond: 2, takeover: 120 * time.Second, within: 40 * time.Minute,
		}
	}
	direct, _ := fleets.Real.Database(t)
	s.run(t, direct)
}

func (s soak) run(t *testing.T, db string) {
	w := newWorld(t, s.fleets, s.drivers)
	engine := newEngine(t, db, fleets.Options{Open: opener(w.URL, s.drivers)})
	crowd := &crowd{t: t, engine: engine, soak: s, db: db, base: w.URL}
	for range s.processes {
		crowd.start()
	}
	start := time.Now()
	for n := range s.fleets {
		if err := engine.Sync(t.Context(), fleetID(n)); err != nil {
			t.Fatal(err)
		}
	}
	crowd.killAndPause()
	eventually(t, s.within, "every fleet in line", func() bool { return crowd.inLine() == s.fleets })
	took := time.Since(start)
	crowd.end()
	w.check(t)
	largest := crowd.largestTakeover()
	if largest > s.takeover {
		t.Errorf("a fleet was taken over after %s, want %s at most", largest, s.takeover)
	}
	atOnce, which := w.most()
	if limit := int(s.perSecond) + 1; atOnce > limit {
		t.Errorf("%d requests of a fleet within a second, want at most %d: %s", atOnce, limit, which)
	}
	t.Logf("%d fleets of %d drivers, %d processes, %d kills, %d pauses of %s, %s: all in line, 0 doubles, %d requests, at most %d of a fleet in a second (limit %g), %d fleets taken over within %s",
		s.fleets, s.drivers, s.processes, crowd.kills, crowd.pauses, s.pause, took.Round(time.Second), w.sent(), atOnce, s.perSecond, len(crowd.taken), largest.Round(100*time.Millisecond))
}

// crowd is the worker processes of a soak.
type crowd struct {
	t      *testing.T
	engine *fleets.Engine
	soak   soak
	db     string
	base   string

	mu            sync.Mutex
	workers       []*exec.Cmd
	kills, pauses int
	orphans       map[string]time.Time // fleets that a process has lost, and when
	taken         []time.Duration
}

func (c *crowd) start() {
	cmd := startWorker(c.t, c.db, c.base, c.soak.drivers, c.soak.perSecond, c.soak.hurry)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workers = append(c.workers, cmd)
}

// startWorker starts a worker process, which ends with the test at the latest.
func startWorker(t *testing.T, db, base string, drivers int, perSecond float64, hurry bool, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), workerVar+"="+db, baseVar+"="+base, hurryVar+"="+strconv.FormatBool(hurry),
		driversVar+"="+strconv.Itoa(drivers), rateVar+"="+fmt.Sprint(perSecond)), env...)
	if testing.Verbose() {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// any takes a worker out of the crowd; nil where there is none.
func (c *crowd) any() *exec.Cmd { return c.takeOut(func(*exec.Cmd) bool { return true }) }

// busy takes out one that has a fleet in hand, or else any.
func (c *crowd) busy() *exec.Cmd {
	var processes []string
	c.each(func(st fleets.Status) { processes = append(processes, st.Process) })
	cmd := c.takeOut(func(cmd *exec.Cmd) bool {
		return slices.ContainsFunc(processes, func(p string) bool { return strings.Contains(p, fmt.Sprintf("/%d/", cmd.Process.Pid)) })
	})
	if cmd == nil {
		return c.any()
	}
	return cmd
}

func (c *crowd) takeOut(is func(*exec.Cmd) bool) *exec.Cmd {
	c.mu.Lock()
	defer c.mu.Unlock()
	rand.Shuffle(len(c.workers), func(i, j int) { c.workers[i], c.workers[j] = c.workers[j], c.workers[i] })
	i := slices.IndexFunc(c.workers, is)
	if i < 0 {
		return nil
	}
	cmd := c.workers[i]
	c.workers = slices.Delete(c.workers, i, i+1)
	return cmd
}

// killAndPause does so, and starts a process for each that was killed. Fleets are
// asked for again meanwhile, so that there is always something to break off.
func (c *crowd) killAndPause() {
	ctx, cancel := context.WithCancel(c.t.Context())
	var watch sync.WaitGroup
	watch.Go(func() { c.watchOrphans(ctx) })
	pauseEvery := c.soak.kills
	if c.soak.pauses > 0 {
		pauseEvery = max(c.soak.kills/c.soak.pauses, 1)
	}
	var pauses sync.WaitGroup
	for n := range c.soak.kills {
		time.Sleep(c.soak.every)
		for range c.soak.fleets / 50 {
			if err := c.engine.Sync(ctx, fleetID(rand.N(c.soak.fleets))); err != nil {
				c.t.Error(err)
			}
		}
		if c.soak.pauses > 0 && n%pauseEvery == 0 {
			pauses.Go(c.pauseOne)
		}
		if cmd := c.busy(); cmd != nil {
			c.noteOrphans(cmd)
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			c.start()
			c.kills++
		}
	}
	pauses.Wait()
	c.eventuallyAdopted()
	cancel()
	watch.Wait()
}

// pauseOne stops a process for longer than its rescue, and lets it wake.
func (c *crowd) pauseOne() {
	cmd := c.busy()
	if cmd == nil {
		return
	}
	c.noteOrphans(cmd)
	_ = cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(c.soak.pause)
	_ = cmd.Process.Signal(syscall.SIGCONT)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workers = append(c.workers, cmd)
	c.pauses++
}

func (c *crowd) each(f func(fleets.Status)) {
	for after := ""; ; {
		page, err := c.engine.Statuses(context.Background(), after, 1000)
		if err != nil {
			c.t.Error(err)
			return
		}
		for _, st := range page {
			f(st)
			after = st.Fleet
		}
		if len(page) < 1000 {
			return
		}
	}
}

func (c *crowd) inLine() int {
	n := 0
	c.each(func(st fleets.Status) {
		if st.State == fleets.InLine {
			n++
		}
	})
	return n
}

func has(st fleets.Status, cmd *exec.Cmd) bool {
	return strings.Contains(st.Process, fmt.Sprintf("/%d/", cmd.Process.Pid))
}

// noteOrphans notes what a process has in hand that is about to lose it.
func (c *crowd) noteOrphans(cmd *exec.Cmd) {
	now := time.Now()
	c.each(func(st fleets.Status) {
		if !has(st, cmd) {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.orphans == nil {
			c.orphans = map[string]time.Time{}
		}
		if _, known := c.orphans[st.Fleet]; !known {
			c.orphans[st.Fleet] = now
		}
	})
}

// watchOrphans looks when they come into other hands.
func (c *crowd) watchOrphans(ctx context.Context) {
	for ctx.Err() == nil {
		time.Sleep(500 * time.Millisecond)
		c.each(func(st fleets.Status) {
			c.mu.Lock()
			defer c.mu.Unlock()
			since, known := c.orphans[st.Fleet]
			switch {
			case !known:
			case st.Started.After(since):
				c.taken = append(c.taken, st.Started.Sub(since))
				delete(c.orphans, st.Fleet)
			case st.State == fleets.InLine: // it was done in the last moment
				delete(c.orphans, st.Fleet)
			}
		})
	}
}

func (c *crowd) eventuallyAdopted() {
	eventually(c.t, 2*c.soak.takeover, "every fleet of a dead process in other hands", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.orphans) == 0
	})
}

func (c *crowd) largestTakeover() time.Duration {
	if len(c.taken) == 0 {
		return 0
	}
	return slices.Max(c.taken)
}

// end stops the workers, as a deployment would.
func (c *crowd) end() {
	for cmd := c.any(); cmd != nil; cmd = c.any() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			c.t.Errorf("a worker that was told to stop: %v", err)
		}
	}
}
