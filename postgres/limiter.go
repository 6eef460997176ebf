package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive/postgres/turns"
)

// Limiter holds the requests of one fleet to a rate that all processes share. It
// is a motive.Limiter with Pause, for motive.WithLimiter; with [turns.Guard] around
// it, the rate holds where requests leave. The methods are called concurrently.
//
// One row is the state of a fleet, one statement asks it, and the clock of the
// database decides.
type Limiter = turns.Limiter

// NewLimiter returns the limiter of a fleet: perSecond requests on average, above
// 0 and at most 1e6, and burst at once after a quiet time, at least 1. In any
// second there are at most perSecond + burst requests. Processes of one fleet
// should agree on both. Run [Migrate] before the first use.
//
// Its Wait returns an error where the database cannot be reached for 15 seconds.
func NewLimiter(pool *pgxpool.Pool, fleet string, perSecond float64, burst int) (*Limiter, error) {
	if pool == nil {
		return nil, errNoPool
	}
	if fleet == "" || len(fleet) > maxName {
		return nil, fmt.Errorf("postgres: the fleet of a limiter has %d bytes, want 1 to %d", len(fleet), maxName)
	}
	l, err := turns.New(&limits{pool: pool, fleet: fleet}, perSecond, burst)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return l, nil
}

// limits is the row of a fleet in motive_limits.
type limits struct {
	pool  *pgxpool.Pool
	fleet string
	took  []time.Duration // the last statements
}

// memory is how many statements tell how long one takes. After as many a database
// that is far away, or has moved there, is known to be; until then some of its turns
// come too late.
const memory = 8

// limitPatience is how long a request waits for a database that cannot be reached.
const limitPatience = 15 * time.Second

// Take asks the database, whose clock decides. By the clock of this process a turn is
// not older than the question.
func (l *limits) Take(ctx context.Context, r turns.Rate) (turn turns.Turn, err error) {
	err = insist(ctx, limitPatience, func() error {
		conn, err := l.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		asked := time.Now()
		row := conn.QueryRow(ctx, `SELECT taken, wait FROM motive_take($1, $2, $3)`, unnamed, l.fleet, r.Gap, r.Slack)
		if err := row.Scan(&turn.Taken, &turn.Wait); err != nil {
			return err
		}
		turn.Given, turn.Way = asked, l.fastest()
		l.learn(time.Since(asked))
		return nil
	})
	if err != nil {
		return turns.Turn{}, fmt.Errorf("postgres: asking for a turn of fleet %q: %w", l.fleet, explain(err))
	}
	return turn, nil
}

// fastest is how long a statement takes here at the least, by the last ones; 0 while
// there are too few.
func (l *limits) fastest() time.Duration {
	if len(l.took) < memory {
		return 0
	}
	return slices.Min(l.took)
}

func (l *limits) learn(took time.Duration) {
	if len(l.took) == memory {
		l.took = slices.Delete(l.took, 0, 1)
	}
	l.took = append(l.took, took)
}

// Pause sets until when nothing is given.
func (l *limits) Pause(ctx context.Context, d time.Duration) error {
	const upsert = `INSERT INTO motive_limits AS l (fleet, full_at, paused_until)
		VALUES ($1, clock_timestamp(), clock_timestamp() + $2)
		ON CONFLICT (fleet) DO UPDATE SET paused_until = greatest(l.paused_until, excluded.paused_until)`
	err := insist(ctx, limitPatience, func() error {
		_, err := l.pool.Exec(ctx, upsert, unnamed, l.fleet, d)
		return err
	})
	if err != nil {
		return fmt.Errorf("postgres: pausing fleet %q: %w", l.fleet, explain(err))
	}
	return nil
}
