package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/motive-go/motive"
)

// printer writes for a person: aligned, and coloured on a terminal only.
type printer struct {
	out      io.Writer
	terminal bool
}

func newPrinter(out io.Writer) *printer {
	return &printer{out: out, terminal: isTerminal(out)}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// colour is the number of an ANSI colour.
type colour int

const (
	red    colour = 31
	green  colour = 32
	yellow colour = 33
	grey   colour = 90
)

func (p *printer) paint(c colour, s string) string {
	if !p.terminal || s == "" {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", c, s)
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// table prints rows under a header. The last column is as wide as it is, and
// painted in the row's colour.
func (p *printer) table(header []string, rows [][]string, colours []colour) {
	widths := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	p.line("%s", p.paint(grey, "  "+join(header, widths)))
	for i, row := range rows {
		last := len(row) - 1
		p.line("  %s%s", join(row[:last], widths)+gap(row[last-1], widths[last-1]), p.paint(colours[i], row[last]))
	}
	p.line("")
}

func join(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString(cell)
		if i < len(cells)-1 {
			b.WriteString(gap(cell, widths[i]))
		}
	}
	return b.String()
}

func gap(cell string, width int) string {
	return strings.Repeat(" ", width-utf8.RuneCountInString(cell)+2)
}

// problems prints what is wrong with a roster, line by line.
func (p *printer) problems(people []*person) {
	var rows [][]string
	var colours []colour
	for _, who := range people {
		line, name := fmt.Sprint(who.line), who.name()
		for _, problem := range who.problems {
			for _, text := range wrap(problem.Error()) {
				rows = append(rows, []string{line, name, text})
				colours = append(colours, yellow)
				line, name = "", ""
			}
		}
	}
	if len(rows) > 0 {
		p.table([]string{"line", "name", "problem"}, rows, colours)
	}
}

// wrap breaks s into lines that fit beside two columns, the later ones indented.
func wrap(s string) []string {
	const width = 84
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = "  " + word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// results prints what became of each person.
func (p *printer) results(people []*person, results []result) {
	var rows [][]string
	var colours []colour
	for i, who := range people {
		role, _ := who.request.Role.Get()
		text, c := describe(results[i])
		rows = append(rows, []string{fmt.Sprint(who.line), who.name(), string(role), hours(who.request), text})
		colours = append(colours, c)
	}
	p.table([]string{"line", "name", "role", "hours of service", "result"}, rows, colours)
}

func describe(r result) (string, colour) {
	switch r.outcome {
	case created:
		return fmt.Sprintf("created, id %d", r.user.ID), green
	case present:
		return fmt.Sprintf("already there, id %d", r.user.ID), grey
	case failed:
		return "failed: " + r.err.Error(), red
	}
	return string(r.outcome), yellow
}

// hours says in a few words which rules a driver is under.
func hours(r *motive.CreateUserRequest) string {
	if cycle, ok := r.Cycle.Get(); ok {
		return cycle.Description()
	}
	if mode, ok := r.TimeTrackingMode.Get(); ok {
		return strings.ReplaceAll(string(mode), "_", " ")
	}
	return "-"
}

// summary prints the last line.
func (p *printer) summary(results []result, wrong int, took time.Duration) {
	counts := map[outcome]int{}
	for _, r := range results {
		counts[r.outcome]++
	}
	var parts []string
	for _, part := range []struct {
		outcome outcome
		colour  colour
	}{{created, green}, {wouldCreate, yellow}, {present, grey}, {failed, red}, {skipped, yellow}} {
		if n := counts[part.outcome]; n > 0 {
			parts = append(parts, p.paint(part.colour, fmt.Sprintf("%d %s", n, part.outcome)))
		}
	}
	if wrong > 0 {
		parts = append(parts, p.paint(yellow, fmt.Sprintf("%d left out for their problems", wrong)))
	}
	if len(parts) == 0 {
		parts = []string{"nobody to provision"}
	}
	p.line("%s  (%s)", strings.Join(parts, ", "), took.Round(time.Millisecond))
}

// progress shows how far long work has come: a bar on a terminal, elsewhere a
// line every ten seconds.
type progress struct {
	p     *printer
	total int
	mu    sync.Mutex
	count int
	said  time.Time
}

func newProgress(p *printer, total int) *progress {
	return &progress{p: p, total: total, said: time.Now()}
}

func (g *progress) step() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
	const width = 30
	switch {
	case g.p.terminal && g.count == g.total:
		fmt.Fprintf(g.p.out, "\r%s\r", strings.Repeat(" ", width+24))
	case g.p.terminal:
		full := width * g.count / g.total
		fmt.Fprintf(g.p.out, "\r  %s%s %d of %d", strings.Repeat("█", full), strings.Repeat("░", width-full), g.count, g.total)
	case time.Since(g.said) >= 10*time.Second && g.count < g.total:
		g.said = time.Now()
		g.p.line("  %d of %d", g.count, g.total)
	}
}
