package rules_test

import "github.com/motive-go/motive"

// A row is a rule of the table in the README. The first word of its name is the
// function of validation.go that finds it, where the rule stands in rules.
type row struct{ name, code, when string }

var rows = []row{
	{"mismatched", motive.CodeModeMismatch, "the time tracking mode and the ELD mode are none of the four pairs; on create also `timecards` or `not_required` without `exempt`"},
	{"leftBehind", motive.CodeModeMismatch, "with `Against`, one of the two modes changes alone, to or from what goes with `exempt`"},
	{"notAllowed", motive.CodeExceptionNotAllowed, "an exception is set true that the cycle does not list, adverse driving only under `StrictValidation`; the second cycle likewise"},
	{"noCycle", motive.CodeCycleRequired, "an exception is set true on create and no cycle is chosen, or an update clears the cycle under it; adverse driving only under `StrictValidation`"},
	{"undocumented cycle", motive.CodeUnknownCycle, "a cycle is none of the 22, with or without the suffix `_2020`, which `Other` does not take"},
	{"undocumented value", motive.CodeUnknownValue, "a value is none of the documented ones; the hint names the nearest"},
	{"missing name", motive.CodeRequired, "first name, last name or role is missing, null or empty on create, or null or empty on update"},
	{"noContact", motive.CodeRequired, "a create has no email, username or phone"},
	{"custom user role", motive.CodeRequired, "a custom user role has no `user_role_id` on create, or `limited` has no groups in it"},
	{"missing external id", motive.CodeRequired, "an external id lacks its `external_id` or its `integration_name`, or a record that is created its holder"},
	{"noCountryCode", motive.CodeRequired, "under `StrictValidation`, a phone has no country code"},
	{"groupsOfFleetUser", motive.CodeWrongPlace, "`group_ids` on a fleet user"},
	{"limitsOfDriver", motive.CodeWrongPlace, "`custom_user_role` or `group_visibility` on a driver"},
	{"extra", motive.CodeWrongPlace, "a name in `Extra` has a field of its own"},
	{"duplicate", motive.CodeDuplicate, "an external id stands twice in one request"},
	{"noAddress", motive.CodeInvalid, "an email does not parse, or has a display name"},
	{"malformed", motive.CodeInvalid, "a text has control characters, or is not UTF-8; a street may have line breaks"},
	{"padded", motive.CodeInvalid, "an external id, an integration name, a username or a company id has white space around it"},
	{"noZone", motive.CodeInvalid, "a time zone is an IANA name; the hint is the name that Rails has for it"},
	{"notSettable", motive.CodeInvalid, "a status is neither `active` nor `deactivated`, or null"},
	{"id", motive.CodeInvalid, "an id is not positive, or an external id of a create names a record"},
	{"page", motive.CodeInvalid, "a page size is outside 1–100, or a page number negative"},
	{"empty", motive.CodeInvalid, "an update is empty"},
	{"keys", motive.CodeInvalid, "a lookup has not exactly one key"},
}

// differences are where the fake accepts what the client refuses, or is never asked:
// by rule, and then of each of its cases, or by "rule/case", with the reason.
var differences = map[string]string{
	"extra":         "a body with one name twice cannot be written",
	"malformed":     "no page says which characters a text may have",
	"padded":        "no page says what white space around a text does",
	"noZone":        "no page says what happens to a zone that Rails does not have",
	"noCountryCode": "the pages call the code mandatory, and their own samples lack it",
	"page":          "no page says that a page is refused; the fake serves the nearest that there is",
	"empty":         "no page says that an empty update is refused",

	"notAllowed/adverse driving, strictly": "live drivers have it with every cycle",
	"noCycle/adverse driving, strictly":    "live drivers have it with every cycle",

	"undocumented cycle/empty":                 "no page says what an empty value does; responses have it",
	"undocumented value/empty":                 "no page says what an empty value does; responses have it",
	"notSettable/status, empty":                "no page says what an empty value does; responses have it",
	"notSettable/status, null on create":       "the sample of the pages creates with null in many fields",
	"undocumented value/a role to list":        "no page says that a filter is checked",
	"undocumented value/a blank role to list":  "no page says that a filter is checked",
	"undocumented value/a duty status to list": "no page says that a filter is checked",
	"undocumented value/a status to list":      "no page says that a filter is checked",

	"id/a group":          "the fake has no groups, and any number can be one",
	"id/a group to see":   "the fake has no groups, and any number can be one",
	"id/an id of its own": "a path without an id is never sent",
}

// An aCase is a request that a rule refuses, and a neighbour that all rules accept.
type aCase struct {
	rule, name string
	field      string // of the problem
	refused    call
	accepted   call
}

var cases = []aCase{
	{
		rule: "mismatched", name: "timecards with logs", field: "time_tracking_mode",
		refused: create(fields{
			TimeTrackingMode: motive.Set(motive.TimeTrackingModeTimecards), ELDMode: motive.Set(motive.ELDModeLogs),
		}),
		accepted: create(fields{
			TimeTrackingMode: motive.Set(motive.TimeTrackingModeTimecards), ELDMode: motive.Set(motive.ELDModeExempt),
		}),
	},
	{
		rule: "mismatched", name: "timecards alone", field: "time_tracking_mode",
		refused:  create(fields{TimeTrackingMode: motive.Set(motive.TimeTrackingModeTimecards)}),
		accepted: create(fields{TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs)}),
	},
	{
		rule: "mismatched", name: "not required with null", field: "time_tracking_mode",
		refused: create(fields{
			TimeTrackingMode: motive.Set(motive.TimeTrackingModeNotRequired), ELDMode: motive.Null[motive.ELDMode](),
		}),
		accepted: create(fields{TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs), ELDMode: motive.Null[motive.ELDMode]()}),
	},
	{
		rule: "mismatched", name: "exempt with logs", field: "time_tracking_mode",
		refused: create(fields{
			ELDMode: motive.Set(motive.ELDModeExempt), TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs),
		}),
		accepted: create(fields{ELDMode: motive.Set(motive.ELDModeExempt)}),
	},
	{
		rule: "mismatched", name: "the time tracking mode changes alone", field: "time_tracking_mode",
		refused:  against(exempt, fields{TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs)}),
		accepted: against(exempt, fields{TimeTrackingMode: motive.Set(motive.TimeTrackingModeNotRequired)}),
	},
	{
		rule: "mismatched", name: "in an update", field: "time_tracking_mode",
		refused: update(fields{
			TimeTrackingMode: motive.Set(motive.TimeTrackingModeTimecards), ELDMode: motive.Set(motive.ELDModeNone),
		}),
		accepted: of(exempt, update(fields{TimeTrackingMode: motive.Set(motive.TimeTrackingModeTimecards)})),
	},
	{
		rule: "leftBehind", name: "the ELD mode becomes exempt alone", field: "time_tracking_mode",
		refused:  against(logging, fields{ELDMode: motive.Set(motive.ELDModeExempt)}),
		accepted: against(logging, fields{ELDMode: motive.Set(motive.ELDModeNone)}),
	},
	{
		rule: "leftBehind", name: "the ELD mode ceases to be exempt alone", field: "time_tracking_mode",
		refused: against(exempt, fields{ELDMode: motive.Set(motive.ELDModeNone)}),
		accepted: against(exempt, fields{
			ELDMode: motive.Set(motive.ELDModeNone), TimeTrackingMode: motive.Set(motive.TimeTrackingModeLogs),
		}),
	},
	{
		rule: "notAllowed", name: "short haul in Texas", field: "exception_short_haul",
		refused:  create(fields{Cycle: motive.Set(motive.CycleTexas70Hour7Day), ExceptionShortHaul: motive.Set(true)}),
		accepted: create(fields{Cycle: motive.Set(motive.CycleTexas70Hour7Day), ExceptionShortHaul: motive.Set(false)}),
	},
	{
		rule: "notAllowed", name: "in the second cycle", field: "exception_short_haul2",
		refused:  create(fields{Cycle2: motive.Set(motive.CycleTexas70Hour7Day), ExceptionShortHaul2: motive.Set(true)}),
		accepted: create(fields{Cycle2: motive.Set(motive.CycleTexas70Hour7Day), Exception24HourRestart2: motive.Set(true)}),
	},
	{
		rule: "notAllowed", name: "adverse driving, strictly", field: "exception_adverse_driving",
		refused:  strictly(create(fields{Cycle: motive.Set(motive.CycleOther), ExceptionAdverseDriving: motive.Set(true)})),
		accepted: create(fields{Cycle: motive.Set(motive.CycleOther), ExceptionAdverseDriving: motive.Set(true)}),
	},
	{
		rule: "notAllowed", name: "in an update", field: "exception_wait_time",
		refused:  update(fields{Cycle: motive.Set(motive.CycleUSProperty70Hour8Day), ExceptionWaitTime: motive.Set(true)}),
		accepted: of(oil, update(fields{ExceptionWaitTime: motive.Set(true)})),
	},
	{
		rule: "noCycle", name: "no cycle", field: "cycle",
		refused:  create(fields{ExceptionShortHaul: motive.Set(true)}),
		accepted: create(fields{ExceptionShortHaul: motive.Set(false)}),
	},
	{
		rule: "noCycle", name: "a null cycle", field: "cycle",
		refused:  create(fields{ExceptionWaitTime: motive.Set(true), Cycle: motive.Null[motive.Cycle]()}),
		accepted: create(fields{ExceptionWaitTime: motive.Null[bool](), Cycle: motive.Null[motive.Cycle]()}),
	},
	{
		rule: "noCycle", name: "adverse driving, strictly", field: "cycle",
		refused:  strictly(create(fields{ExceptionAdverseDriving: motive.Set(true)})),
		accepted: create(fields{ExceptionAdverseDriving: motive.Set(true), ExceptionAdverseDriving2: motive.Set(true)}),
	},
	{
		rule: "noCycle", name: "adverse driving beside another", field: "cycle",
		refused:  create(fields{ExceptionAdverseDriving: motive.Set(true), ExceptionShortHaul: motive.Set(true)}),
		accepted: update(fields{ExceptionAdverseDriving: motive.Set(true), Cycle: motive.Null[motive.Cycle]()}),
	},
	{
		rule: "noCycle", name: "an empty cycle", field: "cycle",
		refused:  create(fields{ExceptionShortHaul: motive.Set(true), Cycle: motive.Set(motive.Cycle(""))}),
		accepted: create(fields{ExceptionShortHaul: motive.Set(true), Cycle: motive.Set(motive.CycleUSProperty60Hour7Day)}),
	},
	{
		rule: "noCycle", name: "the other cycle", field: "cycle2",
		refused:  create(fields{ExceptionShortHaul2: motive.Set(true), Cycle: motive.Set(motive.CycleUSProperty60Hour7Day)}),
		accepted: create(fields{ExceptionShortHaul2: motive.Set(true), Cycle2: motive.Set(motive.CycleUSProperty60Hour7Day)}),
	},
	{
		rule: "noCycle", name: "cleared and used in one update", field: "cycle",
		refused:  update(fields{ExceptionShortHaul: motive.Set(true), Cycle: motive.Null[motive.Cycle]()}),
		accepted: update(fields{ExceptionShortHaul: motive.Set(false), Cycle: motive.Null[motive.Cycle]()}),
	},
	{
		rule: "undocumented cycle", name: "a slip", field: "cycle",
		refused:  create(fields{Cycle: motive.Set(motive.Cycle("70_9")), ExceptionShortHaul: motive.Set(true)}),
		accepted: create(fields{Cycle: motive.Set(motive.Cycle("70_8")), ExceptionShortHaul: motive.Set(true)}),
	},
	{
		rule: "undocumented cycle", name: "another suffix", field: "cycle",
		refused:  create(fields{Cycle: motive.Set(motive.Cycle("70_8_2021"))}),
		accepted: create(fields{Cycle: motive.Set(motive.Cycle("70_8_2020")), ExceptionShortHaul: motive.Set(true)}),
	},
	{
		rule: "undocumented cycle", name: "another edition of Other", field: "cycle",
		refused:  create(fields{Cycle: motive.Set(motive.Cycle("Other_2020"))}),
		accepted: create(fields{Cycle: motive.Set(motive.CycleOther)}),
	},
	{
		rule: "undocumented cycle", name: "other in lower case", field: "cycle2",
		refused:  update(fields{Cycle2: motive.Set(motive.Cycle("other"))}),
		accepted: update(fields{Cycle2: motive.Set(motive.Cycle("Other"))}),
	},
	{
		rule: "undocumented cycle", name: "empty", field: "cycle",
		refused:  update(fields{Cycle: motive.Set(motive.Cycle(""))}),
		accepted: update(fields{Cycle: motive.Null[motive.Cycle]()}),
	},
	{
		rule: "undocumented value", name: "role", field: "role",
		refused:  create(fields{Role: motive.Set(motive.Role("fleet_manager"))}),
		accepted: create(fields{Role: motive.Set(motive.RoleFleetAdmin)}),
	},
	{
		rule: "undocumented value", name: "ELD mode, capitalised", field: "eld_mode",
		refused: create(fields{
			ELDMode: motive.Set(motive.ELDMode("Exempt")), TimeTrackingMode: motive.Set(motive.TimeTrackingModeTimecards),
		}),
		accepted: create(fields{
			ELDMode: motive.Set(motive.ELDMode("exempt")), TimeTrackingMode: motive.Set(motive.TimeTrackingModeTimecards),
		}),
	},
	{
		rule: "undocumented value", name: "time tracking mode", field: "time_tracking_mode",
		refused:  create(fields{TimeTrackingMode: motive.Set(motive.TimeTrackingMode("Not_required"))}),
		accepted: create(fields{TimeTrackingMode: motive.Null[motive.TimeTrackingMode]()}),
	},
	{
		rule: "undocumented value", name: "duty status", field: "duty_status",
		refused:  update(fields{DutyStatus: motive.Set(motive.DutyStatus("resting"))}),
		accepted: update(fields{DutyStatus: motive.Set(motive.DutyStatusWaiting)}),
	},
	{
		rule: "undocumented value", name: "violation alerts", field: "violation_alerts",
		refused:  update(fields{ViolationAlerts: motive.Set(motive.ViolationAlerts("3_hours"))}),
		accepted: update(fields{ViolationAlerts: motive.Set(motive.ViolationAlerts2Hours)}),
	},
	{
		rule: "undocumented value", name: "group visibility", field: "group_visibility",
		refused:  fleetUser(fields{GroupVisibility: motive.Set(motive.GroupVisibility("all"))}),
		accepted: fleetUser(fields{GroupVisibility: motive.Null[motive.GroupVisibility]()}),
	},
	{
		rule: "undocumented value", name: "empty", field: "eld_mode",
		refused:  update(fields{ELDMode: motive.Set(motive.ELDMode(""))}),
		accepted: update(fields{ELDMode: motive.Null[motive.ELDMode]()}),
	},
	{
		rule: "undocumented value", name: "a role to list", field: "role",
		refused:  list(&motive.ListUsersOptions{Role: "drivers"}),
		accepted: list(&motive.ListUsersOptions{Role: "driver"}),
	},
	{
		rule: "undocumented value", name: "a blank role to list", field: "role",
		refused:  list(&motive.ListUsersOptions{Role: " "}),
		accepted: list(&motive.ListUsersOptions{}),
	},
	{
		rule: "undocumented value", name: "a duty status to list", field: "duty_status",
		refused:  list(&motive.ListUsersOptions{DutyStatus: "Driving"}),
		accepted: list(&motive.ListUsersOptions{DutyStatus: "driving"}),
	},
	{
		rule: "undocumented value", name: "a type of holder", field: "external_id_holder_type",
		refused:  changeRecord(record{ExternalIDHolderType: motive.Set(motive.ExternalIDHolderType("user"))}),
		accepted: changeRecord(record{ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeUser)}),
	},
	{
		rule: "missing name", name: "first name, null", field: "first_name",
		refused:  create(fields{FirstName: motive.Null[string]()}),
		accepted: create(fields{FirstName: motive.Set("A")}),
	},
	{
		rule: "missing name", name: "last name, spaces", field: "last_name",
		refused:  create(fields{LastName: motive.Set("  ")}),
		accepted: create(fields{LastName: motive.Set(" L ")}),
	},
	{
		rule: "missing name", name: "role, empty", field: "role",
		refused:  create(fields{Role: motive.Set(motive.Role(""))}),
		accepted: create(fields{Role: motive.Set(motive.RoleAdmin)}),
	},
	{
		rule: "missing name", name: "first name cleared", field: "first_name",
		refused:  update(fields{FirstName: motive.Null[string]()}),
		accepted: update(fields{LastName: motive.Set("L")}),
	},
	{
		rule: "missing name", name: "last name emptied", field: "last_name",
		refused:  update(fields{LastName: motive.Set("")}),
		accepted: update(fields{FirstName: motive.Set("A")}),
	},
	{
		rule: "missing name", name: "role cleared", field: "role",
		refused:  update(fields{Role: motive.Null[motive.Role]()}),
		accepted: update(fields{Role: motive.Set(motive.RoleDriver)}),
	},
	{
		rule: "noContact", name: "a contact", field: "email",
		refused:  create(fields{Username: motive.Set(""), Email: motive.Null[string]()}),
		accepted: create(fields{Username: motive.Set(""), Email: motive.Set("ada@example.com")}),
	},
	{
		rule: "noContact", name: "a contact, by phone", field: "email",
		refused:  create(fields{Username: motive.Null[string](), Email: motive.Set(""), Phone: motive.Set("")}),
		accepted: create(fields{Username: motive.Null[string](), Email: motive.Set(""), Phone: motive.Set("5550100")}),
	},
	{
		rule: "noContact", name: "a contact, of spaces", field: "email",
		refused:  create(fields{Username: motive.Set(" ")}),
		accepted: create(fields{Username: motive.Null[string](), Phone: motive.Set("5550100")}),
	},
	{
		rule: "custom user role", name: "a user role", field: "custom_user_role.user_role_id",
		refused:  limited(motive.CustomUserRole{GroupIDs: []int64{101}}),
		accepted: limited(motive.CustomUserRole{UserRoleID: 9, GroupIDs: []int64{101}}),
	},
	{
		rule: "custom user role", name: "a user role, which an update may leave alone", field: "custom_user_role.user_role_id",
		refused: fleetUser(fields{CustomUserRole: motive.Set(motive.CustomUserRole{})}),
		accepted: of(restricted, update(fields{
			GroupVisibility: motive.Set(motive.GroupVisibilityLimited),
			CustomUserRole:  motive.Set(motive.CustomUserRole{GroupIDs: []int64{101}}),
		})),
	},
	{
		rule: "custom user role", name: "groups to see", field: "custom_user_role.group_ids",
		refused:  limited(motive.CustomUserRole{UserRoleID: 9}),
		accepted: fleetUser(fields{CustomUserRole: motive.Set(motive.CustomUserRole{UserRoleID: 9})}),
	},
	{
		rule: "custom user role", name: "groups to see, in an update", field: "custom_user_role.group_ids",
		refused: of(office, update(fields{GroupVisibility: motive.Set(motive.GroupVisibilityLimited)})),
		accepted: of(office, update(fields{
			GroupVisibility: motive.Set(motive.GroupVisibilityLimited),
			CustomUserRole:  motive.Set(motive.CustomUserRole{UserRoleID: 9, GroupIDs: []int64{101}}),
		})),
	},
	{
		rule: "missing external id", name: "an integration name", field: "external_ids_attributes[1].integration_name",
		refused:  create(fields{ExternalIDsAttributes: externalIDs(tms, externalID{ExternalID: "988"})}),
		accepted: create(fields{ExternalIDsAttributes: externalIDs(tms)}),
	},
	{
		rule: "missing external id", name: "an external id, of a record", field: "external_ids_attributes[0].external_id",
		refused:  update(fields{ExternalIDsAttributes: externalIDs(externalID{ID: 5, IntegrationName: "generic_tms"})}),
		accepted: update(fields{ExternalIDsAttributes: externalIDs()}),
	},
	{
		rule: "missing external id", name: "an external id to look up", field: "external_id",
		refused:  lookupPair(" ", "generic_tms"),
		accepted: lookupPair("987", "generic_tms"),
	},
	{
		rule: "missing external id", name: "an integration name to look up", field: "integration_name",
		refused:  lookupPair("987", ""),
		accepted: lookupPair("987", "g"),
	},
	{
		rule: "missing external id", name: "a holder of a record", field: "external_id_holder_id",
		refused:  createRecord(record{ExternalIDHolderID: motive.Null[int64]()}),
		accepted: createRecord(record{ExternalIDHolderID: motive.Set[int64](1)}),
	},
	{
		rule: "missing external id", name: "a type of the holder of a record", field: "external_id_holder_type",
		refused:  createRecord(record{ExternalIDHolderType: motive.Null[motive.ExternalIDHolderType]()}),
		accepted: createRecord(record{ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeVehicle)}),
	},
	{
		rule: "noCountryCode", name: "a country code, strictly", field: "phone_country_code",
		refused:  strictly(create(fields{Phone: motive.Set("5550100")})),
		accepted: create(fields{Phone: motive.Set("5550100")}),
	},
	{
		rule: "noCountryCode", name: "a country code of an update, strictly", field: "phone_country_code",
		refused:  strictly(against(motive.User{Phone: "5550100"}, fields{Phone: motive.Set("5550101")})),
		accepted: strictly(against(motive.User{PhoneCountryCode: "+1"}, fields{Phone: motive.Set("5550101")})),
	},
	{
		rule: "noCountryCode", name: "a country code that is cleared, strictly", field: "phone_country_code",
		refused: strictly(against(motive.User{PhoneCountryCode: "+1"}, fields{
			Phone: motive.Set("5550101"), PhoneCountryCode: motive.Null[string](),
		})),
		accepted: strictly(update(fields{Phone: motive.Null[string](), PhoneCountryCode: motive.Null[string]()})),
	},
	{
		rule: "noCountryCode", name: "a country code of the second phone, strictly", field: "phone_country_code2",
		refused:  strictly(create(fields{Phone2: motive.Set("5550100"), PhoneCountryCode: motive.Set("+1")})),
		accepted: strictly(create(fields{Phone2: motive.Set("5550100"), PhoneCountryCode2: motive.Set("+1")})),
	},
	{
		rule: "groupsOfFleetUser", name: "groups of a fleet user", field: "group_ids",
		refused:  fleetUser(fields{GroupIDs: motive.Set([]int64{1, 2})}),
		accepted: create(fields{GroupIDs: motive.Set([]int64{1, 2})}),
	},
	{
		rule: "groupsOfFleetUser", name: "no groups of a fleet user are fine", field: "group_ids",
		refused:  fleetUser(fields{GroupIDs: motive.Set([]int64{1})}),
		accepted: fleetUser(fields{GroupIDs: motive.Set([]int64{})}),
	},
	{
		rule: "groupsOfFleetUser", name: "groups of an admin are not documented", field: "group_ids",
		refused:  update(fields{Role: motive.Set(motive.RoleFleetUser), GroupIDs: motive.Set([]int64{1})}),
		accepted: update(fields{Role: motive.Set(motive.RoleAdmin), GroupIDs: motive.Set([]int64{1})}),
	},
	{
		rule: "groupsOfFleetUser", name: "groups of a driver who becomes a fleet user", field: "group_ids",
		refused:  against(grouped, fields{Role: motive.Set(motive.RoleFleetUser), GroupIDs: motive.Set([]int64{1})}),
		accepted: against(grouped, fields{Role: motive.Set(motive.RoleFleetUser)}),
	},
	{
		rule: "groupsOfFleetUser", name: "the role is the user's", field: "group_ids",
		refused:  against(office, fields{GroupIDs: motive.Set([]int64{1})}),
		accepted: against(driver, fields{GroupIDs: motive.Set([]int64{1})}),
	},
	{
		rule: "limitsOfDriver", name: "visibility for a driver", field: "group_visibility",
		refused:  create(fields{GroupVisibility: motive.Set(motive.GroupVisibilityLimited)}),
		accepted: create(fields{GroupVisibility: motive.Null[motive.GroupVisibility]()}),
	},
	{
		rule: "limitsOfDriver", name: "a user role for a driver", field: "custom_user_role",
		refused:  create(fields{CustomUserRole: motive.Set(motive.CustomUserRole{UserRoleID: 9})}),
		accepted: create(fields{CustomUserRole: motive.Null[motive.CustomUserRole]()}),
	},
	{
		rule: "limitsOfDriver", name: "a user role of a fleet user who becomes a driver", field: "custom_user_role",
		refused: against(office, fields{
			Role: motive.Set(motive.RoleDriver), CustomUserRole: motive.Set(motive.CustomUserRole{UserRoleID: 9}),
		}),
		accepted: against(driver, fields{
			Role: motive.Set(motive.RoleFleetUser), CustomUserRole: motive.Set(motive.CustomUserRole{UserRoleID: 9}),
		}),
	},
	{
		rule: "extra", name: "a field in Extra", field: "first_name",
		refused:  create(fields{Extra: map[string]any{"first_name": "Ada"}}),
		accepted: create(fields{Extra: map[string]any{"first_name_2": "Ada"}}),
	},
	{
		rule: "extra", name: "a field in the Extra of an update", field: "cycle2",
		refused:  update(fields{Extra: map[string]any{"cycle2": nil, "new": 1}}),
		accepted: update(fields{Extra: map[string]any{"new": 1}}),
	},
	{
		rule: "duplicate", name: "the same pair", field: "external_ids_attributes[1]",
		refused:  create(fields{ExternalIDsAttributes: externalIDs(tms, tms)}),
		accepted: create(fields{ExternalIDsAttributes: externalIDs(tms, externalID{ExternalID: "987", IntegrationName: "payroll"})}),
	},
	{
		rule: "duplicate", name: "the same pair, apart", field: "external_ids_attributes[2]",
		refused: update(fields{
			ExternalIDsAttributes: externalIDs(tms, externalID{ExternalID: "988", IntegrationName: "generic_tms"}, tms),
		}),
		accepted: update(fields{
			ExternalIDsAttributes: externalIDs(tms, externalID{ExternalID: "988", IntegrationName: "generic_tms"}),
		}),
	},
	{
		rule: "noAddress", name: "an email", field: "email",
		refused:  create(fields{Email: motive.Set("ada@")}),
		accepted: create(fields{Email: motive.Set("ada+fleet@mail.example.com")}),
	},
	{
		rule: "noAddress", name: "an email with a name", field: "email",
		refused:  update(fields{Email: motive.Set("Ada <ada@example.com>")}),
		accepted: update(fields{Email: motive.Set("ada@example.com")}),
	},
	{
		rule: "noAddress", name: "an email to look up", field: "email",
		refused:  lookup(motive.UserLookup{Email: "ada"}),
		accepted: lookup(motive.UserLookup{Email: "ada@example.com"}),
	},
	{
		rule: "malformed", name: "a line break", field: "carrier_city",
		refused:  update(fields{CarrierCity: motive.Set("Springfield\nIL")}),
		accepted: update(fields{CarrierStreet: motive.Set("1 Main St\nSuite 2"), TerminalStreet: motive.Set("1 Main St\r\nSuite 2")}),
	},
	{
		rule: "malformed", name: "a tab in a street", field: "carrier_street",
		refused:  update(fields{CarrierStreet: motive.Set("1 Main St\tSuite 2")}),
		accepted: update(fields{CarrierStreet: motive.Set("1 Main St, Suite 2")}),
	},
	{
		rule: "malformed", name: "a street in another encoding", field: "terminal_street",
		refused:  update(fields{TerminalStreet: motive.Set("M\xfcllerstr. 1")}),
		accepted: update(fields{TerminalStreet: motive.Set("Müllerstr. 1")}),
	},
	{
		rule: "malformed", name: "another encoding", field: "last_name",
		refused:  update(fields{LastName: motive.Set("M\xfcller")}),
		accepted: update(fields{LastName: motive.Set("Müller")}),
	},
	{
		rule: "malformed", name: "a tab in an external id", field: "external_ids_attributes[0].external_id",
		refused:  update(fields{ExternalIDsAttributes: externalIDs(externalID{ExternalID: "98\t7", IntegrationName: "generic_tms"})}),
		accepted: update(fields{ExternalIDsAttributes: externalIDs(externalID{ExternalID: "98 7", IntegrationName: "generic_tms"})}),
	},
	{
		rule: "malformed", name: "a tab in a key", field: "driver_company_id",
		refused:  lookup(motive.UserLookup{DriverCompanyID: "D\t7"}),
		accepted: lookup(motive.UserLookup{DriverCompanyID: "D-7"}),
	},
	{
		rule: "malformed", name: "a line break in a name to list", field: "name",
		refused:  list(&motive.ListUsersOptions{Name: "Ada\n"}),
		accepted: list(&motive.ListUsersOptions{Name: "Ada"}),
	},
	{
		rule: "padded", name: "space after an external id", field: "external_ids_attributes[0].external_id",
		refused:  create(fields{ExternalIDsAttributes: externalIDs(externalID{ExternalID: "987 ", IntegrationName: "generic_tms"})}),
		accepted: create(fields{ExternalIDsAttributes: externalIDs(externalID{ExternalID: "98 7", IntegrationName: "generic_tms"})}),
	},
	{
		rule: "padded", name: "space before an integration name", field: "external_ids_attributes[0].integration_name",
		refused:  create(fields{ExternalIDsAttributes: externalIDs(externalID{ExternalID: "987", IntegrationName: "\u00a0generic_tms"})}),
		accepted: create(fields{ExternalIDsAttributes: externalIDs(externalID{ExternalID: "987", IntegrationName: "generic tms"})}),
	},
	{
		rule: "padded", name: "space after a username", field: "username",
		refused:  create(fields{Username: motive.Set("ada ")}),
		accepted: create(fields{Username: motive.Set("ada.l")}),
	},
	{
		rule: "padded", name: "a blank username", field: "username",
		refused:  update(fields{Username: motive.Set(" ")}),
		accepted: update(fields{Username: motive.Set("")}),
	},
	{
		rule: "padded", name: "space before a company id", field: "driver_company_id",
		refused:  update(fields{DriverCompanyID: motive.Set(" D-7")}),
		accepted: update(fields{DriverCompanyID: motive.Set("D-7")}),
	},
	{
		rule: "padded", name: "space around a key", field: "username",
		refused:  lookup(motive.UserLookup{Username: "ada "}),
		accepted: lookup(motive.UserLookup{Phone: " 5550100"}),
	},
	{
		rule: "padded", name: "space around an external id to look up", field: "external_id",
		refused:  lookupPair("987 ", "generic_tms"),
		accepted: lookupPair("98 7", "generic_tms"),
	},
	{
		rule: "padded", name: "space around an integration name of a record", field: "integration_name",
		refused:  changeRecord(record{IntegrationName: motive.Set(" generic_tms")}),
		accepted: changeRecord(record{IntegrationName: motive.Set("generic_tms")}),
	},
	{
		rule: "noZone", name: "an IANA zone", field: "time_zone",
		refused:  update(fields{TimeZone: motive.Set("America/New_York")}),
		accepted: update(fields{TimeZone: motive.Set(string(motive.TimeZoneEastern))}),
	},
	{
		rule: "noZone", name: "an IANA zone without a slash", field: "time_zone",
		refused:  update(fields{TimeZone: motive.Set("PST8PDT")}),
		accepted: update(fields{TimeZone: motive.Set("Hawaii")}),
	},
	{
		rule: "notSettable", name: "status pending", field: "status",
		refused:  update(fields{Status: motive.Set(motive.StatusPending)}),
		accepted: update(fields{Status: motive.Set(motive.StatusDeactivated)}),
	},
	{
		rule: "notSettable", name: "status of another spelling", field: "status",
		refused:  create(fields{Status: motive.Set(motive.Status("Active"))}),
		accepted: create(fields{Status: motive.Set(motive.StatusActive)}),
	},
	{
		rule: "notSettable", name: "status, empty", field: "status",
		refused:  create(fields{Status: motive.Set(motive.Status(""))}),
		accepted: create(fields{Status: motive.Set(motive.StatusDeactivated)}),
	},
	{
		rule: "notSettable", name: "status, null on create", field: "status",
		refused:  create(fields{Status: motive.Null[motive.Status]()}),
		accepted: create(fields{}),
	},
	{
		rule: "notSettable", name: "status, null", field: "status",
		refused:  update(fields{Status: motive.Null[motive.Status]()}),
		accepted: update(fields{FirstName: motive.Set("A")}),
	},
	{
		rule: "undocumented value", name: "a status to list", field: "status",
		refused:  list(&motive.ListUsersOptions{Status: "inactive"}),
		accepted: list(&motive.ListUsersOptions{Status: motive.StatusActive}),
	},
	{
		rule: "notSettable", name: "pending, which a list may ask for and an update may not set", field: "status",
		refused:  update(fields{Status: motive.Set(motive.StatusPending)}),
		accepted: list(&motive.ListUsersOptions{Status: motive.StatusPending}),
	},
	{
		rule: "id", name: "the id of a record in a create", field: "external_ids_attributes[0].id",
		refused:  create(fields{ExternalIDsAttributes: externalIDs(externalID{ID: 5, ExternalID: "987", IntegrationName: "generic_tms"})}),
		accepted: update(fields{ExternalIDsAttributes: externalIDs(externalID{ID: 5, ExternalID: "987", IntegrationName: "generic_tms"})}),
	},
	{
		rule: "id", name: "a group", field: "group_ids[1]",
		refused:  create(fields{GroupIDs: motive.Set([]int64{7, 0})}),
		accepted: create(fields{GroupIDs: motive.Set([]int64{7, 1})}),
	},
	{
		rule: "id", name: "a group to see", field: "custom_user_role.group_ids[0]",
		refused:  limited(motive.CustomUserRole{UserRoleID: 9, GroupIDs: []int64{-101}}),
		accepted: limited(motive.CustomUserRole{UserRoleID: 9, GroupIDs: []int64{101}}),
	},
	{
		rule: "id", name: "a user role", field: "custom_user_role.user_role_id",
		refused:  limited(motive.CustomUserRole{UserRoleID: -9, GroupIDs: []int64{101}}),
		accepted: limited(motive.CustomUserRole{UserRoleID: 9, GroupIDs: []int64{101}}),
	},
	{
		rule: "id", name: "an external id's record", field: "external_ids_attributes[0].id",
		refused:  update(fields{ExternalIDsAttributes: externalIDs(externalID{ID: -1, ExternalID: "987", IntegrationName: "generic_tms"})}),
		accepted: update(fields{ExternalIDsAttributes: externalIDs(externalID{ID: 1, ExternalID: "987", IntegrationName: "generic_tms"})}),
	},
	{
		rule: "id", name: "an id of its own", field: "id",
		refused:  get(0),
		accepted: get(1),
	},
	{
		rule: "page", name: "a page size above 100", field: "per_page",
		refused:  list(&motive.ListUsersOptions{PerPage: 101}),
		accepted: list(&motive.ListUsersOptions{PerPage: 100}),
	},
	{
		rule: "page", name: "a negative page size", field: "per_page",
		refused:  list(&motive.ListUsersOptions{PerPage: -1}),
		accepted: list(&motive.ListUsersOptions{PerPage: 0}),
	},
	{
		rule: "page", name: "a negative page", field: "page_no",
		refused:  list(&motive.ListUsersOptions{PageNo: -1}),
		accepted: list(nil),
	},
	{
		rule: "empty", name: "an empty update", field: "",
		refused:  update(fields{}),
		accepted: update(fields{PhoneExt: motive.Null[string]()}),
	},
	{
		rule: "empty", name: "an empty update with an empty Extra", field: "",
		refused:  update(fields{Extra: map[string]any{}}),
		accepted: update(fields{Extra: map[string]any{"new": nil}}),
	},
	{
		rule: "keys", name: "no key", field: "",
		refused:  lookup(motive.UserLookup{}),
		accepted: lookup(motive.UserLookup{DriverCompanyID: "D-7"}),
	},
	{
		rule: "keys", name: "two keys", field: "",
		refused:  lookup(motive.UserLookup{Email: "ada@example.com", Phone: "5550100"}),
		accepted: lookup(motive.UserLookup{Phone: "5550100"}),
	},
	{
		rule: "keys", name: "a blank key", field: "username",
		refused:  lookup(motive.UserLookup{Username: " "}),
		accepted: lookup(motive.UserLookup{Username: "ada"}),
	},
}
