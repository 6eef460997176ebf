package fleets_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/motive-go/motive/fleets"
)

// A process is paused where that does the most harm: between the turn of a request
// and the request. When it wakes, another has its fleet in hand and sends as fast as
// the rate allows. The request does not leave beside those.
func TestProcessThatIsPausedBeforeARequestDoesNotSendItWhenItWakes(t *testing.T) {
	t.Parallel()
	const perSecond, drivers = 2, 12
	db, _ := fleets.Real.Database(t)
	w := newWorld(t, 1, drivers)
	engine := newEngine(t, db, fleets.Options{Open: opener(w.URL, drivers)})
	syncNow(t, engine, fleetID(0))
	paused := startWorker(t, db, w.URL, drivers, perSecond, true, stopVar+"=6")
	eventually(t, 60*time.Second, "paused", func() bool { return isStopped(t, paused.Process.Pid) })
	next := startWorker(t, db, w.URL, drivers, perSecond, true)
	eventually(t, 60*time.Second, "in other hands", func() bool { return w.sentBy(next.Process.Pid) >= 4 })
	before := w.sentBy(paused.Process.Pid)
	if err := paused.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	becomes(t, engine, fleetID(0), fleets.InLine)
	if after := w.sentBy(paused.Process.Pid); before != 5 || after != before {
		t.Errorf("the process that was paused before its 6. request had sent %d when it woke, and %d in the end", before, after)
	}
	if most, which := w.most(); most > perSecond+1 {
		t.Errorf("%d requests within a second, want at most %d: %s", most, perSecond+1, which)
	}
	w.check(t)
}

// isStopped reads the state of a process: the field after its name in parentheses,
// see proc(5).
func isStopped(t testing.TB, pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, fields, _ := bytes.Cut(stat, []byte(") "))
	return bytes.HasPrefix(fields, []byte("T"))
}

// sentBy is how many requests of a process have arrived.
func (w *world) sentBy(pid int) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.requests {
		for _, s := range all {
			if s.by == strconv.Itoa(pid) {
				n++
			}
		}
	}
	return n
}
