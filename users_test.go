package motive_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/test/wire"
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

// roll is a list of users by id that changes while it is read, and a server that
// may tell lies about it.
type roll struct {
	ids     []int64
	largest int                        // page that the server gives; 0: as asked
	change  map[int]func(*roll)        // before the nth page is made, from 1
	page    func(asked int) int        // the page that is given
	tell    func(n int, p *pagination) // what is said of it
	deaf    bool                       // no pagination at all

	mu    sync.Mutex
	asked []string
}

type pagination struct {
	PerPage int `json:"per_page"`
	PageNo  int `json:"page_no"`
	Total   int `json:"total"`
}

func upTo(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}

func (r *roll) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	q := req.URL.Query()
	r.asked = append(r.asked, q.Get("page_no"))
	if change := r.change[len(r.asked)]; change != nil {
		change(r)
	}
	size, _ := strconv.Atoi(q.Get("per_page"))
	if r.largest > 0 {
		size = min(size, r.largest)
	}
	no, _ := strconv.Atoi(q.Get("page_no"))
	if r.page != nil {
		no = r.page(no)
	}
	start := min((no-1)*size, len(r.ids))
	rows := r.ids[start:min(start+size, len(r.ids))]
	body := map[string]any{"users": users(rows)}
	if !r.deaf {
		p := pagination{size, no, len(r.ids)}
		if r.tell != nil {
			r.tell(len(r.asked), &p)
		}
		body["pagination"] = p
	}
	out, err := json.Marshal(body)
	return wire.Reply(200, string(out)), err
}

func users(ids []int64) []map[string]any {
	list := []map[string]any{}
	for _, id := range ids {
		list = append(list, map[string]any{"user": map[string]any{"id": id}})
	}
	return list
}

func (r *roll) insert(ids ...int64) { r.ids = append(ids, r.ids...) }
func (r *roll) delete(ids ...int64) {
	r.ids = slices.DeleteFunc(slices.Clone(r.ids), func(id int64) bool { return slices.Contains(ids, id) })
}

func (r *roll) client(t testing.TB) *motive.Client {
	return newClient(t, "https://motive.example/fleet", motive.WithTransport(r))
}

func TestAll(t *testing.T) {
	t.Parallel()
	after := func(n int, change func(*roll)) map[int]func(*roll) { return map[int]func(*roll){n + 1: change} }
	total := func(n int) func(int, *pagination) { return func(_ int, p *pagination) { p.Total = n } }
	for name, tt := range map[string]struct {
		roll       *roll
		opts       motive.ListUsersOptions
		want       []int64
		incomplete bool
		asked      string // "": of no interest
	}{
		"nobody":                       {&roll{}, motive.ListUsersOptions{}, []int64{}, false, "1"},
		"one page":                     {&roll{ids: upTo(60)}, motive.ListUsersOptions{}, upTo(60), false, "1"},
		"a full page":                  {&roll{ids: upTo(100)}, motive.ListUsersOptions{}, upTo(100), false, "1"},
		"three pages":                  {&roll{ids: upTo(250)}, motive.ListUsersOptions{}, upTo(250), false, "1 2 3"},
		"pages of one":                 {&roll{ids: upTo(4)}, motive.ListUsersOptions{PerPage: 1}, upTo(4), false, "1 2 3 4"},
		"a server that gives less":     {&roll{ids: upTo(60), largest: 25}, motive.ListUsersOptions{}, upTo(60), false, "1 2 3"},
		"from page 2":                  {&roll{ids: upTo(60)}, motive.ListUsersOptions{PerPage: 25, PageNo: 2}, upTo(60)[25:], false, "2 3"},
		"from page 2 of less":          {&roll{ids: upTo(60), largest: 10}, motive.ListUsersOptions{PageNo: 2}, upTo(60)[10:], false, "2 3 4 5 6"},
		"from past the end":            {&roll{ids: upTo(60)}, motive.ListUsersOptions{PerPage: 25, PageNo: 9}, []int64{}, false, "9"},
		"inserted at the front":        {&roll{ids: upTo(60), change: after(1, func(r *roll) { r.insert(61, 62, 63) })}, motive.ListUsersOptions{PerPage: 25}, upTo(60), false, "1 2 3"},
		"a page inserted at the front": {&roll{ids: upTo(60), change: after(1, func(r *roll) { r.insert(upTo(85)[60:]...) })}, motive.ListUsersOptions{PerPage: 25}, upTo(60), false, "1 2 3 4"},
		"inserted at the end":          {&roll{ids: upTo(60), change: after(1, func(r *roll) { r.ids = upTo(90) })}, motive.ListUsersOptions{PerPage: 25}, upTo(90), false, "1 2 3 4"},
		"deleted from page 1":          {&roll{ids: upTo(60), change: after(1, func(r *roll) { r.delete(3) })}, motive.ListUsersOptions{PerPage: 25}, upTo(60), false, "1 2 1 2 3"},
		"deleted ahead":                {&roll{ids: upTo(60), change: after(1, func(r *roll) { r.delete(40) })}, motive.ListUsersOptions{PerPage: 25}, slices.Concat(upTo(39), upTo(60)[40:]), false, ""},
		"deleted before the last page": {&roll{ids: upTo(60), change: after(2, func(r *roll) { r.delete(3, 4, 30) })}, motive.ListUsersOptions{PerPage: 25}, upTo(60), false, ""},
		"deleted from the last page":   {&roll{ids: upTo(60), change: after(2, func(r *roll) { r.delete(60) })}, motive.ListUsersOptions{PerPage: 25}, upTo(59), false, ""},
		"the last page emptied":        {&roll{ids: upTo(51), change: after(2, func(r *roll) { r.delete(3) })}, motive.ListUsersOptions{PerPage: 25}, upTo(51), false, ""},
		"pages deleted":                {&roll{ids: upTo(200), change: after(4, func(r *roll) { r.delete(upTo(60)...) })}, motive.ListUsersOptions{PerPage: 25}, upTo(200), false, ""},
		"everybody deleted":            {&roll{ids: upTo(60), change: after(1, func(r *roll) { r.ids = nil })}, motive.ListUsersOptions{PerPage: 25}, upTo(25), false, "1 2 1"},
		"deleted again and again": {&roll{ids: upTo(200), change: map[int]func(*roll){
			2: func(r *roll) { r.delete(1) }, 4: func(r *roll) { r.delete(2) }, 5: func(r *roll) { r.delete(3, 90) }, 9: func(r *roll) { r.delete(80) },
		}}, motive.ListUsersOptions{PerPage: 25}, slices.Concat(upTo(89), upTo(200)[90:]), false, ""},
		// One comes at the end, then one goes from the front: the total is back
		// where it was, and the rows are not.
		"inserted, then deleted": {&roll{ids: upTo(100), change: map[int]func(*roll){
			2: func(r *roll) { r.ids = upTo(101) }, 3: func(r *roll) { r.delete(1) },
		}}, motive.ListUsersOptions{PerPage: 25}, upTo(101), false, ""},

		"no pagination":               {&roll{ids: upTo(250), deaf: true}, motive.ListUsersOptions{}, upTo(250), false, "1 2 3 4"},
		"no pagination, one page":     {&roll{ids: upTo(3), deaf: true}, motive.ListUsersOptions{}, upTo(3), false, "1 2"},
		"no per_page":                 {&roll{ids: upTo(60), largest: 25, tell: func(_ int, p *pagination) { p.PerPage = 0 }}, motive.ListUsersOptions{}, upTo(60), false, ""},
		"an absurd per_page":          {&roll{ids: upTo(60), largest: 25, tell: func(_ int, p *pagination) { p.PerPage = math.MaxInt }}, motive.ListUsersOptions{}, upTo(60), false, ""},
		"an absurd per_page, and dry": {&roll{ids: upTo(60), tell: func(_ int, p *pagination) { p.PerPage, p.Total = 1000, 250 }}, motive.ListUsersOptions{PerPage: 25, PageNo: 2}, upTo(60)[25:], true, ""},
		"total too low":               {&roll{ids: upTo(250), tell: total(90)}, motive.ListUsersOptions{}, upTo(250), false, ""},
		"total 0":                     {&roll{ids: upTo(250), tell: total(0)}, motive.ListUsersOptions{}, upTo(250), false, ""},
		"total below 0":               {&roll{ids: upTo(250), tell: total(-1)}, motive.ListUsersOptions{}, upTo(250), false, ""},
		"total too high":              {&roll{ids: upTo(250), tell: total(251)}, motive.ListUsersOptions{}, upTo(250), true, ""},
		"total absurdly high":         {&roll{ids: upTo(250), tell: total(math.MaxInt)}, motive.ListUsersOptions{}, upTo(250), true, ""},
		"total absurd once":           {&roll{ids: upTo(250), tell: func(n int, p *pagination) { p.Total += (math.MaxInt - 250) * (n % 2) }}, motive.ListUsersOptions{}, upTo(250), false, ""},
		"total up and down":           {&roll{ids: upTo(250), tell: func(n int, p *pagination) { p.Total += n % 2 }}, motive.ListUsersOptions{PerPage: 25}, upTo(250), false, ""},
		"dry before the end":          {&roll{ids: upTo(60), tell: total(250)}, motive.ListUsersOptions{}, upTo(60), true, "1 2"},
		"dry, with a total of 0": {&roll{ids: upTo(60), tell: func(_ int, p *pagination) { p.Total = 250 * (2 - min(p.PageNo, 2)) }},
			motive.ListUsersOptions{}, upTo(60), true, "1 2 1"},
		"dry at once":              {&roll{tell: total(250)}, motive.ListUsersOptions{}, []int64{}, true, "1"},
		"a page that repeats":      {&roll{ids: upTo(250), page: func(no int) int { return min(no, 2) }}, motive.ListUsersOptions{}, upTo(200), true, ""},
		"page_no ignored":          {&roll{ids: upTo(250), page: func(int) int { return 1 }}, motive.ListUsersOptions{}, upTo(100), true, "1 2 1"},
		"page_no ignored, and odd": {&roll{ids: upTo(100), page: func(int) int { return 1 }, tell: func(n int, p *pagination) { p.Total = 200 + n }}, motive.ListUsersOptions{}, upTo(100), true, "1 2 1"},
		"page_no ignored, short":   {&roll{ids: upTo(60), page: func(int) int { return 1 }}, motive.ListUsersOptions{}, upTo(60), false, "1"},
		"twice on one page":        {&roll{ids: []int64{1, 2, 2, 3, 1}}, motive.ListUsersOptions{}, []int64{1, 2, 3}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			opts := tt.opts
			got := []int64{}
			var err error
			for user, e := range tt.roll.client(t).Users.All(ctx, &opts) {
				if err = e; e == nil {
					got = append(got, user.ID)
				}
				if len(tt.roll.asked) > 200 {
					t.Fatal("does not end")
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("users %v, want %v", got, tt.want)
			}
			if errors.Is(err, motive.ErrIncompleteList) != tt.incomplete || (err != nil) != tt.incomplete {
				t.Errorf("error %v, want an incomplete list: %v", err, tt.incomplete)
			}
			if asked := strings.Join(tt.roll.asked, " "); tt.asked != "" && asked != tt.asked {
				t.Errorf("asked for pages %s, want %s", asked, tt.asked)
			}
			if opts != tt.opts {
				t.Errorf("the options were modified: %+v", opts)
			}
		})
	}
}

// A loop that deactivates those it lists takes them out of the list as it goes.
func TestAllWhileTheLoopShrinksTheList(t *testing.T) {
	t.Parallel()
	for n := range 130 {
		r := &roll{ids: upTo(n)}
		var got []int64
		for user, err := range r.client(t).Users.All(t.Context(), &motive.ListUsersOptions{Status: motive.StatusActive, PerPage: 10}) {
			if err != nil {
				t.Fatalf("of %d users: %v", n, err)
			}
			got = append(got, user.ID)
			r.delete(user.ID)
		}
		if slices.Sort(got); !slices.Equal(got, upTo(n)) && n > 0 {
			t.Fatalf("of %d users came %v", n, got)
		}
	}
}

func TestAllFetchesAsTheLoopAsks(t *testing.T) {
	t.Parallel()
	r := &roll{ids: upTo(250)}
	all := r.client(t).Users.All(t.Context(), nil)
	if len(r.asked) != 0 {
		t.Error("a page was fetched before the loop")
	}
	n := 0
	for range all {
		if n++; n == 101 {
			break
		}
	}
	if got := strings.Join(r.asked, " "); got != "1 2" {
		t.Errorf("101 users took the pages %s", got)
	}
	r.asked = nil
	for range 2 { // it can be ranged over again, and starts anew
		got, err := collect(all)
		if err != nil || !slices.Equal(ids(got), upTo(250)) {
			t.Errorf("%d users, error %v", len(got), err)
		}
	}
	if got := strings.Join(r.asked, " "); got != "1 2 3 1 2 3" {
		t.Errorf("two loops took the pages %s", got)
	}
	for range all { // breaking before the second page leaves it be
		break
	}
	if got := strings.Join(r.asked, " "); got != "1 2 3 1 2 3 1" {
		t.Errorf("a loop of one took the pages %s", got)
	}
}

func TestAllEndsWithOneError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		second http.HandlerFunc
		want   error
	}{
		"refused":    {wire.Always(403, ""), motive.ErrForbidden},
		"down":       {wire.Always(503, ""), motive.ErrServer},
		"not a list": {wire.Always(200, `{"error_message":"try later"}`), motive.ErrUnexpectedResponse},
		"no ids":     {wire.Always(200, `{"users":[{"user":{"first_name":"x"}}]}`), motive.ErrUnexpectedResponse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("page_no") != "1" {
					tt.second(w, r)
					return
				}
				out, _ := json.Marshal(map[string]any{"users": users(upTo(100)), "pagination": pagination{100, 1, 150}})
				_, _ = w.Write(out)
			})
			var r motive.Response
			got, err := collect(newClient(t, srv.URL).Users.All(t.Context(), nil, motive.WithResponse(&r)))
			if !errors.Is(err, tt.want) || len(got) != 100 || errors.Is(err, motive.ErrIncompleteList) {
				t.Errorf("%d users, error %v, want %v", len(got), err, tt.want)
			}
			if r.StatusCode == 0 || r.Pagination.Total != 0 {
				t.Errorf("response %+v is not that of the last page", r)
			}
		})
	}
}

func TestAllStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &roll{ids: upTo(250)}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		seen := 0
		var last error
		for user, err := range r.client(t).Users.All(ctx, nil) {
			if user != nil {
				if seen++; seen == 100 {
					cancel()
				}
			}
			last = err
		}
		if seen != 100 || !errors.Is(last, context.Canceled) || len(r.asked) != 1 {
			t.Errorf("%d users from %d pages, error %v", seen, len(r.asked), last)
		}
	})
}

func TestAllOfFiftyThousand(t *testing.T) {
	t.Parallel()
	r := &roll{ids: upTo(50_000)}
	n := int64(0)
	for user, err := range r.client(t).Users.All(t.Context(), nil) {
		if n++; err != nil || user.ID != n {
			t.Fatalf("user %v, error %v; want user %d", user, err, n)
		}
	}
	if n != 50_000 || len(r.asked) != 500 {
		t.Errorf("%d users from %d pages", n, len(r.asked))
	}
}

// Filters go out with every page.
func TestAllKeepsItsFilters(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		no, _ := strconv.Atoi(r.URL.Query().Get("page_no"))
		fmt.Fprintf(w, `{"users":[{"id":%d}],"pagination":{"per_page":1,"page_no":%d,"total":2}}`, no, no)
	})
	opts := motive.ListUsersOptions{Role: motive.RoleDriver, Name: "A", Status: motive.StatusActive, Summary: true, PerPage: 1}
	if _, err := collect(newClient(t, srv.URL).Users.All(t.Context(), &opts)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET /v1/users?name=A&page_no=1&per_page=1&role=driver&status=active&summary=true",
		"GET /v1/users?name=A&page_no=2&per_page=1&role=driver&status=active&summary=true",
	}
	if got := srv.Lines(); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// Each field of the options alone: zero is left out, and a value is sent under
// the API's name.
func TestQueriesFieldByField(t *testing.T) {
	t.Parallel()
	list := func(o motive.ListUsersOptions) func(context.Context, *motive.Client) error {
		return func(ctx context.Context, c *motive.Client) error { _, err := c.Users.List(ctx, &o); return err }
	}
	roles := func(o motive.ListUserRolesOptions) func(context.Context, *motive.Client) error {
		return func(ctx context.Context, c *motive.Client) error { _, err := c.UserRoles.List(ctx, &o); return err }
	}
	lookup := func(k motive.UserLookup) func(context.Context, *motive.Client) error {
		return func(ctx context.Context, c *motive.Client) error { _, err := c.Users.Lookup(ctx, k); return err }
	}
	for want, call := range map[string]func(context.Context, *motive.Client) error{
		"/v1/users":                        list(motive.ListUsersOptions{}),
		"/v1/users?role=fleet_user":        list(motive.ListUsersOptions{Role: motive.RoleFleetUser}),
		"/v1/users?name=O%27Neil+%26+Sons": list(motive.ListUsersOptions{Name: "O'Neil & Sons"}),
		"/v1/users?duty_status=off_duty":   list(motive.ListUsersOptions{DutyStatus: motive.DutyStatusOffDuty}),
		"/v1/users?status=deactivated":     list(motive.ListUsersOptions{Status: motive.StatusDeactivated}),
		"/v1/users?summary=true":           list(motive.ListUsersOptions{Summary: true}),
		"/v1/users?per_page=100":           list(motive.ListUsersOptions{PerPage: 100}),
		"/v1/users?page_no=2":              list(motive.ListUsersOptions{PageNo: 2}),
		"/v1/users?duty_status=driving&name=A&page_no=3&per_page=1&role=driver&status=active&summary=true": list(motive.ListUsersOptions{
			Role: motive.RoleDriver, Name: "A", DutyStatus: motive.DutyStatusDriving, Status: motive.StatusActive, Summary: true, PerPage: 1, PageNo: 3,
		}),
		"/v1/user_roles":                                 roles(motive.ListUserRolesOptions{}),
		"/v1/user_roles?name=Dispatch":                   roles(motive.ListUserRolesOptions{Name: "Dispatch"}),
		"/v1/user_roles?status=active":                   roles(motive.ListUserRolesOptions{Status: motive.StatusActive}),
		"/v1/users/lookup?email=ada%2Bx%40example.com":   lookup(motive.UserLookup{Email: "ada+x@example.com"}),
		"/v1/users/lookup?username=ada+b":                lookup(motive.UserLookup{Username: "ada b"}),
		"/v1/users/lookup?driver_company_id=0012":        lookup(motive.UserLookup{DriverCompanyID: "0012"}),
		"/v1/users/lookup?phone=%2B1+%28555%29+010-0000": lookup(motive.UserLookup{Phone: "+1 (555) 010-0000"}),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			body := `{"users":[],"user_roles":[],"user":{"id":7}}`
			srv := wire.NewServer(t, wire.Always(200, body))
			if err := call(t.Context(), newClient(t, srv.URL)); err != nil {
				t.Fatal(err)
			}
			if lines := srv.Lines(); !reflect.DeepEqual(lines, []string{"GET " + want}) {
				t.Errorf("sent %q, want %q", lines, want)
			}
		})
	}
}

func TestNilOptionsListEverything(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(200, `{"users":[],"user_roles":[]}`))
	c := newClient(t, srv.URL)
	if _, err := c.Users.List(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := c.UserRoles.List(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if want := []string{"GET /v1/users", "GET /v1/user_roles"}; !reflect.DeepEqual(srv.Lines(), want) {
		t.Errorf("sent %q, want %q", srv.Lines(), want)
	}
}

// No field of the options may be forgotten above, nor misspelt in its tag.
func TestOptionsHaveTheDocumentedNames(t *testing.T) {
	t.Parallel()
	for typ, want := range map[reflect.Type]map[string]string{
		reflect.TypeFor[motive.ListUsersOptions](): {
			"Role": "role", "Name": "name", "DutyStatus": "duty_status", "Status": "status", "Summary": "summary", "PerPage": "per_page", "PageNo": "page_no",
		},
		reflect.TypeFor[motive.UserLookup]():           {"Email": "email", "Username": "username", "DriverCompanyID": "driver_company_id", "Phone": "phone"},
		reflect.TypeFor[motive.ListUserRolesOptions](): {"Name": "name", "Status": "status"},
	} {
		for i := range typ.NumField() {
			field := typ.Field(i)
			if got := field.Tag.Get("url"); got != want[field.Name]+",omitempty" {
				t.Errorf("%s.%s has the tag %q", typ, field.Name, got)
			}
		}
		if typ.NumField() != len(want) {
			t.Errorf("%s has %d fields, want %d", typ, typ.NumField(), len(want))
		}
	}
}

// The fields that Motive documents, by hand: what can be written.
var writable = strings.Fields(`
	first_name last_name role status email username password phone phone_ext phone_country_code phone2
	phone_country_code2 company_reference_id time_zone metric_units dot_id
	driver_company_id drivers_license_number drivers_license_state joined_at duty_status eld_mode time_tracking_mode
	violation_alerts
	carrier_name carrier_street carrier_city carrier_state carrier_zip
	terminal_street terminal_city terminal_state terminal_zip
	cycle exception_24_hour_restart exception_8_hour_break exception_wait_time exception_short_haul
	exception_ca_farm_school_bus exception_adverse_driving
	cycle2 exception_24_hour_restart2 exception_8_hour_break2 exception_wait_time2 exception_short_haul2
	exception_ca_farm_school_bus2 exception_adverse_driving2
	export_combined export_recap export_odometers minute_logs yard_moves_enabled personal_conveyance_enabled
	manual_driving_enabled
	group_ids group_visibility custom_user_role external_ids_attributes`)

// What can be written and not read, and the reverse.
var (
	writeOnly = strings.Fields(`password time_tracking_mode group_visibility custom_user_role external_ids_attributes`)
	readOnly  = strings.Fields(`id created_at updated_at mobile_current_sign_in_at mobile_last_sign_in_at mobile_last_active_at
		web_current_sign_in_at web_last_sign_in_at web_last_active_at expires_at external_ids associated_dispatcher_id`)
)

// state is one of the four things that a field can be, and how it is sent.
type state struct {
	name  string
	value reflect.Value
	json  string // "": not at all
}

func statesOf[T any](value T, zeroJSON, valueJSON string) []state {
	var zero T
	return []state{
		{"absent", reflect.ValueOf(motive.Optional[T]{}), ""},
		{"null", reflect.ValueOf(motive.Null[T]()), "null"},
		{"zero", reflect.ValueOf(motive.Set(zero)), zeroJSON},
		{"value", reflect.ValueOf(motive.Set(value)), valueJSON},
	}
}

// states has the four states of every type of field.
var states = func() map[reflect.Type][]state {
	byType := make(map[reflect.Type][]state)
	for _, s := range [][]state{
		statesOf("<ö> & \"x\"", `""`, `"<ö> & \"x\""`),
		statesOf(true, `false`, `true`),
		statesOf(int64(1)<<62, `0`, `4611686018427387904`),
		statesOf(motive.RoleFleetUser, `""`, `"fleet_user"`),
		statesOf(motive.StatusDeactivated, `""`, `"deactivated"`),
		statesOf(motive.DutyStatusSleeper, `""`, `"sleeper"`),
		statesOf(motive.ELDModeExempt, `""`, `"exempt"`),
		statesOf(motive.TimeTrackingModeNotRequired, `""`, `"not_required"`),
		statesOf(motive.ViolationAlerts15Minutes, `""`, `"15_minutes"`),
		statesOf(motive.CycleOther, `""`, `"Other"`),
		statesOf(motive.GroupVisibilityLimited, `""`, `"limited"`),
		statesOf(motive.ExternalIDHolderTypeVehicle, `""`, `"Vehicle"`),
		statesOf(motive.NewDate(2026, time.February, 28), `""`, `"2026-02-28"`),
		statesOf([]int64{101, 102}, `[]`, `[101,102]`),
		statesOf(motive.CustomUserRole{UserRoleID: 9, GroupIDs: []int64{101}}, `{}`, `{"user_role_id":9,"group_ids":[101]}`),
		statesOf([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "generic_tms"}, {ID: 3}}, `[]`,
			`[{"external_id":"987","integration_name":"generic_tms"},{"id":3,"external_id":"","integration_name":""}]`),
	} {
		byType[s[0].value.Type()] = s
	}
	return byType
}()

// Every field of every request is sent as absent, null, zero or a value, and is
// read back as what it was.
func TestEveryRequestFieldHasFourStates(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{
		reflect.TypeFor[motive.UserAttributes](), reflect.TypeFor[motive.CreateUserRequest](),
		reflect.TypeFor[motive.UpdateUserRequest](), reflect.TypeFor[motive.ExternalIDRequest](),
	} {
		for i := range typ.NumField() {
			field := typ.Field(i)
			name := jsonName(field)
			if name == "-" {
				continue
			}
			if len(states[field.Type]) != 4 {
				t.Fatalf("%s.%s: no states for a %s", typ, field.Name, field.Type)
			}
			for _, s := range states[field.Type] {
				req := reflect.New(typ)
				req.Elem().Field(i).Set(s.value)
				want := "{}"
				if s.json != "" {
					want = fmt.Sprintf("{%q:%s}", name, s.json)
				}
				body, err := json.Marshal(req.Interface())
				if err != nil || !sameJSON(string(body), want) {
					t.Errorf("%s.%s, %s: sent %s, error %v, want %s", typ, field.Name, s.name, body, err, want)
				}
				back := reflect.New(typ)
				if err := json.Unmarshal(body, back.Interface()); err != nil {
					t.Errorf("%s.%s, %s: %v", typ, field.Name, s.name, err)
				}
				again, err := json.Marshal(back.Interface())
				if err != nil || string(again) != string(body) {
					t.Errorf("%s.%s, %s: comes back as %s, error %v, want %s", typ, field.Name, s.name, again, err, body)
				}
				nilList := s.json == "[]" // reads as an empty one
				if !nilList && !reflect.DeepEqual(back.Interface(), req.Interface()) {
					t.Errorf("%s.%s, %s: reads as %v, want %v", typ, field.Name, s.name, back, req)
				}
			}
		}
	}
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// goName is the Go name of a field in JSON, word by word.
func goName(name string) string {
	initialisms := map[string]string{"id": "ID", "ids": "IDs", "eld": "ELD", "dot": "DOT", "ca": "CA"}
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if upper, ok := initialisms[word]; ok {
			b.WriteString(upper)
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func TestFieldNamesFollowTheAPI(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"exception_24_hour_restart": "Exception24HourRestart", "eld_mode": "ELDMode", "dot_id": "DOTID", "cycle2": "Cycle2",
		"exception_ca_farm_school_bus": "ExceptionCAFarmSchoolBus", "external_ids_attributes": "ExternalIDsAttributes",
	} {
		if got := goName(name); got != want {
			t.Fatalf("the rule of this test makes %s of %s, want %s", got, name, want)
		}
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[motive.UserAttributes](), reflect.TypeFor[motive.User](), reflect.TypeFor[motive.ExternalIDRequest](),
		reflect.TypeFor[motive.ExternalID](), reflect.TypeFor[motive.ExternalIDAttributes](), reflect.TypeFor[motive.CustomUserRole](),
		reflect.TypeFor[motive.UserRole](), reflect.TypeFor[motive.UserRoleEditor](),
	} {
		for i := range typ.NumField() {
			if field := typ.Field(i); field.Name != "Extra" && field.Name != goName(jsonName(field)) {
				t.Errorf("%s.%s is %q in JSON, and should be named %s", typ, field.Name, jsonName(field), goName(jsonName(field)))
			}
		}
	}
}

func namesOf(typ reflect.Type) []string {
	var names []string
	for i := range typ.NumField() {
		if name := jsonName(typ.Field(i)); name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func TestRequestsHaveEveryDocumentedField(t *testing.T) {
	t.Parallel()
	got := namesOf(reflect.TypeFor[motive.UserAttributes]())
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(writable)); !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
	want := []string{"external_id", "integration_name", "external_id_holder_id", "external_id_holder_type"}
	if got := namesOf(reflect.TypeFor[motive.ExternalIDRequest]()); !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
}

// A field that can be written and read has one name and one type.
func TestUserAndRequestsAgree(t *testing.T) {
	t.Parallel()
	user, attributes := reflect.TypeFor[motive.User](), reflect.TypeFor[motive.UserAttributes]()
	var onlyWritten, onlyRead []string
	for i := range attributes.NumField() {
		field := attributes.Field(i)
		if jsonName(field) == "-" {
			continue // Extra has a type of its own in each
		}
		read, ok := user.FieldByName(field.Name)
		if !ok {
			onlyWritten = append(onlyWritten, jsonName(field))
			continue
		}
		get, _ := field.Type.MethodByName("Get")
		if jsonName(read) != jsonName(field) || read.Type != get.Type.Out(0) {
			t.Errorf("%s is %s %s in a user and %s %s in a request", field.Name, jsonName(read), read.Type, jsonName(field), get.Type.Out(0))
		}
	}
	for i := range user.NumField() {
		if _, ok := attributes.FieldByName(user.Field(i).Name); !ok && jsonName(user.Field(i)) != "-" {
			onlyRead = append(onlyRead, jsonName(user.Field(i)))
		}
	}
	if !slices.Equal(onlyWritten, writeOnly) {
		t.Errorf("only written: %q, want %q", onlyWritten, writeOnly)
	}
	if slices.Sort(onlyRead); !slices.Equal(onlyRead, slices.Sorted(slices.Values(readOnly))) {
		t.Errorf("only read: %q, want %q", onlyRead, readOnly)
	}
}

// Users come in order, whoever of the pages comes first, and each page is asked for
// once while the list stands still.
func TestReadAheadKeepsTheOrder(t *testing.T) {
	t.Parallel()
	for _, ahead := range []int{0, 1, 2, 7, 32} {
		t.Run(strconv.Itoa(ahead), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &roll{ids: upTo(1950)}
				slow := wire.RoundTrip(func(req *http.Request) (*http.Response, error) {
					time.Sleep(rand.N(time.Second))
					return r.RoundTrip(req)
				})
				c := offline(t, slow)
				var last motive.Response
				start := time.Now()
				got, err := collect(c.Users.All(t.Context(), nil, motive.ReadAhead(ahead), motive.WithResponse(&last)))
				if err != nil || !slices.Equal(ids(got), upTo(1950)) {
					t.Errorf("%d users, error %v", len(got), err)
				}
				pages := slices.Clone(r.asked)
				slices.SortFunc(pages, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
				if len(pages) != 20 || len(slices.Compact(pages)) != 20 || last.Pagination.PageNo != 20 || last.StatusCode != 200 || last.Attempts != 1 {
					t.Errorf("asked for %v, and the last response was %+v", r.asked, last)
				}
				if took := time.Since(start); ahead == 32 && took > 2*time.Second {
					t.Errorf("took %s with everything at once", took)
				}
			})
		})
	}
}

// A list that moves is read page by page again, and nobody is lost or comes twice.
func TestReadAheadOfAListThatMoves(t *testing.T) {
	t.Parallel()
	r := &roll{ids: upTo(1000), change: map[int]func(*roll){4: func(r *roll) { r.insert(0) }}}
	for i := range r.ids {
		r.ids[i] += 10
	}
	want := slices.Clone(r.ids)
	r.change[4] = func(r *roll) { r.insert(5) }
	got, err := collect(r.client(t).Users.All(t.Context(), nil, motive.ReadAhead(8)))
	seen := map[int64]int{}
	for _, u := range got {
		seen[u.ID]++
	}
	for _, id := range want {
		if seen[id] != 1 {
			t.Errorf("user %d came %d times", id, seen[id])
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// What was fetched ahead ends with the loop: a bubble of synctest waits for every
// goroutine in it.
func TestBreakingOffEndsWhatIsReadAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, underWay := &roll{ids: upTo(3000)}, 0
		var mu sync.Mutex
		c := offline(t, func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			underWay++
			mu.Unlock()
			defer func() { mu.Lock(); underWay--; mu.Unlock() }()
			select {
			case <-time.After(time.Second):
				return r.RoundTrip(req)
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
		})
		for u, err := range c.Users.All(t.Context(), nil, motive.ReadAhead(16)) {
			if err != nil {
				t.Fatal(err)
			}
			if u.ID == 101 {
				break
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if underWay != 0 {
			t.Errorf("%d pages are still under way", underWay)
		}
	})
}

// The error of a page comes when its turn does, after all users before it.
func TestAnErrorAheadComesInItsTurn(t *testing.T) {
	t.Parallel()
	r := &roll{ids: upTo(1000)}
	c := offline(t, func(req *http.Request) (*http.Response, error) {
		if req.URL.Query().Get("page_no") == "6" {
			return wire.Reply(403, `{"error_message":"enough"}`), nil
		}
		return r.RoundTrip(req)
	})
	var last motive.Response
	got, err := collect(c.Users.All(t.Context(), nil, motive.ReadAhead(8), motive.WithResponse(&last)))
	if !errors.Is(err, motive.ErrForbidden) || !slices.Equal(ids(got), upTo(500)) || last.StatusCode != 403 {
		t.Errorf("%d users, error %v, response %+v", len(got), err, last)
	}
}

func TestReadAheadHasBounds(t *testing.T) {
	t.Parallel()
	r := &roll{ids: upTo(5)}
	for _, pages := range []int{-1, 33} {
		if got, err := collect(r.client(t).Users.All(t.Context(), nil, motive.ReadAhead(pages))); err == nil || len(got) > 0 || !strings.Contains(err.Error(), "1 to 32") {
			t.Errorf("%d pages: %d users, error %v", pages, len(got), err)
		}
	}
	if len(r.asked) > 0 {
		t.Errorf("asked for %v", r.asked)
	}
}

// An update by external id looks who that is first, and refuses before anything is
// sent.
func TestUpdatesByExternalID(t *testing.T) {
	t.Parallel()
	const put = "PUT /v1/users/7"
	update := func(ctx context.Context, c *motive.Client) (*motive.User, error) {
		return c.Users.UpdateByExternalID(ctx, "987", "generic_tms", &motive.UpdateUserRequest{FirstName: motive.Set("Ada")})
	}
	deactivate := func(ctx context.Context, c *motive.Client) (*motive.User, error) {
		return c.Users.DeactivateByExternalID(ctx, "987", "generic_tms")
	}
	for name, tt := range map[string]struct {
		call  func(context.Context, *motive.Client) (*motive.User, error)
		steps []step
		lines []string
		body  string
		errs  []string
	}{
		"update":                    {update, []step{found, says(200, oneUser)}, []string{lookups, put}, "", nil},
		"update of nobody":          {update, []step{missing}, []string{lookups}, "", []string{"ErrNotFound"}},
		"update, a page for a user": {update, []step{page404}, []string{lookups}, "", []string{"ErrUnexpectedResponse"}},
		"update, somebody else":     {update, []step{says(200, `{"user":{"id":8,"external_ids":[]}}`)}, []string{lookups}, "", []string{"ErrUnexpectedResponse"}},
		"update that is refused":    {update, []step{found, says(422, "")}, []string{lookups, put}, "", []string{"ErrUnprocessable"}},
		"deactivate":                {deactivate, []step{found, says(200, leftUser)}, []string{lookups, put}, "", nil},
		"deactivate nobody":         {deactivate, []step{missing}, []string{lookups}, "", []string{"ErrNotFound"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newScript(t, tt.steps)
			user, err := tt.call(t.Context(), newClient(t, srv.url))
			isOnly(t, err, tt.errs...)
			if got := srv.asked(); !slices.Equal(got, tt.lines) || (err == nil) != (user != nil) {
				t.Errorf("sent %q, want %q; user %v, error %v", got, tt.lines, user, err)
			}
		})
	}
	c := offline(t, func(*http.Request) (*http.Response, error) { t.Error("sent"); return wire.Reply(200, oneUser), nil })
	var invalid *motive.ValidationError
	if _, err := c.Users.UpdateByExternalID(t.Context(), "987", "generic_tms", &motive.UpdateUserRequest{}); !errors.As(err, &invalid) {
		t.Errorf("an empty update: error %v", err)
	}
	if _, err := c.Users.DeactivateByExternalID(t.Context(), "987", " "); !errors.As(err, &invalid) {
		t.Errorf("a blank integration: error %v", err)
	}
}

// Response tells of every request of a call, an error of those of the write.
func TestResponseCountsEveryRequest(t *testing.T) {
	t.Parallel()
	bare, left := says(200, `{"user":{"id":7}}`), says(200, leftUser)
	linking := &motive.UpdateUserRequest{ExternalIDsAttributes: adaLinked().ExternalIDsAttributes}
	linked := says(200, `{"user":{"id":7,"external_ids":[{"id":3,"external_id":"987","integration_name":"generic_tms"}]}}`)
	update := func(ctx context.Context, c *motive.Client, o motive.CallOption) error {
		_, err := c.Users.Update(ctx, 7, linking, o)
		return err
	}
	deactivate := func(ctx context.Context, c *motive.Client, o motive.CallOption) error {
		_, err := c.Users.Deactivate(ctx, 7, o)
		return err
	}
	updateByPair := func(ctx context.Context, c *motive.Client, o motive.CallOption) error {
		_, err := c.Users.UpdateByExternalID(ctx, "987", "generic_tms", &motive.UpdateUserRequest{FirstName: motive.Set("Ada")}, o)
		return err
	}
	deactivateByPair := func(ctx context.Context, c *motive.Client, o motive.CallOption) error {
		_, err := c.Users.DeactivateByExternalID(ctx, "987", "generic_tms", o)
		return err
	}
	create := func(ctx context.Context, c *motive.Client, o motive.CallOption) error {
		_, err := c.Users.Create(ctx, adaLinked(), o)
		return err
	}
	roles := func(ctx context.Context, c *motive.Client, o motive.CallOption) error {
		_, err := c.UserRoles.List(ctx, nil, o)
		return err
	}
	for name, tt := range map[string]struct {
		call     func(context.Context, *motive.Client, motive.CallOption) error
		steps    []step
		requests int
		status   int
		of       int // attempts that an error tells of; 0: a success
	}{
		"Deactivate":                      {deactivate, []step{left}, 1, 200, 0},
		"Deactivate, read":                {deactivate, []step{bare, left}, 2, 200, 0},
		"Deactivate, both tried again":    {deactivate, []step{says(503, ""), bare, says(503, ""), left}, 4, 200, 0},
		"Deactivate, unproved":            {deactivate, []step{says(503, ""), bare, bare}, 3, 200, 2},
		"Deactivate by pair":              {deactivateByPair, []step{found, bare, left}, 3, 200, 0},
		"Deactivate by pair, unproved":    {deactivateByPair, []step{found, bare, bare}, 3, 200, 1},
		"Update, read":                    {update, []step{says(504, ""), taken, linked}, 3, 200, 0},
		"Update, read in vain":            {update, []step{says(504, ""), taken, bare}, 3, 200, 2},
		"Update by pair":                  {updateByPair, []step{says(503, ""), found, bare}, 3, 200, 0},
		"Update by pair, refused":         {updateByPair, []step{found, says(422, "")}, 2, 422, 1},
		"Update by pair, nobody":          {updateByPair, []step{missing}, 1, 404, 1},
		"Create":                          {create, []step{created}, 1, 201, 0},
		"Create, refused":                 {create, []step{taken, missing}, 2, 422, 1},
		"Create, taken":                   {create, []step{taken, found}, 2, 422, 1},
		"Create, found":                   {create, []step{breaks, found}, 2, 200, 0},
		"Create, found after a stumble":   {create, []step{breaks, says(503, ""), found}, 3, 200, 0},
		"Create, refused when sent again": {create, []step{breaks, missing, badName, missing}, -1, 404, 2},
		"roles":                           {roles, []step{says(404, "{}"), says(200, `{"user_roles":[]}`)}, 2, 200, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newScript(t, tt.steps)
			r := motive.Response{Attempts: 100} // of an earlier call
			err := tt.call(t.Context(), newClient(t, srv.url), motive.WithResponse(&r))
			if sent := srv.count(); r.Attempts != sent || r.StatusCode != tt.status || tt.requests > 0 && sent != tt.requests {
				t.Errorf("response %+v after %d requests, want status %d after %d; error %v", r, sent, tt.status, tt.requests, err)
			}
			var unknown *motive.OutcomeUnknownError
			var api *motive.APIError
			of := 0
			switch {
			case errors.As(err, &unknown):
				of = unknown.Attempts
			case errors.As(err, &api):
				of = api.Attempts
			}
			if of != tt.of {
				t.Errorf("error %v tells of %d attempts, want %d", err, of, tt.of)
			}
		})
	}
}

// Where the response shows no status the user is read once, to see it.
func TestDeactivateReadsTheUserWhereTheResponseShowsNoStatus(t *testing.T) {
	t.Parallel()
	const put, read = "PUT /v1/users/7", "GET /v1/users/7"
	bare := says(200, `{"user":{"id":7}}`)
	for name, tt := range map[string]struct {
		steps []step
		lines []string
		errs  []string
	}{
		"shown":               {[]step{says(200, leftUser)}, []string{put}, nil},
		"read":                {[]step{bare, says(200, leftUser)}, []string{put, read}, nil},
		"still active":        {[]step{bare, found}, []string{put, read}, []string{"ErrOutcomeUnknown", "ErrUnexpectedResponse"}},
		"never shown":         {[]step{bare, bare}, []string{put, read}, []string{"ErrOutcomeUnknown", "ErrUnexpectedResponse"}},
		"gone":                {[]step{bare, missing}, []string{put, read}, []string{"ErrOutcomeUnknown", "ErrNotFound"}},
		"the read is refused": {[]step{bare, says(403, "")}, []string{put, read}, []string{"ErrOutcomeUnknown", "ErrForbidden"}},
		"sent twice":          {[]step{says(503, ""), bare, bare}, []string{put, read}, []string{"ErrOutcomeUnknown", "ErrUnexpectedResponse"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newScript(t, tt.steps)
			user, err := newClient(t, srv.url).Users.Deactivate(t.Context(), 7)
			isOnly(t, err, tt.errs...)
			var unknown *motive.OutcomeUnknownError
			if puts := len(tt.steps) - 1; errors.As(err, &unknown) && unknown.Attempts != puts { // the last is the read
				t.Errorf("error %q tells of %d attempts, want %d", err, unknown.Attempts, puts)
			}
			if got := srv.asked(); !slices.Equal(got, tt.lines) || (err == nil) != (user != nil && user.Status == motive.StatusDeactivated) {
				t.Errorf("sent %q, want %q; user %v, error %v", got, tt.lines, user, err)
			}
		})
	}
}
