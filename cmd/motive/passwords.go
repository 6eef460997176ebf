package main

import (
	"slices"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

// withoutPasswords takes the passwords out of a roster before it is planned with,
// since a plan is a file that is kept, mailed and printed.
func withoutPasswords(roster provision.Roster, opts provision.ReadOptions) provision.Roster {
	return func(yield func(provision.Row, error) bool) {
		said := false
		for row, err := range roster {
			at := slices.IndexFunc(row.Columns, func(heading string) bool { return foldName(fieldOf(heading, opts)) == "password" })
			if at >= 0 {
				forget(&row, at)
			}
			if !row.Attributes.Password.IsZero() {
				row.Attributes.Password = motive.Optional[string]{}
				if !said {
					said = true
					row.Notices = append(slices.Clone(row.Notices), "passwords of the roster are left out, since a plan is kept and passed on; apply --passwords makes new ones")
				}
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// forget blanks the cell of a password. In a row with too many cells it can stand
// anywhere from the first cell that was torn in two, so that such a row keeps its
// name and what is wrong with it as a whole.
func forget(row *provision.Row, at int) {
	row.Cells = slices.Clone(row.Cells)
	if len(row.Cells) <= len(row.Columns) {
		if at < len(row.Cells) {
			row.Cells[at] = ""
		}
		return
	}
	clear(row.Cells[min(at, len(row.Cells)):])
	named := motive.UserAttributes{FirstName: row.Attributes.FirstName, LastName: row.Attributes.LastName}
	row.Attributes, row.ExternalID = named, ""
	row.Problems = slices.DeleteFunc(slices.Clone(row.Problems), func(p provision.Problem) bool { return p.Column != "" })
}
