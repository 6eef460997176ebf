package motive

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// Diff returns what of a an update of u would have to send: the fields that a
// sets to something else than u shows, and whether there are any. A nil u shows
// nothing.
//
// Null differs from every value but the zero one. Group ids are compared without
// their order, and the two names of an administrator are one role. An external id
// is compared by its integration: a pair that u has is no change, and another id
// for an integration that u has carries the ID of that record, so that it is
// changed rather than added. A field of Extra is compared with that of u.
//
// What the API does not show cannot be compared and is left out: password,
// time_tracking_mode, group_visibility and custom_user_role.
func (a UserAttributes) Diff(u *User) (UpdateUserRequest, bool) {
	if u == nil {
		u = new(User)
	}
	var update UpdateUserRequest
	changed := false
	wanted, shown := reflect.ValueOf(&a).Elem(), reflect.ValueOf(u).Elem()
	for _, f := range sharedFields() {
		o := wanted.Field(f.attribute).Addr().Interface().(optional)
		if o.differs(shown.Field(f.user).Addr().Interface()) {
			reflect.ValueOf(&update).Elem().Field(f.attribute).Set(wanted.Field(f.attribute))
			changed = true
		}
	}
	if ids := a.ExternalIDsAttributes; ids.IsNull() {
		if len(u.ExternalIDs) > 0 {
			update.ExternalIDsAttributes, changed = ids, true
		}
	} else if list, _ := ids.Get(); len(list) > 0 {
		if list = externalIDsToSend(list, u.ExternalIDs); len(list) > 0 {
			update.ExternalIDsAttributes, changed = Set(list), true
		}
	}
	for name, value := range a.Extra {
		if equalJSON(value, u.Extra[name]) {
			continue
		}
		if update.Extra == nil {
			update.Extra = make(map[string]any)
		}
		update.Extra[name], changed = value, true
	}
	return update, changed
}

// A sharedField is one that can be written and is shown.
type sharedField struct{ attribute, user int } // places in UserAttributes and User

func sharedFields() (shared []sharedField) {
	for user, name := range userTable.Names() {
		if attribute, ok := attributeTable.Index(name); ok {
			shared = append(shared, sharedField{attribute, user})
		}
	}
	return shared
}

// differs reports whether o would change what a user shows, a *T.
func (o *Optional[T]) differs(shown any) bool {
	current := shown.(*T)
	switch o.state {
	case stateAbsent:
		return false
	case stateNull:
		return !reflect.ValueOf(current).Elem().IsZero()
	}
	switch value := any(&o.value).(type) {
	case *Role:
		return administrator(*value) != administrator(*any(current).(*Role))
	case *Date:
		return value.String() != any(current).(*Date).String()
	case *[]int64:
		return !slices.Equal(slices.Sorted(slices.Values(*value)), slices.Sorted(slices.Values(*any(current).(*[]int64))))
	}
	return !reflect.DeepEqual(o.value, *current)
}

// administrator makes the two names of an administrator one.
func administrator(r Role) Role {
	if r == RoleFleetAdmin {
		return RoleAdmin
	}
	return r
}

// externalIDsToSend returns those of wanted that are not among shown. One that
// replaces another id of the same integration gets the ID of its record, each
// record once.
func externalIDsToSend(wanted, shown []ExternalID) []ExternalID {
	var send []ExternalID
	taken := make(map[int64]bool) // records that are spoken for
	for _, w := range wanted {
		if i := slices.IndexFunc(shown, func(s ExternalID) bool { return samePair(w, s) }); i >= 0 {
			taken[shown[i].ID] = true
		}
	}
	for _, w := range wanted {
		if slices.ContainsFunc(shown, func(s ExternalID) bool { return samePair(w, s) && (w.ID == 0 || w.ID == s.ID) }) {
			continue
		}
		if w.ID == 0 {
			i := slices.IndexFunc(shown, func(s ExternalID) bool {
				return s.IntegrationName == w.IntegrationName && s.ID != 0 && !taken[s.ID]
			})
			if i >= 0 {
				w.ID = shown[i].ID
			}
		}
		taken[w.ID] = true
		send = append(send, w)
	}
	return send
}

func samePair(a, b ExternalID) bool {
	return a.ExternalID == b.ExternalID && a.IntegrationName == b.IntegrationName
}

// equalJSON reports whether value is sent as what is shown, but for space and the
// order of keys.
func equalJSON(value any, shown json.RawMessage) bool {
	sent, err := json.Marshal(value)
	if err != nil || shown == nil {
		return false
	}
	a, errA := readJSON(sent)
	b, errB := readJSON(shown)
	return errA == nil && errB == nil && reflect.DeepEqual(a, b)
}

// readJSON keeps numbers as they are written: a float64 cannot tell all ids apart.
func readJSON(data []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	err = d.Decode(&value)
	return value, err
}

// SetException sets the field of an exception to the user's cycle. One that this
// version does not know goes to Extra.
func (a *UserAttributes) SetException(e Exception, on bool) { a.setException(e, "", on) }

// SetException2 is SetException for the exceptions to the second cycle: e is the
// exception without the 2 that the name of its field ends in.
func (a *UserAttributes) SetException2(e Exception, on bool) { a.setException(e, "2", on) }

func (a *UserAttributes) setException(e Exception, suffix string, on bool) {
	name := string(e) + suffix
	if i, ok := attributeTable.Index(name); ok && slices.Contains(exceptionNames, e) {
		field := reflect.ValueOf(a).Elem().Field(i)
		*field.Addr().Interface().(*Optional[bool]) = Set(on)
		return
	}
	if a.Extra = maps.Clone(a.Extra); a.Extra == nil { // a clone, for a copy of the request may share it
		a.Extra = make(map[string]any)
	}
	a.Extra[name] = on
}

// SetException is that of [UserAttributes].
func (r *CreateUserRequest) SetException(e Exception, on bool) {
	(*UserAttributes)(r).SetException(e, on)
}

// SetException2 is that of [UserAttributes].
func (r *CreateUserRequest) SetException2(e Exception, on bool) {
	(*UserAttributes)(r).SetException2(e, on)
}

// SetException is that of [UserAttributes].
func (r *UpdateUserRequest) SetException(e Exception, on bool) {
	(*UserAttributes)(r).SetException(e, on)
}

// SetException2 is that of [UserAttributes].
func (r *UpdateUserRequest) SetException2(e Exception, on bool) {
	(*UserAttributes)(r).SetException2(e, on)
}

// Exceptions lists the exceptions to the user's cycle that are on.
func (u User) Exceptions() []Exception { return u.exceptions("") }

// Exceptions2 lists the exceptions to the user's second cycle that are on,
// without the 2 that the names of their fields end in.
func (u User) Exceptions2() []Exception { return u.exceptions("2") }

func (u User) exceptions(suffix string) []Exception {
	var on []Exception
	fields := reflect.ValueOf(&u).Elem()
	for _, e := range exceptionNames {
		if i, ok := userTable.Index(string(e) + suffix); ok && fields.Field(i).Bool() {
			on = append(on, e)
		}
	}
	return on
}
