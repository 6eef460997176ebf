package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/motivetest/fixture"
)

var (
	ada  = motive.User{ID: 7, FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver, Status: motive.StatusActive, ExternalIDs: []motive.ExternalID{{ExternalID: "987", IntegrationName: "tms"}}}
	bram = motive.User{ID: 8, FirstName: "Bram", LastName: "Okafor", Role: motive.RoleDriver, Status: motive.StatusDeactivated, ExternalIDs: []motive.ExternalID{{ExternalID: "988", IntegrationName: "tms"}}}
)

// The first way: a fake Motive. It keeps state, so the test looks at what the
// program has done rather than at which requests it sent.
func TestLeaversAreDeactivated(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	server.Seed(ada, bram)

	report, err := deactivateLeavers(t.Context(), server.Client(), "tms", []string{"987", "988", "989"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"987: Ada Moss deactivated", "988: Bram Okafor has left already", "989: nobody has this id"}
	if !slices.Equal(report, want) {
		t.Errorf("report %q, want %q", report, want)
	}
	for _, user := range server.Users() {
		if user.Status != motive.StatusDeactivated {
			t.Errorf("%s is still %s", user.FirstName, user.Status)
		}
	}
}

// The second way: the same fake, with faults. They happen on real sockets.
func TestABadConnectionLosesNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault motivetest.Fault
	}{
		{"reset before the request is handled", motivetest.ResetBefore()},
		{"reset after it is committed", motivetest.ResetAfter()},
		{"a busy server", motivetest.Status(http.StatusServiceUnavailable, motivetest.HTML)},
		{"a rate limit", motivetest.TooManyRequests("0")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := motivetest.NewServer(t)
			server.Seed(ada)
			server.Inject(test.fault, motivetest.OnMethod(http.MethodPut), motivetest.Nth(1))

			client := server.Client(motive.WithRetry(motive.RetryPolicy{MinWait: time.Millisecond, MaxWait: time.Millisecond}))
			report, err := deactivateLeavers(t.Context(), client, "tms", []string{"987"})
			if err != nil || len(report) != 1 {
				t.Errorf("report %q, error %v", report, err)
			}
			if status := server.Users()[0].Status; status != motive.StatusDeactivated {
				t.Errorf("the user is %s", status)
			}
			if len(server.Faults()) != 1 {
				t.Errorf("%d faults happened, want 1", len(server.Faults()))
			}
		})
	}
}

// The third way: a fixture, recorded with fixture.Use or written by hand.
// It holds the program to exactly these requests, in this order.
func TestLeaverByFixture(t *testing.T) {
	t.Parallel()
	client, err := motive.NewClient(
		motive.WithAccessToken("test"),
		motive.WithTransport(fixture.Replay(t, "testdata/leaver.json")),
	)
	if err != nil {
		t.Fatal(err)
	}
	report, err := deactivateLeavers(t.Context(), client, "tms", []string{"987"})
	if err != nil || !slices.Equal(report, []string{"987: Ada Moss deactivated"}) {
		t.Errorf("report %q, error %v", report, err)
	}
}
