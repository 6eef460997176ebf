package motive

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/go-querystring/query"
)

// The sources disagree on the path: integrations use the first, Motive's page on
// scopes names the second.
const (
	userRolesPath    = "/v1/user_roles"
	userRolesPathAlt = "/v1/users/user_roles"
)

// UserRole is a role of the dashboard, Motive's own or of the fleet's making.
type UserRole struct {
	ID                 int64          `json:"id"` // what CustomUserRole.UserRoleID takes
	Name               string         `json:"name"`
	Permissions        []string       `json:"permissions,omitzero"` // names of the API's own
	Status             Status         `json:"status,omitzero"`
	Type               UserRoleType   `json:"type,omitzero"`
	IsEditable         bool           `json:"is_editable"`
	AssignedUsersCount int64          `json:"assigned_users_count"` // users who have the role
	CreatedAt          time.Time      `json:"created_at,omitzero"`
	UpdatedAt          time.Time      `json:"updated_at,omitzero"`
	LastEditedBy       UserRoleEditor `json:"last_edited_by,omitzero"`
}

// UserRoleType says who made a role.
type UserRoleType string

// The types of roles.
const (
	UserRoleTypeDefault UserRoleType = "default"
	UserRoleTypeCustom  UserRoleType = "custom"
)

// UserRoleEditor is who last changed a role.
type UserRoleEditor struct {
	ID        int64  `json:"id"`
	FirstName string `json:"first_name,omitzero"`
	LastName  string `json:"last_name,omitzero"`
}

// ListUserRolesOptions filters [UserRolesService.List].
type ListUserRolesOptions struct {
	Name   string `url:"name,omitempty"`   // how the API matches it is not documented
	Status Status `url:"status,omitempty"` // "" is both
}

// List returns the roles of the fleet. Neither the path nor the envelope is
// settled by Motive's documentation: where /v1/user_roles is not found,
// /v1/users/user_roles is asked, and an array is taken as well as an object.
func (s *UserRolesService) List(ctx context.Context, opts *ListUserRolesOptions, call ...CallOption) ([]UserRole, error) {
	values, err := query.Values(opts)
	if err != nil {
		return nil, err
	}
	o := ApplyCallOptions(call...)
	r := request{Method: http.MethodGet, Path: userRolesPath, Query: values}
	decode := func(body []byte) ([]UserRole, error) { return decodeRoles(ctx, body) }
	roles, err := do(ctx, (*core)(s), r, o, decode)
	if errors.Is(err, ErrNotFound) {
		r.Path = userRolesPathAlt
		return do(ctx, (*core)(s), r, o, decode)
	}
	return roles, err
}
