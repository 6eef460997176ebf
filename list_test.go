package motive_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/motive-go/motive"
)

// roll is a list of users by id that changes while it is read, and a server that
// may tell lies about it.
type roll struct {
	ids     []int64
	largest int                        // page that the server gives; 0: as asked
	change  map[int]func(*roll)        // before the nth page is made, from 1
	page    func(asked int) int        // the page that is given
	tell    func(n int, p *pagination) // what is said of it
	deaf    bool                       // no pagination at all

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
	return reply(200, string(out)), err
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
		"refused":    {answering(403, ""), motive.ErrForbidden},
		"down":       {answering(503, ""), motive.ErrServer},
		"not a list": {answering(200, `{"error_message":"try later"}`), motive.ErrUnexpectedResponse},
		"no ids":     {answering(200, `{"users":[{"user":{"first_name":"x"}}]}`), motive.ErrUnexpectedResponse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("page_no") != "1" {
					tt.second(w, r)
					return
				}
				out, _ := json.Marshal(map[string]any{"users": users(upTo(100)), "pagination": pagination{100, 1, 150}})
				_, _ = w.Write(out)
			})
			var r motive.Response
			got, err := collect(newClient(t, srv.url).Users.All(t.Context(), nil, motive.WithResponse(&r)))
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
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		no, _ := strconv.Atoi(r.URL.Query().Get("page_no"))
		fmt.Fprintf(w, `{"users":[{"id":%d}],"pagination":{"per_page":1,"page_no":%d,"total":2}}`, no, no)
	})
	opts := motive.ListUsersOptions{Role: motive.RoleDriver, Name: "A", Status: motive.StatusActive, Summary: true, PerPage: 1}
	if _, err := collect(newClient(t, srv.url).Users.All(t.Context(), &opts)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET /v1/users?name=A&page_no=1&per_page=1&role=driver&status=active&summary=true",
		"GET /v1/users?name=A&page_no=2&per_page=1&role=driver&status=active&summary=true",
	}
	if got := srv.lines(); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}
