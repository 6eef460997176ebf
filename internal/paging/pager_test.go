package paging_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive/internal/paging"
)

func ids(from, to int64) []int64 {
	list := make([]int64, 0, max(0, to-from+1))
	for id := from; id <= to; id++ {
		list = append(list, id)
	}
	return list
}

// rows is a page of a server that says its size and total.
func rows(size, total int, ids ...int64) paging.Page {
	return paging.Page{IDs: ids, Size: size, Total: total, HasTotal: true}
}

func TestPagerFollowsTheList(t *testing.T) {
	t.Parallel()
	type step struct {
		page int // that the pager asks for
		give paging.Page
		want paging.Verdict
	}
	tests := []struct {
		name  string
		first int
		steps []step
		came  int
	}{
		{name: "full pages", steps: []step{
			{1, rows(2, 4, 1, 2), paging.Next}, {2, rows(2, 4, 3, 4), paging.Done}}, came: 4},
		{name: "a last page that is not full", steps: []step{
			{1, rows(2, 3, 1, 2), paging.Next}, {2, rows(2, 3, 3), paging.Done}}, came: 3},
		{name: "nobody", steps: []step{{1, rows(2, 0), paging.Done}}},
		{name: "without totals", steps: []step{
			{1, paging.Page{IDs: ids(1, 2)}, paging.Next}, {2, paging.Page{IDs: ids(3, 3)}, paging.Next}, {3, paging.Page{}, paging.Done}}, came: 3},
		{name: "smaller pages than asked for", steps: []step{
			{1, rows(1, 2, 1), paging.Next}, {2, rows(1, 2, 2), paging.Done}}, came: 2},
		{name: "from a later page", first: 3, steps: []step{
			{3, rows(2, 7, 5, 6), paging.Next}, {4, rows(2, 7, 7), paging.Done}}, came: 7},
		{name: "from a page behind the end", first: 3, steps: []step{{3, rows(2, 3), paging.Done}}, came: 4},
		{name: "it ends before its total", steps: []step{
			{1, rows(2, 5, 1, 2), paging.Next}, {2, rows(2, 5, 3), paging.Next}, {3, rows(2, 5), paging.Short}}, came: 3},
		{name: "it ends early on a page without a total", steps: []step{
			{1, rows(2, 5, 1, 2), paging.Next}, {2, paging.Page{}, paging.Short}}, came: 2},
		{name: "a total that never comes, looked for in a second pass", steps: []step{
			{1, rows(2, 4, 1, 2), paging.Next}, {2, rows(2, 4, 3), paging.Back},
			{1, rows(2, 4, 1, 2), paging.Next}, {2, rows(2, 4, 3), paging.Short}}, came: 3},
		{name: "a row left in front: back to the hole", steps: []step{
			{1, rows(2, 5, 1, 2), paging.Next}, {2, rows(2, 4, 4, 5), paging.Back},
			{1, rows(2, 4, 2, 3), paging.Next}, {2, rows(2, 4, 4, 5), paging.Done}}, came: 5},
		{name: "rows leave twice: the hole stays open until it is read", steps: []step{
			{1, rows(2, 7, 1, 2), paging.Next}, {2, rows(2, 7, 3, 4), paging.Next}, {3, rows(2, 6, 6, 7), paging.Back},
			{2, rows(2, 4, 6, 7), paging.Back},                                            // 1 left, then 2 and 3
			{1, rows(2, 4, 4, 5), paging.Next}, {2, rows(2, 4, 6, 7), paging.Done}}, came: 7},
		{name: "the last rows left", steps: []step{
			{1, rows(2, 4, 1, 2), paging.Next}, {2, rows(2, 2), paging.Back}, {1, rows(2, 2, 1, 2), paging.Done}}, came: 2},
		{name: "a new row in front", steps: []step{
			{1, rows(2, 4, 1, 2), paging.Next}, {2, rows(2, 5, 2, 3), paging.Next}, {3, rows(2, 5, 4), paging.Done}}, came: 4},
		{name: "a page of new rows in front", steps: []step{
			{1, rows(2, 4, 1, 2), paging.Next}, {2, rows(2, 6, 1, 2), paging.Next}, {3, rows(2, 6, 3, 4), paging.Done}}, came: 4},
		{name: "new rows in front, and as many left: the first page is another", steps: []step{
			{1, rows(2, 6, 1, 2), paging.Next}, {2, rows(2, 6, 1, 2), paging.Back}, {1, rows(2, 6, 8, 9), paging.Next},
			{3, rows(2, 6, 3, 4), paging.Done}}, came: 6},
		{name: "the first page whatever is asked for", steps: []step{
			{1, rows(2, 6, 1, 2), paging.Next}, {2, rows(2, 6, 1, 2), paging.Back}, {1, rows(2, 6, 1, 2), paging.Repeated}}, came: 2},
		{name: "every page behind the end says that the list is empty", steps: []step{
			{1, rows(2, 6, 1, 2), paging.Next}, {2, rows(2, 0), paging.Back}, {1, rows(2, 6, 1, 2), paging.Short}}, came: 2},
		{name: "all have left", steps: []step{
			{1, rows(2, 6, 1, 2), paging.Next}, {2, rows(2, 0), paging.Back}, {1, rows(2, 0), paging.Done}}, came: 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := paging.New(max(test.first, 1), 2)
			for i, step := range test.steps {
				if p.PageNo() != step.page {
					t.Fatalf("step %d: asks for page %d, want %d", i, p.PageNo(), step.page)
				}
				if got := p.Next(step.give, len(p.Unseen(step.give.IDs))); got != step.want {
					t.Fatalf("step %d: verdict %d, want %d", i, got, step.want)
				}
			}
			if p.Came() != test.came {
				t.Errorf("%d came, want %d", p.Came(), test.came)
			}
		})
	}
}

func TestTotalThatGoesUpAndDownEndsAllTheSame(t *testing.T) {
	t.Parallel()
	p := paging.New(1, 10)
	for n := range 1000 {
		from := int64(p.PageNo()-1)*10 + 1
		page := rows(10, 100-n%2, ids(from, min(from+9, 100))...)
		if verdict := p.Next(page, len(p.Unseen(page.IDs))); verdict == paging.Done {
			if p.Came() != 100 {
				t.Errorf("%d came, want 100", p.Came())
			}
			return
		}
	}
	t.Error("no end after 1000 pages")
}

func TestPagesThatRepeatInTurnAreFoundOut(t *testing.T) {
	t.Parallel()
	p := paging.New(1, 1)
	for n := range 60 {
		page := rows(1, 1000, int64(n%2+1))
		if p.Next(page, len(p.Unseen(page.IDs))) == paging.Repeated {
			return
		}
	}
	t.Error("not found out after 60 pages of a list of 1000")
}

// A fleet is a list that changes between requests, as a consistent server shows it.
type fleet struct {
	rand *rand.Rand
	ids  []int64
	last int64
	left map[int64]bool
	came map[int64]bool // since the reading began
	// A row that left in front while another came changed no total between two
	// requests: what nobody can see.
	hidden bool
	total  int
}

func newFleet(r *rand.Rand, n int) *fleet {
	return &fleet{rand: r, ids: ids(1, int64(n)), last: int64(n), left: map[int64]bool{}, came: map[int64]bool{}, total: n}
}

func (f *fleet) leave(at int) {
	f.left[f.ids[at]] = true
	f.ids = slices.Delete(f.ids, at, at+1)
}

func (f *fleet) join(at int) {
	f.last++
	f.came[f.last] = true
	f.ids = slices.Insert(f.ids, at, f.last)
}

// page answers a request.
func (f *fleet) page(page, size int) paging.Page {
	from := min((page-1)*size, len(f.ids))
	to := min(from+size, len(f.ids))
	return rows(size, len(f.ids), slices.Clone(f.ids[from:to])...)
}

// churn lets rows leave and come before a request.
func (f *fleet) churn(kind string) {
	leaves, joins := 0, 0
	if kind != "joining" {
		leaves = f.rand.IntN(3)
	}
	if kind != "leaving" {
		joins = f.rand.IntN(3)
	}
	f.hidden = f.hidden || leaves > 0 && joins > 0
	for range min(leaves, len(f.ids)) {
		f.leave(f.rand.IntN(len(f.ids)))
	}
	for range joins {
		at := len(f.ids)
		if kind != "appending" {
			at = f.rand.IntN(len(f.ids) + 1)
		}
		f.join(at)
	}
}

// missing lists who was there throughout and did not come.
func (f *fleet) missing(n int, got map[int64]bool) (missing []int64) {
	for _, id := range ids(1, int64(n)) {
		if !f.left[id] && !got[id] {
			missing = append(missing, id)
		}
	}
	return missing
}

func TestListsThatChangeLoseNobody(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"leaving", "joining", "appending", "both"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(2000) {
				r := rand.New(rand.NewPCG(seed, 1))
				n, size := r.IntN(60), 1+r.IntN(10)
				f := newFleet(r, n)
				p, got := paging.New(1, size), map[int64]bool{}
				verdict, requests := paging.Next, 0
				for verdict == paging.Next || verdict == paging.Back {
					if requests++; requests > 5000 {
						t.Fatalf("seed %d: no end", seed)
					}
					page := f.page(p.PageNo(), size)
					unseen := p.Unseen(page.IDs)
					for _, i := range unseen {
						got[page.IDs[i]] = true
					}
					verdict = p.Next(page, len(unseen))
					if r.IntN(3) == 0 {
						f.churn(kind)
					}
				}
				if verdict != paging.Done {
					t.Fatalf("seed %d: verdict %d after %d of %d", seed, verdict, p.Came(), p.Announced())
				}
				if missing := f.missing(n, got); len(missing) > 0 && !f.hidden {
					t.Fatalf("seed %d: %d rows, pages of %d: lost %v", seed, n, size, missing)
				}
			}
		})
	}
}

// TestReadingAheadLosesNoMoreThanReadingPageByPage lets rows leave and come at
// random while pages are read out of order.
func TestReadingAheadLosesNoMoreThanReadingPageByPage(t *testing.T) {
	t.Parallel()
	const lists = 1000
	lost := map[int]int{}
	for _, most := range []int{1, 8} {
		for seed := range uint64(lists) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, uint64(most)))
				const n, size = 400, 20
				f, got := newFleet(r, n), map[int64]bool{}
				if err := readAll(t.Context(), f, seed, size, most, got); err != nil {
					t.Fatalf("%d ahead, seed %d: %v", most, seed, err)
				}
				lost[most] += len(f.missing(n, got))
			})
		}
	}
	t.Logf("lost silently in %d lists of 400: %d page by page, %d with 8 ahead", lists, lost[1], lost[8])
	if lost[8] > lost[1] {
		t.Errorf("reading ahead lost %d, page by page %d", lost[8], lost[1])
	}
}

// readAll reads f as a list of users is read, with a latency that is random and a
// change every third request. A latency is drawn from the page and the moment, so
// that pages under way at once come in the same order whoever is scheduled first.
func readAll(ctx context.Context, f *fleet, seed uint64, size, most int, got map[int64]bool) error {
	var turn sync.Mutex // one request at a time is in the server
	pages := paging.NewAhead(ctx, most, func(ctx context.Context, page int) (paging.Page, error) {
		latency := rand.New(rand.NewPCG(seed<<16|uint64(page), uint64(time.Now().UnixNano())))
		time.Sleep(10*time.Millisecond + time.Duration(latency.Int64N(int64(40*time.Millisecond))))
		if ctx.Err() != nil {
			return paging.Page{}, ctx.Err()
		}
		turn.Lock()
		defer turn.Unlock()
		if f.rand.Float64() < 0.3 {
			switch f.rand.IntN(3) {
			case 0:
				f.leave(f.rand.IntN(len(f.ids)))
			case 1:
				f.join(f.rand.IntN(len(f.ids) + 1))
			default:
				f.leave(f.rand.IntN(len(f.ids)))
				f.join(len(f.ids))
			}
		}
		return f.page(page, size), nil
	})
	defer pages.Stop()
	p := paging.New(1, size)
	for range 10_000 {
		page, ahead, err := pages.Get(p.PageNo(), p.LastPage())
		if err != nil {
			return err
		}
		if ahead && !p.Steady(page) {
			p.Distrust(most, append(pages.Stop(), page))
			continue
		}
		unseen := p.Unseen(page.IDs)
		for _, i := range unseen {
			got[page.IDs[i]] = true
		}
		switch verdict := p.Next(page, len(unseen)); verdict {
		case paging.Done:
			return nil
		case paging.Short, paging.Repeated:
			return fmt.Errorf("verdict %d after %d of %d", verdict, p.Came(), p.Announced())
		}
	}
	return fmt.Errorf("no end")
}
