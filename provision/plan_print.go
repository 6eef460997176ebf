package provision

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/text"
)

// PrintOptions says how plans and reports are printed. The zero value is 80
// columns without colours, with what needs no attention folded.
type PrintOptions struct {
	Width int  // in columns; default 80
	Color bool // ANSI colours
	All   bool // show also who is unchanged or left alone
}

func (o PrintOptions) width() int { return max(cmp.Or(o.Width, 80), 32) }

// The colours of ANSI terminals.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	grey   = "90"
)

func (o PrintOptions) paint(color, s string) string {
	if !o.Color || color == "" || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

func (a Action) color() string {
	switch a {
	case ActionCreate, ActionReactivate:
		return green
	case ActionUpdate:
		return yellow
	case ActionDeactivate, ActionConflict, ActionInvalid:
		return red
	}
	return grey
}

// WriteTable prints the plan for a person: what is done first, problems and
// brakes last, no line wider than the options say.
func (p *Plan) WriteTable(w io.Writer, opts PrintOptions) error {
	var out bytes.Buffer
	p.heading(&out, opts)
	var bad []*Step
	names := p.nameWidth(opts)
	headed := out.Len()
	for i := range p.Steps {
		switch s := &p.Steps[i]; s.Action {
		case ActionInvalid, ActionConflict:
			bad = append(bad, s)
		case ActionUnchanged, ActionLeftAlone:
			if opts.All {
				s.print(&out, opts, names)
			}
		default:
			s.print(&out, opts, names)
		}
	}
	if out.Len() > headed {
		fmt.Fprintln(&out)
	}
	lines(&out, opts, "", p.summary())
	if len(bad) > 0 {
		fmt.Fprintln(&out)
		lines(&out, opts, red, p.badSummary(len(bad)))
		for _, s := range bad {
			s.print(&out, opts, names)
		}
	}
	for _, brake := range p.Brakes {
		lines(&out, opts, red, "held: the plan "+brake)
	}
	return flush(w, &out, "print the plan")
}

// nameWidth is the width of the column of names: of the longest that is printed,
// up to a quarter of the screen.
func (p *Plan) nameWidth(opts PrintOptions) int {
	n := 8
	for i := range p.Steps {
		s := &p.Steps[i]
		if opts.All || s.Action != ActionUnchanged && s.Action != ActionLeftAlone {
			n = max(n, width(s.who()))
		}
	}
	return min(n, opts.width()/4)
}

func (p *Plan) heading(out *bytes.Buffer, opts PrintOptions) {
	title := "Plan " + p.ShortHash()
	if p.Fleet != "" {
		title += " for " + shown(p.Fleet)
	}
	title += fmt.Sprintf(": %s, %s in the fleet", countOf(p.Rows, "row"), countOf(p.Users, "user"))
	lines(out, opts, "", title)
	for _, notice := range p.Notices {
		lines(out, opts, yellow, "note: "+text.Printable(notice, 500))
	}
	fmt.Fprintln(out)
}

// print writes a step: line, name, action and details side by side, or below
// each other where the screen is narrow.
func (s *Step) print(out *bytes.Buffer, opts PrintOptions, nameWidth int) {
	line := ""
	if s.Line > 0 {
		line = strconv.Itoa(s.Line)
	}
	const lineWidth, actionWidth = 5, 10
	prefix := fmt.Sprintf("%*s  %s  ", lineWidth, line, fit(s.who(), nameWidth))
	indent := lineWidth + 2 + nameWidth + 2
	if s.Action != ActionInvalid { // which stands under a heading that says so
		prefix += opts.paint(s.Action.color(), fit(s.Action.words(), actionWidth)) + "  "
		indent += actionWidth + 2
	}
	rest := opts.width() - indent
	if rest < 28 {
		s.printNarrow(out, opts, line)
		return
	}
	for _, detail := range s.detailLines(rest) {
		fmt.Fprintln(out, strings.TrimRight(prefix+detail, " "))
		prefix = strings.Repeat(" ", indent)
	}
}

func (s *Step) printNarrow(out *bytes.Buffer, opts PrintOptions, line string) {
	head := strings.TrimSpace(line + " " + s.who())
	for _, title := range wrap(head+": "+s.Action.words(), opts.width()) {
		fmt.Fprintln(out, opts.paint(s.Action.color(), title))
	}
	for _, detail := range s.detailLines(opts.width() - 2) {
		if detail != "" {
			fmt.Fprintln(out, "  "+detail)
		}
	}
}

// detailLines are the details of a step, each problem on a line of its own.
func (s *Step) detailLines(n int) []string {
	if s.Action != ActionInvalid {
		return wrap(s.details(), n)
	}
	var all []string
	for _, p := range s.Problems {
		all = append(all, wrap(shownProblem(p), n)...)
	}
	return all
}

// summary reads "20 to create, 1 to update, 3 unchanged; about 44 s …".
func (p *Plan) summary() string {
	var parts []string
	for _, a := range []Action{ActionCreate, ActionUpdate, ActionReactivate, ActionDeactivate} {
		if n := p.Count(a); n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, a.words()))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing to do"}
	}
	for _, a := range []Action{ActionUnchanged, ActionLeftAlone} {
		if n := p.Count(a); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a.words()))
		}
	}
	sum := strings.Join(parts, ", ")
	if p.Writes() > 0 {
		sum += ". " + p.pace()
	}
	return sum
}

// pace says how long the plan takes, and at which rate.
func (p *Plan) pace() string {
	rate := p.PerSecond
	if rate <= 0 {
		rate = 1
	}
	requests := "requests"
	if rate == 1 {
		requests = "request"
	}
	return fmt.Sprintf("About %s at %g %s a second.", cmp.Or(p.Duration(), time.Second), rate, requests)
}

func (p *Plan) badSummary(n int) string {
	return countOf(n, "row") + " to correct, which the plan leaves out:"
}

// WriteDiff prints the plan as a unified diff from the fleet to the roster.
func (p *Plan) WriteDiff(w io.Writer) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "--- %s\n+++ roster, plan %s\n", cmp.Or(shown(p.Fleet), "fleet"), p.ShortHash())
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Action == ActionUnchanged || s.Action == ActionLeftAlone {
			continue
		}
		fmt.Fprintf(&out, "@@ %s @@\n", s.title())
		if !s.Action.writes() {
			fmt.Fprintf(&out, "# %s\n", s.details())
			continue
		}
		for _, c := range s.Changes {
			if from := display(c.Field, c.From); from != nothing {
				fmt.Fprintf(&out, "-%s: %s\n", label(c.Field), from)
			}
			if to := display(c.Field, c.To); to != nothing {
				fmt.Fprintf(&out, "+%s: %s\n", label(c.Field), to)
			}
		}
	}
	return flush(w, &out, "print the diff")
}

// title reads "update user 7, Ada Moss, line 4".
func (s *Step) title() string {
	title := s.Action.words()
	if s.UserID > 0 {
		title += " user " + strconv.FormatInt(s.UserID, 10)
	}
	title += ", " + s.who()
	if s.Line > 0 {
		title += ", line " + strconv.Itoa(s.Line)
	}
	return title
}

// lines writes a text, wrapped.
func lines(out *bytes.Buffer, opts PrintOptions, color, s string) {
	for _, line := range wrap(s, opts.width()) {
		fmt.Fprintln(out, opts.paint(color, line))
	}
}

func flush(w io.Writer, out *bytes.Buffer, what string) error {
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("provision: %s: %w", what, err)
	}
	return nil
}
