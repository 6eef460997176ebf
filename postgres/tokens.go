package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/oauth"
)

// TokenStore keeps the record of one login in one row. It is an [oauth.Store]
// for processes on any number of machines.
//
// The lock is an open transaction: it ends with its process, its connection, or
// after 100 seconds. It cannot be the transaction that saves, since a Save has to
// be durable while the lock is still held. So a Save runs on a second connection,
// and names the holder that this lock has written into the row: where somebody
// else has taken the lock since, it changes nothing and fails.
//
// A Lock therefore takes one connection of the pool, and for moments another;
// where the pool has none to give, that one is opened beside it, so that the
// holders of a lock never wait for one another. Who waits for the lock holds no
// connection.
type TokenStore struct {
	pool   *pgxpool.Pool
	name   string
	sealer Sealer

	// One Lock at a time: Save does not say for which Lock it is called.
	turn chan struct{}

	mu     sync.Mutex
	holder string // in the row, by the Lock that is held; empty: none is held
}

const (
	maxName   = 200
	holdLimit = 100 * time.Second // of a lock; oauth.Source holds one for at most 90 s

	minPoll = 20 * time.Millisecond // between two looks at a lock that somebody holds
	maxPoll = 250 * time.Millisecond

	// How long a statement waits for a connection of the pool, before one is opened
	// beside it.
	poolPatience = 250 * time.Millisecond

	// How long a statement is repeated while the database cannot be reached.
	patience = 30 * time.Second

	unlockTimeout = 5 * time.Second
)

var (
	errNotLocked = errors.New("the store is not locked: only the holder of its lock may save")
	errLockLost  = errors.New("the lock was lost to another process: nothing was saved")
)

// NewTokenStore returns the store of the login called name, often the id of a
// fleet, at most 200 bytes. Records are sealed by sealer; see [NewSealer]. To
// keep them readable to everyone who reads the database, say [InPlainText].
// Run [Migrate] before the first use. Errors: a nil pool or sealer, a name that
// is empty or too long.
func NewTokenStore(pool *pgxpool.Pool, name string, sealer Sealer) (*TokenStore, error) {
	if pool == nil {
		return nil, errNoPool
	}
	if name == "" || len(name) > maxName {
		return nil, fmt.Errorf("postgres: the name of a token store has %d bytes, want 1 to %d", len(name), maxName)
	}
	if sealer == nil {
		return nil, errors.New("postgres: a token store without a sealer keeps logins readable to everyone who reads the database: pass NewSealer(key), or InPlainText() if that is what you want")
	}
	return &TokenStore{pool: pool, name: name, sealer: sealer, turn: make(chan struct{}, 1)}, nil
}

// Format prints the name of the store, under any verb.
func (s *TokenStore) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "postgres.TokenStore{%q}", s.name)
}

// Load returns the stored record; nil and no error if there is none.
func (s *TokenStore) Load(ctx context.Context) (*oauth.Record, error) {
	sealed, err := s.read(ctx)
	if err != nil {
		return nil, s.wrap(ctx, "loading", err)
	}
	if sealed == nil {
		return nil, nil
	}
	plain, err := s.sealer.Open(s.name, sealed)
	if err != nil {
		return nil, s.wrap(ctx, "loading", err)
	}
	record := &oauth.Record{}
	if err := json.Unmarshal(plain, record); err != nil {
		return nil, s.wrap(ctx, "loading", err)
	}
	return record, nil
}

func (s *TokenStore) read(ctx context.Context) (sealed []byte, err error) {
	err = s.connected(ctx, func(conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, `SELECT record FROM motive_tokens WHERE name = $1`, unnamed, s.name).Scan(&sealed)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return sealed, err
}

// Save replaces the record. It fails where the lock is not held or was lost.
// While the database cannot be reached it is repeated, for at most 30 seconds:
// a record that is not saved ends the login, and to save it twice does no harm.
func (s *TokenStore) Save(ctx context.Context, r *oauth.Record) error {
	if r == nil {
		return s.wrap(ctx, "saving", errors.New("it is nil"))
	}
	s.mu.Lock()
	holder := s.holder
	s.mu.Unlock()
	if holder == "" {
		return s.wrap(ctx, "saving", errNotLocked)
	}
	plain, err := json.Marshal(r)
	if err != nil {
		return s.wrap(ctx, "saving", err)
	}
	sealed, err := s.sealer.Seal(s.name, plain)
	if err != nil {
		return s.wrap(ctx, "saving", err)
	}
	return s.wrap(ctx, "saving", s.saveSealed(ctx, holder, sealed))
}

func (s *TokenStore) saveSealed(ctx context.Context, holder string, sealed []byte) error {
	const update = `UPDATE motive_tokens SET record = $3, version = version + 1, saved_at = now()
		WHERE name = $1 AND holder = $2`
	changed, err := s.durably(ctx, update, s.name, holder, sealed)
	if err == nil && changed == 0 {
		return errLockLost
	}
	return err
}

// Lock waits for the lock or the end of ctx.
func (s *TokenStore) Lock(ctx context.Context) (unlock func(), err error) {
	if ctx.Err() != nil {
		return nil, s.wrap(ctx, "locking", ctx.Err())
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, s.wrap(ctx, "locking", ctx.Err())
	}
	tx, holder, err := s.lock(ctx)
	if err != nil {
		<-s.turn
		return nil, s.wrap(ctx, "locking", err)
	}
	s.hold(holder)
	return sync.OnceFunc(func() {
		s.hold("")
		end(tx)
		<-s.turn
	}), nil
}

func (s *TokenStore) hold(holder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holder = holder
}

func (s *TokenStore) lock(ctx context.Context) (pgx.Tx, string, error) {
	tx, err := s.waitForLock(ctx)
	if err != nil {
		return nil, "", err
	}
	holder, err := s.claim(ctx)
	if err != nil {
		end(tx)
		return nil, "", err
	}
	return tx, holder, nil
}

// waitForLock looks again and again rather than to wait in the database, where
// it would keep a connection from those who are at work.
func (s *TokenStore) waitForLock(ctx context.Context) (pgx.Tx, error) {
	for attempt := 1; ; attempt++ {
		var tx pgx.Tx
		err := insist(ctx, patience, func() (err error) {
			tx, err = s.tryLock(ctx)
			return err
		})
		if tx != nil || err != nil {
			return tx, err
		}
		if err := backoff.Sleep(ctx, minPoll+backoff.Full(minPoll, maxPoll, attempt)); err != nil {
			return nil, err
		}
	}
}

// tryLock returns the transaction that holds the lock; nil if somebody else has
// it.
func (s *TokenStore) tryLock(ctx context.Context) (pgx.Tx, error) {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return nil, err
	}
	var locked bool
	err = tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, unnamed, lockKey("token", s.name)).Scan(&locked)
	if err == nil && locked {
		// The transaction is idle while the token endpoint is asked. A server that
		// ends such transactions sooner leaves this one alone; a process that hangs,
		// or a machine that is gone, holds the lock no longer than this. The second
		// setting came with PostgreSQL 17.
		const limits = `SELECT count(set_config(name, $1, true)) FROM pg_settings
			WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')`
		_, err = tx.Exec(ctx, limits, unnamed, fmt.Sprintf("%dms", holdLimit.Milliseconds()))
	}
	if err != nil || !locked {
		end(tx)
		return nil, err
	}
	return tx, nil
}

// claim writes a new holder into the row. Whoever held the lock before, and has
// lost it without noticing, cannot save from here on. The lock is held.
func (s *TokenStore) claim(ctx context.Context) (holder string, err error) {
	holder = rand.Text()
	const upsert = `INSERT INTO motive_tokens (name, holder) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder`
	_, err = s.durably(ctx, upsert, s.name, holder)
	return holder, err
}

// end gives up a lock. It hangs for at most 5 seconds, and closes a connection
// that does.
func end(tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.Background(), unlockTimeout)
	defer cancel()
	_ = tx.Rollback(ctx)
}

// durably runs a statement whose result survives a crash of the server once it
// returns, whatever the database or the role has chosen as a default.
func (s *TokenStore) durably(ctx context.Context, sql string, args ...any) (changed int64, err error) {
	// "remote_apply" promises more than "on", and is left.
	const durable = `SELECT set_config('synchronous_commit', 'on', true)
		WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')`
	err = s.connected(ctx, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, durable, unnamed); err != nil {
				return err
			}
			tag, err := tx.Exec(ctx, sql, append([]any{unnamed}, args...)...)
			changed = tag.RowsAffected()
			return err
		})
	})
	return changed, err
}

// connected calls do with a connection of the pool or, if it has none for a
// while, with one beside it: all of its connections may be held by locks whose
// holders wait here.
//
// While the database cannot be reached, all that is repeated, so do must be
// something that may be done twice.
func (s *TokenStore) connected(ctx context.Context, do func(*pgx.Conn) error) error {
	return insist(ctx, patience, func() error { return s.connectedOnce(ctx, do) })
}

func (s *TokenStore) connectedOnce(ctx context.Context, do func(*pgx.Conn) error) error {
	brief, cancel := context.WithTimeout(ctx, poolPatience)
	pooled, err := s.pool.Acquire(brief)
	cancel()
	if err == nil {
		defer pooled.Release()
		return do(pooled.Conn())
	}
	if ctx.Err() != nil {
		return backoff.ContextError(ctx)
	}
	conn, err := connect(ctx, s.pool.Config())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return do(conn)
}

// connect opens a connection as the pool does.
func connect(ctx context.Context, config *pgxpool.Config) (*pgx.Conn, error) {
	if config.BeforeConnect != nil {
		if err := config.BeforeConnect(ctx, config.ConnConfig); err != nil {
			return nil, err
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return nil, err
	}
	if config.AfterConnect != nil {
		if err := config.AfterConnect(ctx, conn); err != nil {
			_ = conn.Close(ctx)
			return nil, err
		}
	}
	return conn, nil
}

// wrap says which login an error is about. The end of the context is the reason
// for whatever went wrong in the middle of it.
func (s *TokenStore) wrap(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = backoff.ContextError(ctx)
	}
	return fmt.Errorf("postgres: %s the login of %q: %w", doing, s.name, explain(err))
}

// Reseal saves every login in the database anew: opened by from, or by to where
// it is sealed by that already, and sealed by to. It returns how many it has
// saved. Each is locked meanwhile, so that programs may go on; they must be able
// to open what to seals. After an error it can be run again.
func Reseal(ctx context.Context, pool *pgxpool.Pool, from, to Sealer) (int, error) {
	if pool == nil {
		return 0, errNoPool
	}
	names, err := loginNames(ctx, pool)
	if err != nil {
		return 0, fmt.Errorf("postgres: listing the logins: %w", explain(err))
	}
	for n, name := range names {
		s, err := NewTokenStore(pool, name, either{from, to})
		if err == nil {
			err = s.reseal(ctx)
		}
		if err != nil {
			return n, fmt.Errorf("%d of %d logins are sealed anew: %w", n, len(names), err)
		}
	}
	return len(names), nil
}

func (s *TokenStore) reseal(ctx context.Context) error {
	unlock, err := s.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	record, err := s.Load(ctx)
	if err != nil || record == nil {
		return err
	}
	return s.Save(ctx, record)
}

func loginNames(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT name FROM motive_tokens WHERE record IS NOT NULL ORDER BY name`, unnamed)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// either opens what one of two sealers has sealed, and seals with the second.
type either struct{ from, to Sealer }

func (e either) Seal(name string, plain []byte) ([]byte, error) { return e.to.Seal(name, plain) }

func (e either) Open(name string, sealed []byte) ([]byte, error) {
	plain, err := e.from.Open(name, sealed)
	if err == nil {
		return plain, nil
	}
	if again, toErr := e.to.Open(name, sealed); toErr == nil {
		return again, nil
	}
	return nil, err
}

// lockKey is a number for an advisory lock, which are the same for a whole
// database. Two names with one key would only wait for each other.
func lockKey(kind, name string) int64 {
	h := sha256.New()
	_, _ = io.WriteString(h, "motive\x00"+kind+"\x00"+name)
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}
