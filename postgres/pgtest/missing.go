package pgtest

import (
	"errors"
	"os"
	"testing"
)

// ErrMissing says that a program is not installed. Its text says what to
// install.
var ErrMissing = errors.New("a real PostgreSQL is not to be had here: install the packages postgresql and pgbouncer")

// Require is the environment variable that makes [Fatal] of a missing program:
// set it where tests on a real server must not be skipped.
const Require = "MOTIVE_REQUIRE_REAL"

// SkipOrFail ends a test that has met an error of [Start]: skipped where a
// program is missing, unless the environment has MOTIVE_REQUIRE_REAL=1.
func SkipOrFail(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, ErrMissing) && os.Getenv(Require) != "1" {
		tb.Skip(err)
	}
	tb.Fatal(err)
}
