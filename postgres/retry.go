package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/motive-go/motive/internal/backoff"
)

const (
	minRetryWait = 100 * time.Millisecond
	maxRetryWait = time.Second
)

// insist repeats do while the database cannot be reached, for patience at most.
// do must be one that may be done twice.
func insist(ctx context.Context, patience time.Duration, do func() error) error {
	until := time.Now().Add(patience)
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || !unreachable(err) || time.Now().After(until) {
			return err
		}
		if backoff.Sleep(ctx, backoff.Full(minRetryWait, maxRetryWait, attempt)) != nil {
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
