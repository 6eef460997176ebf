package motivetest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// UserRole is a role that a fleet user can be given, as the fake answers it.
type UserRole struct {
	ID                 int64      `json:"id"`
	Name               string     `json:"name"`
	Permissions        []string   `json:"permissions"`
	Status             string     `json:"status"` // "active" if empty
	Type               string     `json:"type"`   // "default" or "custom", the latter if empty
	IsEditable         bool       `json:"is_editable"`
	AssignedUsersCount int        `json:"assigned_users_count"`
	CreatedAt          time.Time  `json:"created_at"`
	UpdatedAt          time.Time  `json:"updated_at"`
	LastEditedBy       *RoleActor `json:"last_edited_by"`
}

// RoleActor is the user who last edited a role.
type RoleActor struct {
	ID        int64  `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

// SeedUserRoles adds roles and returns them as stored: with an id where it was
// 0, and with times and defaults filled in.
func (f *Fake) SeedUserRoles(roles ...UserRole) []UserRole {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	roles = slices.Clone(roles)
	for i := range roles {
		r := &roles[i]
		if r.ID == 0 {
			r.ID = f.store.nextRole()
		}
		if r.Status == "" {
			r.Status = "active"
		}
		if r.Type == "" {
			r.Type = "custom"
		}
		if r.CreatedAt.IsZero() {
			r.CreatedAt = f.now().UTC().Truncate(time.Second)
		}
		if r.UpdatedAt.IsZero() {
			r.UpdatedAt = r.CreatedAt
		}
		r.Permissions = slices.Concat([]string{}, r.Permissions)
		f.store.roles = append(f.store.roles, *r)
	}
	return roles
}

func (s *store) nextRole() int64 {
	var last int64
	for _, r := range s.roles {
		last = max(last, r.ID)
	}
	return last + 1
}

func (f *Fake) listUserRoles(x *exchange) answer {
	name, status := strings.ToLower(x.query.Get("name")), x.query.Get("status")
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	found := []UserRole{}
	for _, r := range f.store.roles {
		if strings.Contains(strings.ToLower(r.Name), name) && (status == "" || status == r.Status) {
			found = append(found, r)
		}
	}
	return answer{status: http.StatusOK, body: encode(map[string][]UserRole{"user_roles": found})}
}
