package provision_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

func known(id string) []motive.ExternalID {
	return []motive.ExternalID{{ExternalID: id, IntegrationName: tms}}
}

func withID(u motive.User, id string) motive.User {
	u.ExternalIDs = known(id)
	return u
}

func driver(username string) motive.User {
	return motive.User{FirstName: "D", LastName: username, Role: motive.RoleDriver, Username: username}
}

// step finds the step of a line, or of a user in no row.
func step(t *testing.T, p *provision.Plan, line int) provision.Step {
	t.Helper()
	for _, s := range p.Steps {
		if s.Line == line {
			return s
		}
	}
	t.Fatalf("no step for line %d", line)
	return provision.Step{}
}

func TestWhoARowIs(t *testing.T) {
	t.Parallel()
	with := func(u motive.User, change func(*motive.User)) motive.User {
		change(&u)
		return u
	}
	const header = "external_id,driver_company_id,username,email,first_name,last_name,role\n"
	for _, test := range []struct {
		name   string
		fleet  []motive.User
		rows   string
		action provision.Action // of line 2
		by     string
		reason string
	}{
		{"external id first", []motive.User{with(driver("ada"), func(u *motive.User) { u.ExternalIDs = known("1") })},
			"1,,ada,,D,ada,driver\n", provision.ActionUnchanged, "external_id", ""},
		{"external id of another integration", []motive.User{with(driver("ada"), func(u *motive.User) {
			u.ExternalIDs = []motive.ExternalID{{ExternalID: "1", IntegrationName: "other"}}
		})},
			"1,,bob,,D,bob,driver\n", provision.ActionCreate, "", ""},
		{"company id before username", []motive.User{with(driver("ada"), func(u *motive.User) { u.DriverCompanyID = "D-1" })},
			",D-1,ada,,D,ada,driver\n", provision.ActionUnchanged, "driver_company_id", ""},
		{"username whatever its case", []motive.User{driver("Ada")}, ",,ada,,D,Ada,driver\n", provision.ActionUnchanged, "username", ""},
		{"email", []motive.User{{FirstName: "I", LastName: "C", Role: motive.RoleAdmin, Email: "I@example.com"}},
			",,,i@example.com,I,C,admin\n", provision.ActionUnchanged, "email", ""},
		{"never by name", []motive.User{{FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver, Username: "one"}},
			"1,,two,,Ada,Moss,driver\n", provision.ActionCreate, "", ""},
		{"a key handed on", []motive.User{with(driver("ada"), func(u *motive.User) { u.ExternalIDs = known("9") })},
			"1,,ada,,New,Ada,driver\n", provision.ActionConflict, "", `username "ada" is on user 1 (D ada), who keeps it`},
		{"a key handed on, and freed", []motive.User{with(driver("ada"), func(u *motive.User) { u.ExternalIDs = known("9") })},
			"1,,ada,,New,Ada,driver\n9,,ada2,,D,ada,driver\n", provision.ActionCreate, "", ""},
		{"two users for one row", []motive.User{with(driver("ada"), func(u *motive.User) { u.ExternalIDs = known("1") }), driver("bob")},
			"1,,bob,,D,x,driver\n", provision.ActionConflict, "external_id", `username "bob" is on user 2 (D bob), who keeps it`},
		{"a key of two users", []motive.User{with(driver("a"), func(u *motive.User) { u.DriverCompanyID = "D-1" }), with(driver("b"), func(u *motive.User) { u.DriverCompanyID = "D-1" })},
			",D-1,,,D,x,driver\n", provision.ActionConflict, "", `driver_company_id "D-1" is on user 1 (D a) and user 2 (D b)`},
		{"two rows for one user", []motive.User{with(driver("ada"), func(u *motive.User) { u.ExternalIDs, u.DriverCompanyID = known("1"), "D-1" })},
			"1,,,,D,ada,driver\n,D-1,,,D,ada,driver\n", provision.ActionConflict, "external_id", "is user 1 (D ada) by external_id, and so is line 3"},
		{"a swap", []motive.User{with(driver("a"), func(u *motive.User) { u.ExternalIDs = known("1") }), with(driver("b"), func(u *motive.User) { u.ExternalIDs = known("2") })},
			"1,,b,,D,a,driver\n2,,a,,D,b,driver\n", provision.ActionConflict, "external_id", "waits for one of this row"},
		{"nothing to be known by", nil, ",,,,D,x,driver\n", provision.ActionInvalid, "", ""},
		{"office staff by username", nil, ",,ada,,D,x,fleet_user\n", provision.ActionInvalid, "", ""},
		{"a deactivated fleet user", []motive.User{{FirstName: "I", LastName: "C", Role: motive.RoleFleetUser, Email: "i@example.com", Status: motive.StatusDeactivated}},
			",,,i@example.com,I,C,fleet_user\n", provision.ActionConflict, "email", "whom Motive does not reactivate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := motivetest.NewHandler()
			fake.Seed(test.fleet...)
			p := planFor(t, directClient(t, fake), csvRoster(header+test.rows), provision.Options{})
			s := step(t, p, 2)
			if s.Action != test.action || s.MatchedBy != test.by || !strings.Contains(s.Reason, test.reason) {
				t.Errorf("got %s by %q: %q %v\n%s", s.Action, s.MatchedBy, s.Reason, s.Problems, table(t, p, provision.PrintOptions{All: true}))
			}
		})
	}
}

func changesOf(s provision.Step) string {
	all := make([]string, len(s.Changes))
	for i, c := range s.Changes {
		all[i] = c.Field + "=" + string(c.To)
	}
	return strings.Join(all, " ")
}

func TestWhatCountsAsAChange(t *testing.T) {
	t.Parallel()
	full := motive.User{
		FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver, Username: "ada", Email: "Ada@Example.com", Phone: "5550101", PhoneCountryCode: "+1",
		ELDMode: motive.ELDModeLogs, Cycle: "70_8_2020", GroupIDs: []int64{102, 101}, ExternalIDs: known("1"), Exception24HourRestart: true,
	}
	for _, test := range []struct {
		name, columns, cells string
		resend               []string
		action               provision.Action
		changes              string
	}{
		{"nothing", "first_name", "Ada", nil, provision.ActionUnchanged, ""},
		{"a value", "first_name", "Eve", nil, provision.ActionUpdate, `first_name="Eve"`},
		{"an empty cell", "first_name", "", nil, provision.ActionUnchanged, ""},
		{"cleared", "email", "<null>", nil, provision.ActionUpdate, "email=null"},
		{"cleared already", "phone2", "<null>", nil, provision.ActionUnchanged, ""},
		{"the case of an email", "email", "ada@example.com", nil, provision.ActionUnchanged, ""},
		{"the spelling of a phone", "phone", "(555) 01-01", nil, provision.ActionUnchanged, ""},
		{"the suffix of a cycle", "cycle", "70_8", nil, provision.ActionUnchanged, ""},
		{"the order of groups", "group_ids", "101;102", nil, provision.ActionUnchanged, ""},
		{"other groups", "group_ids", "101", nil, provision.ActionUpdate, "group_ids=[101]"},
		{"an exception turned off", "exception_24_hour_restart", "no", nil, provision.ActionUpdate, "exception_24_hour_restart=false"},
		{"write-only", "time_tracking_mode", "logs", nil, provision.ActionUnchanged, ""},
		{"write-only on demand", "eld_mode,time_tracking_mode", "logs,logs", []string{"time_tracking_mode"}, provision.ActionUpdate, `time_tracking_mode="logs" eld_mode="logs"`},
		{"a mode with its pair", "eld_mode,time_tracking_mode", "exempt,timecards", nil, provision.ActionUpdate, `eld_mode="exempt" time_tracking_mode="timecards"`},
		{"a mode whose pair is certain", "eld_mode", "none", nil, provision.ActionUpdate, `eld_mode="none" time_tracking_mode="logs"`},
		{"a mode whose pair is not", "eld_mode", "exempt", nil, provision.ActionInvalid, ""},
		{"a default cleared", "eld_mode", "<null>", nil, provision.ActionInvalid, ""},
		{"a cycle that does not allow what is on", "cycle", "120_14", nil, provision.ActionInvalid, ""},
		{"deactivated", "status", "deactivated", nil, provision.ActionDeactivate, `status="deactivated"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := motivetest.NewHandler()
			fake.Seed(full)
			p := planFor(t, directClient(t, fake), csvRoster("external_id,"+test.columns+"\n1,"+test.cells+"\n"), provision.Options{Resend: test.resend})
			s := step(t, p, 2)
			if s.Action != test.action || changesOf(s) != test.changes {
				t.Errorf("%s: %s %v", s.Action, changesOf(s), s.Problems)
			}
		})
	}
}

func TestLeavers(t *testing.T) {
	t.Parallel()
	// Two administrators, the first of whom acts; a driver and a fleet user in no
	// row; a driver who is deactivated already.
	fleet := []motive.User{
		{ID: 1, FirstName: "Act", LastName: "Ing", Role: motive.RoleAdmin, Email: "a@example.com"},
		{ID: 2, FirstName: "Sec", LastName: "Ond", Role: motive.RoleFleetAdmin, Email: "b@example.com"},
		{ID: 3, FirstName: "Lea", LastName: "Ver", Role: motive.RoleDriver, Username: "leaver"},
		{ID: 4, FirstName: "Off", LastName: "Ice", Role: motive.RoleFleetUser, Email: "c@example.com"},
		{ID: 5, FirstName: "Al", LastName: "Ready", Role: motive.RoleDriver, Username: "gone", Status: motive.StatusDeactivated},
		{ID: 6, FirstName: "Sta", LastName: "Ys", Role: motive.RoleDriver, Username: "stays"},
	}
	const stays = "username,first_name,last_name,role\nstays,Sta,Ys,driver\n"
	everybody := []motive.Role{motive.RoleDriver, motive.RoleFleetUser, motive.RoleAdmin}
	for _, test := range []struct {
		name, rows string
		opts       provision.Options
		gone       []int64
		reasons    []string
	}{
		{"left alone", stays, provision.Options{}, nil, []string{"leavers are left alone unless asked for"}},
		{"drivers", stays, provision.Options{Leavers: provision.Leavers{Deactivate: true}}, []int64{3}, []string{`leavers are looked for among "driver"`}},
		{"everybody", stays, provision.Options{Leavers: provision.Leavers{Deactivate: true, Roles: everybody}}, []int64{2, 3, 4},
			[]string{"on whose behalf the calls are made"}},
		{"another acts", stays, provision.Options{ActingUser: 2, Leavers: provision.Leavers{Deactivate: true, Roles: everybody}}, []int64{1, 3, 4},
			[]string{"on whose behalf the calls are made"}},
		{"two administrators", stays, provision.Options{Limits: provision.Limits{Admins: 2}, Leavers: provision.Leavers{Deactivate: true, Roles: everybody}}, []int64{3, 4},
			[]string{"2 administrators must remain"}},
		{"a row in doubt", stays + "x,Ada,,driver\n", provision.Options{Leavers: provision.Leavers{Deactivate: true}}, nil, []string{"1 row with problems could be anybody"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := motivetest.NewHandler()
			fake.Seed(fleet...)
			p := planFor(t, directClient(t, fake), csvRoster(test.rows), test.opts)
			var gone []int64
			var reasons []string
			for _, s := range p.Steps {
				if s.Action == provision.ActionDeactivate {
					gone = append(gone, s.UserID)
				}
				reasons = append(reasons, s.Reason)
			}
			if fmt.Sprint(gone) != fmt.Sprint(test.gone) {
				t.Errorf("deactivates %v, want %v", gone, test.gone)
			}
			for _, want := range test.reasons {
				if !strings.Contains(strings.Join(reasons, "\n"), want) {
					t.Errorf("no reason %q in %q", want, reasons)
				}
			}
		})
	}
}

func TestRowsCannotLockTheFleetOut(t *testing.T) {
	t.Parallel()
	const header = "email,first_name,last_name,role,status\n"
	for _, test := range []struct{ name, rows, want string }{
		{"the acting user", "a@example.com,Act,Ing,admin,deactivated\n", "would deactivate user 1 (Act Ing), on whose behalf"},
		{"the last administrators", "a@example.com,Act,Ing,fleet_user,\nb@example.com,Sec,Ond,fleet_user,\n", "would leave fewer than 1 active administrator"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := motivetest.NewHandler()
			fake.Seed(
				motive.User{FirstName: "Act", LastName: "Ing", Role: motive.RoleAdmin, Email: "a@example.com"},
				motive.User{FirstName: "Sec", LastName: "Ond", Role: motive.RoleAdmin, Email: "b@example.com"})
			p := planFor(t, directClient(t, fake), csvRoster(header+test.rows), provision.Options{})
			if p.Count(provision.ActionConflict) != 1 || !strings.Contains(table(t, p, provision.PrintOptions{Width: 200}), test.want) {
				t.Errorf("the plan:\n%s", table(t, p, provision.PrintOptions{Width: 200}))
			}
		})
	}
}

func TestBrakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                    string
		drivers, leave, changed int
		limits                  provision.Limits
		want                    []string
	}{
		{"nothing", 240, 0, 0, provision.Limits{}, nil},
		{"a tenth leaves", 240, 24, 0, provision.Limits{}, nil},
		{"more than a tenth leaves", 240, 31, 0, provision.Limits{}, []string{"deactivates 31 of 240, 12.9%, limit 10%"}},
		{"a limit of one's own", 240, 31, 0, provision.Limits{Deactivate: 13}, nil},
		{"no limit", 240, 240 - 1, 0, provision.Limits{Deactivate: 100}, nil},
		{"three tenths change", 100, 0, 30, provision.Limits{}, nil},
		{"more than three tenths change", 100, 0, 31, provision.Limits{}, []string{"changes 31 of 100, 31.0%, limit 30%"}},
		{"both", 100, 11, 31, provision.Limits{}, []string{"deactivates 11 of 100, 11.0%, limit 10%", "changes 31 of 100, 31.0%, limit 30%"}},
		{"few users", 9, 8, 1, provision.Limits{}, nil},
		{"ten users", 10, 2, 0, provision.Limits{}, []string{"deactivates 2 of 10, 20.0%, limit 10%"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, csv := leaving(t, test.drivers, test.leave, test.changed)
			p := planFor(t, client, csvRoster(csv), provision.Options{Leavers: provision.Leavers{Deactivate: true}, Limits: test.limits})
			if fmt.Sprint(p.Brakes) != fmt.Sprint(test.want) {
				t.Fatalf("brakes %q, want %q", p.Brakes, test.want)
			}
			if test.want != nil {
				checkHeld(t, client, p, test.want)
				return
			}
			if report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{Fresh: true}); err != nil || !report.OK() {
				t.Errorf("apply: %v, %+v", err, report)
			}
		})
	}
}

// leaving is a fleet of n drivers and a roster without the first of them, in
// which the next are changed.
func leaving(t *testing.T, n, leave, changed int) (client *motive.Client, csv string) {
	t.Helper()
	fake := motivetest.NewHandler()
	csv = "username,first_name,last_name,role\n"
	for i := range n {
		name := fmt.Sprintf("d%d", i)
		fake.Seed(driver(name))
		last := name
		if i < leave+changed {
			last = "Changed"
		}
		if i >= leave {
			csv += name + ",D," + last + ",driver\n"
		}
	}
	return directClient(t, fake), csv
}

// checkHeld checks that a plan is held, with the numbers, until its hash is named.
func checkHeld(t *testing.T, client *motive.Client, p *provision.Plan, want []string) {
	t.Helper()
	for _, force := range []string{"", "yes", p.Hash()[:5], "000000"} {
		_, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{Force: force})
		if !errors.Is(err, provision.ErrUnsafe) {
			t.Fatalf("force %q: %v", force, err)
		}
		for _, part := range append(want, p.ShortHash()) {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error %q lacks %q", err, part)
			}
		}
	}
	report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{Force: p.Hash()[:6]})
	if err != nil || !report.OK() {
		t.Errorf("with the hash: %v, %+v", err, report)
	}
}

func TestGivingEverybodyAnExternalIDIsNoReasonToBrake(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	csv := "external_id,username\n"
	for i := range 20 {
		fake.Seed(driver(fmt.Sprintf("d%d", i)))
		csv += fmt.Sprintf("%d,d%d\n", i, i)
	}
	p := planFor(t, directClient(t, fake), csvRoster(csv), provision.Options{})
	if p.Count(provision.ActionUpdate) != 20 || p.Brakes != nil {
		t.Errorf("%d updates, brakes %q", p.Count(provision.ActionUpdate), p.Brakes)
	}
}

func TestNoPlanIsMade(t *testing.T) {
	t.Parallel()
	const person = "external_id,username,first_name,last_name,role\n1,ada,Ada,Moss,driver\n"
	for _, test := range []struct {
		name   string
		lying  bool // of the list about its total
		roster provision.Roster
		opts   provision.Options
		want   string
		is     error
	}{
		{"of an empty roster", false, csvRoster("external_id\n"), provision.Options{Integration: tms}, "empty", nil},
		{"of external ids of nobody", false, csvRoster(person), provision.Options{}, "Options.Integration", nil},
		{"that resends what can be read", false, csvRoster(person), provision.Options{Resend: []string{"email"}}, `"email" is not write-only`, nil},
		{"of a list that is not complete", true, csvRoster(person), provision.Options{Integration: tms}, "list the fleet", motive.ErrIncompleteList},
		{"of a roster that breaks off", false, breaksOff(), provision.Options{Integration: tms}, "the cable", errCable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := motivetest.NewHandler()
			fake.Seed(driver("bob"))
			if test.lying {
				fake.Inject(motivetest.LyingTotal(7))
			}
			p, err := provision.NewPlan(t.Context(), directClient(t, fake), test.roster, test.opts)
			if p != nil || err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("plan %v, error %v", p, err)
			}
		})
	}
}

var errCable = errors.New("the cable was pulled")

func breaksOff() iter.Seq2[provision.Row, error] {
	return func(yield func(provision.Row, error) bool) {
		if yield(provision.Row{ExternalID: "1"}, nil) {
			yield(provision.Row{}, errCable)
		}
	}
}

func TestTheFleetIsListedOnceAndUnfiltered(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	for i := range 150 {
		fake.Seed(driver(fmt.Sprintf("d%d", i)))
	}
	planFor(t, directClient(t, fake), csvRoster("username,first_name,last_name,role\nd1,D,d1,driver\n"), provision.Options{})
	for _, r := range fake.Requests() {
		if r.Query.Has("status") || r.Query.Has("role") || r.Path != "/v1/users" {
			t.Errorf("%s %s?%s", r.Method, r.Path, r.Query.Encode())
		}
	}
	if n := len(fake.Requests()); n != 2 {
		t.Errorf("%d requests for 2 pages", n)
	}
}

func TestAPlanThatWasChangedIsRefused(t *testing.T) {
	t.Parallel()
	p := planFor(t, directClient(t, motivetest.NewHandler()), csvRoster("external_id,username,first_name,last_name,role\n1,ada,Ada,Moss,driver\n"), provision.Options{})
	data := savedBytes(t, p)
	if back := reread(t, p); back.Hash() != p.Hash() || !bytes.Equal(savedBytes(t, back), data) {
		t.Error("a plan that was read is another")
	}
	for name, broken := range map[string][]byte{
		"another name": bytes.Replace(data, []byte("Moss"), []byte("Boss"), 1),
		"cut off":      data[:len(data)-20],
		"a version":    bytes.Replace(data, []byte(`"version": 1`), []byte(`"version": 2`), 1),
		"no plan":      []byte("{}"),
	} {
		if _, err := provision.ReadPlan(bytes.NewReader(broken)); err == nil {
			t.Errorf("%s: the plan was read", name)
		}
	}
}

func TestAPlanWithoutAFleetToListFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := provision.NewPlan(ctx, directClient(t, motivetest.NewHandler()), csvRoster("email\na@example.com\n"), provision.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
