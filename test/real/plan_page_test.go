package real

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

const planRoster = `external_id,first_name,last_name,role,username,password,time_tracking_mode,eld_mode
1,Ada,Reed,driver,ada.reed,,,
2,Bo,Moss,driver,bo.moss,canary-roster-9,logs,logs
3,"<b id=owned>Cy</b>",Voss,driver,cy.voss,canary-roster-9,logs,logs
4,Di,Lund,pilot,di.lund,,,
5,Ed,Karl,driver,ed.karl,,,
`

// TestPlanPage opens a plan as the person does who signs it off: from a file, without a
// network. It presses each filter, searches, and looks at what a printer would get.
func TestPlanPage(t *testing.T) {
	part(t)
	t.Parallel()
	plan, path := writePlan(t)
	b := startBrowser(t)
	b.do(t, chromedp.Navigate("file://"+path))
	if got := b.visible(t); len(got) != len(plan.Steps) {
		t.Fatalf("%d of %d steps show: %q", len(got), len(plan.Steps), got)
	}
	filters := evaluate[[]string](t, b, `[...document.querySelectorAll("button[data-show]")].map(b => b.dataset.show).filter(Boolean)`)
	if len(filters) < 4 {
		t.Errorf("there are filters for %q only", filters)
	}
	for _, filter := range filters {
		b.do(t, chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[data-show=%q]`, filter))))
		got := b.visible(t)
		if want := plan.Count(provision.Action(filter)); len(got) != want || slices.ContainsFunc(got, func(action string) bool { return action != filter }) {
			t.Errorf("the filter %s shows %q rather than its %d steps", filter, got, want)
		}
		if pressed := evaluate[[]string](t, b, `[...document.querySelectorAll("button[aria-pressed=true]")].map(b => b.dataset.show)`); !slices.Equal(pressed, []string{filter}) {
			t.Errorf("%q are pressed after %s", pressed, filter)
		}
	}
	b.do(t, chromedp.Click(chromedp.CSS(`button[data-show=""]`)), chromedp.SendKeys(chromedp.CSS("#search"), "moss"))
	if got := b.visible(t); !slices.Equal(got, []string{string(provision.ActionCreate)}) {
		t.Errorf("a search for moss shows %q", got)
	}
	b.do(t, chromedp.SendKeys(chromedp.CSS("#search"), " nobody at all"))
	if shown := evaluate[bool](t, b, `document.getElementById("none").getClientRects().length > 0`); !shown || len(b.visible(t)) > 0 {
		t.Error("a search that finds nobody does not say so")
	}
	if evaluate[bool](t, b, `document.getElementById("owned") !== null`) {
		t.Error("markup in a name is markup of the page")
	}
	if html := evaluate[string](t, b, "document.documentElement.outerHTML"); strings.Contains(html, "canary") {
		t.Error("a password stands in the page")
	}
	if _, err := chromedp.Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	if evaluate[bool](t, b, `document.querySelector(".filters").getClientRects().length > 0`) {
		t.Error("the filters are printed on paper")
	}
	if !evaluate[bool](t, b, `document.querySelector(".sign").getClientRects().length > 0`) {
		t.Error("there is no place to sign")
	}
	b.quiet(t)
	if len(b.requests) == 0 {
		t.Error("the browser tells of no request, so that nothing was seen")
	}
	for _, url := range b.requests {
		if !strings.HasPrefix(url, "file://"+path) {
			t.Errorf("the page asks for %s", url)
		}
	}
}

// visible returns the actions of the steps that a person sees.
func (b *browser) visible(t *testing.T) []string {
	t.Helper()
	return evaluate[[]string](t, b, `[...document.querySelectorAll("tbody tr")].filter(r => r.getClientRects().length > 0).map(r => r.dataset.action)`)
}

// writePlan plans a small roster against a small fleet, and returns the plan and the
// path of its page.
func writePlan(t *testing.T) (*provision.Plan, string) {
	t.Helper()
	fleet := newBackend(t, nil)
	fleet.Seed(
		motive.User{FirstName: "Amy", LastName: "Boss", Role: motive.RoleAdmin, Email: "boss@example.com"},
		motive.User{FirstName: "Ada", LastName: "Reade", Role: motive.RoleDriver, Username: "ada.reed"},
		motive.User{FirstName: "Ed", LastName: "Karl", Role: motive.RoleDriver, Username: "ed.karl", Status: motive.StatusActive,
			ExternalIDs: []motive.ExternalID{{ID: 1, ExternalID: "5", IntegrationName: "tms"}}},
		motive.User{FirstName: "Flo", LastName: "Hart", Role: motive.RoleDriver, Username: "flo.hart"},
	)
	client, err := motive.NewClient(motive.WithBaseURL(fleet.server.URL), motive.WithAccessToken(fleet.AccessToken()))
	if err != nil {
		t.Fatal(err)
	}
	roster := provision.ReadCSV(strings.NewReader(planRoster), provision.ReadOptions{})
	plan, err := provision.NewPlan(t.Context(), client, roster, provision.Options{Integration: "tms", Fleet: "Reed Freight"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "plan.html")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if err := plan.WriteHTML(file); err != nil {
		t.Fatal(err)
	}
	return plan, path
}
