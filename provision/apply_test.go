package provision_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/provision"
)

const people = "external_id,username,first_name,last_name,role\n"

// drivers are rows of new drivers, from 1 to n.
func drivers(n int) string {
	csv := people
	for i := 1; i <= n; i++ {
		csv += fmt.Sprintf("%d,d%d,D,d%d,driver\n", i, i, i)
	}
	return csv
}

func openJournal(t *testing.T, path string) *provision.Journal {
	t.Helper()
	journal, err := provision.OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = journal.Close() })
	return journal
}

func writesOf(fake *motivetest.Fake) int {
	n := 0
	for _, r := range fake.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

func TestAPlanIsSpentOnce(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	client := directClient(t, fake)
	p := planFor(t, client, csvRoster(drivers(3)), provision.Options{})
	path := filepath.Join(t.TempDir(), "journal")
	report, err := provision.Apply(t.Context(), client, p, openJournal(t, path), provision.ApplyOptions{})
	if err != nil || report.Counts[provision.OutcomeCreated] != 3 {
		t.Fatalf("%v, %+v", err, report)
	}
	writes := writesOf(fake)
	if _, err := provision.Apply(t.Context(), client, p, openJournal(t, path), provision.ApplyOptions{}); !errors.Is(err, provision.ErrStale) {
		t.Errorf("with its journal: %v", err)
	}
	report, err = provision.Apply(t.Context(), client, reread(t, p), nil, provision.ApplyOptions{})
	if err != nil || report.Counts[provision.OutcomePresent] != 3 {
		t.Errorf("without a journal: %v, %+v", err, report)
	}
	if writesOf(fake) != writes {
		t.Errorf("%d writes the second time", writesOf(fake)-writes)
	}
	other := planFor(t, client, csvRoster(drivers(4)), provision.Options{})
	if _, err := provision.Apply(t.Context(), client, other, openJournal(t, path), provision.ApplyOptions{}); err == nil || !strings.Contains(err.Error(), "a journal of its own") {
		t.Errorf("with the journal of another plan: %v", err)
	}
}

func TestAPlanIsForOneFleet(t *testing.T) {
	t.Parallel()
	client := directClient(t, motivetest.NewHandler())
	p := planFor(t, client, csvRoster(drivers(1)), provision.Options{Fleet: "North"})
	if _, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{Fleet: "South"}); !errors.Is(err, provision.ErrUnsafe) {
		t.Errorf("error %v", err)
	}
}

func TestAUserWhoHasChangedIsStale(t *testing.T) {
	t.Parallel()
	const roster = people + "1,d1,D,Planned,driver\n2,d2,D,Planned,driver\n"
	for _, test := range []struct {
		name     string
		meantime motive.UpdateUserRequest
		outcome  provision.Outcome
		why      string
	}{
		{"not", motive.UpdateUserRequest{DutyStatus: motive.Set(motive.DutyStatusDriving)}, provision.OutcomeUpdated, ""},
		{"in the field", motive.UpdateUserRequest{LastName: motive.Set("Other")}, provision.OutcomeStale, "last_name is Other now, and the plan saw d1"},
		{"in another field", motive.UpdateUserRequest{Phone: motive.Set("555-0101"), PhoneCountryCode: motive.Set("+1")}, provision.OutcomeStale, "something else about the user has changed"},
		{"to what is planned", motive.UpdateUserRequest{LastName: motive.Set("Planned")}, provision.OutcomePresent, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := motivetest.NewHandler()
			fake.Seed(withID(driver("d1"), "1"), withID(driver("d2"), "2"))
			client := directClient(t, fake)
			p := planFor(t, client, csvRoster(roster), provision.Options{})
			if _, err := client.Users.Update(t.Context(), 1, &test.meantime); err != nil {
				t.Fatal(err)
			}
			report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			other := 1 // the second user is updated all the same
			if test.outcome == provision.OutcomeUpdated {
				other = 2
			}
			if report.Counts[provision.OutcomeUpdated] != other || report.Counts[test.outcome] == 0 {
				t.Errorf("counts %v", report.Counts)
			}
			if test.why != "" {
				checkStale(t, report, test.why)
			}
		})
	}
}

func checkStale(t *testing.T, report *provision.Report, why string) {
	t.Helper()
	if len(report.Failures) != 1 {
		t.Fatalf("failures %+v", report.Failures)
	}
	if f := report.Failures[0]; !strings.Contains(f.Problem, why) || !errors.Is(f.Err, provision.ErrStale) {
		t.Errorf("failure %+v", f)
	}
}

func TestALeaverWhoCameBackIsNotDeactivated(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	fake.Seed(driver("leaver"))
	client := directClient(t, fake)
	p := planFor(t, client, csvRoster(drivers(1)), provision.Options{Leavers: provision.Leavers{Deactivate: true}})
	if _, err := client.Users.Update(t.Context(), 1, &motive.UpdateUserRequest{Email: motive.Set("back@example.com")}); err != nil {
		t.Fatal(err)
	}
	report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{})
	if u, _ := fake.User(1); err != nil || report.Counts[provision.OutcomeStale] != 1 || u.Status != motive.StatusActive {
		t.Errorf("%v, %v, %s", err, report.Counts, u.Status)
	}
}

func TestAValueMovesFromOneUserToAnother(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	for n := 1; n <= 9; n++ {
		u := driver(fmt.Sprintf("d%d", n))
		u.ExternalIDs = known(fmt.Sprint(n))
		fake.Seed(u)
	}
	// Each takes the username of the next, whose row comes later.
	csv := people
	for n := 1; n <= 9; n++ {
		csv += fmt.Sprintf("%d,d%d,D,d%d,driver\n", n, n+1, n)
	}
	csv += "10,d1,New,One,driver\n"
	client := directClient(t, fake)
	p := planFor(t, client, csvRoster(csv), provision.Options{})
	report, err := provision.Apply(t.Context(), client, reread(t, p), nil, provision.ApplyOptions{})
	if err != nil || !report.OK() || report.Counts[provision.OutcomeUpdated] != 9 || report.Counts[provision.OutcomeCreated] != 1 {
		t.Errorf("%v, %+v\n%s", err, report, table(t, p, provision.PrintOptions{}))
	}
}

func TestABadRowDoesNotStopTheRest(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	client := directClient(t, fake)
	p := planFor(t, client, csvRoster(drivers(20)+"x,,Ada,,driver\n"), provision.Options{})
	// Somebody takes seven of the usernames between plan and apply.
	for i := 1; i <= 7; i++ {
		fake.Seed(driver(fmt.Sprintf("D%d", i)))
	}
	report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{Fresh: true})
	if err != nil || report.Counts[provision.OutcomeCreated] != 13 || report.Counts[provision.OutcomeFailed] != 7 || report.Counts[provision.OutcomeLeftOut] != 1 {
		t.Fatalf("%v, %v", err, report.Counts)
	}
	var failed bytes.Buffer
	if err := report.WriteFailed(&failed); err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(&failed).ReadAll()
	if err != nil || len(all) != 1+8 {
		t.Fatalf("%v: %q", err, all)
	}
	if got := strings.Join(all[0], ","); got != "external_id,username,first_name,last_name,role,problem" {
		t.Errorf("headings %s", got)
	}
	if row := all[1]; strings.Join(row[:5], ",") != "1,d1,D,d1,driver" || !strings.Contains(row[5], "username has already been taken") {
		t.Errorf("first row %q", row)
	}
	if row := all[8]; row[0] != "x" || !strings.Contains(row[5], "last_name: is required") {
		t.Errorf("last row %q", row)
	}
	// Corrected, it is a roster.
	var again strings.Builder
	out := csv.NewWriter(&again)
	for _, row := range all[:8] {
		row[1] = strings.Replace(row[1], "d", "new", 1)
		_ = out.Write(row)
	}
	out.Flush()
	p = planFor(t, client, csvRoster(again.String()), provision.Options{})
	report, err = provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{})
	if err != nil || report.Counts[provision.OutcomeCreated] != 7 {
		t.Errorf("the corrected rows: %v, %v", err, report.Counts)
	}
}

func TestObjectsThatFailStandUnderTheirColumns(t *testing.T) {
	t.Parallel()
	client := directClient(t, motivetest.NewHandler())
	const file = `{"external_id":"1","first_name":"Ada"}` + "\n" + `{"external_id":"2","cycle":"70_9","username":"bram"}` + "\n"
	p := planFor(t, client, provision.ReadJSON(strings.NewReader(file), provision.ReadOptions{}), provision.Options{})
	report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var failed bytes.Buffer
	if err := report.WriteFailed(&failed); err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(&failed).ReadAll()
	if err != nil || len(all) != 3 {
		t.Fatalf("%v: %q", err, all)
	}
	for i, want := range []string{"external_id,first_name,cycle,username,problem", "1,Ada,,", "2,,70_9,bram"} {
		if got := strings.Join(all[i], ","); !strings.HasPrefix(got, want) {
			t.Errorf("row %d is %s, want %s", i, got, want)
		}
	}
}

// endedLoginClient has a login of which nothing is stored any more.
func endedLoginClient(t *testing.T, f *motivetest.Fake) *motive.Client {
	client, err := motive.NewClient(motive.WithTransport(f.Transport()),
		motive.WithOAuth2(oauth.NewConfig("app", "canary-secret", "https://app.example.com/cb"), oauth.NewMemoryStore(nil)))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestWhatStopsARun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		client func(*testing.T, *motivetest.Fake) *motive.Client
		is     error
		most   int // requests until it stops
	}{
		{"a revoked login", func(t *testing.T, f *motivetest.Fake) *motive.Client {
			f.RevokeTokens()
			return directClient(t, f)
		}, motive.ErrUnauthorized, 4},
		{"a login that has ended", endedLoginClient, oauth.ErrReconnect, 2},
		{"a key in test mode", testModeClient, motive.ErrTestMode, 4},
		{"a dead server", func(t *testing.T, f *motivetest.Fake) *motive.Client {
			f.Inject(motivetest.Status(http.StatusServiceUnavailable, motivetest.Empty))
			return hasty(t, f)
		}, motive.ErrServer, 40},
		{"a scope that is missing", func(t *testing.T, f *motivetest.Fake) *motive.Client {
			f.Inject(motivetest.Status(http.StatusForbidden, motivetest.Empty))
			return hasty(t, f)
		}, motive.ErrForbidden, 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := motivetest.NewHandler()
			p := planFor(t, directClient(t, fake), csvRoster(drivers(60)), provision.Options{})
			fake.ForgetRequests()
			client := test.client(t, fake)
			report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{Fresh: true, Workers: 2})
			if !errors.Is(err, provision.ErrStopped) || !errors.Is(err, test.is) {
				t.Fatalf("error %v", err)
			}
			if report == nil || report.Stopped == "" || report.Counts[provision.OutcomeNotReached] < 60-test.most || report.OK() {
				t.Errorf("report %+v", report)
			}
			if n := len(fake.Requests()); n > test.most {
				t.Errorf("%d requests until it stopped", n)
			}
		})
	}
}

func TestAStoppedRunGoesOn(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	client := hasty(t, fake)
	p := planFor(t, client, csvRoster(drivers(60)), provision.Options{})
	path := filepath.Join(t.TempDir(), "journal")
	// Creates that are committed before the service fails, and some that are not.
	fake.Inject(motivetest.StatusAfter(http.StatusBadGateway, motivetest.Empty), motivetest.OnMethod(http.MethodPost))
	fake.Inject(motivetest.Status(http.StatusServiceUnavailable, motivetest.Empty), motivetest.OnMethod(http.MethodGet))
	if _, err := provision.Apply(t.Context(), client, p, openJournal(t, path), provision.ApplyOptions{Fresh: true}); !errors.Is(err, provision.ErrStopped) {
		t.Fatalf("error %v", err)
	}
	if n := len(fake.Users()); n == 0 || n == 60 {
		t.Fatalf("%d users when it stopped", n)
	}
	fake.ClearFaults()
	report, err := provision.Apply(t.Context(), client, p, openJournal(t, path), provision.ApplyOptions{Fresh: true})
	if err != nil || report.Counts[provision.OutcomeCreated] != 60 {
		t.Errorf("resumed: %v, %v", err, report.Counts)
	}
	fake.AssertNoDuplicates(t)
}

// hasty is a client that neither retries nor waits.
func hasty(t *testing.T, fake *motivetest.Fake) *motive.Client {
	t.Helper()
	return directClient(t, fake, motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1, ReconcileWait: time.Millisecond}))
}

func testModeClient(t *testing.T, fake *motivetest.Fake) *motive.Client {
	t.Helper()
	client, err := motive.NewClient(motive.WithAPIKey(fake.TestModeKey()), motive.WithBaseURL("http://127.0.0.1/api"), motive.WithTransport(direct{fake}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestAnInterruptLetsWhatIsInFlightFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := motivetest.NewHandler()
		client := directClient(t, fake)
		p := planFor(t, client, csvRoster(drivers(20)), provision.Options{})
		fake.Inject(motivetest.LatencyFunc(func() time.Duration { return 4 * time.Second }), motivetest.OnMethod(http.MethodPost))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(6*time.Second, cancel) // in the middle of the second round
		start := time.Now()
		report, err := provision.Apply(ctx, client, p, nil, provision.ApplyOptions{Fresh: true, Workers: 3})
		if !errors.Is(err, provision.ErrStopped) || !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("took %s", took)
		}
		if report.Counts[provision.OutcomeCreated] != 6 || report.Counts[provision.OutcomeNotReached] != 14 || len(fake.Users()) != 6 {
			t.Errorf("counts %v, %d users", report.Counts, len(fake.Users()))
		}
	})
}

func TestTheGraceEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := motivetest.NewHandler()
		client := directClient(t, fake)
		p := planFor(t, client, csvRoster(drivers(4)), provision.Options{})
		fake.Inject(motivetest.LatencyFunc(func() time.Duration { return time.Hour }), motivetest.OnMethod(http.MethodPost))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := provision.Apply(ctx, client, p, nil, provision.ApplyOptions{Fresh: true, Grace: 2 * time.Second})
		if took := time.Since(start); !errors.Is(err, provision.ErrStopped) || took > 4*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	})
}

func TestTheLimiterIsUsedInFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n, perSecond = 2000, 50
		fake := motivetest.NewHandler()
		p := planFor(t, directClient(t, fake), csvRoster(drivers(n)), provision.Options{})
		fake.Inject(motivetest.LatencyFunc(func() time.Duration { return 120 * time.Millisecond }))
		client := directClient(t, fake, motive.WithRateLimit(perSecond, 1))
		report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{Fresh: true})
		if err != nil || report.Counts[provision.OutcomeCreated] != n {
			t.Fatalf("%v, %v", err, report.Counts)
		}
		rate := float64(report.Requests) / report.Duration.Seconds()
		t.Logf("%d creates at %.1f a second of %d", n, rate, perSecond)
		if rate < 0.95*perSecond || rate > 1.01*perSecond {
			t.Errorf("%.1f requests a second, want 95%% of %d", rate, perSecond)
		}
	})
}

func TestTwoWorkersWhoHireTheSamePersonEndInOne(t *testing.T) {
	t.Parallel()
	for range 20 {
		server := motivetest.NewServer(t)
		p := planFor(t, server.Client(), csvRoster(drivers(6)), provision.Options{})
		var group sync.WaitGroup
		reports := make([]*provision.Report, 3)
		for i := range reports {
			group.Go(func() {
				report, err := provision.Apply(t.Context(), server.Client(), p, nil, provision.ApplyOptions{Fresh: i > 0})
				if err != nil {
					t.Error(err)
				}
				reports[i] = report
			})
		}
		group.Wait()
		created := 0
		for _, report := range reports {
			created += report.Counts[provision.OutcomeCreated]
			if !report.OK() {
				t.Errorf("failures %+v", report.Failures)
			}
		}
		if created != 6 || len(server.Users()) != 6 {
			t.Errorf("%d created by all, %d users", created, len(server.Users()))
		}
		server.AssertNoDuplicates(t)
		server.Close()
	}
}

func TestPasswordsGoToAFileOfTheOwner(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	client := directClient(t, fake)
	p := planFor(t, client, csvRoster("external_id,username,first_name,last_name,role,password\n1,d1,D,One,driver,\n2,d2,D,Two,driver,canary-given\n"), provision.Options{})
	dir := t.TempDir()
	path := filepath.Join(dir, "passwords.csv")
	if err := os.WriteFile(path, nil, 0o644); err != nil { // too open, from an earlier day
		t.Fatal(err)
	}
	journal := openJournal(t, filepath.Join(dir, "journal"))
	report, err := provision.Apply(t.Context(), client, p, journal, provision.ApplyOptions{PasswordFile: path})
	if err != nil || !report.OK() {
		t.Fatalf("%v, %+v", err, report)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, mode %v", err, info.Mode())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(all) != 2 || all[1][0] != "1" || all[1][1] != "d1" || len(all[1][3]) < 20 {
		t.Fatalf("%v: %d lines", err, len(all))
	}
	password := all[1][3]
	sent := false
	for _, r := range fake.Requests() {
		sent = sent || r.Body["password"] == password
	}
	if !sent {
		t.Error("the password in the file is not the one that was sent")
	}
	for _, secret := range []string{password, "canary-given"} {
		for where, text := range everythingShown(t, p, report, filepath.Join(dir, "journal")) {
			if strings.Contains(text, secret) {
				t.Errorf("a password stands in the %s", where)
			}
		}
	}
}

// everythingShown is all that people get to see of a plan and its report.
func everythingShown(t *testing.T, p *provision.Plan, report *provision.Report, journal string) map[string]string {
	t.Helper()
	var diff, page, text bytes.Buffer
	if err := errors.Join(p.WriteDiff(&diff), p.WriteHTML(&page), report.WriteText(&text, provision.PrintOptions{})); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"table": table(t, p, provision.PrintOptions{All: true}), "diff": diff.String(), "page": page.String(),
		"report": text.String() + string(data), "journal": string(lines),
	}
}

func TestSecretsAndControlSequencesAreNotShown(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	fake.Seed(motive.User{FirstName: "E\x1b[31mve\u202e", LastName: "Moss", Role: motive.RoleDriver, Username: "eve", DriversLicenseNumber: "canary-old-license",
		ExternalIDs: known("2"), Cycle: "70_8\x07"})
	client := directClient(t, fake)
	const csv = "external_id,username,first_name,last_name,role,password,drivers_license_number,time_zone\n" +
		"1,ada,Ada\x1b]0;owned\x07,Moss,driver,canary-password,canary-license,\n" +
		"2,eve,Eve,Moss,driver,canary-password,canary-license,Arizona\n" +
		"3,bob,Bob,Moss,driver,canary-password\x1b,canary-license,\n"
	p := planFor(t, client, csvRoster(csv), provision.Options{Resend: []string{"password"}})
	journal := filepath.Join(t.TempDir(), "journal")
	report, err := provision.Apply(t.Context(), client, p, openJournal(t, journal), provision.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range everythingShown(t, p, report, journal) {
		if strings.Contains(text, "canary") {
			t.Errorf("a secret stands in the %s", where)
		}
		if where != "journal" && strings.ContainsAny(text, "\x1b\x07\u202e") {
			t.Errorf("a control character stands in the %s: %q", where, text)
		}
	}
	if !strings.Contains(table(t, p, provision.PrintOptions{}), "[redacted]") {
		t.Error("the table does not say that a license number changes")
	}
}

func TestReportsTellTheTruth(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	client := directClient(t, fake)
	p := planFor(t, client, csvRoster(drivers(3)), provision.Options{Fleet: "North"})
	fake.Inject(motivetest.TooManyRequests("0"), motivetest.OnMethod(http.MethodPost), motivetest.Times(2))
	var seen []provision.Progress
	report, err := provision.Apply(t.Context(), client, p, nil, provision.ApplyOptions{Fresh: true, Fleet: "North", Progress: func(p provision.Progress) { seen = append(seen, p) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 3 || seen[2].Done != 3 || seen[2].Total != 3 || seen[0].Last.Outcome != provision.OutcomeCreated {
		t.Errorf("progress %+v", seen)
	}
	if report.Requests != 5 || report.Retries != 2 || report.Plan != p.Hash() || report.Fleet != "North" {
		t.Errorf("report %+v", report)
	}
	var out strings.Builder
	if err := report.WriteText(&out, provision.PrintOptions{}); err != nil || !strings.Contains(out.String(), "3 created; 5 requests, 2 of them repeats or checks in ") {
		t.Errorf("%v: %s", err, out.String())
	}
	data, err := json.Marshal(report)
	var back struct {
		Counts  map[string]int
		Seconds *float64
	}
	if err != nil || json.Unmarshal(data, &back) != nil || back.Counts["created"] != 3 || back.Seconds == nil {
		t.Errorf("%v: %s", err, data)
	}
}

func TestAJournalThatIsCutOffGoesOn(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	client := directClient(t, fake)
	p := planFor(t, client, csvRoster(drivers(5)), provision.Options{})
	path := filepath.Join(t.TempDir(), "journal")
	if _, err := provision.Apply(t.Context(), client, p, openJournal(t, path), provision.ApplyOptions{Fresh: true}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(data); cut += 11 { // wherever the power failed
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := provision.Apply(t.Context(), client, p, openJournal(t, path), provision.ApplyOptions{Fresh: true})
		if err != nil || !report.OK() {
			t.Fatalf("cut at %d: %v, %+v", cut, err, report)
		}
	}
	if len(fake.Users()) != 5 {
		t.Errorf("%d users", len(fake.Users()))
	}
	if err := os.WriteFile(path, []byte("{\"event\":\"plan\"}\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := provision.OpenJournal(path); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a file that is no journal: %v", err)
	}
}
