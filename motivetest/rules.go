package motivetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A judgment is what is wrong with a write by Motive's documents. What they are silent about passes.
type judgment struct {
	body     attrs            // the request
	before   attrs            // the stored user, empty on a create
	after    attrs            // the two merged
	items    []externalIDItem // of the request, their external ids as they are kept
	problems []problem
}

// judge judges by the rules and then, where all is well, by what other users have.
func (f *Fake) judge(u *user, body, before, after attrs) *judgment {
	j := &judgment{body: body, before: before, after: after}
	j.types()
	if j.problems != nil {
		return j // the rules below read values of the right type
	}
	j.required()
	j.reactivation()
	j.texts()
	j.modes()
	j.cycle("")
	j.cycle("2")
	j.groups()
	j.externalIDs(f.fold)
	if j.problems == nil {
		j.taken(f.store, u, f.lax)
	}
	return j
}

// refusal returns the response to a write that is wrong or is in test mode; nil if it is to be stored.
func (j *judgment) refusal(x *exchange) *response {
	switch {
	case j.problems != nil:
		return unprocessable(j.problems...)
	case x.testMode:
		return reply(http.StatusOK, map[string]string{"message": "valid (test mode)"})
	}
	return nil
}

func (j *judgment) add(field, format string, args ...any) {
	j.problems = append(j.problems, problem{field, fmt.Sprintf(format, args...)})
}

// touches reports whether the request gives one of the fields.
func (j *judgment) touches(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return j.body[name] != nil })
}

// repeats reports whether the request gives the field the value that it has.
func (j *judgment) repeats(name string) bool { return string(j.body[name]) == string(j.before[name]) }

// types goes by the table, so that problems keep an order. What repeats the stored value is no news.
func (j *judgment) types() {
	for _, f := range userFields {
		if !j.touches(f.name) || f.access == readOnly || j.repeats(f.name) {
			continue
		}
		if wrong := f.check(j.body[f.name]); wrong != "" {
			j.add(f.name, "%s", wrong)
		}
	}
}

func (j *judgment) required() {
	create := len(j.before) == 0
	for _, name := range []string{"first_name", "last_name", "role"} {
		if (create || j.touches(name)) && strings.TrimSpace(j.after.text(name)) == "" {
			j.add(name, "can't be blank")
		}
	}
	if j.touches("status") && !create && !j.after.has("status") {
		j.add("status", "can't be blank")
	}
	given := func(name string) bool { return strings.TrimSpace(j.after.text(name)) != "" }
	if create && !slices.ContainsFunc([]string{"email", "username", "phone"}, given) {
		j.add("", "one of email, username and phone must be given")
	}
}

// Motive's help center: drivers can be reactivated, fleet users cannot.
func (j *judgment) reactivation() {
	gone := j.before.text("role") == "fleet_user" && j.before.text("status") == "deactivated"
	if gone && j.body.text("status") == "active" {
		j.add("status", "can't be active again: a fleet user is not reactivated, a new one has to be created")
	}
}

// textRules say what is wrong with a text that is not empty, wherever a request has it: in a
// write and as the key of a lookup. "" is that all is well.
var textRules = map[string]func(string) string{
	"email": notAnEmail,
}

func notAnEmail(s string) string {
	local, domain, _ := strings.Cut(s, "@")
	parts := local != "" && domain != "" && !strings.Contains(domain, "@")
	if !parts || strings.Contains(s, " ") {
		return "is not an email address"
	}
	return ""
}

func wrongText(name, s string) string {
	if rule := textRules[name]; rule != nil && s != "" {
		return rule(s)
	}
	return ""
}

func (j *judgment) texts() {
	for _, f := range userFields {
		if textRules[f.name] == nil {
			continue // spared the decoding
		}
		if wrong := wrongText(f.name, j.body.text(f.name)); wrong != "" {
			j.add(f.name, "%s", wrong)
		}
	}
}

// modes judges the pair. A driver without an ELD mode has logs.
func (j *judgment) modes() {
	tracking, eld := j.after.text("time_tracking_mode"), j.after.text("eld_mode")
	if eld == "" {
		eld = "logs"
	}
	if !j.touches("time_tracking_mode", "eld_mode") || tracking == "" || slices.Contains(eldModes[tracking], eld) {
		return
	}
	if slices.Contains(fieldByName["eld_mode"].values, eld) { // one that this table does not know stands by
		j.add("time_tracking_mode", "%s is not compatible with eld_mode %s", tracking, eld)
	}
}

// cycle judges the first cycle (suffix "") or the second ("2").
func (j *judgment) cycle(suffix string) {
	field := "cycle" + suffix
	touched := slices.ContainsFunc(exceptions, func(e string) bool { return j.touches(e + suffix) })
	if !touched && !j.touches(field) {
		return
	}
	cycle := j.after.text(field)
	allowed, known := allowedExceptions(cycle)
	if cycle != "" && !known {
		if j.touches(field) && !j.repeats(field) { // else it stands by, newer than this table
			j.add(field, "%q is not a cycle", cycle)
		}
		return
	}
	for _, e := range exceptions {
		switch {
		case string(j.after[e+suffix]) != "true" || slices.Contains(allowed, e):
		case cycle == "":
			j.add(e+suffix, "needs a %s", field)
		default:
			j.add(e+suffix, "is not available with %s %s", field, cycle)
		}
	}
}

// groups: a driver's stand in group_ids, a fleet user's in custom_user_role.
func (j *judgment) groups() {
	role := j.after.text("role")
	if role == "fleet_user" && j.body.has("group_ids") {
		j.add("group_ids", "can't be set on a fleet_user; put them into custom_user_role")
	}
	if role == "driver" {
		for _, name := range []string{"group_visibility", "custom_user_role"} {
			if j.body.has(name) {
				j.add(name, "can't be set on a driver")
			}
		}
		return
	}
	if j.touches("group_visibility", "custom_user_role") {
		j.customUserRole()
	}
}

type customUserRole struct {
	UserRoleID *int64  `json:"user_role_id"`
	GroupIDs   []int64 `json:"group_ids,omitempty"`
}

// customUserRole judges what limits a fleet user. An update that leaves out the id of the role
// keeps it.
func (j *judgment) customUserRole() {
	var had, custom customUserRole
	_ = json.Unmarshal(j.before["custom_user_role"], &had) // nothing, if there is none
	if raw, ok := j.after["custom_user_role"]; ok && json.Unmarshal(raw, &custom) != nil {
		j.add("custom_user_role", "must hold user_role_id, an integer, and group_ids, an array of integers")
		return
	}
	if given := j.body["custom_user_role"]; given != nil && string(given) != "null" {
		if custom.UserRoleID == nil && had.UserRoleID != nil {
			custom.UserRoleID = had.UserRoleID
			j.after["custom_user_role"] = encode(custom)
		}
		if custom.UserRoleID == nil || *custom.UserRoleID <= 0 {
			j.add("custom_user_role.user_role_id", "can't be blank")
		}
	}
	if j.after.text("group_visibility") == "limited" && len(custom.GroupIDs) == 0 {
		j.add("custom_user_role.group_ids", "can't be empty while group_visibility is limited")
	}
}

func (j *judgment) externalIDs(fold func(string) string) {
	if !j.touches("external_ids_attributes") {
		return
	}
	if json.Unmarshal(j.body["external_ids_attributes"], &j.items) != nil {
		j.add("external_ids_attributes", "must hold objects of external_id and integration_name, both strings")
		return
	}
	seen := map[pair]bool{}
	for i, item := range j.items {
		at := fmt.Sprintf("external_ids_attributes[%d].", i)
		if item.ExternalID != nil {
			*item.ExternalID = fold(*item.ExternalID)
		}
		// A record that is changed keeps the half that is not given.
		if blank(item.ExternalID) && (item.ID == 0 || item.ExternalID != nil) {
			j.add(at+"external_id", "can't be blank")
		}
		if blank(item.IntegrationName) && (item.ID == 0 || item.IntegrationName != nil) {
			j.add(at+"integration_name", "can't be blank")
		}
		if blank(item.ExternalID) || blank(item.IntegrationName) {
			continue
		}
		if seen[item.pair()] {
			j.add(at+"external_id", "is given twice for this integration_name")
		}
		seen[item.pair()] = true
	}
	j.body["external_ids_attributes"] = encode(j.items)
}

// taken checks what must be unique, and that external id records to change are the user's own.
func (j *judgment) taken(s *store, u *user, lax bool) {
	for _, name := range uniqueFields {
		owner := s.lookup(name, j.body.text(name))
		if owner != nil && owner.id != u.id && shown(name, j.after.text("role")) && !lax {
			j.add(name, "has already been taken")
		}
	}
	for i, item := range j.items {
		at := fmt.Sprintf("external_ids_attributes[%d].", i)
		p := item.pair()
		if item.ID != 0 {
			old := u.externalID(item.ID)
			if old == nil {
				j.add(at+"id", "is not an external id of this user")
				continue
			}
			p = item.over(*old).pair()
		}
		if s.taken(p, u.id) && !lax {
			j.add(at+"external_id", "has already been taken for this integration_name")
		}
	}
}

func blank(s *string) bool { return s == nil || strings.TrimSpace(*s) == "" }
