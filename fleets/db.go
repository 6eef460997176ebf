package fleets

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/motive-go/motive/postgres"
	"github.com/motive-go/motive/postgres/turns"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// DB is where an engine keeps its jobs and what is known of each fleet: [SQLite]
// or [Postgres].
type DB struct {
	open func() (*database, error)
}

// database is an open one.
type database struct {
	state    *state
	limiter  func(fleet string, perSecond float64, burst int) (*turns.Limiter, error)
	queue    func(*river.Config) (queue, error)
	migrate  func(ctx context.Context) error // River's tables and those of the limits
	exclude  string                          // keeps other processes from migrating meanwhile
	reserve  bool                            // a connection for the signs of life
	closeAll func() error
}

// queue is what is used of a River client, which has its transactions in its
// type.
type queue interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// SQLite keeps everything in the file at path, which is made where there is
// none, with two more beside it while a process runs. It serves any number of
// processes on one machine; the file must be on a local disk.
func SQLite(path string) DB {
	return DB{func() (*database, error) { return openSQLite(path) }}
}

func openSQLite(path string) (*database, error) {
	if path == "" {
		return nil, errors.New("the path is empty")
	}
	// One writer at a time: a transaction says at its begin that it will write, so
	// that it waits there and never fails half way.
	options := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(NORMAL)"},
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // as River's driver asks for
	driver := riversqlite.New(db)
	return &database{
		state: &state{db: db, dialect: strings.NewReplacer("$", "?", "{now}", "CAST(unixepoch('subsec') * 1000 AS INTEGER)")},
		limiter: func(fleet string, perSecond float64, burst int) (*turns.Limiter, error) {
			return turns.New(&fileLimits{db, fleet}, perSecond, burst)
		},
		queue:    func(c *river.Config) (queue, error) { return river.NewClient(driver, c) },
		migrate:  func(ctx context.Context) error { return migrateRiver(ctx, driver) },
		closeAll: db.Close,
	}, nil
}

// Postgres keeps everything in the database of pool, which stays open. It serves
// any number of processes and machines, also through PgBouncer in transaction
// mode where pool is configured for it (default_query_exec_mode=exec). A worker
// holds one connection of the pool, and hundreds of slots share the others: give
// it 8 to 16.
func Postgres(pool *pgxpool.Pool) DB {
	return DB{func() (*database, error) { return openPostgres(pool) }}
}

func openPostgres(pool *pgxpool.Pool) (*database, error) {
	if pool == nil {
		return nil, errors.New("the pool is nil: make one with pgxpool.New")
	}
	db := stdlib.OpenDBFromPool(pool)
	driver := riverpgxv5.New(pool)
	return &database{
		state: &state{
			db:      db,
			dialect: strings.NewReplacer("{now}", "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"),
			first:   []any{pgx.QueryExecModeExec}, // no statement has a name
		},
		limiter: func(fleet string, perSecond float64, burst int) (*turns.Limiter, error) {
			return postgres.NewLimiter(pool, fleet, perSecond, burst)
		},
		queue: func(c *river.Config) (queue, error) { return river.NewClient(driver, c) },
		migrate: func(ctx context.Context) error {
			if err := postgres.Migrate(ctx, pool); err != nil {
				return err
			}
			return migrateRiver(ctx, driver)
		},
		exclude:  `SELECT pg_advisory_xact_lock(4870351612)`, // a number of our own, for the migration alone
		reserve:  pool.Config().MaxConns >= minReserving,
		closeAll: db.Close, // the pool is the caller's
	}, nil
}

// minReserving is how large a pool has to be for one of its connections to be
// set apart.
const minReserving = 4

func migrateRiver[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func (d DB) opened() (*database, error) {
	if d.open == nil {
		return nil, errors.New("fleets: the DB is empty: use SQLite or Postgres")
	}
	db, err := d.open()
	if err != nil {
		return nil, fmt.Errorf("fleets: opening the database: %w", err)
	}
	return db, nil
}
