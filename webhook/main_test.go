package webhook_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No delivery leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
