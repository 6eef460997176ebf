package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestTableFitsIn80Columns(t *testing.T) {
	t.Parallel()
	rows := []row{
		{"Akron", "in_line", "", 8, 8},
		{"El Paso", "running", "2", 3, 20},
		{"Nome", "waiting", "", 0, 0},
		{"Yuma", "failing", "1", 30, 20},
	}
	lines := table(rows)
	if len(lines) != len(rows)+1 {
		t.Fatalf("%d lines, want %d", len(lines), len(rows)+1)
	}
	for _, line := range lines {
		if len(line) > 80 {
			t.Errorf("a line of %d columns: %s", len(line), line)
		}
	}
	if want := "El Paso   running   2       " + strings.Repeat("#", 6) + strings.Repeat(".", 34) + "  3/20"; lines[2] != want {
		t.Errorf("got  %q\nwant %q", lines[2], want)
	}
}

func TestScreenIsQuietWhereThereIsNoTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newScreen(&out)
	for after := range 12 {
		s.draw([]row{{fleet: "Akron"}}, after, 20, time.Duration(after)*time.Second, "A note.")
	}
	s.draw(nil, 12, 20, 12*time.Second, "Another note.")
	if lines := strings.Count(out.String(), "\n"); lines != 4 || strings.Contains(out.String(), "\x1b") {
		t.Errorf("%d lines, want 4 without control sequences:\n%s", lines, out.String())
	}
}

func TestPidOf(t *testing.T) {
	t.Parallel()
	for process, want := range map[string]int{"host/4711/ABC": 4711, "": 0, "host": 0, "a/b/12/C": 12, "host/x/ABC": 0} {
		if got := pidOf(process); got != want {
			t.Errorf("pidOf(%q) = %d, want %d", process, got, want)
		}
	}
}
