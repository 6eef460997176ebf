package provision

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/text"
)

// fleet is everybody whom the service lists, by the values they are known by.
type fleet struct {
	integration string
	users       []*motive.User
	holders     map[key][]int // indexes of users
}

// readFleet lists the whole fleet. It is not filtered: users are never deleted,
// so that rows never leave an unfiltered list while it is read.
func readFleet(ctx context.Context, client *motive.Client, integration string) (*fleet, error) {
	f := &fleet{integration: integration, holders: make(map[key][]int)}
	for user, err := range client.Users.All(ctx, nil) {
		if err != nil {
			return nil, fmt.Errorf("provision: list the fleet: %w", err)
		}
		f.add(user)
	}
	return f, nil
}

func (f *fleet) add(user *motive.User) {
	i := len(f.users)
	f.users = append(f.users, user)
	for _, id := range f.externalIDs(user) {
		f.hold(key{externalIDColumn, id}, i)
	}
	f.hold(key{"driver_company_id", user.DriverCompanyID}, i)
	f.hold(key{"username", strings.ToLower(user.Username)}, i)
	f.hold(key{"email", strings.ToLower(user.Email)}, i)
}

func (f *fleet) hold(k key, user int) {
	if k.value != "" && !slices.Contains(f.holders[k], user) {
		f.holders[k] = append(f.holders[k], user)
	}
}

// externalIDs are those of the plan's integration.
func (f *fleet) externalIDs(user *motive.User) []string {
	if f.integration == "" {
		return nil
	}
	var ids []string
	for _, id := range user.ExternalIDs {
		if id.IntegrationName == f.integration {
			ids = append(ids, id.ExternalID)
		}
	}
	return ids
}

// matchKeys are the values by which a row is recognised, the surest first.
// Names are not among them, and phones are handed on.
func (row *Row) matchKeys() []key {
	company, _ := row.Attributes.DriverCompanyID.Get()
	username, _ := row.Attributes.Username.Get()
	email, _ := row.Attributes.Email.Get()
	all := []key{
		{externalIDColumn, row.ExternalID}, {"driver_company_id", company},
		{"username", strings.ToLower(username)}, {"email", strings.ToLower(email)},
	}
	return slices.DeleteFunc(all, func(k key) bool { return k.value == "" })
}

// match is what the fleet says of a row.
type match struct {
	user     int // index; -1 for nobody
	by       string
	claims   []claim // values of the row that somebody else has
	conflict string
}

// claim is a value that a row gives to its user while another has it.
type claim struct {
	key
	holder int
}

// match finds the user of a row. A key that leads to a user with another
// external id of the integration was handed on, and leads nowhere.
func (f *fleet) match(row *Row) match {
	m := match{user: -1}
	for _, k := range row.matchKeys() {
		holders := f.holders[k]
		switch {
		case len(holders) == 0 || m.user >= 0 && slices.Contains(holders, m.user):
		case m.user >= 0 || f.handedOn(row, holders):
			m.claims = append(m.claims, claim{k, holders[0]})
		case len(holders) > 1:
			m.conflict = fmt.Sprintf("%s %s is on %s; correct that in Motive first", k.field, text.Quote(k.value), f.names(holders))
			return m
		default:
			m.user, m.by = holders[0], k.field
		}
	}
	return m
}

// handedOn reports whether all holders are known to be other people: users with
// another external id of the integration.
func (f *fleet) handedOn(row *Row, holders []int) bool {
	if row.ExternalID == "" {
		return false
	}
	return !slices.ContainsFunc(holders, func(i int) bool {
		ids := f.externalIDs(f.users[i])
		return len(ids) == 0 || slices.Contains(ids, row.ExternalID)
	})
}

func (f *fleet) names(users []int) string {
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = nameOf(f.users[u])
	}
	return text.Sentence(names, "and")
}

// nameOf reads "user 7 (Ada Moss)".
func nameOf(u *motive.User) string {
	name := shown(u.FirstName + " " + u.LastName)
	if name == "" {
		return "user " + strconv.FormatInt(u.ID, 10)
	}
	return "user " + strconv.FormatInt(u.ID, 10) + " (" + name + ")"
}
