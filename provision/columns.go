package provision

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/text"
)

// column is a column of a roster.
type column struct {
	name      string
	attribute int  // the field of motive.UserAttributes; -1 for those kept elsewhere
	user      int  // the field of motive.User; -1 where the API does not show it
	driver    bool // of drivers only
	secret    bool // never printed
	fallback  bool // the service has a value of its own where there is none
}

const (
	externalIDColumn = "external_id"
	userRoleColumn   = "custom_user_role.user_role_id"
	roleGroupsColumn = "custom_user_role.group_ids"
)

// columns are the attributes that can be written, in the order of
// [motive.UserAttributes], after those that have no attribute of their own.
// Nothing writes to it.
var columns = func() []*column {
	all := []*column{
		{name: externalIDColumn, attribute: -1, user: -1},
		{name: userRoleColumn, attribute: -1, user: -1},
		{name: roleGroupsColumn, attribute: -1, user: -1},
	}
	shown := make(map[string]int)
	user := reflect.TypeFor[motive.User]()
	for i := range user.NumField() {
		shown[jsonName(user.Field(i))] = i
	}
	driver := shown["username"] // User lists what drivers alone have from here on
	attributes := reflect.TypeFor[motive.UserAttributes]()
	for i := range attributes.NumField() {
		name := jsonName(attributes.Field(i))
		if name == "-" || name == "external_ids_attributes" || name == "custom_user_role" {
			continue
		}
		c := &column{name: name, attribute: i, user: -1, driver: name == "time_tracking_mode", secret: name == "password" || name == "drivers_license_number"}
		c.fallback = hasDefault(name)
		if at, ok := shown[name]; ok {
			c.user, c.driver = at, at >= driver
		}
		all = append(all, c)
	}
	return all
}()

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return cmp.Or(name, "-")
}

func columnNames() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// columnByName finds a column by a heading; nil if there is none.
func columnByName(heading string) *column {
	name := canonicalName(heading)
	i := slices.IndexFunc(columns, func(c *column) bool { return canonicalName(c.name) == name })
	if i < 0 {
		return nil
	}
	return columns[i]
}

// canonicalName makes the spellings of a heading equal: "First name",
// "FIRST-NAME" and "first_name".
func canonicalName(heading string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '\ufeff' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, heading)
}

// optional is what every motive.Optional does.
type optional interface {
	IsZero() bool
	IsNull() bool
	String() string
	MarshalJSON() ([]byte, error)
}

// of returns the attribute that c stands for; false where that is absent, or
// kept elsewhere.
func (c *column) of(a *motive.UserAttributes) (optional, bool) {
	if c.attribute < 0 {
		return nil, false
	}
	field := reflect.ValueOf(a).Elem().Field(c.attribute)
	if field.IsZero() {
		return nil, false
	}
	return field.Addr().Interface().(optional), true
}

// hasDefault reports whether a field cannot be cleared, since the service falls
// back to a value of its own, or none of it is ever read back.
func hasDefault(name string) bool {
	switch name {
	case "eld_mode", "violation_alerts", "duty_status", "metric_units", "time_tracking_mode", "password", "group_visibility", "status":
		return true
	}
	return strings.HasPrefix(name, "exception_")
}

// set writes a cell that is not empty into the row.
func (c *column) set(row *Row, cell string) error {
	switch c.name {
	case externalIDColumn:
		row.ExternalID = cell
		return nil
	case userRoleColumn:
		id, err := parseID(cell)
		custom, _ := row.Attributes.CustomUserRole.Get()
		custom.UserRoleID = id
		row.Attributes.CustomUserRole = motive.Set(custom)
		return err
	case roleGroupsColumn:
		ids, err := parseIDs(cell)
		custom, _ := row.Attributes.CustomUserRole.Get()
		custom.GroupIDs = ids
		row.Attributes.CustomUserRole = motive.Set(custom)
		return err
	}
	return setAttribute(reflect.ValueOf(&row.Attributes).Elem().Field(c.attribute).Addr().Interface(), cell)
}

// clear makes the row clear what c stands for.
func (c *column) clear(row *Row) error {
	if c.attribute < 0 {
		return errors.New("cannot be cleared; leave the cell empty to leave it alone")
	}
	field := reflect.ValueOf(&row.Attributes).Elem().Field(c.attribute).Addr().Interface()
	return field.(json.Unmarshaler).UnmarshalJSON([]byte("null"))
}

func setAttribute(field any, cell string) (err error) {
	switch f := field.(type) {
	case *motive.Optional[string]:
		*f = motive.Set(cell)
		return nil
	case *motive.Optional[bool]:
		return set(f, cell, parseBool)
	case *motive.Optional[motive.Date]:
		return set(f, cell, parseDate)
	case *motive.Optional[[]int64]:
		return set(f, cell, parseIDs)
	case *motive.Optional[motive.Role]:
		return word(f, cell, motive.ParseRole)
	case *motive.Optional[motive.Status]:
		return word(f, cell, motive.ParseStatus)
	case *motive.Optional[motive.DutyStatus]:
		return word(f, cell, motive.ParseDutyStatus)
	case *motive.Optional[motive.ELDMode]:
		return word(f, cell, motive.ParseELDMode)
	case *motive.Optional[motive.TimeTrackingMode]:
		return word(f, cell, motive.ParseTimeTrackingMode)
	case *motive.Optional[motive.ViolationAlerts]:
		return word(f, cell, motive.ParseViolationAlerts)
	case *motive.Optional[motive.Cycle]:
		return word(f, cell, motive.ParseCycle)
	case *motive.Optional[motive.GroupVisibility]:
		return word(f, cell, motive.ParseGroupVisibility)
	}
	return fmt.Errorf("cannot be written in a roster (%T)", field)
}

func set[T any](field *motive.Optional[T], cell string, parse func(string) (T, error)) error {
	value, err := parse(cell)
	if err == nil {
		*field = motive.Set(value)
	}
	return err
}

// word takes the spellings that parse knows, and leaves any other for validation
// to explain, which sees the fields beside it.
func word[T ~string](field *motive.Optional[T], cell string, parse func(string) (T, error)) error {
	if set(field, cell, parse) != nil {
		*field = motive.Set(T(cell))
	}
	return nil
}

// parseBool reads what spreadsheets and people write for yes and no.
func parseBool(cell string) (bool, error) {
	switch strings.ToLower(cell) {
	case "true", "yes", "y", "1":
		return true, nil
	case "false", "no", "n", "0":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", text.Quote(cell))
}

// parseDate takes one form only: 03/04/2026 is two days, depending on who reads
// it.
func parseDate(cell string) (motive.Date, error) {
	day, err := time.Parse(time.DateOnly, cell)
	if err != nil {
		return motive.Date{}, fmt.Errorf("%s is not a date; write it as 2026-01-31", text.Quote(cell))
	}
	return motive.Date{Time: day}, nil
}

func parseID(cell string) (int64, error) {
	id, err := strconv.ParseInt(cell, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%s is not an id of Motive's; an id is a number above zero", text.Quote(cell))
	}
	return id, nil
}

// parseIDs reads "101;102", "101, 102" and "101 102".
func parseIDs(cell string) ([]int64, error) {
	words := strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == ',' || unicode.IsSpace(r) })
	ids := make([]int64, 0, len(words))
	for _, word := range words {
		id, err := parseID(word)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// fill writes the cells of a row that c's columns know, and keeps what is wrong
// with them as problems of the row.
func (row *Row) fill(columns []*column, cells []string, null string) {
	for i, c := range columns {
		if c == nil || i >= len(cells) {
			continue
		}
		cell := strings.TrimSpace(cells[i])
		if cell == "" {
			continue
		}
		var err error
		if cell == null {
			err = c.clear(row)
		} else {
			err = c.set(row, cell)
		}
		if err != nil {
			row.problem(c.name, err.Error())
		}
	}
}

func (row *Row) problem(column, message string) {
	row.Problems = append(row.Problems, Problem{row.Line, column, message})
}

func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
