package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// table has a column for each work.
type table []column

type column struct {
	work    string
	results []result
}

// figures prints every figure, a line for each engine at each work.
func (t table) figures(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, c := range t {
		fmt.Fprintf(w, "\n%s\tµs\tratio\tallocations\tbytes\tconnections\t\n", c.work)
		for _, r := range c.results {
			fmt.Fprintf(w, "%s\t%.1f\t%.2f\t%.0f\t%.0f\t%d\t\n", r.engine, micros(r.took), r.ratio, r.allocs, r.bytes, r.conns)
		}
	}
	w.Flush()
}

// summary prints a line for each engine: its ratio to the first one at each work,
// and its allocations.
func (t table) summary(out io.Writer) {
	if len(t) == 0 {
		return
	}
	fmt.Fprint(out, "\n|")
	for _, c := range t {
		fmt.Fprintf(out, " | %s", c.work)
	}
	fmt.Fprintf(out, " |\n|---%s|\n", strings.Repeat("|---", len(t)))
	for _, name := range t.engines() {
		fmt.Fprintf(out, "| %s", name)
		for _, c := range t {
			fmt.Fprintf(out, " | %s", c.cell(name))
		}
		fmt.Fprintln(out, " |")
	}
}

// engines are the names in all columns, in order.
func (t table) engines() []string {
	var names []string
	seen := make(map[string]bool)
	for _, c := range t {
		for _, r := range c.results {
			if !seen[r.engine] {
				seen[r.engine] = true
				names = append(names, r.engine)
			}
		}
	}
	return names
}

func (c column) cell(engine string) string {
	for i, r := range c.results {
		switch {
		case r.engine != engine:
		case i == 0:
			return fmt.Sprintf("%s, %.0f", short(r.took), r.allocs)
		default:
			return fmt.Sprintf("%.2f, %.0f", r.ratio, r.allocs)
		}
	}
	return ""
}

func short(d time.Duration) string {
	if d >= time.Millisecond {
		return fmt.Sprintf("%.1f ms", micros(d)/1000)
	}
	return fmt.Sprintf("%.1f µs", micros(d))
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
