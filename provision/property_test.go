package provision_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

var worldCount = flag.Int("worlds", 1000, "how many random fleets and rosters the property tests make")

// world makes fleets and rosters that collide often: few ids, names and emails
// for many people.
type world struct{ *rand.Rand }

func (w world) chance(percent int) bool { return w.IntN(100) < percent }

func (w world) maybe(percent int, s string) string {
	if w.chance(percent) {
		return s
	}
	return ""
}

func pick[T any](w world, from ...T) T { return from[w.IntN(len(from))] }

func (w world) number() int { return 1 + w.IntN(14) }

var (
	roles  = []motive.Role{motive.RoleDriver, motive.RoleDriver, motive.RoleDriver, motive.RoleFleetUser, motive.RoleAdmin, motive.RoleFleetAdmin}
	cycles = []motive.Cycle{"70_8", "60_7", "70_8_2020", "80_8_p", "tx_70_7", "120_14", "Other"}
)

// user is a user as live data has them, quirks included.
func (w world) user() motive.User {
	u := motive.User{
		FirstName: pick(w, "Ada", "Bram", "Céline", ""), LastName: pick(w, "Moss", "O'Hara", "李"),
		Role: pick(w, roles...), Status: pick(w, motive.StatusActive, motive.StatusActive, motive.StatusDeactivated, motive.StatusPending),
		Email: w.maybe(60, fmt.Sprintf("P%d@example.com", w.number())), Phone: w.maybe(40, fmt.Sprintf("555-01%02d", w.number())),
		TimeZone: w.maybe(20, "Arizona"), MetricUnits: w.chance(20),
	}
	for range w.IntN(3) {
		u.ExternalIDs = append(u.ExternalIDs, motive.ExternalID{ExternalID: fmt.Sprint(w.number()), IntegrationName: pick(w, tms, "other")})
	}
	if u.Role == motive.RoleDriver {
		u.Username = w.maybe(80, fmt.Sprintf("user%d", w.number()))
		u.DriverCompanyID = w.maybe(50, fmt.Sprintf("D-%d", w.number()))
		u.ELDMode = pick(w, "", motive.ELDModeLogs, motive.ELDModeNone, motive.ELDModeExempt)
		u.Cycle = pick(w, append(slices.Clone(cycles), "")...)
		u.Exception24HourRestart = w.chance(30)
		u.GroupIDs = pick(w, nil, []int64{101}, []int64{102, 101})
	}
	return u
}

// fleet is a fleet in which the unique values are unique, as Motive keeps them.
func (w world) fleet() []motive.User {
	taken := make(map[string]bool)
	first := func(kind, value string) bool {
		free := !taken[kind+value]
		taken[kind+value] = true
		return free
	}
	users := make([]motive.User, w.IntN(12))
	for i := range users {
		u := w.user()
		if !first("email", u.Email) {
			u.Email = ""
		}
		if !first("username", u.Username) {
			u.Username = ""
		}
		u.ExternalIDs = slices.DeleteFunc(u.ExternalIDs, func(id motive.ExternalID) bool {
			return !first(id.IntegrationName, id.ExternalID)
		})
		users[i] = u
	}
	return users
}

func optional(w world, percent int, s string) motive.Optional[string] {
	switch {
	case w.chance(percent):
		return motive.Set(s)
	case w.chance(8):
		return motive.Null[string]()
	}
	return motive.Optional[string]{}
}

func (w world) row(i int) provision.Row {
	n := w.number()
	row := provision.Row{Line: i + 2, ExternalID: w.maybe(75, fmt.Sprint(w.number()))}
	a := &row.Attributes
	a.FirstName, a.LastName = motive.Set(pick(w, "Ada", "Bram")), motive.Set("Moss")
	if w.chance(90) {
		a.Role = motive.Set(pick(w, roles...))
	}
	a.Email, a.Phone = optional(w, 50, fmt.Sprintf("p%d@example.com", n)), optional(w, 30, fmt.Sprintf("(555) 01%02d", n))
	a.PhoneCountryCode = motive.Set("+1")
	a.Username, a.DriverCompanyID = optional(w, 70, fmt.Sprintf("user%d", n)), optional(w, 40, fmt.Sprintf("D-%d", n))
	a.TimeZone = optional(w, 20, "Alaska")
	if w.chance(15) {
		a.Status = motive.Set(pick(w, motive.StatusActive, motive.StatusDeactivated))
	}
	if w.chance(50) {
		a.ELDMode = motive.Set(pick(w, motive.ELDModeLogs, motive.ELDModeNone, motive.ELDModeExempt))
	}
	if w.chance(40) {
		a.TimeTrackingMode = motive.Set(pick(w, motive.TimeTrackingModeLogs, motive.TimeTrackingModeTimecards))
	}
	if w.chance(60) {
		a.Cycle = motive.Set(pick(w, cycles...))
	}
	if w.chance(30) {
		a.Exception24HourRestart = motive.Set(w.chance(50))
	}
	if w.chance(20) {
		a.GroupIDs = motive.Set(pick(w, []int64{}, []int64{101, 102}))
	}
	return row
}

// Whatever the fleet and the roster are: equal inputs give equal bytes, a plan
// survives its file, what is planned succeeds, and then nothing is left to do.
func TestAppliedPlansLeaveNothingToDo(t *testing.T) {
	t.Parallel()
	worlds := *worldCount
	if testing.Short() {
		worlds = 300
	}
	did := make(map[provision.Action]int)
	for seed := range worlds {
		testWorld(t, seed, did)
	}
	for _, action := range []provision.Action{
		provision.ActionCreate, provision.ActionUpdate, provision.ActionReactivate, provision.ActionDeactivate,
		provision.ActionUnchanged, provision.ActionConflict, provision.ActionInvalid, provision.ActionLeftAlone,
	} {
		if did[action] < worlds/20 {
			t.Errorf("only %d steps of %d fleets are %s: the worlds are too tame", did[action], worlds, action)
		}
	}
}

// testWorld applies one roster to one fleet, and counts what it did.
func testWorld(t *testing.T, seed int, did map[provision.Action]int) {
	t.Helper()
	w := world{rand.New(rand.NewPCG(uint64(seed), 11))}
	fake := motivetest.NewHandler()
	// One administrator stays whatever the roster says, for which rows to hold
	// back can change with the administrators that a first plan makes.
	fake.Seed(motive.User{FirstName: "Ines", LastName: "Calder", Role: motive.RoleAdmin, Email: "ines@example.com"})
	fake.Seed(w.fleet()...)
	client := directClient(t, fake)
	roster := make([]provision.Row, 1+w.IntN(10))
	for i := range roster {
		roster[i] = w.row(i)
	}
	opts := provision.Options{
		Leavers: provision.Leavers{Deactivate: w.chance(50), Roles: pick(w, nil, []motive.Role{motive.RoleDriver, motive.RoleAdmin})},
		Limits:  provision.Limits{Deactivate: 100, Update: 100},
	}
	p := planFor(t, client, rows(roster...), opts)
	if again := planFor(t, client, rows(roster...), opts); !bytes.Equal(savedBytes(t, p), savedBytes(t, again)) {
		t.Fatalf("seed %d: equal inputs gave two plans:\n%s\n%s", seed, savedBytes(t, p), savedBytes(t, again))
	}
	saved := reread(t, p)
	report, err := provision.Apply(t.Context(), client, saved, nil, provision.ApplyOptions{Workers: 1 + w.IntN(4), Fresh: w.chance(30)})
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	for _, f := range report.Failures {
		if f.Outcome != provision.OutcomeLeftOut {
			t.Errorf("seed %d: %s: %s", seed, f.Outcome, f.Problem)
		}
	}
	after := planFor(t, client, rows(roster...), opts)
	for _, s := range append(p.Steps, after.Steps...) {
		did[s.Action]++
	}
	// A row that was in conflict can find its user free when the others have what is
	// theirs; else nothing is left.
	conflict := make(map[int]bool)
	for _, s := range p.Steps {
		conflict[s.Line] = s.Action == provision.ActionConflict
	}
	for _, s := range after.Steps {
		switch s.Action {
		case provision.ActionCreate, provision.ActionUpdate, provision.ActionReactivate, provision.ActionDeactivate:
			if !conflict[s.Line] {
				t.Errorf("seed %d: line %d is to %s in the next plan", seed, s.Line, s.Action)
			}
		}
	}
	fake.AssertNoDuplicates(t)
	if t.Failed() {
		t.Fatalf("seed %d\nfirst:\n%s\nnext:\n%s", seed,
			table(t, p, provision.PrintOptions{All: true}), table(t, after, provision.PrintOptions{All: true}))
	}
}
