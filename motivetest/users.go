package motivetest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

const (
	defaultPerPage = 25
	maxPerPage     = 100
)

func (f *Fake) createUser(x *exchange) answer {
	body, refused := x.attributes()
	if body == nil {
		return refused
	}
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	u := &user{}
	merged := maps.Clone(body)
	if refused, ok := f.allow(x, u, body, nil, merged); !ok {
		return refused
	}
	u.id = f.store.lastUser + 1
	merged["created_at"] = stamp(f.now())
	f.save(x, u, body, merged)
	f.countCreate(u, body)
	return userAnswer(http.StatusCreated, u)
}

func (f *Fake) getUser(x *exchange) answer {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	u, refused := f.find(x)
	if u == nil {
		return refused
	}
	return userAnswer(http.StatusOK, u)
}

func (f *Fake) updateUser(x *exchange) answer {
	body, refused := x.attributes()
	if body == nil {
		return refused
	}
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	u, refused := f.find(x)
	if u == nil {
		return refused
	}
	before := u.attrs()
	merged := maps.Clone(before)
	overlay(merged, body)
	if refused, ok := f.allow(x, u, body, before, merged); !ok {
		return refused
	}
	f.save(x, u, body, merged)
	return userAnswer(http.StatusOK, u)
}

// attributes reads the body of a create or an update; nil and the answer that
// refuses it, if it is no flat JSON object. What Motive does not know in it is
// dropped, as is what cannot be written.
func (x *exchange) attributes() (attrs, answer) {
	body, err := decodeObject(x.body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body must be a JSON object")
	}
	if _, ok := body["user"]; ok {
		return nil, refuse(http.StatusBadRequest, "the attributes must stand in the body itself, not under user")
	}
	for name := range body {
		if f := fieldByName[name]; f == nil || f.access == readOnly {
			delete(body, name)
		}
	}
	return body, answer{}
}

// allow judges a create or an update by the rules and by what other users have.
// What it does not allow, and what a key in test mode asks for, is not stored.
func (f *Fake) allow(x *exchange, u *user, body, before, merged attrs) (answer, bool) {
	problems := judge(body, before, merged)
	if problems == nil {
		problems = f.takenProblems(u, body, merged)
	}
	switch {
	case problems != nil:
		return unprocessable(problems...), false
	case x.testMode:
		return testModeAnswer(), false
	}
	return answer{}, true
}

// find returns the user of the path. The store is locked.
func (f *Fake) find(x *exchange) (*user, answer) {
	id, ok := x.id()
	if !ok || f.store.byID[id] == nil {
		return nil, refuse(http.StatusNotFound, "user not found")
	}
	return f.store.byID[id], answer{}
}

// takenProblems checks what must be unique across users, and that the records
// of external ids to change are the user's own.
func (f *Fake) takenProblems(u *user, body, merged attrs) []problem {
	var problems []problem
	for _, name := range lookupFields {
		value := body.text(name)
		if value == "" || !unique(name) || fieldByName[name].driver && !showsDriver(merged.text("role")) {
			continue
		}
		if owner := f.store.lookup(name, value); owner != nil && owner.id != u.id && !f.lax {
			problems = append(problems, problem{name, "has already been taken"})
		}
	}
	for i, item := range externalIDItems(body) {
		at := fmt.Sprintf("external_ids_attributes[%d].", i)
		p := pairOf(item)
		if item.ID != 0 {
			old := u.externalID(item.ID)
			if old == nil {
				problems = append(problems, problem{at + "id", "is not an external id of this user"})
				continue
			}
			p = changed(old, item).pair()
		}
		if f.store.taken(p, u.id) && !f.lax {
			problems = append(problems, problem{at + "external_id", "has already been taken for this integration_name"})
		}
	}
	return problems
}

// save stores the merged attributes and the external ids of the body.
func (f *Fake) save(x *exchange, u *user, body, merged attrs) {
	for _, item := range externalIDItems(body) {
		f.saveExternalID(u, item)
	}
	merged["updated_at"] = stamp(f.now())
	f.store.put(u, merged)
	x.commit()
}

func (f *Fake) saveExternalID(u *user, item externalIDAttributes) {
	if item.ID != 0 {
		old := u.externalID(item.ID)
		next := changed(old, item)
		p := old.pair()
		next.seeded = old.seeded && next.pair() == p
		f.store.dropExtID(old)
		*old = next
		f.store.addExtID(old)
		f.store.release(p)
		return
	}
	p := pairOf(item)
	for _, own := range u.extIDs {
		if own.pair() == p {
			return // a repeated update ends in the same state
		}
	}
	e := &externalID{ExternalID: p.externalID, IntegrationName: p.integrationName, holderType: holderUser, holderID: u.id}
	f.store.addExtID(e)
	u.extIDs = append(u.extIDs, e)
}

// countCreate notes a create that was committed, for the assertions.
func (f *Fake) countCreate(u *user, body attrs) {
	for _, item := range externalIDItems(body) {
		f.store.made[pairOf(item)]++
	}
	digest := sha256.Sum256(encode(body))
	f.store.bodies[digest] = append(f.store.bodies[digest], u.id)
}

// externalIDItems returns the items of a body that has been judged.
func externalIDItems(body attrs) []externalIDAttributes {
	var items []externalIDAttributes
	if raw, ok := body["external_ids_attributes"]; ok {
		_ = json.Unmarshal(raw, &items)
	}
	return items
}

func pairOf(item externalIDAttributes) pair {
	p := pair{holderType: holderUser}
	if item.ExternalID != nil {
		p.externalID = *item.ExternalID
	}
	if item.IntegrationName != nil {
		p.integrationName = *item.IntegrationName
	}
	return p
}

// changed returns e with what item gives.
func changed(e *externalID, item externalIDAttributes) externalID {
	next := *e
	if item.ExternalID != nil {
		next.ExternalID = *item.ExternalID
	}
	if item.IntegrationName != nil {
		next.IntegrationName = *item.IntegrationName
	}
	return next
}

func (u *user) externalID(id int64) *externalID {
	for _, e := range u.extIDs {
		if e.ID == id {
			return e
		}
	}
	return nil
}

func overlay(a, body attrs) {
	for name, raw := range body {
		a[name] = raw
	}
}

func userAnswer(status int, u *user) answer {
	return answer{status: status, body: wrapUser(make([]byte, 0, len(u.answer)+9), u.answer)}
}

func wrapUser(b, user []byte) []byte {
	b = append(b, `{"user":`...)
	b = append(b, user...)
	return append(b, '}')
}

// testModeAnswer is what a key in test mode gets for a write that would have
// succeeded.
func testModeAnswer() answer {
	return answer{status: http.StatusOK, body: encode(map[string]string{"message": "valid (test mode)"})}
}

// listUsers answers one page. Values that make no sense are taken for the
// default: Motive's pages are silent about them.
func (f *Fake) listUsers(x *exchange) answer {
	perPage := min(positive(x.query.Get("per_page"), defaultPerPage), maxPerPage)
	pageNo := positive(x.query.Get("page_no"), 1)
	from := (max(pageNo-x.pageShift, 1) - 1) * perPage

	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	rows, total := f.store.page(filterOf(x), from, perPage)
	if x.total != nil {
		total = *x.total
	}
	summary := isTrue(x.query.Get("summary"))
	b := make([]byte, 0, 128+len(rows)*2048)
	b = append(b, `{"users":[`...)
	for i, u := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		if summary {
			b = wrapUser(b, summaryOf(u))
			continue
		}
		b = wrapUser(b, u.answer)
	}
	b = fmt.Appendf(b, `],"pagination":{"per_page":%d,"page_no":%d,"total":%d}}`, perPage, pageNo, total)
	return answer{status: http.StatusOK, body: b}
}

func positive(s string, otherwise int) int {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return otherwise
	}
	return int(n)
}

func isTrue(s string) bool { return s == "true" || s == "1" }

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

func filterOf(x *exchange) filter {
	return filter{
		role:   admin(x.query.Get("role")),
		name:   strings.ToLower(x.query.Get("name")),
		duty:   x.query.Get("duty_status"),
		status: x.query.Get("status"),
	}
}

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
func (s *store) page(want filter, from, n int) (rows []*user, total int) {
	if want == (filter{}) {
		low := min(from, len(s.users))
		return s.users[low:min(low+n, len(s.users))], len(s.users)
	}
	for _, u := range s.users {
		if !want.matches(u) {
			continue
		}
		if total >= from && len(rows) < n {
			rows = append(rows, u)
		}
		total++
	}
	return rows, total
}
