package motive

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

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

// exceptionsTo lists the fields of the exceptions to a cycle, by the cycle's own.
func exceptionsTo(cycle string) iter.Seq[*attribute] {
	return func(yield func(*attribute) bool) {
		for _, f := range attributes() {
			if f.cycle == cycle && !yield(f) {
				return
			}
		}
	}
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
		if f.user == 0 || !f.of(&a).differs(f.shown(u)) {
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

// isEmpty reports whether a would be sent as {}.
func (a *UserAttributes) isEmpty() bool {
	isSet := func(f *attribute) bool { return !f.of(a).IsZero() }
	return len(a.Extra) == 0 && !slices.ContainsFunc(attributes(), isSet)
}

// extra sets a field that this version does not know, and leaves a map alone that
// a copy of the request may share.
func (a *UserAttributes) extra(name string, value any) {
	if a.Extra = maps.Clone(a.Extra); a.Extra == nil {
		a.Extra = make(map[string]any)
	}
	a.Extra[name] = value
}

// differs reports whether o would change what a user shows, a *T. Of null the value
// is zero.
func (o *Optional[T]) differs(shown any) bool {
	return !o.IsZero() && !reflect.DeepEqual(meaning(&o.value), meaning(shown))
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

func samePair(a, b ExternalID) bool {
	return a.ExternalID == b.ExternalID && a.IntegrationName == b.IntegrationName
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
	for f := range exceptionsTo("cycle" + suffix) {
		if f.exception == e {
			*f.of(a).(*Optional[bool]) = Set(on)
			return
		}
	}
	a.extra(string(e)+suffix, on)
}

// Exceptions lists the exceptions to the user's cycle that are on.
func (u User) Exceptions() []Exception { return u.exceptions("cycle") }

// Exceptions2 lists the exceptions to the user's second cycle that are on,
// without the 2 that the names of their fields end in.
func (u User) Exceptions2() []Exception { return u.exceptions("cycle2") }

func (u User) exceptions(cycle string) (on []Exception) {
	for f := range exceptionsTo(cycle) {
		if *f.shown(&u).(*bool) {
			on = append(on, f.exception)
		}
	}
	return on
}
