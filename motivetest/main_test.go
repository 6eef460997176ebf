package motivetest

import (
	"testing"

	"go.uber.org/goleak"
)

// No test of the package leaves a goroutine behind, and no fake does.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
