package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive/motivetest"
)

// hires is a roster of n new drivers.
func hires(n int) string {
	var all strings.Builder
	all.WriteString("external_id,first_name,last_name,role,username\n")
	for i := range n {
		fmt.Fprintf(&all, "%d,Driver,Number %d,driver,driver%d.demo\n", 5001+i, i+1, i+1)
	}
	return all.String()
}

// planned makes a plan of a roster.
func (e environment) planned(t *testing.T, roster string) (plan string) {
	t.Helper()
	dir := t.TempDir()
	plan = filepath.Join(dir, "monday.plan")
	e.must(t, "plan", writeTo(t, filepath.Join(dir, "team.csv"), roster), "--integration", "tms", "-o", plan)
	return plan
}

// onRequest calls f when the n-th write arrives.
func onRequest(server *motivetest.Server, n int64, f func()) {
	var seen atomic.Int64
	server.Inject(motivetest.LatencyFunc(func() time.Duration {
		if seen.Add(1) == n {
			f()
		}
		return 0
	}), motivetest.OnMethod("POST"))
}

// ending starts the command as a process and calls end with it when the n-th
// write arrives. It returns when the process has ended.
func (e environment) ending(t *testing.T, server *motivetest.Server, n int64, end func(*os.Process) error, args ...string) (code int, said string) {
	t.Helper()
	cmd := e.process(t, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	started := make(chan *os.Process, 1)
	onRequest(server, n, func() { _ = end(<-started) })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started <- cmd.Process
	_ = cmd.Wait() // its exit code is looked at
	server.ClearFaults()
	return cmd.ProcessState.ExitCode(), errs.String()
}

func TestAnInterruptedApplyGoesOn(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	env := on(server)
	plan := env.planned(t, hires(60))
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	onRequest(server, 20, interrupt)
	got := env.run(ctx, "apply", plan, "--rate", "1000")
	if got.code != exitStopped {
		t.Fatalf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
	for _, want := range []string{"Ctrl-C again stops at once", "To go on:\n  motive resume " + plan} {
		if !strings.Contains(oneLine(got.err), oneLine(want)) {
			t.Errorf("it does not say %q:\n%s", want, got.err)
		}
	}
	if n := len(server.Users()); n < 20 || n >= 60 {
		t.Errorf("%d users after the interrupt at 20", n)
	}
	server.ClearFaults()
	got = env.must(t, "resume", plan, "--rate", "1000")
	if !strings.Contains(got.out, "60 created") {
		t.Errorf("the report does not count both runs:\n%s", got.out)
	}
	server.AssertNoDuplicates(t)
	if n := len(server.Users()); n != 60 {
		t.Errorf("%d users, want 60", n)
	}
	if got := env.run(t.Context(), "resume", plan); got.code != exitUsage || !strings.Contains(oneLine(got.err), "applied to its end") {
		t.Errorf("a third time: exit code %d\n%s", got.code, got.err)
	}
}

func TestASignalInterrupts(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process there is sent no os.Interrupt")
	}
	server := newFake(t)
	env := on(server)
	plan := env.planned(t, hires(60))
	interrupt := func(p *os.Process) error { return p.Signal(os.Interrupt) }
	code, said := env.ending(t, server, 10, interrupt, "apply", plan, "--rate", "1000")
	if code != exitStopped || !strings.Contains(said, "motive resume ") {
		t.Errorf("exit code %d\n%s", code, said)
	}
	env.must(t, "resume", plan, "--rate", "1000")
	server.AssertNoDuplicates(t)
}

// The journal has a test of a hundred kills in package provision; this one is of
// the command around it: its lock, its files, its paths.
func TestAKilledApplyGoesOn(t *testing.T) {
	t.Parallel()
	const people, kills = 40, 8
	server := newFake(t)
	env := on(server)
	plan := env.planned(t, hires(people))
	verb := "apply"
	for range kills {
		code, _ := env.ending(t, server, 5, (*os.Process).Kill, verb, plan, "--rate", "1000")
		verb = "resume"
		if code == exitDone {
			break
		}
	}
	if got := env.run(t.Context(), verb, plan, "--rate", "1000"); got.code != exitDone && !strings.Contains(oneLine(got.err), "applied to its end") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
	server.AssertNoDuplicates(t)
	if n := len(server.Users()); n != people {
		t.Errorf("%d users, want %d", n, people)
	}
}

func TestTwoProgramsDoNotApplyOnePlan(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	env := on(server)
	plan := env.planned(t, hires(20))
	var second result
	onRequest(server, 5, func() { second = env.run(t.Context(), "apply", plan, "--rate", "1000") })
	env.must(t, "apply", plan, "--rate", "1000")
	if second.code != exitUsage || !strings.Contains(oneLine(second.err), "being applied by another program") {
		t.Errorf("exit code %d\n%s", second.code, second.err)
	}
}

func TestAServiceThatFailsStopsTheRun(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	env := on(server)
	plan := env.planned(t, hires(20))
	server.RevokeTokens()
	got := env.run(t.Context(), "apply", plan, "--rate", "1000")
	if got.code != exitStopped || !strings.Contains(got.out, "stopped") || !strings.Contains(got.err, "motive resume") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
}
