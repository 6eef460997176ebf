package provision_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

var kills = flag.Int("kills", 100, "how many times the kill test kills an apply")

const childDirectory = "MOTIVE_PROVISION_CHILD"

// TestKilledAtAnyPointThePlanIsTheEnd applies plans in a process of its own,
// kills that at random points, and starts it again until it is done: there must
// be one of each person, as planned.
func TestKilledAtAnyPointThePlanIsTheEnd(t *testing.T) {
	if dir := os.Getenv(childDirectory); dir != "" {
		applyInChild(t, dir)
		return
	}
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	done, plans := 0, 0
	for ; done < *kills; plans++ {
		done += killPlan(t, random)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d plans, applied by processes that were killed %d times: nobody twice, nobody lost", plans, done)
}

// killPlan applies one plan with kills in the way, and returns how many.
func killPlan(t *testing.T, random *rand.Rand) (killed int) {
	t.Helper()
	server := motivetest.NewServer(t)
	defer server.Close()
	roster := seedForKills(server)
	p := planFor(t, server.Client(), csvRoster(roster), provision.Options{
		Leavers: provision.Leavers{Deactivate: true}, Limits: provision.Limits{Deactivate: 100, Update: 100},
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plan"), savedBytes(t, p), 0o600); err != nil {
		t.Fatal(err)
	}
	var left atomic.Int64 // requests until the kill
	strike := make(chan struct{}, 1)
	delays := rand.New(rand.NewPCG(random.Uint64(), 0))
	server.Inject(motivetest.LatencyFunc(func() time.Duration {
		if left.Add(-1) == 0 {
			strike <- struct{}{}
		}
		return time.Duration(delays.IntN(3)) * time.Millisecond
	}))
	for range 30 {
		left.Store(1 + random.Int64N(30))
		finished, wasKilled := runChild(t, server, dir, strike, time.Duration(random.IntN(2000))*time.Microsecond)
		if wasKilled {
			killed++
		}
		if finished {
			break
		}
	}
	server.ClearFaults()
	checkAfterKills(t, server, roster)
	return killed
}

// runChild applies the plan in a process and kills it a moment after the strike.
func runChild(t *testing.T, server *motivetest.Server, dir string, strike <-chan struct{}, moment time.Duration) (finished, killed bool) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledAtAnyPointThePlanIsTheEnd$")
	child.Env = append(os.Environ(), childDirectory+"="+dir,
		"MOTIVE_BASE_URL="+server.URL, "MOTIVE_ACCESS_TOKEN="+server.AccessToken(), "MOTIVE_API_KEY=")
	var out strings.Builder
	child.Stdout, child.Stderr = &out, &out
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	select {
	case <-strike:
		<-time.After(moment) // a random point within a request or the journal
		_ = child.Process.Kill()
		<-ended
		return false, true
	case err := <-ended:
		if err != nil {
			t.Errorf("the child: %v\n%s", err, out.String())
		}
		return true, false
	}
}

// applyInChild goes on with the plan in dir.
func applyInChild(t *testing.T, dir string) {
	file, err := os.Open(filepath.Join(dir, "plan"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := provision.ReadPlan(file)
	if err != nil {
		t.Fatal(err)
	}
	journal, err := provision.OpenJournal(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := motive.NewClientFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	report, err := provision.Apply(t.Context(), client, p, journal, provision.ApplyOptions{PasswordFile: filepath.Join(dir, "passwords")})
	switch {
	case errors.Is(err, provision.ErrStale): // killed after the last line of the journal
	case err != nil:
		t.Fatal(err)
	case !report.OK():
		t.Fatalf("%+v", report.Failures)
	}
}

const newPeople = 16

// seedForKills makes a fleet and a roster with steps of every kind: people with
// an external id and people with a username alone, changes, a rehire, leavers.
func seedForKills(server *motivetest.Server) string {
	for i := range 6 {
		server.Seed(motive.User{
			FirstName: "Old", LastName: fmt.Sprint(i), Role: motive.RoleDriver, Username: fmt.Sprintf("old%d", i), Cycle: "60_7",
			Status: []motive.Status{motive.StatusActive, motive.StatusDeactivated}[i%2],
		})
		server.Seed(motive.User{FirstName: "Leaver", LastName: fmt.Sprint(i), Role: motive.RoleDriver, Username: fmt.Sprintf("leaver%d", i)})
	}
	var csv strings.Builder
	csv.WriteString("external_id,first_name,last_name,role,username,cycle\n")
	for i := range 6 {
		fmt.Fprintf(&csv, "%d,Old,%d,driver,old%d,70_8\n", 100+i, i, i)
	}
	for i := range newPeople {
		id := fmt.Sprint(200 + i)
		if i%4 == 0 {
			id = ""
		}
		fmt.Fprintf(&csv, "%s,New,%d,driver,new%d,70_8\n", id, i, i)
	}
	return csv.String()
}

func checkAfterKills(t *testing.T, server *motivetest.Server, roster string) {
	t.Helper()
	server.AssertNoDuplicates(t)
	if n := len(server.Users()); n != 12+newPeople {
		t.Errorf("%d users, want %d", n, 12+newPeople)
	}
	for i := range newPeople {
		if id := fmt.Sprint(200 + i); i%4 != 0 && server.Created(id, tms) != 1 {
			t.Errorf("%s was created %d times", id, server.Created(id, tms))
		}
	}
	after := planFor(t, server.Client(), csvRoster(roster), provision.Options{Leavers: provision.Leavers{Deactivate: true}})
	if after.Writes() != 0 {
		t.Errorf("the end is not the plan:\n%s", table(t, after, provision.PrintOptions{}))
	}
}
