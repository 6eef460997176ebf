package motivetest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

type kind string // of a value; "text" and "moment" are strings

const (
	flag    kind = "flag"
	number  kind = "number"
	numbers kind = "numbers" // an array of integers
	day     kind = "day"     // YYYY-MM-DD
	object  kind = "object"
	objects kind = "objects" // an array of objects
)

// A field is one attribute of a user; see users.txt.
type field struct {
	name   string
	kind   kind
	access string   // readOnly, writeOnly or "both"
	driver bool     // absent on admins and fleet users
	blank  string   // the JSON that stands for null and absent; "" leaves the field out
	values []string // the only values, where they are limited
}

const (
	readOnly  = "read"  // in responses; ignored in requests
	writeOnly = "write" // in requests; never shown
)

//go:embed users.txt
var usersTable string

//go:embed cycles.txt
var cyclesTable string

var userFields = func() []*field {
	var fields []*field
	for _, row := range rowsOf(usersTable) {
		f := &field{name: row[0], kind: kind(row[1]), access: row[2], driver: row[3] == "driver"}
		if row[4] != "-" {
			f.blank = row[4]
		}
		if len(row) > 5 {
			f.values = strings.Split(row[5], ",")
		}
		fields = append(fields, f)
	}
	return fields
}()

// rowsOf returns the words of each line that is no comment.
func rowsOf(table string) [][]string {
	var rows [][]string
	for line := range strings.Lines(table) {
		if row := strings.Fields(line); len(row) > 0 && row[0] != "#" {
			rows = append(rows, row)
		}
	}
	return rows
}

var fieldByName = func() map[string]*field {
	m := map[string]*field{}
	for _, f := range userFields {
		m[f.name] = f
	}
	return m
}()

// What ?summary=true shows of a user: the short form in which Motive's other endpoints name one.
var summaryFields = []string{"id", "first_name", "last_name", "username", "email", "driver_company_id", "status", "role"}

var office = []string{"fleet_user", "admin", "fleet_admin"} // the roles that are no drivers

// The ELD modes of each, from Motive's hub: "Create a new user", "Validation for time_tracking_mode".
var eldModes = map[string][]string{
	"logs":         {"logs", "none"},
	"timecards":    {"exempt"},
	"not_required": {"exempt"},
}

var cycleExceptions = func() map[string][]string {
	m := map[string][]string{}
	for _, row := range rowsOf(cyclesTable) {
		for i := range row[1:] {
			row[i+1] = "exception_" + row[i+1]
		}
		m[row[0]] = row[1:]
	}
	return m
}()

// The exceptions that belong to a cycle. exception_adverse_driving is not among them: it stands
// in no cycle's row and yet the create page accepts it, being a condition met on the road. It is
// allowed with every cycle.
var exceptions = []string{
	"exception_24_hour_restart", "exception_8_hour_break", "exception_wait_time",
	"exception_short_haul", "exception_ca_farm_school_bus",
}

// allowedExceptions returns the exceptions of a cycle, and whether the cycle is known. Live data
// carries cycles with the suffix _2020, which follow the rules of the cycle without it; Other has
// no hours that could have an edition.
func allowedExceptions(cycle string) ([]string, bool) {
	list, ok := cycleExceptions[strings.TrimSuffix(cycle, "_2020")]
	return list, ok && cycle != "Other_2020"
}

// showsDriver reports whether a user of the role has the fields of a driver. A role that this
// table does not know, which only a seeded user has, shows all.
func showsDriver(role string) bool { return !slices.Contains(office, role) }

// shown reports whether a user of the role has the field.
func shown(name, role string) bool { return !fieldByName[name].driver || showsDriver(role) }

// attrs are the attributes of a user, or a request's body, by JSON name. A missing key is absent.
type attrs map[string]json.RawMessage

// text returns a string field, or "" if it is absent, null or no string.
func (a attrs) text(name string) string {
	var s string
	if raw, ok := a[name]; ok {
		_ = json.Unmarshal(raw, &s)
	}
	return s
}

// has reports whether the field is present and neither null nor empty.
func (a attrs) has(name string) bool {
	return !slices.Contains([]string{"", "null", `""`, "[]", "{}"}, string(a[name]))
}

// check returns what is wrong with the type of a request's value, or with the value where the
// values are limited; "" if nothing is. Null is of every type.
func (f *field) check(raw json.RawMessage) string {
	var s string
	into, what := any(&s), "a string"
	switch f.kind {
	case flag:
		into, what = new(bool), "true or false"
	case number:
		into, what = new(int64), "an integer"
	case numbers:
		into, what = new([]int64), "an array of integers"
	case object:
		into, what = new(map[string]any), "an object"
	case objects:
		into, what = new([]map[string]any), "an array of objects"
	case day:
		what = "a date like 2026-01-31"
	}
	err := json.Unmarshal(raw, into)
	if err == nil && f.kind == day && s != "" {
		_, err = time.Parse(time.DateOnly, s)
	}
	if err != nil {
		return "must be " + what
	}
	if f.values == nil || s == "" || slices.Contains(f.values, s) {
		return ""
	}
	return fmt.Sprintf("is %q, which is not one of %s", s, strings.Join(f.values, ", "))
}

// jsonOf writes the user as the API shows it: the fields of the role in the order of the
// table, then the unknown ones that were seeded. Nothing that is write only gets in.
func jsonOf(a attrs) []byte {
	driver := showsDriver(a.text("role"))
	b := append(make([]byte, 0, 2048), '{')
	for _, f := range userFields {
		if f.access == writeOnly || f.driver && !driver {
			continue
		}
		raw := a[f.name]
		if raw == nil || string(raw) == "null" || f.values != nil && string(raw) == `""` {
			raw = json.RawMessage(f.blank)
		}
		if len(raw) > 0 {
			b = appendField(b, f.name, raw)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if fieldByName[name] == nil {
			b = appendField(b, name, a[name])
		}
	}
	return append(b, '}')
}

func appendField(b []byte, name string, raw json.RawMessage) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	if fieldByName[name] == nil {
		b = append(b, encode(name)...)
	} else { // plain, and so quoted for nothing
		b = append(append(append(b, '"'), name...), '"')
	}
	b = append(b, ':')
	return append(b, raw...)
}

// decodeObject reads a JSON object and nothing after it.
func decodeObject(data []byte) (attrs, error) {
	var a attrs
	data, err := compacted(data)
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err == nil && a == nil {
		err = errors.New("null is not an object")
	}
	return a, err
}

// compacted returns one JSON value without the space in it.
func compacted(data []byte) ([]byte, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the text is not UTF-8")
	}
	var b bytes.Buffer
	err := json.Compact(&b, data)
	return b.Bytes(), err
}
