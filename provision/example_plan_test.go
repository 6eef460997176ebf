package provision_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

// A plan is data: saved, signed off by somebody, and read again where it is applied.
func ExamplePlan() {
	ctx := context.Background()
	client, stop := exampleFleet()
	defer stop()

	roster := provision.ReadCSV(strings.NewReader(exampleRoster), provision.ReadOptions{})
	plan, err := provision.NewPlan(ctx, client, roster, provision.Options{
		Integration: "tms",
		Leavers:     provision.Leavers{Deactivate: true, Roles: []motive.Role{motive.RoleDriver}},
		Limits:      provision.Limits{Deactivate: 5, Update: 50, Admins: 1},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range plan.Steps {
		fmt.Println(step.Name, step.Action)
	}
	fmt.Println(plan.Writes(), "writes,", plan.Duration())

	var saved bytes.Buffer
	if err := plan.WriteJSON(&saved); err != nil { // a file of mode 0600: it has passwords in it
		log.Fatal(err)
	}
	if err := plan.WriteHTML(io.Discard); err != nil { // the page to sign off
		log.Fatal(err)
	}
	again, err := provision.ReadPlan(&saved)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Hash() == plan.Hash(), strings.HasPrefix(plan.Hash(), plan.ShortHash()))
	// Output:
	// Ada Moss create
	// Bram Okafor update
	// Walter Fenn deactivate
	// 3 writes, 6s
	// true true
}

func ExamplePlan_WriteDiff() {
	client, stop := exampleFleet()
	defer stop()
	roster := provision.ReadCSV(strings.NewReader(exampleRoster), provision.ReadOptions{})
	plan, err := provision.NewPlan(context.Background(), client, roster, provision.Options{Integration: "tms"})
	if err != nil {
		log.Fatal(err)
	}
	if err := plan.WriteDiff(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// --- fleet
	// +++ roster, plan e47c5d5b
	// @@ create, Ada Moss, line 2 @@
	// +first_name: Ada
	// +last_name: Moss
	// +role: driver
	// +username: amoss.demo
	// +cycle: 70_8
	// +external id: 1 of tms
	// @@ update user 1, Bram Okafor, line 3 @@
	// -cycle: 70_8
	// +cycle: tx_70_7
	// +external id: 2 of tms
}

// A report has every step that did not come to what was planned.
func ExampleReport() {
	ctx := context.Background()
	client, stop := exampleFleet()
	defer stop()
	roster := provision.ReadCSV(strings.NewReader(exampleRoster), provision.ReadOptions{})
	plan, err := provision.NewPlan(ctx, client, roster, provision.Options{Integration: "tms"})
	if err != nil {
		log.Fatal(err)
	}
	// Somebody else changes Bram between the plan and the run.
	bram, err := client.Users.Lookup(ctx, motive.UserLookup{Username: "bokafor.demo"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Users.Update(ctx, bram.ID, &motive.UpdateUserRequest{Cycle: motive.Set(motive.CycleAlaskaProperty70Hour7Day)}); err != nil {
		log.Fatal(err)
	}

	report, err := provision.Apply(ctx, client, plan, nil, provision.ApplyOptions{
		Progress: func(provision.Progress) {}, // for a bar
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.OK(), report.Counts[provision.OutcomeCreated], "created")
	for _, failure := range report.Failures {
		fmt.Println(failure.Name, failure.Outcome)
	}
	var rows strings.Builder
	if err := report.WriteFailed(&rows); err != nil { // to be corrected and planned again
		log.Fatal(err)
	}
	fmt.Println(strings.Count(rows.String(), "\n"), "lines")
	if err := report.WriteText(io.Discard, provision.PrintOptions{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// false 1 created
	// Bram Okafor stale
	// 2 lines
}
