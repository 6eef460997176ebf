package provision

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Outcome is what became of a step.
type Outcome string

// The outcomes of a step.
const (
	OutcomeCreated     Outcome = "created"
	OutcomeUpdated     Outcome = "updated"
	OutcomeReactivated Outcome = "reactivated"
	OutcomeDeactivated Outcome = "deactivated"
	OutcomePresent     Outcome = "already_there" // somebody else had done it
	OutcomeUnchanged   Outcome = "unchanged"
	OutcomeLeftAlone   Outcome = "left_alone"
	OutcomeLeftOut     Outcome = "left_out" // invalid or in conflict, as the plan says
	OutcomeFailed      Outcome = "failed"
	OutcomeStale       Outcome = "stale" // the user has changed since the plan was made
	OutcomeNotReached  Outcome = "not_reached"
)

var outcomes = []Outcome{
	OutcomeCreated, OutcomeUpdated, OutcomeReactivated, OutcomeDeactivated, OutcomePresent, OutcomeUnchanged,
	OutcomeLeftAlone, OutcomeLeftOut, OutcomeFailed, OutcomeStale, OutcomeNotReached,
}

func (o Outcome) words() string { return strings.ReplaceAll(string(o), "_", " ") }

// Result is what became of one step.
type Result struct {
	Step       int     `json:"step"` // its index in the plan
	Line       int     `json:"line,omitzero"`
	Name       string  `json:"name,omitzero"`
	ExternalID string  `json:"external_id,omitzero"`
	UserID     int64   `json:"user_id,omitzero"`
	Outcome    Outcome `json:"outcome"`
	Problem    string  `json:"problem,omitzero"` // of an outcome that is no success
	Err        error   `json:"-"`                // behind Problem, where there is one

	open bool // the failure may pass, and the step can be taken again
}

// Report is what became of a plan. It marshals as JSON.
type Report struct {
	Plan  string `json:"plan"` // the hash
	Fleet string `json:"fleet,omitzero"`
	// Counts are the steps by their outcome, those of earlier runs with the same
	// journal included.
	Counts map[Outcome]int `json:"counts"`
	// Failures are the steps that did not come to what was planned, in the order
	// of the plan. Steps that were not reached are only counted.
	Failures []Result      `json:"failures"`
	Requests int           `json:"requests"` // sent by this run
	Retries  int           `json:"retries"`  // those of them that repeat one, or look for what became of it
	Duration time.Duration `json:"-"`
	Stopped  string        `json:"stopped,omitzero"` // why the run ended early

	columns []string
	rows    map[int][]string // the cells of the rows that failed, by step
}

// OK reports whether everything is as the roster says.
func (r *Report) OK() bool {
	return r.Stopped == "" && len(r.Failures) == 0 && r.Counts[OutcomeNotReached] == 0
}

// MarshalJSON adds the duration in seconds.
func (r *Report) MarshalJSON() ([]byte, error) {
	type plain Report
	return json.Marshal(struct {
		*plain
		Seconds float64 `json:"seconds"`
	}{(*plain)(r), r.Duration.Seconds()})
}

// WriteText prints the report for a person: failures, then counts.
func (r *Report) WriteText(w io.Writer, opts PrintOptions) error {
	var out bytes.Buffer
	for _, f := range r.Failures {
		line := ""
		if f.Line > 0 {
			line = "line " + strconv.Itoa(f.Line) + ", "
		}
		name := (&Step{Name: f.Name, ExternalID: f.ExternalID}).who()
		head := line + name + ": " + f.Outcome.words()
		for i, part := range wrap(head+": "+printableLong(f.Problem), opts.width()-2) {
			if i == 0 {
				fmt.Fprintln(&out, opts.paint(red, part))
				continue
			}
			fmt.Fprintln(&out, "  "+part)
		}
	}
	if len(r.Failures) > 0 {
		fmt.Fprintln(&out)
	}
	if r.Stopped != "" {
		lines(&out, opts, red, "stopped: "+printableLong(r.Stopped))
	}
	lines(&out, opts, "", r.summary())
	return flush(w, &out, "print the report")
}

// summary reads "20 created, 3 unchanged, 1 failed; 44 requests, 2 of
// them repeats or checks in 12s".
func (r *Report) summary() string {
	var parts []string
	for _, o := range outcomes {
		if n := r.Counts[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o.words()))
		}
	}
	if parts == nil {
		parts = []string{"nothing to do"}
	}
	sum := strings.Join(parts, ", ") + "; " + countOf(r.Requests, "request")
	if r.Retries > 0 {
		sum += fmt.Sprintf(", %d of them repeats or checks", r.Retries)
	}
	return sum + " in " + r.Duration.Round(roundTo(r.Duration)).String()
}

func roundTo(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return time.Millisecond
	}
	return time.Second
}

// WriteFailed writes the rows that did not come to what was planned as CSV, with
// the columns of the roster and a column "problem", to be corrected and planned
// again. Rows hold what the roster held, passwords included.
func (r *Report) WriteFailed(w io.Writer) error {
	out := csv.NewWriter(w)
	columns := slices.DeleteFunc(slices.Clone(r.columns), func(name string) bool { return name == problemColumn })
	if len(columns) == 0 {
		columns = []string{externalIDColumn, "name"}
	}
	_ = out.Write(append(columns, problemColumn)) // Flush reports it
	for _, f := range r.Failures {
		if f.Line == 0 && r.rows[f.Step] == nil && len(r.columns) > 0 {
			continue // a leaver, who has no row
		}
		row := make([]string, len(columns)+1)
		copy(row, r.original(f, columns))
		row[len(columns)] = printableLong(f.Problem)
		_ = out.Write(row)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("provision: write the rows that failed: %w", err)
	}
	return nil
}

const problemColumn = "problem"

// original is the row of a failure under the given columns.
func (r *Report) original(f Result, columns []string) []string {
	if len(r.columns) == 0 {
		return []string{f.ExternalID, f.Name}
	}
	cells := make([]string, 0, len(columns))
	for i, name := range r.columns {
		if name == problemColumn {
			continue
		}
		cell := ""
		if row := r.rows[f.Step]; i < len(row) {
			cell = row[i]
		}
		cells = append(cells, cell)
	}
	return cells
}
