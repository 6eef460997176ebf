package postgres_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/postgres"
	"github.com/motive-go/motive/postgres/pgtest"
	"golang.org/x/oauth2"
)

var testKey = []byte("canary-sealing-key-of-32-bytes!!")

func sealer(t testing.TB) postgres.Sealer {
	t.Helper()
	s, err := postgres.NewSealer(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func store(t testing.TB, pool *pgxpool.Pool, name string) *postgres.TokenStore {
	t.Helper()
	s, err := postgres.NewTokenStore(pool, name, sealer(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func record(access string) *oauth.Record {
	return &oauth.Record{Token: &oauth2.Token{AccessToken: access, RefreshToken: "canary-refresh-" + access}}
}

// accessIn loads and returns the access token; empty if nothing is stored.
func accessIn(t testing.TB, s oauth.Store) string {
	t.Helper()
	r, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		return ""
	}
	return r.Token.AccessToken
}

func lock(t testing.TB, s oauth.Store) (unlock func()) {
	t.Helper()
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unlock)
	return unlock
}

func save(t testing.TB, s oauth.Store, access string) {
	t.Helper()
	if err := s.Save(t.Context(), record(access)); err != nil {
		t.Fatal(err)
	}
}

func TestNewTokenStoreRefuses(t *testing.T) {
	t.Parallel()
	pool := open(t, "postgres://nobody@127.0.0.1:1/none", 1)
	tests := []struct {
		name   string
		pool   *pgxpool.Pool
		login  string
		sealer postgres.Sealer
		says   string
	}{
		{"no sealer", pool, "a", nil, "InPlainText()"},
		{"no pool", nil, "a", postgres.InPlainText(), "the pool is nil"},
		{"no name", pool, "", postgres.InPlainText(), "0 bytes"},
		{"a long name", pool, strings.Repeat("n", 201), postgres.InPlainText(), "201 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := postgres.NewTokenStore(test.pool, test.login, test.sealer)
			if err == nil || s != nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("NewTokenStore: %v, %v; want an error with %q", s, err, test.says)
			}
		})
	}
}

func TestRecordComesBackAndTheTableShowsNothingOfIt(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		pool := open(t, url, 2)
		s := store(t, pool, "fleet")
		if got := accessIn(t, s); got != "" {
			t.Fatalf("an empty store has %d bytes of token", len(got))
		}
		unlock := lock(t, s)
		save(t, s, "canary-one")
		save(t, s, "canary-two")
		unlock()
		if accessIn(t, store(t, pool, "fleet")) != "canary-two" {
			t.Error("another store does not see the second Save")
		}
		var row string
		if err := pool.QueryRow(t.Context(), `SELECT convert_from(decode(replace(encode(record, 'hex'), '00', '3f'), 'hex'), 'LATIN1') FROM motive_tokens WHERE name = $1`, "fleet").Scan(&row); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(row, "canary") || strings.Contains(row, "token") {
			t.Error("the table shows the token")
		}
		if got := fmt.Sprintf("%v %+v %#v", s, s, sealer(t)); strings.Contains(got, "canary") {
			t.Error("a printed store or sealer shows a secret")
		}
	})
}

func TestSaveNeedsTheLock(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		s := store(t, open(t, url, 2), "fleet")
		if err := s.Save(t.Context(), record("a")); err == nil {
			t.Error("a Save before the Lock succeeded")
		}
		unlock := lock(t, s)
		save(t, s, "b")
		unlock()
		unlock() // again is allowed
		if err := s.Save(t.Context(), record("c")); err == nil {
			t.Error("a Save after unlock succeeded")
		}
		if got := accessIn(t, s); got != "b" {
			t.Errorf("the store has %q, want b", got)
		}
	})
}

func TestOneHolderAtATime(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		var inside, most, rounds atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			s := store(t, open(t, url, 2), "fleet")
			wg.Go(func() {
				for range 5 {
					unlock, err := s.Lock(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					now := inside.Add(1)
					for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
					}
					if err := s.Save(t.Context(), record("x")); err != nil {
						t.Error(err)
					}
					rounds.Add(1)
					inside.Add(-1)
					unlock()
				}
			})
		}
		wg.Wait()
		if most.Load() != 1 || rounds.Load() != 40 {
			t.Errorf("up to %d holders at once in %d rounds, want 1 in 40", most.Load(), rounds.Load())
		}
	})
}

// All connections of the pool are held by locks, whose holders load and save.
func TestHoldersDoNotWaitForOneAnother(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		const fleets = 3
		pool := open(t, url, fleets)
		var locked, done sync.WaitGroup
		locked.Add(fleets)
		for n := range fleets {
			s := store(t, pool, fmt.Sprint("fleet", n))
			done.Go(func() {
				unlock, err := s.Lock(t.Context())
				locked.Done()
				if err != nil {
					t.Error(err)
					return
				}
				defer unlock()
				locked.Wait() // no connection is left
				if _, err := s.Load(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.Save(t.Context(), record("x")); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
	})
}

func TestWaitingForALockHoldsNoConnection(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		unlock := lock(t, store(t, open(t, url, 2), "fleet"))
		pool := open(t, url, 1)
		var waiting sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			s := store(t, pool, "fleet")
			waiting.Go(func() {
				if unlock, err := s.Lock(ctx); err == nil {
					unlock()
				}
			})
		}
		for range 20 { // each has a connection only while it looks
			if accessIn(t, store(t, pool, "other")) != "" {
				t.Error("an empty store has a token")
			}
		}
		unlock()
		waiting.Wait()
		cancel()
	})
}

func TestLockEndsWithItsContext(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		pool := open(t, url, 3)
		lock(t, store(t, pool, "fleet"))
		why := errors.New("the caller has left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
		start := time.Now()
		unlock, err := store(t, pool, "fleet").Lock(ctx)
		if unlock != nil || !errors.Is(err, why) {
			t.Errorf("Lock: %v, want %v", err, why)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("Lock returned after %s", took)
		}
	})
}

// The connection of a lock is cut, as by a failover or an administrator. Another
// process takes the lock; the first must not save any more.
func TestWhoLostTheLockCannotSave(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		pool := open(t, url, 4)
		login := "fleet " + t.Name()
		first, second := store(t, pool, login), store(t, pool, login)
		lock(t, first)
		save(t, first, "intent")
		cutLocks(t, pool)
		unlock := lock(t, second)
		if err := first.Save(t.Context(), record("late")); err == nil || !strings.Contains(err.Error(), "lost") {
			t.Errorf("a Save of who lost the lock: %v, want an error that says so", err)
		}
		if got := accessIn(t, second); got != "intent" {
			t.Errorf("the store has %q, want intent", got)
		}
		save(t, second, "new")
		unlock()
		if err := first.Save(t.Context(), record("later")); err == nil {
			t.Error("a Save of who lost the lock succeeded after the next holder")
		}
		if got := accessIn(t, first); got != "new" {
			t.Errorf("the store has %q, want new", got)
		}
	})
}

// A connection that dies under its holder, while nobody else takes the lock,
// does not cost the holder its save, which would cost the login.
func TestHolderWhoseConnectionDiedStillSaves(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		pool := open(t, url, 4)
		s := store(t, pool, "fleet")
		unlock := lock(t, s)
		cutLocks(t, pool)
		save(t, s, "kept")
		unlock()
		if got := accessIn(t, s); got != "kept" {
			t.Errorf("the store has %q, want kept", got)
		}
	})
}

// cutLocks ends the sessions of this database that are idle in a transaction.
func cutLocks(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	var cut int
	const sql = `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
		WHERE datname = current_database() AND state = 'idle in transaction'
		AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`
	if err := pool.QueryRow(t.Context(), sql).Scan(&cut); err != nil {
		t.Fatal(err)
	}
	if cut == 0 {
		t.Fatal("there is no lock to cut")
	}
}

// The server of these tests ends idle transactions after two seconds.
func TestLockOutlastsTheServersLimitForIdleTransactions(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		first, second := store(t, open(t, url, 2), "fleet"), store(t, open(t, url, 2), "fleet")
		lock(t, first)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if unlock, err := second.Lock(ctx); err == nil {
			unlock()
			t.Fatal("the lock was free after the server's limit")
		}
		save(t, first, "kept")
	})
}

// The server of these tests does not wait for the disk at a commit, and writes
// the log every ten seconds. It is not the server of the other tests, since it
// is crashed.
func TestSaveSurvivesACrashOfTheServer(t *testing.T) {
	t.Parallel()
	server, err := pgtest.Start()
	if err != nil {
		pgtest.SkipOrFail(t, err)
	}
	defer server.Stop()
	direct, pooled, err := server.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool, through := open(t, direct, 4), open(t, pooled, 4)
	if err := postgres.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `CREATE TABLE control (n int); CHECKPOINT`); err != nil {
		t.Fatal(err)
	}
	for round, p := range []*pgxpool.Pool{pool, through, pool, through} {
		s := store(t, p, "fleet")
		unlock := lock(t, s)
		save(t, s, fmt.Sprint("intent ", round))
		want := fmt.Sprint("response ", round)
		save(t, s, want)
		// What the server's own setting makes of a commit.
		if _, err := pool.Exec(t.Context(), `INSERT INTO control VALUES ($1)`, round); err != nil {
			t.Fatal(err)
		}
		if err := server.Crash(); err != nil {
			t.Fatal(err)
		}
		pool.Reset() // for the statements of the test itself
		if got := accessIn(t, s); got != want {
			t.Errorf("after a crash the store has %q, want %q", got, want)
		}
		unlock()
	}
	var kept int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM control`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if kept == 4 {
		t.Error("the crashes lost nothing, not even what was not waited for: the test tests nothing")
	}
}

func init() {
	roles["holds the lock"] = func(ctx context.Context, pool *pgxpool.Pool) error {
		s, err := postgres.NewTokenStore(pool, os.Getenv("LOGIN"), postgres.InPlainText())
		if err != nil {
			return err
		}
		unlock, err := s.Lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		fmt.Println("locked")
		select {}
	}
}

func TestProcessThatDiesHoldsNoLock(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		s := store(t, open(t, url, 2), "fleet")
		for range 3 {
			cmd := child(t, "holds the lock", url, "LOGIN=fleet")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
				t.Fatalf("the child said %q: %v", line, err)
			}
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			unlock, err := s.Lock(ctx)
			cancel()
			if err != nil {
				t.Fatalf("after the holder has died: %v", err)
			}
			unlock()
		}
	})
}

func TestStoreSaysWhenTheTablesAreMissing(t *testing.T) {
	t.Parallel()
	direct, _ := real.Database(t)
	_, err := store(t, open(t, direct, 1), "fleet").Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), "run postgres.Migrate first") {
		t.Errorf("Load: %v, want a hint at Migrate", err)
	}
}

func TestResealMovesEveryLoginToTheNewKey(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		pool := open(t, url, 2)
		newKey := []byte("canary-new-key-of-32-bytes-long!")
		both, err := postgres.NewSealer(newKey, testKey)
		if err != nil {
			t.Fatal(err)
		}
		newOnly, err := postgres.NewSealer(newKey)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			if err := oauth.Save(t.Context(), store(t, pool, fmt.Sprint("fleet", n)), record("a").Token); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // again does no harm
			if _, err := postgres.Reseal(t.Context(), pool, both, both); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 3 {
			s, err := postgres.NewTokenStore(pool, fmt.Sprint("fleet", n), newOnly)
			if err != nil {
				t.Fatal(err)
			}
			if got := accessIn(t, s); got != "a" {
				t.Errorf("with the new key alone the store has %q, want a", got)
			}
			if _, err := store(t, pool, fmt.Sprint("fleet", n)).Load(t.Context()); err == nil {
				t.Error("the old key still opens a record")
			}
		}
		if n, err := postgres.Reseal(t.Context(), pool, newOnly, sealer(t)); err != nil || n != 3 {
			t.Errorf("Reseal back: %d, %v", n, err)
		}
	})
}

func TestMigrateIsIdempotent(t *testing.T) {
	t.Parallel()
	direct, pooled := real.Database(t)
	var wg sync.WaitGroup
	for _, url := range []string{direct, pooled, direct, pooled} {
		pool := open(t, url, 1)
		wg.Go(func() {
			for range 3 {
				if err := postgres.Migrate(t.Context(), pool); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	pool := open(t, direct, 1)
	var versions string
	if err := pool.QueryRow(t.Context(), `SELECT string_agg(version::text, ',' ORDER BY version) FROM motive_migrations`).Scan(&versions); err != nil || versions != "1,2" {
		t.Errorf("versions %s, %v; want 1,2", versions, err)
	}
	if _, err := pool.Exec(t.Context(), `INSERT INTO motive_migrations (version) VALUES (99)`); err != nil {
		t.Fatal(err)
	}
	if err := postgres.Migrate(t.Context(), pool); err != nil {
		t.Errorf("on tables of a newer version: %v", err)
	}
}

// A record keeps the members of a newer version of the package oauth.
func TestUnknownMembersOfARecordAreKept(t *testing.T) {
	t.Parallel()
	direct, _ := database(t)
	s := store(t, open(t, direct, 2), "fleet")
	var r oauth.Record
	if err := json.Unmarshal([]byte(`{"access_token":"a","from_tomorrow":{"x":[1,2]}}`), &r); err != nil {
		t.Fatal(err)
	}
	unlock := lock(t, s)
	if err := s.Save(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	unlock()
	back, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(back)
	if err != nil || string(data) != `{"access_token":"a","from_tomorrow":{"x":[1,2]}}` {
		t.Errorf("the record came back with %d bytes, %v", len(data), err)
	}
}
