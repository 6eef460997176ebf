//go:build !linux

package pgtest

import "context"

// Server is a running PostgreSQL with a PgBouncer before it. There is none on
// this system.
type Server struct{}

// Start returns [ErrMissing].
func Start() (*Server, error) { return nil, ErrMissing }

// Database returns [ErrMissing].
func (*Server) Database(context.Context) (direct, pooled string, err error) {
	return "", "", ErrMissing
}

// Drop returns [ErrMissing].
func (*Server) Drop(context.Context, string) error { return ErrMissing }

// Crash returns [ErrMissing].
func (*Server) Crash() error { return ErrMissing }

// Stop does nothing.
func (*Server) Stop() {}

// Log is empty.
func (*Server) Log() string { return "" }
