package motive

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/motive-go/motive/internal/text"
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
// [Against]. It does no I/O, and a valid request costs no allocation.
//
// Motive's hub: "Create a new user", "Overview of /users".
func (r *UpdateUserRequest) Validate() error { return validateUpdate(r, false, nil) }

// ValidateAgainst is [UpdateUserRequest.Validate] for an update of current: it
// judges what the user would be afterwards, as [Against] does.
func (r *UpdateUserRequest) ValidateAgainst(current *User) error {
	return validateUpdate(r, false, current)
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
	if isEmpty(r) {
		return invalid("", CodeInvalid, "the update is empty; set at least one field")
	}
	c := check{attrs: (*UserAttributes)(r), strict: strict, current: current}
	c.attributes()
	return c.err()
}

// isEmpty reports whether r would be sent as {}.
func isEmpty(r *UpdateUserRequest) bool {
	fields := reflect.ValueOf(r).Elem()
	for i := range fields.NumField() {
		if f := fields.Field(i); !f.IsZero() && (f.Kind() != reflect.Map || f.Len() > 0) {
			return false
		}
	}
	return true
}

// check collects the problems of one request, in the order of its fields.
type check struct {
	attrs    *UserAttributes
	create   bool
	strict   bool  // take Motive's pages to the letter
	current  *User // what an update is judged against; nil if that is not known
	problems []FieldError
}

func (c *check) attributes() {
	a, u := c.attrs, c.user()
	c.name("first_name", a.FirstName)
	c.name("last_name", a.LastName)
	c.role()
	c.status("status", a.Status)
	c.contacts()
	c.text("phone_ext", a.PhoneExt)
	c.countryCode("phone_country_code", a.PhoneCountryCode, u.PhoneCountryCode, a.Phone)
	c.text("phone2", a.Phone2)
	c.countryCode("phone_country_code2", a.PhoneCountryCode2, u.PhoneCountryCode2, a.Phone2)
	c.text("company_reference_id", a.CompanyReferenceID)
	c.timeZone("time_zone", a.TimeZone)
	c.text("dot_id", a.DOTID)
	c.key("driver_company_id", a.DriverCompanyID)
	c.text("drivers_license_number", a.DriversLicenseNumber)
	c.text("drivers_license_state", a.DriversLicenseState)
	value(c, "duty_status", a.DutyStatus, dutyStatuses)
	value(c, "eld_mode", a.ELDMode, eldModes)
	value(c, "time_tracking_mode", a.TimeTrackingMode, timeTrackingModes)
	c.modes()
	value(c, "violation_alerts", a.ViolationAlerts, violationAlerts)
	c.text("carrier_name", a.CarrierName)
	c.lines("carrier_street", a.CarrierStreet)
	c.text("carrier_city", a.CarrierCity)
	c.text("carrier_state", a.CarrierState)
	c.text("carrier_zip", a.CarrierZip)
	c.lines("terminal_street", a.TerminalStreet)
	c.text("terminal_city", a.TerminalCity)
	c.text("terminal_state", a.TerminalState)
	c.text("terminal_zip", a.TerminalZip)
	c.cycles()
	c.groups()
	c.externalIDs()
	c.extra()
}

// user is the user as far as it is known: of what is zero in it, nothing is.
func (c *check) user() *User {
	if c.current == nil {
		return &User{}
	}
	return c.current
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

// Fields of their own.

func (c *check) name(field string, o Optional[string]) {
	if c.present(field, o.IsZero(), text.Blank(o.value)) {
		c.text(field, o)
	}
}

func (c *check) role() {
	o := c.attrs.Role
	if c.present("role", o.IsZero(), text.Blank(string(o.value))) {
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
	case o.IsNull():
		c.add(field, CodeInvalid, "cannot be cleared; use "+text.List(settableStatuses, "or")+", or leave it out")
	case !set || slices.Contains(settableStatuses, s):
	case s == StatusPending:
		c.add(field, CodeInvalid, text.Quote(string(s))+" cannot be set; use "+text.List(settableStatuses, "or"))
	default:
		c.add(field, CodeInvalid, notDocumented(string(s), settableStatuses))
	}
}

// contacts looks at what a user is found and signed in by.
func (c *check) contacts() {
	a := c.attrs
	if c.create && text.Blank(a.Email.value) && text.Blank(a.Username.value) && text.Blank(a.Phone.value) {
		c.add("email", CodeRequired, "one of email, username and phone is required")
	} else {
		c.email("email", a.Email)
		c.key("username", a.Username)
	}
	c.text("password", a.Password)
	c.text("phone", a.Phone)
}

// countryCode is asked for by strict validation alone: Motive's pages call it
// mandatory, and their own sample requests lack it.
func (c *check) countryCode(field string, o Optional[string], has string, phone Optional[string]) {
	code := o.value
	if o.IsZero() {
		code = has
	}
	if c.strict && text.Blank(code) && !text.Blank(phone.value) {
		c.add(field, CodeRequired, "is required with a phone under strict validation; set it to the phone's country code")
		return
	}
	c.text(field, o)
}

func (c *check) timeZone(field string, o Optional[string]) {
	if !c.text(field, o) {
		return
	}
	if message := notRails(o.value); message != "" {
		c.add(field, CodeInvalid, message)
	}
}

// email checks an address. "" is the absence of one.
func (c *check) email(field string, o Optional[string]) {
	s := o.value
	if s == "" || !c.text(field, o) {
		return
	}
	switch address, ok := text.Email(s); {
	case ok:
	case address == "":
		c.add(field, CodeInvalid, text.Quote(s)+" is not an email address; write it like ada@example.com")
	default:
		c.add(field, CodeInvalid, text.Quote(s)+" is more than an email address; use "+text.Quote(address)+" alone")
	}
}

// Fields of any name.

// value checks that a field holds one of the documented values.
func value[T ~string](c *check, field string, o Optional[T], valid []T) {
	v, set := o.Get()
	if !set || slices.Contains(valid, v) {
		return
	}
	message := notDocumented(string(v), valid)
	if text.Blank(string(v)) {
		message += ", or null to clear it"
	}
	c.add(field, CodeUnknownValue, message)
}

// text checks a string that is sent as it is, and reports whether it may be.
func (c *check) text(field string, o Optional[string]) bool {
	message := malformed(o.value, unicode.IsControl)
	if message != "" {
		c.add(field, CodeInvalid, message)
	}
	return message == ""
}

// lines checks a text that may have several lines, as a street may.
func (c *check) lines(field string, o Optional[string]) {
	refused := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' }
	if message := malformed(o.value, refused); message != "" {
		c.add(field, CodeInvalid, message)
	}
}

// malformed returns what a text may not hold, or "". It does not show s, which
// can be a password or a license number.
func malformed(s string, refused func(rune) bool) string {
	if !utf8.ValidString(s) {
		// encoding/json would send other characters without a word.
		return "is not valid UTF-8; convert it"
	}
	if strings.ContainsFunc(s, refused) {
		return "contains a line break, a tab or another control character; remove it"
	}
	return ""
}

// key checks a text that a user is found by.
func (c *check) key(field string, o Optional[string]) {
	if !c.text(field, o) {
		return
	}
	if message := padded(o.value); message != "" {
		c.add(field, CodeInvalid, message)
	}
}

// padded returns what is wrong with white space around s, or "". With it the
// API would keep two users where there is one.
func padded(s string) string {
	trimmed := strings.TrimSpace(s)
	switch {
	case trimmed == s:
		return ""
	case trimmed == "":
		return "is blank; leave it out, or use null to clear it"
	}
	return text.Quote(s) + " has white space around it, and would be another value than " + text.Quote(trimmed) +
		"; remove the white space"
}

// positive checks an id that is given.
func (c *check) positive(field string, id int64) {
	if id <= 0 {
		c.add(field, CodeInvalid, fmt.Sprintf(notPositive, id))
	}
}

const notPositive = "is %d; an id is a positive number"

func (c *check) positives(field string, ids []int64) {
	for i, id := range ids {
		if id <= 0 {
			c.positive(at(field, i), id)
		}
	}
}

func at(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// Modes.

// modes checks that the time tracking mode goes with the ELD mode; see
// [ModePairs]. A value that is not documented has been reported already, and an
// ELD mode that is not known is not guessed.
func (c *check) modes() {
	o := c.attrs.TimeTrackingMode
	eld, known := c.eldMode()
	switch {
	case !known:
	case slices.Contains(timeTrackingModes, o.value) && !compatible(o.value, eld):
		c.add("time_tracking_mode", CodeModeMismatch, c.mismatch(o.value, eld))
	case o.IsZero():
		c.eldModeAlone(eld)
	}
}

// eldModeAlone checks an ELD mode that changes while the time tracking mode
// stays. Responses do not show the latter, but whether it can stay is known:
// nothing goes with exempt that goes with another ELD mode.
func (c *check) eldModeAlone(eld ELDMode) {
	was := c.user().ELDMode
	if !slices.Contains(eldModes, was) || (was == ELDModeExempt) == (eld == ELDModeExempt) {
		return
	}
	to := "is cleared"
	if eld != "" {
		to = "becomes " + text.Quote(string(eld))
	}
	c.add("time_tracking_mode", CodeModeMismatch, "has to change with eld_mode, which was "+text.Quote(string(was))+
		" and "+to+"; set it to "+text.List(timeTrackingModesWith(eld), "or"))
}

func (c *check) mismatch(tracking TimeTrackingMode, eld ELDMode) string {
	state := "eld_mode is not set"
	if eld != "" {
		state = "eld_mode is " + text.Quote(string(eld))
		if c.attrs.ELDMode.IsZero() {
			state = "the user's " + state
		}
	}
	fitting := text.List(eldModesWith(tracking), "or")
	return text.Quote(string(tracking)) + " goes with eld_mode " + fitting + " only, and " + state +
		"; set eld_mode to " + fitting + ", or use time_tracking_mode " + text.List(timeTrackingModesWith(eld), "or")
}

// eldMode is the ELD mode after the request, "" for none, and whether that can
// be told.
func (c *check) eldMode() (mode ELDMode, known bool) {
	o := c.attrs.ELDMode
	mode, set := o.Get()
	switch {
	case set:
		return mode, slices.Contains(eldModes, mode)
	case c.create, o.IsNull():
		return "", true
	}
	// A response that shows no ELD mode is no proof that there is none.
	mode = c.user().ELDMode
	return mode, slices.Contains(eldModes, mode)
}

// Cycles.

// cycleFields is a cycle with its exceptions: what the request says of them,
// and what they are for the user now.
type cycleFields struct {
	field      string
	want       Optional[Cycle]
	has        Cycle // "" if the user does not show one
	exceptions [6]exceptionField
}

type exceptionField struct {
	field     string
	exception Exception
	want      Optional[bool]
	has       bool
}

func (c *check) cycles() {
	a, u := c.attrs, c.user()
	c.cycle(&cycleFields{"cycle", a.Cycle, u.Cycle, [6]exceptionField{
		{"exception_24_hour_restart", Exception24HourRestart, a.Exception24HourRestart, u.Exception24HourRestart},
		{"exception_8_hour_break", Exception8HourBreak, a.Exception8HourBreak, u.Exception8HourBreak},
		{"exception_wait_time", ExceptionWaitTime, a.ExceptionWaitTime, u.ExceptionWaitTime},
		{"exception_short_haul", ExceptionShortHaul, a.ExceptionShortHaul, u.ExceptionShortHaul},
		{"exception_ca_farm_school_bus", ExceptionCAFarmSchoolBus, a.ExceptionCAFarmSchoolBus, u.ExceptionCAFarmSchoolBus},
		{"exception_adverse_driving", ExceptionAdverseDriving, a.ExceptionAdverseDriving, u.ExceptionAdverseDriving},
	}})
	c.cycle(&cycleFields{"cycle2", a.Cycle2, u.Cycle2, [6]exceptionField{
		{"exception_24_hour_restart2", Exception24HourRestart, a.Exception24HourRestart2, u.Exception24HourRestart2},
		{"exception_8_hour_break2", Exception8HourBreak, a.Exception8HourBreak2, u.Exception8HourBreak2},
		{"exception_wait_time2", ExceptionWaitTime, a.ExceptionWaitTime2, u.ExceptionWaitTime2},
		{"exception_short_haul2", ExceptionShortHaul, a.ExceptionShortHaul2, u.ExceptionShortHaul2},
		{"exception_ca_farm_school_bus2", ExceptionCAFarmSchoolBus, a.ExceptionCAFarmSchoolBus2, u.ExceptionCAFarmSchoolBus2},
		{"exception_adverse_driving2", ExceptionAdverseDriving, a.ExceptionAdverseDriving2, u.ExceptionAdverseDriving2},
	}})
}

// cycle checks a cycle and then the exceptions that the request turns on, or
// that stay on while it changes the cycle under them. What the user already has
// and the request leaves alone is not judged.
func (c *check) cycle(f *cycleFields) {
	if f.want.IsZero() && f.has == "" && !c.create {
		return // which cycle the user has is not known
	}
	cycle, set := f.want.Get()
	if f.want.IsZero() {
		cycle = f.has
	}
	changed := !f.want.IsZero() && cycle != f.has

	switch {
	case text.Blank(string(cycle)) && c.cycleRequired(f, changed):
		return
	case set && !cycle.Known():
		message := notDocumentedCycle(cycle)
		if text.Blank(string(cycle)) {
			message += ", or null to clear it"
		}
		c.add(f.field, CodeUnknownCycle, message)
		return
	case !cycle.Known():
		return // none, or one of the user's own that is newer than the catalog
	}
	for i := range f.exceptions {
		if e := &f.exceptions[i]; e.judged(changed) && !c.allows(cycle, e.exception) {
			c.add(e.field, CodeExceptionNotAllowed, c.notAllowed(f, e, cycle))
		}
	}
}

// judged reports whether the request turns the exception on, or leaves it on
// while it moves the user to another cycle.
func (e *exceptionField) judged(changed bool) bool {
	if e.want.IsZero() {
		return e.has && changed
	}
	return e.want.value
}

func (c *check) allows(cycle Cycle, e Exception) bool { return c.needsNoCycle(e) || cycle.Allows(e) }

// needsNoCycle reports whether an exception is a condition met on the road
// rather than a part of a cycle.
func (c *check) needsNoCycle(e Exception) bool { return e == ExceptionAdverseDriving && !c.strict }

// cycleRequired adds a problem where an exception will be on without the cycle
// that it needs.
func (c *check) cycleRequired(f *cycleFields, changed bool) bool {
	var fields []string
	var on []Exception
	for i := range f.exceptions {
		if e := &f.exceptions[i]; e.judged(changed) && !c.needsNoCycle(e.exception) {
			fields = append(fields, e.field)
			on = append(on, e.exception)
		}
	}
	if len(on) == 0 {
		return false
	}
	verb, way := " is true; ", "set it to false"
	if len(on) > 1 {
		verb, way = " are true; ", "set them to false"
	}
	if cycles := c.cyclesAllowing(on...); len(cycles) > 0 {
		way = "use " + text.List(cycles, "or") + ", or " + way
	} else {
		way = "no cycle allows that, so " + way
	}
	c.add(f.field, CodeCycleRequired, "is required while "+text.Sentence(fields, "and")+verb+way)
	return true
}

// notAllowed says what the cycle allows instead, where the exception is
// allowed, and how to turn off what the request did not turn on.
func (c *check) notAllowed(f *cycleFields, e *exceptionField, cycle Cycle) string {
	owned := ""
	if f.want.IsZero() {
		owned = ", which the user has,"
	}
	message := f.field + " " + text.Quote(string(cycle)) + " (" + cycle.Description() + ")" + owned + " does not allow it"
	if e.want.IsZero() {
		message = "is on for the user, and " + message
	}

	var allowed []string
	for i := range f.exceptions {
		if c.allows(cycle, f.exceptions[i].exception) {
			allowed = append(allowed, f.exceptions[i].field)
		}
	}
	if len(allowed) == 0 {
		allowed = []string{"no exception"}
	}
	message += "; it allows " + text.Sentence(allowed, "and")

	const few = 6 // more cycles than that are no help
	switch cycles := c.cyclesAllowing(e.exception); {
	case len(cycles) == 0:
		message += "; no cycle lists " + string(e.exception) + ", and strict validation goes by the list"
	case len(cycles) <= few:
		message += "; " + string(e.exception) + " goes with " + text.List(cycles, "and")
	}
	if e.want.IsZero() {
		message += "; to turn it off, send " + e.field + " false"
	}
	return message
}

func (c *check) cyclesAllowing(exceptions ...Exception) []Cycle {
	var cycles []Cycle
	for _, row := range cycleTable {
		if !slices.ContainsFunc(exceptions, func(e Exception) bool { return !c.allows(row.Cycle, e) }) {
			cycles = append(cycles, row.Cycle)
		}
	}
	return cycles
}

// Groups.

// groups checks where the groups stand: a driver's in group_ids, a fleet user's
// in custom_user_role.
func (c *check) groups() {
	a, role := c.attrs, c.roleAfter()

	ids := a.GroupIDs.value
	if role == RoleFleetUser && len(ids) > 0 {
		c.add("group_ids", CodeWrongPlace, "is for drivers, and this is a fleet user; put the ids into "+
			`custom_user_role.group_ids and set group_visibility to "limited"`)
	}
	c.positives("group_ids", ids)

	visibility, limits := a.GroupVisibility.Get()
	custom, customised := a.CustomUserRole.Get()
	const misplaced = "is for fleet users, and this is a driver; remove it, and put a driver's groups into group_ids"
	if limits && role == RoleDriver {
		c.add("group_visibility", CodeWrongPlace, misplaced)
	} else {
		value(c, "group_visibility", a.GroupVisibility, groupVisibilities)
	}
	if customised && role == RoleDriver {
		c.add("custom_user_role", CodeWrongPlace, misplaced)
		return
	}
	if customised {
		c.userRoleID(custom.UserRoleID)
		c.positives("custom_user_role.group_ids", custom.GroupIDs)
	}
	if visibility == GroupVisibilityLimited && role != RoleDriver && len(custom.GroupIDs) == 0 {
		c.add("custom_user_role.group_ids", CodeRequired,
			`is required with group_visibility "limited"; list the groups that the user may see`)
	}
}

// roleAfter is the role after the request, "" if that cannot be told.
func (c *check) roleAfter() Role {
	if c.attrs.Role.IsZero() {
		return c.user().Role
	}
	return c.attrs.Role.value
}

// userRoleID may be left out of an update, which then changes the groups alone.
func (c *check) userRoleID(id int64) {
	const field = "custom_user_role.user_role_id"
	switch {
	case id != 0:
		c.positive(field, id)
	case c.create:
		c.add(field, CodeRequired, "is required in a custom user role; UserRoles.List shows the ids")
	}
}

// External ids.

// externalIDs checks that each external id is whole and stands there once. It
// must be whole with a record id too: the part left out would be sent as "".
func (c *check) externalIDs() {
	const list = "external_ids_attributes"
	ids, _ := c.attrs.ExternalIDsAttributes.Get()
	for i, id := range ids {
		switch {
		case id.ID == 0:
		case c.create:
			c.add(at(list, i)+".id", CodeInvalid, "is the id of a record, and a new user has none; leave it out")
		case id.ID < 0:
			c.positive(at(list, i)+".id", id.ID)
		}
		if code, message := externalIDPart(id.ExternalID); code != "" {
			c.add(at(list, i)+".external_id", code, message)
		}
		if code, message := externalIDPart(id.IntegrationName); code != "" {
			c.add(at(list, i)+".integration_name", code, message)
		}
		if j := firstLike(ids, i); j < i {
			c.add(at(list, i), CodeDuplicate, "repeats "+at(list, j)+", external id "+text.Quote(id.ExternalID)+" of "+
				text.Quote(id.IntegrationName)+"; keep one of them")
		}
	}
}

// externalIDPart returns the problem of an external id or of an integration
// name, or "".
func externalIDPart(s string) (code, message string) {
	if text.Blank(s) {
		return CodeRequired, "is required; an external id needs both external_id and integration_name"
	}
	message = malformed(s, unicode.IsControl)
	if message == "" {
		message = padded(s)
	}
	if message == "" {
		return "", ""
	}
	return CodeInvalid, message
}

// firstLike returns the index of the first external id with the pair of ids[i];
// i itself if that pair has not been before, or is not whole.
func firstLike(ids []ExternalIDAttributes, i int) int {
	if text.Blank(ids[i].ExternalID) || text.Blank(ids[i].IntegrationName) {
		return i
	}
	return slices.IndexFunc(ids, func(id ExternalIDAttributes) bool {
		return id.ExternalID == ids[i].ExternalID && id.IntegrationName == ids[i].IntegrationName
	})
}

// extra refuses a name that has a field of its own: a body has room for one of
// the two.
func (c *check) extra() {
	var known []string
	for name := range c.attrs.Extra {
		if isAttribute(name) {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	for _, name := range known {
		c.add(name, CodeWrongPlace, "stands in Extra and has a field of its own in the request; set that field instead")
	}
}

// The other calls.

// validateListOptions takes nil, "" and 0 as the defaults that they are.
func validateListOptions(o *ListUsersOptions) error {
	if o == nil {
		return nil
	}
	var c check
	value(&c, "role", filter(o.Role), roles)
	c.text("name", Set(o.Name))
	value(&c, "duty_status", filter(o.DutyStatus), dutyStatuses)
	if o.Status != StatusPending {
		c.status("status", filter(o.Status))
	}
	if o.PerPage < 0 || o.PerPage > maxPerPage {
		c.add("per_page", CodeInvalid, "is "+strconv.Itoa(o.PerPage)+"; use 1 to 100, or 0 for the API's default")
	}
	if o.PageNo < 0 {
		c.add("page_no", CodeInvalid, "is "+strconv.Itoa(o.PageNo)+"; pages count from 1, and 0 is the first too")
	}
	return c.err()
}

func filter[T ~string](v T) Optional[T] {
	if v == "" {
		return Optional[T]{}
	}
	return Set(v)
}

// validateLookup checks that l has one key, and that the key is well formed.
func validateLookup(l UserLookup) error {
	keys := [...]struct{ field, value string }{
		{"email", l.Email},
		{"username", l.Username},
		{"driver_company_id", l.DriverCompanyID},
		{"phone", l.Phone},
	}
	var given []string
	for _, key := range keys {
		if key.value != "" {
			given = append(given, key.field)
		}
	}
	const want = "a lookup takes exactly one of email, username, driver_company_id and phone; "
	switch len(given) {
	case 0:
		return invalid("", CodeInvalid, want+"none is given")
	case 1:
	default:
		return invalid("", CodeInvalid, want+text.Sentence(given, "and")+" are given")
	}

	var c check
	c.email("email", Set(l.Email))
	for _, key := range keys[1:] {
		switch {
		case key.value != "" && text.Blank(key.value):
			c.add(key.field, CodeInvalid, "is blank; a lookup needs a key to look for")
		case key.field == "phone":
			c.text(key.field, Set(key.value))
		default:
			c.key(key.field, Set(key.value))
		}
	}
	return c.err()
}

// validateExternalIDPair checks both parts of an external id.
func validateExternalIDPair(externalID, integrationName string) error {
	c := check{create: true}
	c.externalIDPart("external_id", Set(externalID))
	c.externalIDPart("integration_name", Set(integrationName))
	return c.err()
}

// validateExternalIDCreate checks that all four fields are there.
func validateExternalIDCreate(r *ExternalIDRequest) error { return validateExternalID(r, true) }

// validateExternalIDUpdate checks the fields that are there.
func validateExternalIDUpdate(r *ExternalIDRequest) error {
	if r != nil && *r == (ExternalIDRequest{}) {
		return invalid("", CodeInvalid, "the update is empty; set at least one field")
	}
	return validateExternalID(r, false)
}

func validateExternalID(r *ExternalIDRequest, create bool) error {
	if r == nil {
		return invalid("", CodeRequired, "the request is nil; pass a *ExternalIDRequest")
	}
	c := check{create: create}
	c.externalIDPart("external_id", r.ExternalID)
	c.externalIDPart("integration_name", r.IntegrationName)
	if c.present("external_id_holder_id", r.ExternalIDHolderID.IsZero(), r.ExternalIDHolderID.value == 0) {
		c.positive("external_id_holder_id", r.ExternalIDHolderID.value)
	}
	if c.present("external_id_holder_type", r.ExternalIDHolderType.IsZero(), r.ExternalIDHolderType.value == "") {
		value(&c, "external_id_holder_type", r.ExternalIDHolderType, externalIDHolderTypes)
	}
	return c.err()
}

func (c *check) externalIDPart(field string, o Optional[string]) {
	if o.IsZero() && !c.create {
		return
	}
	if code, message := externalIDPart(o.value); code != "" {
		c.add(field, code, message)
	}
}
