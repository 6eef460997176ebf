package chaos_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

var (
	long     = flag.Duration("chaos", 0, "how long TestChaos runs; 0 is the short form, which is for every day")
	seedFlag = flag.Uint64("chaos.seed", 0, "seed of the tests; 0 takes one from the clock")
)

const (
	shortRun   = 600 // operations
	maxOverrun = 50 * time.Millisecond
	maxReports = 10
	workers    = 24 // rounds at a time: most of them wait
)

// TestChaos makes every call under every fault, one at a time and all at once,
// with and without a deadline, and compares what the client says with what the
// fake has done. It is not parallel: it counts goroutines and measures time.
func TestChaos(t *testing.T) {
	goal := shortRun
	switch {
	case *long > 0:
		goal = math.MaxInt
	case testing.Short(), underRace:
		goal /= 3
	}
	before := goleak.IgnoreCurrent()
	c := newChaos(seedOf(t))
	c.run(t, goal)
	if err := goleak.Find(before); err != nil {
		c.sin(goroutines, "%v", err)
	}
	calls, requests := deadServer(t)
	t.Logf("\n%s\n  a dead server: %d calls, %d requests\n", c.table(), calls, requests)
	for _, report := range c.reports {
		t.Error(report)
	}
	if n := c.operations; *long == 0 && n < goal && !t.Failed() {
		t.Errorf("%d operations within the time that -timeout leaves, want %d", n, goal)
	}
}

func seedOf(t *testing.T) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("run again with -chaos.seed=%d", seed)
		}
	})
	return seed
}

// chaos counts what happens in all rounds.
type chaos struct {
	seed   uint64
	faults []*fault
	pulse  *pulse
	began  time.Time
	until  time.Time
	quiet  sync.RWMutex // shared by the rounds; whole for a call that is measured again

	mu            sync.Mutex
	rounds        int
	operations    int // of which a fault has struck a request
	unstruck      int
	fired         map[string]int
	outcomes      map[string]int
	sins          map[string]int
	reports       []string
	cells         map[cell]bool
	combinations  int // that there can be
	worst, excess time.Duration
	lateOnce      int // calls that were late once and not when made again
}

// cell is the combination that a call is in this round.
func (r *round) cell(call *apiCall) cell {
	return cell{call.name, r.fault.name, r.concurrent, r.deadline}
}

// cell is one combination that a run goes through.
type cell struct {
	call, fault          string
	concurrent, deadline bool
}

func newChaos(seed uint64) *chaos {
	return &chaos{
		seed: seed, began: time.Now(),
		fired: map[string]int{}, outcomes: map[string]int{}, sins: map[string]int{}, cells: map[cell]bool{},
	}
}

func (c *chaos) run(t *testing.T, goal int) {
	var followed, stolen atomic.Int64
	foreign := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		followed.Add(1)
		stolen.Add(int64(len(r.Header.Get("Authorization") + r.Header.Get("X-Api-Key"))))
	}))
	defer foreign.Close()
	c.faults = allFaults(foreign.URL)
	for _, f := range c.faults {
		for _, call := range apiCalls {
			if f.canStrike(call) {
				c.combinations += 4 // in turn and at once, with a deadline and without
			}
		}
	}
	c.pulse = newPulse()
	defer c.pulse.close()

	c.until = time.Now().Add(24 * time.Hour)
	if *long > 0 {
		c.until = time.Now().Add(*long)
	}
	if deadline, ok := t.Deadline(); ok {
		c.until = earlier(c.until, deadline.Add(-20*time.Second))
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for !c.done(goal) && time.Now().Before(c.until) {
				c.round(c.plan(int(next.Add(1) - 1)))
			}
		})
	}
	wg.Wait()
	if n := followed.Load(); n > 0 {
		c.sin(leaks, "%d requests reached another host, with %d bytes of credentials", n, stolen.Load())
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// done reports whether there were operations enough, or sins.
func (c *chaos) done(goal int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.operations >= goal || len(c.reports) == maxReports
}

// plan makes round n of the combinations of faults, order and deadlines, which
// come in another order each time through.
func (c *chaos) plan(n int) *round {
	all := 4 * len(c.faults)
	at := rand.New(rand.NewPCG(c.seed, uint64(n/all))).Perm(all)[n%all]
	r := &round{
		number: n, pass: n / all, random: rand.New(rand.NewPCG(c.seed, 1<<32+uint64(n))), pulse: c.pulse,
		fault: c.faults[at/4], concurrent: at%2 == 0, deadline: at/2%2 == 0,
	}
	noise, with := c.faults[r.random.IntN(len(c.faults))], r.fault.late > 0 || r.random.IntN(4) == 0
	if with && noise.only == nil && !noise.foreign && !noise.limits && !r.fault.limits {
		r.noise = noise
	}
	return r
}

func (c *chaos) round(r *round) {
	if err := r.start(); err != nil {
		c.sin("a server that does not start", "round %d: %v", r.number, err)
		return
	}
	defer r.close()
	c.quiet.RLock()
	r.run()
	c.quiet.RUnlock()
	fleet := r.fleet()
	r.repeat(func(op *op, format string, args ...any) {
		c.sin(unequal, "%v: %s", op, fmt.Sprintf(format, args...))
	})
	r.close()
	traces := r.traces()
	for _, op := range r.ops {
		if op.excess > maxOverrun {
			c.again(op)
		}
		c.judge(op, fleet[op.mark], traces[op.mark])
	}
	c.count(r, traces)
}

// again makes a late call again, in the same round under the same faults while no
// other round runs, and keeps the shortest overrun: a thread that a busy machine
// does not run makes any call late once, a client that does not heed its context
// makes it late always.
func (c *chaos) again(op *op) {
	c.quiet.Lock()
	defer c.quiet.Unlock()
	for range 5 {
		if time.Now().After(c.until) { // nobody can tell any more whose doing it was
			op.excess = 0
			return
		}
		r := c.plan(op.round.number)
		if r.start() != nil {
			return
		}
		r.run()
		r.close()
		for _, same := range r.ops {
			if same.mark == op.mark {
				op.excess = min(op.excess, same.excess)
			}
		}
		if op.excess <= maxOverrun {
			c.mu.Lock()
			c.lateOnce++
			c.mu.Unlock()
			return
		}
	}
}

// deadServer makes many calls to a server that is out of order, and counts what
// it has to bear.
func deadServer(t *testing.T) (calls, requests int) {
	t.Helper()
	srv := motivetest.NewServer(t)
	srv.Inject(motivetest.Status(http.StatusServiceUnavailable, motivetest.Empty))
	client := srv.Client(motive.WithRetry(motive.RetryPolicy{MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond, MaxRetryAfter: 10 * time.Millisecond, ReconcileWait: 5 * time.Millisecond}))
	defer client.CloseIdleConnections()
	const workers = 8
	began := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range 125 {
				if _, err := client.Users.Get(t.Context(), 1); !errors.Is(err, motive.ErrServer) {
					t.Errorf("error %v, want ErrServer", err)
				}
			}
		})
	}
	wg.Wait()
	calls, requests = workers*125, len(srv.Requests())
	handfuls := 1 + int(time.Since(began)/(10*time.Second)) // one in a window of 10 s
	if most := calls*12/10 + 10*handfuls; requests > most {
		t.Errorf("%d calls to a dead server were %d requests, want %d at most", calls, requests, most)
	}
	return calls, requests
}
