package motive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/motive-go/motive/internal/encode"
	"github.com/motive-go/motive/internal/lenient"
	"github.com/motive-go/motive/internal/redact"
)

// UserAttributes lists the fields of a user that can be written. It is the
// shape of both [CreateUserRequest] and [UpdateUserRequest]; every field is an
// [Optional] and is sent only when it is [Set] or [Null]. A struct that embeds a
// request takes on its JSON and its printing, which leave the other fields of the
// struct out: hold it in a named field.
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
	// record ID is given. A create that carries one is reconciled
	// where its outcome is unknown.
	ExternalIDsAttributes Optional[[]ExternalIDAttributes] `json:"external_ids_attributes,omitzero"` // write only

	// Extra holds fields that this version does not know, by their names in
	// JSON. They are sent as encoding/json writes them, in the order of their
	// names, behind the others.
	Extra map[string]any `json:"-"`
}

// CreateUserRequest is the body of [UsersService.Create]. FirstName, LastName,
// Role and one of Email, Username and Phone are required.
type CreateUserRequest UserAttributes

// UpdateUserRequest is the body of [UsersService.Update]: what is absent stays
// as it is. An update that is sent again after a failure may overwrite what
// somebody else has written in between.
type UpdateUserRequest UserAttributes

// CustomUserRole gives a fleet user a role of the fleet's own making, and the
// groups that the user may see.
//
// Motive's hub: "Create a new user", section "Restrict fleet user's access to
// certain groups".
type CustomUserRole struct {
	UserRoleID int64   `json:"user_role_id,omitzero"` // of UserRoles.List; required on create
	GroupIDs   []int64 `json:"group_ids,omitzero"`    // the groups that the user may see
}

// ExternalIDAttributes is an [ExternalID] within a create or an update.
type ExternalIDAttributes = ExternalID

// SetException sets the field of an exception to the user's cycle. One that this
// version does not know goes to Extra.
func (a *UserAttributes) SetException(e Exception, on bool) { a.set(e, "", on) }

// SetException2 is SetException for the exceptions to the second cycle: e is the
// exception without the 2 that the name of its field ends in.
func (a *UserAttributes) SetException2(e Exception, on bool) { a.set(e, "2", on) }

// SetException is that of [UserAttributes].
func (r *CreateUserRequest) SetException(e Exception, on bool) { (*UserAttributes)(r).set(e, "", on) }

// SetException2 is that of [UserAttributes].
func (r *CreateUserRequest) SetException2(e Exception, on bool) { (*UserAttributes)(r).set(e, "2", on) }

// SetException is that of [UserAttributes].
func (r *UpdateUserRequest) SetException(e Exception, on bool) { (*UserAttributes)(r).set(e, "", on) }

// SetException2 is that of [UserAttributes].
func (r *UpdateUserRequest) SetException2(e Exception, on bool) { (*UserAttributes)(r).set(e, "2", on) }

// set sets an exception to the cycle whose names end in suffix.
func (a *UserAttributes) set(e Exception, suffix string, on bool) {
	for _, f := range attributes() {
		if f.exception == e && f.name == string(e)+suffix {
			*f.of(a).(*Optional[bool]) = Set(on)
			return
		}
	}
	a.extra(string(e)+suffix, on)
}

// extra sets a field that this version does not know, and leaves a map alone that
// a copy of the request may share.
func (a *UserAttributes) extra(name string, value any) {
	if a.Extra = maps.Clone(a.Extra); a.Extra == nil {
		a.Extra = make(map[string]any)
	}
	a.Extra[name] = value
}

// attributeTable lists the fields of a request.
var attributeTable lenient.Table[UserAttributes]

func (a *UserAttributes) encode() ([]byte, error) {
	const usual = 2 << 10 // bytes that hold every field of a user
	out, err := appendFields(append(make([]byte, 0, usual), '{'), attributeTable.Keys(), reflect.ValueOf(a).Elem())
	if err != nil {
		return nil, fmt.Errorf("motive: write request: %w", err)
	}
	if len(a.Extra) == 0 {
		return append(out, '}'), nil
	}
	for _, name := range slices.Sorted(maps.Keys(a.Extra)) {
		if _, known := attributeTable.Index(name); known {
			return nil, fmt.Errorf("motive: write request: %s stands in Extra and has a field of its own", name)
		}
		value := a.Extra[name]
		if out, err = encode.Value(appendKey(out, string(encode.String(nil, name))+":"), &value); err != nil {
			return nil, fmt.Errorf("motive: write request: %s: %w", name, err)
		}
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads the body of a request: a field that is null as [Null], all
// others as [Set]. A field of a type that does not fit is an error, and nothing is
// set. One that this version does not know goes to Extra as a [json.RawMessage], but
// external_ids is an error: in a request it is external_ids_attributes.
func (a *UserAttributes) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return fmt.Errorf("motive: read request: %w", err)
	}
	set, extra := *a, make(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		name := strings.ToLower(key) // encoding/json takes any case, too
		switch i, known := attributeTable.Index(name); {
		case known:
			if err := readAttribute(reflect.ValueOf(&set).Elem().Field(i).Addr().Interface(), members[key]); err != nil {
				return fmt.Errorf("motive: read request: %s: %w", name, err)
			}
		case name == "external_ids":
			return errors.New("motive: read request: external_ids is a field of users; in a request it is external_ids_attributes")
		default:
			extra[key] = members[key]
		}
	}
	if len(extra) > 0 {
		set.Extra = extra
	}
	*a = set
	return nil
}

// readAttribute reads a field of a request.
func readAttribute(field any, value []byte) (err error) {
	if ids, ok := field.(*Optional[[]ExternalID]); ok && string(value) != "null" {
		*ids, err = readExternalIDs(value)
		return err
	}
	return json.Unmarshal(value, field)
}

// readExternalIDs reads a list whose members may be numbers or strings: Motive's own
// sample writes the id of a record as a string.
func readExternalIDs(value []byte) (none Optional[[]ExternalID], err error) {
	d := externalIDTable.Decoder(value)
	defer d.Close()
	if !d.At('[') {
		return none, errors.New("is no list")
	}
	ids := []ExternalID{}
	for range d.Items() {
		if !d.At('{') {
			return none, fmt.Errorf("[%d] is no object with external_id and integration_name", len(ids))
		}
		var id ExternalID
		for _, member := range d.Read(&id, "") {
			if _, known := externalIDTable.Index(string(member.Name)); known {
				return none, fmt.Errorf("[%d].%s is neither a string nor a whole number", len(ids), member.Name)
			}
		}
		ids = append(ids, id)
	}
	return Set(ids), d.End()
}

// MarshalJSON writes the body of a request: the fields that are not absent, then
// Extra.
func (a UserAttributes) MarshalJSON() ([]byte, error) { return a.encode() }

// MarshalJSON writes the body of the request, as that of [UserAttributes].
func (r CreateUserRequest) MarshalJSON() ([]byte, error) { return (*UserAttributes)(&r).encode() }

// MarshalJSON writes the body of the request, as that of [UserAttributes].
func (r UpdateUserRequest) MarshalJSON() ([]byte, error) { return (*UserAttributes)(&r).encode() }

// UnmarshalJSON reads the body of a request, as that of [UserAttributes].
func (r *CreateUserRequest) UnmarshalJSON(data []byte) error {
	return (*UserAttributes)(r).UnmarshalJSON(data)
}

// UnmarshalJSON reads the body of a request, as that of [UserAttributes].
func (r *UpdateUserRequest) UnmarshalJSON(data []byte) error {
	return (*UserAttributes)(r).UnmarshalJSON(data)
}

// LogValue shows the fields of a that are sent and the keys of Extra. The
// password and the license number are redacted.
func (a UserAttributes) LogValue() slog.Value { return shown(a, a.Extra) }

// Format prints a as LogValue shows it, under every verb.
func (a UserAttributes) Format(s fmt.State, _ rune) { redact.Print(s, a) }

// LogValue shows r as that of [UserAttributes] does.
func (r CreateUserRequest) LogValue() slog.Value { return UserAttributes(r).LogValue() }

// Format prints r as LogValue shows it, under every verb.
func (r CreateUserRequest) Format(s fmt.State, _ rune) { redact.Print(s, r) }

// LogValue shows r as that of [UserAttributes] does.
func (r UpdateUserRequest) LogValue() slog.Value { return UserAttributes(r).LogValue() }

// Format prints r as LogValue shows it, under every verb.
func (r UpdateUserRequest) Format(s fmt.State, _ rune) { redact.Print(s, r) }

// An attribute is a field of a request that stands in a struct.
type attribute struct {
	name    string // in JSON
	request int    // its place in UserAttributes
	user    int    // its place in User; 0, that of the id, where the API does not show it

	exception Exception // that the field turns on, if it is one
	cycle     string    // the field of the cycle that this is an exception to
}

// attributes lists the fields of a request in their order, without Extra. Nothing
// writes to the list. It is made when it is first asked for: made as the program
// starts, it would be linked into those that write nothing.
func attributes() []*attribute {
	attributeList.made.Do(listAttributes)
	return attributeList.all
}

var attributeList struct {
	made sync.Once
	all  []*attribute
}

func listAttributes() {
	for i, name := range attributeTable.Names() {
		if name == "" { // Extra
			continue
		}
		f := &attribute{name: name, request: i}
		f.user, _ = userTable.Index(name)
		if strings.HasPrefix(name, "exception_") {
			base := strings.TrimSuffix(name, "2")
			f.exception, f.cycle = Exception(base), "cycle"+strings.TrimPrefix(name, base)
		}
		attributeList.all = append(attributeList.all, f)
	}
}

// of returns the field of a.
func (f *attribute) of(a *UserAttributes) optional {
	return reflect.ValueOf(a).Elem().Field(f.request).Addr().Interface().(optional)
}

// shown returns where the value of u stands, a *T to an Optional[T] of a request.
func (f *attribute) shown(u *User) any {
	return reflect.ValueOf(u).Elem().Field(f.user).Addr().Interface()
}

// isEmpty reports whether a would be sent as {}.
func (a *UserAttributes) isEmpty() bool {
	isSet := func(f *attribute) bool { return !f.of(a).IsZero() }
	return len(a.Extra) == 0 && !slices.ContainsFunc(attributes(), isSet)
}

// Diff returns what of a an update of u would have to send: the fields that a
// sets to something else than u shows, and whether there are any. A nil u shows
// nothing.
//
// Null differs from every value but the zero one and an empty list. Group ids are
// compared without their order, and the two names of an administrator are one role.
// An external id is compared by its integration: a pair that u has is no change, and
// another id for an integration that u has carries the ID of that record, so that it
// is changed rather than added. A field of Extra is compared with that of u.
//
// What the API does not show cannot be compared and is left out: password,
// time_tracking_mode, group_visibility and custom_user_role.
func (a UserAttributes) Diff(u *User) (UpdateUserRequest, bool) {
	if u == nil {
		u = new(User)
	}
	update := a
	update.Extra = nil
	for _, f := range attributes() {
		if f.user == 0 || !changes(f.of(&a), f.shown(u)) {
			reflect.ValueOf(&update).Elem().Field(f.request).SetZero()
		}
	}
	update.ExternalIDsAttributes = externalIDsToSend(a.ExternalIDsAttributes, u.ExternalIDs)
	for name, value := range a.Extra {
		if !equalJSON(value, u.Extra[name]) {
			update.extra(name, value)
		}
	}
	return UpdateUserRequest(update), !update.isEmpty()
}

// changes reports whether o would change what a user shows, a *T. Of null the value
// is zero.
func changes(o optional, shown any) bool {
	return !o.IsZero() && !reflect.DeepEqual(meaning(o.pointer()), meaning(shown))
}

// meaning is what is compared of the value that p points to.
func meaning(p any) any {
	switch p := p.(type) {
	case *Role:
		return administrator(*p)
	case *Date:
		return p.String() // without a time of day
	case *[]int64:
		return slices.Sorted(slices.Values(*p))
	}
	return p
}

// externalIDsToSend are those of wanted that are not among shown. One that replaces
// another id of the same integration gets the ID of its record, each record once.
func externalIDsToSend(wanted Optional[[]ExternalID], shown []ExternalID) Optional[[]ExternalID] {
	if wanted.IsNull() && len(shown) > 0 {
		return wanted
	}
	var send []ExternalID
	free := slices.DeleteFunc(slices.Clone(shown), func(s ExternalID) bool { // records to be replaced
		return s.ID == 0 || slices.ContainsFunc(wanted.value, func(w ExternalID) bool { return samePair(w, s) })
	})
	for _, w := range wanted.value {
		if slices.ContainsFunc(shown, func(s ExternalID) bool { return samePair(w, s) && (w.ID == 0 || w.ID == s.ID) }) {
			continue
		}
		i := slices.IndexFunc(free, func(s ExternalID) bool { return s.IntegrationName == w.IntegrationName })
		if w.ID == 0 && i >= 0 {
			w.ID = free[i].ID
		}
		free = slices.DeleteFunc(free, func(s ExternalID) bool { return s.ID == w.ID })
		send = append(send, w)
	}
	return SetNonZero(send)
}

// equalJSON reports whether value is sent as what is shown, but for space and the
// order of keys.
func equalJSON(value any, shown json.RawMessage) bool {
	sent, err := json.Marshal(value)
	return err == nil && reflect.DeepEqual(readJSON(sent), readJSON(shown))
}

// readJSON keeps numbers as they are written: a float64 cannot tell all ids apart.
// What is not JSON becomes an error, which is sent by no value.
func readJSON(data []byte) (value any) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return err
	}
	return value
}
