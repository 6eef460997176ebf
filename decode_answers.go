package motive

import (
	"cmp"
	"errors"
	"fmt"
)

// UserPage is one page of a list of users.
type UserPage struct {
	Users      []*User
	Pagination Pagination
}

// Pagination says which part of a list a page is, as the server sent it: it may
// give fewer users a page than were asked for.
type Pagination struct {
	PerPage int // users on a full page, at most 100
	PageNo  int // from 1
	Total   int // users in the whole list
}

// listing is a page, and whether the server sent a total with it.
type listing struct {
	UserPage
	announced bool
}

// paging is a pagination as it is read.
type paging struct {
	Pagination
	announced bool // whether it has a total
}

// Why a body that is valid JSON is not the answer that a call promises.
var (
	errNoUser = errors.New("the answer holds no user with an id")
	errNoList = errors.New("the answer holds no list")
)

// decodeUser reads the answer of a call for one user. Nothing in the result
// refers to body.
func decodeUser(body []byte) (*User, error) {
	s := scan(body)
	r := newUserReader()
	defer r.done()
	u := r.read(s)
	if err := s.end(); err != nil {
		return nil, err
	}
	if u.ID == 0 {
		return nil, errNoUser
	}
	return u, nil
}

// decodePage reads the answer of a call for a list of users. Nothing in the
// result refers to body. An error page answered with 200 has no list, and does
// not pass for an empty one.
func decodePage(body []byte) (*listing, error) {
	var (
		s      = scan(body)
		page   = new(listing)
		bad    = errNoList
		within paging
		beside paging // next to the users rather than under a key of its own
	)
	if s.at('[') {
		page.Users, bad = readUsers(s)
	} else {
		for key := range s.members() {
			switch string(key) {
			case "users":
				page.Users, bad = readUsers(s)
			case "pagination":
				for key, value := range members(s.value()) {
					within.set(key, value)
				}
			default:
				beside.set(key, s.value())
			}
		}
	}
	if err := cmp.Or(s.end(), bad); err != nil {
		return nil, err
	}
	found := cmp.Or(within, beside)
	page.Pagination, page.announced = found.Pagination, found.announced
	return page, nil
}

// readUsers reads an array of users, each of which must have an id.
func readUsers(s *scanner) (users []*User, bad error) {
	if !s.at('[') {
		return nil, errNoList
	}
	users = []*User{}
	r := newUserReader()
	defer r.done()
	for range s.elements() {
		u := r.read(s)
		if u.ID == 0 && bad == nil {
			bad = fmt.Errorf("users[%d]: %w", len(users), errNoUser)
		}
		users = append(users, u)
	}
	return users, bad
}

// set takes a number of the pagination. One that makes no sense counts as not
// sent.
func (p *paging) set(key, value []byte) {
	n, ok := readInt(value)
	if !ok || n < 0 || int64(int(n)) != n {
		return
	}
	switch string(key) {
	case "per_page":
		p.PerPage = int(n)
	case "page_no":
		p.PageNo = int(n)
	case "total":
		p.Total, p.announced = int(n), true
	}
}

// decodeItems calls each with every item of a list: an array, or one under
// listKey; an item may be wrapped under itemKey. The bytes belong to body.
func decodeItems(body []byte, listKey, itemKey string, each func(raw []byte) error) error {
	list, err := checkJSON(body)
	if err != nil {
		return err
	}
	if list[0] == '{' {
		list = member(list, listKey)
	}
	if len(list) == 0 || list[0] != '[' {
		return errNoList
	}
	i := 0
	for item := range elements(list) {
		if err := each(unwrap(item, itemKey)); err != nil {
			return fmt.Errorf("%s[%d]: %w", listKey, i, err)
		}
		i++
	}
	return nil
}

// member returns the value of key in object, nil if it has none.
func member(object []byte, key string) []byte {
	var found []byte
	for name, value := range members(object) {
		if string(name) == key {
			found = value
		}
	}
	return found
}
