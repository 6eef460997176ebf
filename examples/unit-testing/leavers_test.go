package main

import (
	"cmp"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/motivetest/fixture"
)

var (
	ada = motive.User{ID: 7, FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver, Status: motive.StatusActive,
		ExternalIDs: []motive.ExternalID{{ExternalID: "987", IntegrationName: "tms"}}}
	bram = motive.User{ID: 8, FirstName: "Bram", LastName: "Okafor", Role: motive.RoleDriver, Status: motive.StatusDeactivated,
		ExternalIDs: []motive.ExternalID{{ExternalID: "988", IntegrationName: "tms"}}}
)

// The first way, and the one to begin with: a fake Motive. It keeps state, so the test
// looks at what the program has done rather than at which requests it sent.
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

// The same with a fault: the connection is cut after the change is committed, on a real
// socket.
func TestACutConnectionLosesNothing(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	server.Seed(ada)
	server.Inject(motivetest.ResetAfter(), motivetest.OnMethod(http.MethodPut), motivetest.Times(1))

	report, err := deactivateLeavers(t.Context(), server.Client(), "tms", []string{"987"})
	if err != nil || !slices.Equal(report, []string{"987: Ada Moss deactivated"}) {
		t.Errorf("report %q, error %v", report, err)
	}
	if len(server.Faults()) != 1 {
		t.Errorf("%d faults struck, want 1", len(server.Faults()))
	}
}

// The second way: a fixture, recorded once. It holds the program to exactly these
// requests. Recorded anew with MOTIVE_RECORD=1 and MOTIVE_ACCESS_TOKEN in the
// environment; the program's own values are invented, and so stay in the file.
func TestLeaverByFixture(t *testing.T) {
	t.Parallel()
	client, err := motive.NewClient(
		motive.WithAccessToken(cmp.Or(os.Getenv("MOTIVE_ACCESS_TOKEN"), "none")),
		motive.WithTransport(fixture.Use(t, "testdata/leaver.json", nil, fixture.Keep("987", "Ada", "Moss"))),
	)
	if err != nil {
		t.Fatal(err)
	}
	report, err := deactivateLeavers(t.Context(), client, "tms", []string{"987"})
	if err != nil || !slices.Equal(report, []string{"987: Ada Moss deactivated"}) {
		t.Errorf("report %q, error %v", report, err)
	}
}

// The third way: httpmock, for those who have it in their tests already. The mock is
// to be handed to the client. httpmock.Activate() does not reach it, as the client
// does not use http.DefaultTransport: the test would call Motive itself.
func TestLeaverByMock(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	mock.RegisterResponderWithQuery(http.MethodGet, "https://api.gomotive.com/v1/users/lookup_by_external_id",
		"external_id=989&integration_name=tms",
		httpmock.NewStringResponder(http.StatusNotFound, `{"error_message":"user not found"}`))

	client, err := motive.NewClient(motive.WithAccessToken("none"), motive.WithTransport(mock))
	if err != nil {
		t.Fatal(err)
	}
	report, err := deactivateLeavers(t.Context(), client, "tms", []string{"989"})
	if err != nil || !slices.Equal(report, []string{"989: nobody has this id"}) {
		t.Errorf("report %q, error %v", report, err)
	}
	if n := mock.GetTotalCallCount(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}
