package provision

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/text"
)

// NewPlan compares a roster with the fleet and says what would have to be done.
// It writes nothing. The fleet is listed once, unfiltered, and the plan fails
// where that list is not complete; so it does where the roster is empty or
// cannot be read to its end. Rows with problems are steps of their own and no
// error.
//
// A plan that exceeds a limit is made all the same; [Apply] holds it.
//
// The roster is read row by row and the fleet is kept while that lasts: about
// 2.3 KB for each user and row together.
func NewPlan(ctx context.Context, client *motive.Client, roster Roster, opts Options) (*Plan, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	next, stop := iter.Pull2(roster)
	defer stop()
	row, err, ok := next() // before the fleet is listed: many mistakes show in the first row
	if !ok {
		return nil, errEmptyRoster
	}
	if err != nil {
		return nil, err
	}
	fleet, err := readFleet(ctx, client, opts.Integration)
	if err != nil {
		return nil, err
	}
	p := newPlanner(fleet, opts)
	for ok {
		if err != nil {
			return nil, err
		}
		p.add(&row)
		row, err, ok = next()
	}
	return p.finish()
}

func (o Options) check() error {
	for _, name := range o.Resend {
		switch name {
		case "time_tracking_mode", "password", "group_visibility", "custom_user_role":
		default:
			return fmt.Errorf("provision: Options.Resend: %s is not write-only", text.Quote(name))
		}
	}
	return nil
}

// planner makes the steps of a plan.
type planner struct {
	fleet   *fleet
	opts    Options
	plan    *Plan
	checker *checker
	matches []match // by step
	rowsOf  [][]int // by user: the steps that were matched with it
	acting  int     // the user who acts, by index; -1 if nobody does
	lacking bool    // a row has an external id, and there is no integration
}

func newPlanner(f *fleet, opts Options) *planner {
	return &planner{
		fleet: f, opts: opts, checker: newChecker(), rowsOf: make([][]int, len(f.users)), acting: f.acting(opts.ActingUser),
		plan: &Plan{Version: planVersion, Fleet: opts.Fleet, Integration: opts.Integration, Users: len(f.users), PerSecond: opts.PerSecond},
	}
}

// acting is the user with the given id, or the first active administrator.
func (f *fleet) acting(id int64) int {
	return slices.IndexFunc(f.users, func(u *motive.User) bool {
		if id != 0 {
			return u.ID == id
		}
		return activeAdmin(u)
	})
}

func activeAdmin(u *motive.User) bool {
	return canonicalRole(u.Role) == motive.RoleAdmin && u.Status != motive.StatusDeactivated
}

// add makes the step of a row. What only the other rows can show comes later.
func (p *planner) add(row *Row) {
	i := len(p.plan.Steps)
	p.checker.add(i, row)
	p.plan.Notices = append(p.plan.Notices, row.Notices...)
	p.lacking = p.lacking || row.ExternalID != "" && p.opts.Integration == ""
	m := p.fleet.match(row)
	role, _ := row.Attributes.Role.Get()
	s := Step{
		Line: row.Line, Name: row.name(), Role: role, ExternalID: row.ExternalID,
		Cells: p.cells(row), Problems: row.Problems,
	}
	if m.user >= 0 {
		user := p.fleet.users[m.user]
		p.rowsOf[m.user] = append(p.rowsOf[m.user], i)
		s.UserID, s.MatchedBy, s.Role = user.ID, m.by, roleAfter(row, user)
		if s.Name == "" {
			s.Name = nameIn(user)
		}
	}
	switch {
	case m.conflict != "":
		s.conflict(m.conflict)
	case m.user >= 0:
		p.change(&s, row, p.fleet.users[m.user])
	default:
		p.create(&s, row)
	}
	if len(row.Problems) > 0 && s.Action != ActionInvalid {
		s.invalid()
	}
	if s.Action == ActionUnchanged {
		s.Cells = nil
	}
	p.plan.Rows++
	p.plan.Steps = append(p.plan.Steps, s)
	p.matches = append(p.matches, m)
}

// cells are the cells of a row under the columns of the plan. The rows of a table
// share their columns; objects may each have others.
func (p *planner) cells(row *Row) []string {
	known := p.plan.Columns
	if len(known) == 0 {
		p.plan.Columns = row.Columns
		return row.Cells
	}
	if len(row.Columns) == 0 || &known[0] == &row.Columns[0] {
		return row.Cells
	}
	cells := make([]string, len(known))
	for i, name := range row.Columns[:min(len(row.Columns), len(row.Cells))] {
		at := slices.Index(p.plan.Columns, name)
		if at < 0 {
			at = len(p.plan.Columns)
			p.plan.Columns = append(slices.Clone(p.plan.Columns), name)
			cells = append(cells, "")
		}
		cells[at] = row.Cells[i]
	}
	return cells
}

func nameIn(u *motive.User) string {
	return (&Row{Attributes: motive.UserAttributes{FirstName: motive.Set(u.FirstName), LastName: motive.Set(u.LastName)}}).name()
}

func (s *Step) conflict(reason string) {
	s.Action, s.Reason, s.Changes, s.After, s.Seen = ActionConflict, reason, nil, nil, ""
}

func (s *Step) invalid(problems ...Problem) {
	s.Action, s.Changes, s.After, s.Seen = ActionInvalid, nil, nil, ""
	s.Problems = append(slices.Clone(s.Problems), problems...)
}

// create plans a person whom nobody in the fleet is.
func (p *planner) create(s *Step, row *Row) {
	if status, _ := row.Attributes.Status.Get(); status == motive.StatusDeactivated {
		s.Action, s.Reason = ActionLeftAlone, "is deactivated in the roster, and not in the fleet"
		return
	}
	s.Action, s.Changes = ActionCreate, attributesOf(row, p.opts.Integration)
	if missing := row.unrecognisable(); missing != "" {
		s.invalid(Problem{row.Line, externalIDColumn, missing})
		return
	}
	a, err := request(s.Changes)
	if err != nil {
		s.invalid(Problem{row.Line, "", err.Error()})
		return
	}
	create := motive.CreateUserRequest(a)
	if problems := problemsOf(row.Line, create.Validate()); problems != nil {
		s.invalid(problems...)
	}
}

// unrecognisable says what a person who is new, or new in the role, lacks to be
// found again in the next run, which would create another; "" if nothing.
func (row *Row) unrecognisable() string {
	const why = "; by these a person is recognised in the next run"
	email, _ := row.Attributes.Email.Get()
	role, _ := row.Attributes.Role.Get()
	switch {
	case row.ExternalID != "" || email != "" || role == "":
		return "" // without a role there is a problem already
	case role != motive.RoleDriver:
		return "is required, or else an email" + why + ", and the API shows a username on drivers only"
	case len(row.matchKeys()) == 0:
		return "is required, or else a driver_company_id, username or email" + why
	}
	return ""
}

// change plans what makes user what the row says.
func (p *planner) change(s *Step, row *Row, user *motive.User) {
	if problem := uncleared(row); problem != nil {
		s.invalid(*problem)
		return
	}
	if row.changesRole(user) {
		if missing := row.unrecognisable(); missing != "" {
			s.invalid(Problem{row.Line, externalIDColumn, missing})
			return
		}
		s.Changes = p.fleet.differences(row, user, writeOnly)
	} else {
		s.Changes = p.fleet.differences(row, user, p.opts.Resend)
	}
	s.Action = ActionUnchanged
	if len(s.Changes) > 0 {
		s.Action = ActionUpdate
	}
	if reason := s.status(row, user); reason != "" {
		s.conflict(reason)
		return
	}
	if !s.Action.writes() {
		return
	}
	s.Seen = fingerprint(user)
	a, err := request(s.Changes)
	if err != nil {
		s.invalid(Problem{row.Line, "", err.Error()})
		return
	}
	if problems := problemsOf(row.Line, judge(a, row, user)); problems != nil {
		s.invalid(problems...)
	}
}

// judge validates an update. Who becomes a driver has none of a driver's fields
// yet, and is judged as a new one is. A driver of whom the list shows no cycle
// has none: the list is of whole users.
func judge(a motive.UserAttributes, row *Row, user *motive.User) error {
	if role, _ := row.Attributes.Role.Get(); role != motive.RoleDriver || !row.changesRole(user) {
		if a.Cycle.IsZero() && user.Cycle == "" {
			a.Cycle = motive.Null[motive.Cycle]()
		}
		if a.Cycle2.IsZero() && user.Cycle2 == "" {
			a.Cycle2 = motive.Null[motive.Cycle]()
		}
		update := motive.UpdateUserRequest(a)
		return update.ValidateAgainst(user)
	}
	create := motive.CreateUserRequest(a)
	create.FirstName, create.LastName = orElse(a.FirstName, user.FirstName), orElse(a.LastName, user.LastName)
	create.Email, create.Phone = orElse(a.Email, user.Email), orElse(a.Phone, user.Phone)
	create.PhoneCountryCode = orElse(a.PhoneCountryCode, user.PhoneCountryCode)
	return create.Validate()
}

// orElse is what a field will be: o, or what the user has where o is absent.
func orElse(o motive.Optional[string], has string) motive.Optional[string] {
	if o.IsZero() {
		return motive.Set(has)
	}
	return o
}

var writeOnly = []string{"time_tracking_mode", "group_visibility", "custom_user_role"}

// status adds the change of the status, or returns why there can be none. A row
// without a status is somebody who is there, and hence active.
func (s *Step) status(row *Row, user *motive.User) string {
	status, _ := row.Attributes.Status.Get()
	gone := user.Status == motive.StatusDeactivated
	switch {
	case status == motive.StatusDeactivated && !gone:
		s.Action = ActionDeactivate
		s.Changes = append(s.Changes, Change{"status", encoded(user.Status), encoded(motive.StatusDeactivated)})
	case status != motive.StatusDeactivated && gone && user.Role == motive.RoleFleetUser:
		return "is a deactivated fleet user, whom Motive does not reactivate: a new profile has to be made, with another email and external id"
	case status != motive.StatusDeactivated && gone:
		s.Action = ActionReactivate
		s.Changes = append(s.Changes, Change{"status", encoded(user.Status), encoded(motive.StatusActive)})
	}
	return ""
}

// uncleared finds a field that has a default, to which the service would return
// for ever.
func uncleared(row *Row) *Problem {
	for _, c := range columns {
		if !c.fallback {
			continue
		}
		if want, ok := c.of(&row.Attributes); ok && want.IsNull() {
			return &Problem{row.Line, c.name, "cannot be cleared; write a value, or leave the cell empty to leave it alone"}
		}
	}
	return nil
}

// finish adds what only the whole roster shows, and the users in no row.
func (p *planner) finish() (*Plan, error) {
	if p.lacking {
		return nil, errors.New("provision: rows have external ids, and Options.Integration does not say whose they are")
	}
	for row, problems := range p.checker.problems() {
		sortProblems(problems)
		p.plan.Steps[row].invalid(problems...)
	}
	p.sharedUsers()
	p.claims()
	p.protect()
	p.leavers()
	p.plan.Brakes = p.brakes()
	return p.plan, nil
}

// sharedUsers finds users that two rows are about.
func (p *planner) sharedUsers() {
	for user, rows := range p.rowsOf {
		if len(rows) < 2 {
			continue
		}
		for _, i := range rows {
			var others []string
			for _, j := range rows {
				if j != i {
					others = append(others, where(p.plan.Steps[j].Line, j))
				}
			}
			s := &p.plan.Steps[i]
			if s.Action != ActionInvalid {
				s.conflict(fmt.Sprintf("is %s by %s, and so is %s", nameOf(p.fleet.users[user]), s.MatchedBy, text.Sentence(others, "and")))
			}
		}
	}
}

// leavers adds a step for each active user who stands in no row.
func (p *planner) leavers() {
	why := ""
	switch doubtful := p.plan.Count(ActionInvalid) + p.plan.Count(ActionConflict); {
	case !p.opts.Leavers.Deactivate:
		why = "stands in no row; leavers are left alone unless asked for"
	case doubtful > 0:
		why = "stands in no row, and " + countOf(doubtful, "row") + " with problems could be anybody; correct the roster first"
	}
	admins := p.admins()
	for i, user := range p.fleet.users {
		if len(p.rowsOf[i]) > 0 || user.Status == motive.StatusDeactivated {
			continue
		}
		s := Step{
			Action: ActionLeftAlone, UserID: user.ID, Name: nameIn(user), Role: user.Role,
			Reason: why,
		}
		if ids := p.fleet.externalIDs(user); len(ids) > 0 {
			s.ExternalID = ids[0]
		}
		if why == "" {
			s.Reason = p.spared(i, admins)
		}
		if s.Reason == "" {
			s.Action, s.Reason, s.Seen = ActionDeactivate, "stands in no row", fingerprint(user)
			s.Changes = []Change{{"status", encoded(user.Status), encoded(motive.StatusDeactivated)}}
			if activeAdmin(user) {
				admins--
			}
		}
		p.plan.Steps = append(p.plan.Steps, s)
	}
}

// spared returns why a leaver stays, or "".
func (p *planner) spared(user, admins int) string {
	u := p.fleet.users[user]
	switch {
	case !p.leaverRole(u.Role):
		return "stands in no row; leavers are looked for among " + p.leaverRoles()
	case user == p.acting:
		return "stands in no row, and is the user on whose behalf the calls are made"
	case activeAdmin(u) && admins <= p.minAdmins():
		return fmt.Sprintf("stands in no row, and %s must remain", countOf(p.minAdmins(), "administrator"))
	}
	return ""
}

func (p *planner) leaverRole(role motive.Role) bool {
	if len(p.opts.Leavers.Roles) == 0 {
		return role == motive.RoleDriver
	}
	return slices.ContainsFunc(p.opts.Leavers.Roles, func(r motive.Role) bool { return canonicalRole(r) == canonicalRole(role) })
}

func (p *planner) leaverRoles() string {
	if len(p.opts.Leavers.Roles) == 0 {
		return text.List([]motive.Role{motive.RoleDriver}, "and")
	}
	return text.List(p.opts.Leavers.Roles, "and")
}
