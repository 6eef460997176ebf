package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

const roster = "../../testdata/roster.csv"

// provisionOn runs the program against server, as its user would.
func provisionOn(t *testing.T, server *motivetest.Server, args ...string) (string, error) {
	t.Helper()
	t.Setenv("MOTIVE_ACCESS_TOKEN", server.AccessToken())
	t.Setenv("MOTIVE_BASE_URL", server.URL)
	var out bytes.Buffer
	err := run(t.Context(), args, &out)
	return out.String(), err
}

func TestASecondRunChangesNothing(t *testing.T) {
	server := motivetest.NewServer(t)
	first, err := provisionOn(t, server, roster)
	if !errors.Is(err, errRowsFailed) || !strings.Contains(first, "21 created, 5 left out") {
		t.Fatalf("first run: %v\n%s", err, first)
	}
	users := len(server.Users())
	second, err := provisionOn(t, server, roster)
	if !errors.Is(err, errRowsFailed) || !strings.Contains(second, "21 already there, 5 left out") {
		t.Errorf("second run: %v\n%s", err, second)
	}
	if got := len(server.Users()); got != users || users != 21 {
		t.Errorf("%d users after the first run and %d after the second, want 21 both times", users, got)
	}
	server.AssertNoDuplicates(t)
}

func TestDryRunCreatesNobody(t *testing.T) {
	server := motivetest.NewServer(t)
	out, err := provisionOn(t, server, "-dry-run", roster)
	if !errors.Is(err, errRowsFailed) || !strings.Contains(out, "21 would be created, 5 left out") {
		t.Errorf("dry run: %v\n%s", err, out)
	}
	if n := len(server.Users()); n != 0 {
		t.Errorf("the dry run created %d users", n)
	}
}

func TestEveryProblemIsShownByLine(t *testing.T) {
	server := motivetest.NewServer(t)
	out, _ := provisionOn(t, server, "-dry-run", roster)
	for _, want := range []string{
		"15    Kira Lund     exception_short_haul: ",
		"24    Tara Wynn     time_tracking_mode: ",
		"25    Uma Keller    email: ",
		"did you mean \"70_8\"?",
		"26    Viktor Sands  external_id: \"2015\" stands on line 19 already",
		"27    Wanda Groves  email: ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("the report is coloured though it goes to no terminal")
	}
}

func TestWithoutCredentialsItSaysThatItUsesAFake(t *testing.T) {
	t.Setenv("MOTIVE_ACCESS_TOKEN", "")
	t.Setenv("MOTIVE_API_KEY", "")
	var out bytes.Buffer
	err := run(t.Context(), []string{roster}, &out)
	if !errors.Is(err, errRowsFailed) {
		t.Errorf("error %v, want %v", err, errRowsFailed)
	}
	firstLine, _, _ := strings.Cut(out.String(), "\n")
	if !strings.Contains(firstLine, "fake Motive") {
		t.Errorf("the first line is %q", firstLine)
	}
	if !strings.Contains(out.String(), "20 created, 1 already there") {
		t.Errorf("summary missing:\n%s", out.String())
	}
}

func TestACleanRosterSucceeds(t *testing.T) {
	server := motivetest.NewServer(t)
	file := filepath.Join(t.TempDir(), "team.csv")
	csv := "\ufeffExternal_ID,first_name,last_name,role,email\n9,Ada,Moss,Fleet_user,ada@example.com\n"
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := provisionOn(t, server, "-integration", "tms", file); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	user, err := server.Client().Users.LookupByExternalID(t.Context(), "9", "tms")
	if err != nil || user.Role != motive.RoleFleetUser {
		t.Errorf("got %v, %v", user, err)
	}
}

func TestAServerThatRefusesIsReportedByRow(t *testing.T) {
	server := motivetest.NewServer(t)
	server.Seed(motive.User{FirstName: "Other", LastName: "Person", Role: motive.RoleFleetUser, Email: "tomas.reyl@example.com"})
	out, err := provisionOn(t, server, roster)
	if !errors.Is(err, errRowsFailed) || !strings.Contains(out, "20 created, 1 failed, 5 left out") || !strings.Contains(out, "failed: motive: POST /v1/users: 422") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestUnusableRosters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, csv, want string }{
		{"empty", "", "the roster is empty"},
		{"unknown column", "external_id,surname\n", `column "surname" is unknown: use cycle, driver_company_id, `},
		{"column twice", "external_id,email,email\n", `column "email" stands there twice`},
		{"no external id", "first_name\nAda\n", "there is no column external_id"},
		{"broken quotes", "external_id,email\n1,\"x\n", "quote"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := readRoster(strings.NewReader(test.csv), "tms")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestRowProblems(t *testing.T) {
	t.Parallel()
	const header = "external_id,first_name,last_name,role,username,exceptions,group_ids\n"
	for _, test := range []struct{ name, row, want string }{
		{"no external id", ",Ada,Moss,driver,ada,,", "external_id: is required"},
		{"short row", "1,Ada", "has 2 cells where the first line names 7 columns"},
		{"unknown exception", "1,Ada,Moss,driver,ada,short_hall,", "exceptions: "},
		{"group by name", "1,Ada,Moss,driver,ada,,north", `group_ids: "north" is not a group's id`},
		{"exception without a cycle", "1,Ada,Moss,driver,ada,short_haul,", "cycle: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			people, err := readRoster(strings.NewReader(header+test.row+"\n"), "tms")
			if err != nil || len(people) != 1 {
				t.Fatalf("%d people, error %v", len(people), err)
			}
			var all []string
			for _, problem := range people[0].problems {
				all = append(all, problem.Error())
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, test.want) {
				t.Errorf("problems:\n%s\nwant one with %q", got, test.want)
			}
		})
	}
}

func FuzzReadRoster(f *testing.F) {
	sample, err := os.ReadFile(roster)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(sample))
	f.Add("external_id,exceptions,group_ids\n1,wait_time;x,1;2\n")
	f.Fuzz(func(t *testing.T, csv string) {
		people, err := readRoster(strings.NewReader(csv), "tms")
		if err != nil {
			return
		}
		for _, p := range people {
			if len(p.problems) == 0 && p.request.Validate() != nil {
				t.Errorf("line %d counts as ready and is not valid", p.line)
			}
		}
		newPrinter(&bytes.Buffer{}).problems(people)
	})
}
