package motive

import (
	"encoding/json"
	"time"
)

// User is a driver, a fleet user or an administrator, as the API shows it.
//
// Fields hold plain values: null, "" and an absent field all read as the zero
// value. The fields of the second half belong to drivers and are absent on
// everybody else. Numbers sent as strings, and the reverse, are read as the
// type that stands here. A field that this version does not know, or whose
// value does not fit its type, is kept in Extra under its name, so that nothing
// the server sends makes decoding fail and nothing is lost.
//
// A User marshals under the API's names, Extra included and zero values left
// out, so that it can be stored and read again. Printed with fmt or logged with
// slog it shows neither the licence number nor the contents of Extra.
//
// Motive's hub: "Overview of /users".
type User struct {
	ID                    int64        `json:"id"`
	FirstName             string       `json:"first_name,omitzero"`
	LastName              string       `json:"last_name,omitzero"`
	Email                 string       `json:"email,omitzero"` // empty on many drivers
	Phone                 string       `json:"phone,omitzero"`
	PhoneExt              string       `json:"phone_ext,omitzero"`
	PhoneCountryCode      string       `json:"phone_country_code,omitzero"`
	Phone2                string       `json:"phone2,omitzero"`
	PhoneCountryCode2     string       `json:"phone_country_code2,omitzero"`
	CompanyReferenceID    string       `json:"company_reference_id,omitzero"`
	TimeZone              string       `json:"time_zone,omitzero"` // a Rails zone name; see TimeZone
	Role                  Role         `json:"role,omitzero"`
	Status                Status       `json:"status,omitzero"`
	GroupIDs              []int64      `json:"group_ids,omitzero"`
	MetricUnits           bool         `json:"metric_units,omitzero"`
	CreatedAt             time.Time    `json:"created_at,omitzero"`
	UpdatedAt             time.Time    `json:"updated_at,omitzero"`
	MobileCurrentSignInAt time.Time    `json:"mobile_current_sign_in_at,omitzero"`
	MobileLastSignInAt    time.Time    `json:"mobile_last_sign_in_at,omitzero"`
	MobileLastActiveAt    time.Time    `json:"mobile_last_active_at,omitzero"`
	WebCurrentSignInAt    time.Time    `json:"web_current_sign_in_at,omitzero"`
	WebLastSignInAt       time.Time    `json:"web_last_sign_in_at,omitzero"`
	WebLastActiveAt       time.Time    `json:"web_last_active_at,omitzero"`
	ExpiresAt             time.Time    `json:"expires_at,omitzero"`
	ExternalIDs           []ExternalID `json:"external_ids,omitzero"`
	DOTID                 string       `json:"dot_id,omitzero"`

	// Drivers only, from here on.

	Username             string          `json:"username,omitzero"`
	DriverCompanyID      string          `json:"driver_company_id,omitzero"` // the fleet's own number for the driver
	DriversLicenseNumber string          `json:"drivers_license_number,omitzero"`
	DriversLicenseState  string          `json:"drivers_license_state,omitzero"`
	JoinedAt             Date            `json:"joined_at,omitzero"`
	DutyStatus           DutyStatus      `json:"duty_status,omitzero"`
	ELDMode              ELDMode         `json:"eld_mode,omitzero"`
	Cycle                Cycle           `json:"cycle,omitzero"`
	Cycle2               Cycle           `json:"cycle2,omitzero"`
	ViolationAlerts      ViolationAlerts `json:"violation_alerts,omitzero"`

	CarrierName    string `json:"carrier_name,omitzero"`
	CarrierStreet  string `json:"carrier_street,omitzero"`
	CarrierCity    string `json:"carrier_city,omitzero"`
	CarrierState   string `json:"carrier_state,omitzero"`
	CarrierZip     string `json:"carrier_zip,omitzero"`
	TerminalStreet string `json:"terminal_street,omitzero"`
	TerminalCity   string `json:"terminal_city,omitzero"`
	TerminalState  string `json:"terminal_state,omitzero"`
	TerminalZip    string `json:"terminal_zip,omitzero"`

	// The exceptions to Cycle, then those to Cycle2; see Cycles.

	Exception24HourRestart    bool `json:"exception_24_hour_restart,omitzero"`
	Exception8HourBreak       bool `json:"exception_8_hour_break,omitzero"`
	ExceptionWaitTime         bool `json:"exception_wait_time,omitzero"`
	ExceptionShortHaul        bool `json:"exception_short_haul,omitzero"`
	ExceptionCAFarmSchoolBus  bool `json:"exception_ca_farm_school_bus,omitzero"`
	ExceptionAdverseDriving   bool `json:"exception_adverse_driving,omitzero"`
	Exception24HourRestart2   bool `json:"exception_24_hour_restart2,omitzero"`
	Exception8HourBreak2      bool `json:"exception_8_hour_break2,omitzero"`
	ExceptionWaitTime2        bool `json:"exception_wait_time2,omitzero"`
	ExceptionShortHaul2       bool `json:"exception_short_haul2,omitzero"`
	ExceptionCAFarmSchoolBus2 bool `json:"exception_ca_farm_school_bus2,omitzero"`
	ExceptionAdverseDriving2  bool `json:"exception_adverse_driving2,omitzero"`

	ExportCombined            bool  `json:"export_combined,omitzero"`
	ExportRecap               bool  `json:"export_recap,omitzero"`
	ExportOdometers           bool  `json:"export_odometers,omitzero"`
	MinuteLogs                bool  `json:"minute_logs,omitzero"`
	YardMovesEnabled          bool  `json:"yard_moves_enabled,omitzero"`
	PersonalConveyanceEnabled bool  `json:"personal_conveyance_enabled,omitzero"`
	ManualDrivingEnabled      bool  `json:"manual_driving_enabled,omitzero"`
	AssociatedDispatcherID    int64 `json:"associated_dispatcher_id,omitzero"`

	// Extra holds the fields that stand nowhere above, as they were sent.
	Extra map[string]json.RawMessage `json:"-"`
}

// ExternalID is the id of a user in another system. The pair of ExternalID and
// IntegrationName is unique across the users of a fleet. Members that stand nowhere
// here are dropped on reading.
//
// Motive's hub: "Create a new user", section "Add External Ids".
type ExternalID struct {
	ID              int64  `json:"id,omitzero"` // the record's own id, which ExternalIDs.Update and Delete take
	ExternalID      string `json:"external_id"`
	IntegrationName string `json:"integration_name"`
}

// Date is a day without a time of day: midnight UTC of that day. Its JSON form
// is "2006-01-02".
type Date struct{ time.Time }

// NewDate returns the date of the given day.
func NewDate(year int, month time.Month, day int) Date {
	return Date{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// String returns the date as "2006-01-02", or "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// MarshalJSON writes "2006-01-02", or "" for the zero Date.
func (d Date) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads "2006-01-02", a full RFC 3339 time whose time of day is
// dropped, null or "".
func (d *Date) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if s == nil || *s == "" {
		*d = Date{}
		return nil
	}
	parsed, err := parseDate(*s)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

func parseDate(s string) (Date, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return NewDate(t.Date()), nil
	}
	t, err := time.Parse(time.DateOnly, s)
	return Date{t}, err
}
