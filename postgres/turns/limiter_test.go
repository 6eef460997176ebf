package turns

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStateTake(t *testing.T) {
	t.Parallel()
	const (
		gap   = 100 // microseconds, as are all
		slack = 250 // two in a burst, and half a gap
		now   = 1_000_000_000
	)
	tests := []struct {
		name                string
		fullAt, pausedUntil int64
		taken               bool
		newFullAt           int64
		wait                time.Duration
	}{
		{"never asked before", 0, 0, true, now + gap, 0},
		{"quiet for long", now - 10_000, 0, true, now + gap, 0},
		{"within the burst", now + 200, 0, true, now + 300, 50 * time.Microsecond},
		{"the last of the burst", now + 250, 0, true, now + 350, 100 * time.Microsecond},
		{"beyond the burst", now + 251, 0, false, now + 251, time.Microsecond},
		{"in a pause", 0, now + 500, false, 0, 500 * time.Microsecond},
		{"at the end of a pause", 0, now, true, now + slack + gap, 100 * time.Microsecond},
		{"the clock was set back", now + 120_000_000, 0, true, now + slack + gap, 100 * time.Microsecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, taken, wait := State{test.fullAt, test.pausedUntil}.Take(now, Rate{gap * time.Microsecond, slack * time.Microsecond})
			if taken != test.taken || wait != test.wait || s.FullAt != test.newFullAt || s.PausedUntil != test.pausedUntil {
				t.Errorf("Take: %+v, %t, %s; want %d, %t, %s", s, taken, wait, test.newFullAt, test.taken, test.wait)
			}
		})
	}
}

var rates = []struct {
	perSecond float64
	burst     int
}{{0.5, 1}, {1, 1}, {2, 1}, {5, 1}, {5, 4}, {25, 1}, {25, 10}}

// Whoever asks and whenever, and whether a turn is used at once or in its last
// moment: no second has more than the rate and the burst.
func TestNoSecondHasMoreRequestsThanTheRateAndTheBurst(t *testing.T) {
	t.Parallel()
	for _, r := range rates {
		rate, err := newRate(r.perSecond, r.burst)
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, 2))
		var s State
		var sent []time.Time
		for now := int64(1e15); len(sent) < 5000; {
			var taken bool
			var wait time.Duration
			if s, taken, wait = s.Take(now, rate); taken {
				late := time.Duration(random.IntN(2)) * (rate.goodFor(wait) - time.Microsecond)
				sent = append(sent, time.UnixMicro(now).Add(late))
			}
			now += wait.Microseconds()
			switch random.IntN(4) {
			case 0:
				now += random.Int64N(rate.Gap.Microseconds())
			case 1:
				now += random.Int64N(10 * rate.Gap.Microseconds()) // a quiet time
			}
		}
		if got, limit := most(sent), limitOf(r.perSecond, r.burst); got > limit {
			t.Errorf("%v a second in bursts of %d: %d requests within a second, want at most %d", r.perSecond, r.burst, got, limit)
		}
	}
}

func limitOf(perSecond float64, burst int) int { return int(math.Ceil(perSecond)) + burst }

// most is the largest number of times within a second.
func most(times []time.Time) int {
	slices.SortFunc(times, time.Time.Compare)
	largest, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Second {
			first++
		}
		largest = max(largest, i-first+1)
	}
	return largest
}

// memory is a store that all limiters of a test share.
type memory struct {
	mu    sync.Mutex
	state State
	given int
	way   func() time.Duration // of a turn, from here to who asked
}

func (m *memory) Take(ctx context.Context, r Rate) (turn Turn, err error) {
	turn.Given = time.Now()
	m.mu.Lock()
	m.state, turn.Taken, turn.Wait = m.state.Take(turn.Given.UnixMicro(), r)
	if turn.Taken {
		m.given++
	}
	m.mu.Unlock()
	if m.way != nil {
		time.Sleep(m.way())
	}
	return turn, ctx.Err()
}

func (m *memory) Pause(_ context.Context, d time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state.PausedUntil = max(m.state.PausedUntil, time.Now().Add(d).UnixMicro())
	return nil
}

func limiter(t testing.TB, s Store, perSecond float64, burst int) *Limiter {
	t.Helper()
	l, err := New(s, perSecond, burst)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A process that is paused while it is given a turn wakes with one that is of no use
// any more.
func TestTurnThatWasOversleptOnItsWayIsNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		paused := time.Minute
		m := &memory{way: func() (d time.Duration) { d, paused = paused, 0; return d }}
		l := limiter(t, m, 2, 1)
		start := time.Now()
		until, err := l.Turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if took, left := time.Since(start), time.Until(until); m.given != 2 || took > time.Minute+time.Second || left < 300*time.Millisecond {
			t.Errorf("Turn after %s: the %d. turn, good for %s; want the second one, fresh", took, m.given, left)
		}
	})
}

// Nothing is given ahead: who sleeps longer than it wanted asks when it wakes.
func TestWaitAsksAfterItsSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		one, other := limiter(t, m, 2, 1), limiter(t, m, 2, 1)
		for range 2 {
			if err := one.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		// Now one sleeps until its next turn, and finds that there is none.
		time.AfterFunc(450*time.Millisecond, func() {
			if err := other.Pause(t.Context(), time.Second); err != nil {
				t.Error(err)
			}
		})
		start := time.Now()
		if err := one.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 1450*time.Millisecond {
			t.Errorf("Wait returned after %s, in a pause", took)
		}
	})
}

func TestWaitEndsAtOnceWhereTheDeadlineComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, &memory{}, 0.1, 1)
		if err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		if err := l.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
			t.Errorf("Wait: %v after %s, want a deadline at once", err, time.Since(start))
		}
	})
}

func TestPauseHoldsForAllAndForAnHourAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		one, other := limiter(t, m, 2, 1), limiter(t, m, 2, 1)
		start := time.Now()
		for _, d := range []time.Duration{-time.Second, 0, 24 * time.Hour, time.Second} {
			if err := one.Pause(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		if err := other.Wait(t.Context()); err != nil || time.Since(start) != time.Hour {
			t.Errorf("Wait: %v after %s, want an hour", err, time.Since(start))
		}
	})
}

// Without the allowance for a store that is far away no turn would ever be used.
func TestStoreThatIsFarAwayGivesTurns(t *testing.T) {
	t.Parallel()
	const good = 160 * time.Millisecond
	rate := Rate{Gap: 200 * time.Millisecond, Slack: 100 * time.Millisecond}
	now := time.Now()
	for _, test := range []struct {
		way, want time.Duration
	}{
		{0, good},
		{good / 4, good},
		{good / 2, good},
		{good, good + good/2},
		{time.Second, time.Second + good/2},
	} {
		got := rate.until(Turn{Taken: true, Wait: 185 * time.Millisecond, Given: now, Way: test.way}).Sub(now)
		if got != test.want {
			t.Errorf("a turn that is %s on its way is good for %s, want %s", test.way, got, test.want)
		}
	}
}
