package motive

import (
	"errors"
	"reflect"
)

var (
	externalIDFields = newFieldTable(reflect.TypeFor[ExternalID]())
	userRoleFields   = newFieldTable(reflect.TypeFor[UserRole]())
	editorFields     = newFieldTable(reflect.TypeFor[UserRoleEditor]())
)

var errNoExternalID = errors.New("the answer holds no external id with an id of its own")

func oneUser(a *answer) (*User, error) { return decodeUser(a.body) }

func onePage(a *answer) (*listing, error) {
	page, err := decodePage(a.body)
	if err != nil {
		return nil, err
	}
	a.pagination = page.Pagination
	return page, nil
}

func oneExternalID(a *answer) (*ExternalID, error) {
	value, err := checkJSON(a.body)
	if err != nil {
		return nil, err
	}
	id := new(ExternalID)
	r := newUserReader()
	defer r.done()
	r.record(externalIDFields, id, unwrap(value, "external_id"))
	if id.ID == 0 {
		return nil, errNoExternalID
	}
	return id, nil
}

func manyRoles(a *answer) ([]UserRole, error) {
	roles := []UserRole{}
	r := newUserReader()
	defer r.done()
	err := decodeItems(a.body, "user_roles", "user_role", func(raw []byte) error {
		var role UserRole
		r.record(userRoleFields, &role, raw)
		if role.ID == 0 {
			return errors.New("the role has no id")
		}
		roles = append(roles, role)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return roles, nil
}

// deletion takes the documented {"success":true}, and an empty answer.
func deletion(a *answer) (struct{}, error) {
	if len(a.body) == 0 {
		return struct{}{}, nil
	}
	value, err := checkJSON(a.body)
	if err != nil {
		return struct{}{}, err
	}
	if success, ok := readBool(member(value, "success")); !ok || !success {
		return struct{}{}, errors.New("the answer does not say that the deletion was a success")
	}
	return struct{}{}, nil
}

// record reads a small record into the struct that dst points to. What it has
// no field for, or does not fit, is dropped.
func (r *userReader) record(table *fieldTable, dst any, object []byte) {
	if object[0] != '{' {
		return
	}
	fields := reflect.ValueOf(dst).Elem()
	for key, value := range members(object) {
		i, known := table.index[string(key)]
		if !known {
			continue
		}
		switch field := fields.Field(i).Addr().Interface().(type) {
		case *UserRoleEditor:
			r.record(editorFields, field, value)
		case *[]string:
			*field = r.readStrings(value)
		default:
			r.set(field, value)
		}
	}
}

// readStrings reads an array of strings, and drops what is none.
func (r *userReader) readStrings(value []byte) []string {
	if value[0] != '[' {
		return nil
	}
	var list []string
	for element := range elements(value) {
		if s, ok := r.readString(element); ok {
			list = append(list, s)
		}
	}
	return list
}
