package rules_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// A call is a request that the client and the fake judge.
type call struct {
	user motive.User // whom an update is for, as the fleet has them
	opts []motive.CallOption
	send func(ctx context.Context, c *motive.Client, id int64, opts []motive.CallOption) error
}

// run makes the call in a fleet of its own, and counts the requests that arrive.
func (c call) run(t *testing.T, opts ...motive.CallOption) (sent int, err error) {
	t.Helper()
	fleet := motivetest.NewHandler()
	defer fleet.Close()
	fleet.Seed(c.inFleet())
	client, err := motive.NewClient(motive.WithBaseURL("https://motive.example/api"),
		motive.WithTransport(fleet.Transport()), motive.WithAccessToken(fleet.AccessToken()))
	if err != nil {
		t.Fatal(err)
	}
	err = c.send(t.Context(), client, userID, append(opts, c.opts...))
	return len(fleet.Requests()), err
}

const userID int64 = 1 // of the user in the fleet

// inFleet is the user whom the fleet has, with the fields that the cases leave open.
func (c call) inFleet() motive.User {
	u := c.user
	u.ID, u.FirstName, u.LastName = userID, "Grace", "Hopper"
	u.ExternalIDs = []externalID{{ID: 1, ExternalID: "31", IntegrationName: "payroll"}, {ID: 5, ExternalID: "32", IntegrationName: "dispatch"}}
	// An ELD mode comes with a time tracking mode, which no response shows.
	switch u.ELDMode {
	case motive.ELDModeLogs, motive.ELDModeNone:
		u.Extra = map[string]json.RawMessage{"time_tracking_mode": []byte(`"logs"`)}
	case motive.ELDModeExempt:
		u.Extra = map[string]json.RawMessage{"time_tracking_mode": []byte(`"timecards"`)}
	}
	return u
}

// Users in the fleet.
var (
	driver     = motive.User{Role: motive.RoleDriver}
	grouped    = motive.User{Role: motive.RoleDriver, GroupIDs: []int64{1}}
	office     = motive.User{Role: motive.RoleFleetUser}
	restricted = motive.User{Role: motive.RoleFleetUser, Extra: map[string]json.RawMessage{
		"group_visibility": []byte(`"limited"`), "custom_user_role": []byte(`{"user_role_id":9,"group_ids":[1]}`),
	}}
	logging = motive.User{ELDMode: motive.ELDModeLogs}
	exempt  = motive.User{ELDMode: motive.ELDModeExempt}
	oil     = motive.User{Cycle: motive.CycleUSOilAndGas70Hour8Day}
)

// refusal reports whether an error is one. That there is nobody to find is none.
func refusal(t *testing.T, err error) bool {
	t.Helper()
	var response *motive.APIError
	if errors.As(err, &response) {
		switch response.StatusCode {
		case http.StatusBadRequest, http.StatusUnprocessableEntity:
			return true
		case http.StatusNotFound:
			return false
		}
	}
	if err != nil {
		t.Errorf("neither accepted nor refused: %v", err)
	}
	return false
}

type (
	fields     = motive.UserAttributes
	externalID = motive.ExternalIDAttributes
	record     = motive.ExternalIDRequest
)

// create creates a driver with the given fields besides.
func create(a fields) call {
	fill(&a.FirstName, "Ada")
	fill(&a.LastName, "Lovelace")
	fill(&a.Role, motive.RoleDriver)
	fill(&a.Username, "ada.lovelace")
	req := motive.CreateUserRequest(a)
	return call{send: func(ctx context.Context, c *motive.Client, _ int64, opts []motive.CallOption) error {
		_, err := c.Users.Create(ctx, &req, opts...)
		return err
	}}
}

func fill[T any](o *motive.Optional[T], v T) {
	if o.IsZero() {
		*o = motive.Set(v)
	}
}

func fleetUser(a fields) call {
	a.Role = motive.Set(motive.RoleFleetUser)
	return create(a)
}

func limited(role motive.CustomUserRole) call {
	return fleetUser(fields{GroupVisibility: motive.Set(motive.GroupVisibilityLimited), CustomUserRole: motive.Set(role)})
}

// update changes a driver of whom the client is told nothing; see of and against.
func update(a fields) call {
	req := motive.UpdateUserRequest(a)
	return call{send: func(ctx context.Context, c *motive.Client, id int64, opts []motive.CallOption) error {
		_, err := c.Users.Update(ctx, id, &req, opts...)
		return err
	}}
}

// of is c for a user whom the fleet has and the client does not know.
func of(u motive.User, c call) call {
	c.user = u
	return c
}

// against is an update that the client judges with the user as it is.
func against(u motive.User, a fields) call {
	c := of(u, update(a))
	c.opts = []motive.CallOption{motive.Against(&u)}
	return c
}

func strictly(c call) call {
	c.opts = append(c.opts, motive.StrictValidation())
	return c
}

func get(id int64) call {
	return call{send: func(ctx context.Context, c *motive.Client, _ int64, opts []motive.CallOption) error {
		_, err := c.Users.Get(ctx, id, opts...)
		return err
	}}
}

func list(o *motive.ListUsersOptions) call {
	return call{send: func(ctx context.Context, c *motive.Client, _ int64, opts []motive.CallOption) error {
		_, err := c.Users.List(ctx, o, opts...)
		return err
	}}
}

func lookup(l motive.UserLookup) call {
	return call{send: func(ctx context.Context, c *motive.Client, _ int64, opts []motive.CallOption) error {
		_, err := c.Users.Lookup(ctx, l, opts...)
		return err
	}}
}

func lookupPair(externalID, integrationName string) call {
	return call{send: func(ctx context.Context, c *motive.Client, _ int64, opts []motive.CallOption) error {
		_, err := c.Users.LookupByExternalID(ctx, externalID, integrationName, opts...)
		return err
	}}
}

// createRecord creates an external id of the user with the given fields besides.
func createRecord(r record) call {
	fill(&r.ExternalID, "987")
	fill(&r.IntegrationName, "generic_tms")
	fill(&r.ExternalIDHolderID, userID)
	fill(&r.ExternalIDHolderType, motive.ExternalIDHolderTypeUser)
	return call{send: func(ctx context.Context, c *motive.Client, _ int64, opts []motive.CallOption) error {
		_, err := c.ExternalIDs.Create(ctx, &r, opts...)
		return err
	}}
}

func changeRecord(r record) call {
	return call{send: func(ctx context.Context, c *motive.Client, _ int64, opts []motive.CallOption) error {
		_, err := c.ExternalIDs.Update(ctx, 5, &r, opts...)
		return err
	}}
}

func externalIDs(ids ...externalID) motive.Optional[[]externalID] { return motive.Set(ids) }

var tms = externalID{ExternalID: "987", IntegrationName: "generic_tms"}
