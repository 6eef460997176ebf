package motivetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// judge returns everything wrong with a create or an update, by the rules that Motive documents.
// body is the request, before the stored user (empty on create), after the two merged. What the
// documents are silent about passes.
func judge(body, before, after attrs) []problem {
	if problems := typeProblems(body, before); problems != nil {
		return problems // the rules below read values of the right type
	}
	var problems []problem
	add := func(p ...problem) { problems = append(problems, p...) }
	create := len(before) == 0
	add(requiredProblems(body, after, create)...)
	add(statusProblems(body, before)...)
	add(emailProblems(body)...)
	if touches(body, "time_tracking_mode", "eld_mode") {
		add(modeProblems(after)...)
	}
	add(cycleProblems(body, before, after, "")...)
	add(cycleProblems(body, before, after, "2")...)
	add(groupProblems(body, after)...)
	add(externalIDProblems(body)...)
	return problems
}

func touches(body attrs, names ...string) bool {
	for _, name := range names {
		if _, ok := body[name]; ok {
			return true
		}
	}
	return false
}

// typeProblems goes by the table, so that problems come in a steady order. What repeats the
// stored value is no news.
func typeProblems(body, before attrs) []problem {
	var problems []problem
	for i := range userFields {
		f := &userFields[i]
		raw, ok := body[f.name]
		if !ok || f.access == readOnly || string(raw) == string(before[f.name]) {
			continue
		}
		if wrong := f.check(raw); wrong != "" {
			problems = append(problems, problem{f.name, wrong})
		}
	}
	return problems
}

func requiredProblems(body, after attrs, create bool) []problem {
	var problems []problem
	for _, name := range []string{"first_name", "last_name", "role"} {
		if (create || touches(body, name)) && strings.TrimSpace(after.text(name)) == "" {
			problems = append(problems, problem{name, "can't be blank"})
		}
	}
	if touches(body, "status") && !create && !after.has("status") {
		problems = append(problems, problem{"status", "can't be blank"})
	}
	if create && !after.has("email") && !after.has("username") && !after.has("phone") {
		problems = append(problems, problem{"", "one of email, username and phone must be given"})
	}
	return problems
}

// Motive's help center: drivers can be reactivated, fleet users cannot.
func statusProblems(body, before attrs) []problem {
	if before.text("status") != "deactivated" || body.text("status") != "active" || before.text("role") != "fleet_user" {
		return nil
	}
	return []problem{{"status", "can't be active again: a fleet user is not reactivated, a new one has to be created"}}
}

func emailProblems(body attrs) []problem {
	email := body.text("email")
	if email == "" {
		return nil
	}
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(domain, "@ ") || strings.Contains(local, " ") {
		return []problem{{"email", "is not an email address"}}
	}
	return nil
}

// modeProblems judges the pair. A driver without an ELD mode has logs.
func modeProblems(after attrs) []problem {
	tracking, eld := after.text("time_tracking_mode"), after.text("eld_mode")
	if eld == "" {
		eld = "logs"
	}
	if tracking == "" || modesGoTogether(tracking, eld) || !slices.Contains(fieldByName["eld_mode"].values, eld) {
		return nil // one that this table does not know stands by
	}
	return []problem{{"time_tracking_mode", fmt.Sprintf("%s is not compatible with eld_mode %s", tracking, eld)}}
}

// cycleProblems judges the first cycle (suffix "") or the second ("2").
func cycleProblems(body, before, after attrs, suffix string) []problem {
	field := "cycle" + suffix
	touched := touches(body, field)
	for _, e := range exceptions {
		touched = touched || touches(body, e+suffix)
	}
	if !touched {
		return nil
	}
	cycle := after.text(field)
	allowed, known := allowedExceptions(cycle)
	if cycle != "" && !known {
		if !touches(body, field) || string(body[field]) == string(before[field]) {
			return nil // it stands by, newer than this table
		}
		return []problem{{field, fmt.Sprintf("%q is not a cycle", cycle)}}
	}
	var problems []problem
	for _, e := range exceptions {
		if !after.on(e+suffix) || slices.Contains(allowed, e) {
			continue
		}
		if cycle == "" {
			problems = append(problems, problem{e + suffix, "needs a " + field})
			continue
		}
		problems = append(problems, problem{e + suffix, "is not available with " + field + " " + cycle})
	}
	return problems
}

// groupProblems: a driver's groups stand in group_ids, a fleet user's in custom_user_role.
func groupProblems(body, after attrs) []problem {
	var problems []problem
	role := after.text("role")
	if role == "fleet_user" && body.has("group_ids") {
		problems = append(problems, problem{"group_ids", "can't be set on a fleet_user; put them into custom_user_role"})
	}
	if role == "driver" {
		for _, name := range []string{"group_visibility", "custom_user_role"} {
			if body.has(name) {
				problems = append(problems, problem{name, "can't be set on a driver"})
			}
		}
		return problems
	}
	if !touches(body, "group_visibility", "custom_user_role") {
		return problems
	}
	var custom struct {
		UserRoleID *int64  `json:"user_role_id"`
		GroupIDs   []int64 `json:"group_ids"`
	}
	if raw, ok := after["custom_user_role"]; ok && json.Unmarshal(raw, &custom) != nil {
		return append(problems, problem{"custom_user_role", "must hold user_role_id, an integer, and group_ids, an array of integers"})
	}
	if after.has("custom_user_role") && (custom.UserRoleID == nil || *custom.UserRoleID <= 0) {
		problems = append(problems, problem{"custom_user_role.user_role_id", "can't be blank"})
	}
	if after.text("group_visibility") == "limited" && len(custom.GroupIDs) == 0 {
		problems = append(problems, problem{"custom_user_role.group_ids", "can't be empty while group_visibility is limited"})
	}
	return problems
}

// externalIDAttributes is one item of external_ids_attributes.
type externalIDAttributes struct {
	ID              int64   `json:"id"`
	ExternalID      *string `json:"external_id"`
	IntegrationName *string `json:"integration_name"`
}

func externalIDProblems(body attrs) []problem {
	raw, ok := body["external_ids_attributes"]
	if !ok {
		return nil
	}
	var items []externalIDAttributes
	if json.Unmarshal(raw, &items) != nil {
		return []problem{{"external_ids_attributes", "must hold objects of external_id and integration_name, both strings"}}
	}
	var problems []problem
	seen := map[pair]bool{}
	for i, item := range items {
		at := fmt.Sprintf("external_ids_attributes[%d].", i)
		// A record that is changed keeps the half that is not given.
		if blankText(item.ExternalID) && (item.ID == 0 || item.ExternalID != nil) {
			problems = append(problems, problem{at + "external_id", "can't be blank"})
		}
		if blankText(item.IntegrationName) && (item.ID == 0 || item.IntegrationName != nil) {
			problems = append(problems, problem{at + "integration_name", "can't be blank"})
		}
		if blankText(item.ExternalID) || blankText(item.IntegrationName) {
			continue
		}
		p := pair{"User", *item.ExternalID, *item.IntegrationName}
		if seen[p] {
			problems = append(problems, problem{at + "external_id", "is given twice for this integration_name"})
		}
		seen[p] = true
	}
	return problems
}

func blankText(s *string) bool { return s == nil || *s == "" }
