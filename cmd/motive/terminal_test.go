//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/motive-go/motive/motivetest"
)

// onTerminal runs the command on a terminal of its own and returns all that it
// wrote there.
func (e environment) onTerminal(t *testing.T, columns uint16, args ...string) (written string, code int) {
	t.Helper()
	cmd := e.with("TERM", "xterm-256color").process(t, args...)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	_, _ = io.Copy(&all, terminal) // ends in an error when the program does
	_ = cmd.Wait()                 // its exit code is looked at
	_ = terminal.Close()
	return all.String(), cmd.ProcessState.ExitCode()
}

var (
	bar    = regexp.MustCompile(`█+░+ \d+ of 30(, [0-9.]+/s, \d+s left)?`)
	colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	escape = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)
)

func TestTheBarOnATerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []uint16{40, 80, 200} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			server := newFake(t)
			env := on(server)
			plan := env.planned(t, hires(30))
			written, code := env.onTerminal(t, columns, "apply", plan, "--rate", "20")
			if code != exitDone || !bar.MatchString(written) {
				t.Errorf("exit code %d, and no bar in %q", code, written)
			}
			if !strings.Contains(written, "/s, ") || !strings.Contains(written, " left") {
				t.Errorf("the bar shows no rate and no time left: %q", written)
			}
			fits(t, strings.ReplaceAll(escape.ReplaceAllString(written, "\n"), "\r", ""), int(columns))
			if !strings.Contains(strings.ReplaceAll(written, "\r\n", " "), "30 created") {
				t.Errorf("no report in %q", written)
			}
		})
	}
}

func TestNoColorTakesTheColoursOnly(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	env := on(server)
	plan := env.planned(t, hires(30))
	roster := writeTo(t, t.TempDir()+"/team.csv", hires(2))
	if written, _ := env.onTerminal(t, 80, "plan", roster, "--integration", "tms"); !colour.MatchString(written) {
		t.Errorf("no colours on a terminal: %q", written)
	}
	env = env.with("NO_COLOR", "1")
	if written, _ := env.onTerminal(t, 80, "plan", roster, "--integration", "tms"); colour.MatchString(written) {
		t.Errorf("colours with NO_COLOR: %q", written)
	}
	written, code := env.onTerminal(t, 80, "apply", plan, "--rate", "1000")
	if code != exitDone || colour.MatchString(written) {
		t.Errorf("exit code %d, colours with NO_COLOR: %q", code, written)
	}
}

func TestWaitingForTheFleetIsShown(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	server.Inject(motivetest.LatencyFunc(func() time.Duration { return 1200 * time.Millisecond }))
	roster := writeTo(t, t.TempDir()+"/team.csv", hires(2))
	written, code := on(server).onTerminal(t, 80, "plan", roster, "--integration", "tms")
	if code != exitDone || !strings.Contains(written, "Reading the fleet, 1s") {
		t.Errorf("exit code %d: %q", code, written)
	}
}
