package fleets_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
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
	requests [][]stamp // by fleet
}

// stamp is on a request: when it was sent, and by which process.
type stamp struct {
	at time.Time
	by string
}

const integration = "tms"

func newWorld(t testing.TB, fleets, drivers int) *world {
	t.Helper()
	w := &world{drivers: drivers, requests: make([][]stamp, fleets)}
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
	if at, err := strconv.ParseInt(r.Header.Get(sentHeader), 10, 64); err == nil {
		w.mu.Lock()
		w.requests[n] = append(w.requests[n], stamp{time.UnixMicro(at), r.Header.Get(byHeader)})
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
		own := []motive.Option{motive.WithBaseURL(base + "/" + id), motive.WithAccessToken("canary-" + id)}
		client, err := motive.NewClient(append(own, shared...)...)
		if err != nil {
			return nil, err
		}
		return &fleets.Fleet{ID: id, Client: client, Roster: roster(id, drivers), Plan: provision.Options{Integration: integration}}, nil
	}
}

// stamped says in each request when it was sent and by whom: what a limiter answers
// for is that, and not when a busy server gets to it.
type stamped struct{ base http.RoundTripper }

const (
	sentHeader = "X-Test-Sent"
	byHeader   = "X-Test-By"
)

func (s stamped) RoundTrip(r *http.Request) (*http.Response, error) {
	own := r.Clone(r.Context())
	own.Header.Set(byHeader, strconv.Itoa(os.Getpid()))
	own.Header.Set(sentHeader, strconv.FormatInt(time.Now().UnixMicro(), 10))
	return s.base.RoundTrip(own)
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

// sent is how many requests have arrived.
func (w *world) sent() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.requests {
		n += len(all)
	}
	return n
}

// sentAfter is how many of them left after a time.
func (w *world) sentAfter(since time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.requests {
		for _, s := range all {
			if s.at.After(since) {
				n++
			}
		}
	}
	return n
}

// most is the largest number of requests of a fleet that were sent in a second, and
// which these are.
func (w *world) most() (largest int, which string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n, all := range w.requests {
		slices.SortFunc(all, func(a, b stamp) int { return a.at.Compare(b.at) })
		first := 0
		for i, s := range all {
			for s.at.Sub(all[first].at) >= time.Second {
				first++
			}
			if i-first+1 > largest {
				largest, which = i-first+1, fmt.Sprintf("%s: %v", fleetID(n), all[first:i+1])
			}
		}
	}
	return largest, which
}

func (s stamp) String() string { return s.at.Format("05.000000") + " by " + s.by }

// stamping is the transport of an engine.
func stamping() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 1000
	return stamped{t}
}
