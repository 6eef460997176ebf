package motive_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
)

// driver is a create that the API accepts. It carries the external id n.
func driver(n int) *motive.CreateUserRequest {
	return &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"),
		LastName:  motive.Set("Moss"),
		Role:      motive.Set(motive.RoleDriver),
		Username:  motive.Set(fmt.Sprintf("ada.moss.%d", n)),
		Cycle:     motive.Set(motive.CycleUSProperty70Hour8Day),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{
			{ExternalID: fmt.Sprint(n), IntegrationName: "tms"},
		}),
	}
}

func TestUsers_Create(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	users := server.Client().Users
	created, err := users.Create(t.Context(), driver(1))
	if err != nil {
		t.Fatal(err)
	}
	if created.ID == 0 || created.Status != motive.StatusActive || created.Username != "ada.moss.1" || created.CreatedAt.IsZero() {
		t.Errorf("created %+v", created)
	}
	request := server.Requests()[0]
	if request.Method != "POST" || request.Path != "/v1/users" {
		t.Errorf("sent %s %s", request.Method, request.Path)
	}
	if _, wrapped := request.Body["user"]; wrapped {
		t.Error("the body is wrapped in user: it must be flat")
	}
	if n := server.Created("1", "tms"); n != 1 {
		t.Errorf("%d creates were committed, want 1", n)
	}
}

func TestUsers_Create_sendsNothingThatIsInvalid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*motive.CreateUserRequest)
		opts   []motive.CallOption
		field  string
		code   string
	}{
		{"no last name", func(r *motive.CreateUserRequest) { r.LastName = motive.Optional[string]{} }, nil, "last_name", motive.CodeRequired},
		{"modes apart", func(r *motive.CreateUserRequest) {
			r.ELDMode, r.TimeTrackingMode = motive.Set(motive.ELDModeExempt), motive.Set(motive.TimeTrackingModeLogs)
		}, nil, "time_tracking_mode", motive.CodeModeMismatch},
		{"adverse driving under strict validation", func(r *motive.CreateUserRequest) { r.ExceptionAdverseDriving = motive.Set(true) },
			[]motive.CallOption{motive.StrictValidation()}, "exception_adverse_driving", motive.CodeExceptionNotAllowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := motivetest.NewServer(t)
			request := driver(1)
			test.change(request)
			_, err := server.Client().Users.Create(t.Context(), request, test.opts...)
			var invalid *motive.ValidationError
			if !errors.As(err, &invalid) || !invalid.Has(test.field, test.code) {
				t.Errorf("error %v, want %s of %s", err, test.code, test.field)
			}
			if n := len(server.Requests()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func TestUsers_Create_acceptsTheSampleOfTheDocumentation(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("testdata/sample_create.json")
	if err != nil {
		t.Fatal(err)
	}
	var request motive.CreateUserRequest
	if err := json.Unmarshal(sample, &request); err != nil {
		t.Fatal(err)
	}
	server := motivetest.NewServer(t)
	created, err := server.Client().Users.Create(t.Context(), &request)
	if err != nil {
		t.Fatal(err)
	}
	if created.Username != "john.doe.demo.fleet" || created.ELDMode != motive.ELDModeNone || created.DOTID != "12345678" {
		t.Errorf("created %v", created)
	}
	var want map[string]any
	if err := json.Unmarshal(sample, &want); err != nil {
		t.Fatal(err)
	}
	if sent := server.Requests()[0].Body; len(sent) != len(want) {
		t.Errorf("sent %d fields of the %d in the sample", len(sent), len(want))
	}
}

func TestUsers_Create_skipValidationLeavesTheVerdictToTheServer(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	request := driver(1)
	request.Cycle = motive.Set(motive.Cycle("70_9"))
	_, err := server.Client().Users.Create(t.Context(), request, motive.SkipValidation())
	if !errors.Is(err, motive.ErrUnprocessable) {
		t.Errorf("error %v, want a 422", err)
	}
}

func TestUsers_Create_twiceIsRefusedAlsoAtOnce(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	users := server.Client().Users
	var group sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		group.Go(func() {
			_, errs[i] = users.Create(t.Context(), driver(1))
		})
	}
	group.Wait()
	created := 0
	for _, err := range errs {
		switch {
		case err == nil:
			created++
		case !errors.Is(err, motive.ErrUnprocessable):
			t.Errorf("error %v, want a 422", err)
		}
	}
	if created != 1 {
		t.Errorf("%d of %d creates succeeded, want 1", created, len(errs))
	}
	server.AssertNoDuplicates(t)
}

func TestUsers_Create_withATestModeKeySaysSo(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	users := server.Client(motive.WithAPIKey(server.TestModeKey())).Users
	_, err := users.Create(t.Context(), driver(1))
	if !errors.Is(err, motive.ErrTestMode) || errors.Is(err, motive.ErrOutcomeUnknown) {
		t.Errorf("error %v, want %v", err, motive.ErrTestMode)
	}
	if !strings.Contains(err.Error(), "test mode") {
		t.Errorf("the error does not say why: %v", err)
	}
	if n := len(server.Users()); n != 0 {
		t.Errorf("%d users were stored", n)
	}
}

func TestUsers_UpdateKeepsWhatIsAbsentAndClearsWhatIsNull(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	seeded := server.Seed(motive.User{
		FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver, Username: "ada", Email: "ada@example.com",
		Phone: "555-0101", ExceptionShortHaul: true, Cycle: motive.CycleUSProperty70Hour8Day,
	})[0]
	updated, err := server.Client().Users.Update(t.Context(), seeded.ID, &motive.UpdateUserRequest{
		LastName:           motive.Set("Hale"),
		Phone:              motive.Null[string](),
		ExceptionShortHaul: motive.Set(false),
	})
	if err != nil {
		t.Fatal(err)
	}
	if updated.LastName != "Hale" || updated.Phone != "" || updated.ExceptionShortHaul || updated.Email != "ada@example.com" {
		t.Errorf("updated %v", updated)
	}
}

func TestUsers_DeactivateAndReactivateKeepTheUser(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	users := server.Client().Users
	created, err := users.Create(t.Context(), driver(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		do   func(context.Context, int64, ...motive.CallOption) (*motive.User, error)
		want motive.Status
	}{
		{users.Deactivate, motive.StatusDeactivated},
		{users.Deactivate, motive.StatusDeactivated}, // twice is once
		{users.Reactivate, motive.StatusActive},
	} {
		user, err := step.do(t.Context(), created.ID)
		if err != nil || user.Status != step.want {
			t.Fatalf("status %v, error %v, want %s", user, err, step.want)
		}
		found, err := users.LookupByExternalID(t.Context(), "1", "tms")
		if err != nil || found.Status != step.want {
			t.Errorf("lookup: %v, %v", found, err)
		}
	}
}

func TestUsers_AllListsEverybodyOnce(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	const fleet = 257
	for i := range fleet {
		server.Seed(motive.User{FirstName: "Driver", LastName: fmt.Sprint(i), Role: motive.RoleDriver, Username: fmt.Sprint("d", i)})
	}
	all := server.Client().Users.All(t.Context(), nil)
	for range 2 { // an iterator can be ranged over again
		seen := make(map[int64]bool)
		for user, err := range all {
			if err != nil {
				t.Fatal(err)
			}
			if seen[user.ID] {
				t.Errorf("user %d came twice", user.ID)
			}
			seen[user.ID] = true
		}
		if len(seen) != fleet {
			t.Errorf("%d users came, want %d", len(seen), fleet)
		}
	}
}

func TestUsers_LookupFindsByEachKey(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	want := server.Seed(motive.User{
		FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver,
		Email: "ada+x@example.com", Username: "ada moss/1", DriverCompanyID: "D&1", Phone: "+1 555 0101",
	})[0]
	users := server.Client().Users
	for _, key := range []motive.UserLookup{
		{Email: want.Email}, {Username: want.Username}, {DriverCompanyID: want.DriverCompanyID}, {Phone: want.Phone},
	} {
		t.Run(fmt.Sprintf("%+v", key), func(t *testing.T) {
			t.Parallel()
			user, err := users.Lookup(t.Context(), key)
			if err != nil || user.ID != want.ID {
				t.Errorf("got %v, %v", user, err)
			}
		})
	}
	if _, err := users.Lookup(t.Context(), motive.UserLookup{Email: "nobody@example.com"}); !errors.Is(err, motive.ErrNotFound) {
		t.Errorf("error %v, want %v", err, motive.ErrNotFound)
	}
}

func TestUsers_credentialsDecideWhatIsAllowed(t *testing.T) {
	t.Parallel()
	server := motivetest.NewServer(t)
	readOnly := server.IssueToken(oauth.ScopeUsersRead).AccessToken
	for _, test := range []struct {
		name       string
		credential motive.Option
		want       error
	}{
		{"bearer token", motive.WithAccessToken(server.AccessToken()), nil},
		{"API key", motive.WithAPIKey(server.APIKey()), nil},
		{"unknown token", motive.WithAccessToken("nonsense"), motive.ErrUnauthorized},
		{"unknown key", motive.WithAPIKey("nonsense"), motive.ErrUnauthorized},
		{"scope to read only", motive.WithAccessToken(readOnly), motive.ErrForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := driver(1)
			request.Username = motive.Set(strings.ReplaceAll(test.name, " ", "."))
			request.ExternalIDsAttributes = motive.Null[[]motive.ExternalIDAttributes]()
			_, err := server.Client(test.credential).Users.Create(t.Context(), request)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}
