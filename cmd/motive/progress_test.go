package main

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

// elsewhere is a host without a terminal.
func elsewhere(out io.Writer) host {
	return host{nil, out, out, func(string) string { return "" }}
}

func TestALineEveryTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		m := elsewhere(&out).newMeter(100, &pauses{})
		for done := range 40 {
			time.Sleep(700 * time.Millisecond)
			m.step(provision.Progress{Done: done + 1, Total: 100})
		}
		m.stop()
		const want = "14 of 100, 1.4/s, 1m2s left\n28 of 100, 1.4/s, 52s left\n"
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}

func TestAShortRunSaysNothingOnTheWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		m := elsewhere(&out).newMeter(2, &pauses{})
		time.Sleep(9 * time.Second)
		m.step(provision.Progress{Done: 2, Total: 2})
		m.stop()
		if out.String() != "" {
			t.Errorf("%q", out.String())
		}
	})
}

func TestARunThatIsHeldSaysHowLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		held := &pauses{}
		m := elsewhere(&out).newMeter(100, held)
		m.step(provision.Progress{Done: 7, Total: 100})
		held.observe(motive.Event{Kind: motive.EventRetry, Wait: time.Hour}) // of one call only
		held.observe(motive.Event{Kind: motive.EventPause, Wait: 40 * time.Second})
		time.Sleep(11 * time.Second)
		m.stop()
		if want := "7 of 100, told to wait 30s\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}

func TestPace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		steps []sample // at is from the beginning
		now   time.Duration
		want  string
	}{
		{"nothing yet", nil, 0, "0 of 100"},
		{"too early to tell", []sample{{after(500 * time.Millisecond), 1}}, 900 * time.Millisecond, "1 of 100"},
		{"a steady pace", []sample{{after(time.Second), 2}, {after(2 * time.Second), 4}, {after(6 * time.Second), 12}}, 6 * time.Second, "12 of 100, 2/s, 44s left"},
		{"what an earlier run has done is no pace", []sample{{after(time.Millisecond), 80}, {after(1100 * time.Millisecond), 81}, {after(11100 * time.Millisecond), 91}}, 11100 * time.Millisecond, "91 of 100, 1/s, 9s left"},
		{"a pause shows", []sample{{after(time.Second), 10}, {after(2 * time.Second), 20}}, 21 * time.Second, "20 of 100, 0.5/s, 2m40s left"},
		{"a pause is forgotten", []sample{{after(time.Second), 10}, {after(60 * time.Second), 20}, {after(100 * time.Second), 60}}, 100 * time.Second, "60 of 100, 1/s, 40s left"},
		{"the end", []sample{{after(time.Second), 50}, {after(11 * time.Second), 100}}, 11 * time.Second, "100 of 100, 5/s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			now := after(0)
			p := newPace(100, func() time.Time { return now })
			for _, s := range test.steps {
				now = s.at
				p.reached(s.done)
			}
			now = after(test.now)
			if got := p.words(); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func after(d time.Duration) time.Time { return time.Unix(0, 0).Add(d) }

func TestWaitingSaysSoEveryTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		stop := elsewhere(&out).waiting("Reading the fleet", &pauses{})
		time.Sleep(25 * time.Second)
		stop()
		stop() // changes nothing
		if want := "Reading the fleet, 10s\nReading the fleet, 20s\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
}
