package fleets

import "time"

// Hurry makes everything that is a matter of time quicker.
func (e *Engine) Hurry(slice, rescue, lease time.Duration) {
	e.times = times{
		slice: slice, job: rescue * 4 / 5, rescue: rescue,
		lease: lease, beat: lease / 6, sweep: lease / 3,
		again: lease / 6, stop: 10 * time.Second,
	}
}
