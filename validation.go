package motive

import (
	"reflect"
	"slices"
	"strconv"
)

// Validate lists everything in r that the API would refuse, as far as Motive
// documents it, in a [*ValidationError]. It does no I/O, and a valid request
// costs no allocation. [UsersService.Create] calls it first.
//
// Motive's hub: "Create a new user", "Overview of /users".
func (r *CreateUserRequest) Validate() error { return validateCreate(r, false) }

// Validate lists everything in r that the API would refuse, as far as Motive
// documents it, in a [*ValidationError]. It judges only what r contains: what
// the user already has is seen where [UsersService.Update] is called with
// Against. It does no I/O, and a valid request costs no allocation.
//
// Motive's hub: "Create a new user", "Overview of /users".
func (r *UpdateUserRequest) Validate() error { return validateUpdate(r, false, nil) }

// check collects the problems of one request, in the order of its fields.
type check struct {
	attrs    *UserAttributes
	create   bool
	strict   bool  // take the exceptions table to the letter
	current  *User // what an update is judged against; nil if that is not known
	problems []FieldError
}

func validateCreate(r *CreateUserRequest, strict bool) error {
	if r == nil {
		return invalid("", CodeRequired, "the request is nil; pass a *CreateUserRequest")
	}
	c := check{attrs: (*UserAttributes)(r), create: true, strict: strict}
	c.attributes()
	return c.err()
}

func validateUpdate(r *UpdateUserRequest, strict bool, current *User) error {
	if r == nil {
		return invalid("", CodeRequired, "the request is nil; pass a *UpdateUserRequest")
	}
	if reflect.ValueOf(r).Elem().IsZero() {
		return invalid("", CodeInvalid, "the update is empty; set at least one field")
	}
	c := check{attrs: (*UserAttributes)(r), strict: strict, current: current}
	c.attributes()
	return c.err()
}

func (c *check) attributes() {
	a := c.attrs
	c.name("first_name", a.FirstName)
	c.name("last_name", a.LastName)
	c.role()
	c.status("status", a.Status)
	c.contacts()
	c.text("phone_ext", a.PhoneExt)
	c.text("phone_country_code", a.PhoneCountryCode)
	c.text("phone2", a.Phone2)
	c.text("phone_country_code2", a.PhoneCountryCode2)
	c.text("company_reference_id", a.CompanyReferenceID)
	c.text("time_zone", a.TimeZone)
	c.text("dot_id", a.DOTID)
	c.text("driver_company_id", a.DriverCompanyID)
	c.text("drivers_license_number", a.DriversLicenseNumber)
	c.text("drivers_license_state", a.DriversLicenseState)
	value(c, "duty_status", a.DutyStatus, dutyStatuses)
	value(c, "eld_mode", a.ELDMode, eldModes)
	value(c, "time_tracking_mode", a.TimeTrackingMode, timeTrackingModes)
	c.modes()
	value(c, "violation_alerts", a.ViolationAlerts, violationAlerts)
	c.text("carrier_name", a.CarrierName)
	c.text("carrier_street", a.CarrierStreet)
	c.text("carrier_city", a.CarrierCity)
	c.text("carrier_state", a.CarrierState)
	c.text("carrier_zip", a.CarrierZip)
	c.text("terminal_street", a.TerminalStreet)
	c.text("terminal_city", a.TerminalCity)
	c.text("terminal_state", a.TerminalState)
	c.text("terminal_zip", a.TerminalZip)
	c.cycles()
	c.groups()
	c.externalIDs()
}

func (c *check) name(field string, o Optional[string]) {
	if c.present(field, o.IsZero(), blank(o.value)) {
		c.text(field, o)
	}
}

func (c *check) role() {
	o := c.attrs.Role
	if c.present("role", o.IsZero(), blank(string(o.value))) {
		value(c, "role", o, roles)
	}
}

// present adds a problem where a required field is empty, which an absent field
// of an update is not, and reports whether there is a value to look at.
func (c *check) present(field string, absent, empty bool) bool {
	switch {
	case !empty:
		return true
	case c.create:
		c.add(field, CodeRequired, "is required")
	case !absent:
		c.add(field, CodeRequired, "is required and cannot be cleared; leave it out to keep it")
	}
	return false
}

// status has a code of its own: pending is documented, and still no request
// may set it.
func (c *check) status(field string, o Optional[Status]) {
	s, set := o.Get()
	switch {
	case !set || slices.Contains(settableStatuses, s):
	case s == StatusPending:
		c.add(field, CodeInvalid, quote(string(s))+" cannot be set; use "+list(settableStatuses, "or"))
	default:
		c.add(field, CodeInvalid, notDocumented(string(s), settableStatuses))
	}
}

// contacts looks at what a user is found and signed in by.
func (c *check) contacts() {
	a := c.attrs
	if c.create && blank(a.Email.value) && blank(a.Username.value) && blank(a.Phone.value) {
		c.add("email", CodeRequired, "one of email, username and phone is required")
	} else {
		c.email("email", a.Email)
	}
	c.text("username", a.Username)
	c.text("password", a.Password)
	c.text("phone", a.Phone)
}

// value checks that a field holds one of the documented values.
func value[T ~string](c *check, field string, o Optional[T], valid []T) {
	v, set := o.Get()
	if !set || slices.Contains(valid, v) {
		return
	}
	message := notDocumented(string(v), valid)
	if blank(string(v)) {
		message += ", or null to clear it"
	}
	c.add(field, CodeUnknownValue, message)
}

// positive checks an id that is given.
func (c *check) positive(field string, id int64) {
	if id <= 0 {
		c.add(field, CodeInvalid, "is "+strconv.FormatInt(id, 10)+"; an id is a positive number")
	}
}

func (c *check) add(field, code, message string) {
	c.problems = append(c.problems, FieldError{Field: field, Code: code, Message: message})
}

func (c *check) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return &ValidationError{Problems: c.problems}
}
