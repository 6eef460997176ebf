package motivetest

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPerPage = 25
	maxPerPage     = 100
)

func (f *Fake) createUser(x *exchange) *response {
	body, refused := x.attributes()
	if refused != nil {
		return refused
	}
	u := &user{}
	j := f.judge(u, body, nil, maps.Clone(body))
	if refused := j.refusal(x); refused != nil {
		return refused
	}
	f.pause()
	u.id = f.store.lastUser + 1
	u.born = f.now()
	j.after["created_at"] = stamp(f.now())
	f.save(x, u, j)
	f.store.countCreate(u, j)
	return userResponse(http.StatusCreated, u)
}

func (f *Fake) getUser(x *exchange) *response {
	u, refused := f.find(x)
	if refused != nil {
		return refused
	}
	return userResponse(http.StatusOK, u)
}

func (f *Fake) updateUser(x *exchange) *response {
	body, refused := x.attributes()
	if refused != nil {
		return refused
	}
	u, refused := f.find(x)
	if refused != nil {
		return refused
	}
	before := u.attrs()
	merged := maps.Clone(before)
	maps.Copy(merged, body)
	j := f.judge(u, body, before, merged)
	if refused := j.refusal(x); refused != nil {
		return refused
	}
	f.pause()
	f.save(x, u, j)
	return userResponse(http.StatusOK, u)
}

// attributes reads the body of a create or an update, or returns what refuses one that is no flat
// JSON object. What Motive does not know in it is dropped, as is what cannot be written.
func (x *exchange) attributes() (attrs, *response) {
	body, err := decodeObject(x.entry.body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body must be a JSON object")
	}
	if _, ok := body["user"]; ok {
		return nil, refuse(http.StatusBadRequest, "the attributes must stand in the body itself, not under user")
	}
	var j judgment
	var ignored []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		switch f := fieldByName[name]; {
		case f == nil:
			j.add(name, "is not an attribute of a user")
		case name == "external_ids":
			j.add(name, "can't be written; the attribute is external_ids_attributes")
		case f.access == readOnly:
			j.add(name, "can't be written")
		default:
			continue
		}
		ignored = append(ignored, name)
		delete(body, name)
	}
	if j.problems != nil && x.f.strict {
		return nil, unprocessable(j.problems...)
	}
	x.note(func(e *entry) { e.Ignored = ignored })
	return body, nil
}

func (f *Fake) fold(externalID string) string {
	if !f.folded {
		return externalID
	}
	return strings.ToLower(strings.TrimSpace(externalID))
}

// pause is the time between looking and inserting, in which the store is not locked.
func (f *Fake) pause() {
	if f.gap <= 0 {
		return
	}
	f.store.mu.Unlock()
	f.sleep(f.gap)
	f.store.mu.Lock()
}

// find returns the user of the path. The store is locked.
func (f *Fake) find(x *exchange) (*user, *response) {
	switch u := f.store.byID[x.id()]; {
	case u != nil:
		return u, nil
	case x.id() == 0:
		return nil, refuse(http.StatusNotFound, "user not found: an id is a number; "+
			"GET /v1/users/lookup finds a user by email, username, phone or driver_company_id")
	}
	return nil, refuse(http.StatusNotFound, "user not found")
}

// save stores what was judged.
func (f *Fake) save(x *exchange, u *user, j *judgment) {
	for _, item := range j.items {
		if old := u.externalID(item.ID); old != nil {
			f.store.changeExtID(old, item.over(*old))
			continue
		}
		e := item.over(externalID{holderType: holderUser, holderID: u.id, born: f.now()})
		if slices.ContainsFunc(u.extIDs, func(own *externalID) bool { return own.pair() == e.pair() }) {
			continue // a repeated update ends in the same state
		}
		f.store.addExtID(&e)
		u.extIDs = append(u.extIDs, &e)
	}
	j.after["updated_at"] = stamp(f.now())
	f.store.put(u, j.after)
	x.commit()
}

// countCreate notes a create that was committed, for the assertions.
func (s *store) countCreate(u *user, j *judgment) {
	for _, item := range j.items {
		s.made[item.pair()]++
	}
	digest := sha256.Sum256(encode(j.body))
	s.bodies[digest] = append(s.bodies[digest], u.id)
}

func (u *user) externalID(id int64) *externalID {
	for _, e := range u.extIDs {
		if e.ID == id {
			return e
		}
	}
	return nil
}

func userResponse(status int, u *user) *response {
	return &response{status: status, body: wrapUser(make([]byte, 0, len(u.json)+9), u.json)}
}

func wrapUser(b, user []byte) []byte {
	b = append(b, `{"user":`...)
	b = append(b, user...)
	return append(b, '}')
}

// listUsers answers one page. For values that make no sense it takes the default.
func (f *Fake) listUsers(x *exchange) *response {
	perPage := min(positive(x.query.Get("per_page"), defaultPerPage), maxPerPage)
	pageNo := positive(x.query.Get("page_no"), 1)
	from := int64(max(pageNo-x.pageShift, 1)-1) * int64(perPage) // beyond 32 bits on the last page there is
	x.noteParameters()

	rows, total := f.store.page(filter{
		role:   admin(x.query.Get("role")),
		name:   strings.ToLower(x.query.Get("name")),
		duty:   x.query.Get("duty_status"),
		status: x.query.Get("status"),
	}, from, perPage)
	if x.total != nil {
		total = *x.total
	}
	shown := func(u *user) []byte { return u.json }
	if summary := x.query.Get("summary"); summary == "true" || summary == "1" {
		shown = summaryOf
	}
	b := append(make([]byte, 0, 128+len(rows)*2048), `{"users":[`...)
	for i, u := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = wrapUser(b, shown(u))
	}
	b = fmt.Appendf(b, `],"pagination":{"per_page":%d,"page_no":%d,"total":%d}}`, perPage, pageNo, total)
	return &response{status: http.StatusOK, body: b}
}

var listParameters = []string{"role", "name", "duty_status", "status", "summary", "per_page", "page_no"}

// noteParameters names what a list was asked for in vain, such as page=2.
func (x *exchange) noteParameters() {
	var ignored []string
	for _, name := range slices.Sorted(maps.Keys(x.query)) {
		if !slices.Contains(listParameters, name) {
			ignored = append(ignored, "?"+name)
		}
	}
	x.note(func(e *entry) { e.Ignored = ignored })
}

func positive(s string, otherwise int) int {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return otherwise
	}
	return int(n)
}

func summaryOf(u *user) []byte {
	a := u.attrs()
	b := []byte{'{'}
	for _, name := range summaryFields {
		if raw, ok := a[name]; ok {
			b = appendField(b, name, raw)
		}
	}
	return append(b, '}')
}

type filter struct{ role, name, duty, status string }

// admin makes one of the two spellings of an administrator.
func admin(role string) string {
	if role == "fleet_admin" {
		return "admin"
	}
	return role
}

func (w filter) matches(u *user) bool {
	return (w.role == "" || w.role == admin(u.role)) &&
		(w.name == "" || strings.Contains(u.name, w.name)) &&
		(w.duty == "" || w.duty == u.duty) &&
		(w.status == "" || w.status == u.status)
}

// page returns the rows [from, from+n) that match, and how many match at all.
func (s *store) page(want filter, from int64, n int) (rows []*user, total int) {
	if want == (filter{}) {
		low := int(min(from, int64(len(s.users))))
		return s.users[low:min(low+n, len(s.users))], len(s.users)
	}
	for _, u := range s.users {
		if !want.matches(u) {
			continue
		}
		if int64(total) >= from && len(rows) < n {
			rows = append(rows, u)
		}
		total++
	}
	return rows, total
}

// lookupUser wants exactly one key. A key that is given twice counts as two.
func (f *Fake) lookupUser(x *exchange) *response {
	given, field := 0, ""
	for _, name := range lookupFields {
		if n := len(x.query[name]); n > 0 {
			given += n
			field = name
		}
	}
	key := x.query.Get(field)
	if given != 1 || blank(&key) {
		return refuse(http.StatusBadRequest, "exactly one of %s must be given", strings.Join(lookupFields, ", "))
	}
	if wrong := wrongText(field, key); wrong != "" {
		return refuse(http.StatusBadRequest, "%s %s", field, wrong)
	}
	u := f.store.lookup(field, key)
	if u == nil || !f.seen(u.born) {
		return refuse(http.StatusNotFound, "user not found")
	}
	return userResponse(http.StatusOK, u)
}

func (f *Fake) lookupUserByExternalID(x *exchange) *response {
	p := pair{holderUser, f.fold(x.query.Get("external_id")), x.query.Get("integration_name")}
	if blank(&p.externalID) || blank(&p.integrationName) {
		return refuse(http.StatusBadRequest, "external_id and integration_name must be given")
	}
	e := f.store.extIDs[f.store.pairs.first(p)]
	if e == nil || !f.seen(e.born) {
		return refuse(http.StatusNotFound, "user not found")
	}
	return userResponse(http.StatusOK, f.store.byID[e.holderID])
}

// seen reports whether lookups see what was committed at born.
func (f *Fake) seen(born time.Time) bool { return f.lag <= 0 || f.now().Sub(born) >= f.lag }
