package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/motive-go/motive"
)

// odd are users whose values a spreadsheet would spoil.
func odd() []motive.User {
	return []motive.User{
		{FirstName: "Zoë", LastName: `O"Brien, Jr.`, Role: motive.RoleDriver, Username: "007", DriverCompanyID: "00042", ELDMode: motive.ELDModeLogs, Cycle: "70_8_2020"},
		{FirstName: "=1+1", LastName: "3-4", Role: motive.RoleDriver, Username: "mar1", DriverCompanyID: "1E5", ELDMode: motive.ELDModeExempt, JoinedAt: motive.Date{Time: day}},
		{FirstName: "True", LastName: "Null", Role: motive.RoleFleetUser, Email: "true@example.com", Phone: "5550100000000000"},
	}
}

func TestAnExportPlansToNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"team.csv", "team.xlsx"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newFake(t)
			server.Seed(append(fleet(), odd()...)...)
			env := on(server)
			file := filepath.Join(t.TempDir(), name)
			got := env.must(t, "export", "--integration", "tms", "-o", file)
			if !strings.Contains(got.err, "8 users written") {
				t.Errorf("%s", got.err)
			}
			got = env.must(t, "plan", file, "--integration", "tms", "--detailed-exitcode")
			if !strings.Contains(got.out, "nothing to do, 8 unchanged") {
				t.Errorf("%s", got.out)
			}
		})
	}
}

func TestAnExportGoesToTheOutput(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	server.Seed(fleet()...)
	env := on(server)
	exported := env.must(t, "export", "--integration", "tms").out
	rows, err := csv.NewReader(strings.NewReader(exported)).ReadAll()
	if err != nil || len(rows) != 6 {
		t.Fatalf("%d lines, %v", len(rows), err)
	}
	got := env.runWith(t.Context(), exported, "plan", "-", "--integration", "tms", "--detailed-exitcode")
	if got.code != exitDone {
		t.Errorf("planned from the standard input: exit code %d\n%s%s", got.code, got.out, got.err)
	}
}

func TestEveryCellOfAnExportedWorkbookIsText(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	server.Seed(odd()...)
	file := filepath.Join(t.TempDir(), "team.xlsx")
	on(server).must(t, "export", "-o", file)
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	for _, cell := range []string{"B2", "C2", "G2", "B3", "C3"} {
		kind, err := book.GetCellType("Sheet1", cell)
		if err != nil || kind != excelize.CellTypeInlineString {
			t.Errorf("%s is of type %v, %v", cell, kind, err)
		}
	}
}

func TestWhoCannotBeExportedIsNamed(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	server.Seed(append(fleet(), motive.User{FirstName: "No", LastName: "Key", Role: motive.RoleDriver})...)
	got := on(server).run(t.Context(), "export", "--integration", "tms", "-o", filepath.Join(t.TempDir(), "team.csv"))
	if got.code != exitRows || !strings.Contains(got.err, "No Key") || !strings.Contains(got.err, "5 users written") {
		t.Errorf("exit code %d\n%s", got.code, got.err)
	}
}

func TestTheFakeServesARoster(t *testing.T) {
	t.Parallel()
	roster := writeTo(t, filepath.Join(t.TempDir(), "team.csv"), team)
	reader, writer := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	go func() {
		h := host{nil, writer, io.Discard, func(string) string { return "" }}
		ended <- run(ctx, h, []string{"fake", "--addr", "127.0.0.1:0", "--token", accessToken, "--seed", roster})
		_ = writer.Close()
	}()
	env := environment{}
	lines := bufio.NewScanner(reader)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") {
		if name, value, found := strings.Cut(strings.TrimPrefix(lines.Text(), "  export "), "="); found {
			env[name] = value
		}
	}
	if got := env.must(t, "plan", roster, "--integration", "tms", "--detailed-exitcode"); !strings.Contains(got.out, "6 unchanged") {
		t.Errorf("%s", got.out)
	}
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func TestAFakeThatCannotBegin(t *testing.T) {
	t.Parallel()
	roster := writeTo(t, filepath.Join(t.TempDir(), "team.csv"), teamWithProblems)
	for _, test := range []struct {
		name, want string
		args       []string
		code       int
	}{
		{"no such address", "listen", []string{"--addr", "nowhere"}, exitUsage},
		{"a roster with problems", "Ada Moss", []string{"--addr", "127.0.0.1:0", "--seed", roster}, exitRows},
		{"no such roster", "nowhere.csv", []string{"--addr", "127.0.0.1:0", "--seed", "nowhere.csv"}, exitUsage},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := (environment{}).run(t.Context(), append([]string{"fake"}, test.args...)...)
			if got.code != test.code || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, want %d\n%s", got.code, test.code, got.err)
			}
		})
	}
}
