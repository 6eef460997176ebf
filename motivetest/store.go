package motivetest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/motive-go/motive"
)

// store keeps the fleet. One mutex guards all of it: every call is short, and uniqueness then
// holds under concurrent creates without further thought.
type store struct {
	mu     sync.Mutex
	users  []*user // by ascending id
	byID   map[int64]*user
	index  ids[indexKey] // of the users that have the value
	extIDs map[int64]*externalID
	pairs  ids[pair]            // of the external id records that have the pair
	made   map[pair]int         // creates committed that carried the pair, since it was free
	bodies map[[32]byte][]int64 // users created, by the digest of the body
	roles  []motive.UserRole

	lastUser  int64
	lastExtID int64
	lastRole  int64
}

// ids are those of the records that have a value, ascending.
type ids[V comparable] map[V][]int64

func (m ids[V]) add(v V, id int64) {
	if at, found := slices.BinarySearch(m[v], id); !found {
		m[v] = slices.Insert(m[v], at, id)
	}
}

func (m ids[V]) drop(v V, id int64) {
	if at, found := slices.BinarySearch(m[v], id); found {
		m[v] = slices.Delete(m[v], at, at+1)
	}
	if len(m[v]) == 0 {
		delete(m, v)
	}
}

// first returns the oldest, or 0, which no record has.
func (m ids[V]) first(v V) int64 {
	if len(m[v]) == 0 {
		return 0
	}
	return m[v][0]
}

// user is one row, kept as it is sent: that takes a quarter of a map's memory, and no time to read.
type user struct {
	id     int64
	json   []byte
	hidden attrs // the write-only fields: requests are judged against them, and tests ask for them
	name   string
	role   string
	status string
	duty   string
	keys   []indexKey
	extIDs []*externalID
	seeded bool      // by the test, not created by a call
	born   time.Time // when it was committed; zero for what was seeded
}

type indexKey struct{ field, value string }

// What users are looked up by. Email and username are unique and compared without regard to case.
var (
	lookupFields = []string{"email", "username", "driver_company_id", "phone"}
	uniqueFields = lookupFields[:2]
)

func keyOf(field, value string) indexKey {
	if unique(field) {
		value = strings.ToLower(value)
	}
	return indexKey{field, value}
}

func unique(field string) bool { return slices.Contains(uniqueFields, field) }

type externalID struct {
	ID              int64  `json:"id"`
	ExternalID      string `json:"external_id"`
	IntegrationName string `json:"integration_name"`

	holderType string // User, Vehicle, Asset or Group
	holderID   int64
	seeded     bool
	born       time.Time
}

func (e externalID) pair() pair { return pair{e.holderType, e.ExternalID, e.IntegrationName} }

// pair is what is unique: among users, among vehicles, and so on.
type pair struct{ holderType, externalID, integrationName string }

func newStore() *store {
	return &store{
		byID:   map[int64]*user{},
		index:  ids[indexKey]{},
		extIDs: map[int64]*externalID{},
		pairs:  ids[pair]{},
		made:   map[pair]int{},
		bodies: map[[32]byte][]int64{},
	}
}

// put stores the attributes in place of what was there. The external ids are those of u.extIDs.
func (s *store) put(u *user, a attrs) {
	a["id"] = encode(u.id)
	a["external_ids"] = encode(slices.Concat([]*externalID{}, u.extIDs))
	u.json = bytes.Clone(jsonOf(a)) // to its size
	u.name = strings.ToLower(a.text("first_name") + " " + a.text("last_name"))
	u.role = a.text("role")
	u.status = cmp.Or(a.text("status"), "active")
	u.duty = ""
	if showsDriver(u.role) {
		u.duty = cmp.Or(a.text("duty_status"), "off_duty")
	}
	for _, f := range userFields {
		if f.access != writeOnly || f.kind == objects || a[f.name] == nil {
			continue
		}
		if u.hidden == nil {
			u.hidden = attrs{}
		}
		u.hidden[f.name] = a[f.name]
	}
	s.reindex(u, a)
	if s.byID[u.id] != nil {
		return
	}
	s.byID[u.id] = u
	s.lastUser = max(s.lastUser, u.id)
	at, _ := slices.BinarySearchFunc(s.users, u.id, func(u *user, id int64) int { return cmp.Compare(u.id, id) })
	s.users = slices.Insert(s.users, at, u)
}

// reindex makes u found by its values, and by those that it had no longer.
func (s *store) reindex(u *user, a attrs) {
	for _, k := range u.keys {
		s.index.drop(k, u.id)
	}
	u.keys = nil
	for _, name := range lookupFields {
		if v := a.text(name); v != "" && shown(name, u.role) {
			u.keys = append(u.keys, keyOf(name, v))
			s.index.add(keyOf(name, v), u.id)
		}
	}
}

// attrs returns the stored attributes, the hidden ones included, in a map of the caller's own.
func (u *user) attrs() attrs {
	var a attrs
	_ = json.Unmarshal(u.json, &a) // what jsonOf wrote
	maps.Copy(a, u.hidden)
	return a
}

// lookup returns the user that has the value; of several, the oldest.
func (s *store) lookup(field, value string) *user { return s.byID[s.index.first(keyOf(field, value))] }

// taken reports whether a holder other than the given one has the pair.
func (s *store) taken(p pair, holder int64) bool {
	return slices.ContainsFunc(s.pairs[p], func(id int64) bool { return s.extIDs[id].holderID != holder })
}

// addExtID stores e under its id, or a new one where that is 0.
func (s *store) addExtID(e *externalID) {
	if e.ID == 0 {
		e.ID = s.lastExtID + 1
	}
	s.lastExtID = max(s.lastExtID, e.ID)
	s.extIDs[e.ID] = e
	s.pairs.add(e.pair(), e.ID)
}

func (s *store) dropExtID(e *externalID) {
	delete(s.extIDs, e.ID)
	s.pairs.drop(e.pair(), e.ID)
}

// changeExtID makes next of e, which is stored or is new.
func (s *store) changeExtID(e *externalID, next externalID) {
	was := e.pair()
	next.seeded = e.seeded && next.pair() == was
	s.dropExtID(e)
	*e = next
	s.addExtID(e)
	s.release(was)
}

// release ends the count of creates of a pair that nothing has any more.
func (s *store) release(p pair) {
	if len(s.pairs[p]) == 0 {
		delete(s.made, p)
	}
}

// touch stores u again after a change of its external ids.
func (s *store) touch(u *user, now time.Time) {
	a := u.attrs()
	a["updated_at"] = stamp(now)
	s.put(u, a)
}

func stamp(t time.Time) json.RawMessage { return encode(t.UTC().Format(time.RFC3339)) }
