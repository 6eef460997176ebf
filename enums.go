package motive

import (
	"slices"
	"strings"

	"github.com/motive-go/motive/internal/text"
)

// The string types below are open: a value this version does not know is kept
// when the server sends it, and refused by validation before it is sent.

// Role says what a user is: it decides which fields the user has and which
// application the user can sign in to.
//
// Motive's hub: "Overview of /users".
type Role string

// The roles. Motive's overview calls the administrator fleet_admin, its create
// page and live responses call it admin; both are accepted.
const (
	RoleDriver     Role = "driver"      // uses the mobile app, has no dashboard
	RoleFleetUser  Role = "fleet_user"  // uses the dashboard, may be restricted to groups
	RoleAdmin      Role = "admin"       // uses the dashboard
	RoleFleetAdmin Role = "fleet_admin" // the other spelling of RoleAdmin
)

// administrator makes the two names of an administrator one.
func administrator(r Role) Role {
	if r == RoleFleetAdmin {
		return RoleAdmin
	}
	return r
}

// Status says whether a user can sign in. A user is never deleted.
type Status string

// The statuses a request may set. StatusPending has been seen in responses
// and cannot be set.
const (
	StatusActive      Status = "active"
	StatusDeactivated Status = "deactivated"
	StatusPending     Status = "pending"
)

// ELDMode says how the electronic logging device records a driver.
type ELDMode string

// The ELD modes. Each goes with certain time tracking modes only; see
// [ModePairs].
const (
	ELDModeLogs   ELDMode = "logs"   // the Vehicle Gateway records everything
	ELDModeNone   ELDMode = "none"   // the driver keeps an electronic logbook in the app
	ELDModeExempt ELDMode = "exempt" // the driver need not keep logs
)

// TimeTrackingMode says how a driver's time is recorded.
//
// It has to go with the ELD mode; see [ModePairs]. It can be written; responses
// do not show it.
//
// Motive's hub: "Create a new user".
type TimeTrackingMode string

// The time tracking modes.
const (
	TimeTrackingModeLogs        TimeTrackingMode = "logs"         // goes with ELDModeLogs and ELDModeNone
	TimeTrackingModeTimecards   TimeTrackingMode = "timecards"    // goes with ELDModeExempt
	TimeTrackingModeNotRequired TimeTrackingMode = "not_required" // goes with ELDModeExempt
)

// ModePair is a time tracking mode with an ELD mode.
type ModePair struct {
	TimeTrackingMode TimeTrackingMode
	ELDMode          ELDMode
}

// ModePairs returns the four pairs that go together, in the order of Motive's
// table; every other pair is refused. The caller may modify the result.
//
// Motive's hub: "Create a new user", section "Update: Validation for
// time_tracking_mode".
func ModePairs() []ModePair { return modeTable.names() }

// Valid reports whether p is one of [ModePairs].
func (p ModePair) Valid() bool { return p.Description() != "" }

// Description says who records the driver's time. It is "" for a pair that is
// not valid.
func (p ModePair) Description() string { return modeTable.meaning(p) }

// A glossary lists names with what they mean.
type glossary[T comparable] []struct {
	name    T
	meaning string
}

func (g glossary[T]) names() []T {
	names := make([]T, len(g))
	for i, row := range g {
		names[i] = row.name
	}
	return names
}

func (g glossary[T]) meaning(name T) string {
	for _, row := range g {
		if row.name == name {
			return row.meaning
		}
	}
	return ""
}

// Motive's table: what goes with what, and what it means.
var modeTable = glossary[ModePair]{
	{ModePair{TimeTrackingModeLogs, ELDModeLogs}, "the Vehicle Gateway records everything"},
	{ModePair{TimeTrackingModeLogs, ELDModeNone},
		"the driver keeps an electronic logbook in the Driver app, and the Vehicle Gateway logs nothing"},
	{ModePair{TimeTrackingModeTimecards, ELDModeExempt},
		"the driver is exempt from logs, and tracks time with timecards in the Driver app"},
	{ModePair{TimeTrackingModeNotRequired, ELDModeExempt},
		"the driver is exempt from logs, and need not track time in Motive"},
}

// partners lists the ELD modes that go with the time tracking mode of p, and the
// time tracking modes that go with its ELD mode.
func (p ModePair) partners() (elds []ELDMode, trackings []TimeTrackingMode) {
	for _, row := range modeTable {
		if row.name.TimeTrackingMode == p.TimeTrackingMode {
			elds = append(elds, row.name.ELDMode)
		}
		if row.name.ELDMode == p.ELDMode {
			trackings = append(trackings, row.name.TimeTrackingMode)
		}
	}
	return elds, trackings
}

// DutyStatus is a driver's current line on the log chart.
type DutyStatus string

// The duty statuses.
const (
	DutyStatusOffDuty DutyStatus = "off_duty"
	DutyStatusOnDuty  DutyStatus = "on_duty"
	DutyStatusDriving DutyStatus = "driving"
	DutyStatusSleeper DutyStatus = "sleeper"
	DutyStatusWaiting DutyStatus = "waiting" // only with the wait time exception
)

// GroupVisibility says whether a fleet user is restricted to the groups of the
// custom user role.
//
// Motive's hub: "Create a new user".
type GroupVisibility string

// GroupVisibilityLimited restricts a fleet user to the groups in
// [CustomUserRole]. It is the only value that Motive documents.
const GroupVisibilityLimited GroupVisibility = "limited"

// ViolationAlerts says how long before a violation a driver is warned.
type ViolationAlerts string

// The warning times.
const (
	ViolationAlertsNever     ViolationAlerts = "never"
	ViolationAlerts15Minutes ViolationAlerts = "15_minutes"
	ViolationAlerts30Minutes ViolationAlerts = "30_minutes"
	ViolationAlerts45Minutes ViolationAlerts = "45_minutes"
	ViolationAlerts1Hour     ViolationAlerts = "1_hour"
	ViolationAlerts2Hours    ViolationAlerts = "2_hours"
)

// ExternalIDHolderType says what kind of thing has an external id.
type ExternalIDHolderType string

// The kinds of holders.
const (
	ExternalIDHolderTypeUser    ExternalIDHolderType = "User"
	ExternalIDHolderTypeVehicle ExternalIDHolderType = "Vehicle"
	ExternalIDHolderTypeAsset   ExternalIDHolderType = "Asset"
	ExternalIDHolderTypeGroup   ExternalIDHolderType = "Group"
)

// TimeZone is a zone by the name that Rails gives it, as Motive's X-Time-Zone
// header takes it. It is not an IANA name: "Eastern Time (US & Canada)" rather
// than "America/New_York".
//
// Motive's hub: "Time Zone".
type TimeZone string

// The zones that Motive documents for the header.
const (
	TimeZoneAtlantic     TimeZone = "Atlantic Time (Canada)"
	TimeZoneIndianaEast  TimeZone = "Indiana (East)"
	TimeZoneEastern      TimeZone = "Eastern Time (US & Canada)"
	TimeZoneCentral      TimeZone = "Central Time (US & Canada)"
	TimeZoneSaskatchewan TimeZone = "Saskatchewan"
	TimeZoneMountain     TimeZone = "Mountain Time (US & Canada)"
	TimeZoneArizona      TimeZone = "Arizona"
	TimeZonePacific      TimeZone = "Pacific Time (US & Canada)"
	TimeZoneAlaska       TimeZone = "Alaska"
)

// notRails says what is wrong with the IANA name of a zone, or "". It shows no other
// text, which can be anything.
func notRails(s string) string {
	area, _, hasArea := strings.Cut(s, "/")
	switch {
	case hasArea && slices.Contains(strings.Fields(ianaAreas), strings.ToLower(area)):
	case s == "EST5EDT", s == "CST6CDT", s == "MST7MDT", s == "PST8PDT": // older than the areas
	default:
		return ""
	}
	const wrong = " is an IANA name, and Motive takes the names of Rails; use "
	for zone, names := range ianaNames {
		if slices.Contains(strings.Fields(names), strings.ToLower(s)) {
			return text.Quote(s) + wrong + text.Quote(string(zone))
		}
	}
	return text.Quote(s) + wrong + "one like " + text.Quote(string(TimeZoneEastern))
}

const ianaAreas = "africa america antarctica arctic asia atlantic australia brazil canada chile etc europe indian mexico pacific us"

// ianaNames are those of zones in the United States and Canada, for the documented
// zone that has their clock.
var ianaNames = map[TimeZone]string{
	TimeZoneAtlantic:    "america/halifax america/glace_bay america/moncton america/goose_bay canada/atlantic",
	TimeZoneIndianaEast: "america/indiana/indianapolis america/indianapolis america/fort_wayne us/east-indiana",
	TimeZoneEastern: "america/new_york america/detroit america/kentucky/louisville america/louisville america/toronto " +
		"america/montreal america/thunder_bay us/eastern us/michigan canada/eastern est5edt",
	TimeZoneCentral:      "america/chicago america/menominee america/winnipeg us/central canada/central cst6cdt",
	TimeZoneSaskatchewan: "america/regina america/swift_current canada/saskatchewan",
	TimeZoneMountain:     "america/denver america/boise america/edmonton us/mountain canada/mountain mst7mdt",
	TimeZoneArizona:      "america/phoenix us/arizona",
	TimeZonePacific:      "america/los_angeles america/vancouver us/pacific canada/pacific pst8pdt",
	TimeZoneAlaska:       "america/anchorage america/juneau america/sitka america/nome us/alaska",
}

// documented lists what the fields of a request may hold, in the order in which
// messages name it; cycles and exceptions have a catalog. Nothing writes to it.
var documented = map[string][]string{
	"role":               {string(RoleDriver), string(RoleFleetUser), string(RoleAdmin), string(RoleFleetAdmin)},
	"status":             {string(StatusActive), string(StatusDeactivated), string(StatusPending)},
	"status to set":      {string(StatusActive), string(StatusDeactivated)},
	"eld_mode":           {string(ELDModeLogs), string(ELDModeNone), string(ELDModeExempt)},
	"time_tracking_mode": {string(TimeTrackingModeLogs), string(TimeTrackingModeTimecards), string(TimeTrackingModeNotRequired)},
	"duty_status": {string(DutyStatusOffDuty), string(DutyStatusOnDuty), string(DutyStatusDriving), string(DutyStatusSleeper),
		string(DutyStatusWaiting)},
	"group_visibility": {string(GroupVisibilityLimited)},
	"violation_alerts": {string(ViolationAlertsNever), string(ViolationAlerts15Minutes), string(ViolationAlerts30Minutes),
		string(ViolationAlerts45Minutes), string(ViolationAlerts1Hour), string(ViolationAlerts2Hours)},
	"external_id_holder_type": {string(ExternalIDHolderTypeUser), string(ExternalIDHolderTypeVehicle),
		string(ExternalIDHolderTypeAsset), string(ExternalIDHolderTypeGroup)},
}

// ParseRole reads a role as people write it: in any case, with spaces or
// hyphens for underscores, with space around it. RoleAdmin and RoleFleetAdmin
// stay apart. Any other text is a [*ValidationError] with [CodeUnknownValue]
// that names the nearest role and all roles.
func ParseRole(s string) (Role, error) { return parse[Role]("role", s) }

// ParseStatus reads a status, as leniently as [ParseRole]. It knows
// StatusPending, which responses hold and no request may set.
func ParseStatus(s string) (Status, error) { return parse[Status]("status", s) }

// ParseELDMode reads an ELD mode, as leniently as [ParseRole]: "Exempt", as
// Motive's page prints it, is ELDModeExempt.
func ParseELDMode(s string) (ELDMode, error) { return parse[ELDMode]("eld_mode", s) }

// ParseTimeTrackingMode reads a time tracking mode, as leniently as
// [ParseRole]: "Not_required", as Motive's page prints it, and "Not required"
// are TimeTrackingModeNotRequired.
func ParseTimeTrackingMode(s string) (TimeTrackingMode, error) {
	return parse[TimeTrackingMode]("time_tracking_mode", s)
}

// ParseDutyStatus reads a duty status, as leniently as [ParseRole].
func ParseDutyStatus(s string) (DutyStatus, error) { return parse[DutyStatus]("duty_status", s) }

// ParseViolationAlerts reads a warning time, as leniently as [ParseRole].
func ParseViolationAlerts(s string) (ViolationAlerts, error) {
	return parse[ViolationAlerts]("violation_alerts", s)
}

// ParseGroupVisibility reads a group visibility, as leniently as [ParseRole].
func ParseGroupVisibility(s string) (GroupVisibility, error) {
	return parse[GroupVisibility]("group_visibility", s)
}

func parse[T ~string](field, s string) (T, error) {
	v, err := oneOf(field, s, documented[field])
	return T(v), err
}

// oneOf returns the one of values that s spells.
func oneOf[T ~string](field, s string, values []T) (T, error) {
	if v, ok := text.Canonical(s, values); ok {
		return v, nil
	}
	return "", invalid(field, CodeUnknownValue, noneOf(values, s))
}

func isDocumented(field, s string) bool { return slices.Contains(documented[field], s) }

// noneOf says which of values, or of others that are taken as well, was meant by s,
// if that can be told, and which values there are.
func noneOf[T ~string](values []T, s string, others ...T) string {
	all := text.List(values, "or")
	if text.Blank(s) {
		return "is empty; use " + all
	}
	message := text.Quote(s) + " is not a documented value"
	if v, _ := text.Canonical(s, append(others, values...)); v != "" {
		return message + "; use " + text.Quote(string(v)) + ", spelled exactly so"
	}
	if v, ok := text.Nearest(strings.TrimSuffix(text.Fold(s), suffix2020), values); ok {
		message += " (did you mean " + text.Quote(string(v)) + "?)"
	}
	return message + "; use " + all
}

// suffix2020 marks the names of cycles in live data that Motive's table does not have.
const suffix2020 = "_2020"
