package provision

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/motive-go/motive"
)

// ReadJSON reads a roster of one JSON object a line, with the API's names. A
// field that is absent or "" is left alone, null clears it, and a number or a
// boolean is read as the text that it is written with. Rows are read one at a
// time; the roster can be ranged over once.
//
// A row that is wrong comes with its Problems. An error ends the roster.
func ReadJSON(r io.Reader, opts ReadOptions) Roster {
	return func(yield func(Row, error) bool) {
		d := newDecoder(r)
		in := bufio.NewReader(d)
		for line := 1; ; line++ {
			data, err := in.ReadBytes('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Row{}, fmt.Errorf("provision: read the roster: %w", err))
				return
			}
			if data = bytes.TrimSpace(data); len(data) > 0 {
				row := Row{Line: line, Notices: d.take(), trusted: opts.TrustNumbers}
				if line == 1 && data[0] == '[' {
					yield(Row{}, &RosterError{[]Problem{{line, "", "is a JSON array; write one object a line"}}})
					return
				}
				row.object(data, opts)
				if !yield(row, nil) {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
}

// object fills the row from a JSON object.
func (row *Row) object(data []byte, opts ReadOptions) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		row.problem("", "is not a JSON object: "+err.Error())
		return
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	known := ReadOptions{IgnoreUnknown: opts.IgnoreUnknown, Columns: present(opts.Columns, names)}
	columns, err := known.headings(flatNames(names), row.Line)
	var wrong *RosterError
	if errors.As(err, &wrong) {
		row.Problems = append(row.Problems, wrong.Problems...)
		return
	}
	if at := slices.Index(names, "custom_user_role"); at >= 0 {
		row.customRole(fields["custom_user_role"])
		columns[at] = nil
	}
	cells := make([]string, len(names))
	for i, name := range names {
		if columns[i] == nil {
			continue
		}
		cell, err := jsonCell(fields[name])
		switch {
		case err != nil:
			row.problem(columns[i].name, err.Error())
		case cell == nil:
			if err := columns[i].clear(row); err != nil {
				row.problem(columns[i].name, err.Error())
			}
		default:
			cells[i] = *cell
		}
	}
	row.fill(columns, cells, "")
	row.inspect(columns, cells, false)
	row.Columns, row.Cells = names, rawCells(fields, names)
}

// flatNames writes custom_user_role, which is an object here, as the column that
// a table has for it.
func flatNames(names []string) []string {
	flat := slices.Clone(names)
	if at := slices.Index(flat, "custom_user_role"); at >= 0 {
		flat[at] = userRoleColumn
	}
	return flat
}

// present leaves out the mappings whose heading a row does not have: every
// object may have other fields.
func present(mapped map[string]string, names []string) map[string]string {
	found := make(map[string]string, len(mapped))
	for heading, name := range mapped {
		if slices.ContainsFunc(names, func(n string) bool { return canonicalName(n) == canonicalName(heading) }) {
			found[heading] = name
		}
	}
	return found
}

func (row *Row) customRole(data json.RawMessage) {
	var custom motive.CustomUserRole
	if err := json.Unmarshal(data, &custom); err != nil {
		row.problem("custom_user_role", "is not an object with user_role_id and group_ids")
		return
	}
	row.Attributes.CustomUserRole = motive.Set(custom)
}

// jsonCell is the text of a value as a table would have it; nil for null.
func jsonCell(data json.RawMessage) (*string, error) {
	cell := string(data)
	switch data[0] {
	case 'n':
		return nil, nil
	case '"':
		err := json.Unmarshal(data, &cell)
		return &cell, err
	case '{':
		return nil, errors.New("is an object; write a value")
	case '[':
		cell = strings.NewReplacer("[", "", "]", "", `"`, "").Replace(cell)
	}
	return &cell, nil
}

// rawCells shows the values for the file of the rows that failed.
func rawCells(fields map[string]json.RawMessage, names []string) []string {
	cells := make([]string, len(names))
	for i, name := range names {
		cells[i] = string(fields[name])
		if cell, err := jsonCell(fields[name]); err == nil && cell != nil {
			cells[i] = *cell
		}
	}
	return cells
}
