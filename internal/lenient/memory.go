package lenient

import "errors"

// What is made of a body takes at most eight times its bytes. No response that means
// well takes more, for most of a record is text. But a struct is larger than a row
// that sets few fields, and such rows are common in tests. So a body may also take
// what its rows weigh, up to those of a page, each with room for a map of what has no
// field. From about 20 KB on the eight times are the larger of the two, and rows
// beyond a page must be worth their structs.
const (
	multiple = 8
	page     = 100 // rows
	room     = 512 // bytes beside each row, and four times as many once
)

var errTooMuch = errors.New("the body would take up many times its size in memory")

// allowRow counts a row that is about to be read.
func (d *Decoder) allowRow() {
	d.rows++
	d.most = max(d.most, min(d.rows, page)*(d.table.size+room)+4*room)
	d.made += d.table.size + d.table.place
}

// spend counts memory that is about to be made, and reports whether it may. It
// faults where it is too much for the body. A small allocation takes up to an eighth
// more than is asked for, a large one whole pages of 8 KiB.
func (d *Decoder) spend(bytes int) bool {
	more := bytes / 8
	if bytes > 32<<10 {
		more = 8 << 10
	}
	if d.made += bytes + more; d.made > d.most {
		d.Stop(errTooMuch)
	}
	return d.err == nil
}
