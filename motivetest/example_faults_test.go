package motivetest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// Every fault, under the name that Fake.Faults and the transcript give it.
func ExampleFault() {
	for _, fault := range []motivetest.Fault{
		// instead of handling the request
		motivetest.Status(http.StatusBadGateway, motivetest.HTML),
		motivetest.TooManyRequests("30"),
		motivetest.RateLimit(60),
		motivetest.TokenBucket(100, 5, http.StatusServiceUnavailable, false),
		motivetest.Storm(http.StatusTooManyRequests, "", time.Second),
		motivetest.UnauthorizedOnce(),
		motivetest.Redirect(http.StatusFound, "https://example.com"),
		motivetest.RedirectTo("https://example.com"),
		motivetest.ResetBefore(),
		motivetest.HangBeforeHeaders(),
		motivetest.ConnectionRefused(time.Second),
		// after it was handled
		motivetest.StatusAfter(http.StatusGatewayTimeout, motivetest.HTML),
		motivetest.BodyAfter(http.StatusOK, "OK"),
		motivetest.RedirectAfter(http.StatusSeeOther, "https://example.com"),
		motivetest.GatewayTimeout(time.Second, 2*time.Second),
		motivetest.ResetAfter(),
		motivetest.HangAfterCommit(),
		motivetest.HangMidBody(),
		motivetest.TruncateBody(),
		motivetest.DripBody(16, time.Millisecond),
		motivetest.Garbage(motivetest.NotJSON),
		motivetest.ForeignRecord(),
		// of lists
		motivetest.Churn(motivetest.RowLeaves),
		motivetest.RepeatPage(),
		motivetest.LyingTotal(3),
		// of time
		motivetest.Latency(time.Millisecond, 5*time.Millisecond, 1),
		motivetest.LatencyFunc(func() time.Duration { return time.Millisecond }),
	} {
		fmt.Println(fault)
	}
	// Output:
	// status 502
	// 429, Retry-After: "30"
	// rate limit
	// 100 a second
	// storm of 429
	// 401
	// redirect 302
	// redirect 307
	// reset before handling
	// hang before headers
	// connection refused
	// status 504 after commit
	// 200 "OK" after commit
	// redirect 303 after commit
	// gateway timeout
	// reset after commit
	// hang after commit
	// hang in the body
	// body cut off
	// dripping body
	// garbage: not JSON
	// foreign record
	// churn
	// repeated page
	// lying total
	// latency
	// latency
}

// When a fault strikes: matches are combined.
func ExampleMatch() {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	server.Inject(motivetest.ResetBefore(), motivetest.OnMethod(http.MethodGet), motivetest.OnPath("/v1/users/{id}"), motivetest.Nth(1))
	server.Inject(motivetest.Latency(time.Millisecond, 2*time.Millisecond, 1), motivetest.Probability(0.1, 1))
	server.Inject(motivetest.Compose(motivetest.Latency(0, time.Millisecond, 1), motivetest.ResetAfter()), // slow, and then cut
		motivetest.OnRequest(func(r motivetest.Request) bool { return r.Method == http.MethodPut }), motivetest.Times(1))

	client := server.Client(motive.WithRetry(motive.RetryPolicy{MinWait: time.Millisecond, MaxWait: time.Millisecond}))
	server.Seed(motive.User{ID: 7, FirstName: "Ada", Role: motive.RoleDriver, Username: "ada"})
	user, err := client.Users.Get(context.Background(), 7)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.FirstName, "in spite of", server.Faults()[0].Fault)
	server.ClearFaults()
	server.Refuse(time.Minute) // new connections, until Accept
	server.Accept()
	server.Silence() // the open ones are dead, and nobody says so
	// Output: Ada in spite of reset before handling
}

// A server that is not what it seems: each of these is one option.
func ExampleOption() {
	fake := motivetest.NewHandler(
		motivetest.WithBasePath("/api"),
		motivetest.WithCredentials("test", "test-key"),
		motivetest.WithScopes("users.read"),
		motivetest.WithTokenLifetime(time.Minute),
		motivetest.WithClock(time.Now),
		motivetest.WithErrorShape(motivetest.ErrorsMap),
		motivetest.WithStrictAttributes(),
		motivetest.WithFoldedExternalIDs(),
		motivetest.WithLookThenInsert(time.Millisecond),
		motivetest.WithLaggingLookups(time.Millisecond),
		motivetest.WithoutUniqueness(),
	)
	defer fake.Close()
	fmt.Println(fake.AccessToken(), fake.APIKey())
	// Output: test test-key
}

// The fake is an http.Handler, and a round tripper that needs no socket: under
// testing/synctest an hour of waiting passes at once.
func ExampleFake_Transport() {
	fake := motivetest.NewHandler(motivetest.WithBasePath(""))
	defer fake.Close()
	client, err := motive.NewClient(
		motive.WithAccessToken(fake.AccessToken()),
		motive.WithTransport(fake.Transport()),
	)
	if err != nil {
		log.Fatal(err)
	}
	driver, err := client.Users.Create(context.Background(), &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"), LastName: motive.Set("Reed"), Role: motive.Set(motive.RoleDriver), Username: motive.Set("ada"),
		Password: motive.Set("canary-password"), TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs),
	})
	if err != nil {
		log.Fatal(err)
	}
	stored, ok := fake.User(driver.ID)
	fmt.Println(stored.FirstName, ok)
	fmt.Println(fake.Attributes(driver.ID)["time_tracking_mode"]) // written, and shown by no response
	fmt.Println(len(fake.Transcript()) > 0)                       // all that was asked and answered, for a test that fails

	server := httptest.NewServer(fake) // where a socket is wanted after all
	fake.Disconnect()
	server.Close()
	// Output:
	// Ada true
	// logs
	// true
}
