package motive

// UserAttributes lists the fields of a user that can be written. It is the
// shape of both [CreateUserRequest] and [UpdateUserRequest]; every field is an
// [Optional] and is sent only when it is [Set] or [Null].
//
// Motive's hub: "Create a new user".
type UserAttributes struct {
	FirstName          Optional[string] `json:"first_name,omitzero"` // required on create
	LastName           Optional[string] `json:"last_name,omitzero"`  // required on create
	Role               Optional[Role]   `json:"role,omitzero"`       // required on create
	Status             Optional[Status] `json:"status,omitzero"`     // active or deactivated
	Email              Optional[string] `json:"email,omitzero"`      // a create needs an email, a username or a phone
	Username           Optional[string] `json:"username,omitzero"`
	Password           Optional[string] `json:"password,omitzero"` // write only, never printed
	Phone              Optional[string] `json:"phone,omitzero"`
	PhoneExt           Optional[string] `json:"phone_ext,omitzero"`
	PhoneCountryCode   Optional[string] `json:"phone_country_code,omitzero"`
	Phone2             Optional[string] `json:"phone2,omitzero"`
	PhoneCountryCode2  Optional[string] `json:"phone_country_code2,omitzero"`
	CompanyReferenceID Optional[string] `json:"company_reference_id,omitzero"`
	TimeZone           Optional[string] `json:"time_zone,omitzero"` // a Rails zone name; see TimeZone
	MetricUnits        Optional[bool]   `json:"metric_units,omitzero"`
	DOTID              Optional[string] `json:"dot_id,omitzero"`

	DriverCompanyID      Optional[string]           `json:"driver_company_id,omitzero"`      // the fleet's own number for the driver
	DriversLicenseNumber Optional[string]           `json:"drivers_license_number,omitzero"` // never printed
	DriversLicenseState  Optional[string]           `json:"drivers_license_state,omitzero"`
	JoinedAt             Optional[Date]             `json:"joined_at,omitzero"`
	DutyStatus           Optional[DutyStatus]       `json:"duty_status,omitzero"`
	ELDMode              Optional[ELDMode]          `json:"eld_mode,omitzero"`
	TimeTrackingMode     Optional[TimeTrackingMode] `json:"time_tracking_mode,omitzero"` // write only; must match ELDMode
	ViolationAlerts      Optional[ViolationAlerts]  `json:"violation_alerts,omitzero"`

	CarrierName    Optional[string] `json:"carrier_name,omitzero"`
	CarrierStreet  Optional[string] `json:"carrier_street,omitzero"`
	CarrierCity    Optional[string] `json:"carrier_city,omitzero"`
	CarrierState   Optional[string] `json:"carrier_state,omitzero"`
	CarrierZip     Optional[string] `json:"carrier_zip,omitzero"`
	TerminalStreet Optional[string] `json:"terminal_street,omitzero"`
	TerminalCity   Optional[string] `json:"terminal_city,omitzero"`
	TerminalState  Optional[string] `json:"terminal_state,omitzero"`
	TerminalZip    Optional[string] `json:"terminal_zip,omitzero"`

	// Cycle decides which of the exceptions below may be true; see [Cycles].
	Cycle                    Optional[Cycle] `json:"cycle,omitzero"`
	Exception24HourRestart   Optional[bool]  `json:"exception_24_hour_restart,omitzero"`
	Exception8HourBreak      Optional[bool]  `json:"exception_8_hour_break,omitzero"`
	ExceptionWaitTime        Optional[bool]  `json:"exception_wait_time,omitzero"`
	ExceptionShortHaul       Optional[bool]  `json:"exception_short_haul,omitzero"`
	ExceptionCAFarmSchoolBus Optional[bool]  `json:"exception_ca_farm_school_bus,omitzero"`
	ExceptionAdverseDriving  Optional[bool]  `json:"exception_adverse_driving,omitzero"`

	// Cycle2 is a second cycle, with exceptions of its own.
	Cycle2                    Optional[Cycle] `json:"cycle2,omitzero"`
	Exception24HourRestart2   Optional[bool]  `json:"exception_24_hour_restart2,omitzero"`
	Exception8HourBreak2      Optional[bool]  `json:"exception_8_hour_break2,omitzero"`
	ExceptionWaitTime2        Optional[bool]  `json:"exception_wait_time2,omitzero"`
	ExceptionShortHaul2       Optional[bool]  `json:"exception_short_haul2,omitzero"`
	ExceptionCAFarmSchoolBus2 Optional[bool]  `json:"exception_ca_farm_school_bus2,omitzero"`
	ExceptionAdverseDriving2  Optional[bool]  `json:"exception_adverse_driving2,omitzero"`

	ExportCombined            Optional[bool] `json:"export_combined,omitzero"`
	ExportRecap               Optional[bool] `json:"export_recap,omitzero"`
	ExportOdometers           Optional[bool] `json:"export_odometers,omitzero"`
	MinuteLogs                Optional[bool] `json:"minute_logs,omitzero"`
	YardMovesEnabled          Optional[bool] `json:"yard_moves_enabled,omitzero"`
	PersonalConveyanceEnabled Optional[bool] `json:"personal_conveyance_enabled,omitzero"`
	ManualDrivingEnabled      Optional[bool] `json:"manual_driving_enabled,omitzero"`

	// GroupIDs puts a driver into groups. The groups of a fleet user stand in
	// CustomUserRole instead.
	GroupIDs Optional[[]int64] `json:"group_ids,omitzero"`
	// GroupVisibility and CustomUserRole restrict a fleet user to groups.
	GroupVisibility Optional[GroupVisibility] `json:"group_visibility,omitzero"` // write only
	CustomUserRole  Optional[CustomUserRole]  `json:"custom_user_role,omitzero"` // write only
	// ExternalIDsAttributes adds ids of other systems, or changes those whose
	// record ID is given. A create that carries one can be settled after a
	// failure that leaves its outcome open.
	ExternalIDsAttributes Optional[[]ExternalIDAttributes] `json:"external_ids_attributes,omitzero"` // write only
}

// CreateUserRequest is the body of [UsersService.Create]. FirstName, LastName,
// Role and one of Email, Username and Phone are required.
type CreateUserRequest UserAttributes

// UpdateUserRequest is the body of [UsersService.Update]: what is absent stays
// as it is.
type UpdateUserRequest UserAttributes

// CustomUserRole gives a fleet user a role of the fleet's own making, and the
// groups that the user may see.
//
// Motive's hub: "Create a new user", section "Restrict fleet user's access to
// certain groups".
type CustomUserRole struct {
	UserRoleID int64   `json:"user_role_id"`       // of UserRoles.List; required
	GroupIDs   []int64 `json:"group_ids,omitzero"` // the groups that the user may see
}

// ExternalIDAttributes is an external id within a create or an update. With an
// ID it changes that record, without one it adds a record.
type ExternalIDAttributes struct {
	ID              int64  `json:"id,omitzero"`
	ExternalID      string `json:"external_id"`
	IntegrationName string `json:"integration_name"`
}
