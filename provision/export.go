package provision

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/motive-go/motive"
)

// Export writes the fleet as a CSV roster whose plan, with the same integration,
// has nothing to do. It returns how many users it wrote, and names those whom no
// row can stand for: they have no key of their own, or share it.
//
// What a roster cannot say is left empty, and so left alone: values that no
// document lists, phones that two people have, and text with line breaks.
func Export(ctx context.Context, client *motive.Client, w io.Writer, integration string) (written int, omitted []string, err error) {
	f, err := readFleet(ctx, client, integration)
	if err != nil {
		return 0, nil, err
	}
	e := exporter{fleet: f, phones: make(map[string]int)}
	for _, user := range f.users {
		e.phones[phoneDigits(user.PhoneCountryCode)+" "+phoneDigits(user.Phone)]++
	}
	out := csv.NewWriter(w)
	_ = out.Write(exportNames()) // Flush reports it
	for i, user := range f.users {
		cells, ok := e.row(i)
		if !ok {
			omitted = append(omitted, nameOf(user))
			continue
		}
		written++
		_ = out.Write(cells)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return written, omitted, fmt.Errorf("provision: export the fleet: %w", err)
	}
	return written, omitted, nil
}

type exporter struct {
	fleet  *fleet
	phones map[string]int // how many users have each
}

// exported are the columns of an export: the external id, and everything that
// can be read and written, less the duty status, which changes by the hour.
func exported() []*column {
	return slices.DeleteFunc(slices.Clone(columns), func(c *column) bool {
		return c.name != externalIDColumn && (c.user < 0 || c.name == "duty_status")
	})
}

func exportNames() []string {
	var names []string
	for _, c := range exported() {
		names = append(names, c.name)
	}
	return names
}

// row is the row of a user; false where it would not lead back to the user.
func (e *exporter) row(i int) ([]string, bool) {
	user := e.fleet.users[i]
	all := exported()
	cells := make([]string, len(all))
	for at, c := range all {
		cells[at] = e.cell(c, i)
	}
	row := &Row{}
	row.fill(all, cells, ReadOptions{}.null())
	row.inspect(all, cells, false)
	row.Problems = append(row.Problems, validate(row)...)
	for at, c := range all {
		if slices.ContainsFunc(row.Problems, func(p Problem) bool { return p.Column == c.name }) {
			cells[at] = ""
		}
	}
	back := &Row{}
	back.fill(all, cells, ReadOptions{}.null())
	m := e.fleet.match(back)
	return cells, m.conflict == "" && m.user == i && len(m.claims) == 0 && user.Role != ""
}

// cell is the text from which a roster reads the value back; "" where it would
// read another.
func (e *exporter) cell(c *column, i int) string {
	user := e.fleet.users[i]
	if c.name == externalIDColumn {
		for _, id := range e.fleet.externalIDs(user) {
			if len(e.fleet.holders[key{externalIDColumn, id}]) == 1 {
				return plainText(id)
			}
		}
		return ""
	}
	if c.driver && user.Role != motive.RoleDriver {
		return ""
	}
	value := c.shown(user)
	switch {
	case string(value) == "null", e.shared(c, user):
		return ""
	case value[0] == '"':
		return plainText(unquoted(value))
	case value[0] == '[':
		return idsText(value)
	}
	return string(value)
}

// shared reports whether somebody else has a value by which users are known.
func (e *exporter) shared(c *column, user *motive.User) bool {
	switch c.name {
	case "driver_company_id":
		return len(e.fleet.holders[key{c.name, user.DriverCompanyID}]) > 1
	case "username":
		return len(e.fleet.holders[key{c.name, strings.ToLower(user.Username)}]) > 1
	case "email":
		return len(e.fleet.holders[key{c.name, strings.ToLower(user.Email)}]) > 1
	case "phone", "phone_country_code":
		return e.phones[phoneDigits(user.PhoneCountryCode)+" "+phoneDigits(user.Phone)] > 1
	}
	return false
}

// plainText is a text that a cell can hold as it is.
func plainText(s string) string {
	if s != strings.TrimSpace(s) || s == (ReadOptions{}).null() {
		return ""
	}
	return s
}

func idsText(value json.RawMessage) string {
	return strings.ReplaceAll(strings.Trim(string(value), "[]"), ",", ";")
}
