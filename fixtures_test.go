package motive_test

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/motivetest/fixture"
)

// With -record the stories that a live account can tell are told to the account
// that MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY and MOTIVE_BASE_URL point to, and
// their fixtures written anew. It creates drivers there, which cannot be deleted:
//
//	go test . -run TestFixtures -record
//
// The flag is known to this package only: ./... in place of the dot fails in all
// the others.
var record = flag.Bool("record", false, "record the fixtures anew from the account in the environment")

func fixtureFile(dir, story string) string { return filepath.Join(dir, story+".json") }

func TestFixtures(t *testing.T) {
	t.Parallel()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			if *record && s.live {
				s.record(t, filepath.Join("testdata", "fixtures"), recordingSuffix(), func(opts ...motive.Option) (*motive.Client, error) {
					return motive.NewClientFromEnv(opts...)
				})
				return
			}
			t.Parallel()
			// In a bubble the waits that an answer asks for take no time.
			synctest.Test(t, func(t *testing.T) { s.replay(t, filepath.Join("testdata", "fixtures")) })
		})
	}
}

// The stories are also recorded from the fake, which shows that -record works, and
// that what is recorded replays.
func TestStoriesCanBeRecordedAnew(t *testing.T) {
	t.Parallel()
	for _, s := range stories {
		if !s.live {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			srv := motivetest.NewServer(t)
			s.record(t, dir, "-anew", func(opts ...motive.Option) (*motive.Client, error) {
				return srv.Client(opts...), nil
			})
			data, err := os.ReadFile(fixtureFile(dir, s.name))
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{srv.AccessToken(), storyPassword, "-anew", "Okonjo", "wen.hollis"} {
				if strings.Contains(string(data), secret) {
					t.Errorf("%q is in the recording:\n%s", secret, data)
				}
			}
			synctest.Test(t, func(t *testing.T) { s.replay(t, dir) })
		})
	}
}

// replay tells the story to its fixture.
func (s story) replay(t *testing.T, dir string) {
	credential := motive.WithAccessToken("canary-replay")
	if s.name == "test_mode_create" { // which only a key can be in
		credential = motive.WithAPIKey("canary-replay")
	}
	client, err := motive.NewClient(
		credential,
		motive.WithTransport(fixture.Replay(t, fixtureFile(dir, s.name))),
	)
	if err != nil {
		t.Fatal(err)
	}
	s.tell(t, client, "")
}

// storyOptions keeps what the stories say, which is invented, and takes the suffix
// of a recording away again.
func storyOptions(suffix string) []fixture.Option {
	values := []string{
		"Rosalind", "Marsh", "rosalind.marsh", "rosalind.marsh@example.com", "202-555-0114", "D-17", "TMS-4001", "TMS-4999",
		"Tobias", "Fenwick", "tobias.fenwick",
	}
	unsuffixed := map[string]string{"nobody@example.com": "nobody" + suffix + "@example.com"}
	for _, value := range values {
		unsuffixed[value] = value + suffix
	}
	if suffix == "" {
		unsuffixed = nil
	}
	return []fixture.Option{fixture.Keep(values...), fixture.Cast(unsuffixed)}
}

// record tells the story to a server that knows the drivers in it, and writes
// what was said unless the story went wrong.
func (s story) record(t *testing.T, dir, suffix string, newClient func(...motive.Option) (*motive.Client, error)) {
	t.Helper()
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	rec := fixture.Record(fixtureFile(dir, s.name), transport, storyOptions(suffix)...)
	before, err := newClient(motive.WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	client, err := newClient(motive.WithTransport(rec))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range cast {
		engage(t, before, d)
	}
	s.tell(t, client, suffix)
	if t.Failed() {
		return
	}
	if err := rec.Save(); err != nil {
		t.Fatal(err)
	}
}

// recordingSuffix makes what must be unique in an account new at each recording.
func recordingSuffix() string { return "-" + strconv.FormatInt(time.Now().Unix(), 36) }

const (
	integration   = "generic_tms"
	storyPassword = "correct horse battery staple"
)

// cast are the drivers that the stories take for granted.
var cast = []struct{ externalID, first, last, username string }{
	{"TMS-4001", "Rosalind", "Marsh", "rosalind.marsh"},
	{"TMS-4002", "Tobias", "Fenwick", "tobias.fenwick"},
	{"TMS-4003", "Imani", "Okonjo-Vale", "imani.okonjo"},
	{"TMS-4004", "Étienne", "Larivière", "etienne.lariviere"},
	{"TMS-4005", "Wen", "Hollis", "wen.hollis"},
}

// engage creates a driver of the cast where there is none and brings them to
// where the stories begin.
func engage(t *testing.T, c *motive.Client, d struct{ externalID, first, last, username string }) {
	t.Helper()
	user, err := c.Users.LookupByExternalID(t.Context(), d.externalID, integration)
	if errors.Is(err, motive.ErrNotFound) {
		user, err = c.Users.Create(t.Context(), &motive.CreateUserRequest{
			FirstName: motive.Set(d.first), LastName: motive.Set(d.last), Role: motive.Set(motive.RoleDriver),
			Username: motive.Set(d.username), Password: motive.Set(storyPassword),
			ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: d.externalID, IntegrationName: integration}}),
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if d != cast[0] {
		return
	}
	_, err = c.Users.Update(t.Context(), user.ID, &motive.UpdateUserRequest{
		Status: motive.Set(motive.StatusActive), Email: motive.Set("rosalind.marsh@example.com"),
		Phone: motive.Set("202-555-0114"), DriverCompanyID: motive.Set("D-17"),
		Cycle: motive.Set(motive.CycleUSProperty70Hour8Day), ExceptionShortHaul: motive.Set(true),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rosalind finds the driver that most stories are about, whatever her id is.
func rosalind(ctx context.Context, t *testing.T, c *motive.Client) *motive.User {
	t.Helper()
	user, err := c.Users.LookupByExternalID(ctx, "TMS-4001", integration)
	if err != nil {
		t.Fatal(err)
	}
	if user.ID == 0 || user.LastName == "" {
		t.Fatalf("found %v", user)
	}
	return user
}
