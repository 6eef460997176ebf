package fleets_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/fleets"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

// world is a number of fleets at one address, each under a path of its own.
type world struct {
	*httptest.Server
	fleets  []*motivetest.Fake
	drivers int

	mu       sync.Mutex
	requests [][]time.Time // by fleet
}

const integration = "tms"

func newWorld(t testing.TB, fleets, drivers int) *world {
	t.Helper()
	w := &world{drivers: drivers, requests: make([][]time.Time, fleets)}
	for n := range fleets {
		fake := motivetest.NewHandler(motivetest.WithBasePath("/" + fleetID(n)))
		t.Cleanup(fake.Close)
		fake.Seed(motive.User{FirstName: "Ada", LastName: "Admin", Role: motive.RoleAdmin, Email: "admin@example.com"})
		w.fleets = append(w.fleets, fake)
	}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func fleetID(n int) string { return "fleet-" + strconv.Itoa(n) }

// ServeHTTP hands a request to its fleet. The token of a fleet is "canary-" and
// its id.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	n, err := strconv.Atoi(strings.TrimPrefix(id, "fleet-"))
	if err != nil || n < 0 || n >= len(w.fleets) {
		http.NotFound(rw, r)
		return
	}
	if sent, err := strconv.ParseInt(r.Header.Get(sentHeader), 10, 64); err == nil {
		w.mu.Lock()
		w.requests[n] = append(w.requests[n], time.UnixMicro(sent))
		w.mu.Unlock()
	}
	if r.Header.Get("Authorization") == "Bearer canary-"+id {
		r.Header.Set("Authorization", "Bearer "+w.fleets[n].AccessToken())
	}
	w.fleets[n].ServeHTTP(rw, r)
}

// opener opens the fleets of the world at base.
func opener(base string, drivers int) func(context.Context, string, []motive.Option) (*fleets.Fleet, error) {
	return func(_ context.Context, id string, shared []motive.Option) (*fleets.Fleet, error) {
		own := []motive.Option{motive.WithTransport(stamped{}), motive.WithBaseURL(base + "/" + id), motive.WithAccessToken("canary-" + id)}
		client, err := motive.NewClient(append(own, shared...)...)
		if err != nil {
			return nil, err
		}
		return &fleets.Fleet{ID: id, Client: client, Roster: roster(id, drivers), Plan: provision.Options{Integration: integration}}, nil
	}
}

// stamped says in each request when it was sent: what a limiter answers for is
// that, and not when a busy server gets to it.
type stamped struct{}

const sentHeader = "X-Test-Sent"

func (stamped) RoundTrip(r *http.Request) (*http.Response, error) {
	own := r.Clone(r.Context())
	own.Header.Set(sentHeader, strconv.FormatInt(time.Now().UnixMicro(), 10))
	return http.DefaultTransport.RoundTrip(own)
}

// roster is the people of a fleet.
func roster(id string, drivers int) iter.Seq2[provision.Row, error] {
	return func(yield func(provision.Row, error) bool) {
		for n := range drivers {
			row := provision.Row{ExternalID: externalID(id, n), Attributes: motive.UserAttributes{
				FirstName: motive.Set("Dora"), LastName: motive.Set("Driver " + strconv.Itoa(n)),
				Role: motive.Set(motive.RoleDriver), Username: motive.Set(externalID(id, n)),
				ELDMode: motive.Set(motive.ELDModeNone), TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs),
			}}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func externalID(id string, n int) string { return fmt.Sprintf("%s-driver-%d", id, n) }

// outOfLine says what is wrong with a fleet, "" for nothing.
func (w *world) outOfLine(n int) string {
	id, fake := fleetID(n), w.fleets[n]
	there := 0
	for _, u := range fake.Users() {
		if u.Role == motive.RoleDriver && u.Status == motive.StatusActive {
			there++
		}
	}
	if there != w.drivers {
		return fmt.Sprintf("%s has %d drivers, want %d", id, there, w.drivers)
	}
	for driver := range w.drivers {
		if created := fake.Created(externalID(id, driver), integration); created != 1 {
			return fmt.Sprintf("%s: driver %d was created %d times", id, driver, created)
		}
	}
	return ""
}

func (w *world) check(t testing.TB) {
	t.Helper()
	for n, fake := range w.fleets {
		if wrong := w.outOfLine(n); wrong != "" {
			t.Error(wrong)
		}
		fake.AssertNoDuplicates(t)
	}
}

// most is the largest number of requests of a fleet that were sent in a second.
func (w *world) most() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	largest := 0
	for _, times := range w.requests {
		slices.SortFunc(times, time.Time.Compare)
		first := 0
		for i, at := range times {
			for at.Sub(times[first]) >= time.Second {
				first++
			}
			largest = max(largest, i-first+1)
		}
	}
	return largest
}
