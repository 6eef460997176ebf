package motive_test

import (
	"sync"
	"time"
)

// chaosPulse measures how late the machine itself is: a timer of a millisecond
// that should have fired and has not, on a machine that others keep busy.
type chaosPulse struct {
	stop chan struct{}
	done chan struct{}

	mu     sync.Mutex
	due    time.Time // when the timer at hand should fire
	stalls []chaosStall
}

type chaosStall struct{ from, to time.Time }

func newChaosPulse() *chaosPulse {
	p := &chaosPulse{stop: make(chan struct{}), done: make(chan struct{}), due: time.Now()}
	go p.beat()
	return p
}

func (p *chaosPulse) beat() {
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
			p.stalls = append(p.stalls, chaosStall{p.due, now})
		}
		if len(p.stalls) > 20_000 {
			p.stalls = append([]chaosStall(nil), p.stalls[10_000:]...)
		}
		p.due = time.Now().Add(time.Millisecond)
		p.mu.Unlock()
	}
}

func (p *chaosPulse) close() {
	close(p.stop)
	<-p.done
}

// excess is the time between two moments without that in which the machine was
// late with the pulse too.
func (p *chaosPulse) excess(from, to time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	excess := to.Sub(from) - overlap(from, to, chaosStall{p.due, to})
	for i := len(p.stalls) - 1; i >= 0 && p.stalls[i].to.After(from); i-- {
		excess -= overlap(from, to, p.stalls[i])
	}
	return excess
}

func overlap(from, to time.Time, s chaosStall) time.Duration {
	if s.from.After(from) {
		from = s.from
	}
	if s.to.Before(to) {
		to = s.to
	}
	return max(0, to.Sub(from))
}
