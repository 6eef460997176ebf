package provision_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

// mixed is a plan with steps of every action.
func mixed(t *testing.T) *provision.Plan {
	t.Helper()
	fake := motivetest.NewHandler()
	changed := driver("ada")
	changed.Cycle, changed.ExternalIDs = "60_7", known("1")
	same := driver("eve")
	same.ExternalIDs = known("2")
	back := driver("bob")
	back.Status = motive.StatusDeactivated
	keeps := driver("keeps")
	keeps.ExternalIDs = known("9")
	fake.Seed(changed, same, back, driver("leaver"), keeps, motive.User{FirstName: "Ines", LastName: "Calder", Role: motive.RoleAdmin, Email: "ines@example.com"})
	const csv = "external_id,username,first_name,last_name,role,cycle\n" + "1,ada,D,ada,driver,70_8\n2,eve,D,eve,driver\n3,bob,D,bob,driver\n4,new,<b>New</b>,李小龍 with a name that is longer than the column,driver\n" +
		"6,keeps,D,conflict,driver\n5,,Bad,,drivr\n"
	p := planFor(t, directClient(t, fake), csvRoster(csv), provision.Options{Fleet: "North <1>", Leavers: provision.Leavers{Deactivate: true}})
	return p
}

func TestTablesFitTheirWidth(t *testing.T) {
	t.Parallel()
	p := mixed(t)
	for _, width := range []int{32, 40, 60, 80, 120, 200} {
		out := table(t, p, provision.PrintOptions{Width: width, All: true})
		for _, line := range strings.Split(out, "\n") {
			if n := utf8.RuneCountInString(line) + strings.Count(line, "李小龍")*3; n > width {
				t.Errorf("width %d: a line of %d columns: %s", width, n, line)
			}
		}
		flat := strings.Join(strings.Fields(out), " ")
		for _, want := range []string{"create", "conflict", "unchanged", "last_name: is required", "2 rows to correct"} {
			if !strings.Contains(flat, want) {
				t.Errorf("width %d lacks %q:\n%s", width, want, out)
			}
		}
	}
	if out := table(t, p, provision.PrintOptions{}); strings.Contains(out, "\x1b") || strings.Contains(out, "unchanged  ") {
		t.Errorf("coloured, or not folded:\n%s", out)
	}
	if out := table(t, p, provision.PrintOptions{Color: true}); !strings.Contains(out, "\x1b[31mconflict") {
		t.Errorf("not coloured:\n%s", out)
	}
}

func TestTheDiff(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	u := driver("ada")
	u.Cycle, u.ExternalIDs, u.Phone = "60_7", known("1"), "555-0101"
	fake.Seed(u)
	p := planFor(t, directClient(t, fake), csvRoster("external_id,cycle,phone,time_zone\n1,70_8,<null>,Arizona\n"), provision.Options{Fleet: "North"})
	var out bytes.Buffer
	if err := p.WriteDiff(&out); err != nil {
		t.Fatal(err)
	}
	want := "--- North\n+++ roster, plan " + p.ShortHash() + "\n@@ update user 1, D ada, line 2 @@\n-phone: 555-0101\n+time_zone: Arizona\n-cycle: 60_7\n+cycle: 70_8\n"
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestThePageStandsAlone(t *testing.T) {
	t.Parallel()
	p := mixed(t)
	var out bytes.Buffer
	if err := p.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	if found := regexp.MustCompile(`(?i)\b(src|href)\s*=|url\(|@import|https?:`).FindAllString(page, -1); found != nil {
		t.Errorf("the page asks for something from elsewhere: %q", found)
	}
	for _, want := range []string{
		"North &lt;1&gt;", "&lt;b&gt;New&lt;/b&gt;", p.Hash(), `data-show="create"`, `<s>60_7</s> → 70_8`, "Signature", `data-action="left_alone"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, "<tr data-action="); n != len(p.Steps) {
		t.Errorf("%d rows for %d steps", n, len(p.Steps))
	}
}
