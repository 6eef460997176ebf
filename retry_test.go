package motive

import (
	"testing"
	"time"
)

func TestRetryPolicyDefaults(t *testing.T) {
	t.Parallel()
	const half, quarter, minute = 500 * time.Millisecond, 15 * time.Second, time.Minute
	for _, tt := range []struct{ in, want RetryPolicy }{
		{RetryPolicy{}, RetryPolicy{4, half, quarter, minute, quarter}},
		{RetryPolicy{MaxAttempts: 1}, RetryPolicy{1, half, quarter, minute, quarter}},
		{RetryPolicy{MinWait: minute}, RetryPolicy{4, minute, minute, minute, quarter}},
		{RetryPolicy{MaxRetryAfter: 5}, RetryPolicy{4, half, quarter, 5, quarter}},
		{RetryPolicy{ReconcileWait: 5}, RetryPolicy{4, half, quarter, minute, 5}},
	} {
		if got := tt.in.withDefaults(); got != tt.want {
			t.Errorf("%+v becomes %+v, want %+v", tt.in, got, tt.want)
		}
	}
}
