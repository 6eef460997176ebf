package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// The steps, in the order in which they are applied. A step that was released
// is never edited: a change is a new step, and one that the program before it
// can live with, since processes are not all replaced in one moment.
var migrations = []string{
	"migrations/001_tokens.sql",
	"migrations/002_limits.sql",
}

// unnamed sends a statement and its arguments in one round trip without giving
// it a name. A named statement belongs to one session, and behind a pooler in
// transaction mode the next transaction may run in another.
const unnamed = pgx.QueryExecModeExec

// Migrate makes the tables and functions of this package in the first schema of
// the search path, or brings those of an older version up to date. It may be run
// at each start, by many processes at once. Tables of a newer version are left
// as they are. The role needs CREATE on the schema; the programs themselves need
// only SELECT, INSERT and UPDATE on the tables.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	if pool == nil {
		return errNoPool
	}
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return migrate(ctx, tx) })
	if err != nil {
		return fmt.Errorf("migrating the tables of motive: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, unnamed, lockKey("migrate", "")); err != nil {
		return err
	}
	const versions = `CREATE TABLE IF NOT EXISTS motive_migrations (
		version    integer PRIMARY KEY,
		applied_at timestamptz NOT NULL DEFAULT now()
	)`
	if _, err := tx.Exec(ctx, versions, unnamed); err != nil {
		return err
	}
	var done int
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM motive_migrations`, unnamed).Scan(&done); err != nil {
		return err
	}
	for version := done + 1; version <= len(migrations); version++ {
		if err := step(ctx, tx, version); err != nil {
			return fmt.Errorf("step %d: %w", version, err)
		}
	}
	return nil
}

func step(ctx context.Context, tx pgx.Tx, version int) error {
	sql, err := migrationFiles.ReadFile(migrations[version-1])
	if err != nil {
		return err
	}
	// A file has several statements in it, which only the simple protocol takes.
	if _, err := tx.Exec(ctx, string(sql), pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO motive_migrations (version) VALUES ($1)`, unnamed, version)
	return err
}

var errNoPool = errors.New("postgres: the pool is nil: make one with pgxpool.New")

// SQLSTATE, from appendix A of PostgreSQL's manual.
const (
	undefinedTable    = "42P01"
	undefinedFunction = "42883"
)

// explain adds to an error what to do about it, where that is known.
func explain(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && (refused.Code == undefinedTable || refused.Code == undefinedFunction) {
		return fmt.Errorf("%w: run postgres.Migrate first, with the same search path", err)
	}
	return err
}
