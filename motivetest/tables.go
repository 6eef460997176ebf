package motivetest

import (
	_ "embed"
	"slices"
	"strings"
)

type kind string

const (
	text    kind = "text"
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
	access access
	driver bool     // absent on admins and fleet users
	blank  string   // the JSON that stands for null and absent; "" leaves the field out
	values []string // the only values, where they are limited
}

type access string

const (
	readOnly  access = "read"  // in responses; ignored in requests
	writeOnly access = "write" // in requests; never shown
)

//go:embed users.txt
var usersTable string

//go:embed cycles.txt
var cyclesTable string

var userFields = func() []*field {
	var fields []*field
	for _, row := range rowsOf(usersTable) {
		f := &field{name: row[0], kind: kind(row[1]), access: access(row[2]), driver: row[3] == "driver"}
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

// The ELD modes that go with a time_tracking_mode. Motive's hub: "Create a new user", "Validation for
// time_tracking_mode".
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
// carries cycles with the suffix _2020, which follow the rules of the cycle without it.
func allowedExceptions(cycle string) ([]string, bool) {
	list, ok := cycleExceptions[strings.TrimSuffix(cycle, "_2020")]
	return list, ok
}

// showsDriver reports whether a user of the role has the fields of a driver. A role that this
// table does not know, which only a seeded user has, shows all.
func showsDriver(role string) bool { return !slices.Contains(office, role) }

// shown reports whether a user of the role has the field.
func shown(name, role string) bool { return !fieldByName[name].driver || showsDriver(role) }
