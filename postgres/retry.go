package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	minRetryWait = 50 * time.Millisecond
	maxRetryWait = time.Second
)

// insist repeats do while the database cannot be reached, for patience at most.
// do must be one that may be done twice.
func insist(ctx context.Context, patience time.Duration, do func() error) error {
	until := time.Now().Add(patience)
	for wait := minRetryWait; ; wait = min(2*wait, maxRetryWait) {
		err := do()
		if err == nil || !unreachable(err) || time.Now().Add(wait).After(until) {
			return err
		}
		if sleep(ctx, wait/2+rand.N(wait/2)) != nil {
			return err
		}
	}
}

// unreachable reports whether err says that the server was not there, rather
// than what it thinks of the statement.
func unreachable(err error) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return true // no response: refused, reset, closed
	}
	switch refused.Code[:min(2, len(refused.Code))] {
	case "08", "53", "57": // connection, too many connections, shutting down
		return true
	}
	return refused.Code == readOnly
}

// readOnly is what a server says that has become a replica.
const readOnly = "25006"

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
