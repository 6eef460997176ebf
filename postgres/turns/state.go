package turns

import "time"

// State is all that is kept of a rate, in microseconds since 1970.
type State struct {
	FullAt      int64 // when the bucket will be full again if nothing else is asked for
	PausedUntil int64
}

// Take lets one request through if there is room for it now, by the generic cell
// rate algorithm. FullAt is its theoretical arrival time. The function motive_take
// of package postgres does the same.
func (s State) Take(now int64, r Rate) (after State, taken bool, wait time.Duration) {
	gap, slack := r.Gap.Microseconds(), r.Slack.Microseconds()
	fullAt := max(now, s.FullAt)
	if fullAt > now+slack+gap+time.Minute.Microseconds() { // the clock was set back
		fullAt = now + slack
	}
	fullAt = max(fullAt, s.PausedUntil+slack) // a pause leaves an empty bucket
	taken = fullAt-slack <= now
	if taken {
		fullAt += gap
		s.FullAt = fullAt
	}
	return s, taken, time.Duration(max(fullAt-slack-now, 0)) * time.Microsecond
}
