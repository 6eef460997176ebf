package pgtest

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Shared is a server that the tests of a package share: started for the first that
// wants a database, and stopped by TestMain. Its zero value is ready.
type Shared struct {
	once   sync.Once
	server *Server
	err    error
}

const dropTimeout = 30 * time.Second

// Database makes an empty database for a test, which lasts as long, and returns its
// URL, once direct and once through PgBouncer. Where a program is missing it ends the test; see
// [SkipOrFail].
func (s *Shared) Database(tb testing.TB) (direct, pooled string) {
	tb.Helper()
	s.once.Do(func() { s.server, s.err = Start() })
	if s.err != nil {
		SkipOrFail(tb, s.err)
	}
	direct, pooled, err := s.server.Database(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { // 8 MB, which add up where tests are run many times
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := s.server.Drop(ctx, direct); err != nil {
			tb.Logf("removing a database: %v", err)
		}
	})
	return direct, pooled
}

// Stop ends the server, if there is one.
func (s *Shared) Stop() {
	if s.server != nil {
		s.server.Stop()
	}
}
