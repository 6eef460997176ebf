package motive_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
)

// exampleFleet stands for a real fleet: a fake one with a driver and a fleet
// user in it. Your program calls motive.NewClientFromEnv instead.
func exampleFleet() (context.Context, *motive.Client, func()) {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	server.Seed(
		motive.User{
			ID: 101, FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver, Status: motive.StatusActive,
			Username: "ada.moss", Email: "ada@example.com", DriverCompanyID: "D-1",
			Cycle: motive.CycleUSProperty70Hour8Day, ExceptionShortHaul: true,
			ExternalIDs: []motive.ExternalID{{ID: 5, ExternalID: "987", IntegrationName: "my_tms"}},
		},
		motive.User{ID: 102, FirstName: "Tomas", LastName: "Reyl", Role: motive.RoleFleetUser, Status: motive.StatusActive, Email: "tomas@example.com"},
	)
	server.SeedUserRoles(motive.UserRole{ID: 9, Name: "Dispatcher", Status: "active"})
	return context.Background(), server.Client(), server.Close
}

func ExampleNewClient() {
	_, err := motive.NewClient()
	fmt.Println(err)

	client, err := motive.NewClient(
		motive.WithAPIKey("key"),
		motive.WithTimeZone(motive.TimeZoneCentral),
		motive.WithRateLimit(2, 5), // two a second, bursts of five
	)
	fmt.Println(client != nil, err)
	// Output:
	// motive: no credential: use exactly one of WithAccessToken, WithAPIKey, WithTokenSource and WithOAuth2, or NewClientFromEnv with MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY
	// true <nil>
}

func ExampleUsersService_Create() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName: motive.Set("Bram"),
		LastName:  motive.Set("Okafor"),
		Role:      motive.Set(motive.RoleDriver),
		Username:  motive.Set("bram.okafor"),
		Cycle:     motive.Set(motive.CycleTexas70Hour7Day),
		// With an external id a create is settled if its answer is lost.
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: "988", IntegrationName: "my_tms"}}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.FirstName, driver.Status, driver.ExternalIDs[0].ExternalID)
	// Output: Bram active 988
}

func ExampleUsersService_Create_validation() {
	ctx, client, stop := exampleFleet()
	defer stop()

	_, err := client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName:          motive.Set("Kira"),
		LastName:           motive.Set("Lund"),
		Role:               motive.Set(motive.RoleDriver),
		Username:           motive.Set("kira.lund"),
		Cycle:              motive.Set(motive.CycleTexas70Hour7Day),
		ExceptionShortHaul: motive.Set(true),
		ELDMode:            motive.Set(motive.ELDModeLogs),
		TimeTrackingMode:   motive.Set(motive.TimeTrackingModeTimecards),
	})
	var invalid *motive.ValidationError
	if errors.As(err, &invalid) {
		for _, problem := range invalid.Problems {
			fmt.Println(problem.Field, problem.Code)
		}
	}
	// Output:
	// time_tracking_mode mode_mismatch
	// exception_short_haul exception_not_allowed
}

func ExampleUsersService_Get() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Get(ctx, 101)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.FirstName, driver.Cycle.Description())

	_, err = client.Users.Get(ctx, 999)
	fmt.Println(errors.Is(err, motive.ErrNotFound))
	// Output:
	// Ada US property, 70 hours in 8 days
	// true
}

func ExampleUsersService_Update() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Update(ctx, 101, &motive.UpdateUserRequest{
		Phone:           motive.Set("555-0101"),
		DriverCompanyID: motive.Null[string](), // cleared
		// Email is absent: it stays as it is.
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %q %s\n", driver.Phone, driver.DriverCompanyID, driver.Email)
	// Output: 555-0101 "" ada@example.com
}

func ExampleAgainst() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Get(ctx, 101)
	if err != nil {
		log.Fatal(err)
	}
	// The short haul exception is still on, and Texas does not have it.
	_, err = client.Users.Update(ctx, driver.ID, &motive.UpdateUserRequest{
		Cycle: motive.Set(motive.CycleTexas70Hour7Day),
	}, motive.Against(driver))
	var invalid *motive.ValidationError
	fmt.Println(errors.As(err, &invalid) && invalid.Has("exception_short_haul", motive.CodeExceptionNotAllowed))
	// Output: true
}

func ExampleUsersService_Deactivate() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Deactivate(ctx, 101)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.Status)
	// Output: deactivated
}

func ExampleUsersService_Reactivate() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Reactivate(ctx, 101)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.Status)
	// Output: active
}

func ExampleUsersService_List() {
	ctx, client, stop := exampleFleet()
	defer stop()

	page, err := client.Users.List(ctx, &motive.ListUsersOptions{Role: motive.RoleDriver, PerPage: 50})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Users), "of", page.Pagination.Total)
	// Output: 1 of 1
}

func ExampleUsersService_All() {
	ctx, client, stop := exampleFleet()
	defer stop()

	for user, err := range client.Users.All(ctx, &motive.ListUsersOptions{Status: motive.StatusActive}) {
		if err != nil {
			log.Fatal(err) // errors.Is(err, motive.ErrIncompleteList): not everybody came
		}
		fmt.Println(user.ID, user.FirstName)
	}
	// Output:
	// 101 Ada
	// 102 Tomas
}

func ExampleUsersService_Lookup() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Lookup(ctx, motive.UserLookup{Username: "ada.moss"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.ID)
	// Output: 101
}

func ExampleUsersService_LookupByExternalID() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.LookupByExternalID(ctx, "987", "my_tms")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.ID)
	// Output: 101
}

func ExampleExternalIDsService_Create() {
	ctx, client, stop := exampleFleet()
	defer stop()

	id, err := client.ExternalIDs.Create(ctx, &motive.ExternalIDRequest{
		ExternalID:           motive.Set("44"),
		IntegrationName:      motive.Set("payroll"),
		ExternalIDHolderID:   motive.Set[int64](101),
		ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeUser),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id.ExternalID, id.IntegrationName)
	// Output: 44 payroll
}

func ExampleExternalIDsService_Update() {
	ctx, client, stop := exampleFleet()
	defer stop()

	id, err := client.ExternalIDs.Update(ctx, 5, &motive.ExternalIDRequest{ExternalID: motive.Set("987-B")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id.ExternalID, id.IntegrationName)
	// Output: 987-B my_tms
}

func ExampleExternalIDsService_Delete() {
	ctx, client, stop := exampleFleet()
	defer stop()

	fmt.Println(client.ExternalIDs.Delete(ctx, 5))
	// Output: <nil>
}

func ExampleUserRolesService_List() {
	ctx, client, stop := exampleFleet()
	defer stop()

	roles, err := client.UserRoles.List(ctx, &motive.ListUserRolesOptions{Status: motive.StatusActive})
	if err != nil {
		log.Fatal(err)
	}
	for _, role := range roles {
		fmt.Println(role.ID, role.Name)
	}
	// Output: 9 Dispatcher
}

func ExampleWithResponse() {
	ctx, client, stop := exampleFleet()
	defer stop()

	var response motive.Response
	_, err := client.Users.List(ctx, nil, motive.WithResponse(&response))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode, response.Attempts, response.Pagination.Total)
	// Output: 200 1 2
}

func ExampleAPIError() {
	ctx, client, stop := exampleFleet()
	defer stop()

	_, err := client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"), LastName: motive.Set("Moss"),
		Role: motive.Set(motive.RoleFleetUser), Email: motive.Set("ada@example.com"),
	})
	var refused *motive.APIError
	switch {
	case errors.Is(err, motive.ErrOutcomeUnknown):
		fmt.Println("look her up before sending it again")
	case errors.As(err, &refused):
		fmt.Println(refused.StatusCode, refused.Attempts)
	}
	// Output: 422 1
}

func ExampleWithRetry() {
	client, err := motive.NewClient(
		motive.WithAccessToken("token"),
		motive.WithRetry(motive.RetryPolicy{MaxAttempts: 6, MaxRetryAfter: 2 * time.Minute}),
		motive.WithAttemptTimeout(45*time.Second),
	)
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleWithOAuth2() {
	cfg := oauth.NewConfig("client id", os.Getenv("MOTIVE_CLIENT_SECRET"), "https://tms.example.com/callback")
	store := oauth.NewMemoryStore(nil) // tokenfile.New keeps it in a file, across processes

	client, err := motive.NewClient(motive.WithOAuth2(cfg, store))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleCycles() {
	for _, c := range motive.Cycles()[:3] {
		fmt.Println(c.Cycle, "-", c.Description, "-", len(c.Exceptions), "exceptions")
	}
	fmt.Println(motive.CycleTexas70Hour7Day.Allows(motive.ExceptionShortHaul))
	// Output:
	// 70_8 - US property, 70 hours in 8 days - 3 exceptions
	// 60_7 - US property, 60 hours in 7 days - 3 exceptions
	// 70_8_o - US oil and gas, 70 hours in 8 days - 4 exceptions
	// false
}
