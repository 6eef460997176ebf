// Package plain holds the types that a program without an SDK would write: a
// field for each field, and encoding/json.
package plain

import "time"

//go:generate go run github.com/mailru/easyjson/easyjson@v0.9.2 -all -no_std_marshalers plain.go

// User has the fields of motive.User, which TestPlainTypes holds it to.
type User struct {
	ID                        int64        `json:"id"`
	FirstName                 string       `json:"first_name"`
	LastName                  string       `json:"last_name"`
	Email                     string       `json:"email"`
	Phone                     string       `json:"phone"`
	PhoneExt                  string       `json:"phone_ext"`
	PhoneCountryCode          string       `json:"phone_country_code"`
	Phone2                    string       `json:"phone2"`
	PhoneCountryCode2         string       `json:"phone_country_code2"`
	CompanyReferenceID        string       `json:"company_reference_id"`
	TimeZone                  string       `json:"time_zone"`
	Role                      string       `json:"role"`
	Status                    string       `json:"status"`
	GroupIDs                  []int64      `json:"group_ids"`
	MetricUnits               bool         `json:"metric_units"`
	CreatedAt                 time.Time    `json:"created_at"`
	UpdatedAt                 time.Time    `json:"updated_at"`
	MobileCurrentSignInAt     time.Time    `json:"mobile_current_sign_in_at"`
	MobileLastSignInAt        time.Time    `json:"mobile_last_sign_in_at"`
	MobileLastActiveAt        time.Time    `json:"mobile_last_active_at"`
	WebCurrentSignInAt        time.Time    `json:"web_current_sign_in_at"`
	WebLastSignInAt           time.Time    `json:"web_last_sign_in_at"`
	WebLastActiveAt           time.Time    `json:"web_last_active_at"`
	ExpiresAt                 time.Time    `json:"expires_at"`
	ExternalIDs               []ExternalID `json:"external_ids"`
	DOTID                     string       `json:"dot_id"`
	Username                  string       `json:"username"`
	DriverCompanyID           string       `json:"driver_company_id"`
	DriversLicenseNumber      string       `json:"drivers_license_number"`
	DriversLicenseState       string       `json:"drivers_license_state"`
	JoinedAt                  string       `json:"joined_at"`
	DutyStatus                string       `json:"duty_status"`
	ELDMode                   string       `json:"eld_mode"`
	Cycle                     string       `json:"cycle"`
	Cycle2                    string       `json:"cycle2"`
	ViolationAlerts           string       `json:"violation_alerts"`
	CarrierName               string       `json:"carrier_name"`
	CarrierStreet             string       `json:"carrier_street"`
	CarrierCity               string       `json:"carrier_city"`
	CarrierState              string       `json:"carrier_state"`
	CarrierZip                string       `json:"carrier_zip"`
	TerminalStreet            string       `json:"terminal_street"`
	TerminalCity              string       `json:"terminal_city"`
	TerminalState             string       `json:"terminal_state"`
	TerminalZip               string       `json:"terminal_zip"`
	Exception24HourRestart    bool         `json:"exception_24_hour_restart"`
	Exception8HourBreak       bool         `json:"exception_8_hour_break"`
	ExceptionWaitTime         bool         `json:"exception_wait_time"`
	ExceptionShortHaul        bool         `json:"exception_short_haul"`
	ExceptionCAFarmSchoolBus  bool         `json:"exception_ca_farm_school_bus"`
	ExceptionAdverseDriving   bool         `json:"exception_adverse_driving"`
	Exception24HourRestart2   bool         `json:"exception_24_hour_restart2"`
	Exception8HourBreak2      bool         `json:"exception_8_hour_break2"`
	ExceptionWaitTime2        bool         `json:"exception_wait_time2"`
	ExceptionShortHaul2       bool         `json:"exception_short_haul2"`
	ExceptionCAFarmSchoolBus2 bool         `json:"exception_ca_farm_school_bus2"`
	ExceptionAdverseDriving2  bool         `json:"exception_adverse_driving2"`
	ExportCombined            bool         `json:"export_combined"`
	ExportRecap               bool         `json:"export_recap"`
	ExportOdometers           bool         `json:"export_odometers"`
	MinuteLogs                bool         `json:"minute_logs"`
	YardMovesEnabled          bool         `json:"yard_moves_enabled"`
	PersonalConveyanceEnabled bool         `json:"personal_conveyance_enabled"`
	ManualDrivingEnabled      bool         `json:"manual_driving_enabled"`
	AssociatedDispatcherID    int64        `json:"associated_dispatcher_id"`
}

// ExternalID is the id of a user in another system.
type ExternalID struct {
	ID              int64  `json:"id,omitempty,omitzero"`
	ExternalID      string `json:"external_id"`
	IntegrationName string `json:"integration_name"`
}

// One is the response of a GET or a create.
type One struct {
	User User `json:"user"`
}

// Page is a page of the list.
type Page struct {
	Users      []One `json:"users"`
	Pagination struct {
		PerPage int `json:"per_page"`
		PageNo  int `json:"page_no"`
		Total   int `json:"total"`
	} `json:"pagination"`
}

// Create has the fields of motive.CreateUserRequest, the two of a fleet user
// omitted where they are empty.
type Create struct {
	FirstName                 string          `json:"first_name"`
	LastName                  string          `json:"last_name"`
	Role                      string          `json:"role"`
	Status                    string          `json:"status"`
	Email                     string          `json:"email"`
	Username                  string          `json:"username"`
	Password                  string          `json:"password"`
	Phone                     string          `json:"phone"`
	PhoneExt                  string          `json:"phone_ext"`
	PhoneCountryCode          string          `json:"phone_country_code"`
	Phone2                    string          `json:"phone2"`
	PhoneCountryCode2         string          `json:"phone_country_code2"`
	CompanyReferenceID        string          `json:"company_reference_id"`
	TimeZone                  string          `json:"time_zone"`
	MetricUnits               bool            `json:"metric_units"`
	DOTID                     string          `json:"dot_id"`
	DriverCompanyID           string          `json:"driver_company_id"`
	DriversLicenseNumber      string          `json:"drivers_license_number"`
	DriversLicenseState       string          `json:"drivers_license_state"`
	JoinedAt                  string          `json:"joined_at"`
	DutyStatus                string          `json:"duty_status"`
	ELDMode                   string          `json:"eld_mode"`
	TimeTrackingMode          string          `json:"time_tracking_mode"`
	ViolationAlerts           string          `json:"violation_alerts"`
	CarrierName               string          `json:"carrier_name"`
	CarrierStreet             string          `json:"carrier_street"`
	CarrierCity               string          `json:"carrier_city"`
	CarrierState              string          `json:"carrier_state"`
	CarrierZip                string          `json:"carrier_zip"`
	TerminalStreet            string          `json:"terminal_street"`
	TerminalCity              string          `json:"terminal_city"`
	TerminalState             string          `json:"terminal_state"`
	TerminalZip               string          `json:"terminal_zip"`
	Cycle                     string          `json:"cycle"`
	Exception24HourRestart    bool            `json:"exception_24_hour_restart"`
	Exception8HourBreak       bool            `json:"exception_8_hour_break"`
	ExceptionWaitTime         bool            `json:"exception_wait_time"`
	ExceptionShortHaul        bool            `json:"exception_short_haul"`
	ExceptionCAFarmSchoolBus  bool            `json:"exception_ca_farm_school_bus"`
	ExceptionAdverseDriving   bool            `json:"exception_adverse_driving"`
	Cycle2                    string          `json:"cycle2"`
	Exception24HourRestart2   bool            `json:"exception_24_hour_restart2"`
	Exception8HourBreak2      bool            `json:"exception_8_hour_break2"`
	ExceptionWaitTime2        bool            `json:"exception_wait_time2"`
	ExceptionShortHaul2       bool            `json:"exception_short_haul2"`
	ExceptionCAFarmSchoolBus2 bool            `json:"exception_ca_farm_school_bus2"`
	ExceptionAdverseDriving2  bool            `json:"exception_adverse_driving2"`
	ExportCombined            bool            `json:"export_combined"`
	ExportRecap               bool            `json:"export_recap"`
	ExportOdometers           bool            `json:"export_odometers"`
	MinuteLogs                bool            `json:"minute_logs"`
	YardMovesEnabled          bool            `json:"yard_moves_enabled"`
	PersonalConveyanceEnabled bool            `json:"personal_conveyance_enabled"`
	ManualDrivingEnabled      bool            `json:"manual_driving_enabled"`
	GroupIDs                  []int64         `json:"group_ids"`
	GroupVisibility           string          `json:"group_visibility,omitempty"`
	CustomUserRole            *CustomUserRole `json:"custom_user_role,omitempty"`
	ExternalIDsAttributes     []ExternalID    `json:"external_ids_attributes"`
}

// CustomUserRole is a role of the fleet's own making.
type CustomUserRole struct {
	UserRoleID int64   `json:"user_role_id,omitempty"`
	GroupIDs   []int64 `json:"group_ids,omitempty"`
}
