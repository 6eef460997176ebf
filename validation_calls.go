package motive

import "strconv"

// validateListOptions takes nil, "" and 0 as the defaults that they are.
func validateListOptions(o *ListUsersOptions) error {
	if o == nil {
		return nil
	}
	var c check
	value(&c, "role", filter(o.Role), roles)
	c.text("name", Set(o.Name))
	value(&c, "duty_status", filter(o.DutyStatus), dutyStatuses)
	if o.Status != StatusPending {
		c.status("status", filter(o.Status))
	}
	if o.PerPage < 0 || o.PerPage > maxPerPage {
		c.add("per_page", CodeInvalid, "is "+strconv.Itoa(o.PerPage)+"; use 1 to 100, or 0 for the API's default")
	}
	if o.PageNo < 0 {
		c.add("page_no", CodeInvalid, "is "+strconv.Itoa(o.PageNo)+"; pages count from 1, and 0 is the first too")
	}
	return c.err()
}

func filter[T ~string](v T) Optional[T] {
	if v == "" {
		return Optional[T]{}
	}
	return Set(v)
}

// validateLookup checks that l has one key, and that the key is well formed.
func validateLookup(l UserLookup) error {
	keys := [...]struct{ field, value string }{
		{"email", l.Email},
		{"username", l.Username},
		{"driver_company_id", l.DriverCompanyID},
		{"phone", l.Phone},
	}
	var given []string
	for _, key := range keys {
		if key.value != "" {
			given = append(given, key.field)
		}
	}
	const want = "a lookup takes exactly one of email, username, driver_company_id and phone; "
	switch len(given) {
	case 0:
		return invalid("", CodeInvalid, want+"none is given")
	case 1:
	default:
		return invalid("", CodeInvalid, want+sentence(given, "and")+" are given")
	}

	var c check
	c.email("email", Set(l.Email))
	for _, key := range keys[1:] {
		if key.value != "" && blank(key.value) {
			c.add(key.field, CodeInvalid, "is blank; a lookup needs a key to look for")
		}
		c.text(key.field, Set(key.value))
	}
	return c.err()
}

// validateExternalIDPair checks both halves of an external id.
func validateExternalIDPair(externalID, integrationName string) error {
	var c check
	if code, message := half(externalID); code != "" {
		c.add("external_id", code, message)
	}
	if code, message := half(integrationName); code != "" {
		c.add("integration_name", code, message)
	}
	return c.err()
}

// validateID checks an id that stands in a path or a body of its own.
func validateID(field string, id int64) error {
	var c check
	c.positive(field, id)
	return c.err()
}
