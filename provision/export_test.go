package provision_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

// quirk makes a user odd, as live data is.
func (w world) quirk(u motive.User) motive.User {
	switch w.IntN(12) {
	case 0:
		u.Cycle = "99_9"
	case 1:
		u.FirstName = " Ada\t"
	case 2:
		u.LastName = "<null>"
	case 3:
		u.Email = "not an address"
	case 4:
		u.Phone = "5.55E+09"
	case 5:
		u.Role = "janitor"
	case 6:
		u.TimeZone = "a\nb \"c\", d;e"
	case 7:
		u.DriverCompanyID, u.Phone, u.PhoneCountryCode = "D-1", "555-0101", "+1"
	case 8:
		u.FirstName, u.LastName, u.Email, u.Username, u.ExternalIDs = "", "", "", "", nil
	case 9:
		u.ExternalIDs = append(u.ExternalIDs, known("second-"+u.Username)...)
	case 10:
		u.Exception8HourBreak, u.Cycle = true, "120_14" // which does not allow it
	}
	return u
}

// Whatever stands in a fleet, its export plans to nothing, and leaves nobody out
// who has a key of their own.
func TestAnExportPlansToNothing(t *testing.T) {
	t.Parallel()
	fleets := *worldCount
	if testing.Short() {
		fleets = 200
	}
	written, left := 0, 0
	for seed := range fleets {
		w := world{rand.New(rand.NewPCG(uint64(seed), 13))}
		fake := motivetest.NewHandler()
		users := w.fleet()
		for i := range users {
			users[i] = w.quirk(users[i])
		}
		fake.Seed(append(users, driver("somebody"))...)
		client := directClient(t, fake)
		var csv bytes.Buffer
		n, omitted, err := provision.Export(t.Context(), client, &csv, tms)
		if err != nil {
			t.Fatal(err)
		}
		if n+len(omitted) != len(users)+1 {
			t.Fatalf("seed %d: %d users, %d written and %d omitted", seed, len(users)+1, n, len(omitted))
		}
		written, left = written+n, left+len(omitted)
		p := planFor(t, client, csvRoster(csv.String()), provision.Options{})
		if p.Rows != n || p.Writes() > 0 || p.Count(provision.ActionInvalid)+p.Count(provision.ActionConflict) > 0 {
			t.Fatalf("seed %d: the export does not plan to nothing\n%s\n%s", seed, csv.String(), table(t, p, provision.PrintOptions{All: true, Width: 160}))
		}
	}
	t.Logf("%d users exported, %d without a key of their own", written, left)
	if left > written/3 {
		t.Errorf("%d users left out of %d", left, written+left)
	}
}

func TestAnExportSaysWhomItLeavesOut(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	fake.Seed(driver("ada"), motive.User{FirstName: "No", LastName: "Key", Role: motive.RoleAdmin, Phone: "555-0101"})
	var csv bytes.Buffer
	n, omitted, err := provision.Export(t.Context(), directClient(t, fake), &csv, tms)
	if err != nil || n != 1 || len(omitted) != 1 || omitted[0] != "user 2 (No Key)" {
		t.Errorf("%d, %q, %v", n, omitted, err)
	}
	if !strings.HasPrefix(csv.String(), "external_id,first_name,last_name,role,status,") {
		t.Errorf("headings: %.80s", csv.String())
	}
}
