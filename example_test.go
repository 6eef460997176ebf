package motive_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jarcoal/httpmock"
	"golang.org/x/oauth2"
	"golang.org/x/time/rate"

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
		// With an external id a create is reconciled if its response is lost.
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

func ExampleNewClientFromEnv() {
	_ = os.Setenv("MOTIVE_ACCESS_TOKEN", "token") // your shell or service manager does this
	defer func() { _ = os.Unsetenv("MOTIVE_ACCESS_TOKEN") }()

	client, err := motive.NewClientFromEnv(motive.WithRateLimit(1, 1))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections() // of use only in a program that makes many clients
	fmt.Println(client.Users != nil)
	// Output: true
}

// The options that say where requests go and what each carries.
func ExampleOption() {
	client, err := motive.NewClient(
		motive.WithAccessToken("token"),
		motive.WithBaseURL("http://motive-fake.internal:8080"), // a fake of your own; the default is the real API
		motive.WithInsecureHTTP(),                              // plain http to another machine
		motive.WithTransport(http.DefaultTransport),
		motive.WithUserAgent("payroll/2.1"),
		motive.WithMetricUnits(true),
		motive.WithActingUser(102), // the fleet admin on whose behalf
		motive.WithMaxBodySize(16<<20),
	)
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleWithAPIKey() {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := motive.NewClient(motive.WithBaseURL(server.URL), motive.WithAPIKey(server.TestModeKey()))
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Users.Create(context.Background(), &motive.CreateUserRequest{
		FirstName: motive.Set("Bram"), LastName: motive.Set("Okafor"),
		Role: motive.Set(motive.RoleDriver), Username: motive.Set("bram.okafor"),
	})
	fmt.Println(errors.Is(err, motive.ErrTestMode)) // checked, and not stored
	// Output: true
}

// Any oauth2.TokenSource will do. An oauth.Source is one that can be shared with
// other clients of the same login.
func ExampleWithTokenSource() {
	cfg := oauth.NewConfig("client id", os.Getenv("MOTIVE_CLIENT_SECRET"), "https://tms.example.com/callback")
	source, err := oauth.NewSource(cfg, oauth.NewMemoryStore(nil))
	if err != nil {
		log.Fatal(err)
	}
	client, err := motive.NewClient(motive.WithTokenSource(source))
	other := &http.Client{Transport: &oauth2.Transport{Source: source}} // what else the program calls at Motive
	fmt.Println(client != nil, other != nil, err)
	// Output: true true <nil>
}

// Do sends what this version has no method for. Here: the groups, whose ids
// GroupIDs and CustomUserRole take.
func ExampleClient_Do() {
	ctx, client, stop := exampleCompany()
	defer stop()

	var list struct {
		Groups []struct {
			Group struct {
				ID   int64  `json:"id"`
				Name string `json:"name"`
			} `json:"group"`
		} `json:"groups"`
	}
	if err := client.Do(ctx, motive.Request{Path: "/v1/groups"}, &list); err != nil {
		log.Fatal(err)
	}
	for _, g := range list.Groups {
		fmt.Println(g.Group.ID, g.Group.Name)
	}
	// Output:
	// 101 East Coast
	// 102 West Coast
}

// One login is one fleet. This names it, which is worth a line in the log before
// anything is written.
func ExampleClient_Do_company() {
	ctx, client, stop := exampleCompany()
	defer stop()

	var list struct {
		Companies []struct {
			Company struct {
				ID   json.Number `json:"id"`
				Name string      `json:"name"`
			} `json:"company"`
		} `json:"companies"`
	}
	if err := client.Do(ctx, motive.Request{Path: "/v1/companies"}, &list); err != nil {
		log.Fatal(err)
	}
	for _, c := range list.Companies {
		fmt.Println(c.Company.ID, c.Company.Name)
	}
	// Output: 4711 Moss Haulage
}

// exampleCompany is a server with the two endpoints, as the pages of Motive's hub
// describe them; the fake of motivetest has neither.
func exampleCompany() (context.Context, *motive.Client, func()) {
	responses := map[string]string{
		"/v1/groups":    `{"groups":[{"group":{"id":101,"name":"East Coast"}},{"group":{"id":102,"name":"West Coast"}}]}`,
		"/v1/companies": `{"companies":[{"company":{"id":4711,"name":"Moss Haulage"}}]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(responses[r.URL.Path]))
	}))
	client, err := motive.NewClient(motive.WithAccessToken("token"), motive.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	return context.Background(), client, server.Close
}

// A parameter, and a field, that this version does not know.
func ExampleWithQuery() {
	ctx, client, stop := exampleFleet()
	defer stop()

	page, err := client.Users.List(ctx, nil, motive.WithQuery("vehicle_type", "truck"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Users))

	driver, err := client.Users.Update(ctx, 101, &motive.UpdateUserRequest{
		Extra: map[string]any{"badge_number": 12},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.ID)
	// Output:
	// 2
	// 101
}

func ExampleReadAhead() {
	ctx, client, stop := exampleFleet()
	defer stop()

	active := 0
	for user, err := range client.Users.All(ctx, nil, motive.ReadAhead(8)) {
		if err != nil {
			log.Fatal(err)
		}
		if user.Status == motive.StatusActive { // filtered here, so that the list can lose nobody
			active++
		}
	}
	fmt.Println(active)
	// Output: 2
}

// A limiter of golang.org/x/time serves all clients of one process that call the
// same fleet. One that many machines share is in the module postgres.
func ExampleWithLimiter() {
	shared := rate.NewLimiter(rate.Limit(1), 2) // one a second, bursts of two

	sync, err := motive.NewClient(motive.WithAccessToken("token"), motive.WithLimiter(shared))
	if err != nil {
		log.Fatal(err)
	}
	dashboard, err := motive.NewClient(motive.WithAccessToken("token"), motive.WithLimiter(shared))
	fmt.Println(sync != nil, dashboard != nil, err)
	// Output: true true <nil>
}

// fleetLimiter also hears of a 429, and could tell whoever shares the rate.
type fleetLimiter struct{ *rate.Limiter }

func (l fleetLimiter) Pause(_ context.Context, d time.Duration) error {
	fmt.Println("hold back for", d.Truncate(time.Second))
	return nil
}

func ExampleLimiter() {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	server.Inject(motivetest.TooManyRequests("1"), motivetest.Times(1))

	limiter := fleetLimiter{rate.NewLimiter(rate.Inf, 1)}
	client := server.Client(motive.WithLimiter(limiter))
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err = client.Users.List(ctx, nil)
	fmt.Println(errors.Is(err, motive.ErrRateLimited)) // at once: the pause is longer than ctx
	// Output:
	// hold back for 1s
	// true
}

func ExampleWithObserver() {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	server.Inject(motivetest.Status(503, motivetest.HTML), motivetest.Times(1))

	client := server.Client(
		motive.WithLogger(slog.New(slog.DiscardHandler)), // each attempt, at debug level
		motive.WithRetry(motive.RetryPolicy{MinWait: time.Millisecond, MaxWait: time.Millisecond}),
		motive.WithObserver(func(e motive.Event) {
			switch e.Kind {
			case motive.EventAttemptEnd:
				fmt.Println(e.Method, e.Path, "attempt", e.Attempt, "status", e.StatusCode)
			case motive.EventRetry:
				fmt.Println("again")
			}
		}),
	)
	if _, err := client.Users.List(context.Background(), nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// GET /v1/users attempt 1 status 503
	// again
	// GET /v1/users attempt 2 status 200
}

// Where a service is an interface of yours, its mock can look into the options
// that it is given.
func ExampleApplyCallOptions() {
	var service userGetter = mockUsers{{ID: 7, FirstName: "Ada", Status: motive.StatusActive}}
	fmt.Println(greet(context.Background(), service, 7))
	// Output: hello, Ada (200)
}

// userGetter is what a program needs of motive.UsersService.
type userGetter interface {
	Get(ctx context.Context, id int64, opts ...motive.CallOption) (*motive.User, error)
}

var _ userGetter = (*motive.UsersService)(nil)

func greet(ctx context.Context, service userGetter, id int64) string {
	var response motive.Response
	user, err := service.Get(ctx, id, motive.WithResponse(&response))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("hello, %s (%d)", user.FirstName, response.StatusCode)
}

type mockUsers []motive.User

func (m mockUsers) Get(_ context.Context, id int64, opts ...motive.CallOption) (*motive.User, error) {
	settings := motive.ApplyCallOptions(opts...)
	i := slices.IndexFunc(m, func(u motive.User) bool { return u.ID == id })
	if i < 0 {
		return nil, &motive.APIError{StatusCode: http.StatusNotFound} // errors.Is(err, motive.ErrNotFound)
	}
	if settings.Response != nil {
		settings.Response.StatusCode = http.StatusOK
	}
	return &m[i], nil
}

// httpmock works through WithTransport. Its Activate changes http.DefaultTransport,
// which this client does not use: the test would call the real host.
func ExampleWithTransport() {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder(http.MethodGet, "https://api.gomotive.com/v1/users/7",
		httpmock.NewStringResponder(http.StatusOK, `{"user":{"id":7,"first_name":"Ada"}}`))

	client, err := motive.NewClient(motive.WithAccessToken("token"), motive.WithTransport(mock))
	if err != nil {
		log.Fatal(err)
	}
	user, err := client.Users.Get(context.Background(), 7)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.FirstName)

	_, err = client.Users.Get(context.Background(), 8)
	fmt.Println(strings.Contains(err.Error(), "no responder found")) // at once, and not sent again
	// Output:
	// Ada
	// true
}

func ExampleOptional() {
	update := motive.UpdateUserRequest{
		Phone:           motive.Set("555-0101"),      // a value
		DriverCompanyID: motive.Null[string](),       // null: cleared
		MetricUnits:     motive.Set(false),           // false is a value
		Email:           motive.SetNonZero(cell(12)), // an empty cell is absent
	}
	body, err := json.Marshal(update)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body))

	phone, set := update.Phone.Get()
	fmt.Println(phone, set, update.DriverCompanyID.IsNull(), update.Email.IsZero())
	fmt.Println(update.Phone.Equal(motive.Set("555-0101")))
	// Output:
	// {"phone":"555-0101","metric_units":false,"driver_company_id":null}
	// 555-0101 true true true
	// true
}

// cell stands for a cell of a spreadsheet.
func cell(int) string { return "" }

func ExampleUserAttributes_Diff() {
	ctx, client, stop := exampleFleet()
	defer stop()

	wanted := motive.UserAttributes{ // as the TMS has her
		FirstName:             motive.Set("Ada"),
		Cycle:                 motive.Set(motive.CycleUSProperty60Hour7Day),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "my_tms"}}),
	}
	driver, err := client.Users.Get(ctx, 101)
	if err != nil {
		log.Fatal(err)
	}
	update, changed := wanted.Diff(driver)
	if !changed {
		return
	}
	fmt.Println(update)
	if _, err := client.Users.Update(ctx, driver.ID, &update, motive.Against(driver)); err != nil {
		log.Fatal(err)
	}
	// Output: UpdateUserRequest{cycle:"60_7"}
}

func ExampleUser() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Get(ctx, 101)
	if err != nil {
		log.Fatal(err)
	}
	id, ok := driver.ExternalID("my_tms")
	fmt.Println(id, ok)
	fmt.Println(driver.Exceptions(), len(driver.Exceptions2()))
	// Output:
	// 987 true
	// [exception_short_haul] 0
}

// Exceptions by value, as they come from a file.
func ExampleCreateUserRequest_SetException() {
	var req motive.CreateUserRequest
	for _, name := range []string{"exception_short_haul", "Exception 24 hour restart"} {
		exception, err := motive.ParseException(name)
		if err != nil {
			log.Fatal(err)
		}
		req.SetException(exception, true)
	}
	req.SetException2(motive.ExceptionWaitTime, true) // of the second cycle
	fmt.Println(req)
	// Output: CreateUserRequest{exception_24_hour_restart:true exception_short_haul:true exception_wait_time2:true}
}

// Validate checks without a client: for a form, or a roster before it is sent.
func ExampleCreateUserRequest_Validate() {
	req := motive.CreateUserRequest{FirstName: motive.Set("Ada"), Role: motive.Set(motive.Role("Driver"))}
	var invalid *motive.ValidationError
	if errors.As(req.Validate(), &invalid) {
		for _, problem := range invalid.Problems {
			fmt.Println(problem.Field, problem.Code)
		}
	}
	// Output:
	// last_name required
	// role unknown_value
	// email required
}

func ExampleUpdateUserRequest_Validate() {
	update := motive.UpdateUserRequest{Cycle: motive.Set(motive.Cycle("70_9"))}
	fmt.Println(update.Validate())

	// Short haul is on, and Texas does not have it: seen with the user as she is.
	texas := motive.UpdateUserRequest{Cycle: motive.Set(motive.CycleTexas70Hour7Day)}
	driver := &motive.User{ID: 101, Cycle: motive.CycleUSProperty70Hour8Day, ExceptionShortHaul: true}
	fmt.Println(texas.Validate(), texas.ValidateAgainst(driver) != nil)
	// Output:
	// motive: cycle: "70_9" is not a documented value (did you mean "70_8"?); use "70_8", "60_7", "70_8_o", "60_7_o", "70_8_p", "60_7_p", "80_8", "80_8_o", "80_8_p", "tx_70_7", "ak_70_7", "ak_80_8", "ak_70_7_o", "ak_80_8_o", "ak_70_7_p", "ak_80_8_p", "70_7", "120_14", "canada_oil", "80_7", "120_14_north" or "Other"
	// <nil> true
}

// SkipValidation is for what Motive accepts and this version does not know yet;
// StrictValidation for taking Motive's pages to the letter.
func ExampleSkipValidation() {
	ctx, client, stop := exampleFleet()
	defer stop()

	nobody := &motive.UpdateUserRequest{FirstName: motive.Set("")}
	_, err := client.Users.Update(ctx, 101, nobody)
	fmt.Println(err)
	_, err = client.Users.Update(ctx, 101, nobody, motive.SkipValidation(motive.CodeRequired))
	fmt.Println(errors.Is(err, motive.ErrUnprocessable)) // sent, and turned down by the server

	phone := &motive.UpdateUserRequest{Phone: motive.Set("555-0101")}
	_, err = client.Users.Update(ctx, 101, phone, motive.StrictValidation())
	var invalid *motive.ValidationError
	fmt.Println(errors.As(err, &invalid) && invalid.Has("phone_country_code", motive.CodeRequired))
	// Output:
	// motive: first_name: is required and cannot be cleared; leave it out to keep it
	// true
	// true
}

func ExampleModePairs() {
	for _, pair := range motive.ModePairs() {
		fmt.Printf("%-12s with %-6s %s\n", pair.TimeTrackingMode, pair.ELDMode, pair.Description())
	}
	wrong := motive.ModePair{TimeTrackingMode: motive.TimeTrackingModeTimecards, ELDMode: motive.ELDModeLogs}
	fmt.Println(wrong.Valid())
	// Output:
	// logs         with logs   the Vehicle Gateway records everything
	// logs         with none   the driver keeps an electronic logbook in the Driver app, and the Vehicle Gateway logs nothing
	// timecards    with exempt the driver is exempt from logs, and tracks time with timecards in the Driver app
	// not_required with exempt the driver is exempt from logs, and need not track time in Motive
	// false
}

func ExampleViolations() {
	fmt.Println(len(motive.Violations()), "violations")
	fmt.Println(motive.ViolationDriving11.Description())
	for _, row := range motive.Cycles() {
		if row.Cycle == motive.CycleTexas70Hour7Day {
			fmt.Println(row.Violations)
		}
	}
	// Output:
	// 49 violations
	// more than 11 hours of driving
	// [tx_driving_12 tx_duty_15 tx_cycle_70]
}

func ExampleExceptions() {
	for _, e := range motive.Exceptions() {
		fmt.Println(e, motive.CycleUSOilAndGas70Hour8Day.Allows(e))
	}
	fmt.Println(motive.ExceptionAdverseDriving.Description())
	// Output:
	// exception_24_hour_restart true
	// exception_8_hour_break true
	// exception_wait_time true
	// exception_short_haul true
	// exception_ca_farm_school_bus false
	// exception_adverse_driving false
	// bad conditions on the road lengthen the duty day by at most 2 hours
}

// The parsers take what people write in a spreadsheet.
func ExampleParseRole() {
	role, err := motive.ParseRole(" Fleet User ")
	fmt.Println(role, err)
	cycle, err := motive.ParseCycle("TX_70_7")
	fmt.Println(cycle, cycle.Known(), err)
	status, err := motive.ParseStatus("Active")
	fmt.Println(status, err)
	eld, err := motive.ParseELDMode("Exempt")
	fmt.Println(eld, err)
	tracking, err := motive.ParseTimeTrackingMode("Not_required")
	fmt.Println(tracking, err)
	duty, err := motive.ParseDutyStatus("Off duty")
	fmt.Println(duty, err)
	alerts, err := motive.ParseViolationAlerts("1 hour")
	fmt.Println(alerts, err)
	visibility, err := motive.ParseGroupVisibility("Limited")
	fmt.Println(visibility, err)
	_, err = motive.ParseRole("drivr")
	fmt.Println(err)
	// Output:
	// fleet_user <nil>
	// tx_70_7 true <nil>
	// active <nil>
	// exempt <nil>
	// not_required <nil>
	// off_duty <nil>
	// 1_hour <nil>
	// limited <nil>
	// motive: role: "drivr" is not a documented value (did you mean "driver"?); use "driver", "fleet_user", "admin" or "fleet_admin"
}

func ExampleDate() {
	joined := motive.NewDate(2026, 3, 9)
	body, err := json.Marshal(motive.UpdateUserRequest{JoinedAt: motive.Set(joined)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(joined, string(body))
	// Output: 2026-03-09 {"joined_at":"2026-03-09"}
}

// A fleet user who sees two groups only.
func ExampleCustomUserRole() {
	ctx, client, stop := exampleFleet()
	defer stop()

	roles, err := client.UserRoles.List(ctx, &motive.ListUserRolesOptions{Name: "Dispatcher"})
	if err != nil {
		log.Fatal(err)
	}
	dispatcher, err := client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName:       motive.Set("Noor"),
		LastName:        motive.Set("Haddad"),
		Role:            motive.Set(motive.RoleFleetUser),
		Email:           motive.Set("noor@example.com"),
		GroupVisibility: motive.Set(motive.GroupVisibilityLimited),
		CustomUserRole:  motive.Set(motive.CustomUserRole{UserRoleID: roles[0].ID, GroupIDs: []int64{101, 102}}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dispatcher.FirstName, dispatcher.Role)
	// Output: Noor fleet_user
}

func ExampleExternalIDTakenError() {
	ctx, client, stop := exampleFleet()
	defer stop()

	_, err := client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName: motive.Set("Bram"), LastName: motive.Set("Okafor"),
		Role: motive.Set(motive.RoleDriver), Username: motive.Set("bram.okafor"),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "my_tms"}}),
	})
	var taken *motive.ExternalIDTakenError
	if errors.As(err, &taken) {
		fmt.Println(taken.ExternalID, "belongs to", taken.Holder.FirstName)
	}
	// Output: 987 belongs to Ada
}

func ExampleOutcomeUnknownError() {
	_, client, stop := exampleFleet()
	defer stop()

	unknown := &motive.OutcomeUnknownError{Method: "POST", Path: "/v1/users", Attempts: 1, Err: errors.New("connection reset by peer")}
	fmt.Println(errors.Is(unknown, motive.ErrOutcomeUnknown))
	fmt.Println(unknown)
	_ = client // look with client.Users.Lookup, or send a create that carries an external id again
	// Output:
	// true
	// motive: POST /v1/users: the outcome is unknown after 1 attempt, make sure that it was not carried out before sending it again: connection reset by peer
}

func ExampleUsersService_UpdateByExternalID() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.UpdateByExternalID(ctx, "987", "my_tms", &motive.UpdateUserRequest{
		Phone: motive.Set("555-0101"), PhoneCountryCode: motive.Set("1"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.ID, driver.Phone)
	// Output: 101 555-0101
}

func ExampleUsersService_DeactivateByExternalID() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.DeactivateByExternalID(ctx, "987", "my_tms")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.ID, driver.Status)
	// Output: 101 deactivated
}
