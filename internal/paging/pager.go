// Package paging reads a list page by page while the list changes under its
// reader. The [Pager] decides what follows a page, and knows nothing of where
// pages come from; [Ahead] fetches several at once.
package paging

import "slices"

// Page is what a server says of a page.
type Page struct {
	IDs      []int64 // its rows
	Size     int     // rows on a full page as served; 0 if the server does not say
	Total    int     // rows of the whole list
	HasTotal bool    // whether the server says so
}

// Verdict is what follows a page.
type Verdict int

const (
	Next     Verdict = iota // read the page at [Pager.PageNo], which comes next
	Back                    // read that page, which has been read before
	Done                    // everybody has come
	Short                   // the list ended before its total
	Repeated                // the pages repeat
)

// A Pager keeps track of a list that may change while it is read. The caller reads
// the page at PageNo, hands its ids to Unseen and then the page to Next, until
// that answers Done, Short or Repeated.
//
// The rule: covered rows, counted from the head of the list, need not be read
// again, since each of them has come or is new. Rows that vanish may have stood
// among them, and moved others up into pages already read, so that covered
// shrinks by as many as the total does; a page that begins behind covered leaves
// a hole, and the pager goes back to it. New rows in front only push others to a
// later page, where they come again. A row that vanishes while another appears
// changes no total and cannot be seen.
type Pager struct {
	first int // the page that the caller starts at
	size  int // rows on a full page
	page  int // to be read next

	seen    map[int64]struct{}
	covered int
	highest int // rows before the end of the furthest page that was read
	total   int // 0 while it is not known
	least   int // the smallest total so far: so many must come
	known   bool

	gained    bool // whether anybody came for the first time in this pass
	fruitless int  // steps back since somebody did
	moved     int  // rows that came in front at the most, and push old ones to later pages

	// A page that looks wrong is held against the first page, which is read again.
	suspects int // such pages since somebody came for the first time
	suspect  []int64
	dry      int // where a page was empty and said that the whole list is; 0 if none was
}

const (
	// maxFruitless bounds the steps back that bring nobody: a total that merely
	// goes up and down must not lead back for ever. After so many readings of a
	// place without a new row, none is missing there.
	maxFruitless = 16
	maxSuspects  = 10
)

// New returns a Pager that starts at a page, counted from 1, of size rows.
func New(page, size int) *Pager {
	p := &Pager{first: max(page, 1), size: max(size, 1), seen: make(map[int64]struct{})}
	p.restart()
	return p
}

func (p *Pager) restart() {
	p.page, p.covered, p.gained = p.first, p.head(), false
}

// head is how many rows stand before the first page.
func (p *Pager) head() int { return (p.first - 1) * p.size }

// start is how many rows stand before the page to be read.
func (p *Pager) start() int { return (p.page - 1) * p.size }

// PageNo is the page to read.
func (p *Pager) PageNo() int { return p.page }

// Came is how many have come, and Announced how many were to come.
func (p *Pager) Came() int { return len(p.seen) + p.head() }

// Announced is how many rows the list should have had.
func (p *Pager) Announced() int { return max(p.least, p.total) }

// Unseen returns the places of the rows that have not come before.
func (p *Pager) Unseen(ids []int64) []int {
	unseen := make([]int, 0, len(ids))
	for i, id := range ids {
		if _, old := p.seen[id]; !old {
			p.seen[id] = struct{}{}
			unseen = append(unseen, i)
		}
	}
	return unseen
}

// Next decides what follows the page at PageNo, of whose rows so many were
// unseen.
func (p *Pager) Next(page Page, unseen int) Verdict {
	if unseen > 0 {
		p.gained, p.fruitless, p.suspects = true, 0, 0
	}
	if wrong := p.confirmed(page); wrong != Next {
		return wrong
	}
	p.measure(page)
	start, rows := p.start(), len(page.IDs)
	if rows == 0 && page.HasTotal && page.Total == 0 && p.page > p.first && p.total > start {
		p.dry, p.page = start, p.first // all have left, or the server says so of any page behind the end
		return Back
	}
	p.announce(page)
	fresh := start+rows > p.highest // ground that nobody has stood on
	p.highest = max(p.highest, start+rows)
	if start > p.covered && p.fruitless < maxFruitless {
		p.fruitless++
		return p.resume(Back)
	}
	switch {
	case rows == 0 && p.known && start < p.total:
		return Short
	case rows == 0: // behind the end
		return p.end()
	}
	p.cover(start, rows)
	switch {
	case unseen == 0 && fresh:
		return p.repetition(page)
	case p.known && start+rows > p.total: // so that the total is no end
		p.covered = max(p.covered, start+p.size)
		return p.resume(Next)
	}
	return p.proceed()
}

// confirmed holds the first page against the page that led back to it.
func (p *Pager) confirmed(page Page) Verdict {
	suspect, dry := p.suspect, p.dry
	p.suspect, p.dry = nil, 0
	switch {
	case suspect != nil && page.Total >= p.total && slices.Equal(suspect, page.IDs):
		return Repeated
	case dry > 0 && page.Total > dry:
		return Short
	}
	return Next
}

// measure takes in the size of the pages, which the server may choose smaller than
// asked for. Where it does not say, a first page that is not the last one is full.
func (p *Pager) measure(page Page) {
	size, rows := page.Size, len(page.IDs)
	if size <= 0 && p.page == p.first && rows > 0 && p.head()+rows < page.Total {
		size = rows
	}
	if size <= 0 || size == p.size {
		return
	}
	untouched := p.covered == p.head()
	p.size = size
	if untouched {
		p.covered, p.highest = p.head(), p.head()
	}
}

// announce takes in the total of a page.
func (p *Pager) announce(page Page) {
	if !page.HasTotal {
		return
	}
	if !p.known {
		p.known, p.total, p.least = true, page.Total, page.Total
		return
	}
	grown := page.Total - p.total
	p.total, p.least = page.Total, min(p.least, page.Total)
	p.moved += max(grown, 0)
	p.covered = max(p.head(), p.covered+min(grown, 0))
}

// cover takes in the rows of a page that leaves no hole. One that is not full
// before the end of the list counts as full: what it lacks is missed in the end.
func (p *Pager) cover(start, rows int) {
	end := start + rows
	if rows < p.size && (!p.known || end < p.total) {
		end = start + p.size
	}
	p.covered = max(p.covered, end)
}

// repetition follows a page on which everybody is old. Rows that moved make such a
// page, and so does a server that repeats a page whatever it is asked for: then the
// first page is the same.
func (p *Pager) repetition(page Page) Verdict {
	if p.moved >= len(page.IDs) {
		p.moved -= len(page.IDs)
		return p.proceed()
	}
	if p.known && p.covered >= p.total {
		return p.end()
	}
	if p.suspects++; p.suspects > maxSuspects {
		return Repeated
	}
	p.suspect = slices.Clone(page.IDs)
	p.page = p.first
	return Back
}

// proceed goes on behind what is covered.
func (p *Pager) proceed() Verdict {
	if p.known && p.covered >= p.total {
		return p.end()
	}
	return p.resume(Next)
}

// resume makes the page behind what is covered the next one.
func (p *Pager) resume(v Verdict) Verdict {
	p.page = p.covered/p.size + 1
	return v
}

// end is reached when all rows have been covered. As many must have come as were
// there throughout; where others took the places of rows that left, another pass
// finds them, and a pass that finds nobody proves that they are not there.
func (p *Pager) end() Verdict {
	switch {
	case !p.known || p.Came() >= p.least:
		return Done
	case p.gained:
		p.restart()
		return Back
	}
	return Short
}

// Steady reports whether the page at PageNo shows that nothing has moved since the
// pages before it: it is full, or the last one, of the same size and total, and
// nobody on it has come before. [Ahead] may only go on while that is so.
func (p *Pager) Steady(page Page) bool {
	if !p.known || !page.HasTotal || page.Total != p.total || page.Size != p.size ||
		len(page.IDs) != min(p.size, p.total-p.start()) {
		return false
	}
	unseen := make(map[int64]struct{}, len(page.IDs))
	for _, id := range page.IDs {
		if _, old := p.seen[id]; !old {
			unseen[id] = struct{}{}
		}
	}
	return len(unseen) == len(page.IDs)
}

// LastPage is the number of the last page by what is known, 0 where that is
// nothing.
func (p *Pager) LastPage() int { return (p.total + p.size - 1) / p.size }

// Distrust goes back by a number of pages, and further by what the totals of pages
// that were thrown away say has left.
func (p *Pager) Distrust(pages int, thrown []Page) {
	p.covered = max(p.head(), p.covered-pages*p.size)
	for _, page := range thrown {
		p.announce(page)
	}
	p.resume(Back)
}
