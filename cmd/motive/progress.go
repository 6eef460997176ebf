package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

// everyLine is how often a run says how far it is where there is no terminal.
const everyLine = 10 * time.Second

// meter shows how far a run has come: as a bar on a terminal, elsewhere as a line
// every ten seconds.
type meter struct {
	pace   *pace
	pauses *pauses
	bar    *mpb.Bar
	bars   *mpb.Progress
	ended  chan struct{}
	done   sync.WaitGroup
	out    io.Writer
	mu     sync.Mutex // of out
}

// newMeter begins to show a run of total steps. stop ends it.
func (h host) newMeter(total int, pauses *pauses) *meter {
	m := &meter{pace: newPace(total, time.Now), pauses: pauses, ended: make(chan struct{}), out: h.err}
	switch {
	case total == 0:
	case h.screen().live:
		m.draw()
	default:
		m.done.Go(m.lines)
	}
	return m
}

func (m *meter) draw() {
	m.bars = mpb.New(mpb.WithOutput(m.out), mpb.WithRefreshRate(100*time.Millisecond), mpb.WithAutoRefresh())
	m.bar = m.bars.New(int64(m.pace.total), mpb.BarStyle().Lbound("").Filler("█").Tip("█").Padding("░").Rbound(""),
		mpb.BarRemoveOnComplete(),
		mpb.BarFillerTrim(),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + m.words() })),
	)
}

// words reads "120 of 400, 1.9/s, 2m20s left".
func (m *meter) words() string {
	if left := m.pauses.left(time.Now()); left > 0 {
		return m.pace.count() + fmt.Sprintf(", told to wait %s", left)
	}
	return m.pace.words()
}

func (m *meter) lines() {
	tick := time.NewTicker(everyLine)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.mu.Lock()
			fmt.Fprintln(m.out, m.words())
			m.mu.Unlock()
		case <-m.ended:
			return
		}
	}
}

// step takes note of a step that has come to its end.
func (m *meter) step(p provision.Progress) {
	m.pace.reached(p.Done)
	if m.bar != nil {
		m.bar.SetCurrent(int64(p.Done))
	}
}

// say writes a line above the bar.
func (m *meter) say(message string) {
	if m.bars != nil {
		_, _ = m.bars.Write([]byte(message + "\n"))
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintln(m.out, message)
}

// stop takes the bar away.
func (m *meter) stop() {
	close(m.ended)
	if m.bar != nil {
		m.bar.Abort(true)
		m.bars.Wait()
	}
	m.done.Wait()
}

// onInterrupt says what a first Ctrl-C does, until the returned function is
// called.
func (h host) onInterrupt(ctx context.Context, m *meter) func() {
	said := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(said)
		m.say("Stopping when the calls in flight have ended; Ctrl-C again stops at once.")
	})
	return func() {
		if !stop() {
			<-said // so that the report comes after it
		}
	}
}

// pace tells the rate of a run, and with it how long the rest takes.
type pace struct {
	now   func() time.Time
	total int

	mu      sync.Mutex
	done    int
	begun   time.Time
	samples []sample // of the last while, a second apart at least
}

type sample struct {
	at   time.Time
	done int
}

const (
	// A run that is taken up passes over what was done before in no time, which
	// says nothing about its pace.
	settling = time.Second
	// window is how far back the pace is looked for: a pause of the service should
	// show, and be forgotten.
	window = 30 * time.Second
)

func newPace(total int, now func() time.Time) *pace {
	return &pace{now: now, total: total, begun: now()}
}

func (p *pace) reached(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = done
	p.sample()
}

// sample notes where the run is, at most once a second, and forgets what is long
// ago.
func (p *pace) sample() {
	now := p.now()
	if now.Sub(p.begun) < settling {
		return
	}
	if n := len(p.samples); n > 0 && now.Sub(p.samples[n-1].at) < time.Second {
		return
	}
	p.samples = append(p.samples, sample{now, p.done})
	for len(p.samples) > 2 && now.Sub(p.samples[0].at) > window {
		p.samples = p.samples[1:]
	}
}

// perSecond is the rate of the last while; 0 where it cannot be told yet.
func (p *pace) perSecond() float64 {
	if len(p.samples) == 0 {
		return 0
	}
	first := p.samples[0]
	took := p.now().Sub(first.at)
	if took < time.Second {
		return 0
	}
	return float64(p.done-first.done) / took.Seconds()
}

func (p *pace) count() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("%d of %d", p.done, p.total)
}

// words reads "120 of 400, 1.9/s, 2m20s left".
func (p *pace) words() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	words := fmt.Sprintf("%d of %d", p.done, p.total)
	rate := p.perSecond()
	if rate <= 0 {
		return words
	}
	words += fmt.Sprintf(", %.3g/s", rate)
	left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
	if p.done < p.total {
		words += fmt.Sprintf(", %s left", max(left.Round(time.Second), time.Second))
	}
	return words
}

// pauses knows until when the service has asked to wait.
type pauses struct {
	mu    sync.Mutex
	until time.Time
}

func (p *pauses) observe(e motive.Event) {
	if e.Kind != motive.EventPause {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Now().Add(e.Wait)
}

// left is how long there is still to wait, in whole seconds.
func (p *pauses) left(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.until.Sub(now).Round(time.Second), 0)
}

// waiting says that something takes its time, until the returned function is
// called: on a line that is drawn over, elsewhere every ten seconds.
func (h host) waiting(what string, pauses *pauses) (stop func()) {
	every, before, after, last := everyLine, "", "\n", ""
	if h.screen().live {
		const again = "\r\x1b[K" // the line is cleared, and written anew
		every, before, after, last = time.Second, again, "", again
	}
	begun := time.Now()
	ended := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				fmt.Fprint(h.err, last)
				return
			case now := <-tick.C:
				fmt.Fprint(h.err, before+waitingWords(what, now.Sub(begun), pauses.left(now))+after)
			}
		}
	})
	return sync.OnceFunc(func() { close(ended); done.Wait() })
}

func waitingWords(what string, since, left time.Duration) string {
	words := fmt.Sprintf("%s, %s", what, since.Round(time.Second))
	if left > 0 {
		words += fmt.Sprintf("; told to wait %s", left)
	}
	return words
}
