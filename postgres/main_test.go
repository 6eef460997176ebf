package postgres_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive/postgres"
	"github.com/motive-go/motive/postgres/pgtest"
)

// The tests that kill processes start the test binary again, as one of these.
var roles = map[string]func(ctx context.Context, pool *pgxpool.Pool) error{}

const (
	roleVar = "POSTGRES_TEST_ROLE"
	urlVar  = "POSTGRES_TEST_URL"
	fullVar = "POSTGRES_TEST_FULL" // the long forms, whose figures stand in the README
)

func full() bool { return os.Getenv(fullVar) == "1" }

// real is the server that the tests of this package share.
var real pgtest.Shared

func TestMain(m *testing.M) {
	if role, isChild := os.LookupEnv(roleVar); isChild {
		os.Exit(runChild(role))
	}
	code := m.Run()
	real.Stop()
	os.Exit(code)
}

func runChild(role string) int {
	ctx := context.Background()
	pool, err := newPool(ctx, os.Getenv(urlVar), 4)
	if err == nil {
		err = roles[role](ctx, pool)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// child prepares a process of the test's own. It ends with the test at the
// latest.
func child(t *testing.T, role, url string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), roleVar+"="+role, urlVar+"="+url), env...)
	return cmd
}

// eachWay runs a test twice, each time with a database of its own: directly, and
// through PgBouncer in transaction mode.
func eachWay(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Parallel()
	t.Run("direct", func(t *testing.T) {
		t.Parallel()
		direct, _ := database(t)
		test(t, direct)
	})
	t.Run("pgbouncer", func(t *testing.T) {
		t.Parallel()
		_, pooled := database(t)
		test(t, pooled)
	})
}

// database makes a database with the tables in it.
func database(t *testing.T) (direct, pooled string) {
	t.Helper()
	direct, pooled = real.Database(t)
	pool := open(t, direct, 2)
	if err := postgres.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	return direct, pooled
}

func open(t testing.TB, url string, connections int32) *pgxpool.Pool {
	t.Helper()
	pool, err := newPool(context.Background(), url, connections)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func newPool(ctx context.Context, url string, connections int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = connections
	return pgxpool.NewWithConfig(ctx, config)
}
