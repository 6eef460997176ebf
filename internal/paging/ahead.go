package paging

import (
	"context"

	"github.com/motive-go/motive/internal/isolate"
)

// Ahead fetches pages, and those that follow them at the same time. Pages that
// are asked for in order come in order.
type Ahead[T any] struct {
	ctx    context.Context
	fetch  func(ctx context.Context, page int) (T, error)
	most   int // pages under way at once
	flying []*isolate.Flight[T]

	ahead  context.Context // of the pages under way
	cancel context.CancelFunc
}

// NewAhead returns an Ahead that has up to most pages under way. The caller stops
// it in the end.
func NewAhead[T any](ctx context.Context, most int, fetch func(context.Context, int) (T, error)) *Ahead[T] {
	ahead, cancel := context.WithCancel(ctx)
	return &Ahead[T]{ctx: ctx, fetch: fetch, most: most, ahead: ahead, cancel: cancel}
}

// Get returns a page, and has those behind it fetched meanwhile, up to the last
// one. The page is the one that follows the page before, unless Stop came in
// between. ahead says that others were under way at the same time.
func (a *Ahead[T]) Get(page, last int) (got T, ahead bool, err error) {
	if a.most <= 1 || last <= page && len(a.flying) == 0 {
		got, err = a.fetch(a.ctx, page)
		return got, false, err
	}
	for next := page + len(a.flying); len(a.flying) < a.most && next <= last; next++ {
		a.flying = append(a.flying, isolate.Go(func() (T, error) { return a.fetch(a.ahead, next) }))
	}
	first := a.flying[0]
	a.flying = a.flying[1:]
	got, err = first.Join() // which comes when the context ends, if not before
	return got, true, err
}

// Stop ends what is under way, waits for that, and returns the pages that nobody
// asked for. From then on one page is fetched at a time.
func (a *Ahead[T]) Stop() (thrown []T) {
	a.cancel()
	for _, f := range a.flying {
		if got, err := f.Wait(context.Background()); err == nil {
			thrown = append(thrown, got)
		}
	}
	a.flying, a.most = nil, 1
	return thrown
}
