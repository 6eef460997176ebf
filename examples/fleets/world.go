package main

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/fleets"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

// world is the fakes, each under a path of its own at one address.
type world struct {
	*httptest.Server
	fleets []*fleet
	byID   map[string]*fleet
}

// fleet is one of them, and who should be there.
type fleet struct {
	*motivetest.Fake
	id, name string
	people   []provision.Row
}

const integration = "demo"

var towns = []string{
	"Akron", "Boise", "Casper", "Duluth", "El Paso", "Fresno", "Gary", "Helena", "Joplin", "Kenai",
	"Laredo", "Macon", "Nome", "Ogden", "Pueblo", "Quincy", "Reno", "Salem", "Tulsa", "Yuma",
}

func newWorld(count int) *world {
	w := &world{byID: map[string]*fleet{}}
	for n := range count {
		id := fmt.Sprintf("demo-%02d", n+1)
		f := &fleet{Fake: motivetest.NewHandler(motivetest.WithBasePath(id)), id: id, name: towns[n%len(towns)], people: people(n)}
		f.Seed(motive.User{FirstName: "Ines", LastName: "Calder", Role: motive.RoleAdmin, Email: "ines.calder@example.com"})
		w.fleets = append(w.fleets, f)
		w.byID[id] = f
	}
	w.Server = httptest.NewServer(w)
	return w
}

// people is the roster of fleet n: a program would read its own tables here.
func people(n int) []provision.Row {
	rows := make([]provision.Row, 8+n*7%13)
	for i := range rows {
		id := fmt.Sprintf("%d-%d", n+1, i+1)
		rows[i] = provision.Row{ExternalID: id, Attributes: motive.UserAttributes{
			FirstName: motive.Set("Driver"), LastName: motive.Set("No. " + strconv.Itoa(i+1)),
			Role: motive.Set(motive.RoleDriver), Username: motive.Set("driver." + id),
			ELDMode: motive.Set(motive.ELDModeNone), TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs),
		}}
	}
	return rows
}

// opener says what a fleet's client and roster are. The fakes take any token.
func opener(base string) func(context.Context, string, []motive.Option) (*fleets.Fleet, error) {
	return func(_ context.Context, id string, shared []motive.Option) (*fleets.Fleet, error) {
		n, err := strconv.Atoi(strings.TrimPrefix(id, "demo-"))
		if err != nil {
			return nil, fmt.Errorf("there is no fleet %q", id)
		}
		client, err := motive.NewClient(append(shared, motive.WithBaseURL(base+"/"+id), motive.WithAccessToken("demo"))...)
		if err != nil {
			return nil, err
		}
		return &fleets.Fleet{ID: id, Client: client, Roster: each(people(n - 1)), Plan: provision.Options{Integration: integration}}, nil
	}
}

func each(rows []provision.Row) iter.Seq2[provision.Row, error] {
	return func(yield func(provision.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	f, ok := w.byID[id]
	if !ok {
		http.NotFound(rw, r)
		return
	}
	r.Header.Set("Authorization", "Bearer "+f.AccessToken())
	f.ServeHTTP(rw, r)
}

// there counts the people of the roster who are at the fake.
func (f *fleet) there() int {
	n := 0
	for _, u := range f.Users() {
		if u.Role == motive.RoleDriver {
			n++
		}
	}
	return n
}

func (w *world) people() (there, wanted int) {
	for _, f := range w.fleets {
		there += f.there()
		wanted += len(f.people)
	}
	return there, wanted
}

// wrong says who is missing or there twice; "" for nobody.
func (w *world) wrong() string {
	for _, f := range w.fleets {
		if f.there() != len(f.people) {
			return fmt.Sprintf("%s has %d people, want %d", f.name, f.there(), len(f.people))
		}
		for _, p := range f.people {
			if created := f.Created(p.ExternalID, integration); created != 1 {
				return fmt.Sprintf("%s: %s was created %d times", f.name, p.ExternalID, created)
			}
		}
	}
	return ""
}
