package motivetest_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// fullDriver is a driver with most of its fields filled in.
func fullDriver(i int) motive.User {
	return motive.User{
		FirstName: "Ada", LastName: fmt.Sprintf("Reed %d", i), Role: motive.RoleDriver, Status: motive.StatusActive,
		Username: fmt.Sprintf("ada.reed.%d", i), Email: fmt.Sprintf("ada.reed.%d@example.com", i),
		Phone: fmt.Sprintf("555%07d", i), DriverCompanyID: fmt.Sprintf("D-%d", i), TimeZone: "Alaska",
		DutyStatus: motive.DutyStatusOffDuty, ELDMode: motive.ELDModeLogs, Cycle: "70_8", GroupIDs: []int64{1, 2},
		CarrierName: "Reed Haulage", CarrierStreet: "1 Long Road", CarrierCity: "Anchorage", CarrierState: "AK", CarrierZip: "99501",
		TerminalStreet: "1 Long Road", TerminalCity: "Anchorage", TerminalState: "AK", TerminalZip: "99501",
		ExternalIDs: []motive.ExternalID{{ExternalID: fmt.Sprint(i), IntegrationName: "tms"}},
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		srv, err := motivetest.Start()
		if err != nil {
			b.Fatal(err)
		}
		srv.Close()
	}
}

// BenchmarkGet is one client that asks for one user after the other.
func BenchmarkGet(b *testing.B) {
	srv, c := start(b)
	srv.Seed(fullDriver(1))
	b.ResetTimer()
	for b.Loop() {
		c.drain("/v1/users/1")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkGetParallel is one client used by many goroutines.
func BenchmarkGetParallel(b *testing.B) {
	srv, c := start(b)
	srv.Seed(fullDriver(1))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.drain("/v1/users/1")
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

func BenchmarkCreate(b *testing.B) {
	srv, c := start(b)
	i := 0
	for b.Loop() {
		i++
		body := fmt.Sprintf(`{"first_name":"A","last_name":"B","role":"driver","username":"u%d"}`, i)
		if r := c.try("POST", "/v1/users", body); r.status != http.StatusCreated {
			b.Fatal(r.text)
		}
		if i%10_000 == 0 {
			srv.ForgetRequests()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkList100k lists a fleet of 100,000 in pages of 100, and reports what
// the fleet occupies.
func BenchmarkList100k(b *testing.B) {
	const fleet = 100_000
	before := heap()
	srv, c := start(b)
	for i := range fleet {
		srv.Seed(fullDriver(i))
	}
	bytes := float64(heap()-before) / fleet
	b.ResetTimer()
	for b.Loop() {
		for page := 1; page <= fleet/100; page++ {
			c.drain(fmt.Sprintf("/v1/users?per_page=100&page_no=%d", page))
		}
	}
	b.ReportMetric(float64(b.N)*fleet/b.Elapsed().Seconds(), "users/s")
	b.ReportMetric(bytes, "heap-B/user")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// drain reads an answer without keeping it.
func (c *client) drain(path string) {
	req, err := http.NewRequestWithContext(c.tb.Context(), "GET", c.base+path, nil)
	if err != nil {
		c.tb.Fatal(err)
	}
	req.Header = c.header
	res, err := c.http.Do(req)
	if err != nil {
		c.tb.Fatal(err)
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK {
		c.tb.Fatalf("status %d: %v", res.StatusCode, err)
	}
}

// The list of a large fleet is whole, in order, and without repetition.
func TestListOfALargeFleet(t *testing.T) {
	t.Parallel()
	const fleet = 1_000
	srv, c := start(t)
	for i := range fleet {
		srv.Seed(fullDriver(i))
	}
	var last float64
	for page := 1; page <= fleet/100+1; page++ {
		for _, row := range c.do(200, "GET", fmt.Sprintf("/v1/users?per_page=100&page_no=%d", page), "").rows(t) {
			id := row["id"].(float64)
			mustEqual(t, "next id", id, last+1)
			last = id
		}
	}
	mustEqual(t, "last id", last, float64(fleet))
}
