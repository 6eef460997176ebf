package motivetest

import (
	"net/http"
	"slices"
	"strings"
)

// RepeatPage answers a list from its second page on with the rows of the page before, under the
// page number that was asked for.
func RepeatPage() Fault {
	return Fault{name: "repeated page", applies: (*exchange).isNextPage, alter: func(x *exchange) bool {
		x.pageShift = 1
		return true
	}}
}

// LyingTotal answers a list with n as the total.
func LyingTotal(n int) Fault {
	return Fault{name: "lying total", applies: (*exchange).isList, alter: func(x *exchange) bool {
		x.total = &n
		return true
	}}
}

// isCall reports whether the request is one of the API, rather than of OAuth.
func (x *exchange) isCall() bool { return !strings.HasPrefix(x.entry.Path, "/oauth/") }

func (x *exchange) isList() bool {
	return x.r.Method == http.MethodGet && x.entry.Template == "/v1/users"
}

func (x *exchange) isNextPage() bool { return x.isList() && positive(x.query.Get("page_no"), 1) > 1 }

// Movement is what happens to the rows of a list while it is read.
type Movement int

// The movements. Some need a free id and do nothing without: seed users with ids that leave room.
const (
	RowLeaves      Movement = iota // the first active user is deactivated, and so leaves a list of active ones
	RowInFront                     // a user with an id below all others
	RowInTheMiddle                 // a user with a free id between others
	RowAtTheEnd                    // a user with the highest id
)

// Churn moves a row before each page of a list but the first, and strikes where there is one to move.
func Churn(movement Movement) Fault {
	return Fault{name: "churn", applies: (*exchange).isNextPage, alter: func(x *exchange) bool {
		return x.f.move(movement)
	}}
}

// move returns false where there is no row to move, or no free id.
func (f *Fake) move(movement Movement) bool {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	users := f.store.users
	id := f.store.lastUser + 1
	switch {
	case movement == RowLeaves:
		at := slices.IndexFunc(users, func(u *user) bool { return u.status == "active" })
		if at < 0 {
			return false
		}
		a := users[at].attrs()
		a["status"] = encode("deactivated")
		f.store.put(users[at], a)
		return true
	case len(users) == 0 || movement == RowAtTheEnd:
	case movement == RowInFront:
		id = users[0].id - 1
	default:
		id = freeBetween(users)
	}
	if id < 1 {
		return false
	}
	f.store.put(&user{id: id, seeded: true}, f.driver(id, "New", "Comer"))
	return true
}

// freeBetween returns a free id in the second half of the list, else in the first, or 0.
func freeBetween(users []*user) int64 {
	for i := range users {
		at := (len(users)/2 + i) % len(users)
		if at > 0 && users[at].id-users[at-1].id > 1 {
			return users[at].id - 1
		}
	}
	return 0
}
