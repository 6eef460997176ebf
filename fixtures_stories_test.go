package motive_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive"
)

// A story is what a program says to the API, with what it should see. Its
// fixture has the answers. A live story can be recorded from an account; the
// others need an answer that no account gives at will. suffix stands behind
// whatever must be new to the account.
type story struct {
	name string
	live bool
	tell func(t *testing.T, c *motive.Client, suffix string)
}

var stories = []story{
	{"create_driver", true, tellCreate},
	{"create_refused", true, tellRefused},
	{"list_three_pages", true, tellPages},
	{"lookups", true, tellLookups},
	{"update_with_null", true, tellUpdate},
	{"deactivate_and_reactivate", true, tellDeactivate},
	{"external_id_taken", true, tellTaken},
	{"rate_limited", false, tellRateLimited},
	{"html_502", false, tellHTML},
	{"test_mode_create", false, tellTestMode},
	{"live_shape", false, tellLiveShape},
}

func tellCreate(t *testing.T, c *motive.Client, suffix string) {
	var resp motive.Response
	created, err := c.Users.Create(t.Context(), &motive.CreateUserRequest{
		FirstName: motive.Set("Rosalind"), LastName: motive.Set("Marsh"), Role: motive.Set(motive.RoleDriver),
		Username: motive.Set("rosalind.marsh" + suffix), Password: motive.Set(storyPassword),
		Phone: motive.Set("202-555-0114"), Email: motive.Null[string](),
		ELDMode: motive.Set(motive.ELDModeLogs), TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs),
		Cycle: motive.Set(motive.CycleUSProperty70Hour8Day), ExceptionShortHaul: motive.Set(true),
		ExceptionAdverseDriving: motive.Set(false),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{
			{ExternalID: "TMS-4001" + suffix, IntegrationName: integration},
		}),
	}, motive.WithResponse(&resp))
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 201 || resp.Attempts != 1 || resp.RequestID == "" {
		t.Errorf("response: %+v", resp)
	}
	if created.ID == 0 || created.FirstName != "Rosalind" || created.Username != "rosalind.marsh"+suffix ||
		created.Role != motive.RoleDriver || created.Phone != "202-555-0114" || created.Email != "" ||
		!created.ExceptionShortHaul || created.ExceptionAdverseDriving || created.CreatedAt.IsZero() {
		t.Errorf("created %v", created)
	}
	if ids := created.ExternalIDs; len(ids) != 1 || ids[0].ID == 0 || ids[0].ExternalID != "TMS-4001"+suffix || ids[0].IntegrationName != integration {
		t.Errorf("external ids: %v", ids)
	}
	got, err := c.Users.Get(t.Context(), created.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, created) {
		t.Errorf("created %v, then got %v", created, got)
	}
}

func tellRefused(t *testing.T, c *motive.Client, _ string) {
	user, err := c.Users.Create(t.Context(), &motive.CreateUserRequest{
		FirstName: motive.Set("Rosalind"), LastName: motive.Set("Marsh"), Role: motive.Set(motive.RoleDriver),
		Email: motive.Set("rosalind.marsh@example.com"), Username: motive.Set("rosalind.marsh"),
	})
	var api *motive.APIError
	if user != nil || !errors.As(err, &api) || !errors.Is(err, motive.ErrUnprocessable) {
		t.Fatalf("got %v and %v", user, err)
	}
	if !strings.Contains(api.Message, "email has already been taken") || api.Method != "POST" || api.Path != "/v1/users" || api.Attempts != 1 {
		t.Errorf("error: %v", err)
	}
	if errors.Is(err, motive.ErrOutcomeUnknown) {
		t.Error("a refusal is a definite outcome")
	}
}

func tellPages(t *testing.T, c *motive.Client, _ string) {
	var resp motive.Response
	seen := map[int64]bool{}
	opts := &motive.ListUsersOptions{Role: motive.RoleDriver, PerPage: 2}
	for user, err := range c.Users.All(t.Context(), opts, motive.WithResponse(&resp)) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[user.ID] || user.Role != motive.RoleDriver || user.LastName == "" {
			t.Errorf("user %v", user)
		}
		seen[user.ID] = true
		if len(seen) == 6 {
			break // three pages are enough of a large fleet
		}
	}
	if p := resp.Pagination; p.PageNo != 3 || p.PerPage != 2 || len(seen) != min(p.Total, 6) {
		t.Errorf("%d users, last page %+v", len(seen), p)
	}
}

func tellLookups(t *testing.T, c *motive.Client, suffix string) {
	id := rosalind(t.Context(), t, c).ID
	for _, key := range []motive.UserLookup{
		{Email: "rosalind.marsh@example.com"},
		{Username: "rosalind.marsh"},
		{DriverCompanyID: "D-17"},
		{Phone: "202-555-0114"},
	} {
		user, err := c.Users.Lookup(t.Context(), key)
		if err != nil || user.ID != id {
			t.Errorf("lookup %+v: %v, %v, want user %d", key, user, err, id)
		}
	}
	if user, err := c.Users.Lookup(t.Context(), motive.UserLookup{Email: "nobody" + suffix + "@example.com"}); user != nil || !errors.Is(err, motive.ErrNotFound) {
		t.Errorf("lookup of nobody: %v, %v", user, err)
	}
	if user, err := c.Users.LookupByExternalID(t.Context(), "TMS-4999"+suffix, integration); user != nil || !errors.Is(err, motive.ErrNotFound) {
		t.Errorf("lookup of no external id: %v, %v", user, err)
	}
}

func tellUpdate(t *testing.T, c *motive.Client, _ string) {
	before := rosalind(t.Context(), t, c)
	after, err := c.Users.Update(t.Context(), before.ID, &motive.UpdateUserRequest{
		Phone:              motive.Null[string](),
		DriverCompanyID:    motive.Set(""),
		ExceptionShortHaul: motive.Set(false),
		Cycle:              motive.Set(motive.CycleUSProperty60Hour7Day),
	})
	if err != nil {
		t.Fatal(err)
	}
	if after.Phone != "" || after.DriverCompanyID != "" || after.ExceptionShortHaul || after.Cycle != motive.CycleUSProperty60Hour7Day {
		t.Errorf("after the update: %v", after)
	}
	if before.Phone == "" || before.Cycle == after.Cycle {
		t.Errorf("before the update: %v", before)
	}
	if after.ID != before.ID || after.Email != before.Email || after.Username != before.Username || after.LastName != before.LastName {
		t.Errorf("what was absent changed: %v, then %v", before, after)
	}
}

func tellDeactivate(t *testing.T, c *motive.Client, _ string) {
	id := rosalind(t.Context(), t, c).ID
	for _, step := range []struct {
		name string
		call func() (*motive.User, error)
		want motive.Status
	}{
		{"deactivate", func() (*motive.User, error) { return c.Users.Deactivate(t.Context(), id) }, motive.StatusDeactivated},
		{"get", func() (*motive.User, error) { return c.Users.Get(t.Context(), id) }, motive.StatusDeactivated},
		{"reactivate", func() (*motive.User, error) { return c.Users.Reactivate(t.Context(), id) }, motive.StatusActive},
	} {
		user, err := step.call()
		if err != nil || user.ID != id || user.Status != step.want {
			t.Errorf("%s: %v, %v, want status %s", step.name, user, err, step.want)
		}
	}
}

func tellTaken(t *testing.T, c *motive.Client, suffix string) {
	_, err := c.Users.Create(t.Context(), &motive.CreateUserRequest{
		FirstName: motive.Set("Tobias"), LastName: motive.Set("Fenwick"), Role: motive.Set(motive.RoleDriver),
		Username: motive.Set("tobias.fenwick" + suffix),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{
			{ExternalID: "TMS-4001", IntegrationName: integration},
		}),
	})
	var api *motive.APIError
	if !errors.As(err, &api) || api.StatusCode != 422 || errors.Is(err, motive.ErrOutcomeUnknown) {
		t.Fatalf("got %v, want a definite 422", err)
	}
	if !strings.Contains(api.Message, "taken") {
		t.Errorf("message %q", api.Message)
	}
	var taken *motive.ExternalIDTakenError
	if !errors.As(err, &taken) || taken.Holder == nil || taken.Holder.ID == 0 || !errors.Is(err, motive.ErrConflict) {
		t.Errorf("got %v, want the holder in it", err)
	}
}

func tellRateLimited(t *testing.T, c *motive.Client, _ string) {
	start := time.Now()
	var resp motive.Response
	user, err := c.Users.Get(t.Context(), 4001, motive.WithResponse(&resp))
	if err != nil || user.ID != 4001 || resp.Attempts != 2 {
		t.Errorf("get: %v, %v, %d attempts", user, err, resp.Attempts)
	}
	// A POST may be sent again, as a 429 says that it was not handled.
	user, err = c.Users.Create(t.Context(), wen(), motive.WithResponse(&resp))
	if err != nil || user.ID != 4005 || resp.Attempts != 2 {
		t.Errorf("create: %v, %v, %d attempts", user, err, resp.Attempts)
	}
	// What a replayed Retry-After asks for is not waited for, only the client's own pause.
	if waited := time.Since(start); waited > 2*time.Second {
		t.Errorf("waited %s", waited)
	}
}

func tellHTML(t *testing.T, c *motive.Client, _ string) {
	var resp motive.Response
	user, err := c.Users.Get(t.Context(), 4001, motive.WithResponse(&resp))
	if err != nil || user.ID != 4001 || resp.Attempts != 2 {
		t.Errorf("get: %v, %v, %d attempts", user, err, resp.Attempts)
	}
	_, err = c.Users.Create(t.Context(), wen())
	var api *motive.APIError
	if !errors.Is(err, motive.ErrOutcomeUnknown) || !errors.As(err, &api) {
		t.Fatalf("create: %v", err)
	}
	if api.StatusCode != 502 || api.Attempts != 1 || !strings.Contains(string(api.Body), "<h1>502 Bad Gateway</h1>") || strings.Contains(err.Error(), "<") {
		t.Errorf("create: %v, body %q", err, api.Body)
	}
}

func tellTestMode(t *testing.T, c *motive.Client, _ string) {
	for _, form := range []string{"JSON", "plain text"} {
		user, err := c.Users.Create(t.Context(), wen())
		if user != nil || !errors.Is(err, motive.ErrTestMode) || errors.Is(err, motive.ErrOutcomeUnknown) {
			t.Errorf("%s: %v, %v", form, user, err)
		}
	}
}

func wen() *motive.CreateUserRequest {
	return &motive.CreateUserRequest{
		FirstName: motive.Set("Wen"), LastName: motive.Set("Hollis"), Role: motive.Set(motive.RoleDriver),
		Username: motive.Set("wen.hollis"),
	}
}

func tellLiveShape(t *testing.T, c *motive.Client, _ string) {
	var users []*motive.User
	for user, err := range c.Users.All(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, user)
	}
	if len(users) != 4 {
		t.Fatalf("%d users, want 4", len(users))
	}
	ngaio, oskar, priyanka, bram := users[0], users[1], users[2], users[3]
	for _, tt := range []struct {
		quirk     string
		got, want any
	}{
		{"empty text", ngaio.Email, ""},
		{"number for a text", ngaio.DriverCompanyID, "17"},
		{"number for a number in a text", ngaio.CarrierZip, "90210"},
		{"number for a company reference", ngaio.CompanyReferenceID, "7"},
		{"dot id as a number", ngaio.DOTID, "12345678"},
		{"ids as texts and numbers", ngaio.GroupIDs, []int64{101, 102}},
		{"external ids", ngaio.ExternalIDs, []motive.ExternalID{
			{ID: 9101, ExternalID: "555", IntegrationName: integration},
			{ExternalID: "X-1", IntegrationName: "payroll"},
		}},
		{"microseconds", ngaio.CreatedAt.UTC(), time.Date(2026, 1, 5, 9, 12, 44, 123456000, time.UTC)},
		{"an offset", ngaio.UpdatedAt.UTC(), time.Date(2026, 1, 5, 9, 12, 44, 0, time.UTC)},
		{"date", ngaio.JoinedAt, motive.NewDate(2019, time.August, 21)},
		{"null time", ngaio.MobileLastActiveAt.IsZero(), true},
		{"empty time", ngaio.ExpiresAt.IsZero(), true},
		{"cycle with a suffix", ngaio.Cycle, motive.Cycle("70_8_2020")},
		{"second cycle", ngaio.Cycle2, motive.Cycle("60_7_o_2020")},
		{"flag of the second cycle", ngaio.Exception24HourRestart2, true},
		{"adverse driving", ngaio.ExceptionAdverseDriving, true},
		{"flag as a text", ngaio.MinuteLogs, true},
		{"flag as a number", ngaio.YardMovesEnabled, true},
		{"unknown object", string(ngaio.Extra["camera_policy"]), `{"mode":"event","retention_days":30}`},
		{"unknown number", string(ngaio.Extra["safety_score"]), `97.5`},

		{"id as a text, in a bare user", oskar.ID, int64(4102)},
		{"null last name", oskar.LastName, ""},
		{"null list", len(oskar.GroupIDs), 0},
		{"null external ids", len(oskar.ExternalIDs), 0},
		{"unknown status", oskar.Status, motive.StatusPending},
		{"admin without the fields of drivers", oskar.Cycle, motive.Cycle("")},

		{"letters outside ASCII", priyanka.LastName, "D’Souza-Lind"},
		{"unknown duty status", priyanka.DutyStatus, motive.DutyStatus("personal_conveyance")},
		{"unknown ELD mode", priyanka.ELDMode, motive.ELDMode("logs_lite")},
		{"unknown alert", priyanka.ViolationAlerts, motive.ViolationAlerts("5_minutes")},
		{"empty cycle", priyanka.Cycle, motive.Cycle("")},
		{"null date", priyanka.JoinedAt.IsZero(), true},
		{"absent username", priyanka.Username, ""},
		{"a time that is none", string(priyanka.Extra["created_at"]), `"yesterday"`},

		{"phone as a number", bram.Phone, "2025550177"},
		{"role", bram.Role, motive.RoleFleetUser},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.quirk, tt.got, tt.want)
		}
	}
}
