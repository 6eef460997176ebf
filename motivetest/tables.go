package motivetest

import (
	"slices"
	"strings"
)

// The tables of this file are the fake's own transcription of Motive's pages,
// so that a mistake in the client's tables cannot hide behind the same mistake
// here.

type kind uint8

const (
	text kind = iota
	flag
	number
	numbers // an array of integers
	day     // YYYY-MM-DD
	moment  // RFC 3339
	object
	objects // an array of objects
)

// A field is one attribute of a user.
type field struct {
	name   string
	kind   kind
	access access
	driver bool     // absent on admins and fleet users
	blank  string   // the JSON that stands for null and absent; "" leaves the field out
	values []string // the only values, where they are limited
}

type access uint8

const (
	readWrite access = iota
	readOnly         // in answers; ignored in requests
	writeOnly        // in requests; never answered
)

// Motive's hub: "Overview of /users", "Create a new user". The order is that of
// the answers.
var userFields = []field{
	{name: "id", kind: number, access: readOnly},
	{name: "email", blank: "null"},
	{name: "first_name", blank: `""`},
	{name: "last_name", blank: `""`},
	{name: "company_reference_id", blank: "null"},
	{name: "phone", blank: "null"},
	{name: "phone_ext", blank: "null"},
	{name: "phone_country_code", blank: "null"},
	{name: "phone2", blank: "null"},
	{name: "phone_country_code2", blank: "null"},
	{name: "time_zone", blank: "null"},
	{name: "metric_units", kind: flag, blank: "false"},
	{name: "role", values: roles},
	{name: "status", blank: `"active"`, values: statuses},
	{name: "group_ids", kind: numbers, blank: "[]"},
	{name: "external_ids", kind: objects, access: readOnly, blank: "[]"},
	{name: "dot_id"},

	{name: "username", driver: true, blank: "null"},
	{name: "driver_company_id", driver: true, blank: "null"},
	{name: "drivers_license_number", driver: true, blank: "null"},
	{name: "drivers_license_state", driver: true, blank: "null"},
	{name: "joined_at", kind: day, driver: true, blank: "null"},
	{name: "duty_status", driver: true, blank: `"off_duty"`, values: dutyStatuses},
	{name: "eld_mode", driver: true, blank: `"logs"`, values: eldModes},
	{name: "cycle", driver: true, blank: "null"},
	{name: "cycle2", driver: true, blank: "null"},
	{name: "violation_alerts", driver: true, blank: `"1_hour"`, values: alerts},
	{name: "carrier_name", driver: true, blank: "null"},
	{name: "carrier_street", driver: true, blank: "null"},
	{name: "carrier_city", driver: true, blank: "null"},
	{name: "carrier_state", driver: true, blank: "null"},
	{name: "carrier_zip", driver: true, blank: "null"},
	{name: "terminal_street", driver: true, blank: "null"},
	{name: "terminal_city", driver: true, blank: "null"},
	{name: "terminal_state", driver: true, blank: "null"},
	{name: "terminal_zip", driver: true, blank: "null"},
	{name: "exception_24_hour_restart", kind: flag, driver: true, blank: "false"},
	{name: "exception_8_hour_break", kind: flag, driver: true, blank: "false"},
	{name: "exception_wait_time", kind: flag, driver: true, blank: "false"},
	{name: "exception_short_haul", kind: flag, driver: true, blank: "false"},
	{name: "exception_ca_farm_school_bus", kind: flag, driver: true, blank: "false"},
	{name: "exception_adverse_driving", kind: flag, driver: true, blank: "false"},
	{name: "exception_24_hour_restart2", kind: flag, driver: true, blank: "false"},
	{name: "exception_8_hour_break2", kind: flag, driver: true, blank: "false"},
	{name: "exception_wait_time2", kind: flag, driver: true, blank: "false"},
	{name: "exception_short_haul2", kind: flag, driver: true, blank: "false"},
	{name: "exception_ca_farm_school_bus2", kind: flag, driver: true, blank: "false"},
	{name: "exception_adverse_driving2", kind: flag, driver: true, blank: "false"},
	{name: "export_combined", kind: flag, driver: true, blank: "false"},
	{name: "export_recap", kind: flag, driver: true, blank: "false"},
	{name: "export_odometers", kind: flag, driver: true, blank: "false"},
	{name: "minute_logs", kind: flag, driver: true, blank: "false"},
	{name: "yard_moves_enabled", kind: flag, driver: true, blank: "false"},
	{name: "personal_conveyance_enabled", kind: flag, driver: true, blank: "false"},
	{name: "manual_driving_enabled", kind: flag, driver: true, blank: "false"},
	{name: "associated_dispatcher_id", kind: number, access: readOnly, driver: true, blank: "null"},

	{name: "mobile_current_sign_in_at", kind: moment, access: readOnly, blank: "null"},
	{name: "mobile_last_sign_in_at", kind: moment, access: readOnly, blank: "null"},
	{name: "mobile_last_active_at", kind: moment, access: readOnly, blank: "null"},
	{name: "web_current_sign_in_at", kind: moment, access: readOnly, blank: "null"},
	{name: "web_last_sign_in_at", kind: moment, access: readOnly, blank: "null"},
	{name: "web_last_active_at", kind: moment, access: readOnly, blank: "null"},
	{name: "expires_at", kind: moment, access: readOnly, blank: "null"},
	{name: "created_at", kind: moment, access: readOnly},
	{name: "updated_at", kind: moment, access: readOnly},

	{name: "password", access: writeOnly},
	{name: "time_tracking_mode", access: writeOnly, values: timeModes},
	{name: "group_visibility", access: writeOnly, values: []string{"limited"}},
	{name: "custom_user_role", kind: object, access: writeOnly},
	{name: "external_ids_attributes", kind: objects, access: writeOnly},
}

var fieldByName = func() map[string]*field {
	m := make(map[string]*field, len(userFields))
	for i := range userFields {
		m[userFields[i].name] = &userFields[i]
	}
	return m
}()

// What ?summary=true answers of a user: the short form in which Motive's other
// endpoints name one.
var summaryFields = []string{
	"id", "first_name", "last_name", "username", "email", "driver_company_id", "status", "role",
}

var (
	roles        = []string{"driver", "fleet_user", "admin", "fleet_admin"}
	office       = []string{"fleet_user", "admin", "fleet_admin"} // the roles that are no drivers
	statuses     = []string{"active", "deactivated"}
	dutyStatuses = []string{"off_duty", "on_duty", "driving", "sleeper", "waiting"}
	eldModes     = []string{"logs", "none", "exempt"}
	timeModes    = []string{"logs", "timecards", "not_required"}
	alerts       = []string{"never", "1_hour", "45_minutes", "30_minutes", "15_minutes", "2_hours"}
)

// Motive's hub: "Create a new user", "Validation for time_tracking_mode".
var modePairs = []struct{ tracking, eld string }{
	{"logs", "logs"},
	{"logs", "none"},
	{"timecards", "exempt"},
	{"not_required", "exempt"},
}

// Motive's hub: "Overview of /users", the table of cycles. The page's text lost
// its empty cells: the cycles without exceptions show their violations in the
// column of the exceptions.
var cycleExceptions = map[string][]string{
	"70_8":         {"exception_24_hour_restart", "exception_8_hour_break", "exception_short_haul"},
	"60_7":         {"exception_24_hour_restart", "exception_8_hour_break", "exception_short_haul"},
	"70_8_o":       {"exception_24_hour_restart", "exception_8_hour_break", "exception_wait_time", "exception_short_haul"},
	"60_7_o":       {"exception_24_hour_restart", "exception_8_hour_break", "exception_wait_time", "exception_short_haul"},
	"70_8_p":       nil,
	"60_7_p":       nil,
	"80_8":         {"exception_24_hour_restart"},
	"80_8_o":       {"exception_24_hour_restart", "exception_wait_time"},
	"80_8_p":       {"exception_ca_farm_school_bus"},
	"tx_70_7":      {"exception_24_hour_restart"},
	"ak_70_7":      {"exception_24_hour_restart"},
	"ak_80_8":      {"exception_24_hour_restart"},
	"ak_70_7_o":    {"exception_24_hour_restart", "exception_wait_time"},
	"ak_80_8_o":    {"exception_24_hour_restart", "exception_wait_time"},
	"ak_70_7_p":    nil,
	"ak_80_8_p":    nil,
	"70_7":         nil,
	"120_14":       nil,
	"canada_oil":   {"exception_wait_time"},
	"80_7":         nil,
	"120_14_north": nil,
	"Other":        nil,
}

// The exceptions that belong to a cycle. exception_adverse_driving is not among
// them: it stands in no cycle's row and yet the create page accepts it, being a
// condition met on the road. It is allowed with every cycle.
var exceptions = []string{
	"exception_24_hour_restart", "exception_8_hour_break", "exception_wait_time",
	"exception_short_haul", "exception_ca_farm_school_bus",
}

// allowedExceptions returns the exceptions of a cycle, and whether the cycle is
// known. Live data carries cycles with the suffix _2020, which follow the rules
// of the cycle without it.
func allowedExceptions(cycle string) ([]string, bool) {
	list, ok := cycleExceptions[strings.TrimSuffix(cycle, "_2020")]
	return list, ok
}

// showsDriver reports whether a user of the role has the fields of a driver. A
// role that this table does not know, which only a seeded user has, shows all.
func showsDriver(role string) bool { return !slices.Contains(office, role) }

func modesGoTogether(tracking, eld string) bool {
	return slices.Contains(modePairs, struct{ tracking, eld string }{tracking, eld})
}
