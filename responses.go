package motive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/motive-go/motive/internal/lenient"
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

// position is a pagination as it is read.
type position struct {
	Pagination
	announced bool // whether it has a total
}

// Why a body that is valid JSON is not the response that a call promises.
var (
	errNoUser       = errors.New("the response holds no user with an id")
	errNoExternalID = errors.New("the response holds no external id with an id of its own")
	errNoRole       = errors.New("the response holds no role with an id")
	errNoList       = errors.New("the response holds no list")
	errNotDeleted   = errors.New("the response does not say that the deletion was a success")
)

// The fields of what the API sends, by their names in JSON.
var (
	userTable       = lenient.NewTable[User]()
	externalIDTable = lenient.NewTable[ExternalID]()
	userRoleTable   = lenient.NewTable[UserRole]()
)

// decodeUser reads the response to a call for one user. Nothing in the result
// refers to body.
func decodeUser(body []byte) (*User, error) {
	d := userTable.Decoder(body)
	defer d.Close()
	u := readUser(d)
	if err := d.End(); err != nil {
		return nil, err
	}
	if u.ID <= 0 {
		return nil, errNoUser
	}
	return u, nil
}

// readUser reads the user that d is at, bare or wrapped. It is empty if there is
// none, and after a fault.
func readUser(d *lenient.Decoder) *User {
	u := new(User)
	u.Extra = extraOf(d.Read(u, "user"))
	return u
}

// extraOf copies what has no field, or does not fit it, into one piece of memory.
func extraOf(members []lenient.Member) map[string]json.RawMessage {
	if len(members) == 0 {
		return nil
	}
	size := 0
	for _, m := range members {
		size += len(m.Value)
	}
	all := make([]byte, 0, size)
	extra := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		start := len(all)
		all = append(all, m.Value...)
		extra[string(m.Name)] = all[start:len(all):len(all)]
	}
	return extra
}

// decodePage reads the response to a call for a list of users. Nothing in the
// result refers to body. It ends at once at a row that is no user, after limit
// rows, and where ctx ends. An error page sent with 200 has no list, and does not
// pass for an empty one.
func decodePage(ctx context.Context, body []byte, limit int) (*listing, error) {
	d := userTable.Decoder(body)
	defer d.Close()
	var (
		page   = new(listing)
		isList = d.At('[')
		within position
		beside position // next to the users rather than under a key of its own
		err    error
	)
	if isList {
		page.Users, err = readUsers(ctx, d, limit)
	} else {
		for key := range d.Members() {
			switch string(key) {
			case "users":
				if isList = d.At('['); isList {
					page.Users, err = readUsers(ctx, d, limit)
				}
			case "pagination":
				for key, value := range lenient.Members(d.Value()) {
					within.set(key, value)
				}
			default:
				beside.set(key, d.Value())
			}
			if err != nil {
				break
			}
		}
	}
	if err := cmp.Or(err, d.End()); err != nil {
		return nil, err
	}
	if !isList {
		return nil, errNoList
	}
	found := cmp.Or(within, beside)
	page.Pagination, page.announced = found.Pagination, found.announced
	return page, nil
}

// readUsers reads an array of users, each of which must have an id.
func readUsers(ctx context.Context, d *lenient.Decoder, limit int) ([]*User, error) {
	const glance = 256 // rows between two looks at the context
	users := []*User{}
	for range d.Elements() {
		if len(users) == limit {
			return nil, fmt.Errorf("the response holds more than %d users on a page", limit)
		}
		if len(users)%glance == glance-1 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		u := readUser(d)
		if err := d.Err(); err != nil {
			return nil, err
		}
		if u.ID <= 0 {
			return nil, fmt.Errorf("users[%d]: %w", len(users), errNoUser)
		}
		users = append(users, u)
	}
	return users, nil
}

// set takes a number of the pagination. One that makes no sense counts as not
// sent.
func (p *position) set(key, value []byte) {
	n, ok := lenient.Int(value)
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

// decodeExternalID reads the response to a call that writes an external id.
func decodeExternalID(body []byte) (*ExternalID, error) {
	d := externalIDTable.Decoder(body)
	defer d.Close()
	id := new(ExternalID)
	d.Read(id, "external_id")
	if err := d.End(); err != nil {
		return nil, err
	}
	if id.ID <= 0 {
		return nil, errNoExternalID
	}
	return id, nil
}

// decodeRoles reads a list of roles: an array, or one under "user_roles".
func decodeRoles(body []byte) ([]UserRole, error) {
	d := userRoleTable.Decoder(body)
	defer d.Close()
	var (
		roles  []UserRole
		isList = d.At('[')
		err    error
	)
	if isList {
		roles, err = readRoles(d)
	} else {
		for key := range d.Members() {
			if string(key) != "user_roles" {
				continue
			}
			if isList = d.At('['); isList {
				roles, err = readRoles(d)
			}
			if err != nil {
				break
			}
		}
	}
	if err := cmp.Or(err, d.End()); err != nil {
		return nil, err
	}
	if !isList {
		return nil, errNoList
	}
	return roles, nil
}

func readRoles(d *lenient.Decoder) ([]UserRole, error) {
	roles := []UserRole{}
	for range d.Elements() {
		var role UserRole
		d.Read(&role, "user_role")
		if err := d.Err(); err != nil {
			return nil, err
		}
		if role.ID <= 0 {
			return nil, fmt.Errorf("user_roles[%d]: %w", len(roles), errNoRole)
		}
		roles = append(roles, role)
	}
	return roles, nil
}

// decodeDeletion takes the documented {"success":true}, and an empty body.
func decodeDeletion(body []byte) (none struct{}, err error) {
	if len(body) == 0 {
		return none, nil
	}
	value, err := lenient.Check(body)
	if err != nil {
		return none, err
	}
	said := false
	for key, value := range lenient.Members(value) {
		if string(key) == "success" {
			success, ok := lenient.Bool(value)
			said = ok && success
		}
	}
	if !said {
		return none, errNotDeleted
	}
	return none, nil
}
