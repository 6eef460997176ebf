package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/motive-go/motive/motivetest"
)

const rosterWithSecrets = `external_id,first_name,last_name,role,username,Password,drivers_license_number,drivers_license_state,eld_mode,time_tracking_mode,cycle
2001,Ada,Moss,driver,amoss.demo,canary-password-1,canary-license-1,TX,logs,logs,70_8
2002,Bram,Okafor,driver,bokafor.demo,canary-password-2,canary-license-2,TX,logs,logs,70_9
2003,Céline,Duarte,driver,cduarte.demo,"canary-password-3""",,,logs,logs,60_7
2004,Dmitri,Hale,Jr,driver,dhale.demo,canary-password-4,,,logs,logs,60_7
2005,"Elena,Frost,driver,efrost.demo,canary-password-5,,,logs,logs,60_7
`

const linesWithSecrets = `{"external_id":"2001","first_name":"Ada","last_name":"Moss","role":"driver","username":"amoss.demo","password":"canary-password-1","drivers_license_number":"canary-license-1","drivers_license_state":"TX","eld_mode":"logs","time_tracking_mode":"logs","cycle":"70_8"}
{"external_id":"2002","password":"canary-password-2","drivers_license_number":["canary-license-2"],"cycle":"70_9"}
`

// No test shows what it has found: that would be the leak.
func TestSecretsAreShownNowhere(t *testing.T) {
	t.Parallel()
	for name, roster := range map[string]string{"team.csv": rosterWithSecrets, "team.jsonl": linesWithSecrets} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newFake(t)
			server.Inject(motivetest.Status(500, motivetest.JSON), motivetest.OnMethod("POST"), motivetest.Times(1))
			dir := t.TempDir()
			file := writeTo(t, filepath.Join(dir, name), roster)
			plan := filepath.Join(dir, "monday.plan")
			for _, args := range [][]string{
				{"validate", file},
				{"validate", file, "--json"},
				{"plan", file, "--integration", "tms", "--diff"},
				{"plan", file, "--integration", "tms", "--json"},
				{"plan", file, "--integration", "tms", "--all", "--html", filepath.Join(dir, "monday.html"), "-o", plan},
				{"apply", plan, "--rate", "1000"},
				{"resume", plan, "--rate", "1000", "--json"},
				{"lookup", "--external-id", "2001", "--integration", "tms"},
				{"lookup", "--external-id", "2001", "--integration", "tms", "--json"},
			} {
				got := on(server).run(t.Context(), args...)
				if strings.Contains(got.out+got.err, "canary") {
					t.Errorf("motive %s shows a secret", strings.ReplaceAll(strings.Join(args, " "), dir, ""))
				}
			}
			if server.Created("2001", "tms") != 1 {
				t.Error("the row without problems was not applied")
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			holdNoSecrets(t, dir)
		})
	}
}

// holdNoSecrets looks at the files that commands have left.
func holdNoSecrets(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content := readFrom(t, filepath.Join(dir, f.Name()))
		if strings.Contains(content, "canary-password") || strings.Contains(content, accessToken) {
			t.Errorf("%s holds a secret", f.Name())
		}
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if len(files) < 3 {
		t.Errorf("%d files, and there should be the plan, the page and the journal", len(files))
	}
}

func TestPasswordsAreMadeIntoAFileOfTheirOwn(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	dir := t.TempDir()
	env := on(server)
	file := writeTo(t, filepath.Join(dir, "team.csv"), team)
	plan := filepath.Join(dir, "monday.plan")
	env.must(t, "plan", file, "--integration", "tms", "-o", plan)
	shown := env.must(t, "apply", plan, "--rate", "1000", "--passwords", filepath.Join(dir, "new.csv"))
	lines := strings.Split(strings.TrimSpace(readFrom(t, filepath.Join(dir, "new.csv"))), "\n")
	if len(lines) != 7 {
		t.Errorf("%d lines, want headings and six passwords", len(lines))
	}
	for _, line := range lines[1:] {
		password := line[strings.LastIndexByte(line, ',')+1:]
		if len(password) < 12 || strings.Contains(shown.out+shown.err, password) {
			t.Error("a password is short, or shown")
		}
	}
}
