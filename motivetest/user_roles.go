package motivetest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/motive-go/motive"
)

// SeedUserRoles adds roles and returns them as stored: with an id where it was 0, the status
// active, the type custom, and times where there were none.
func (f *Fake) SeedUserRoles(roles ...motive.UserRole) []motive.UserRole {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	roles = slices.Clone(roles)
	for i := range roles {
		r := &roles[i]
		r.ID = cmp.Or(r.ID, f.store.lastRole+1)
		f.store.lastRole = max(f.store.lastRole, r.ID)
		r.Status = cmp.Or(r.Status, motive.StatusActive)
		r.Type = cmp.Or(r.Type, motive.UserRoleTypeCustom)
		r.CreatedAt = cmp.Or(r.CreatedAt, f.now().UTC().Truncate(time.Second))
		r.UpdatedAt = cmp.Or(r.UpdatedAt, r.CreatedAt)
		kept := *r
		kept.Permissions = append([]string{}, r.Permissions...)
		f.store.roles = append(f.store.roles, kept)
	}
	return roles
}

// jsonOfRole is a role on the wire, by names of the fake's own.
func jsonOfRole(r motive.UserRole) map[string]any {
	a := map[string]any{
		"id": r.ID, "name": r.Name, "permissions": r.Permissions, "status": string(r.Status), "type": string(r.Type),
		"is_editable": r.IsEditable, "assigned_users_count": r.AssignedUsersCount,
		"created_at": r.CreatedAt, "updated_at": r.UpdatedAt, "last_edited_by": nil,
	}
	if by := r.LastEditedBy; by != (motive.UserRoleEditor{}) {
		a["last_edited_by"] = map[string]any{"id": by.ID, "first_name": by.FirstName, "last_name": by.LastName}
	}
	return a
}

func (f *Fake) listUserRoles(x *exchange) *response {
	name, status := strings.ToLower(x.query.Get("name")), x.query.Get("status")
	found := []map[string]any{}
	for _, r := range f.store.roles {
		if strings.Contains(strings.ToLower(r.Name), name) && (status == "" || status == string(r.Status)) {
			found = append(found, jsonOfRole(r))
		}
	}
	return reply(http.StatusOK, map[string]any{"user_roles": found})
}
