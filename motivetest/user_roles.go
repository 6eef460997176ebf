package motivetest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/motive-go/motive"
)

// SeedUserRoles adds roles and returns them as stored: with an id where it was
// 0, the status active, the type custom, and times where there were none.
func (f *Fake) SeedUserRoles(roles ...motive.UserRole) []motive.UserRole {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	roles = slices.Clone(roles)
	for i := range roles {
		r := &roles[i]
		if r.ID == 0 {
			r.ID = f.store.nextRole()
		}
		if r.Status == "" {
			r.Status = motive.StatusActive
		}
		if r.Type == "" {
			r.Type = motive.UserRoleTypeCustom
		}
		if r.CreatedAt.IsZero() {
			r.CreatedAt = f.now().UTC().Truncate(time.Second)
		}
		if r.UpdatedAt.IsZero() {
			r.UpdatedAt = r.CreatedAt
		}
		kept := *r
		kept.Permissions = append([]string{}, r.Permissions...)
		f.store.roles = append(f.store.roles, kept)
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

// roleAnswer is a role on the wire, by names of the fake's own.
type roleAnswer struct {
	ID                 int64       `json:"id"`
	Name               string      `json:"name"`
	Permissions        []string    `json:"permissions"`
	Status             string      `json:"status"`
	Type               string      `json:"type"`
	IsEditable         bool        `json:"is_editable"`
	AssignedUsersCount int64       `json:"assigned_users_count"`
	CreatedAt          time.Time   `json:"created_at"`
	UpdatedAt          time.Time   `json:"updated_at"`
	LastEditedBy       *roleEditor `json:"last_edited_by"`
}

type roleEditor struct {
	ID        int64  `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

func answerOfRole(r motive.UserRole) roleAnswer {
	a := roleAnswer{
		ID: r.ID, Name: r.Name, Permissions: r.Permissions, Status: string(r.Status), Type: string(r.Type),
		IsEditable: r.IsEditable, AssignedUsersCount: r.AssignedUsersCount, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if by := r.LastEditedBy; by != (motive.UserRoleEditor{}) {
		a.LastEditedBy = &roleEditor{by.ID, by.FirstName, by.LastName}
	}
	return a
}

func (f *Fake) listUserRoles(x *exchange) answer {
	name, status := strings.ToLower(x.query.Get("name")), x.query.Get("status")
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	found := []roleAnswer{}
	for _, r := range f.store.roles {
		if strings.Contains(strings.ToLower(r.Name), name) && (status == "" || status == string(r.Status)) {
			found = append(found, answerOfRole(r))
		}
	}
	return answer{status: http.StatusOK, body: encode(map[string][]roleAnswer{"user_roles": found})}
}
