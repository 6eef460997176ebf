package fleets_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive"
	"github.com/motive-go/motive/fleets"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/provision"
)

func fast(string) (float64, int) { return 500, 50 }

// status returns a fleet's status; of one in line where it is unknown.
func status(t testing.TB, engine *fleets.Engine, id string) *fleets.Status {
	t.Helper()
	st, err := engine.Status(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func becomes(t testing.TB, engine *fleets.Engine, id string, state fleets.State) *fleets.Status {
	t.Helper()
	var st *fleets.Status
	eventually(t, 60*time.Second, string(state), func() bool {
		st = status(t, engine, id)
		return st.State == state
	})
	return st
}

func syncNow(t testing.TB, engine *fleets.Engine, id string) {
	t.Helper()
	if err := engine.Sync(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

func TestSyncBringsFleetsInLine(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 3, 5)
		var events atomic.Int64
		engine := newEngine(t, db, fleets.Options{Open: opener(w.URL, w.drivers), Limit: func(string) (float64, int) { return 20, 1 },
			Observer: func(fleet string, e motive.Event) {
				if fleet == fleetID(0) && e.Kind == motive.EventWait {
					events.Add(1)
				}
			}})
		run(t, engine)
		for n := range w.fleets {
			syncNow(t, engine, fleetID(n))
		}
		for n := range w.fleets {
			st := becomes(t, engine, fleetID(n), fleets.InLine)
			if st.Last == nil || st.Last.Counts[provision.OutcomeCreated] != w.drivers || st.Reason != "" || st.Ended.IsZero() || st.Process != "" {
				t.Errorf("Status: %+v", st)
			}
		}
		w.check(t)
		if most, which := w.most(); most > 21 {
			t.Errorf("%d requests of a fleet within a second, want at most 21: %s", most, which)
		}
		page, err := engine.Statuses(t.Context(), fleetID(0), 10)
		if err != nil || len(page) != 2 || page[0].Fleet != fleetID(1) {
			t.Errorf("Statuses after %s: %+v, %v", fleetID(0), page, err)
		}
	})
}

func TestSyncDuringASyncIsNotLost(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 1, 2)
		open := opener(w.URL, w.drivers)
		var opened atomic.Int64
		began, goOn := make(chan struct{}), make(chan struct{})
		engine := newEngine(t, db, fleets.Options{Limit: fast, Open: func(ctx context.Context, id string, shared []motive.Option) (*fleets.Fleet, error) {
			if opened.Add(1) == 1 {
				close(began)
				<-goOn
			}
			return open(ctx, id, shared)
		}})
		run(t, engine)
		syncNow(t, engine, fleetID(0))
		<-began
		if st := status(t, engine, fleetID(0)); st.State != fleets.Running || st.Process == "" {
			t.Errorf("Status: %+v, want running", st)
		}
		for range 5 { // make one more between them
			syncNow(t, engine, fleetID(0))
		}
		close(goOn)
		becomes(t, engine, fleetID(0), fleets.InLine)
		if n := opened.Load(); n != 2 {
			t.Errorf("%d syncs, want 2", n)
		}
	})
}

func TestFleetWhoseLoginEndedIsParkedAndGoesOnWithANewOne(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 1, 2)
		fake := w.fleets[0]
		store := oauth.NewMemoryStore(nil)
		open := opener(w.URL, w.drivers)
		engine := newEngine(t, db, fleets.Options{Limit: fast, Open: func(ctx context.Context, id string, shared []motive.Option) (*fleets.Fleet, error) {
			fleet, err := open(ctx, id, shared)
			if err != nil {
				return nil, err
			}
			cfg := fake.OAuth().Config("https://app.example.com/cb")
			cfg.Endpoint.TokenURL = w.URL + cfg.Endpoint.TokenURL
			fleet.Client, err = motive.NewClient(append(shared, motive.WithBaseURL(w.URL+"/"+id), motive.WithOAuth2(cfg, store))...)
			return fleet, err
		}})
		run(t, engine)
		if err := oauth.Save(t.Context(), store, fake.IssueToken()); err != nil {
			t.Fatal(err)
		}
		fake.Disconnect()
		syncNow(t, engine, fleetID(0))
		st := becomes(t, engine, fleetID(0), fleets.Parked)
		if !strings.Contains(st.Reason, "connect to Motive again") || st.Since.IsZero() || st.Due.IsZero() {
			t.Errorf("Status: %+v, want a reason that says what to do", st)
		}
		if err := oauth.Save(t.Context(), store, fake.IssueToken()); err != nil {
			t.Fatal(err)
		}
		syncNow(t, engine, fleetID(0)) // or a minute's wait
		st = becomes(t, engine, fleetID(0), fleets.InLine)
		if st.Reason != "" || !st.Since.IsZero() {
			t.Errorf("Status: %+v, want nothing left of the trouble", st)
		}
		w.check(t)
	})
}

func TestBrakeHoldsAFleetUntilItsPlanIsReleased(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 1, 20)
		for n := range w.drivers {
			w.fleets[0].Seed(motive.User{FirstName: "Another", LastName: "Name", Role: motive.RoleDriver, Username: externalID(fleetID(0), n), ELDMode: motive.ELDModeNone})
		}
		engine := newEngine(t, db, fleets.Options{Open: opener(w.URL, w.drivers), Limit: fast})
		run(t, engine)
		syncNow(t, engine, fleetID(0))
		st := becomes(t, engine, fleetID(0), fleets.Held)
		if !strings.Contains(st.Reason, "20 of 21") || len(st.Plan) != 64 {
			t.Errorf("Status: %+v, want the brake's numbers and a plan", st)
		}
		if err := engine.Release(t.Context(), fleetID(0), strings.Repeat("0", 64)); err != nil { // not this one
			t.Fatal(err)
		}
		eventually(t, 30*time.Second, "held again", func() bool {
			again := status(t, engine, fleetID(0))
			return again.State == fleets.Held && again.Ended.After(st.Ended)
		})
		if err := engine.Release(t.Context(), fleetID(0), st.Plan); err != nil {
			t.Fatal(err)
		}
		st = becomes(t, engine, fleetID(0), fleets.InLine)
		if st.Last.Counts[provision.OutcomeUpdated] != w.drivers || st.Plan != "" {
			t.Errorf("Status: %+v, want %d updates", st, w.drivers)
		}
	})
}

func TestReleaseRefuses(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, t.TempDir()+"/fleets.db", fleets.Options{Open: opener("", 0)})
	for _, test := range []struct{ id, plan, says string }{
		{"nobody", strings.Repeat("0", 64), "no such fleet"},
		{"nobody", "", "hash"},
	} {
		if err := engine.Release(t.Context(), test.id, test.plan); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("Release(%q, %q): %v, want an error with %q", test.id, test.plan, err, test.says)
		}
	}
}

// What a program's own functions do to a sync costs that sync only.
func TestFleetThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	broken := errors.New("the roster's database is away")
	tests := []struct {
		name string
		open func(id string) (*fleets.Fleet, error)
		says string
	}{
		{"an error", func(string) (*fleets.Fleet, error) { return nil, broken }, broken.Error()},
		{"a panic", func(string) (*fleets.Fleet, error) { panic("a canary of a panic") }, "a panic"},
		{"an ended goroutine", func(string) (*fleets.Fleet, error) { runtime.Goexit(); return nil, nil }, "goroutine was ended"},
		{"nothing", func(string) (*fleets.Fleet, error) { return nil, nil }, "no client or no roster"},
		{"another fleet", func(id string) (*fleets.Fleet, error) {
			f, err := opener("http://127.0.0.1:1", 1)(context.Background(), id+"0", nil)
			return f, err
		}, `fleet "fleet-00"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1, 2)
			open := opener(w.URL, w.drivers)
			var well atomic.Bool
			engine := newEngine(t, t.TempDir()+"/fleets.db", fleets.Options{Limit: fast, Open: func(ctx context.Context, id string, shared []motive.Option) (*fleets.Fleet, error) {
				if well.Load() {
					return open(ctx, id, shared)
				}
				return test.open(id)
			}})
			run(t, engine)
			syncNow(t, engine, fleetID(0))
			st := becomes(t, engine, fleetID(0), fleets.Failing)
			if !strings.Contains(st.Reason, test.says) || st.Failures != 1 || st.Due.IsZero() {
				t.Errorf("Status: %+v, want a reason with %q", st, test.says)
			}
			well.Store(true)
			syncNow(t, engine, fleetID(0))
			becomes(t, engine, fleetID(0), fleets.InLine)
			w.check(t)
		})
	}
}

func TestEverySyncsByItself(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 1, 1)
		engine := newEngine(t, db, fleets.Options{Open: opener(w.URL, w.drivers), Limit: fast})
		engine.Hurry(5*time.Second, 20*time.Second, 3*time.Second)
		run(t, engine)
		if err := engine.Every(t.Context(), fleetID(0), "@every 1s"); err != nil {
			t.Fatal(err)
		}
		var ended time.Time
		for range 3 {
			eventually(t, 30*time.Second, "synced once more", func() bool {
				st := status(t, engine, fleetID(0))
				if st.Schedule != "@every 1s" || st.Next.IsZero() {
					t.Fatalf("Status: %+v, want a schedule", st)
				}
				return st.State == fleets.InLine && st.Ended.After(ended)
			})
			ended = status(t, engine, fleetID(0)).Ended
		}
		if err := engine.Every(t.Context(), fleetID(0), ""); err != nil {
			t.Fatal(err)
		}
		becomes(t, engine, fleetID(0), fleets.InLine)
		if st := status(t, engine, fleetID(0)); st.Schedule != "" || !st.Next.IsZero() {
			t.Errorf("Status: %+v, want no schedule", st)
		}
		w.check(t)
	})
}

func TestEveryRefusesWhatNeverComes(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, t.TempDir()+"/fleets.db", fleets.Options{Open: opener("", 0)})
	for _, schedule := range []string{"sometimes", "0 0 31 2 *", "* * *", "CRON_TZ=Nowhere/Land 0 3 * * *"} {
		if err := engine.Every(t.Context(), "1", schedule); err == nil {
			t.Errorf("Every(%q) is accepted", schedule)
		}
	}
}

// A worker that stops gives back what it has in hand, and another goes on.
func TestWorkerThatStopsHandsOver(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 1, 40)
		slow := func(string) (float64, int) { return 20, 1 }
		first := newEngine(t, db, fleets.Options{Open: opener(w.URL, w.drivers), Limit: slow})
		second := newEngine(t, db, fleets.Options{Open: opener(w.URL, w.drivers), Limit: slow})
		first.Hurry(time.Second, time.Minute, 20*time.Second)
		second.Hurry(time.Second, time.Minute, 20*time.Second)
		stop := run(t, first)
		syncNow(t, first, fleetID(0))
		eventually(t, 30*time.Second, "half way", func() bool { return len(w.fleets[0].Users()) > 10 })
		stop()
		there := len(w.fleets[0].Users())
		time.Sleep(time.Second) // in which it would create 20 more
		if more := len(w.fleets[0].Users()) - there; more > 0 {
			t.Errorf("a worker that has stopped created %d more", more)
		}
		if st := status(t, second, fleetID(0)); st.State != fleets.Waiting {
			t.Errorf("Status: %+v, want waiting", st)
		}
		run(t, second)
		becomes(t, second, fleetID(0), fleets.InLine)
		w.check(t)
	})
}

// A process that was taken for dead notices it, lets go, and joins anew; what it
// had in hand is done once.
func TestWorkerThatIsOutJoinsAnew(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 1, 60)
		engine := newEngine(t, db, fleets.Options{Open: opener(w.URL, w.drivers), Limit: func(string) (float64, int) { return 20, 1 }})
		engine.Hurry(time.Second, 20*time.Second, 3*time.Second)
		run(t, engine)
		syncNow(t, engine, fleetID(0))
		eventually(t, 30*time.Second, "half way", func() bool { return len(w.fleets[0].Users()) > 10 })
		out := status(t, engine, fleetID(0)).Process
		if err := engine.Kill(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		eventually(t, 30*time.Second, "in hand under another name", func() bool {
			now := status(t, engine, fleetID(0)).Process
			return now != "" && now != out
		})
		becomes(t, engine, fleetID(0), fleets.InLine)
		w.check(t)
	})
}

// A process that was paused between the turn of a request and the wire has lost its
// fleet when it wakes: the request does not leave, nor any that follows.
func TestRequestOfAProcessThatMayBeOutDoesNotLeave(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 1, 10)
		var engine *fleets.Engine
		var posts atomic.Int64
		woken := make(chan time.Time, 1)
		engine = newEngine(t, db, fleets.Options{Open: opener(w.URL, w.drivers), Limit: func(string) (float64, int) { return 5, 1 },
			Observer: func(_ string, e motive.Event) {
				if e.Kind == motive.EventAttemptStart && e.Method == http.MethodPost && posts.Add(1) == 3 {
					engine.Age()
					woken <- time.Now()
				}
			}})
		engine.Hurry(time.Minute, 2*time.Minute, time.Minute)
		run(t, engine)
		syncNow(t, engine, fleetID(0))
		since := <-woken
		eventually(t, 9*time.Second, "no longer in hand", func() bool { return status(t, engine, fleetID(0)).State != fleets.Running })
		if late := w.sentAfter(since); late > 0 {
			t.Errorf("%d requests left after the process had found itself out", late)
		}
		if st := status(t, engine, fleetID(0)); st.State != fleets.Waiting {
			t.Errorf("Status: %+v, want waiting", st)
		}
	})
}

// A client that does not keep the limit and the fence is not used to write.
func TestClientWithATransportOfItsOwnIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 3)
	engine := newEngine(t, t.TempDir()+"/fleets.db", fleets.Options{Limit: fast, Open: func(_ context.Context, id string, shared []motive.Option) (*fleets.Fleet, error) {
		client, err := motive.NewClient(append(shared, motive.WithTransport(http.DefaultTransport), motive.WithBaseURL(w.URL+"/"+id), motive.WithAccessToken("canary-"+id))...)
		return &fleets.Fleet{ID: id, Client: client, Roster: roster(id, w.drivers), Plan: provision.Options{Integration: integration}}, err
	}})
	run(t, engine)
	syncNow(t, engine, fleetID(0))
	if st := becomes(t, engine, fleetID(0), fleets.Failing); !strings.Contains(st.Reason, "Options.Transport") {
		t.Errorf("Status: %+v, want a reason that says what to do", st)
	}
	if n := len(w.fleets[0].Users()); n != 1 {
		t.Errorf("%d people, want the first one alone", n)
	}
}

// Slots that keep every connection of the pool busy do not make a process out.
func TestBusyPoolDoesNotStopTheHeart(t *testing.T) {
	t.Parallel()
	direct, _ := fleets.Real.Database(t)
	pool, err := pgxpool.New(t.Context(), direct+"&pool_max_conns=4")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	w := newWorld(t, 1, 1)
	began, goOn := make(chan struct{}), make(chan struct{})
	open := opener(w.URL, w.drivers)
	engine, err := fleets.New(fleets.Postgres(pool), fleets.Options{Limit: fast, Open: func(ctx context.Context, id string, shared []motive.Option) (*fleets.Fleet, error) {
		close(began)
		<-goOn
		return open(ctx, id, shared)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	engine.Hurry(time.Minute, 2*time.Minute, 3*time.Second)
	defer run(t, engine)()
	syncNow(t, engine, fleetID(0))
	<-began
	before := status(t, engine, fleetID(0)).Process
	var held []*pgxpool.Conn
	for { // all that can be had
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		conn, err := pool.Acquire(ctx)
		cancel()
		if err != nil {
			break
		}
		held = append(held, conn)
	}
	time.Sleep(5 * time.Second) // more than a lease
	for _, conn := range held {
		conn.Release()
	}
	if after := status(t, engine, fleetID(0)).Process; after != before || before == "" {
		t.Errorf("the fleet is in the hands of %q, want %q", after, before)
	}
	close(goOn)
	becomes(t, engine, fleetID(0), fleets.InLine)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := fleets.Options{Open: opener("", 0)}
	file := fleets.SQLite(t.TempDir() + "/fleets.db")
	tests := []struct {
		name string
		db   fleets.DB
		opts fleets.Options
	}{
		{"no database", fleets.DB{}, good},
		{"no path", fleets.SQLite(""), good},
		{"no pool", fleets.Postgres(nil), good},
		{"no Open", file, fleets.Options{}},
		{"too many slots", file, fleets.Options{Open: good.Open, Slots: 10_001}},
		{"fewer than no slots", file, fleets.Options{Open: good.Open, Slots: -1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if engine, err := fleets.New(test.db, test.opts); err == nil || engine != nil {
				t.Errorf("New: %v, %v; want an error", engine, err)
			}
		})
	}
}

func TestIDsOfFleetsAreBounded(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, t.TempDir()+"/fleets.db", fleets.Options{Open: opener("", 0)})
	for _, id := range []string{"", strings.Repeat("f", 201)} {
		if engine.Sync(t.Context(), id) == nil || engine.Every(t.Context(), id, "@daily") == nil {
			t.Errorf("an id of %d bytes is accepted", len(id))
		}
	}
}
