package fleets

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/motive-go/motive/postgres/turns"
)

// fileLimits is the limit of a fleet for processes that share a file, and a clock.
type fileLimits struct {
	db    *sql.DB
	fleet string
}

// Take asks the file for a turn now.
func (l *fileLimits) Take(ctx context.Context, r turns.Rate) (turns.Turn, error) {
	turn, err := l.take(ctx, r)
	if err != nil {
		return turns.Turn{}, fmt.Errorf("fleets: asking for a turn of %q: %w", l.fleet, err)
	}
	return turn, nil
}

func (l *fileLimits) take(ctx context.Context, r turns.Rate) (turn turns.Turn, err error) {
	tx, err := l.db.BeginTx(ctx, nil) // a writer from its begin
	if err != nil {
		return turn, err
	}
	defer func() { _ = tx.Rollback() }()
	var s turns.State
	err = tx.QueryRowContext(ctx, `SELECT full_at, paused_until FROM motive_file_limits WHERE fleet = ?1`, l.fleet).Scan(&s.FullAt, &s.PausedUntil)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return turn, err
	}
	turn.Given = time.Now()
	s, turn.Taken, turn.Wait = s.Take(turn.Given.UnixMicro(), r)
	if !turn.Taken {
		return turn, nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO motive_file_limits (fleet, full_at, paused_until) VALUES (?1, ?2, 0)
		ON CONFLICT (fleet) DO UPDATE SET full_at = excluded.full_at`, l.fleet, s.FullAt)
	if err != nil {
		return turn, err
	}
	return turn, tx.Commit()
}

// Pause sets until when nothing is given.
func (l *fileLimits) Pause(ctx context.Context, d time.Duration) error {
	now := time.Now()
	_, err := l.db.ExecContext(ctx, `INSERT INTO motive_file_limits (fleet, full_at, paused_until) VALUES (?1, ?2, ?3)
		ON CONFLICT (fleet) DO UPDATE SET paused_until = max(paused_until, excluded.paused_until)`,
		l.fleet, now.UnixMicro(), now.Add(d).UnixMicro())
	if err != nil {
		return fmt.Errorf("fleets: pausing %q: %w", l.fleet, err)
	}
	return nil
}
