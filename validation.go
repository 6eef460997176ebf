package motive

import (
	"cmp"
	"fmt"
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
	return draft{UserAttributes: (*UserAttributes)(r), user: &nobody, create: true, strict: strict}.validate()
}

func validateUpdate(r *UpdateUserRequest, strict bool, current *User) error {
	if r == nil {
		return invalid("", CodeRequired, "the request is nil; pass a *UpdateUserRequest")
	}
	if (*UserAttributes)(r).isEmpty() {
		return invalid("", CodeInvalid, "the update is empty; set at least one field")
	}
	return draft{UserAttributes: (*UserAttributes)(r), user: cmp.Or(current, &nobody), strict: strict}.validate()
}

// A draft is a request that is judged. In another call than a create or an update
// it sets no attributes and has no user; see judge.
type draft struct {
	*UserAttributes
	user   *User // whom an update is for, as far as known: of what is zero, nothing is
	create bool
	strict bool // take Motive's pages to the letter
}

var (
	nobody  User           // of whom nothing is known
	nothing UserAttributes // what a call sets that is no create or update
)

// after is the value of a field after the request.
func after[T any](want Optional[T], has T) T {
	if want.IsZero() {
		return has
	}
	return want.value
}

// A field is a value that is judged, of a draft or of another call.
type field struct {
	name   string
	text   string // its value, if it is one
	absent bool
	set    bool // neither absent nor null
}

func newField(name string, o optional) field {
	s, set := o.text()
	return field{name: name, text: s, absent: o.IsZero(), set: set}
}

// given is a field that "" leaves absent.
func given(name, s string) field {
	return field{name: name, text: s, absent: s == "", set: s != ""}
}

// A rule says what a field may not be.
type rule struct {
	code   string
	broken func(draft, field) string // what is wrong, and what would be right; "" if all is well
}

// rules are what Motive refuses in a field, as far as it documents it. Of each field
// the first rule that is broken counts, so that a problem does not come with those
// that follow from it.
var rules = map[string][]rule{
	"first_name":              {{CodeRequired, missing}},
	"last_name":               {{CodeRequired, missing}},
	"role":                    {{CodeRequired, missing}, {CodeUnknownValue, undocumented}},
	"status":                  {{CodeInvalid, notSettable}},
	"email":                   {{CodeRequired, noContact}, {CodeInvalid, noAddress}},
	"username":                {{saidBefore, noContact}, {CodeInvalid, padded}},
	"phone_country_code":      {{CodeRequired, noCountryCode}},
	"phone_country_code2":     {{CodeRequired, noCountryCode}},
	"time_zone":               {{CodeInvalid, noZone}},
	"driver_company_id":       {{CodeInvalid, padded}},
	"duty_status":             {{CodeUnknownValue, undocumented}},
	"eld_mode":                {{CodeUnknownValue, undocumented}},
	"time_tracking_mode":      {{CodeUnknownValue, undocumented}, {CodeModeMismatch, mismatched}, {CodeModeMismatch, leftBehind}},
	"violation_alerts":        {{CodeUnknownValue, undocumented}},
	"cycle":                   {{CodeCycleRequired, noCycle}, {CodeUnknownCycle, undocumented}},
	"cycle2":                  {{CodeCycleRequired, noCycle}, {CodeUnknownCycle, undocumented}},
	"group_ids":               {{CodeWrongPlace, groupsOfFleetUser}},
	"group_visibility":        {{CodeWrongPlace, limitsOfDriver}, {CodeUnknownValue, undocumented}},
	"custom_user_role":        {{CodeWrongPlace, limitsOfDriver}},
	"external_id":             {{CodeRequired, missing}, {CodeInvalid, padded}},
	"integration_name":        {{CodeRequired, missing}, {CodeInvalid, padded}},
	"external_id_holder_id":   {{CodeRequired, missing}},
	"external_id_holder_type": {{CodeRequired, missing}, {CodeUnknownValue, undocumented}},
}

const saidBefore = "" // the code of a problem that another field has been reported with

func (d draft) validate() error {
	var p problems
	for _, a := range attributes() {
		p.judge(d, newField(a.name, a.of(d.UserAttributes)))
		switch { // exceptions, which a cycle decides, and fields that hold more than one value
		case a.exception != "":
			p.add(a.name, CodeExceptionNotAllowed, notAllowed(d, a))
		case a.name == "group_ids":
			p.ids(a.name, d.GroupIDs.value)
		case a.name == "custom_user_role":
			p.customUserRole(d)
		case a.name == "external_ids_attributes":
			p.externalIDs(d)
		}
		if _, twice := d.Extra[a.name]; twice {
			p.add(a.name, CodeWrongPlace, "stands in Extra and has a field of its own in the request; set that field instead")
		}
	}
	return p.err()
}

// problems are those of a request, in the order of its fields.
type problems []FieldError

// judge adds the first of the rules that a field breaks. Any text has to be well
// formed.
func (p *problems) judge(d draft, f field) {
	if d.UserAttributes == nil { // so that a rule can look at other fields in any call
		d.UserAttributes, d.user = &nothing, &nobody
	}
	for _, r := range rules[f.name] {
		if p.add(f.name, r.code, r.broken(d, f)) {
			return
		}
	}
	p.add(f.name, CodeInvalid, malformed(f))
}

// filter wants a value that some user can have. The rules of a request are others: a
// list can ask for who is pending, which no request can set.
func (p *problems) filter(name, value string) {
	if value != "" && !isDocumented(name, value) {
		p.add(name, CodeUnknownValue, noneOf(documented[name], value))
	}
}

// add adds a problem and reports true, unless the message is "".
func (p *problems) add(field, code, message string) bool {
	if message != "" && code != saidBefore {
		*p = append(*p, FieldError{Field: field, Code: code, Message: message})
	}
	return message != ""
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &ValidationError{Problems: p}
}

// Texts.

// malformed does not show the text, which can be a password or a license number.
func malformed(f field) string {
	if !utf8.ValidString(f.text) {
		// encoding/json would send other characters without a word.
		return "is not valid UTF-8; convert it"
	}
	for _, r := range f.text {
		if unicode.IsControl(r) && !(strings.HasSuffix(f.name, "_street") && strings.ContainsRune("\r\n", r)) {
			return "contains a line break, a tab or another control character; remove it"
		}
	}
	return ""
}

func missing(d draft, f field) string {
	switch {
	case !text.Blank(f.text) || f.absent && !d.create:
		return ""
	case d.create:
		return "is required"
	}
	return "is required and cannot be cleared; leave it out to keep it"
}

// noContact wants one of what a user is found and signed in by.
func noContact(d draft, _ field) string {
	if d.create && text.Blank(d.Email.value) && text.Blank(d.Username.value) && text.Blank(d.Phone.value) {
		return "one of email, username and phone is required"
	}
	return ""
}

// noCountryCode is a rule of strict validation alone: Motive's pages call the code
// mandatory, and their own sample requests lack it.
func noCountryCode(d draft, f field) string {
	phone, code := d.Phone, after(d.PhoneCountryCode, d.user.PhoneCountryCode)
	if f.name == "phone_country_code2" {
		phone, code = d.Phone2, after(d.PhoneCountryCode2, d.user.PhoneCountryCode2)
	}
	if d.strict && text.Blank(code) && !text.Blank(phone.value) {
		return "is required with a phone under strict validation; set it to the phone's country code"
	}
	return ""
}

func undocumented(_ draft, f field) (message string) {
	isCycle := strings.HasPrefix(f.name, "cycle")
	switch {
	case !f.set, isDocumented(f.name, f.text), isCycle && Cycle(f.text).Known():
		return ""
	case isCycle:
		message = notACycle(f.text)
	default:
		message = noneOf(documented[f.name], f.text)
	}
	if text.Blank(f.text) {
		message += ", or null to clear it"
	}
	return message
}

// notSettable is a rule of its own: pending is documented, and still no request
// may set it.
func notSettable(_ draft, f field) string {
	const settable = `use "active" or "deactivated"`
	switch {
	case f.absent || isDocumented("status to set", f.text):
		return ""
	case !f.set:
		return "cannot be cleared; " + settable + ", or leave it out"
	case isDocumented(f.name, f.text):
		return text.Quote(f.text) + " cannot be set; " + settable
	}
	return noneOf(documented["status to set"], f.text)
}

// padded refuses white space around what a user is found by. With it the API would
// keep two users where there is one.
func padded(_ draft, f field) string {
	trimmed := strings.TrimSpace(f.text)
	switch trimmed {
	case f.text:
		return ""
	case "":
		return "is blank; leave it out, or use null to clear it"
	}
	return text.Quote(f.text) + " has white space around it, and would be another value than " + text.Quote(trimmed) +
		"; remove the white space"
}

func noAddress(_ draft, f field) string {
	switch address, ok := text.Email(f.text); {
	case ok || f.text == "":
		return ""
	case address == "":
		return text.Quote(f.text) + " is not an email address; write it like ada@example.com"
	default:
		return text.Quote(f.text) + " is more than an email address; use " + text.Quote(address) + " alone"
	}
}

func noZone(_ draft, f field) string { return notRails(f.text) }

// Modes.

// mismatched wants a time tracking mode that goes with the ELD mode; see
// [ModePairs]. An ELD mode that is not known is not guessed.
func mismatched(d draft, _ field) string {
	tracking, set := d.TimeTrackingMode.Get()
	eld, known := d.eldMode()
	pair := ModePair{tracking, cmp.Or(eld, ELDModeNone)} // whose log is kept in the app is not exempt
	if !set || !known || pair.Valid() {
		return ""
	}
	state := fmt.Sprintf("eld_mode is %q", eld)
	switch {
	case eld == "":
		state = "eld_mode is not set"
	case d.ELDMode.IsZero():
		state = "the user's " + state
	}
	elds, trackings := pair.partners()
	return fmt.Sprintf("%q goes with eld_mode %s only, and %s; set eld_mode to %[2]s, or use time_tracking_mode %[4]s",
		tracking, text.List(elds, "or"), state, text.List(trackings, "or"))
}

// leftBehind looks at an ELD mode that changes while the time tracking mode stays.
// Responses do not show the latter, but whether it can stay is known: nothing goes
// with exempt that goes with another ELD mode.
func leftBehind(d draft, _ field) string {
	was := d.user.ELDMode
	eld, known := d.eldMode()
	crossed := (was == ELDModeExempt) != (eld == ELDModeExempt)
	if !d.TimeTrackingMode.IsZero() || !known || !crossed || !isDocumented("eld_mode", string(was)) {
		return ""
	}
	to := "is cleared"
	if eld != "" {
		to = fmt.Sprintf("becomes %q", eld)
	}
	_, trackings := ModePair{ELDMode: cmp.Or(eld, ELDModeNone)}.partners()
	return fmt.Sprintf("has to change with eld_mode, which was %q and %s; set it to %s", was, to, text.List(trackings, "or"))
}

// eldMode is the ELD mode after the request, "" for none, and whether that can be
// told: a response that shows none is no proof that there is none.
func (d draft) eldMode() (mode ELDMode, known bool) {
	mode = after(d.ELDMode, d.user.ELDMode)
	none := d.ELDMode.IsNull() || d.ELDMode.IsZero() && d.create
	return mode, none || isDocumented("eld_mode", string(mode))
}

// Cycles.

// cycle is a cycle after the request, "" for none, whether the request has it, and
// whether it is another than before.
func (d draft) cycle(field string) (cycle Cycle, requested, changed bool) {
	want, has := d.Cycle, d.user.Cycle
	if field == "cycle2" {
		want, has = d.Cycle2, d.user.Cycle2
	}
	cycle = after(want, has)
	return cycle, !want.IsZero(), cycle != has
}

// turnsOn reports whether the request turns an exception on, or leaves it on while
// it changes the cycle under it. What the user already has and the request leaves
// alone is not judged.
func (d draft) turnsOn(f *attribute, changed bool) bool {
	return after(*f.of(d.UserAttributes).(*Optional[bool]), changed && *f.shown(d.user).(*bool))
}

// allows reports whether a cycle, "" for none, goes with an exception. Adverse
// driving is a condition met on the road rather than a part of a cycle.
func (d draft) allows(cycle Cycle, e Exception) bool {
	return cycle.Allows(e) || e == ExceptionAdverseDriving && !d.strict
}

// noCycle wants a cycle for the exceptions that need one.
func noCycle(d draft, f field) string {
	cycle, requested, changed := d.cycle(f.name)
	if !text.Blank(string(cycle)) || !requested && !d.create {
		return "" // there is one, or whether there is one is not known
	}
	needs := func(e *attribute) bool { return d.turnsOn(e, changed) && !d.allows("", e.exception) }
	fields, on := exceptionsWhere(f.name, needs)
	if len(on) == 0 {
		return ""
	}
	choice := "no cycle allows that, so send false"
	if cycles := d.cyclesAllowing(on...); len(cycles) > 0 {
		choice = "use " + text.List(cycles, "or") + ", or send false"
	}
	return "is required for " + text.Sentence(fields, "and") + "; " + choice
}

// notAllowed says what the cycle allows instead, where the exception is allowed,
// and how to turn off what the request did not turn on. A cycle that is not in the
// catalog is the user's own, or has been reported.
func notAllowed(d draft, f *attribute) string {
	cycle, requested, changed := d.cycle(f.cycle)
	if !d.turnsOn(f, changed) || !cycle.Known() || d.allows(cycle, f.exception) {
		return ""
	}
	message := fmt.Sprintf("%s %q (%s)", f.cycle, cycle, cycle.Description())
	if !requested {
		message += ", which the user has,"
	}
	allowed, _ := exceptionsWhere(f.cycle, func(e *attribute) bool { return d.allows(cycle, e.exception) })
	message += " does not allow it; it allows " + cmp.Or(text.Sentence(allowed, "and"), "no exception")

	const few = 6 // more cycles than that are no help
	switch cycles := d.cyclesAllowing(f.exception); {
	case len(cycles) == 0:
		message += "; no cycle lists " + string(f.exception) + ", and strict validation goes by the list"
	case len(cycles) <= few:
		message += "; " + string(f.exception) + " goes with " + text.List(cycles, "and")
	}
	if f.of(d.UserAttributes).IsZero() {
		return "is on for the user, and " + message + "; to turn it off, send " + f.name + " false"
	}
	return message
}

// exceptionsWhere lists the exceptions to a cycle that are so, and their fields.
func exceptionsWhere(cycle string, so func(*attribute) bool) (fields []string, exceptions []Exception) {
	for _, f := range attributes() {
		if f.cycle == cycle && so(f) {
			fields = append(fields, f.name)
			exceptions = append(exceptions, f.exception)
		}
	}
	return fields, exceptions
}

func (d draft) cyclesAllowing(exceptions ...Exception) []Cycle {
	return slices.DeleteFunc(cycleNames(), func(c Cycle) bool {
		return slices.ContainsFunc(exceptions, func(e Exception) bool { return !d.allows(c, e) })
	})
}

// Groups: a driver's stand in group_ids, a fleet user's in custom_user_role.

func groupsOfFleetUser(d draft, _ field) string {
	if after(d.Role, d.user.Role) != RoleFleetUser || len(d.GroupIDs.value) == 0 {
		return ""
	}
	return "is for drivers, and this is a fleet user; put the ids into custom_user_role.group_ids " +
		`and set group_visibility to "limited"`
}

func limitsOfDriver(d draft, f field) string {
	if !f.set || after(d.Role, d.user.Role) != RoleDriver {
		return ""
	}
	return "is for fleet users, and this is a driver; remove it, and put a driver's groups into group_ids"
}

func (p *problems) customUserRole(d draft) {
	const id, groups = "custom_user_role.user_role_id", "custom_user_role.group_ids"
	role, set := d.CustomUserRole.Get()
	if after(d.Role, d.user.Role) == RoleDriver {
		return
	}
	p.id(id, role.UserRoleID)
	if role.UserRoleID == 0 && set && d.create { // an update that leaves it out changes the groups alone
		p.add(id, CodeRequired, "is required in a custom user role; UserRoles.List shows the ids")
	}
	p.ids(groups, role.GroupIDs)
	if d.GroupVisibility.value == GroupVisibilityLimited && len(role.GroupIDs) == 0 {
		p.add(groups, CodeRequired, `is required with group_visibility "limited"; list the groups that the user may see`)
	}
}

func (p *problems) ids(field string, ids []int64) {
	for i, id := range ids {
		if id <= 0 {
			p.add(at(field, i), CodeInvalid, fmt.Sprintf(notPositive, id))
		}
	}
}

func at(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// id takes 0 for an id that is not given.
func (p *problems) id(field string, id int64) {
	if id < 0 {
		p.add(field, CodeInvalid, fmt.Sprintf(notPositive, id))
	}
}

const notPositive = "is %d; an id is a positive number"

// External ids.

// externalIDs checks that each external id is whole and stands there once. It
// must be whole with a record id too: the part left out would be sent as "".
func (p *problems) externalIDs(d draft) {
	const list = "external_ids_attributes"
	ids := d.ExternalIDsAttributes.value
	for i, id := range ids {
		var own problems
		if id.ID != 0 && d.create {
			own.add("id", CodeInvalid, "is the id of a record, and a new user has none; leave it out")
		} else {
			own.id("id", id.ID)
		}
		own.pair(id.ExternalID, id.IntegrationName)
		for _, problem := range own {
			p.add(at(list, i)+"."+problem.Field, problem.Code, problem.Message)
		}
		whole := !text.Blank(id.ExternalID) && !text.Blank(id.IntegrationName)
		if j := slices.IndexFunc(ids, func(other ExternalID) bool { return samePair(other, id) }); j < i && whole {
			p.add(at(list, i), CodeDuplicate, fmt.Sprintf("repeats %s, external id %s of %s; keep one of them",
				at(list, j), text.Quote(id.ExternalID), text.Quote(id.IntegrationName)))
		}
	}
}

// pair checks both parts of an external id.
func (p *problems) pair(externalID, integrationName string) {
	whole := draft{create: true}
	p.judge(whole, given("external_id", externalID))
	p.judge(whole, given("integration_name", integrationName))
}
