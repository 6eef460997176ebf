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
		file := jsonFile{decoder: d, in: bufio.NewReader(d), opts: opts}
		for {
			row, err := file.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

type jsonFile struct {
	decoder *decoder
	in      *bufio.Reader
	opts    ReadOptions
	line    int
}

// next reads the next line that is not blank.
func (f *jsonFile) next() (Row, error) {
	for {
		data, err := f.in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return Row{}, fmt.Errorf("provision: read the roster: %w", err)
		}
		f.line++
		data = bytes.TrimSpace(data)
		switch {
		case len(data) == 0 && err != nil:
			return Row{}, io.EOF
		case len(data) == 0:
			continue
		case f.line == 1 && data[0] == '[':
			return Row{}, &RosterError{[]Problem{{f.line, "", "is a JSON array; write one object a line"}}}
		}
		row := Row{Line: f.line, Notices: f.decoder.take(), trusted: f.opts.TrustNumbers}
		row.object(data, f.opts)
		return row, nil
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
