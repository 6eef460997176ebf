package motive

// The string types below are open: a value this version does not know is kept
// when the server sends it, and refused by validation before it is sent.

// Role says what a user is: it decides which fields the user has and which
// application the user can sign in to.
//
// Motive's hub: "Overview of /users".
type Role string

// The roles. Motive's overview calls the administrator fleet_admin, its create
// page and live answers call it admin; both are accepted.
const (
	RoleDriver     Role = "driver"      // uses the mobile app, has no dashboard
	RoleFleetUser  Role = "fleet_user"  // uses the dashboard, may be restricted to groups
	RoleAdmin      Role = "admin"       // uses the dashboard
	RoleFleetAdmin Role = "fleet_admin" // the other spelling of RoleAdmin
)

// Status says whether a user can sign in. A user is never deleted.
type Status string

// The statuses a request may set. StatusPending has been seen in answers and
// cannot be set.
const (
	StatusActive      Status = "active"
	StatusDeactivated Status = "deactivated"
	StatusPending     Status = "pending"
)

// ELDMode says how the electronic logging device records a driver.
type ELDMode string

// The ELD modes. Each goes with certain time tracking modes only; see
// [TimeTrackingMode].
const (
	ELDModeLogs   ELDMode = "logs"   // the Vehicle Gateway records everything
	ELDModeNone   ELDMode = "none"   // the driver keeps an electronic logbook in the app
	ELDModeExempt ELDMode = "exempt" // the driver need not keep logs
)

// TimeTrackingMode says how a driver's time is recorded.
//
// Valid pairs: logs with ELD mode logs or none, timecards with exempt,
// not_required with exempt. It can be written; answers do not show it.
//
// Motive's hub: "Create a new user".
type TimeTrackingMode string

// The time tracking modes.
const (
	TimeTrackingModeLogs        TimeTrackingMode = "logs"         // goes with ELDModeLogs and ELDModeNone
	TimeTrackingModeTimecards   TimeTrackingMode = "timecards"    // goes with ELDModeExempt
	TimeTrackingModeNotRequired TimeTrackingMode = "not_required" // goes with ELDModeExempt
)

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

// TimeZone is a zone by the name that Rails gives it, as Motive's X-Time-Zone
// header takes it. It is not an IANA name: "Eastern Time (US & Canada)" rather
// than "America/New_York".
//
// Motive's hub: the page on request headers.
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
