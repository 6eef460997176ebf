package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// integration is the name under which Motive keeps the ids of the TMS.
const integration = "my_tms"

// syncDrivers brings the drivers of a fleet in line with those of a TMS. wanted has
// the id in the TMS for its keys. It writes nothing unless the whole list was read,
// and can be run again at any time.
func syncDrivers(ctx context.Context, client *motive.Client, wanted map[string]motive.UserAttributes) error {
	byID := make(map[string]*motive.User)
	byUsername := make(map[string]*motive.User)
	for user, err := range client.Users.All(ctx, nil, motive.ReadAhead(4)) { // unfiltered: nobody is missed
		if err != nil {
			return fmt.Errorf("reading the fleet: %w", err)
		}
		if id, ok := user.ExternalID(integration); ok {
			byID[id] = user
		}
		if user.Username != "" {
			byUsername[strings.ToLower(user.Username)] = user
		}
	}
	var failed []error
	for id, attributes := range wanted {
		attributes.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ExternalID: id, IntegrationName: integration}})
		user := byID[id]
		if username, set := attributes.Username.Get(); user == nil && set {
			user = byUsername[strings.ToLower(username)] // there before, without our id; never by name
		}
		if err := syncDriver(ctx, client, user, attributes); err != nil {
			failed = append(failed, fmt.Errorf("driver %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

func syncDriver(ctx context.Context, client *motive.Client, user *motive.User, wanted motive.UserAttributes) error {
	if user == nil {
		req := motive.CreateUserRequest(wanted)
		_, err := client.Users.Create(ctx, &req)
		return err
	}
	update, changed := wanted.Diff(user)
	if !changed {
		return nil
	}
	_, err := client.Users.Update(ctx, user.ID, &update, motive.Against(user))
	return err
}

func Example_sync() {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	server.Seed(motive.User{FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver, Username: "ada.moss"})

	wanted := map[string]motive.UserAttributes{
		"987": {FirstName: motive.Set("Ada"), LastName: motive.Set("Moss"), Role: motive.Set(motive.RoleDriver), Username: motive.Set("ada.moss")},
		"988": {FirstName: motive.Set("Bram"), LastName: motive.Set("Okafor"), Role: motive.Set(motive.RoleDriver), Username: motive.Set("bram.okafor")},
	}
	ctx := context.Background()
	for range 2 { // the second time there is nothing to do
		server.ForgetRequests()
		if err := syncDrivers(ctx, server.Client(), wanted); err != nil {
			log.Fatal(err)
		}
		fmt.Println("drivers:", len(server.Users()), "requests:", len(server.Requests()))
	}
	// Output:
	// drivers: 2 requests: 3
	// drivers: 2 requests: 1
}
