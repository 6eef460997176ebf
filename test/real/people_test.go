package real

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/motive-go/motive"
)

const integration = "test_real"

// person is somebody whom one worker creates and then changes. Each write is made at
// most once, since a repeated PUT that lands late overwrites what came after it,
// which no client can prevent.
type person struct {
	username, externalID string // externalID is "" for a create that cannot be reconciled
	id                   int64  // as the client was told

	create, rename, deactivate, link verdict
}

// verdict is what the client said about a write.
type verdict int

const (
	untried verdict = iota
	succeeded
	refused // it did not happen
	unknown
)

func (v verdict) String() string {
	return [...]string{"untried", "succeeded", "refused", "unknown"}[v]
}

// verdictOf reads the error of a write as its documentation says.
func verdictOf(err error) verdict {
	switch {
	case err == nil:
		return succeeded
	case errors.Is(err, motive.ErrOutcomeUnknown):
		return unknown
	}
	return refused
}

const (
	password = "canary-password-3f91"
	license  = "CANARY-LICENSE-77"
)

func (p *person) request() *motive.CreateUserRequest {
	req := &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"), LastName: motive.Set("Reed"), Role: motive.Set(motive.RoleDriver),
		Username: motive.Set(p.username), Password: motive.Set(password),
		DriversLicenseNumber: motive.Set(license), DriversLicenseState: motive.Set("CA"),
	}
	if p.externalID != "" {
		req.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ExternalID: p.externalID, IntegrationName: integration}})
	}
	return req
}

// newName is the last name that the rename gives, and linkID the external id that
// the link adds.
func (p *person) newName() string { return "Renamed " + p.username }
func (p *person) linkID() string  { return "link-" + p.username }

// truth is what a fleet holds, by username.
type truth map[string][]motive.User

func truthOf(users []motive.User) truth {
	byName := truth{}
	for _, u := range users {
		byName[u.Username] = append(byName[u.Username], u)
	}
	return byName
}

// lies compares what the client said about a person with the truth.
func (p *person) lies(known truth) (lies []string) {
	say := func(format string, args ...any) {
		lies = append(lies, p.username+": "+fmt.Sprintf(format, args...))
	}
	held := known[p.username]
	if len(held) > 1 {
		say("stored %d times", len(held))
	}
	switch {
	case p.create == succeeded && len(held) == 0:
		say("create succeeded, and nobody is stored")
	case p.create == succeeded && held[0].ID != p.id:
		say("create returned user %d, and it is %d", p.id, held[0].ID)
	case p.create == refused && len(held) > 0:
		say("create was refused, and the user is stored")
	}
	if len(held) != 1 {
		return lies
	}
	u := held[0]
	for _, write := range []struct {
		name string
		said verdict
		done bool
	}{
		{"rename", p.rename, u.LastName == p.newName()},
		{"deactivate", p.deactivate, u.Status == motive.StatusDeactivated},
		{"link", p.link, hasLink(u, p.linkID())},
	} {
		switch {
		case write.said == succeeded && !write.done:
			say("%s succeeded and did not happen", write.name)
		case write.said == refused && write.done, write.said == untried && write.done:
			say("%s was %v and happened", write.name, write.said)
		}
	}
	return lies
}

func hasLink(u motive.User, externalID string) bool {
	return slices.ContainsFunc(u.ExternalIDs, func(e motive.ExternalID) bool { return e.ExternalID == externalID })
}

func TestLiesAreSeen(t *testing.T) {
	t.Parallel()
	stored := motive.User{ID: 7, Username: "ada", LastName: "Renamed ada", Status: motive.StatusActive}
	for name, c := range map[string]struct {
		person person
		stored []motive.User
		lies   int
	}{
		"nothing to say":                       {person{create: succeeded, id: 7, rename: succeeded}, []motive.User{stored}, 0},
		"an unknown create may be stored":      {person{create: unknown, rename: unknown}, []motive.User{stored}, 0},
		"an unknown create may not be stored":  {person{create: unknown}, nil, 0},
		"twice":                                {person{create: succeeded, id: 7}, []motive.User{stored, stored}, 1},
		"success of nothing":                   {person{create: succeeded, id: 7}, nil, 1},
		"another user":                         {person{create: succeeded, id: 8, rename: unknown}, []motive.User{stored}, 1},
		"refused and stored":                   {person{create: refused, rename: unknown}, []motive.User{stored}, 1},
		"renamed though refused":               {person{create: unknown, rename: refused}, []motive.User{stored}, 1},
		"deactivated in words only":            {person{create: unknown, rename: unknown, deactivate: succeeded}, []motive.User{stored}, 1},
		"linked in words only":                 {person{create: unknown, rename: unknown, link: succeeded}, []motive.User{stored}, 1},
		"renamed by nobody, stored by refusal": {person{create: refused}, []motive.User{stored}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.person.username = "ada"
			if lies := c.person.lies(truth{"ada": c.stored}); len(lies) != c.lies {
				t.Errorf("%d lies are seen rather than %d: %q", len(lies), c.lies, lies)
			}
		})
	}
}

// writes makes the writes to a person who exists.
func (p *person) change(ctx context.Context, client *motive.Client, which int) (string, error) {
	switch which {
	case 0:
		u, err := client.Users.Update(ctx, p.id, &motive.UpdateUserRequest{LastName: motive.Set(p.newName())})
		p.rename = verdictOf(err)
		if err == nil && u.LastName != p.newName() {
			return "rename", fmt.Errorf("%w: another last name came back", errLie)
		}
		return "rename", err
	case 1:
		u, err := client.Users.Deactivate(ctx, p.id)
		p.deactivate = verdictOf(err)
		if err == nil && u.Status != motive.StatusDeactivated {
			return "deactivate", fmt.Errorf("%w: the status came back as %q", errLie, u.Status)
		}
		return "deactivate", err
	}
	_, err := client.ExternalIDs.Create(ctx, &motive.ExternalIDRequest{
		ExternalID: motive.Set(p.linkID()), IntegrationName: motive.Set(integration),
		ExternalIDHolderID: motive.Set(p.id), ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeUser),
	})
	p.link = verdictOf(err)
	return "link", err
}

// errLie marks what a call returned and cannot be true.
var errLie = errors.New("a lie")

// read makes one of the reads of a person who exists.
func (p *person) read(ctx context.Context, client *motive.Client, which int) (string, error) {
	var u *motive.User
	var err error
	var name string
	switch {
	case which == 0:
		name = "get"
		u, err = client.Users.Get(ctx, p.id)
	case which == 1 || p.externalID == "":
		name = "lookup"
		u, err = client.Users.Lookup(ctx, motive.UserLookup{Username: p.username})
	default:
		name = "lookup by external id"
		u, err = client.Users.LookupByExternalID(ctx, p.externalID, integration)
	}
	switch {
	case errors.Is(err, motive.ErrNotFound):
		return name, fmt.Errorf("%w: user %d is not found, and is there", errLie, p.id)
	case err == nil && (u.ID != p.id || u.Username != p.username):
		return name, fmt.Errorf("%w: user %d %q came rather than %d %q", errLie, u.ID, u.Username, p.id, p.username)
	}
	return name, err
}

// readNobody looks up somebody who does not exist, for whom there is one success.
func readNobody(ctx context.Context, client *motive.Client) (string, error) {
	u, err := client.Users.Lookup(ctx, motive.UserLookup{Username: "nobody.at.all"})
	switch {
	case err == nil:
		return "lookup of nobody", fmt.Errorf("%w: user %d %q came for nobody", errLie, u.ID, u.Username)
	case errors.Is(err, motive.ErrNotFound):
		return "lookup of nobody", nil
	}
	return "lookup of nobody", err
}

// list reads the whole fleet, which must hold everybody who was there before.
func list(ctx context.Context, client *motive.Client, before map[int64]bool, opts ...motive.CallOption) (string, error) {
	seen := map[int64]int{}
	for u, err := range client.Users.All(ctx, &motive.ListUsersOptions{PerPage: 10}, opts...) {
		if err != nil {
			return "list", err
		}
		seen[u.ID]++
	}
	for id := range before {
		if seen[id] == 0 {
			return "list", fmt.Errorf("%w: user %d is lost from a list of %d", errLie, id, len(seen))
		}
	}
	for id := range maps.Keys(seen) {
		if seen[id] > 1 {
			return "list", fmt.Errorf("%w: user %d came %d times", errLie, id, seen[id])
		}
	}
	return "list", nil
}
