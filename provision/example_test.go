package provision_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

const exampleRoster = `external_id,first_name,last_name,role,username,cycle
1,Ada,Moss,driver,amoss.demo,70_8
2,Bram,Okafor,driver,bokafor.demo,tx_70_7
`

// exampleFleet is a fake fleet with Bram, who is under another cycle, and Walter.
func exampleFleet() (*motive.Client, func()) {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	server.Seed(
		motive.User{FirstName: "Bram", LastName: "Okafor", Role: motive.RoleDriver, Username: "bokafor.demo", Cycle: "70_8"},
		motive.User{FirstName: "Walter", LastName: "Fenn", Role: motive.RoleDriver, Username: "wfenn.demo"})
	return server.Client(), server.Close
}

func Example() {
	ctx := context.Background()
	client, stop := exampleFleet()
	defer stop()

	roster := provision.ReadCSV(strings.NewReader(exampleRoster), provision.ReadOptions{})
	plan, err := provision.NewPlan(ctx, client, roster, provision.Options{Integration: "tms"})
	if err != nil {
		log.Fatal(err)
	}
	if err := plan.WriteTable(os.Stdout, provision.PrintOptions{All: true}); err != nil {
		log.Fatal(err)
	}
	report, err := provision.Apply(ctx, client, plan, nil, provision.ApplyOptions{Fresh: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Counts[provision.OutcomeCreated], "created,", report.Counts[provision.OutcomeUpdated], "updated")
	// Output:
	// Plan e47c5d5b: 2 rows, 2 users in the fleet
	//
	//     2  Ada Moss     create      US property, 70 hours in 8 days
	//     3  Bram Okafor  update      cycle 70_8 → tx_70_7; external id — → 2 of tms
	//        Walter Fenn  left alone  stands in no row; leavers are left alone unless
	//                                 asked for
	//
	// 1 to create, 1 to update, 1 left alone. About 4s at 1 request a second.
	// 1 created, 1 updated
}

func ExampleReadCSV() {
	const file = "Employee ID;Surname;Role\n0012;Moss;driver\n13;Okafor;drivr\n"
	roster := provision.ReadCSV(strings.NewReader(file), provision.ReadOptions{
		Columns: map[string]string{"Employee ID": "external_id", "Surname": "last_name"},
	})
	_, problems, err := provision.Check(roster)
	if err != nil {
		log.Fatal(err)
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	// Output:
	// line 3, external_id: is "13", and other ids of the column begin with a zero and have 4 digits; the spreadsheet seems to have dropped zeros: format the column as text
	// line 3, role: "drivr" is not a documented value (did you mean "driver"?); use "driver", "fleet_user", "admin" or "fleet_admin"
}

func ExampleReadJSON() {
	const file = `{"external_id": "1", "first_name": "Ada", "email": null}`
	for row, err := range provision.ReadJSON(strings.NewReader(file), provision.ReadOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.ExternalID, row.Attributes.FirstName, row.Attributes.Email)
	}
	// Output: 1 Ada null
}

// A program that has the people in a database hands them over one by one.
func ExampleRow() {
	people := func(yield func(provision.Row, error) bool) {
		for _, name := range []string{"ada", "bram"} {
			row := provision.Row{ExternalID: name, Attributes: motive.UserAttributes{
				FirstName: motive.Set(name), LastName: motive.Set("Moss"), Role: motive.Set(motive.RoleDriver), Username: motive.Set(name + ".demo"),
			}}
			if !yield(row, nil) {
				return
			}
		}
	}
	client, stop := exampleFleet()
	defer stop()
	plan, err := provision.NewPlan(context.Background(), client, people, provision.Options{Integration: "tms"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan.Count(provision.ActionCreate), "to create")
	// Output: 2 to create
}

// A saved plan is applied with a journal, and goes on where it was killed.
func ExampleApply() {
	ctx := context.Background()
	client, stop := exampleFleet()
	defer stop()
	dir, err := os.MkdirTemp("", "plans")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	roster := provision.ReadCSV(strings.NewReader(exampleRoster), provision.ReadOptions{})
	plan, err := provision.NewPlan(ctx, client, roster, provision.Options{Integration: "tms"})
	if err != nil {
		log.Fatal(err)
	}
	journal, err := provision.OpenJournal(filepath.Join(dir, "monday.journal"))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = journal.Close() }()
	report, err := provision.Apply(ctx, client, plan, journal, provision.ApplyOptions{})
	if errors.Is(err, provision.ErrStopped) {
		fmt.Println("go on later, with the same plan and journal")
	} else if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.OK())
	_, err = provision.Apply(ctx, client, plan, journal, provision.ApplyOptions{})
	fmt.Println(errors.Is(err, provision.ErrStale))
	// Output:
	// true
	// true
}

func ExampleExport() {
	client, stop := exampleFleet()
	defer stop()
	var csv strings.Builder
	written, omitted, err := provision.Export(context.Background(), client, &csv, "tms")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(written, "users,", len(omitted), "left out")
	plan, err := provision.NewPlan(context.Background(), client, provision.ReadCSV(strings.NewReader(csv.String()), provision.ReadOptions{}), provision.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan.Writes(), "to do")
	// Output:
	// 2 users, 0 left out
	// 0 to do
}
