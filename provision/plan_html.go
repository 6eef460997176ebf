package provision

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed plan.html
var planPage string

// WriteHTML writes the plan as one page for whoever signs it off: it needs no
// network, can be filtered and searched in a browser, and prints on paper.
// Passwords and license numbers do not stand in it.
func (p *Plan) WriteHTML(w io.Writer) error {
	page, err := template.New("plan").Parse(planPage)
	if err != nil {
		return fmt.Errorf("provision: write the page: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, p.page()); err != nil {
		return fmt.Errorf("provision: write the page: %w", err)
	}
	return flush(w, &out, "write the page")
}

// htmlPage is what the page shows.
type htmlPage struct {
	Title, Hash, Fleet, Summary string
	Rows, Users                 int
	Brakes, Notices             []string
	Filters                     []htmlFilter
	Steps                       []htmlStep
}

type htmlFilter struct {
	Action Action
	Label  string
	Count  int
}

type htmlStep struct {
	Action  Action
	Label   string
	Line    int
	Name    string
	Changes []htmlChange
	Notes   []string
}

type htmlChange struct{ Field, From, To string }

func (p *Plan) page() htmlPage {
	page := htmlPage{
		Title: "Plan " + p.ShortHash(), Hash: p.Hash(), Fleet: shown(p.Fleet), Summary: p.summary(),
		Rows: p.Rows, Users: p.Users, Brakes: p.Brakes,
	}
	for _, notice := range p.Notices {
		page.Notices = append(page.Notices, printableLong(notice))
	}
	for _, a := range []Action{
		ActionInvalid, ActionConflict, ActionDeactivate, ActionUpdate, ActionReactivate, ActionCreate, ActionLeftAlone, ActionUnchanged,
	} {
		if n := p.Count(a); n > 0 {
			page.Filters = append(page.Filters, htmlFilter{a, a.words(), n})
		}
	}
	for i := range p.Steps {
		page.Steps = append(page.Steps, p.Steps[i].html())
	}
	return page
}

func (s *Step) html() htmlStep {
	h := htmlStep{
		Action: s.Action, Label: s.Action.words(), Line: s.Line, Name: s.who(),
	}
	for _, c := range s.Changes {
		h.Changes = append(h.Changes, htmlChange{label(c.Field), display(c.Field, c.From), display(c.Field, c.To)})
	}
	if s.Reason != "" {
		h.Notes = append(h.Notes, strings.ToUpper(s.Reason[:1])+printableLong(s.Reason[1:])+".")
	}
	for _, problem := range s.Problems {
		h.Notes = append(h.Notes, shownProblem(problem))
	}
	return h
}
