package main

import "github.com/motive-go/motive"

// fleet is who is at the fake before the roster comes: an administrator and a
// dispatcher who are in line, a driver who has moved to another cycle, one who
// comes back, and one who has left.
func fleet(integration string) []motive.User {
	known := func(id string) []motive.ExternalID {
		return []motive.ExternalID{{ExternalID: id, IntegrationName: integration}}
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
