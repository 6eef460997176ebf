package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/text"
)

// claims settles the values that rows take from users who have them. Where the
// holder gives the value up in a step of this plan, that step comes first;
// else, and where steps wait for each other, there is a conflict.
func (p *planner) claims() {
	for changed := true; changed; {
		changed = false
		for i := range p.matches {
			if s := &p.plan.Steps[i]; s.Action.writes() && p.settle(i, s) {
				changed = true
			}
		}
		changed = p.breakCycles() || changed
	}
}

// settle makes step i wait for those that free what it takes. It reports
// whether the step became a conflict.
func (p *planner) settle(i int, s *Step) bool {
	s.After = nil
	for _, claim := range p.matches[i].claims {
		if s.Action != ActionCreate && !s.changes(claim.field) {
			continue // not taken after all
		}
		holder := p.rowsOf[claim.holder]
		if len(holder) != 1 || !p.frees(holder[0], claim.key) {
			s.conflict(fmt.Sprintf("%s %s is on %s, who keeps it", claim.field, text.Quote(claim.value), nameOf(p.fleet.users[claim.holder])))
			return true
		}
		if !slices.Contains(s.After, holder[0]) {
			s.After = append(s.After, holder[0])
		}
	}
	return false
}

func (s *Step) changes(field string) bool {
	return slices.ContainsFunc(s.Changes, func(c Change) bool { return c.Field == field })
}

// frees reports whether a step takes the value from its user, be it with the role
// of a driver, which a username belongs to.
func (p *planner) frees(step int, k key) bool {
	s := &p.plan.Steps[step]
	column := columnByName(k.field)
	return s.Action.writes() && slices.ContainsFunc(s.Changes, func(c Change) bool {
		return c.Field == k.field && strings.ToLower(unquoted(c.To)) != k.value ||
			c.Field == "role" && column.driver && unquoted(c.To) != string(motive.RoleDriver)
	})
}

// breakCycles makes conflicts of steps that wait for each other, as two people
// who swap usernames do: one of the names would have to be a third for a while.
func (p *planner) breakCycles() bool {
	_, stuck := inOrder(p.plan.Steps)
	for _, i := range stuck {
		s := &p.plan.Steps[i]
		s.conflict("takes a value from a row that waits for one of this row; change one of them in a run of its own first")
	}
	return len(stuck) > 0
}

// inOrder returns the indexes of the steps so that each comes after those it
// waits for, and else as they stand. stuck are those that wait for each other.
func inOrder(steps []Step) (order, stuck []int) {
	const (
		unseen = iota
		open
		done
		cyclic
	)
	state := make([]uint8, len(steps))
	order = make([]int, 0, len(steps))
	var visit func(i int) bool
	visit = func(i int) bool {
		switch state[i] {
		case done:
			return true
		case open, cyclic:
			return false
		}
		state[i] = open
		for _, before := range steps[i].After {
			if before < 0 || before >= len(steps) || !visit(before) {
				state[i] = cyclic
				stuck = append(stuck, i)
				return false
			}
		}
		state[i] = done
		order = append(order, i)
		return true
	}
	for i := range steps {
		visit(i)
	}
	return order, stuck
}
