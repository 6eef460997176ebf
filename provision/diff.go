package provision

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/motive-go/motive"
)

var null = json.RawMessage("null")

const externalIDsField = "external_ids_attributes"

// compact undoes the indentation of a saved plan.
func (s *Step) compact() {
	for i := range s.Changes {
		c := &s.Changes[i]
		c.From, c.To = compacted(c.From), compacted(c.To)
	}
}

func compacted(data json.RawMessage) json.RawMessage {
	var out bytes.Buffer
	if json.Compact(&out, data) != nil {
		return null
	}
	return out.Bytes()
}

// change is the change of an attribute. A secret that is replaced is not kept.
func (c *column) change(from json.RawMessage, want optional) Change {
	to, err := want.MarshalJSON()
	if err != nil {
		to = null // no type of an attribute fails
	}
	if c.secret && string(from) != "null" {
		from = json.RawMessage(`"[redacted]"`)
	}
	return Change{c.name, from, to}
}

// attributesOf are the changes that create the person of a row.
func attributesOf(row *Row, integration string) []Change {
	var changes []Change
	for _, c := range columns {
		want, ok := c.of(&row.Attributes)
		if !ok || want.IsNull() || c.name == "status" {
			continue // nobody has anything to clear yet, and a new user is active
		}
		changes = append(changes, c.change(null, want))
	}
	if custom, ok := row.Attributes.CustomUserRole.Get(); ok {
		changes = append(changes, Change{"custom_user_role", null, encoded(custom)})
	}
	ids, _ := row.Attributes.ExternalIDsAttributes.Get()
	own := motive.ExternalIDAttributes{ExternalID: row.ExternalID, IntegrationName: integration}
	if row.ExternalID != "" {
		// The one by which a create is settled comes first.
		ids = append([]motive.ExternalIDAttributes{own}, slices.DeleteFunc(slices.Clone(ids), func(id motive.ExternalIDAttributes) bool { return id == own })...)
	}
	if len(ids) > 0 {
		changes = append(changes, Change{externalIDsField, null, encoded(ids)})
	}
	return changes
}

func encoded(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return null // no type of an attribute fails
	}
	return data
}

// differences are the changes that make user what the row says, the status left
// out. Write-only fields are sent only where resend names them: the API does
// not show whether they are in place.
func (f *fleet) differences(row *Row, user *motive.User, resend []string) []Change {
	driver := roleAfter(row, user) == motive.RoleDriver
	var changes []Change
	for _, c := range columns {
		want, ok := c.of(&row.Attributes)
		switch {
		case !ok, c.name == "status", c.driver && !driver:
		case c.user < 0:
			if slices.Contains(resend, c.name) {
				changes = append(changes, c.change(null, want))
			}
		case !c.same(want, user):
			changes = append(changes, c.change(c.shown(user), want))
		}
	}
	custom, ok := row.Attributes.CustomUserRole.Get()
	if ok && (slices.Contains(resend, "custom_user_role") || row.changesRole(user)) {
		changes = append(changes, Change{"custom_user_role", null, encoded(custom)})
	}
	changes = wholeModes(row, user, changes)
	if row.ExternalID != "" && !slices.Contains(f.externalIDs(user), row.ExternalID) {
		id := motive.ExternalIDAttributes{ExternalID: row.ExternalID, IntegrationName: f.integration}
		changes = append(changes, Change{externalIDsField, null, encoded([]motive.ExternalIDAttributes{id})})
	}
	return changes
}

func roleAfter(row *Row, user *motive.User) motive.Role {
	if role, ok := row.Attributes.Role.Get(); ok {
		return role
	}
	return user.Role
}

func (row *Row) changesRole(user *motive.User) bool {
	role, ok := row.Attributes.Role.Get()
	return ok && canonicalRole(role) != canonicalRole(user.Role)
}

// wholeModes sends the ELD mode and the time tracking mode together, where one
// of them is sent: Motive judges the pair.
func wholeModes(row *Row, user *motive.User, changes []Change) []Change {
	has := func(field string) bool {
		return slices.ContainsFunc(changes, func(c Change) bool { return c.Field == field })
	}
	eld, tracking := has("eld_mode"), has("time_tracking_mode")
	switch {
	case eld && !tracking:
		mode, ok := row.Attributes.TimeTrackingMode.Get()
		after, _ := row.Attributes.ELDMode.Get()
		if !ok && after != motive.ELDModeExempt {
			mode, ok = motive.TimeTrackingModeLogs, true // the only one that goes with logs and none
		}
		if ok {
			changes = append(changes, Change{"time_tracking_mode", null, encoded(mode)})
		}
	case tracking && !eld:
		mode, ok := row.Attributes.ELDMode.Get()
		track, _ := row.Attributes.TimeTrackingMode.Get()
		if !ok && user.ELDMode == "" && track != motive.TimeTrackingModeLogs {
			mode, ok = motive.ELDModeExempt, true // the only one that goes with the others
		}
		if ok {
			changes = append(changes, Change{"eld_mode", encoded(user.ELDMode), encoded(mode)})
		}
	}
	return changes
}

// shown is the value of a user as JSON; null for nothing.
func (c *column) shown(user *motive.User) json.RawMessage {
	v := reflect.ValueOf(user).Elem().Field(c.user)
	if v.IsZero() && v.Kind() != reflect.Bool || v.Kind() == reflect.Slice && v.Len() == 0 {
		return null
	}
	return encoded(v.Interface())
}

// same reports whether a user has what a row wants. Spellings that Motive may
// change on its own are no difference: they would be sent for ever.
func (c *column) same(want optional, user *motive.User) bool {
	field := reflect.ValueOf(user).Elem().Field(c.user)
	switch w := want.(type) { // the two that most fields are
	case *motive.Optional[string]:
		if s, _ := w.Get(); s == field.String() {
			return true
		}
	case *motive.Optional[bool]:
		b, set := w.Get()
		return set && b == field.Bool()
	}
	wanted := ""
	if !want.IsNull() {
		wanted = want.String()
	}
	have := fmt.Sprint(field.Interface())
	return wanted == have || c.canonical(wanted) == c.canonical(have)
}

// canonical makes equal what says the same.
func (c *column) canonical(value string) string {
	switch c.name {
	case "email", "username":
		return strings.ToLower(value)
	case "phone", "phone2", "phone_country_code", "phone_country_code2":
		return phoneDigits(value)
	case "role":
		return string(canonicalRole(motive.Role(value)))
	case "cycle", "cycle2":
		return strings.TrimSuffix(value, "_2020")
	case "group_ids":
		ids := strings.Fields(strings.Trim(value, "[]"))
		slices.Sort(ids)
		return strings.Join(ids, " ")
	}
	return strings.TrimSpace(value)
}

// canonicalRole makes one of the two spellings of an administrator.
func canonicalRole(role motive.Role) motive.Role {
	if role == motive.RoleFleetAdmin {
		return motive.RoleAdmin
	}
	return role
}

// fingerprint identifies what can be planned about a user: everything that can
// be written and read, less the duty status, which changes by the hour.
func fingerprint(user *motive.User) string {
	sum := sha256.New()
	v := reflect.ValueOf(user).Elem()
	for _, c := range columns {
		if c.user >= 0 && c.name != "duty_status" {
			fmt.Fprintf(sum, "%s=%s\n", c.name, c.canonical(fmt.Sprint(v.Field(c.user).Interface())))
		}
	}
	ids := make([]string, len(user.ExternalIDs))
	for i, id := range user.ExternalIDs {
		ids[i] = fmt.Sprintf("%q of %q", id.ExternalID, id.IntegrationName)
	}
	slices.Sort(ids)
	fmt.Fprintln(sum, ids)
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// request builds what a step sends.
func request(changes []Change) (motive.UserAttributes, error) {
	fields := make(map[string]json.RawMessage, len(changes))
	for _, c := range changes {
		fields[c.Field] = c.To
	}
	var a motive.UserAttributes
	data, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		return a, fmt.Errorf("provision: build the request: %w", err)
	}
	return a, nil
}
