package motive

import (
	"slices"
	"strings"
	"unicode"
)

// What a request may hold, in the order in which messages name it. Nothing
// writes to these.
var (
	roles             = []Role{RoleDriver, RoleFleetUser, RoleAdmin, RoleFleetAdmin}
	settableStatuses  = []Status{StatusActive, StatusDeactivated}
	statuses          = []Status{StatusActive, StatusDeactivated, StatusPending}
	eldModes          = []ELDMode{ELDModeLogs, ELDModeNone, ELDModeExempt}
	timeTrackingModes = []TimeTrackingMode{TimeTrackingModeLogs, TimeTrackingModeTimecards, TimeTrackingModeNotRequired}
	dutyStatuses      = []DutyStatus{
		DutyStatusOffDuty, DutyStatusOnDuty, DutyStatusDriving, DutyStatusSleeper, DutyStatusWaiting,
	}
	groupVisibilities = []GroupVisibility{GroupVisibilityLimited}
	violationAlerts   = []ViolationAlerts{
		ViolationAlertsNever, ViolationAlerts15Minutes, ViolationAlerts30Minutes,
		ViolationAlerts45Minutes, ViolationAlerts1Hour, ViolationAlerts2Hours,
	}
)

// ParseRole reads a role as people write it: in any case, with spaces or
// hyphens for underscores, with space around it. RoleAdmin and RoleFleetAdmin
// stay apart. Any other text is a [*ValidationError] with [CodeUnknownValue]
// that names the nearest role and all roles.
func ParseRole(s string) (Role, error) { return parse("role", s, roles) }

// ParseStatus reads a status, as leniently as [ParseRole]. It knows
// StatusPending, which answers hold and no request may set.
func ParseStatus(s string) (Status, error) { return parse("status", s, statuses) }

// ParseELDMode reads an ELD mode, as leniently as [ParseRole]: "Exempt", as
// Motive's page prints it, is ELDModeExempt.
func ParseELDMode(s string) (ELDMode, error) { return parse("eld_mode", s, eldModes) }

// ParseTimeTrackingMode reads a time tracking mode, as leniently as
// [ParseRole]: "Not_required", as Motive's page prints it, and "Not required"
// are TimeTrackingModeNotRequired.
func ParseTimeTrackingMode(s string) (TimeTrackingMode, error) {
	return parse("time_tracking_mode", s, timeTrackingModes)
}

// ParseDutyStatus reads a duty status, as leniently as [ParseRole].
func ParseDutyStatus(s string) (DutyStatus, error) { return parse("duty_status", s, dutyStatuses) }

// ParseViolationAlerts reads a warning time, as leniently as [ParseRole].
func ParseViolationAlerts(s string) (ViolationAlerts, error) {
	return parse("violation_alerts", s, violationAlerts)
}

// ParseGroupVisibility reads a group visibility, as leniently as [ParseRole].
func ParseGroupVisibility(s string) (GroupVisibility, error) {
	return parse("group_visibility", s, groupVisibilities)
}

// ParseException reads the name of an exception, as leniently as [ParseRole].
func ParseException(s string) (Exception, error) { return parse("exception", s, exceptionNames) }

// ParseCycle reads the name of a cycle, as leniently as [ParseRole]. The suffix
// _2020 of live data is accepted and kept. Any other text is a
// [*ValidationError] with [CodeUnknownCycle] that names the nearest cycle and
// all cycles.
func ParseCycle(s string) (Cycle, error) {
	if c, ok := respellCycle(s); ok {
		return c, nil
	}
	return "", invalid("cycle", CodeUnknownCycle, notDocumentedCycle(Cycle(s)))
}

func parse[T ~string](field, s string, valid []T) (T, error) {
	if v, ok := respell(s, valid); ok {
		return v, nil
	}
	return "", invalid(field, CodeUnknownValue, notDocumented(s, valid))
}

// respell finds the one of valid that s spells differently.
func respell[T ~string](s string, valid []T) (T, bool) {
	s = fold(s)
	i := slices.IndexFunc(valid, func(v T) bool { return fold(string(v)) == s })
	if i < 0 {
		return "", false
	}
	return valid[i], true
}

func respellCycle(s string) (Cycle, bool) {
	base, has2020 := strings.CutSuffix(fold(s), suffix2020)
	c, ok := respell(base, cycleNames())
	if ok && has2020 {
		c += suffix2020
	}
	return c, ok
}

// fold makes the spellings of a name equal: "Not required", "NOT-REQUIRED" and
// "not_required" are one.
func fold(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r == '_' || r == '-' || unicode.IsSpace(r)
	})
	return strings.Join(words, "_")
}

func cycleNames() []Cycle {
	names := make([]Cycle, len(cycleTable))
	for i, row := range cycleTable {
		names[i] = row.Cycle
	}
	return names
}
