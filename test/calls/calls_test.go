package calls_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/motive-go/motive/test/calls"
)

func TestOnly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		is        func(calls.Call) bool
		want, not string
	}{
		"text": {calls.Call.TakesText,
			"Users.Create Users.All Users.Lookup Users.LookupByExternalID UserRoles.List",
			"Users.Get Users.Deactivate ExternalIDs.Delete"},
		"an id": {calls.Call.TakesID,
			"Users.Get Users.Update ExternalIDs.Delete",
			"Users.Create Users.UpdateByExternalID UserRoles.List"},
		"a record": {calls.Call.ReturnsRecord,
			"Users.Get Users.Create ExternalIDs.Create",
			"Users.List Users.All UserRoles.List ExternalIDs.Delete"},
	} {
		var got []string
		for _, call := range calls.Only(tt.is) {
			got = append(got, call.Name())
		}
		for _, call := range strings.Fields(tt.want) {
			if !slices.Contains(got, call) {
				t.Errorf("%s: %s is not among %q", name, call, got)
			}
		}
		for _, call := range strings.Fields(tt.not) {
			if slices.Contains(got, call) {
				t.Errorf("%s: %s is among %q", name, call, got)
			}
		}
	}
}

// book keeps what a test complains of.
type book struct {
	testing.TB
	said []string
}

func (*book) Helper() {}
func (b *book) Errorf(format string, args ...any) {
	b.said = append(b.said, fmt.Sprintf(format, args...))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	deletion := calls.Only(func(c calls.Call) bool { return c.Name() == "ExternalIDs.Delete" })
	for name, tt := range map[string]struct {
		rows   []string
		except map[string]string
		want   string // in the only complaint; "" for none
	}{
		"a row":                     {[]string{"ExternalIDs.Delete"}, nil, ""},
		"rows with more to them":    {[]string{"ExternalIDs.Delete, twice", "ExternalIDs.Delete of nothing"}, nil, ""},
		"a row that need not be":    {[]string{"ExternalIDs.Delete", "Get, another id"}, nil, ""},
		"an exception":              {nil, map[string]string{"ExternalIDs.Delete": "why"}, ""},
		"no row":                    {nil, nil, "ExternalIDs.Delete is left out: add one"},
		"a row of another":          {[]string{"ExternalIDs.Create"}, nil, "is left out"},
		"a row of nothing":          {[]string{"ExternalIDs.Delete", "Remove"}, nil, `"Remove"`},
		"a row and an exception":    {[]string{"ExternalIDs.Delete"}, map[string]string{"ExternalIDs.Delete": "why"}, "is excepted"},
		"an exception of no reason": {[]string{"ExternalIDs.Delete"}, map[string]string{"ExternalIDs.Delete": ""}, "gives no reason"},
		"an exception of another":   {[]string{"ExternalIDs.Delete"}, map[string]string{"Users.Get": "why"}, "Users.Get"},
	} {
		b := &book{}
		calls.Check(b, deletion, tt.rows, tt.except, "add one")
		if len(b.said) > 1 || (len(b.said) == 0) != (tt.want == "") || !strings.Contains(strings.Join(b.said, ""), tt.want) {
			t.Errorf("%s: %q, want %q", name, b.said, tt.want)
		}
	}
}
