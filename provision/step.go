package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
)

// step does what the plan says about one person.
func (r *run) step(ctx, calls context.Context, i int) Result {
	s := &r.plan.Steps[i]
	attributes, err := request(s.Changes)
	if err != nil {
		return failed(s.result(i), err)
	}
	if s.Action == ActionCreate {
		return r.create(ctx, calls, i, &attributes)
	}
	return r.change(ctx, calls, i, &attributes)
}

// create creates a person, unless somebody, or an earlier run, has.
func (r *run) create(ctx, calls context.Context, i int, a *motive.UserAttributes) Result {
	s := &r.plan.Steps[i]
	if !r.opts.Fresh || r.journal.wasBegun(i) {
		user, err := r.find(calls, a)
		switch {
		case err == nil:
			return r.found(i, user, r.journal.wasBegun(i))
		case !errors.Is(err, motive.ErrNotFound):
			return r.failure(i, err)
		}
	}
	if ctx.Err() != nil {
		return Result{Outcome: OutcomeNotReached}
	}
	if err := r.prepare(i, a); err != nil {
		r.cancel(err)
		return Result{Outcome: OutcomeNotReached}
	}
	user, err := send(r, func(opt motive.CallOption) (*motive.User, error) {
		return r.client.Users.Create(calls, (*motive.CreateUserRequest)(a), opt)
	})
	if err == nil {
		r.healthy()
		result := s.result(i)
		result.Outcome, result.UserID = OutcomeCreated, user.ID
		return result
	}
	unknown := errors.Is(err, motive.ErrOutcomeUnknown)
	if !unknown && !refused(err) {
		return r.failure(i, err)
	}
	// Either this create has happened, or somebody else was faster.
	if user, lookup := r.find(calls, a); lookup == nil {
		return r.found(i, user, unknown)
	}
	return r.failure(i, err)
}

// prepare puts on the disk what has to be there before a create is sent.
func (r *run) prepare(i int, a *motive.UserAttributes) error {
	if err := r.passwords.give(a, r.plan.Steps[i].ExternalID); err != nil {
		return err
	}
	return r.journal.begin(i)
}

// found is the result of a create whose person is there.
func (r *run) found(i int, user *motive.User, ours bool) Result {
	r.healthy()
	result := r.plan.Steps[i].result(i)
	result.Outcome, result.UserID = OutcomePresent, user.ID
	if ours {
		result.Outcome = OutcomeCreated
	}
	return result
}

// find looks a person up by the surest key there is.
func (r *run) find(calls context.Context, a *motive.UserAttributes) (*motive.User, error) {
	return send(r, func(opt motive.CallOption) (*motive.User, error) {
		if ids, _ := a.ExternalIDsAttributes.Get(); len(ids) > 0 && ids[0].IntegrationName == r.plan.Integration {
			return r.client.Users.LookupByExternalID(calls, ids[0].ExternalID, ids[0].IntegrationName, opt)
		}
		return r.client.Users.Lookup(calls, lookupKey(a), opt)
	})
}

// lookupKey is the surest key of a person without an external id. Of office
// staff the API shows the email alone.
func lookupKey(a *motive.UserAttributes) motive.UserLookup {
	company, _ := a.DriverCompanyID.Get()
	username, _ := a.Username.Get()
	email, _ := a.Email.Get()
	role, _ := a.Role.Get()
	switch {
	case role == motive.RoleDriver && company != "":
		return motive.UserLookup{DriverCompanyID: company}
	case role == motive.RoleDriver && username != "":
		return motive.UserLookup{Username: username}
	}
	return motive.UserLookup{Email: email}
}

// change updates, reactivates or deactivates a user, if it still is what the
// plan saw.
func (r *run) change(ctx, calls context.Context, i int, a *motive.UserAttributes) Result {
	s := &r.plan.Steps[i]
	result := s.result(i)
	result.Outcome = s.Action.outcome()
	again := r.journal.wasBegun(i)
	var options []motive.CallOption
	if !r.opts.Fresh {
		user, err := send(r, func(opt motive.CallOption) (*motive.User, error) {
			return r.client.Users.Get(calls, s.UserID, opt)
		})
		if errors.Is(err, motive.ErrNotFound) {
			return stale(result, "the user is not in the fleet")
		}
		if err != nil {
			return r.failure(i, err)
		}
		switch way, why := s.compare(user, again); way {
		case inPlace:
			r.healthy()
			if !again {
				result.Outcome = OutcomePresent
			}
			return result
		case outOfDate:
			r.healthy()
			return stale(result, why)
		}
		options = append(options, motive.Against(user))
	}
	if ctx.Err() != nil {
		return Result{Outcome: OutcomeNotReached}
	}
	if err := r.journal.begin(i); err != nil {
		r.cancel(err)
		return Result{Outcome: OutcomeNotReached}
	}
	_, err := send(r, func(opt motive.CallOption) (*motive.User, error) {
		return r.client.Users.Update(calls, s.UserID, (*motive.UpdateUserRequest)(a), append(options, opt)...)
	})
	if err != nil {
		return r.failure(i, err)
	}
	r.healthy()
	return result
}

func (a Action) outcome() Outcome {
	switch a {
	case ActionReactivate:
		return OutcomeReactivated
	case ActionDeactivate:
		return OutcomeDeactivated
	}
	return OutcomeUpdated
}

// The ways a user can stand to what the plan saw.
type standing int

const (
	asSeen    standing = iota
	inPlace            // has everything that the step would send
	outOfDate          // is neither what the plan saw nor what it wants
)

// compare says how a user stands to what the plan saw. again says that an
// earlier run may have sent the step. Fields that cannot be read are taken to be
// sent together with those that can.
func (s *Step) compare(user *motive.User, again bool) (standing, string) {
	if fingerprint(user) == s.Seen {
		return asSeen, ""
	}
	readable, hidden, moved := 0, 0, []string(nil)
	for _, c := range s.Changes {
		now, ok := currentText(c, user)
		switch {
		case !ok:
			hidden++
		case sameText(c.Field, now, rawText(c.To)):
			readable++
		default:
			readable++
			moved = append(moved, s.moved(c, now))
		}
	}
	switch {
	case readable > 0 && len(moved) == 0 && hidden == 0:
		return inPlace, ""
	case readable > 0 && len(moved) == 0, again:
		return asSeen, ""
	}
	moved = slices.DeleteFunc(moved, func(m string) bool { return m == "" })
	if len(moved) == 0 {
		return outOfDate, "something else about the user has changed since the plan was made"
	}
	return outOfDate, strings.Join(moved, "; ")
}

// moved says how a field differs from what the plan saw; "" if it does not.
func (s *Step) moved(c Change, now string) string {
	if sameText(c.Field, now, rawText(c.From)) || c.Field == externalIDsField {
		return ""
	}
	if column := columnByName(c.Field); column != nil && column.secret {
		return label(c.Field) + " is another now"
	}
	return fmt.Sprintf("%s is %s now, and the plan saw %s", label(c.Field), display(c.Field, encoded(now)), display(c.Field, c.From))
}

// currentText is what a user has in the field of a change; false where the API
// does not show it.
func currentText(c Change, user *motive.User) (string, bool) {
	switch {
	case c.Field == "status":
		return string(user.Status), true
	case c.Field == externalIDsField:
		var ids []motive.ExternalIDAttributes
		_ = json.Unmarshal(c.To, &ids) // was written by this package
		for _, id := range ids {
			if !slices.ContainsFunc(user.ExternalIDs, func(have motive.ExternalID) bool {
				return have.ExternalID == id.ExternalID && have.IntegrationName == id.IntegrationName
			}) {
				return "", true
			}
		}
		return rawText(c.To), true
	}
	column := columnByName(c.Field)
	if column == nil || column.user < 0 {
		return "", false
	}
	return fmt.Sprint(reflect.ValueOf(user).Elem().Field(column.user).Interface()), true
}

func sameText(field, a, b string) bool {
	if a == b {
		return true
	}
	column := columnByName(field)
	return column != nil && column.canonical(a) == column.canonical(b)
}

// rawText is a JSON value as fmt prints the Go value of it.
func rawText(data json.RawMessage) string {
	switch {
	case len(data) == 0 || string(data) == "null":
		return ""
	case data[0] == '"':
		return unquoted(data)
	case data[0] == '[' && !strings.Contains(string(data), "{"):
		return strings.ReplaceAll(string(data), ",", " ")
	}
	return string(data)
}

// send makes a call and counts its requests.
func send(r *run, call func(motive.CallOption) (*motive.User, error)) (*motive.User, error) {
	var response motive.Response
	user, err := call(motive.WithResponse(&response))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests += response.Attempts
	r.retries += max(response.Attempts-1, 0)
	return user, err
}

// healthy notes that the service does its work.
func (r *run) healthy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing = 0
}

// failure is the result of a step that failed. A login that has ended stops the
// run, and so do several failures in a row that no row can be the reason of.
func (r *run) failure(i int, err error) Result {
	result := failed(r.plan.Steps[i].result(i), err)
	switch {
	case errors.Is(err, motive.ErrUnauthorized), errors.Is(err, oauth.ErrReconnect), errors.Is(err, motive.ErrTestMode):
		result.open = true
		r.cancel(err)
	case refused(err):
		r.healthy()
	default:
		result.open = true
		r.mu.Lock()
		r.failing++
		stop := r.failing >= tooMany
		r.mu.Unlock()
		if stop {
			r.cancel(fmt.Errorf("%d failures in a row, the last: %w", tooMany, err))
		}
	}
	return result
}

// refused reports whether the service, or validation before it, turned down what
// is in a request. It would turn it down again.
func refused(err error) bool {
	var invalid *motive.ValidationError
	if errors.As(err, &invalid) {
		return true
	}
	var api *motive.APIError
	if errors.Is(err, motive.ErrOutcomeUnknown) || !errors.As(err, &api) {
		return false
	}
	switch api.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

func failed(result Result, err error) Result {
	result.Outcome, result.Problem, result.Err = OutcomeFailed, strings.TrimPrefix(err.Error(), "motive: "), err
	return result
}

func stale(result Result, why string) Result {
	result.Outcome, result.Problem, result.Err = OutcomeStale, why+"; make a new plan", ErrStale
	return result
}
