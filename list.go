package motive

import (
	"context"
	"fmt"
	"iter"
)

// All returns every user that opts selects, page by page, fetching as the loop
// asks for more. It can be ranged over more than once; each time starts anew.
//
// Each user comes once, also where rows move between pages while they are read.
// An error comes once and last, with a nil user. [ErrIncompleteList] means that
// the server ran dry before the total it announced, or repeated a page: what
// came before is valid and not everything. A total that shrinks is no error.
func (s *UsersService) All(ctx context.Context, opts *ListUsersOptions, call ...CallOption) iter.Seq2[*User, error] {
	return func(yield func(*User, error) bool) {
		o := gather(call)
		w, err := newWalk(opts, o)
		if err != nil {
			yield(nil, err)
			return
		}
		for !w.done {
			page, err := s.page(ctx, &w.opts, o)
			if err != nil {
				yield(nil, err)
				return
			}
			fresh := w.fresh(page.Users)
			for _, user := range fresh {
				if !yield(user, nil) {
					return
				}
			}
			if err := w.advance(page, len(fresh)); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// maxPerPage is the page size that Motive documents as the largest.
const maxPerPage = 100

// walk keeps track of a list that may change while it is read.
type walk struct {
	opts    ListUsersOptions
	skipped int // rows before the page that the caller starts at
	first   int // that page
	seen    map[int64]struct{}
	rows    int  // received, those of pages that are read again left out
	total   int  // as last announced
	least   int  // the smallest total announced: so many users must come
	known   bool // whether a total has been announced
	again   int  // pages being read again, where old rows are no surprise
	gained  bool // whether a user has come since the last step back
	done    bool
}

func newWalk(opts *ListUsersOptions, o callOptions) (*walk, error) {
	w := &walk{seen: make(map[int64]struct{})}
	if opts != nil {
		w.opts = *opts
	}
	if err := o.check(validateListOptions(&w.opts)); err != nil {
		return nil, err
	}
	if w.opts.PerPage == 0 {
		w.opts.PerPage = maxPerPage
	}
	w.opts.PageNo = max(w.opts.PageNo, 1)
	w.first = w.opts.PageNo
	return w, nil
}

// fresh returns the users that have not come before.
func (w *walk) fresh(users []*User) []*User {
	fresh := make([]*User, 0, len(users))
	for _, u := range users {
		if _, old := w.seen[u.ID]; !old {
			w.seen[u.ID] = struct{}{}
			fresh = append(fresh, u)
		}
	}
	return fresh
}

// advance decides what follows a page: the next one, an earlier one, the end, or
// an error.
func (w *walk) advance(page *listing, fresh int) error {
	p := page.Pagination
	size := p.PerPage // as served, which may be less than asked for
	if size <= 0 || size > maxPerPage {
		size = w.opts.PerPage
	}
	if w.opts.PageNo == w.first {
		w.skipped = (w.first - 1) * size
	}
	w.gained = w.gained || fresh > 0
	w.rows += len(page.Users)
	grew, shrank := w.announce(page)
	if back := min(w.opts.PageNo-w.first, pagesOf(shrank, size)); back > 0 {
		// Users vanished: later rows moved up into pages already read.
		w.opts.PageNo -= back
		w.rows = max(0, w.rows-back*size-len(page.Users))
		w.again, w.gained = back+1, false
		return nil
	}
	if len(page.Users) == 0 {
		w.done = true
		return w.complete()
	}
	if fresh == 0 && grew < size && w.again == 0 { // a page of new users in front would explain it
		return fmt.Errorf("motive: page %d of the users repeats what came before, after %d users: %w", w.opts.PageNo, len(w.seen), ErrIncompleteList)
	}
	w.again = max(0, w.again-1)
	end := w.opts.PageNo * size
	rows := (w.opts.PageNo-1)*size + len(page.Users)
	if w.known && end >= w.total && rows <= w.total && w.complete() == nil {
		w.done = true
		return nil
	}
	w.opts.PageNo++
	return nil
}

// announce takes in the total of a page, and reports by how much it grew or
// shrank since the page before. A total that merely goes up and down must not
// lead back for ever: without a new user it has to reach a new low.
func (w *walk) announce(page *listing) (grew, shrank int) {
	p := page.Pagination
	if !page.announced || (len(page.Users) == 0 && p.Total == 0 && w.known) {
		return 0, 0 // an empty page without a total says nothing about the rest
	}
	if !w.known {
		w.known, w.total, w.least = true, p.Total, p.Total
		return 0, 0
	}
	grew = max(0, p.Total-w.total)
	if w.gained || p.Total < w.least {
		shrank = max(0, w.total-p.Total)
	}
	w.total, w.least = p.Total, min(w.least, p.Total)
	return grew, shrank
}

func pagesOf(rows, size int) int { return rows/size + min(1, rows%size) }

// complete is nil if as many rows have come as were announced last, and as many
// users as were announced throughout. The two differ where users are added while
// the list is read: those in front of it move others to a later page, where they
// come again.
func (w *walk) complete() error {
	rows, users := w.rows+w.skipped, len(w.seen)+w.skipped
	if !w.known || rows >= w.total && users >= w.least {
		return nil
	}
	return fmt.Errorf("motive: the list of users ended after %d of %d: %w", users, max(w.least, w.total), ErrIncompleteList)
}
