package fleets

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/motive-go/motive/internal/backoff"
)

// fileLimiter is a limiter for processes that share a file. Like the one for
// PostgreSQL it gives a turn at the moment it is used, so that nothing is held by
// the dead and a pause holds for all.
type fileLimiter struct {
	db    *sql.DB
	fleet string
	gap   time.Duration // between two requests at the rate
	slack time.Duration // how far ahead of it a request may be

	turn chan struct{} // holds one element while somebody asks; it guards the rest
	next time.Time     // there is nothing to have before
}

const (
	maxPerSecond = 1e6
	maxLead      = 100 * time.Millisecond
	maxPause     = time.Hour
	minLate      = 10 * time.Millisecond
)

func newFileLimiter(db *sql.DB, fleet string, perSecond float64, burst int) (*fileLimiter, error) {
	if !(perSecond > 0) || perSecond > maxPerSecond || burst < 1 {
		return nil, fmt.Errorf("a limit of %v a second in bursts of %d: want more than 0 and at most %.0f, and at least 1", perSecond, burst, maxPerSecond)
	}
	gap := time.Duration(float64(time.Second) / perSecond)
	return &fileLimiter{
		db: db, fleet: fleet, gap: gap,
		slack: time.Duration(burst-1)*gap + min(gap/2, maxLead),
		turn:  make(chan struct{}, 1),
	}, nil
}

// Wait returns when the next request may be sent, and at once where ctx would end
// before.
func (l *fileLimiter) Wait(ctx context.Context) error {
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
		taken, wait, err := l.take(ctx)
		if err != nil && ctx.Err() != nil {
			return backoff.ContextError(ctx)
		}
		if err != nil {
			return fmt.Errorf("fleets: asking for a turn of %q: %w", l.fleet, err)
		}
		l.next = time.Now().Add(wait)
		if taken {
			return nil
		}
	}
}

var errNoRoom = fmt.Errorf("the fleet's rate limit leaves no room before the deadline: %w", context.DeadlineExceeded)

func (l *fileLimiter) take(ctx context.Context) (taken bool, wait time.Duration, err error) {
	tx, err := l.db.BeginTx(ctx, nil) // a writer from its begin
	if err != nil {
		return false, 0, err
	}
	defer func() { _ = tx.Rollback() }()
	var fullAt, pausedUntil int64
	err = tx.QueryRowContext(ctx, `SELECT full_at, paused_until FROM motive_file_limits WHERE fleet = ?1`, l.fleet).Scan(&fullAt, &pausedUntil)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, 0, err
	}
	now := time.Now()
	fullAt, taken, wait = pace(now.UnixMicro(), fullAt, pausedUntil, l.gap.Microseconds(), l.slack.Microseconds())
	if !taken {
		return false, wait, nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO motive_file_limits (fleet, full_at, paused_until) VALUES (?1, ?2, 0)
		ON CONFLICT (fleet) DO UPDATE SET full_at = excluded.full_at`, l.fleet, fullAt)
	if err != nil {
		return false, 0, err
	}
	if err := tx.Commit(); err != nil {
		return false, 0, err
	}
	// A turn is good until the next one comes, or for half a gap in a burst, less an
	// eighth for the way to the wire.
	late := time.Since(now) > max(max(wait, l.gap/2)-l.gap/8, minLate)
	return !late, wait, nil
}

// Pause holds back the requests of the fleet for d from now, at most an hour. It
// never shortens a pause.
func (l *fileLimiter) Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	now := time.Now()
	_, err := l.db.ExecContext(ctx, `INSERT INTO motive_file_limits (fleet, full_at, paused_until) VALUES (?1, ?2, ?3)
		ON CONFLICT (fleet) DO UPDATE SET paused_until = max(paused_until, excluded.paused_until)`,
		l.fleet, now.UnixMicro(), now.Add(min(d, maxPause)).UnixMicro())
	if err != nil {
		return fmt.Errorf("fleets: pausing %q: %w", l.fleet, err)
	}
	return nil
}

// pace is the generic cell rate algorithm, in microseconds: fullAt is when the
// bucket will be full again if nothing else is asked for. wait is until the next
// request may go, this one if it was not taken. See motive_take in package
// postgres.
func pace(now, fullAt, pausedUntil, gap, slack int64) (newFullAt int64, taken bool, wait time.Duration) {
	fullAt = max(now, fullAt)
	if fullAt > now+slack+gap+time.Minute.Microseconds() { // the clock was set back
		fullAt = now + slack
	}
	fullAt = max(fullAt, pausedUntil+slack) // a pause leaves an empty bucket
	taken = fullAt-slack <= now
	if taken {
		fullAt += gap
	}
	return fullAt, taken, time.Duration(max(fullAt-slack-now, 0)) * time.Microsecond
}
