package motivetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/motive-go/motive"
)

// Seed stores users and returns them as the fake shows them: with an id where it was 0, times,
// and the defaults of the role. A user whose id is there already replaces it.
//
// No rule applies, neither Motive's nor uniqueness, so that a test can have whatever live data
// has. Fields in Extra are answered as they are. A user that cannot be written as JSON is left
// out, and fails the test where there is one.
func (f *Fake) Seed(users ...motive.User) []motive.User {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	seeded := make([]motive.User, 0, len(users))
	for i := range users {
		u, err := f.seed(users[i])
		if err != nil {
			if f.tb != nil {
				f.tb.Errorf("motivetest: seed user %d of %d: %v", i+1, len(users), err)
			}
			continue
		}
		seeded = append(seeded, u)
	}
	return seeded
}

// seed stores one user. The store is locked.
func (f *Fake) seed(in motive.User) (out motive.User, err error) {
	a, err := attrsOf(in)
	if err != nil {
		return out, err
	}
	u := f.store.byID[in.ID]
	if u == nil {
		u = &user{id: cmp.Or(in.ID, f.store.lastUser+1)}
	}
	if a.text("role") == "" {
		a["role"] = encode("driver")
	}
	if !a.has("created_at") {
		a["created_at"] = stamp(f.now().AddDate(0, 0, -1)) // was there before what the test does
	}
	if !a.has("updated_at") {
		a["updated_at"] = a["created_at"]
	}
	u.seeded = true
	f.seedExternalIDs(u, in.ExternalIDs)
	f.store.put(u, a)
	return userOf(u), nil
}

// seedExternalIDs gives u these external ids in place of those that it has.
func (f *Fake) seedExternalIDs(u *user, given []motive.ExternalID) {
	old := u.extIDs
	for _, e := range old {
		f.store.dropExtID(e)
	}
	u.extIDs = nil
	for _, id := range given {
		e := &externalID{ID: id.ID, ExternalID: id.ExternalID, IntegrationName: id.IntegrationName,
			holderType: holderUser, holderID: u.id, seeded: true}
		if f.store.extIDs[e.ID] != nil {
			e.ID = 0 // another record has it
		}
		f.store.addExtID(e)
		u.extIDs = append(u.extIDs, e)
	}
	for _, e := range old {
		f.store.release(e.pair())
	}
}

// Users returns every user, deactivated ones included, by ascending id.
func (f *Fake) Users() []motive.User {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	users := make([]motive.User, len(f.store.users))
	for i, u := range f.store.users {
		users[i] = userOf(u)
	}
	return users
}

// User returns the user with the given id, and whether there is one.
func (f *Fake) User(id int64) (motive.User, bool) {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	u := f.store.byID[id]
	if u == nil {
		return motive.User{}, false
	}
	return userOf(u), true
}

// Attributes returns all that is stored of a user, by JSON name: what [Fake.User] shows, and
// what can be written and is never shown, as time_tracking_mode, custom_user_role and the
// password. Every number is a float64. It is nil where there is no such user. Do not print it
// where secrets must not be.
func (f *Fake) Attributes(id int64) map[string]any {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	u := f.store.byID[id]
	if u == nil {
		return nil
	}
	var all map[string]any
	_ = json.Unmarshal(encode(u.attrs()), &all) // of what is stored as JSON
	return all
}

// The fake reads and writes motive.User field by field, without the methods of the type: what
// the client's own JSON loses must not be lost here as well.

// userNames has the JSON name of each field of motive.User; "-" for Extra.
var userNames = func() []string {
	user := reflect.TypeFor[motive.User]()
	names := make([]string, user.NumField())
	for i := range names {
		name, _, _ := strings.Cut(user.Field(i).Tag.Get("json"), ",")
		names[i] = cmp.Or(name, "-")
	}
	return names
}()

// attrsOf returns the fields of u that are not zero, and the rest from Extra.
func attrsOf(u motive.User) (attrs, error) {
	a := attrs{}
	for name, raw := range u.Extra {
		if raw == nil {
			raw = json.RawMessage("null")
		}
		value, err := compacted(raw)
		if err != nil {
			return nil, fmt.Errorf("extra field %q: %w", name, err)
		}
		a[name] = value
	}
	fields := reflect.ValueOf(u)
	for i, name := range userNames {
		if name == "-" || fields.Field(i).IsZero() {
			continue
		}
		value := fields.Field(i).Interface()
		if day, ok := value.(motive.Date); ok {
			value = day.Format(time.DateOnly)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		a[name] = raw
	}
	return a, nil
}

// userOf reads what jsonOf wrote. What does not fit its field goes into Extra, whence it came.
func userOf(u *user) (out motive.User) {
	var a attrs
	_ = json.Unmarshal(u.json, &a)
	fields := reflect.ValueOf(&out).Elem()
	for i, name := range userNames {
		raw, ok := a[name]
		if ok && name != "-" && read(raw, fields.Field(i)) {
			delete(a, name)
		}
	}
	if len(a) > 0 {
		out.Extra = a
	}
	return out
}

// read sets a field to the JSON value; false if that is of another type. A null or empty time is none.
func read(raw json.RawMessage, field reflect.Value) bool {
	switch into := field.Addr().Interface().(type) {
	case *motive.Date:
		return readTime(raw, time.DateOnly, &into.Time)
	case *time.Time:
		return readTime(raw, time.RFC3339, into)
	}
	if json.Unmarshal(raw, field.Addr().Interface()) != nil {
		field.SetZero()
		return false
	}
	return true
}

func readTime(raw json.RawMessage, layout string, into *time.Time) bool {
	var s string
	err := json.Unmarshal(raw, &s)
	if err == nil && s != "" {
		*into, err = time.Parse(layout, s) // the zero time with an error
	}
	return err == nil
}
