package fleets

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// state is what is known of each fleet and process, in SQL that both databases
// take. Times are milliseconds of the database's clock.
type state struct {
	db      *sql.DB
	dialect *strings.Replacer
	first   []any // before the arguments of each statement
}

// tables are the steps of the schema, in order. A step that was released is
// never edited.
var tables = []string{
	`CREATE TABLE motive_fleets (
		id         text PRIMARY KEY,
		wanted     bigint NOT NULL DEFAULT 0, -- syncs that were asked for
		done       bigint NOT NULL DEFAULT 0, -- the newest of them that came to its end
		due_at     bigint NOT NULL DEFAULT 0, -- not before
		holder     text,                      -- the process that has it in hand
		fence      bigint NOT NULL DEFAULT 0, -- counts who has had it in hand
		started_at bigint,
		ended_at   bigint,
		failures   bigint NOT NULL DEFAULT 0, -- in a row
		trouble    text NOT NULL DEFAULT '',
		reason     text NOT NULL DEFAULT '',
		since      bigint,                    -- when the trouble began
		plan       text NOT NULL DEFAULT '',  -- that is held, by its hash
		release    text NOT NULL DEFAULT '',  -- the plan that may pass the brakes, by its hash
		schedule   text NOT NULL DEFAULT '',
		next_at    bigint,
		result     text NOT NULL DEFAULT ''   -- of the last sync, as JSON
	)`,
	`CREATE INDEX motive_fleets_wanting ON motive_fleets (due_at) WHERE wanted > done`,
	`CREATE INDEX motive_fleets_scheduled ON motive_fleets (next_at) WHERE schedule <> ''`,
	`CREATE TABLE motive_processes (id text PRIMARY KEY, beat_at bigint NOT NULL)`,
	`CREATE TABLE motive_file_limits (
		fleet        text PRIMARY KEY,
		full_at      bigint NOT NULL, -- in microseconds, as is the next
		paused_until bigint NOT NULL
	)`,
}

// migrate makes the tables in one transaction. exclude keeps others from it.
func (s *state) migrate(ctx context.Context, exclude string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	run := func(query string, args ...any) error {
		_, err := tx.ExecContext(ctx, s.dialect.Replace(query), append(s.first[:len(s.first):len(s.first)], args...)...)
		return err
	}
	if exclude != "" {
		if err := run(exclude); err != nil {
			return err
		}
	}
	if err := run(`CREATE TABLE IF NOT EXISTS motive_fleets_migrations (version bigint PRIMARY KEY)`); err != nil {
		return err
	}
	var version int
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM motive_fleets_migrations`, s.first...).Scan(&version); err != nil {
		return err
	}
	for version < len(tables) {
		if err := run(tables[version]); err != nil {
			return err
		}
		version++
		if err := run(`INSERT INTO motive_fleets_migrations (version) VALUES ($1)`, version); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *state) exec(ctx context.Context, query string, args ...any) (changed int64, err error) {
	result, err := s.db.ExecContext(ctx, s.dialect.Replace(query), s.with(args)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *state) row(ctx context.Context, query string, args ...any) *sql.Row {
	return s.db.QueryRowContext(ctx, s.dialect.Replace(query), s.with(args)...)
}

func (s *state) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.db.QueryContext(ctx, s.dialect.Replace(query), s.with(args)...)
}

func (s *state) with(args []any) []any { return append(s.first[:len(s.first):len(s.first)], args...) }

// alive is true of a process $n that has said so within a lease.
const alive = `EXISTS (SELECT 1 FROM motive_processes p WHERE p.id = holder AND p.beat_at > {now} - $2)`

// join enters a process.
func (s *state) join(ctx context.Context, heart *heart, process string) error {
	_, err := heart.exec(ctx, s, `INSERT INTO motive_processes (id, beat_at) VALUES ($1, {now})`, process)
	return err
}

// beat says that a process lives. It reports false for one that was taken for
// dead.
func (s *state) beat(ctx context.Context, heart *heart, process string, lease time.Duration) (bool, error) {
	changed, err := heart.exec(ctx, s, `UPDATE motive_processes SET beat_at = {now} WHERE id = $1 AND beat_at > {now} - $2`,
		process, lease.Milliseconds())
	return changed == 1, err
}

// leave gives back what a process has in hand.
func (s *state) leave(ctx context.Context, process string) error {
	_, err := s.exec(ctx, `DELETE FROM motive_processes WHERE id = $1`, process)
	return err
}

// forget removes the processes that have died long ago.
func (s *state) forget(ctx context.Context, older time.Duration) error {
	_, err := s.exec(ctx, `DELETE FROM motive_processes WHERE beat_at < {now} - $1`, older.Milliseconds())
	return err
}

// call is a fleet that a worker is called for. The fence is the one that its next
// holder finds: a job that was called before the last take is another.
type call struct {
	fleet string
	fence int64
}

// want asks for one more sync of a fleet, at once. It reports whether a worker
// has to be called: not where one has the fleet in hand.
func (s *state) want(ctx context.Context, id string, lease time.Duration) (c call, idle bool, err error) {
	c.fleet = id
	err = s.row(ctx, `INSERT INTO motive_fleets (id, wanted) VALUES ($1, 1)
		ON CONFLICT (id) DO UPDATE SET wanted = motive_fleets.wanted + 1, due_at = 0
		RETURNING fence, holder IS NULL OR NOT `+alive, id, lease.Milliseconds()).Scan(&c.fence, &idle)
	return c, idle, err
}

// allow lets one plan of a fleet pass the brakes.
func (s *state) allow(ctx context.Context, id, plan string) (bool, error) {
	changed, err := s.exec(ctx, `UPDATE motive_fleets SET release = $2 WHERE id = $1`, id, plan)
	return changed == 1, err
}

// claim is a fleet that a process has in hand.
type claim struct {
	fleet, process string
	fence          int64
	wanted         int64 // what is done when it is done
	failures       int
	release        string
}

// What keeps a process from taking a fleet in hand.
var (
	errNothingToDo = errors.New("there is nothing to do")
	errBusy        = errors.New("another process has the fleet in hand")
)

// take takes a fleet in hand: one that has something to do now, and that no
// living process has.
func (s *state) take(ctx context.Context, id, process string, lease time.Duration) (*claim, error) {
	c := &claim{fleet: id, process: process}
	err := s.row(ctx, `UPDATE motive_fleets SET holder = $3, fence = fence + 1, started_at = {now}
		WHERE id = $1 AND wanted > done AND due_at <= {now} AND (holder IS NULL OR NOT `+alive+`)
		RETURNING fence, wanted, failures, release`, id, lease.Milliseconds(), process,
	).Scan(&c.fence, &c.wanted, &c.failures, &c.release)
	if !errors.Is(err, sql.ErrNoRows) {
		return c, err
	}
	var busy bool
	err = s.row(ctx, `SELECT holder IS NOT NULL AND `+alive+` FROM motive_fleets WHERE id = $1`, id, lease.Milliseconds()).Scan(&busy)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !busy {
		return nil, errNothingToDo
	}
	if err != nil {
		return nil, err
	}
	return nil, errBusy
}

// finish writes down what became of a claim, and gives the fleet back. It reports
// false, and changes nothing, where the fleet is in other hands.
func (s *state) finish(ctx context.Context, c *claim, v verdict) (kept bool, err error) {
	done := int64(0)
	if v.done {
		done = c.wanted
	}
	wait := v.wait.Milliseconds()
	changed, err := s.exec(ctx, `UPDATE motive_fleets SET
			holder = NULL, ended_at = {now},
			done = CASE WHEN done < $4 THEN $4 ELSE done END,
			-- Where another sync was asked for meanwhile, it is due at once.
			due_at = CASE WHEN wanted > $5 THEN 0 ELSE {now} + $6 END,
			failures = $7,
			since = CASE WHEN $8 = '' THEN NULL WHEN trouble = $8 THEN since ELSE {now} END,
			trouble = $8, reason = $9, plan = $10,
			release = CASE WHEN $11 THEN '' ELSE release END,
			result = CASE WHEN $12 = '' THEN result ELSE $12 END
		WHERE id = $1 AND holder = $2 AND fence = $3`,
		c.fleet, c.process, c.fence, done, c.wanted, wait, v.failures, string(v.trouble), v.reason, v.plan, v.done, v.result)
	return changed == 1, err
}

// release gives a fleet back as it was taken.
func (s *state) release(ctx context.Context, c *claim) error {
	_, err := s.exec(ctx, `UPDATE motive_fleets SET holder = NULL WHERE id = $1 AND holder = $2 AND fence = $3`,
		c.fleet, c.process, c.fence)
	return err
}

// wanting lists fleets that have something to do now, and that no living process
// has in hand.
func (s *state) wanting(ctx context.Context, lease time.Duration, most int) ([]call, error) {
	rows, err := s.rows(ctx, `SELECT id, fence FROM motive_fleets
		WHERE wanted > done AND due_at <= {now} AND (holder IS NULL OR NOT `+alive+`)
		ORDER BY due_at, id LIMIT $1`, most, lease.Milliseconds())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var calls []call
	for rows.Next() {
		var c call
		if err := rows.Scan(&c.fleet, &c.fence); err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, rows.Err()
}

// plan sets when a fleet is synced by itself.
func (s *state) plan(ctx context.Context, id, schedule string, next time.Time) error {
	_, err := s.exec(ctx, `INSERT INTO motive_fleets (id, schedule, next_at) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET schedule = excluded.schedule, next_at = excluded.next_at`,
		id, schedule, next.UnixMilli())
	return err
}

// turn is a fleet whose time has come.
type turn struct {
	fleet, schedule string
	at              int64
}

func (s *state) scheduled(ctx context.Context, most int) ([]turn, error) {
	rows, err := s.rows(ctx, `SELECT id, schedule, next_at FROM motive_fleets
		WHERE schedule <> '' AND next_at <= {now} ORDER BY next_at LIMIT $1`, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var turns []turn
	for rows.Next() {
		var t turn
		if err := rows.Scan(&t.fleet, &t.schedule, &t.at); err != nil {
			return nil, err
		}
		turns = append(turns, t)
	}
	return turns, rows.Err()
}

// ring asks for the sync of a turn, once in all processes.
func (s *state) ring(ctx context.Context, t turn, next time.Time) error {
	_, err := s.exec(ctx, `UPDATE motive_fleets SET
			next_at = $3, due_at = 0,
			wanted = CASE WHEN wanted > done AND holder IS NULL THEN wanted ELSE wanted + 1 END
		WHERE id = $1 AND next_at = $2`, t.fleet, t.at, next.UnixMilli())
	return err
}
