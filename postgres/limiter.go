package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive/internal/backoff"
)

// Limiter holds the requests of one fleet to a rate that all processes share. It
// is a motive.Limiter with Pause, for motive.WithLimiter; the methods are called
// concurrently.
//
// One row is the state of a fleet, one statement asks it, and the clock of the
// database decides. Nobody is given a turn ahead of its time: who dies or is
// cancelled while it waits takes nothing along, and a pause holds for all who
// wait. The price is that a request which has to wait asks more than once where
// several processes call the same fleet; one process alone knows when to ask.
type Limiter struct {
	pool  *pgxpool.Pool
	fleet string
	gap   time.Duration // between two requests at the rate
	slack time.Duration // how far ahead of it a request may be

	turn chan struct{} // holds one element while somebody asks; it guards the rest
	next time.Time     // the database has nothing to give before
	trip time.Duration // what a statement takes here, as a rule
}

const (
	maxPerSecond = 1e6
	maxPause     = time.Hour

	// How long a request waits for a database that cannot be reached.
	limitPatience = 15 * time.Second

	// maxLead is how much sooner than the rate has it a request may go.
	maxLead = 100 * time.Millisecond

	// minLate is how much longer than usual a statement may take at the least, at
	// rates where there are many in it.
	minLate = 10 * time.Millisecond
)

// NewLimiter returns the limiter of a fleet: perSecond requests on average, above
// 0 and at most 1e6, and burst at once after a quiet time, at least 1. In any
// second there are at most perSecond + burst requests. Processes of one fleet
// should agree on both. Run [Migrate] before the first use.
func NewLimiter(pool *pgxpool.Pool, fleet string, perSecond float64, burst int) (*Limiter, error) {
	if pool == nil {
		return nil, errNoPool
	}
	if fleet == "" || len(fleet) > maxName {
		return nil, fmt.Errorf("postgres: the fleet of a limiter has %d bytes, want 1 to %d", len(fleet), maxName)
	}
	if !(perSecond > 0) || perSecond > maxPerSecond || burst < 1 {
		return nil, fmt.Errorf("postgres: a limiter of %v a second in bursts of %d: want more than 0 and at most %.0f, and at least 1", perSecond, burst, maxPerSecond)
	}
	gap := time.Duration(float64(time.Second) / perSecond)
	return &Limiter{
		pool:  pool,
		fleet: fleet,
		gap:   gap,
		// Part of a gap more, so that who comes a little late to its turn does not
		// move all that follow. It fits between perSecond and perSecond + burst.
		slack: time.Duration(burst-1)*gap + min(gap/2, maxLead),
		turn:  make(chan struct{}, 1),
	}, nil
}

// Wait returns when the next request may be sent. It returns at once with
// context.DeadlineExceeded in its error where ctx would end before that, and
// with an error where the database cannot be reached for 15 seconds.
func (l *Limiter) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return backoff.ContextError(ctx)
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return backoff.ContextError(ctx)
	}
	for {
		wait := time.Until(l.next)
		if wait > 0 && backoff.PastDeadline(ctx, wait) {
			return errNoRoom
		}
		if err := backoff.Sleep(ctx, wait); err != nil {
			return err
		}
		taken, err := l.take(ctx)
		if err != nil || taken {
			return err
		}
	}
}

var errNoRoom = fmt.Errorf("the fleet's rate limit leaves no room before the deadline: %w", context.DeadlineExceeded)

// take asks for a turn now. One that it hears of too late is not taken: beside
// the turns that others have had meanwhile it would be one too many.
func (l *Limiter) take(ctx context.Context) (taken bool, err error) {
	var wait, took time.Duration
	err = insist(ctx, limitPatience, func() error {
		start := time.Now()
		err := l.pool.QueryRow(ctx, `SELECT taken, wait FROM motive_take($1, $2, $3)`, unnamed, l.fleet, l.gap, l.slack).Scan(&taken, &wait)
		took = time.Since(start)
		return err
	})
	if err != nil && ctx.Err() != nil {
		return false, backoff.ContextError(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("postgres: asking for a turn of fleet %q: %w", l.fleet, explain(err))
	}
	l.next = time.Now().Add(wait)
	late := l.trip > 0 && took > l.trip+l.goodFor(wait)
	l.learn(took)
	return taken && !late, nil
}

// goodFor is how much longer than usual the way of a turn may take. It is good
// until the next one comes, or for half a gap in a burst, less an eighth for the
// way from here to the wire.
func (l *Limiter) goodFor(next time.Duration) time.Duration {
	return max(max(next, l.gap/2)-l.gap/8, minLate)
}

// learn follows the time of a statement down at once and up slowly.
func (l *Limiter) learn(took time.Duration) {
	if l.trip == 0 || took < l.trip {
		l.trip = took
		return
	}
	l.trip += (took - l.trip) / 8
}

// Pause holds back the requests of the fleet for d from now, at most an hour, in
// every process. It never shortens a pause. Afterwards the requests go on one by
// one, without a burst.
func (l *Limiter) Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	const upsert = `INSERT INTO motive_limits AS l (fleet, full_at, paused_until)
		VALUES ($1, clock_timestamp(), clock_timestamp() + $2)
		ON CONFLICT (fleet) DO UPDATE SET paused_until = greatest(l.paused_until, excluded.paused_until)`
	err := insist(ctx, limitPatience, func() error {
		_, err := l.pool.Exec(ctx, upsert, unnamed, l.fleet, min(d, maxPause))
		return err
	})
	if err != nil {
		return fmt.Errorf("postgres: pausing fleet %q: %w", l.fleet, explain(err))
	}
	return nil
}
