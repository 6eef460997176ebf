package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/test/calls"
)

// apiCall is one call of the client: how it is made, and how to tell from the
// fleet whether it has happened.
type apiCall struct {
	name string
	// do makes the call. A success that is not the right one is an errLie.
	do func(context.Context, *motive.Client, *op) error
	// effects counts how often the call has happened to the user it is about,
	// of whom there are none before a create. Nil for a read.
	effects func(*op, []motive.User) int
	// post marks the calls that must not be carried out twice, and newUser those
	// of them that have no user to begin with.
	post, newUser bool
	// repeat is how a second call may be refused; nil where it must succeed.
	repeat error
	// alone marks the calls that are about no user in particular.
	alone bool
}

// op is one call about one user, and what came of it.
type op struct {
	*apiCall
	round  *round
	mark   string // the last name of the user, and the mark of the op's requests
	id     int64  // of the user; 0 for a create
	holder int64  // of the external id that a create asks for
	record int64  // the id of the user's external id

	err      error
	panicked any
	late     time.Duration // how long it outlived its context,
	excess   time.Duration // and how much of that is not the machine's doing
}

var errLie = errors.New("a lie")

const tms = "tms"

var apiCalls = []*apiCall{
	{
		name: "Create, external id", post: true, newUser: true, repeat: motive.ErrUnprocessable,
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			req := op.driver()
			req.Username = motive.Set(op.mark)
			req.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ExternalID: strings.ToUpper(op.mark), IntegrationName: tms}})
			return op.want(anyUser)(c.Users.Create(ctx, req))
		},
		effects: func(op *op, users []motive.User) int { return len(users) },
	},
	{
		// Somebody has the external id, who may look like the one to be created.
		name: "Create, external id of another", post: true, newUser: true, repeat: errNeverRepeated,
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			req := op.driver()
			req.Username = motive.Set(op.mark)
			req.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ExternalID: op.mark + "-held", IntegrationName: tms}})
			user, err := c.Users.Create(ctx, req)
			var taken *motive.ExternalIDTakenError
			switch {
			case err == nil && user.ID == op.holder:
				return fmt.Errorf("%w: the holder passes for who was created: %v", errLie, user)
			case errors.As(err, &taken) && taken.Holder.ID != op.holder:
				return fmt.Errorf("%w: the holder is said to be %v", errLie, taken.Holder)
			}
			return op.want(anyUser)(user, err)
		},
		effects: func(op *op, users []motive.User) (n int) {
			for _, u := range users {
				if u.ID != op.holder {
					n++
				}
			}
			return n
		},
	},
	{
		// No external id, and nothing else that is unique: only the client
		// stands between this call and a second user.
		name: "Create", post: true, newUser: true, repeat: errNeverRepeated,
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			req := op.driver()
			req.Phone = motive.Set("5550100")
			return op.want(anyUser)(c.Users.Create(ctx, req))
		},
		effects: func(op *op, users []motive.User) int { return len(users) },
	},
	{
		name: "Update",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.want(renamed)(c.Users.Update(ctx, op.id, &motive.UpdateUserRequest{FirstName: motive.Set("after")}))
		},
		effects: countUsers(renamed),
	},
	{
		name: "Deactivate",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.want(deactivated)(c.Users.Deactivate(ctx, op.id))
		},
		effects: countUsers(deactivated),
	},
	{
		name: "Reactivate",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.want(reactivated)(c.Users.Reactivate(ctx, op.id))
		},
		effects: countUsers(reactivated),
	},
	{
		name: "UpdateByExternalID",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.want(renamed)(c.Users.UpdateByExternalID(ctx, op.mark, tms, &motive.UpdateUserRequest{FirstName: motive.Set("after")}))
		},
		effects: countUsers(renamed),
	},
	{
		name: "DeactivateByExternalID",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.want(deactivated)(c.Users.DeactivateByExternalID(ctx, op.mark, tms))
		},
		effects: countUsers(deactivated),
	},
	{
		name: "Get",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.want(anyUser)(c.Users.Get(ctx, op.id))
		},
	},
	{
		name: "Lookup",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.want(anyUser)(c.Users.Lookup(ctx, motive.UserLookup{Username: op.mark}))
		},
	},
	{
		name: "LookupByExternalID",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.want(anyUser)(c.Users.LookupByExternalID(ctx, op.mark, tms))
		},
	},
	{
		name: "List", alone: true,
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			page, err := c.Users.List(ctx, &motive.ListUsersOptions{Role: motive.RoleFleetUser, PerPage: pageSize})
			if err != nil {
				return err
			}
			return op.wantIDs(idsOf(page.Users), op.round.office[:pageSize])
		},
	},
	{
		name: "All", alone: true,
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			var users []*motive.User
			for user, err := range c.Users.All(ctx, &motive.ListUsersOptions{Role: motive.RoleFleetUser, PerPage: pageSize}) {
				if err != nil {
					return err
				}
				users = append(users, user)
			}
			return op.wantIDs(idsOf(users), op.round.office)
		},
	},
	{
		name: "ExternalIDs.Create", post: true, repeat: motive.ErrUnprocessable,
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.wantPair(c.ExternalIDs.Create(ctx, &motive.ExternalIDRequest{
				ExternalID:           motive.Set(op.mark + "-new"),
				IntegrationName:      motive.Set(tms),
				ExternalIDHolderID:   motive.Set(op.id),
				ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeUser),
			}))
		},
		effects: countPairs("-new"),
	},
	{
		name: "ExternalIDs.Update",
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return op.wantPair(c.ExternalIDs.Update(ctx, op.record, &motive.ExternalIDRequest{ExternalID: motive.Set(op.mark + "-new")}))
		},
		effects: countPairs("-new"),
	},
	{
		name: "ExternalIDs.Delete", repeat: motive.ErrNotFound,
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			return c.ExternalIDs.Delete(ctx, op.record)
		},
		effects: func(op *op, users []motive.User) int { return 1 - countPairs("")(op, users) },
	},
	{
		name: "UserRoles.List", alone: true,
		do: func(ctx context.Context, c *motive.Client, op *op) error {
			roles, err := c.UserRoles.List(ctx, nil)
			if err != nil {
				return err
			}
			if len(roles) != 2 || roles[0].Name != "dispatch" || roles[1].Name != "safety" {
				return fmt.Errorf("%w: the roles are %v", errLie, roles)
			}
			return nil
		},
	},
}

func TestChaosMakesEveryCall(t *testing.T) {
	t.Parallel()
	var rows []string
	for _, call := range apiCalls {
		rows = append(rows, call.name)
	}
	calls.Check(t, calls.All(), rows, nil, "add an apiCall in calls_test.go, with effects that tell from the fake whether it has happened")
}

// errNeverRepeated stands for calls that must not be made twice.
var errNeverRepeated = errors.New("not to be repeated")

func (op *op) driver() *motive.CreateUserRequest {
	return &motive.CreateUserRequest{
		FirstName: motive.Set("after"), LastName: motive.Set(op.mark), Role: motive.Set(motive.RoleDriver),
	}
}

func anyUser(motive.User) bool       { return true }
func renamed(u motive.User) bool     { return u.FirstName == "after" }
func deactivated(u motive.User) bool { return u.Status == motive.StatusDeactivated }
func reactivated(u motive.User) bool { return u.Status == motive.StatusActive }

// want returns a check of an answer: the user that the op is about, as is says.
func (op *op) want(is func(motive.User) bool) func(*motive.User, error) error {
	return func(u *motive.User, err error) error {
		if err != nil {
			return err
		}
		if u.LastName != op.mark || u.ID == 0 || op.id != 0 && u.ID != op.id || !is(*u) {
			return fmt.Errorf("%w: the answer is %v", errLie, u)
		}
		return nil
	}
}

func (op *op) wantPair(e *motive.ExternalID, err error) error {
	if err == nil && (e.ExternalID != op.mark+"-new" || e.ID == 0) {
		return fmt.Errorf("%w: the answer is %v", errLie, e)
	}
	return err
}

func (op *op) wantIDs(got, want []int64) error {
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Errorf("%w: listed %v of %v", errLie, got, want)
	}
	return nil
}

func idsOf(users []*motive.User) []int64 {
	var ids []int64
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids
}

func countUsers(are func(motive.User) bool) func(*op, []motive.User) int {
	return func(_ *op, users []motive.User) (n int) {
		for _, u := range users {
			if are(u) {
				n++
			}
		}
		return n
	}
}

// countPairs counts the external ids of op's users that end in suffix.
func countPairs(suffix string) func(*op, []motive.User) int {
	return func(op *op, users []motive.User) (n int) {
		for _, u := range users {
			for _, e := range u.ExternalIDs {
				if e.ExternalID == op.mark+suffix && e.IntegrationName == tms {
					n++
				}
			}
		}
		return n
	}
}

const (
	officeSize = 5 // fleet users, whom only lists are about
	pageSize   = 2
)

// seed gives the op a user to be about, unless it creates or needs none.
func (op *op) seed(srv *motivetest.Server) {
	if op.name == "Create, external id of another" {
		first := []string{"after", "before"}[op.round.random.IntN(2)]
		op.holder = srv.Seed(motive.User{
			FirstName: first, LastName: op.mark, Role: motive.RoleDriver, Status: motive.StatusActive,
			ExternalIDs: []motive.ExternalID{{ExternalID: op.mark + "-held", IntegrationName: tms}},
		})[0].ID
	}
	if op.newUser || op.alone {
		return
	}
	status := motive.StatusActive
	if op.name == "Reactivate" {
		status = motive.StatusDeactivated
	}
	user := srv.Seed(motive.User{
		FirstName: "before", LastName: op.mark, Username: op.mark, Role: motive.RoleDriver, Status: status,
		ExternalIDs: []motive.ExternalID{{ExternalID: op.mark, IntegrationName: tms}},
	})[0]
	op.id, op.record = user.ID, user.ExternalIDs[0].ID
}
