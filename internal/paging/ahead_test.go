package paging_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive/internal/paging"
)

func TestAheadKeepsOrderAndItsBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var under, most atomic.Int64
		pages := paging.NewAhead(t.Context(), 4, func(_ context.Context, page int) (int, error) {
			now := under.Add(1)
			defer under.Add(-1)
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
			time.Sleep(time.Duration(100+page%3*10) * time.Millisecond)
			return page, nil
		})
		defer pages.Stop()
		start := time.Now()
		for want := 1; want <= 41; want++ {
			if got, _, err := pages.Get(want, 41); got != want || err != nil {
				t.Fatalf("page %d: got %d, %v", want, got, err)
			}
		}
		if took := time.Since(start); took > 1500*time.Millisecond {
			t.Errorf("41 pages took %s, four at a time", took)
		}
		if most.Load() != 4 {
			t.Errorf("%d under way at once, want 4", most.Load())
		}
		if thrown := pages.Stop(); len(thrown) > 0 {
			t.Errorf("fetched behind the last page: %v", thrown)
		}
	})
}

func TestStopLeavesNothingUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var under atomic.Int64
		pages := paging.NewAhead(t.Context(), 8, func(ctx context.Context, page int) (int, error) {
			under.Add(1)
			defer under.Add(-1)
			if page > 3 {
				<-ctx.Done()
			}
			return page, ctx.Err()
		})
		if got, _, err := pages.Get(1, 100); got != 1 || err != nil {
			t.Fatal(got, err)
		}
		synctest.Wait()
		if thrown := pages.Stop(); len(thrown) != 2 || under.Load() != 0 {
			t.Errorf("thrown away %v, %d under way", thrown, under.Load())
		}
		if got, ahead, err := pages.Get(3, 100); got != 3 || err != nil || ahead {
			t.Errorf("after Stop: %d, %v", got, err)
		}
	})
}

func TestFailureComesInItsTurn(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	fetch := func(_ context.Context, page int) (int, error) {
		if page == 3 {
			return 0, broken
		}
		return page, nil
	}
	pages := paging.NewAhead(t.Context(), 8, fetch)
	defer pages.Stop()
	for page := 1; page <= 3; page++ {
		if _, _, err := pages.Get(page, 9); (page == 3) != errors.Is(err, broken) {
			t.Errorf("page %d: %v", page, err)
		}
	}
}

func TestPanicReachesWhoeverAsksForThePage(t *testing.T) {
	t.Parallel()
	pages := paging.NewAhead(t.Context(), 2, func(_ context.Context, page int) (int, error) {
		if page == 2 {
			panic("broken")
		}
		return page, nil
	})
	defer pages.Stop()
	if _, _, err := pages.Get(1, 9); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r := recover(); r != "broken" {
			t.Errorf("recovered %v", r)
		}
	}()
	_, _, err := pages.Get(2, 9)
	t.Errorf("no panic, but %v", err)
}

func TestStopOverlooksWhatBroke(t *testing.T) {
	t.Parallel()
	pages := paging.NewAhead(t.Context(), 4, func(_ context.Context, page int) (int, error) {
		switch page {
		case 2:
			panic("broken")
		case 3:
			runtime.Goexit()
		}
		return page, nil
	})
	if _, _, err := pages.Get(1, 4); err != nil {
		t.Fatal(err)
	}
	if thrown := pages.Stop(); len(thrown) != 1 || thrown[0] != 4 {
		t.Errorf("thrown away %v, want page 4 alone", thrown)
	}
}
