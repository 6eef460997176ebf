package provision

import (
	"fmt"
	"iter"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/text"
)

// Roster is the people a fleet should have, one row each. An error ends it: what
// came before is then not everything, and no plan is made.
type Roster = iter.Seq2[Row, error]

// Row is one person of a roster.
type Row struct {
	// Line is where the row begins in its file, from 1; 0 where there is no file.
	Line int
	// ExternalID is the person's id in the system that the roster is from. The
	// name of that system is [Options].Integration.
	ExternalID string
	// Attributes are what the person should have. What is absent is left alone,
	// null is cleared. External ids other than ExternalID are sent on create only.
	Attributes motive.UserAttributes
	// Columns and Cells are the row as it stood in its file, for the rows that
	// fail. Rows of one file share Columns.
	Columns, Cells []string
	// Problems keep the row from being provisioned.
	Problems []Problem
	// Notices say how the file was read where that had to be inferred.
	Notices []string

	trusted bool // numbers are taken as they stand
}

// name is first and last name, for people.
func (r *Row) name() string {
	first, _ := r.Attributes.FirstName.Get()
	last, _ := r.Attributes.LastName.Get()
	return strings.TrimSpace(first + " " + last)
}

// Problem is what is wrong with a cell, a row or a whole file.
type Problem struct {
	Line    int    `json:"line,omitzero"`   // of the file, from 1; 0 where there is none
	Column  string `json:"column,omitzero"` // the API's name; "" if it is of no single column
	Message string `json:"message"`
}

// Error reads "line 15, cycle: "70_9" is not a documented value".
func (p Problem) Error() string {
	where := p.Column
	if p.Line > 0 {
		where = strings.TrimSuffix(fmt.Sprintf("line %d, %s", p.Line, p.Column), ", ")
	}
	if where == "" {
		return p.Message
	}
	return where + ": " + p.Message
}

// RosterError is why a roster cannot be read at all: its columns, its encoding.
// What is wrong with single rows stands in [Row].Problems.
type RosterError struct {
	Problems []Problem
}

// Error names every problem.
func (e *RosterError) Error() string {
	all := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p.Error()
	}
	return "provision: read the roster: " + strings.Join(all, "; ")
}

// ReadOptions says how [ReadCSV] and [ReadJSON] take a file. The zero value
// takes the API's own names and refuses columns that it does not know.
type ReadOptions struct {
	// Columns maps headings of the file to the API's names, as in
	// "Employee ID": "external_id". Headings are compared without regard to case,
	// spaces, hyphens and underscores. A name of "" leaves the column out.
	Columns map[string]string
	// IgnoreUnknown leaves out the columns that have no name in the API.
	IgnoreUnknown bool
	// Null is the cell that clears a field; default "<null>".
	Null string
	// TrustNumbers takes ids and phones as they stand, also those that a
	// spreadsheet seems to have damaged.
	TrustNumbers bool
}

func (o ReadOptions) null() string {
	if o.Null == "" {
		return "<null>"
	}
	return o.Null
}

// headings finds the columns that a file's headings name. Every heading that
// means nothing is named at once. The column that [Report.WriteFailed] adds is
// passed over, so that a corrected file can be read as it is.
func (o ReadOptions) headings(cells []string, line int) ([]*column, error) {
	mapped := make(map[string]string, len(o.Columns))
	for heading, name := range o.Columns {
		mapped[canonicalName(heading)] = name
	}
	used := make(map[string]bool, len(mapped))
	columns := make([]*column, len(cells))
	first := make(map[string]string, len(cells))
	var problems []Problem
	add := func(heading, message string) {
		problems = append(problems, Problem{line, text.Printable(heading, 60), message})
	}
	for i, heading := range cells {
		name, ok := mapped[canonicalName(heading)]
		used[canonicalName(heading)] = true
		switch {
		case ok && name == "", text.Blank(heading), canonicalName(heading) == problemColumn:
			continue
		case !ok:
			name = heading
		}
		c := columnByName(name)
		if c == nil {
			if !o.IgnoreUnknown {
				add(heading, unknownColumn(name))
			}
			continue
		}
		if before, twice := first[c.name]; twice {
			add(heading, "is "+c.name+", as "+text.Quote(before)+" is; keep one of them")
			continue
		}
		first[c.name], columns[i] = heading, c
	}
	for heading := range o.Columns {
		if !used[canonicalName(heading)] {
			add(heading, "is mapped to "+text.Quote(o.Columns[heading])+", and the file has no such column")
		}
	}
	if problems == nil && len(first) == 0 {
		add("", "no column has a name of the API; the first line names them, as in external_id,first_name,last_name,role")
	}
	if problems != nil {
		sortProblems(problems)
		return nil, &RosterError{problems}
	}
	return columns, nil
}

func unknownColumn(name string) string {
	message := "is not a column of the API"
	if nearest, ok := text.Nearest(name, columnNames()); ok {
		return message + "; did you mean " + nearest + "?"
	}
	return message + "; map it to one, or ignore it"
}
