package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// row is one fleet on the screen.
type row struct {
	fleet, state, worker string
	there, wanted        int
}

// screen is a table that moves on a terminal, and a line now and then elsewhere.
type screen struct {
	out      io.Writer
	terminal bool
	height   int // of what was drawn last
	last     time.Duration
	note     string
	rows     []row
}

func newScreen(out io.Writer) *screen {
	f, ok := out.(*os.File)
	if !ok {
		return &screen{out: out}
	}
	info, err := f.Stat()
	return &screen{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"}
}

const quietFor = 5 * time.Second // between two lines where there is no terminal

func (s *screen) draw(rows []row, there, wanted int, after time.Duration, note string) {
	s.rows = rows
	if !s.terminal {
		if note != s.note || after-s.last >= quietFor {
			fmt.Fprintf(s.out, "%3.0f s  %d of %d people. %s\n", after.Seconds(), there, wanted, note)
			s.last, s.note = after, note
		}
		return
	}
	var page bytes.Buffer
	if s.height > 0 {
		fmt.Fprintf(&page, "\x1b[%dA", s.height)
	}
	lines := append(table(rows), "", fmt.Sprintf("%3.0f s  %d of %d people", after.Seconds(), there, wanted), note)
	for _, line := range lines {
		page.WriteString(line + "\x1b[K\n")
	}
	s.height = len(lines)
	_, _ = s.out.Write(page.Bytes())
}

// end leaves the last table where there was none.
func (s *screen) end() {
	if s.terminal {
		return
	}
	fmt.Fprintln(s.out)
	for _, line := range table(s.rows) {
		fmt.Fprintln(s.out, line)
	}
}

const bar = 40

// table is at most 80 columns wide.
func table(rows []row) []string {
	lines := []string{fmt.Sprintf("%-8s  %-8s  %-6s  %-*s  %s", "FLEET", "STATE", "WORKER", bar, "PEOPLE", "")}
	for _, r := range rows {
		filled := 0
		if r.wanted > 0 {
			filled = min(bar*r.there/r.wanted, bar)
		}
		state := strings.ReplaceAll(r.state, "_", " ")
		lines = append(lines, fmt.Sprintf("%-8s  %-8s  %-6s  %s%s  %d/%d",
			r.fleet, state, r.worker, strings.Repeat("#", filled), strings.Repeat(".", bar-filled), r.there, r.wanted))
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return lines
}

// pidOf reads the id of a process out of its name, "host/4711/…"; 0 if there is
// none.
func pidOf(process string) int {
	parts := strings.Split(process, "/")
	if len(parts) < 3 {
		return 0
	}
	pid, err := strconv.Atoi(parts[len(parts)-2])
	if err != nil {
		return 0
	}
	return pid
}
