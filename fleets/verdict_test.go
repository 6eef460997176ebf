package fleets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/provision"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	var (
		broken = errors.New("connection refused")
		fine   = &provision.Report{Counts: map[provision.Outcome]int{provision.OutcomeCreated: 2}}
		stale  = &provision.Report{Failures: []provision.Result{{Name: "Ada", Problem: "has changed", Err: provision.ErrStale}}}
		taken  = &provision.Report{Failures: []provision.Result{{Name: "Ada", Problem: "taken", Err: motive.ErrConflict}}}
		row    = &provision.Report{Failures: []provision.Result{{Name: "Ada", Problem: "invalid row"}}}
		fenced = &provision.Report{Failures: []provision.Result{{Name: "Ada", Problem: "out", Err: fmt.Errorf("not sent: %w", errOut)}}}
		ended  = &provision.Report{Failures: []provision.Result{{Name: "Ada", Problem: "ended", Err: oauth.ErrReconnect}}}
	)
	tests := []struct {
		name     string
		failures int
		report   *provision.Report
		err      error
		cause    error
		want     verdict
	}{
		{"everything is done", 3, fine, nil, nil, verdict{done: true}},
		{"the process was out", 0, fine, nil, errOut, verdict{abandoned: true}},
		{"the process stops", 0, nil, provision.ErrStopped, errStopping, verdict{abandoned: true}},
		{"a request was fenced off", 0, nil, fmt.Errorf("%w: %w", provision.ErrStopped, errOut), nil, verdict{abandoned: true}},
		{"a request of a row was fenced off", 0, fenced, nil, nil, verdict{abandoned: true}},
		{"the login has ended", 2, nil, fmt.Errorf("%w: %w", provision.ErrStopped, &oauth.ReconnectError{Reason: "revoked"}), nil, verdict{trouble: parked, wait: parkedTime}},
		{"the token is refused", 0, nil, motive.ErrUnauthorized, nil, verdict{trouble: parked, wait: parkedTime}},
		{"the login ended at a row", 0, ended, nil, nil, verdict{trouble: parked, wait: parkedTime}},
		{"a brake", 0, nil, provision.ErrUnsafe, nil, verdict{trouble: held, wait: heldTime}},
		{"the service is away", 0, nil, broken, nil, verdict{trouble: failing, failures: 1, wait: 10 * time.Second}},
		{"it is away for long", 4, nil, broken, nil, verdict{trouble: failing, failures: 5, wait: 160 * time.Second}},
		{"it is away for very long", 1000, nil, broken, nil, verdict{trouble: failing, failures: 1001, wait: time.Hour}},
		{"a user has changed meanwhile", 0, stale, nil, nil, verdict{trouble: failing, failures: 1, wait: 10 * time.Second}},
		{"and again and again", 2, stale, nil, nil, verdict{done: true}},
		{"a row is taken", 0, taken, nil, nil, verdict{done: true}},
		{"a row is invalid", 0, row, nil, nil, verdict{done: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			plan := &provision.Plan{}
			got := judge(&claim{failures: test.failures}, plan, test.report, test.err, test.cause)
			if got.trouble != "" && got.reason == "" {
				t.Error("there is trouble and no reason")
			}
			if (got.trouble == held) != (got.plan == plan.Hash()) {
				t.Errorf("the plan that is held is %q", got.plan)
			}
			got.reason, got.plan, got.result = "", "", ""
			if got != test.want {
				t.Errorf("judge: %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestSummaryIsShortAndPrintable(t *testing.T) {
	t.Parallel()
	report := &provision.Report{}
	for range 100 {
		report.Failures = append(report.Failures, provision.Result{Name: "Ada\x1b[31m", Problem: strings.Repeat("long ", 1000)})
	}
	got := summary(report)
	if len(got) > maxProblems*(maxReason+100) || strings.Contains(got, `\u001b`) {
		t.Errorf("the summary has %d bytes, or a control character", len(got))
	}
	if summary(nil) != "" {
		t.Error("no report has a summary")
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		wanting, inHand, later bool
		why                    trouble
		want                   State
	}{
		{false, false, false, "", InLine},
		{false, false, true, "", InLine},
		{true, false, false, "", Waiting},
		{true, false, false, parked, Waiting},
		{true, false, true, parked, Parked},
		{true, false, true, held, Held},
		{true, false, true, failing, Failing},
		{true, true, false, failing, Running},
		{false, true, false, "", Running},
	}
	for _, test := range tests {
		if got := stateOf(test.wanting, test.inHand, test.later, test.why); got != test.want {
			t.Errorf("stateOf(%t, %t, %t, %q) = %s, want %s", test.wanting, test.inHand, test.later, test.why, got, test.want)
		}
	}
}

func TestNextTurn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("", -6*3600)) // 18:00 UTC
	tests := []struct {
		schedule string
		want     string
	}{
		{"0 3 * * *", "2026-03-03T03:00:00Z"},
		{"CRON_TZ=America/Chicago 30 4 * * 1-5", "2026-03-03T10:30:00Z"},
		{"@every 15m", "2026-03-02T18:15:00Z"},
	}
	for _, test := range tests {
		got, err := nextTurn(test.schedule, now)
		if err != nil || got.UTC().Format(time.RFC3339) != test.want {
			t.Errorf("nextTurn(%q): %s, %v; want %s", test.schedule, got.UTC(), err, test.want)
		}
	}
}

// A process that does not hear of itself for long enough believes that it is out
// before others do.
func TestFenceLetsNothingThroughOnceAProcessMayBeOut(t *testing.T) {
	t.Parallel()
	e := &Engine{times: times{lease: 80 * time.Second}}
	check := func() error { return e.check(&claim{process: "one"}) }
	m := &e.member
	m.begin(t.Context())
	m.enter("one", time.Now())
	_, hands := m.now()
	if err := check(); err != nil {
		t.Fatalf("check of a process that is in: %v", err)
	}
	m.lives("one", time.Now().Add(-time.Minute))
	if err := check(); !errors.Is(err, errOut) {
		t.Errorf("check of a process that was not heard of: %v, want %v", err, errOut)
	}
	m.lives("one", time.Now())
	if err := check(); err != nil || hands.Err() != nil {
		t.Errorf("check of a process that is heard of again in time: %v, %v", err, hands.Err())
	}
	m.enter("two", time.Now())
	if err := check(); !errors.Is(err, errOut) || !errors.Is(context.Cause(hands), errOut) {
		t.Errorf("check under an old name: %v, %v; want %v", err, context.Cause(hands), errOut)
	}
}
