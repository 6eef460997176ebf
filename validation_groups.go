package motive

import (
	"slices"
	"strconv"
)

// groups checks where the groups stand: a driver's in group_ids, a fleet user's
// in custom_user_role.
func (c *check) groups() {
	a, role := c.attrs, c.roleAfter()

	ids, _ := a.GroupIDs.Get()
	if role == RoleFleetUser && len(ids) > 0 {
		c.add("group_ids", CodeWrongPlace, "is for drivers, and this is a fleet user; put the ids into "+
			`custom_user_role.group_ids and set group_visibility to "limited"`)
	}
	moved := role == RoleFleetUser && c.current != nil && c.current.Role == RoleDriver
	if moved && a.GroupIDs.IsZero() && len(c.current.GroupIDs) > 0 {
		c.add("group_ids", CodeWrongPlace, "is still set from the time as a driver, and this will be a fleet user; "+
			"clear it with null, and put the groups into custom_user_role.group_ids if they should stay")
	}
	c.groupIDs("group_ids", ids)

	visibility, limits := a.GroupVisibility.Get()
	custom, customised := a.CustomUserRole.Get()
	const misplaced = "is for fleet users, and this is a driver; remove it, and put a driver's groups into group_ids"
	if limits && role == RoleDriver {
		c.add("group_visibility", CodeWrongPlace, misplaced)
	} else {
		value(c, "group_visibility", a.GroupVisibility, groupVisibilities)
	}
	if customised && role == RoleDriver {
		c.add("custom_user_role", CodeWrongPlace, misplaced)
		return
	}
	if customised {
		c.userRoleID(custom.UserRoleID)
		c.groupIDs("custom_user_role.group_ids", custom.GroupIDs)
	}
	if visibility == GroupVisibilityLimited && role != RoleDriver && len(custom.GroupIDs) == 0 {
		c.add("custom_user_role.group_ids", CodeRequired,
			`is required with group_visibility "limited"; list the groups that the user may see`)
	}
}

// roleAfter is the role after the request, "" if that cannot be told.
func (c *check) roleAfter() Role {
	if c.attrs.Role.IsZero() && c.current != nil {
		return c.current.Role
	}
	return c.attrs.Role.value
}

func (c *check) userRoleID(id int64) {
	const field = "custom_user_role.user_role_id"
	if id == 0 {
		c.add(field, CodeRequired, "is required in a custom user role; UserRoles.List shows the ids")
		return
	}
	c.positive(field, id)
}

func (c *check) groupIDs(field string, ids []int64) {
	for i, id := range ids {
		if id <= 0 {
			c.positive(at(field, i), id)
		}
	}
}

// externalIDs checks that each external id is whole and stands there once. It
// must be whole with a record id too: the half left out would be sent as "".
func (c *check) externalIDs() {
	const list = "external_ids_attributes"
	ids, _ := c.attrs.ExternalIDsAttributes.Get()
	for i, id := range ids {
		if id.ID < 0 {
			c.positive(at(list, i)+".id", id.ID)
		}
		if code, message := half(id.ExternalID); code != "" {
			c.add(at(list, i)+".external_id", code, message)
		}
		if code, message := half(id.IntegrationName); code != "" {
			c.add(at(list, i)+".integration_name", code, message)
		}
		if j := firstLike(ids, i); j < i {
			c.add(at(list, i), CodeDuplicate, "repeats "+at(list, j)+", external id "+quote(id.ExternalID)+" of "+
				quote(id.IntegrationName)+"; keep one of them")
		}
	}
}

// half returns the problem of one half of an external id, or "".
func half(s string) (code, message string) {
	if blank(s) {
		return CodeRequired, "is required; an external id needs both external_id and integration_name"
	}
	if message := malformed(s); message != "" {
		return CodeInvalid, message
	}
	return "", ""
}

// firstLike returns the index of the first external id with the pair of ids[i];
// i itself if that pair has not been before, or is not whole.
func firstLike(ids []ExternalIDAttributes, i int) int {
	if blank(ids[i].ExternalID) || blank(ids[i].IntegrationName) {
		return i
	}
	return slices.IndexFunc(ids, func(id ExternalIDAttributes) bool {
		return id.ExternalID == ids[i].ExternalID && id.IntegrationName == ids[i].IntegrationName
	})
}

func at(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
