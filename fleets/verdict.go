package fleets

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/text"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/provision"
)

// trouble is why a fleet is not in line.
type trouble string

const (
	failing trouble = "failing" // tried again by itself
	parked  trouble = "parked"  // the login has ended
	held    trouble = "held"    // a brake of provision
)

// verdict is what follows from the end of a sync.
type verdict struct {
	abandoned bool // nothing is written down: other hands have the fleet, or the process ends
	done      bool
	trouble   trouble
	reason    string
	plan      string // that is held
	failures  int
	wait      time.Duration // until it is due again
	result    string        // as JSON; "" keeps the last
}

const (
	minRetry   = 10 * time.Second
	maxRetry   = time.Hour
	parkedTime = time.Minute                // between two looks for a new login
	heldTime   = 100 * 365 * 24 * time.Hour // until somebody asks

	// How often rows that failed, or changed under the plan, are tried again before
	// the fleet is left with them until its next sync.
	rowRetries  = 2
	maxReason   = 1000
	maxProblems = 20
)

// errOut is why a process must let go of its fleets: it was not heard of for so
// long that others may have them in hand.
var errOut error = outError{}

type outError struct{}

func (outError) Error() string {
	return "this process was paused or cut off for too long, and its fleets may be in other hands"
}

// Permanent tells a client not to try again.
func (outError) Permanent() bool { return true }

// judge says what follows from the end of a sync. cause is why its context ended,
// if it did.
func judge(c *claim, plan *provision.Plan, report *provision.Report, err, cause error) verdict {
	v := verdict{result: summary(report)}
	switch {
	case cause != nil, out(err), anyFailure(report, out):
		return verdict{abandoned: true}
	case loginEnded(err), anyFailure(report, loginEnded):
		v.trouble, v.reason, v.wait = parked, reason(err, report), parkedTime
	case errors.Is(err, provision.ErrUnsafe):
		v.trouble, v.reason, v.wait = held, reason(err, nil), heldTime
		v.plan = plan.Hash()
	case err != nil:
		v.trouble, v.reason = failing, reason(err, nil)
		v.failures, v.wait = c.failures+1, retryAfter(c.failures+1)
	case !report.OK() && c.failures < rowRetries && anyFailure(report, mayPass):
		v.trouble, v.reason = failing, reason(nil, report)
		v.failures, v.wait = c.failures+1, retryAfter(c.failures+1)
	default:
		v.done = true
	}
	return v
}

// retryAfter doubles with each failure.
func retryAfter(failures int) time.Duration {
	if failures > 10 {
		return maxRetry
	}
	return min(minRetry<<(failures-1), maxRetry)
}

// loginEnded reports whether only a new login helps.
func loginEnded(err error) bool {
	return errors.Is(err, oauth.ErrReconnect) || errors.Is(err, motive.ErrUnauthorized)
}

// mayPass reports whether a row that failed may come through the next time.
func mayPass(err error) bool {
	var invalid *motive.ValidationError
	return err != nil && !errors.As(err, &invalid) && !errors.Is(err, motive.ErrConflict)
}

func out(err error) bool { return errors.Is(err, errOut) }

func anyFailure(report *provision.Report, is func(error) bool) bool {
	if report == nil {
		return false
	}
	for _, f := range report.Failures {
		if is(f.Err) {
			return true
		}
	}
	return false
}

func reason(err error, report *provision.Report) string {
	switch {
	case err != nil:
		return text.Printable(err.Error(), maxReason)
	case report != nil && len(report.Failures) > 0:
		return text.Printable(report.Failures[0].Problem, maxReason)
	}
	return ""
}

// Result is what became of the last sync of a fleet that came to its end.
type Result struct {
	// Counts are people by what became of them: "created", "unchanged".
	Counts map[provision.Outcome]int `json:"counts"`
	// Problems are the first 20 rows that are not as the roster says, and why.
	Problems []string `json:"problems,omitzero"`
	Requests int      `json:"requests"`
}

func summary(report *provision.Report) string {
	if report == nil {
		return ""
	}
	r := Result{Counts: report.Counts, Requests: report.Requests}
	for _, f := range report.Failures[:min(len(report.Failures), maxProblems)] {
		who := strings.TrimSpace(f.Name + " " + f.ExternalID)
		r.Problems = append(r.Problems, text.Printable(who+": "+f.Problem, maxReason))
	}
	data, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	return string(data)
}
