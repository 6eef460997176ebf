package chaos_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/motive-go/motive"
)

// What chaos must never find, in the order of the table.
const (
	duplicates = "duplicates"
	lost       = "lost writes"
	lies       = "claims of success that are not true"
	definite   = "definite failures of what was committed"
	unequal    = "repetitions that end in another state"
	panics     = "panics"
	overruns   = "calls over 50 ms after the end of their context"
	leaks      = "credentials at another host or in an error"
	goroutines = "goroutines left"
)

var sins = []string{duplicates, lost, lies, definite, unequal, panics, overruns, leaks, goroutines}

// judge compares what the client said of op with what the fake has done.
func (c *chaos) judge(op *op, users []motive.User, trace *trace) {
	accuse := func(sin, format string, args ...any) {
		c.sin(sin, "%v: %s\n%v\n%s", op, fmt.Sprintf(format, args...), op.err, strings.Join(trace.lines, "\n"))
	}
	happened := 1
	if op.effects != nil {
		happened = op.effects(op, users)
	}
	unknown := errors.Is(op.err, motive.ErrOutcomeUnknown)
	switch {
	case op.panicked != nil:
		accuse(panics, "%v", op.panicked)
	case happened > 1, op.post && trace.committed > 1:
		accuse(duplicates, "happened %d times, %d commits", happened, trace.committed)
	case op.err == nil && happened == 0:
		accuse(lost, "said to be done")
	case op.err == nil && op.effects != nil && trace.committed == 0, errors.Is(op.err, errLie):
		accuse(lies, "said to be done")
	case errors.Is(op.err, motive.ErrNotFound) && !unknown:
		accuse(lies, "what it is about was there")
	case op.effects == nil && unknown:
		accuse(lies, "a read has no outcome")
	case op.err != nil && !unknown && trace.committed > 0:
		accuse(definite, "said to have failed")
	case op.name == "All" && op.round.mustBeIncomplete() && !errors.Is(op.err, motive.ErrIncompleteList):
		accuse(lies, "the list is not what it is said to be")
	case op.excess > maxOverrun:
		accuse(overruns, "returned %s after the end of its context, the machine's own share left out %s", op.late, op.excess)
	case op.err != nil && slices.ContainsFunc(op.round.secrets, func(s string) bool { return strings.Contains(op.err.Error(), s) }):
		accuse(leaks, "the error shows the credential")
	}
}

// mustBeIncomplete reports whether the server lies about its list throughout.
func (r *round) mustBeIncomplete() bool {
	return r.fault.incomplete && r.noise == nil && !r.deadline
}

// retryDate is a date in Retry-After: each would have a row of its own.
var retryDate = regexp.MustCompile(`"[A-Z][a-z]{2}[^"]*"`)

func (c *chaos) count(r *round, traces map[string]*trace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rounds++
	for _, f := range r.fired(r.srv.Requests()) {
		c.fired[retryDate.ReplaceAllString(f.Fault, "a date")]++
	}
	c.fired["delivered late"] += int(r.delivered.Load())
	for _, op := range r.ops {
		c.worst, c.excess = max(c.worst, op.late), max(c.excess, op.excess)
		held := errors.Is(op.err, motive.ErrRateLimited) // by what another call was told
		if !traces[op.mark].struck && !held {
			c.unstruck++
			continue
		}
		c.operations++
		c.cells[r.cell(op.apiCall)] = true
		if op.newUser && op.err == nil && traces[op.mark].settled {
			c.outcomes["settled"]++
		}
		switch {
		case op.err == nil:
			c.outcomes["success"]++
		case errors.Is(op.err, motive.ErrOutcomeUnknown):
			c.outcomes["unknown"]++
		default:
			c.outcomes["failure"]++
		}
	}
}

// sin counts a finding, and keeps the first few to be printed.
func (c *chaos) sin(kind, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sins[kind]++
	if len(c.reports) < maxReports {
		c.reports = append(c.reports, kind+": "+fmt.Sprintf(format, args...))
	}
}

func (op *op) String() string {
	r := op.round
	s := fmt.Sprintf("round %d, %s under %q", r.number, op.name, r.fault.name)
	if r.noise != nil {
		s += fmt.Sprintf(" and %q", r.noise.name)
	}
	return s + fmt.Sprintf(", concurrent %t, deadline %t, a %v server", r.concurrent, r.deadline, r.fleetOf)
}

// table is what the README quotes.
func (c *chaos) table() string {
	var b strings.Builder
	faults := 0
	for _, n := range c.fired {
		faults += n
	}
	fmt.Fprintf(&b, "  %d operations struck by %d faults, in %s on %d CPUs (seed %d)\n",
		c.operations, faults, time.Since(c.began).Round(100*time.Millisecond), runtime.GOMAXPROCS(0), c.seed)
	fmt.Fprintf(&b, "  %d succeeded (%d creates by looking up what became of them), %d failed, %d ended in ErrOutcomeUnknown\n",
		c.outcomes["success"], c.outcomes["settled"], c.outcomes["failure"], c.outcomes["unknown"])
	fmt.Fprintf(&b, "  %d servers, %d of %d combinations of call, fault, order and deadline, %d more operations not struck\n\n",
		c.rounds, len(c.cells), c.combinations, c.unstruck)
	for _, kind := range sins {
		fmt.Fprintf(&b, "  %-50s %7d\n", kind, c.sins[kind])
	}
	fmt.Fprintf(&b, "  %-50s %7s\n", "worst overrun after the end of a context", c.excess.Round(100*time.Microsecond))
	fmt.Fprintf(&b, "  %-50s %7s\n", "  with what a plain timer was late by as well", c.worst.Round(100*time.Microsecond))
	fmt.Fprintf(&b, "  %-50s %7d\n\n", "  late once, in time when made again", c.lateOnce)
	for _, name := range slices.Sorted(maps.Keys(c.fired)) {
		fmt.Fprintf(&b, "  %-50s %7d\n", name, c.fired[name])
	}
	return b.String()
}
