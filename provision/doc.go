// Package provision brings a fleet in line with a roster: the drivers and office
// staff that another system, or a spreadsheet, says there should be.
//
// A roster is read, a plan is made from it, and the plan is applied:
//
//	roster := provision.ReadCSV(file, provision.ReadOptions{})
//	plan, err := provision.NewPlan(ctx, client, roster, provision.Options{Integration: "tms"})
//	// look at it: plan.WriteTable, plan.WriteDiff, plan.WriteHTML
//	report, err := provision.Apply(ctx, client, plan, journal, provision.ApplyOptions{})
//
// # Roster
//
// A roster is an iterator of [Row], so that a program can make one of whatever
// it has. [ReadCSV] and [ReadJSON] read files and name every problem in them at
// once. An empty cell leaves a field alone, and <null> clears it.
//
// # Plan
//
// The fleet is listed once, without a filter, and completely, or there is no
// plan. A row belongs to the user with its external id of the integration, else
// with its driver_company_id, username or email, and never to one with the same
// name. What cannot be told is a conflict that says why, and is not guessed.
//
// Users who stand in no row are left alone, unless [Leavers] asks for more.
// Brakes ([Limits]) stop a plan that would change too much of the fleet; the way
// past them names the plan's hash.
//
// A plan is data: equal rosters and fleets give equal bytes. It holds what will
// be sent, passwords and license numbers included, so a file with a plan needs
// the mode 0600. What a plan prints for people shows neither.
//
// # Apply
//
// The steps are carried out a few at a time, under the client's rate limit. A
// [Journal] makes a run resumable: killed at any point and applied again, the
// fleet ends as planned, and nobody is created twice.
package provision
