package provision_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

func TestAnAppliedPlanLeavesNothingToDo(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	server.Seed(
		motive.User{FirstName: "Ines", LastName: "Calder", Role: motive.RoleAdmin, Email: "ines@example.com"},
		motive.User{FirstName: "Bram", LastName: "Okafor", Role: motive.RoleDriver, Username: "bram", Cycle: "60_7"},
		motive.User{FirstName: "Gone", LastName: "Back", Role: motive.RoleDriver, Username: "gone", Status: motive.StatusDeactivated},
		motive.User{FirstName: "Old", LastName: "Hand", Role: motive.RoleDriver, Username: "old"},
	)
	const roster = "external_id,first_name,last_name,role,username,email,eld_mode,time_tracking_mode,cycle,exception_24_hour_restart\n" +
		"1,Ada,Moss,driver,ada,,logs,logs,70_8,true\n" +
		"2,Bram,Okafor,driver,bram,,logs,logs,70_8,\n" +
		"3,Gone,Back,driver,gone,,,,,\n" +
		"4,Ines,Calder,admin,,ines@example.com,,,,\n"
	opts := provision.Options{Leavers: provision.Leavers{Deactivate: true}}
	p := planFor(t, server.Client(), csvRoster(roster), opts)
	journal, err := provision.OpenJournal(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	report, err := provision.Apply(t.Context(), server.Client(), p, journal, provision.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.WriteText(&out, provision.PrintOptions{}); err != nil {
		t.Fatal(err)
	}
	if !report.OK() {
		t.Errorf("failures: %v", report.Failures)
	}
	if _, err := provision.Apply(t.Context(), server.Client(), p, journal, provision.ApplyOptions{}); !errors.Is(err, provision.ErrStale) {
		t.Errorf("applied twice: %v", err)
	}
	if after := planFor(t, server.Client(), csvRoster(roster), opts); after.Writes() != 0 {
		t.Errorf("the next plan is not empty:\n%s", table(t, after, provision.PrintOptions{}))
	}
}
