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
