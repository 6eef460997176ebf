package chaos_test

import (
	"sync"
	"time"
)

// pulse measures how late the machine itself is: a timer of a millisecond
// that should have fired and has not, on a machine that others keep busy.
type pulse struct {
	stop chan struct{}
	done chan struct{}

	mu     sync.Mutex
	due    time.Time // when the timer at hand should fire
	stalls []stall
}

type stall struct{ from, to time.Time }

func newPulse() *pulse {
	p := &pulse{stop: make(chan struct{}), done: make(chan struct{}), due: time.Now()}
	go p.beat()
	return p
}

func (p *pulse) beat() {
	defer close(p.done)
	for {
		select {
		case <-p.stop:
			return
		case <-time.After(time.Millisecond):
		}
		now := time.Now()
		p.mu.Lock()
		if now.Sub(p.due) > 0 {
			p.stalls = append(p.stalls, stall{p.due, now})
		}
		if len(p.stalls) > 20_000 {
			p.stalls = append([]stall(nil), p.stalls[10_000:]...)
		}
		p.due = time.Now().Add(time.Millisecond)
		p.mu.Unlock()
	}
}

func (p *pulse) close() {
	close(p.stop)
	<-p.done
}

// excess is the time between two moments without that in which the machine was
// late with the pulse too.
func (p *pulse) excess(from, to time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	excess := to.Sub(from) - overlap(from, to, stall{p.due, to})
	for i := len(p.stalls) - 1; i >= 0 && p.stalls[i].to.After(from); i-- {
		excess -= overlap(from, to, p.stalls[i])
	}
	return excess
}

func overlap(from, to time.Time, s stall) time.Duration {
	if s.from.After(from) {
		from = s.from
	}
	if s.to.Before(to) {
		to = s.to
	}
	return max(0, to.Sub(from))
}
