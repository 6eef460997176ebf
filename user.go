package motive

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/encode"
	"github.com/motive-go/motive/internal/lenient"
	"github.com/motive-go/motive/internal/redact"
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
// slog it shows neither the license number nor the contents of Extra. The one
// place where it cannot see to that is an unexported field of another struct,
// which fmt prints without asking: give such a struct a Format of its own.
//
// The strings of a User stand in one piece of memory, so one of them keeps all
// alive: [strings.Clone] a field that outlives many users. A struct that embeds a
// User takes on its JSON and its printing, which leave the other fields of the
// struct out: hold it in a named field.
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
// IntegrationName is unique across the users of a fleet. Within a request, one
// with an ID changes that record, and one without adds a record. Members that
// stand nowhere here are dropped on reading.
//
// Motive's hub: "Create a new user", section "Add External Ids".
type ExternalID struct {
	ID              int64  `json:"id,omitzero"` // the record's own id, which ExternalIDs.Update and Delete take
	ExternalID      string `json:"external_id"`
	IntegrationName string `json:"integration_name"`
}

func samePair(a, b ExternalID) bool {
	return a.ExternalID == b.ExternalID && a.IntegrationName == b.IntegrationName
}

var externalIDTable = lenient.Table[ExternalID]{ByValue: true}

// userFields is a User without its methods: a program that only reads users would
// link these, with all that they need.
type userFields User

var userTable lenient.Table[userFields] // the fields of a user, by their names in JSON

// readUser reads the user that d is at, bare or wrapped, and its id. It is empty if
// there is none, and after a fault. What has no field, or does not fit it, is copied
// into one piece of memory.
func readUser(d *lenient.Decoder) (*User, int64) {
	u := new(User)
	members := d.Read((*userFields)(u), "user")
	if len(members) == 0 {
		return u, u.ID
	}
	size := 0
	for _, m := range members {
		size += len(m.Value)
	}
	all := make([]byte, 0, size)
	u.Extra = make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		start := len(all)
		all = append(all, m.Value...)
		u.Extra[string(m.Name)] = all[start:len(all):len(all)]
	}
	return u, u.ID
}

// UnmarshalJSON replaces u by the user in data, bare or under the key "user", as
// the API sends it or MarshalJSON wrote it. Data that is not a JSON object is an
// error, and nothing else is: numbers, strings and booleans are read as the type
// of their field where they can be, and what cannot goes to Extra. Null leaves u
// as it is.
func (u *User) UnmarshalJSON(data []byte) error {
	d := userTable.Decoder(data)
	defer d.Close()
	isObject, isNull := d.At('{'), d.At('n')
	read, _ := readUser(d)
	switch err := d.End(); {
	case err != nil:
		return fmt.Errorf("motive: read user: %w", err)
	case isObject:
		*u = *read
	case !isNull:
		return errors.New("motive: read user: a JSON object was expected")
	}
	return nil
}

// MarshalJSON writes u under the API's names: the id and every other field that
// is not zero, the license number included, then Extra in the order of its keys.
// A key of Extra that is the name of a field is written only if the field is
// zero. A value of Extra that is not JSON is an error.
func (u User) MarshalJSON() ([]byte, error) {
	fields := reflect.ValueOf(&u).Elem()
	out := []byte{'{'}
	if _, kept := u.Extra["id"]; u.ID == 0 && !kept {
		out = append(out, `"id":0`...)
	}
	out, err := appendFields(out, userTable.Keys(), fields)
	if err != nil {
		return nil, fmt.Errorf("motive: write user: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(u.Extra)) {
		if i, known := userTable.Index(name); known && !fields.Field(i).IsZero() {
			continue
		}
		raw, _ := u.Extra[name].MarshalJSON() // null for nil
		value, err := lenient.Check(raw)
		if err != nil {
			return nil, fmt.Errorf("motive: write user: extra field %q: %w", name, err)
		}
		out = append(appendKey(out, string(encode.String(nil, name))+":"), value...)
	}
	return append(out, '}'), nil
}

// appendFields adds the fields of a struct that are not zero to the object that dst
// ends in, under the keys of their [lenient.Table].
func appendFields(dst []byte, keys []string, fields reflect.Value) (_ []byte, err error) {
	for i, key := range keys {
		if key == "" {
			continue
		}
		p := fields.Field(i).Addr().Interface()
		o, isOptional := p.(optional)
		switch {
		case isOptional && !o.IsZero(): // spared the second look that encoding/json takes at its output
			dst, err = o.appendJSON(appendKey(dst, key))
		case !isOptional && !fields.Field(i).IsZero():
			dst, err = encode.Value(appendKey(dst, key), p)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Trim(key, `":`), err)
		}
	}
	return dst, nil
}

// appendKey begins a member of the object that dst ends in.
func appendKey(dst []byte, key string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(dst, key...)
}

// ExternalID returns the user's id in the system of the given integration name,
// and whether there is one.
func (u User) ExternalID(integration string) (string, bool) {
	for _, id := range u.ExternalIDs {
		if id.IntegrationName == integration {
			return id.ExternalID, true
		}
	}
	return "", false
}

// Exceptions lists the exceptions to the user's cycle that are on.
func (u User) Exceptions() []Exception { return u.exceptions("") }

// Exceptions2 lists the exceptions to the user's second cycle that are on,
// without the 2 that the names of their fields end in.
func (u User) Exceptions2() []Exception { return u.exceptions("2") }

// exceptions lists those whose fields, with suffix behind their names, are on.
func (u User) exceptions(suffix string) (on []Exception) {
	fields := reflect.ValueOf(&u).Elem()
	for _, row := range exceptionTable {
		i, _ := userTable.Index(string(row.name) + suffix)
		if fields.Field(i).Bool() {
			on = append(on, row.name)
		}
	}
	return on
}

// Users and requests hold license numbers and passwords, so they print and log
// themselves. Besides the way around this that User names, a type cannot close that
// of slog's JSON handler: it writes a slice or a struct that holds users through
// MarshalJSON.

// LogValue shows the fields of u that are not zero and the keys of Extra. The
// license number is redacted.
func (u User) LogValue() slog.Value { return shown(u, u.Extra) }

// Format prints u as LogValue shows it, under every verb:
// User{id:7 first_name:"Ada"}.
func (u User) Format(s fmt.State, _ rune) { redact.Print(s, u) }

// shown is what a struct shows of itself: of Extra the keys, for the values may be
// secrets.
func shown[V any](fields any, extra map[string]V) slog.Value {
	attrs := redact.Attrs(fields, "password", "drivers_license_number")
	if len(extra) > 0 {
		attrs = append(attrs, slog.Any("extra", slices.Sorted(maps.Keys(extra))))
	}
	return slog.GroupValue(attrs...)
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
	text, _ := d.AppendText(nil)
	return string(text)
}

// AppendText appends what String returns.
func (d Date) AppendText(dst []byte) ([]byte, error) {
	if d.IsZero() {
		return dst, nil
	}
	return d.AppendFormat(dst, time.DateOnly), nil
}

// MarshalText writes what String returns.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// MarshalJSON writes what String returns, in quotes.
func (d Date) MarshalJSON() ([]byte, error) { return d.appendJSON(nil) }

func (d Date) appendJSON(dst []byte) ([]byte, error) {
	dst, err := d.AppendText(append(dst, '"'))
	return append(dst, '"'), err
}

// UnmarshalText reads "2006-01-02", a full RFC 3339 time whose time of day is
// dropped, or "".
func (d *Date) UnmarshalText(text []byte) error {
	return d.UnmarshalJSON([]byte(`"` + string(text) + `"`))
}

// UnmarshalJSON reads a string as UnmarshalText does, and null as "". The time
// may lack its offset.
func (d *Date) UnmarshalJSON(data []byte) error {
	value, err := lenient.Check(data)
	day, ok := lenient.Time(value)
	if blank := string(value) == "null" || string(value) == `""`; err != nil || !ok && !blank {
		return errors.New(`a date such as "2006-01-02" was expected`)
	}
	*d = NewDate(day.Date()) // of what is blank the zero Date
	return nil
}
