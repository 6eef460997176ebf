package motive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/motive-go/motive/internal/errorbody"
	"github.com/motive-go/motive/internal/lenient"
)

// The bodies of all calls are read here: from which envelope, and what they must hold.
// What the fields of a record are stands beside its type.

// Response is what is known of the last response to a call, for [WithResponse]. It
// belongs to one call at a time.
type Response struct {
	StatusCode int         // 0 if no response came
	Header     http.Header // with the secrets of the call redacted
	RequestID  string      // X-Request-Id of the response
	Attempts   int         // requests that the call sent, what it looked up or read among them
	Reconciled bool        // a create whose outcome was unknown was found by its external id
	Pagination Pagination  // of a list; else zero
}

const maxRequestID = 128 // characters that are kept

// UserPage is one page of a list of users.
type UserPage struct {
	Users      []*User
	Pagination Pagination
}

// LogValue shows the pagination and the number of users.
func (p UserPage) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("users", len(p.Users)),
		slog.Int("per_page", p.Pagination.PerPage),
		slog.Int("page_no", p.Pagination.PageNo),
		slog.Int("total", p.Pagination.Total))
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

// decodeUser reads the response to a call for one user. Nothing in the result
// refers to body.
func decodeUser(body []byte) (*User, error) {
	d := userTable.Decoder(body)
	defer d.Close()
	u, _ := readUser(d)
	if err := d.End(); err != nil {
		return nil, err
	}
	if u.ID <= 0 {
		return nil, errNoUser
	}
	return u, nil
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

// decodeDeletion takes the documented {"success":true}.
func decodeDeletion(body []byte) (none struct{}, err error) {
	success, _, err := errorbody.Success(body)
	if err == nil && !success {
		err = errNotDeleted
	}
	return none, err
}

// decodePage reads the response to a call for a list of users. Nothing in the
// result refers to body. It ends at once at a row that is no user, after limit
// rows, and where ctx ends. An error page sent with 200 has no list, and does not
// pass for an empty one.
func decodePage(ctx context.Context, body []byte, limit int) (*listing, error) {
	d := userTable.Decoder(body)
	defer d.Close()
	var within, beside position // under a key of its own, or next to the users
	set := func(p *position, key, value []byte) {
		n, ok := lenient.Int(value)
		if !ok || n < 0 || int64(int(n)) != n { // makes no sense, and counts as not sent
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
	users, err := rowsOf[*User]{"users", limit, readUser, errNoUser, func(key []byte) {
		if string(key) != "pagination" {
			set(&beside, key, d.Value())
			return
		}
		for key := range d.Items() {
			set(&within, key, d.Value())
		}
	}}.read(ctx, d)
	if err != nil {
		return nil, err
	}
	found := cmp.Or(within, beside)
	return &listing{UserPage{users, found.Pagination}, found.announced}, nil
}

var userRoleTable = lenient.Table[UserRole]{ByValue: true}

// decodeRoles reads a list of roles: an array, or one under "user_roles".
func decodeRoles(ctx context.Context, body []byte) ([]UserRole, error) {
	d := userRoleTable.Decoder(body)
	defer d.Close()
	read := func(d *lenient.Decoder) (role UserRole, id int64) {
		d.Read(&role, "user_role")
		return role, role.ID
	}
	return rowsOf[UserRole]{"user_roles", -1, read, errNoRole, func([]byte) {}}.read(ctx, d)
}

// rowsOf is how a list of T is read: rows under name, each with an id.
type rowsOf[T any] struct {
	name  string
	limit int // rows; below 0 for none
	row   func(*lenient.Decoder) (item T, id int64)
	noID  error
	other func(key []byte) // gets the keys of the other members
}

// read reads a whole body that is an array, or an object with one under the name,
// the last if there are several.
func (l rowsOf[T]) read(ctx context.Context, d *lenient.Decoder) ([]T, error) {
	rows := l.rows(ctx, d)
	if rows == nil {
		for key := range d.Items() {
			if string(key) == l.name {
				rows = l.rows(ctx, d)
			} else {
				l.other(key)
			}
		}
	}
	if err := d.End(); err != nil {
		return nil, err
	}
	if rows == nil {
		return nil, errNoList
	}
	return rows, nil
}

// rows reads the array that d is at, nil if it is at something else.
func (l rowsOf[T]) rows(ctx context.Context, d *lenient.Decoder) []T {
	if !d.At('[') {
		return nil
	}
	const glance = 256 // rows between two looks at the context
	rows := []T{}
	for range d.Items() {
		switch item, id := l.row(d); {
		case len(rows) == l.limit:
			d.Stop(fmt.Errorf("the response holds more than %d %s on a page", l.limit, l.name))
		case len(rows)%glance == glance-1 && ctx.Err() != nil:
			d.Stop(ctx.Err())
		case id <= 0:
			d.Stop(fmt.Errorf("%s[%d]: %w", l.name, len(rows), l.noID))
		default:
			rows = append(rows, item)
		}
	}
	return rows
}
