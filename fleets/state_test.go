package fleets

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// onEachState runs a test on the tables of a file and of a PostgreSQL of its own.
func onEachState(t *testing.T, test func(t *testing.T, s *state)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openState(t, SQLite(filepath.Join(t.TempDir(), "fleets.db"))))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url, _ := Real.Database(t)
		pool, err := pgxpool.New(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		test(t, openState(t, Postgres(pool)))
	})
}

func openState(t *testing.T, db DB) *state {
	t.Helper()
	opened, err := db.opened()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.closeAll() })
	for range 2 { // again is allowed
		if err := opened.state.migrate(t.Context(), opened.exclude); err != nil {
			t.Fatal(err)
		}
	}
	return opened.state
}

func TestOneProcessAtATimeHasAFleetInHand(t *testing.T) {
	onEachState(t, func(t *testing.T, s *state) {
		ctx := t.Context()
		const lease = time.Minute
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		take := func(process string, want error) *claim {
			t.Helper()
			c, err := s.take(ctx, "fleet", process, lease)
			if !errors.Is(err, want) {
				t.Fatalf("take by %s: %v, want %v", process, err, want)
			}
			return c
		}
		finish := func(c *claim, v verdict, want bool) {
			t.Helper()
			kept, err := s.finish(ctx, c, v)
			must(err)
			if kept != want {
				t.Fatalf("finish by %s: %t, want %t", c.process, kept, want)
			}
		}

		must(s.join(ctx, &heart{}, "one"))
		must(s.join(ctx, &heart{}, "two"))
		take("one", errNothingToDo) // nobody knows the fleet
		must(want(ctx, s))
		one := take("one", nil)
		take("two", errBusy)
		take("one", errBusy)
		must(s.leave(ctx, "one")) // dead, or taken for it
		two := take("two", nil)
		finish(one, verdict{done: true}, false)
		must(s.release(ctx, one))
		if c, err := s.take(ctx, "fleet", "three", lease); !errors.Is(err, errBusy) {
			t.Fatalf("after a release by who is out: %v, %v", c, err)
		}
		must(want(ctx, s)) // meanwhile
		finish(two, verdict{done: true}, true)
		finish(two, verdict{done: true}, false)
		two = take("two", nil)
		finish(two, verdict{done: true}, true)
		take("two", errNothingToDo)
	})
}

func TestSignOfLifeOfWhoIsTakenForDeadIsRefused(t *testing.T) {
	onEachState(t, func(t *testing.T, s *state) {
		ctx := t.Context()
		if err := s.join(ctx, &heart{}, "one"); err != nil {
			t.Fatal(err)
		}
		if alive, err := s.beat(ctx, &heart{}, "one", time.Minute); !alive || err != nil {
			t.Errorf("beat: %t, %v", alive, err)
		}
		if alive, err := s.beat(ctx, &heart{}, "one", -time.Minute); alive || err != nil {
			t.Errorf("beat after the lease has ended: %t, %v", alive, err)
		}
		if alive, err := s.beat(ctx, &heart{}, "nobody", time.Minute); alive || err != nil {
			t.Errorf("beat of who has never joined: %t, %v", alive, err)
		}
		if err := s.forget(ctx, -time.Minute); err != nil {
			t.Fatal(err)
		}
		if alive, err := s.beat(ctx, &heart{}, "one", time.Minute); alive || err != nil {
			t.Errorf("beat of who is forgotten: %t, %v", alive, err)
		}
	})
}

func TestFleetIsFoundWhenItIsDue(t *testing.T) {
	onEachState(t, func(t *testing.T, s *state) {
		ctx := t.Context()
		const lease = time.Minute
		found := func() int {
			t.Helper()
			calls, err := s.wanting(ctx, lease, 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(calls)
		}
		take := func() *claim {
			t.Helper()
			c, err := s.take(ctx, "fleet", "one", lease)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if err := errors.Join(s.join(ctx, &heart{}, "one"), want(ctx, s)); err != nil {
			t.Fatal(err)
		}
		if n := found(); n != 1 {
			t.Errorf("%d fleets found that were asked for, want 1", n)
		}
		c := take()
		if n := found(); n != 0 {
			t.Errorf("%d fleets found that are in hand, want 0", n)
		}
		if _, err := s.finish(ctx, c, verdict{trouble: held, reason: "a brake", wait: heldTime}); err != nil {
			t.Fatal(err)
		}
		if n := found(); n != 0 {
			t.Errorf("%d fleets found that are held, want 0", n)
		}
		if err := want(ctx, s); err != nil {
			t.Fatal(err)
		}
		c = take()
		if err := want(ctx, s); err != nil { // while it runs
			t.Fatal(err)
		}
		if _, err := s.finish(ctx, c, verdict{trouble: held, reason: "a brake", wait: heldTime}); err != nil {
			t.Fatal(err)
		}
		if n := found(); n != 1 {
			t.Errorf("%d fleets found that were asked for while they ran, want 1", n)
		}
	})
}

func TestTurnOfAScheduleRingsOnce(t *testing.T) {
	onEachState(t, func(t *testing.T, s *state) {
		ctx := context.Background()
		past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		if err := s.plan(ctx, "fleet", "@hourly", past); err != nil {
			t.Fatal(err)
		}
		turns, err := s.scheduled(ctx, 10)
		if err != nil || len(turns) != 1 || turns[0].schedule != "@hourly" {
			t.Fatalf("scheduled: %+v, %v", turns, err)
		}
		if err := errors.Join(s.join(ctx, &heart{}, "one"), s.ring(ctx, turns[0], future)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.take(ctx, "fleet", "one", time.Minute); err != nil {
			t.Fatal(err)
		}
		for range 2 { // other processes that had seen the turn too, and are late
			if err := s.ring(ctx, turns[0], future); err != nil {
				t.Fatal(err)
			}
		}
		var wanted int
		if err := s.row(ctx, `SELECT wanted FROM motive_fleets WHERE id = $1`, "fleet").Scan(&wanted); err != nil || wanted != 1 {
			t.Errorf("wanted %d, %v; want 1", wanted, err)
		}
		if turns, err := s.scheduled(ctx, 10); err != nil || len(turns) != 0 {
			t.Errorf("scheduled after the turn: %+v, %v", turns, err)
		}
	})
}

func want(ctx context.Context, s *state) error {
	_, _, err := s.want(ctx, "fleet", time.Minute)
	return err
}

// A worker is called for a fleet that nobody has in hand, and again, by another
// fence, once its holder has died.
func TestWorkerIsCalledWhereNobodyHasTheFleet(t *testing.T) {
	onEachState(t, func(t *testing.T, s *state) {
		ctx := t.Context()
		expect := func(fence int64, idle bool) {
			t.Helper()
			c, got, err := s.want(ctx, "fleet", time.Minute)
			if err != nil || c.fence != fence || got != idle {
				t.Errorf("want: fence %d, idle %t, %v; want %d, %t", c.fence, got, err, fence, idle)
			}
		}
		expect(0, true)
		expect(0, true)
		if err := s.join(ctx, &heart{}, "one"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.take(ctx, "fleet", "one", time.Minute); err != nil {
			t.Fatal(err)
		}
		expect(1, false)
		if err := s.leave(ctx, "one"); err != nil {
			t.Fatal(err)
		}
		expect(1, true)
	})
}
