package provision_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

// bigRoster is a roster of n drivers as a TMS has them.
func bigRoster(n int) string {
	var csv strings.Builder
	csv.WriteString("external_id,first_name,last_name,role,username,phone,phone_country_code,driver_company_id,eld_mode,time_tracking_mode,cycle,exception_24_hour_restart,group_ids\n")
	for i := range n {
		fmt.Fprintf(&csv, "%06d,First%d,Last%d,driver,user%d,555%07d,+1,D-%d,logs,logs,70_8,true,101;102\n", i, i%100, i, i, i, i)
	}
	return csv.String()
}

// bigFleet is the fleet of bigRoster, of whom one in ten has another cycle and
// one in twenty is missing.
func bigFleet(n int) *motivetest.Fake {
	fake := motivetest.NewHandler()
	for i := range n {
		if i%20 == 7 {
			continue
		}
		u := motive.User{
			FirstName: fmt.Sprintf("First%d", i%100), LastName: fmt.Sprintf("Last%d", i), Role: motive.RoleDriver, Username: fmt.Sprintf("user%d", i),
			Phone: fmt.Sprintf("555%07d", i), PhoneCountryCode: "+1", DriverCompanyID: fmt.Sprintf("D-%d", i), ELDMode: motive.ELDModeLogs,
			Cycle: "70_8", Exception24HourRestart: true, GroupIDs: []int64{101, 102}, ExternalIDs: known(fmt.Sprintf("%06d", i)),
		}
		if i%10 == 3 {
			u.Cycle = "60_7"
		}
		fake.Seed(u)
	}
	return fake
}

func BenchmarkReadCSV(b *testing.B) {
	csv := bigRoster(10_000)
	b.SetBytes(int64(len(csv)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range provision.ReadCSV(strings.NewReader(csv), provision.ReadOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/row")
}

// BenchmarkPlan compares planning with the list that it needs, and tells the
// memory that a plan and the fleet take while both are there.
func BenchmarkPlan(b *testing.B) {
	for _, bench := range []struct {
		rows int
		page time.Duration // how long the service takes for a page of 100 users
	}{{10_000, 0}, {10_000, 50 * time.Millisecond}, {100_000, 0}} {
		n := bench.rows
		b.Run(fmt.Sprintf("rows=%d/page=%s", n, bench.page), func(b *testing.B) {
			csv := bigRoster(n)
			fake := bigFleet(n)
			fake.Inject(motivetest.LatencyFunc(func() time.Duration { return bench.page }))
			client := directClient(b, fake)
			var listing, planning time.Duration
			var peak uint64
			for b.Loop() {
				start := time.Now()
				for _, err := range client.Users.All(b.Context(), nil) {
					if err != nil {
						b.Fatal(err)
					}
				}
				listing += time.Since(start)
				fake.ForgetRequests()
				runtime.GC()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start = time.Now()
				p := planFor(b, client, measured(csvRoster(csv), n, &after), provision.Options{Leavers: provision.Leavers{Deactivate: true}})
				planning += time.Since(start)
				fake.ForgetRequests()
				peak = max(peak, after.HeapAlloc-before.HeapAlloc)
				if p.Count(provision.ActionCreate) != n/20 || p.Count(provision.ActionUpdate) != n/10 {
					b.Fatalf("%d creates, %d updates", p.Count(provision.ActionCreate), p.Count(provision.ActionUpdate))
				}
			}
			b.ReportMetric(float64(planning)/float64(listing), "×list")
			b.ReportMetric(float64(peak)/float64(n), "B/row")
		})
	}
}

// measured reads the live heap after the last row, when the fleet and nearly all
// of the plan are there.
func measured(roster provision.Roster, n int, into *runtime.MemStats) provision.Roster {
	return func(yield func(provision.Row, error) bool) {
		i := 0
		for row, err := range roster {
			if i++; i == n {
				runtime.GC()
				runtime.ReadMemStats(into)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}
