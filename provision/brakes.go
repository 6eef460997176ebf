package provision

import (
	"cmp"
	"fmt"

	"github.com/motive-go/motive"
)

// Brakes count from this many users up. Below, one person is more than a tenth.
const brakesFrom = 10

// brakes are the limits that the plan exceeds: "deactivates 31 of 240, 12.9%,
// limit 10%".
func (p *planner) brakes() []string {
	roles := make(map[motive.Role]bool) // in question
	deactivated, updated := 0, 0
	for i := range p.plan.Steps {
		s := &p.plan.Steps[i]
		switch s.Action {
		case ActionDeactivate:
			deactivated++
			roles[canonicalRole(s.Role)] = true
		case ActionUpdate, ActionReactivate:
			if !s.onlyExternalID() {
				updated++
			}
		}
	}
	inScope, active := 0, 0
	for _, user := range p.fleet.users {
		if user.Status == motive.StatusDeactivated {
			continue
		}
		active++
		if roles[canonicalRole(user.Role)] || p.opts.Leavers.Deactivate && p.leaverRole(user.Role) {
			inScope++
		}
	}
	var exceeded []string
	for _, brake := range []struct {
		verb     string
		n, of    int
		limit    float64
		fallback float64
	}{
		{"deactivates", deactivated, inScope, p.opts.Limits.Deactivate, 10},
		{"changes", updated, active, p.opts.Limits.Update, 30},
	} {
		if excess := exceeds(brake.n, brake.of, cmp.Or(brake.limit, brake.fallback)); excess != "" {
			exceeded = append(exceeded, brake.verb+" "+excess)
		}
	}
	return exceeded
}

// exceeds returns "31 of 240, 12.9%, limit 10%" where n is more than limit
// percent of a number that is large enough to count.
func exceeds(n, of int, limit float64) string {
	if of < brakesFrom || n == 0 {
		return ""
	}
	percent := 100 * float64(n) / float64(of)
	if percent <= limit || limit >= 100 {
		return ""
	}
	return fmt.Sprintf("%d of %d, %.1f%%, limit %g%%", n, of, percent, limit)
}

// onlyExternalID reports whether a step merely says who a user is elsewhere.
func (s *Step) onlyExternalID() bool {
	return len(s.Changes) == 1 && s.Changes[0].Field == externalIDsField
}

func (p *planner) minAdmins() int { return max(cmp.Or(p.opts.Limits.Admins, 1), 1) }

// admins counts the active administrators whom the rows leave in place.
func (p *planner) admins() int {
	n := 0
	for _, u := range p.fleet.users {
		if activeAdmin(u) {
			n++
		}
	}
	for i := range p.matches {
		if p.removesAdmin(i) {
			n--
		}
	}
	return n
}

// removesAdmin reports whether a step makes an active administrator anything
// else.
func (p *planner) removesAdmin(i int) bool {
	s := &p.plan.Steps[i]
	user := p.matches[i].user
	if !s.Action.writes() || user < 0 || !activeAdmin(p.fleet.users[user]) {
		return false
	}
	return s.Action == ActionDeactivate || canonicalRole(s.Role) != motive.RoleAdmin
}

// protect holds the rows that would lock the fleet out: of the acting user, and
// of the last administrators.
func (p *planner) protect() {
	admins := p.admins()
	for i := len(p.matches) - 1; i >= 0; i-- { // the first rows are let through
		s, user := &p.plan.Steps[i], p.matches[i].user
		switch {
		case user >= 0 && user == p.acting && s.Action == ActionDeactivate:
			if p.removesAdmin(i) {
				admins++
			}
			s.conflict("would deactivate " + nameOf(p.fleet.users[user]) + ", on whose behalf the calls are made")
		case admins < p.minAdmins() && p.removesAdmin(i):
			admins++
			s.conflict(fmt.Sprintf("would leave fewer than %s", countOf(p.minAdmins(), "active administrator")))
		}
	}
}
