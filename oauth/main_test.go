package oauth

import (
	"testing"

	"go.uber.org/goleak"
)

// No test leaves a goroutine behind, whatever a store or a transport did in it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
