package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// fleet is who is there before the roster comes.
func fleet() []motive.User {
	known := func(id string) []motive.ExternalID {
		return []motive.ExternalID{{ExternalID: id, IntegrationName: "tms"}}
	}
	return []motive.User{
		{FirstName: "Ines", LastName: "Calder", Role: motive.RoleAdmin, Email: "ines.calder@example.com", ExternalIDs: known("1001")},
		{FirstName: "Tomas", LastName: "Reyl", Role: motive.RoleFleetUser, Email: "tomas.reyl@example.com", ExternalIDs: known("1002")},
		{
			FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver, Username: "amoss.demo", ExternalIDs: known("2001"),
			Phone: "555-0101", PhoneCountryCode: "+1", DriverCompanyID: "D-2001", ELDMode: motive.ELDModeLogs,
			Cycle: motive.CycleUSProperty60Hour7Day, Exception24HourRestart: true, Exception8HourBreak: true, GroupIDs: []int64{101},
		},
		{
			FirstName: "Bram", LastName: "Okafor", Role: motive.RoleDriver, Username: "bokafor.demo", ExternalIDs: known("2002"),
			Status: motive.StatusDeactivated, Phone: "555-0102", PhoneCountryCode: "+1", DriverCompanyID: "D-2002",
			ELDMode: motive.ELDModeLogs, Cycle: motive.CycleUSProperty70Hour8Day, Exception24HourRestart: true, GroupIDs: []int64{101},
		},
		{FirstName: "Walter", LastName: "Fenn", Role: motive.RoleDriver, Username: "wfenn.demo", ExternalIDs: known("1999")},
	}
}

// dozen are twelve drivers more, so that the limits count.
func dozen() []motive.User {
	users := make([]motive.User, 12)
	for i := range users {
		users[i] = motive.User{
			FirstName: "Driver", LastName: string(rune('A' + i)), Role: motive.RoleDriver, Username: fmt.Sprintf("driver%d.demo", i+1),
			ExternalIDs: []motive.ExternalID{{ExternalID: strconv.Itoa(3001 + i), IntegrationName: "tms"}},
		}
	}
	return users
}

const team = `external_id,first_name,last_name,role,email,username,phone,phone_country_code,driver_company_id,eld_mode,time_tracking_mode,cycle,group_ids
1001,Ines,Calder,admin,ines.calder@example.com,,,,,,,,
1002,Tomas,Reyl,fleet_user,tomas.reyl@example.com,,,,,,,,
2001,Ada,Moss,driver,,amoss.demo,555-0101,+1,D-2001,logs,logs,70_8,101
2002,Bram,Okafor,driver,,bokafor.demo,555-0102,+1,D-2002,logs,logs,70_8,101
2003,Céline,Duarte,driver,,cduarte.demo,555-0103,+1,D-2003,logs,logs,60_7,101
2004,Dmitri,Hale,driver,,dhale.demo,555-0104,+1,D-2004,logs,logs,70_8_o,102
`

const teamWithProblems = `external_id,first_name,last_name,role,email,username,phone,phone_country_code,eld_mode,time_tracking_mode,cycle
1001,Ines,Calder,admin,ines.calder@example.com,,,,,,
2001,Ada,Moss,driver,,amoss.demo,555-0101,+1,logs,logs,70_9
2003,Céline,Duarte,driver,,cduarte.demo,5.55E+09,+1,logs,logs,60_7
2004,Dmitri,Hale,driver,,dhale.demo,555-0104,+1,logs,timecards,70_8_o
2004,Elena,Frost,driver,,efrost.demo,555-0105,+1,logs,logs,70_8
`

// screen is a series of commands, and what they show, in testdata/name.width.txt.
type screenTest struct {
	name   string
	widths []int
	users  []motive.User
	env    []string
	files  map[string]string
	steps  []step
}

type step struct {
	line string // arguments, split at spaces
	code int
	then func(*testing.T, *motivetest.Server) // done after the command
}

var everyWidth = []int{40, 80, 200}

var screens = []screenTest{
	{
		name: "first_steps", widths: everyWidth, users: fleet(), files: map[string]string{"team.csv": team},
		steps: []step{
			{line: "validate team.csv"},
			{line: "plan team.csv --integration tms --detailed-exitcode -o monday.plan", code: exitPending},
			{line: "apply monday.plan --rate 1000 --workers 1"},
			{line: "plan team.csv --integration tms --detailed-exitcode"},
			{line: "apply monday.plan", code: exitUsage},
		},
	},
	{
		name: "problems", widths: everyWidth, users: fleet(), files: map[string]string{"team.csv": teamWithProblems},
		steps: []step{
			{line: "validate team.csv", code: exitRows},
			{line: "plan team.csv --integration tms -o monday.plan", code: exitRows},
			{line: "apply monday.plan --rate 1000 --workers 1", code: exitRows},
		},
	},
	{
		name: "held", widths: everyWidth, users: append(fleet(), dozen()...), files: map[string]string{"team.csv": team},
		steps: []step{
			{line: "plan team.csv --integration tms --leavers -o monday.plan"},
			{line: "apply monday.plan", code: exitStopped},
			{line: "apply monday.plan --force 000000", code: exitStopped},
			{line: "apply monday.plan --rate 1000 --workers 1 --force HASH"},
		},
	},
	{
		name: "leavers_spared", widths: []int{80}, users: fleet(), files: map[string]string{"team.csv": teamWithProblems},
		steps: []step{{line: "plan team.csv --integration tms --leavers -o monday.plan", code: exitRows}},
	},
	{
		name: "changed_meanwhile", widths: []int{80}, users: fleet(), files: map[string]string{"team.csv": team},
		steps: []step{
			{line: "plan team.csv --integration tms -o monday.plan", then: func(t *testing.T, server *motivetest.Server) {
				user := server.Users()[2]
				user.Phone = "555-0199"
				server.Seed(user)
			}},
			{line: "apply monday.plan --rate 1000 --workers 1", code: exitRows},
		},
	},
	{
		name: "other_forms", widths: []int{80}, users: fleet(), files: map[string]string{"team.csv": team},
		steps: []step{
			{line: "plan team.csv --integration tms --diff"},
			{line: "plan team.csv --integration tms --json"},
			{line: "plan team.csv --integration tms --all --html monday.html -o monday.plan"},
			{line: "apply monday.plan --rate 1000 --workers 1 --json"},
			{line: "validate team.csv --json"},
		},
	},
	{
		name: "lookup", widths: everyWidth, users: fleet(),
		steps: []step{
			{line: "lookup --external-id 2001 --integration tms"},
			{line: "lookup --email ines.calder@example.com --json"},
			{line: "lookup --username nobody", code: exitRows},
			{line: "lookup", code: exitUsage},
			{line: "lookup --external-id 2001", code: exitUsage},
			{line: "lookup --username amoss.demo --email ines.calder@example.com", code: exitUsage},
		},
	},
	{
		name: "usage", widths: everyWidth, users: fleet(),
		files: map[string]string{
			"team.csv": team, "headings.csv": "Employee ID,First name,Surname,Notes\n1,Ada,Moss,x\n", "empty.csv": "external_id,role\n",
			"array.json": "[{}]\n", "old.xls": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "broken.plan": "{}", "torn.xlsx": "PK\x03\x04torn",
		},
		steps: []step{
			{line: "paln team.csv", code: exitUsage},
			{line: "plan", code: exitUsage},
			{line: "plan team.csv --integration", code: exitUsage},
			{line: "plan team.csv --frobnicate", code: exitUsage},
			{line: "plan nowhere.csv", code: exitUsage},
			{line: "plan team.csv", code: exitUsage},
			{line: "plan team.csv --integration tms --max-update 200", code: exitUsage},
			{line: "plan team.csv --integration tms --leaver-roles fleet_user", code: exitUsage},
			{line: "plan team.csv --integration tms --rate 0", code: exitUsage},
			{line: "plan headings.csv --map Notes", code: exitUsage},
			{line: "plan team.csv --sheet Drivers", code: exitUsage},
			{line: "plan old.xls", code: exitUsage},
			{line: "plan torn.xlsx", code: exitUsage},
			{line: "validate headings.csv", code: exitRows},
			{line: "validate empty.csv", code: exitRows},
			{line: "validate array.json", code: exitRows},
			{line: "plan empty.csv --integration tms", code: exitRows},
			{line: "apply nowhere.plan", code: exitUsage},
			{line: "apply broken.plan", code: exitUsage},
			{line: "plan team.csv --integration tms -o monday.plan"},
			{line: "resume monday.plan", code: exitUsage},
			{line: "apply monday.plan --workers 0", code: exitUsage},
			{line: "apply monday.plan --fleet Elsewhere", code: exitStopped},
		},
	},
	{
		name: "no_credential", widths: []int{80}, env: []string{"MOTIVE_ACCESS_TOKEN", ""}, files: map[string]string{"team.csv": team},
		steps: []step{
			{line: "plan team.csv --integration tms", code: exitUsage},
			{line: "login", code: exitUsage},
		},
	},
	{
		name: "two_credentials", widths: []int{80}, env: []string{"MOTIVE_API_KEY", "canary-key"},
		steps: []step{{line: "export", code: exitUsage}},
	},
	{
		name: "wrong_credential", widths: []int{80}, env: []string{"MOTIVE_ACCESS_TOKEN", "canary-wrong"}, files: map[string]string{"team.csv": team},
		steps: []step{
			{line: "plan team.csv --integration tms", code: exitStopped},
			{line: "export", code: exitStopped},
			{line: "lookup --id 1", code: exitStopped},
		},
	},
}

func TestScreens(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range screens {
		for _, width := range test.widths {
			name := fmt.Sprintf("%s.%d", test.name, width)
			t.Run(name, func(t *testing.T) { // not parallel, for the directory
				t.Chdir(t.TempDir())
				got := test.transcript(t, width)
				compare(t, filepath.Join(here, "testdata", name+".txt"), got)
			})
		}
	}
}

// transcript is what the commands show in a terminal of a width.
func (s screenTest) transcript(t *testing.T, width int) string {
	clock := func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
	server := newFake(t, motivetest.WithClock(clock))
	server.Seed(s.users...)
	env := on(server).with("COLUMNS", strconv.Itoa(width), "MOTIVE_TOKEN_FILE", "token.json").with(s.env...)
	for name, content := range s.files {
		writeTo(t, name, content)
	}
	var all strings.Builder
	hash := ""
	for _, step := range s.steps {
		args := strings.Fields(strings.ReplaceAll(step.line, "HASH", hash))
		got := env.run(t.Context(), args...)
		shown := got.out + got.err
		fits(t, shown, width)
		shown = steady(shown)
		fmt.Fprintf(&all, "$ motive %s\n%s[exit code %d]\n\n", step.line, shown, got.code)
		if got.code != step.code {
			t.Errorf("motive %s: exit code %d, want %d\n%s", step.line, got.code, step.code, shown)
		}
		if found := planHash.FindStringSubmatch(got.out); found != nil {
			hash = found[1]
		}
		if step.then != nil {
			step.then(t, server)
		}
	}
	if out := all.String(); strings.Contains(out, "canary") {
		t.Error("a secret is shown")
	}
	return all.String()
}

var (
	planHash = regexp.MustCompile(`Plan ([0-9a-f]{8}) `)
	took     = regexp.MustCompile(`\bin\s+[0-9.]+(ms|s|µs)`)
	seconds  = regexp.MustCompile(`"seconds": 0\.[0-9]+`)
	port     = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
)

// steady is what is shown without what differs from run to run.
func steady(s string) string {
	s = took.ReplaceAllString(s, "in 1s")
	s = seconds.ReplaceAllString(s, `"seconds": 0.5`)
	return port.ReplaceAllString(s, "127.0.0.1:8080")
}

// fits fails the test for a line that a terminal would break. JSON and diffs are
// for programs.
func fits(t *testing.T, shown string, width int) {
	t.Helper()
	for line := range strings.SplitSeq(shown, "\n") {
		structured := strings.ContainsAny(line, `{"`) && width < usualWidth || strings.HasPrefix(line, "    ")
		if text.StringWidth(line) > width && !structured {
			t.Errorf("a line of %d columns where there are %d: %s", text.StringWidth(line), width, line)
		}
		if line != strings.TrimRight(line, " ") {
			t.Errorf("a line ends in spaces: %q", line)
		}
	}
}

// compare compares with a file, which -update writes.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		writeTo(t, file, got)
	}
	if want := readFrom(t, file); got != want {
		t.Errorf("%s has changed; got:\n%s\nwant:\n%s", filepath.Base(file), got, want)
	}
}
