package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/motive-go/motive"
)

// What an error of this package can be, for [errors.Is].
var (
	// ErrUnsafe: a brake holds the plan; see [Limits] and [ApplyOptions].Force.
	ErrUnsafe = errors.New("the plan changes more than its limits allow")
	// ErrStale: what the plan was made from has changed since, or the plan has
	// been applied already.
	ErrStale = errors.New("the plan is out of date")
	// ErrStopped: the run ended early, since the login has ended, the service
	// does not respond, or the context was cancelled. Applied again with the same
	// journal, the plan goes on.
	ErrStopped = errors.New("stopped before the end of the plan")
)

// Options says how a plan is made. The zero value recognises people by
// driver_company_id, username and email, and leaves leavers alone.
type Options struct {
	// Integration is the name under which the roster's external ids stand in
	// Motive. It is required where a row has one.
	Integration string
	// Fleet names the fleet for those who read the plan. A plan is applied only
	// where [ApplyOptions].Fleet is the same.
	Fleet   string
	Leavers Leavers
	Limits  Limits
	// ActingUser is the id of the user on whose behalf the calls are made, who is
	// never deactivated. 0 stands for the fleet's first active administrator,
	// which is whom Motive takes.
	ActingUser int64
	// Resend names write-only columns, time_tracking_mode, password,
	// group_visibility or custom_user_role, that are sent to users who are there
	// already. Since the API does not show them, they are sent on create and
	// where the role or the ELD mode changes, and else are no change.
	Resend []string
	// PerSecond is the rate that the client is held to, from which the plan tells
	// how long it will take. 0 counts with one request a second.
	PerSecond float64
}

// Leavers says what becomes of users who stand in no row. The zero value leaves
// them alone.
type Leavers struct {
	// Deactivate deactivates them, unless the roster has a row that could be
	// theirs: one with problems, or a conflict.
	Deactivate bool
	// Roles are whose leavers are looked at; default drivers.
	Roles []motive.Role
}

// Limits are the brakes of a plan. They count from 10 users up: a smaller fleet
// is read at a glance.
type Limits struct {
	// Deactivate is how many percent of the active users of the roles in question
	// a plan may deactivate; 0 stands for 10, and 100 is no limit.
	Deactivate float64
	// Update is how many percent of the fleet's active users a plan may change; 0
	// stands for 30, and 100 is no limit. That a user gets the external id of the
	// integration, and nothing else, is not counted.
	Update float64
	// Admins is how many active administrators must remain; 0 stands for 1.
	Admins int
}

// Action is what a step does.
type Action string

// The actions of a step.
const (
	ActionCreate     Action = "create"
	ActionUpdate     Action = "update"
	ActionReactivate Action = "reactivate" // with what else has changed
	ActionDeactivate Action = "deactivate" // a leaver, or as the row says
	ActionUnchanged  Action = "unchanged"
	ActionConflict   Action = "conflict"   // the row cannot be told to be one user; see Reason
	ActionInvalid    Action = "invalid"    // the row has Problems
	ActionLeftAlone  Action = "left_alone" // a user in no row, or a row that asks for nothing
)

// writes reports whether a step of the action sends something.
func (a Action) writes() bool {
	switch a {
	case ActionCreate, ActionUpdate, ActionReactivate, ActionDeactivate:
		return true
	}
	return false
}

// Plan is what would be done to a fleet, as data. It is made by [NewPlan] or
// read by [ReadPlan], and is not to be changed.
type Plan struct {
	Version     int    `json:"version"`
	Fleet       string `json:"fleet,omitzero"`
	Integration string `json:"integration,omitzero"`
	Users       int    `json:"users"` // of the fleet, deactivated ones included
	Rows        int    `json:"rows"`  // of the roster
	// PerSecond is the rate from which [Plan.Duration] is told.
	PerSecond float64 `json:"per_second"`
	// Brakes are the limits that the plan exceeds, with numbers.
	Brakes []string `json:"brakes,omitzero"`
	// Notices say how the roster was read where that had to be inferred.
	Notices []string `json:"notices,omitzero"`
	// Columns are the headings of the roster's file.
	Columns []string `json:"columns,omitzero"`
	// Steps are one for each row, in the order of the roster, and then one for
	// each active user who stands in no row.
	Steps []Step `json:"steps"`
}

// planVersion is raised when an older program could not carry a plan out.
const planVersion = 1

// Step is what would be done about one row of the roster, or one user.
type Step struct {
	Action     Action      `json:"action"`
	Line       int         `json:"line,omitzero"` // of the roster; 0 where there is none
	Name       string      `json:"name,omitzero"` // first and last name
	Role       motive.Role `json:"role,omitzero"`
	ExternalID string      `json:"external_id,omitzero"` // of the integration
	UserID     int64       `json:"user_id,omitzero"`     // 0 for a create
	MatchedBy  string      `json:"matched_by,omitzero"`  // the column by which the user was found
	// Changes are what is sent, field by field.
	Changes []Change `json:"changes,omitzero"`
	// Reason says why there is a conflict, or why a user is left alone.
	Reason   string    `json:"reason,omitzero"`
	Problems []Problem `json:"problems,omitzero"` // of an invalid row
	// Seen identifies the state of the user that the plan was made from.
	Seen string `json:"seen,omitzero"`
	// After are the steps, by index, that free a value which this one takes.
	After []int `json:"after,omitzero"`
	// Cells are the row as it stood in its file.
	Cells []string `json:"cells,omitzero"`
}

// Change is one field of a step.
type Change struct {
	Field string `json:"field"` // the API's name
	// From is what the user has: null for nothing, and for what the API does not
	// show. A license number is not kept.
	From json.RawMessage `json:"from"`
	To   json.RawMessage `json:"to"` // what is sent; null clears the field
}

// Hash identifies the plan by its content: 64 hexadecimal digits. Equal rosters
// and fleets have plans of equal hashes.
func (p *Plan) Hash() string {
	data, _ := json.Marshal(p) // strings, numbers and JSON that was checked when it was read
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// ShortHash is the start of [Plan.Hash], for people.
func (p *Plan) ShortHash() string { return p.Hash()[:shortHash] }

const shortHash = 8

// Count returns how many steps do a.
func (p *Plan) Count(a Action) int {
	n := 0
	for i := range p.Steps {
		if p.Steps[i].Action == a {
			n++
		}
	}
	return n
}

// Writes returns how many steps send something.
func (p *Plan) Writes() int {
	n := 0
	for i := range p.Steps {
		if p.Steps[i].Action.writes() {
			n++
		}
	}
	return n
}

// Duration is how long the plan takes at its rate, each step being one write and
// the read before it.
func (p *Plan) Duration() time.Duration {
	perSecond := p.PerSecond
	if perSecond <= 0 {
		perSecond = 1
	}
	return time.Duration(float64(2*p.Writes()) / perSecond * float64(time.Second)).Round(time.Second)
}

// WriteJSON writes the plan for [ReadPlan]. It has passwords and license numbers
// in it, where the roster has: the file needs the mode 0600.
func (p *Plan) WriteJSON(w io.Writer) error {
	data, err := json.MarshalIndent(savedPlan{p.Hash(), p}, "", " ")
	if err != nil {
		return fmt.Errorf("provision: write the plan: %w", err)
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("provision: write the plan: %w", err)
	}
	return nil
}

type savedPlan struct {
	Hash string `json:"hash"`
	Plan *Plan  `json:"plan"`
}

// ReadPlan reads what [Plan.WriteJSON] wrote. A plan that was changed since is
// an error.
func ReadPlan(r io.Reader) (*Plan, error) {
	var saved savedPlan
	if err := json.NewDecoder(r).Decode(&saved); err != nil {
		return nil, fmt.Errorf("provision: read the plan: %w", err)
	}
	p := saved.Plan
	switch {
	case p == nil:
		return nil, errors.New("provision: read the plan: it is not a plan")
	case p.Version != planVersion:
		return nil, fmt.Errorf("provision: read the plan: it has version %d and this program reads %d", p.Version, planVersion)
	}
	for i := range p.Steps {
		p.Steps[i].compact()
	}
	if p.Hash() != saved.Hash {
		return nil, errors.New("provision: read the plan: its content does not have its hash; it was changed or cut off, make it again")
	}
	return p, nil
}
