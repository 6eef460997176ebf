package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/motive-go/motive/motivetest"
)

// runOn runs the program as its user would: on the fake that it starts itself,
// or on server.
func runOn(t *testing.T, server *motivetest.Server, args ...string) (string, error) {
	t.Helper()
	t.Setenv("MOTIVE_ACCESS_TOKEN", "")
	t.Setenv("MOTIVE_API_KEY", "")
	if server != nil {
		t.Setenv("MOTIVE_ACCESS_TOKEN", server.AccessToken())
		t.Setenv("MOTIVE_BASE_URL", server.URL)
	}
	var out bytes.Buffer
	err := run(t.Context(), args, &out)
	for _, line := range strings.Split(out.String(), "\n") {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("the output is coloured though it goes to no terminal")
	}
	return out.String(), err
}

func TestTheFirstRunSucceeds(t *testing.T) {
	out, err := runOn(t, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"this is a fake Motive",
		"Ada Moss       update      cycle 60_7 → 70_8",
		"20 created, 1 updated, 1 reactivated, 1 deactivated, 2 unchanged",
		"testdata/roster_with_problems.csv",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
}

func TestProblemsAreLastOnTheScreen(t *testing.T) {
	out, err := runOn(t, nil, "../../testdata/roster_with_problems.csv")
	if !errors.Is(err, errRows) {
		t.Fatalf("%v\n%s", err, out)
	}
	_, problems, found := strings.Cut(out, "9 rows to correct")
	if !found || strings.Count(problems, "\n\n") > 0 {
		t.Errorf("the problems are not last:\n%s", out)
	}
	for _, want := range []string{"4  Joan Whitlow", "7  Céline Duarte", "8  Dmitri Hale", "9  Elena Frost", "10  Farid Nolan",
		"12  Hugo Barnes", "13  Iris Vance", "14  Jonas Pike", "15  Kira Lund"} {
		if !strings.Contains(problems, want) {
			t.Errorf("the problems lack %q:\n%s", want, problems)
		}
	}
}

func TestARealFleetIsOnlyWrittenToWithApply(t *testing.T) {
	server := motivetest.NewServer(t)
	file := filepath.Join(t.TempDir(), "team.csv")
	roster := "external_id,first_name,last_name,role,email\n9,Ada,Moss,fleet_user,ada@example.com\n"
	if err := os.WriteFile(file, []byte(roster), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := runOn(t, server, file)
	if err != nil || !strings.Contains(out, "1 to create") || !strings.Contains(out, "Nothing was written") || len(server.Users()) != 0 {
		t.Fatalf("%v, %d users\n%s", err, len(server.Users()), out)
	}
	out, err = runOn(t, server, "-apply", file)
	if err != nil || !strings.Contains(out, "1 created") || len(server.Users()) != 1 {
		t.Errorf("%v, %d users\n%s", err, len(server.Users()), out)
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	for _, test := range []struct {
		name, want string
		args       []string
	}{
		{"two rosters", "one roster at a time", []string{"a.csv", "b.csv"}},
		{"no such file", "nowhere.csv", []string{"nowhere.csv"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if out, err := runOn(t, nil, test.args...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
