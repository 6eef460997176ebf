package motive

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	if current == nil {
		current = &nobody
	}
	return draft{UserAttributes: (*UserAttributes)(r), user: current, strict: strict}.validate()
}

// A draft is a request that is judged.
type draft struct {
	*UserAttributes
	user   *User // whom an update is for, as far as known: of what is zero, nothing is
	create bool
	strict bool // take Motive's pages to the letter
}

var nobody User // of whom nothing is known

// A rule says what a field may not be.
type rule struct {
	code   string
	broken func(draft, field) string // what is wrong, and what would be right; "" if all is well
	fields string                    // that it is for; patterns as of package path
}

// A field is an attribute of a draft.
type field struct {
	*attribute
	optional
	text string // its value, if it is one
	set  bool
}

// rules are what Motive refuses, as far as it documents it. Of each field the first
// rule that is broken counts, so that a problem does not come with those that
// follow from it.
var rules = [...]rule{
	{CodeRequired, missing, "first_name last_name role"},
	{CodeRequired, noContact, "email"},
	{saidBefore, noContact, "username"},
	{CodeRequired, noCountryCode, "phone_country_code phone_country_code2"},
	{CodeCycleRequired, noCycle, "cycle cycle2"},
	{CodeWrongPlace, groupsOfFleetUser, "group_ids"},
	{CodeWrongPlace, limitsOfDriver, "group_visibility custom_user_role"},
	{CodeUnknownCycle, undocumented, "cycle cycle2"},
	{CodeUnknownValue, undocumented, "role duty_status eld_mode time_tracking_mode violation_alerts group_visibility"},
	{CodeModeMismatch, mismatched, "time_tracking_mode"},
	{CodeModeMismatch, leftBehind, "time_tracking_mode"},
	{CodeExceptionNotAllowed, notAllowed, "exception_*"},
	{CodeInvalid, notSettable, "status"},
	{CodeInvalid, malformed, "*"},
	{CodeInvalid, paddedKey, "username driver_company_id"},
	{CodeInvalid, noAddress, "email"},
	{CodeInvalid, noZone, "time_zone"},
}

const saidBefore = "" // the code of a problem that another field has been reported with

// rulesOf has the rules of each attribute. They are sorted out with the first
// request rather than as the program starts, so that one which validates nothing
// does not carry them.
var rulesOf struct {
	sort  sync.Once
	field [][]rule
}

func sortRules() {
	rulesOf.field = make([][]rule, len(attributes()))
	for i, f := range attributes() {
		for _, r := range rules {
			isFor := func(pattern string) bool {
				match, _ := path.Match(pattern, f.name)
				return match
			}
			if slices.ContainsFunc(strings.Fields(r.fields), isFor) {
				rulesOf.field[i] = append(rulesOf.field[i], r)
			}
		}
	}
}

func (d draft) validate() error {
	rulesOf.sort.Do(sortRules)
	var p problems
	for i, a := range attributes() {
		f := field{attribute: a, optional: a.of(d.UserAttributes)}
		f.text, f.set = f.optional.text()
		for _, r := range rulesOf.field[i] {
			if p.add(f.name, r.code, r.broken(d, f)) {
				break
			}
		}
		switch f.name { // those that hold more than one value
		case "group_ids":
			p.ids("group_ids", d.GroupIDs.value)
		case "custom_user_role":
			p.customUserRole(d)
		case "external_ids_attributes":
			p.externalIDs(d)
		}
	}
	p.extra(d.Extra)
	return p.err()
}

// extra refuses a name that has a field of its own: a body has room for one of
// the two.
func (p *problems) extra(extra map[string]any) {
	var known []string
	for name := range extra {
		if isAttribute(name) {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	for _, name := range known {
		p.add(name, CodeWrongPlace, "stands in Extra and has a field of its own in the request; set that field instead")
	}
}

// problems are those of a request, in the order of its fields.
type problems []FieldError

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

func missing(d draft, f field) string {
	return required(d.create, f.IsZero(), text.Blank(f.text))
}

// required says that a field is empty which may be absent from an update alone.
func required(create, absent, empty bool) string {
	switch {
	case !empty:
		return ""
	case create:
		return "is required"
	case absent:
		return ""
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
	phone := d.Phone
	if f.name == "phone_country_code2" {
		phone = d.Phone2
	}
	code := f.text
	if f.IsZero() {
		code = *f.shown(d.user).(*string)
	}
	if d.strict && text.Blank(code) && !text.Blank(phone.value) {
		return "is required with a phone under strict validation; set it to the phone's country code"
	}
	return ""
}

func undocumented(d draft, f field) string {
	if !f.set {
		return ""
	}
	return unknownValue(f.name, f.text)
}

func unknownValue(field, s string) string {
	switch {
	case isDocumented(field, s):
		return ""
	case text.Blank(s):
		return notDocumented(field, s) + ", or null to clear it"
	}
	return notDocumented(field, s)
}

// notSettable is a rule of its own: pending is documented, and still no request
// may set it.
func notSettable(d draft, _ field) string {
	const settable = `use "active" or "deactivated"`
	switch s := d.Status.value; {
	case d.Status.IsNull():
		return "cannot be cleared; " + settable + ", or leave it out"
	case d.Status.IsZero() || s == StatusActive || s == StatusDeactivated:
		return ""
	case s == StatusPending:
		return text.Quote(string(s)) + " cannot be set; " + settable
	default:
		return notDocumented("status to set", string(s))
	}
}

func paddedKey(_ draft, f field) string { return padded(f.text) }
func noAddress(_ draft, f field) string { return notEmail(f.text) }
func noZone(_ draft, f field) string    { return notRails(f.text) }

// malformed takes one line of text, and more of a street.
func malformed(d draft, f field) string {
	if strings.HasSuffix(f.name, "_street") {
		return unsendable(f.text, "\r\n")
	}
	return unsendable(f.text, "")
}

// unsendable says which characters s may not have. It does not show s, which can be
// a password or a license number.
func unsendable(s, allowed string) string {
	if !utf8.ValidString(s) {
		// encoding/json would send other characters without a word.
		return "is not valid UTF-8; convert it"
	}
	for _, r := range s {
		if unicode.IsControl(r) && !strings.ContainsRune(allowed, r) {
			return "contains a line break, a tab or another control character; remove it"
		}
	}
	return ""
}

// padded refuses white space around what a user is found by. With it the API would
// keep two users where there is one.
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

// notEmail takes "", which is the absence of an address.
func notEmail(s string) string {
	switch address, ok := text.Email(s); {
	case ok || s == "":
		return ""
	case address == "":
		return text.Quote(s) + " is not an email address; write it like ada@example.com"
	default:
		return text.Quote(s) + " is more than an email address; use " + text.Quote(address) + " alone"
	}
}

// Modes.

// mismatched wants a time tracking mode that goes with the ELD mode; see
// [ModePairs]. An ELD mode that is not known is not guessed.
func mismatched(d draft, _ field) string {
	tracking, set := d.TimeTrackingMode.Get()
	eld, known := d.eldMode()
	if !set || !known || compatible(tracking, eld) {
		return ""
	}
	state := "eld_mode is not set"
	if eld != "" {
		state = "eld_mode is " + text.Quote(string(eld))
		if d.ELDMode.IsZero() {
			state = "the user's " + state
		}
	}
	elds, trackings := partners(tracking, eld)
	fitting := text.List(elds, "or")
	return text.Quote(string(tracking)) + " goes with eld_mode " + fitting + " only, and " + state +
		"; set eld_mode to " + fitting + ", or use time_tracking_mode " + text.List(trackings, "or")
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
		to = "becomes " + text.Quote(string(eld))
	}
	_, fitting := partners("", eld)
	return "has to change with eld_mode, which was " + text.Quote(string(was)) + " and " + to +
		"; set it to " + text.List(fitting, "or")
}

// eldMode is the ELD mode after the request, "" for none, and whether that can
// be told.
func (d draft) eldMode() (mode ELDMode, known bool) {
	mode, set := d.ELDMode.Get()
	switch {
	case set:
	case d.create || d.ELDMode.IsNull():
		return "", true
	default:
		mode = d.user.ELDMode // a response that shows none is no proof that there is none
	}
	return mode, isDocumented("eld_mode", string(mode))
}

// Cycles.

// cycle is a cycle after the request, "" for none, whether the request has it, and
// whether it is another than before.
func (d draft) cycle(field string) (cycle Cycle, requested, changed bool) {
	want, has := d.Cycle, d.user.Cycle
	if field == "cycle2" {
		want, has = d.Cycle2, d.user.Cycle2
	}
	if want.IsZero() {
		return has, false, false
	}
	return want.value, true, want.value != has
}

// turnsOn reports whether the request turns an exception on, or leaves it on while
// it changes the cycle under it. What the user already has and the request leaves
// alone is not judged.
func (d draft) turnsOn(f *attribute, changed bool) bool {
	want := f.of(d.UserAttributes).(*Optional[bool])
	if want.IsZero() {
		return changed && *f.shown(d.user).(*bool)
	}
	return want.value
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
	var fields []string
	var on []Exception
	for e := range exceptionsTo(f.name) {
		if d.turnsOn(e, changed) && !d.allows("", e.exception) {
			fields = append(fields, e.name)
			on = append(on, e.exception)
		}
	}
	if len(on) == 0 {
		return ""
	}
	verb, way := " is true; ", "set it to false"
	if len(on) > 1 {
		verb, way = " are true; ", "set them to false"
	}
	if cycles := d.cyclesAllowing(on...); len(cycles) > 0 {
		way = "use " + text.List(cycles, "or") + ", or " + way
	} else {
		way = "no cycle allows that, so " + way
	}
	return "is required while " + text.Sentence(fields, "and") + verb + way
}

// notAllowed says what the cycle allows instead, where the exception is allowed,
// and how to turn off what the request did not turn on. A cycle that is not in the
// catalog is the user's own, or has been reported.
func notAllowed(d draft, f field) string {
	cycle, requested, changed := d.cycle(f.cycle)
	if !d.turnsOn(f.attribute, changed) || !cycle.Known() || d.allows(cycle, f.exception) {
		return ""
	}
	message := f.cycle + " " + text.Quote(string(cycle)) + " (" + cycle.Description() + ")"
	if !requested {
		message += ", which the user has,"
	}
	message += " does not allow it; it allows " + d.allowed(cycle, f.cycle)

	const few = 6 // more cycles than that are no help
	switch cycles := d.cyclesAllowing(f.exception); {
	case len(cycles) == 0:
		message += "; no cycle lists " + string(f.exception) + ", and strict validation goes by the list"
	case len(cycles) <= few:
		message += "; " + string(f.exception) + " goes with " + text.List(cycles, "and")
	}
	if f.IsZero() {
		return "is on for the user, and " + message + "; to turn it off, send " + f.name + " false"
	}
	return message
}

// allowed names the exceptions that a cycle allows by their fields.
func (d draft) allowed(cycle Cycle, field string) string {
	var names []string
	for f := range exceptionsTo(field) {
		if d.allows(cycle, f.exception) {
			names = append(names, f.name)
		}
	}
	return cmp.Or(text.Sentence(names, "and"), "no exception")
}

func (d draft) cyclesAllowing(exceptions ...Exception) []Cycle {
	var cycles []Cycle
	for _, row := range cycleTable {
		if !slices.ContainsFunc(exceptions, func(e Exception) bool { return !d.allows(row.cycle, e) }) {
			cycles = append(cycles, row.cycle)
		}
	}
	return cycles
}

// Groups: a driver's stand in group_ids, a fleet user's in custom_user_role.

func groupsOfFleetUser(d draft, _ field) string {
	if d.role() != RoleFleetUser || len(d.GroupIDs.value) == 0 {
		return ""
	}
	return "is for drivers, and this is a fleet user; put the ids into custom_user_role.group_ids " +
		`and set group_visibility to "limited"`
}

func limitsOfDriver(d draft, f field) string {
	if !f.set || d.role() != RoleDriver {
		return ""
	}
	return "is for fleet users, and this is a driver; remove it, and put a driver's groups into group_ids"
}

// role is the role after the request, "" if that cannot be told.
func (d draft) role() Role {
	if d.Role.IsZero() {
		return d.user.Role
	}
	return d.Role.value
}

func (p *problems) customUserRole(d draft) {
	const id, groups = "custom_user_role.user_role_id", "custom_user_role.group_ids"
	role, set := d.CustomUserRole.Get()
	if d.role() == RoleDriver {
		return
	}
	switch {
	case role.UserRoleID != 0:
		p.id(id, role.UserRoleID)
	case set && d.create: // an update that leaves it out changes the groups alone
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
			p.id(at(field, i), id)
		}
	}
}

func at(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

func (p *problems) id(field string, id int64) {
	if id <= 0 {
		p.add(field, CodeInvalid, fmt.Sprintf(notPositive, id))
	}
}

const notPositive = "is %d; an id is a positive number"

// External ids.

// externalIDs checks that each external id is whole and stands there once. It
// must be whole with a record id too: the part left out would be sent as "".
func (p *problems) externalIDs(d draft) {
	ids := d.ExternalIDsAttributes.value
	for i, id := range ids {
		var own problems
		switch {
		case id.ID == 0:
		case d.create:
			own.add(".id", CodeInvalid, "is the id of a record, and a new user has none; leave it out")
		default:
			own.id(".id", id.ID)
		}
		own.externalIDPart(".external_id", id.ExternalID)
		own.externalIDPart(".integration_name", id.IntegrationName)
		const list = "external_ids_attributes"
		if j := slices.IndexFunc(ids, func(other ExternalID) bool { return samePair(other, id) }); j < i && isWhole(id) {
			own.add("", CodeDuplicate, "repeats "+at(list, j)+", external id "+text.Quote(id.ExternalID)+" of "+
				text.Quote(id.IntegrationName)+"; keep one of them")
		}
		for _, problem := range own {
			p.add(at(list, i)+problem.Field, problem.Code, problem.Message)
		}
	}
}

func isWhole(id ExternalID) bool {
	return !text.Blank(id.ExternalID) && !text.Blank(id.IntegrationName)
}

// externalIDPart checks an external id or the name of an integration.
func (p *problems) externalIDPart(field, s string) {
	if text.Blank(s) {
		p.add(field, CodeRequired, "is required; an external id needs both external_id and integration_name")
		return
	}
	p.add(field, CodeInvalid, cmp.Or(unsendable(s, ""), padded(s)))
}

// The other calls.

// validateListOptions takes nil, "" and 0 as the defaults that they are.
func validateListOptions(o *ListUsersOptions) error {
	if o == nil {
		return nil
	}
	var p problems
	if o.Role != "" {
		p.add("role", CodeUnknownValue, unknownValue("role", string(o.Role)))
	}
	p.add("name", CodeInvalid, unsendable(o.Name, ""))
	if o.DutyStatus != "" {
		p.add("duty_status", CodeUnknownValue, unknownValue("duty_status", string(o.DutyStatus)))
	}
	if o.Status != "" && !isDocumented("status", string(o.Status)) {
		p.add("status", CodeInvalid, notDocumented("status to set", string(o.Status)))
	}
	if o.PerPage < 0 || o.PerPage > maxPerPage {
		p.add("per_page", CodeInvalid, "is "+strconv.Itoa(o.PerPage)+"; use 1 to 100, or 0 for the API's default")
	}
	if o.PageNo < 0 {
		p.add("page_no", CodeInvalid, "is "+strconv.Itoa(o.PageNo)+"; pages count from 1, and 0 is the first too")
	}
	return p.err()
}

// validateLookup checks that l has one key, and that the key is well formed.
func validateLookup(l UserLookup) error {
	keys := [...]struct {
		field, value string
		wrong        func(string) string
	}{
		{"email", l.Email, notEmail},
		{"username", l.Username, padded},
		{"driver_company_id", l.DriverCompanyID, padded},
		{"phone", l.Phone, func(string) string { return "" }},
	}
	var p problems
	var given []string
	for _, key := range keys {
		switch {
		case key.value == "":
			continue
		case text.Blank(key.value) && key.field != "email":
			p.add(key.field, CodeInvalid, "is blank; a lookup needs a key to look for")
		default:
			p.add(key.field, CodeInvalid, cmp.Or(unsendable(key.value, ""), key.wrong(key.value)))
		}
		given = append(given, key.field)
	}
	if len(given) == 1 {
		return p.err()
	}
	found := "none is given"
	if len(given) > 1 {
		found = text.Sentence(given, "and") + " are given"
	}
	return invalid("", CodeInvalid, "a lookup takes exactly one of email, username, driver_company_id and phone; "+found)
}

// validateExternalIDPair checks both parts of an external id.
func validateExternalIDPair(externalID, integrationName string) error {
	var p problems
	p.externalIDPart("external_id", externalID)
	p.externalIDPart("integration_name", integrationName)
	return p.err()
}

// validateExternalID checks what is there, and that all of it is in a create.
func validateExternalID(r *ExternalIDRequest, create bool) error {
	switch {
	case r == nil:
		return invalid("", CodeRequired, "the request is nil; pass a *ExternalIDRequest")
	case !create && *r == (ExternalIDRequest{}):
		return invalid("", CodeInvalid, "the update is empty; set at least one field")
	}
	var p problems
	if create || !r.ExternalID.IsZero() {
		p.externalIDPart("external_id", r.ExternalID.value)
	}
	if create || !r.IntegrationName.IsZero() {
		p.externalIDPart("integration_name", r.IntegrationName.value)
	}
	id, kind := r.ExternalIDHolderID, r.ExternalIDHolderType
	if !p.add("external_id_holder_id", CodeRequired, required(create, id.IsZero(), id.value == 0)) && !id.IsZero() {
		p.id("external_id_holder_id", id.value)
	}
	if !p.add("external_id_holder_type", CodeRequired, required(create, kind.IsZero(), kind.value == "")) && !kind.IsZero() {
		p.add("external_id_holder_type", CodeUnknownValue, unknownValue("external_id_holder_type", string(kind.value)))
	}
	return p.err()
}
