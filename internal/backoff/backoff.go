// Package backoff waits: under a context, for a random while, and for as long as a
// server asks.
package backoff

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sleep waits for d or for the end of ctx, whose error it then returns.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ContextError(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return ContextError(ctx)
}

// ContextError is why ctx ended: its error, and its cause where it has one. It is nil
// while ctx has not ended.
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == err {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// PastDeadline reports whether ctx has a deadline that comes within d.
func PastDeadline(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= d
}

// Full is the wait before attempt+1, with full jitter: random, from zero up to a
// bound that starts at least and doubles with each attempt, counted from 1, up to
// most.
func Full(least, most time.Duration, attempt int) time.Duration {
	bound := most
	if doublings := max(attempt, 1) - 1; doublings < 32 && least<<doublings < most && least<<doublings > 0 {
		bound = least << doublings
	}
	return rand.N(max(bound, 0) + 1)
}

// Spread adds up to a tenth to d, and a millisecond, for those that were all told
// the same.
func Spread(d time.Duration) time.Duration {
	return d + rand.N(d/10+time.Millisecond)
}

// RetryAfter is the wait that a response asks for: whole seconds or an HTTP date
// in any of its three forms, the latter against the server's own clock where the
// response has a Date. What is negative, past or neither is 0; what is too large
// for a Duration is the largest one.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseUint(value, 10, 64)
		if err != nil || seconds > uint64(math.MaxInt64/time.Second) {
			return math.MaxInt64
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, at.Sub(now))
}
