package motivetest

import (
	"cmp"
	"encoding/json"

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
