package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

type planFlags struct {
	roster     rosterFlags
	connection connection
	out, html  string
	diff, json bool
	all        bool
	detailed   bool
	leavers    bool
	roles      []string
	options    provision.Options
}

func planCommand(h host) *cobra.Command {
	f := &planFlags{}
	cmd := &cobra.Command{
		Use:   "plan ROSTER",
		Short: "Compare a roster with the fleet and show what would be done",
		Long: `Compare a roster with the fleet and show what would be done. Nothing is
written to the fleet.

ROSTER is a CSV file, JSON lines, or an Excel workbook; "-" is the standard
input. Its columns have the names of the API, as in
external_id,first_name,last_name,role; --map gives other headings a name.
An empty cell leaves a field alone, and <null> clears it.

People are recognised by their external id of the integration, then by
driver_company_id, username and email; never by their names. Who is in the
fleet and not in the roster is left alone, unless you say --leavers.`,
		Example: `  motive plan team.csv --integration tms -o monday.plan
  motive plan team.xlsx --sheet Drivers --map "Employee ID=external_id"
  motive plan team.csv --integration tms --leavers --html monday.html`,
		Args:              exactly("ROSTER"),
		ValidArgsFunction: completeFiles("csv", "jsonl", "xlsx"),
		RunE:              func(cmd *cobra.Command, args []string) error { return h.plan(cmd, f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "output", "o", "", "write the plan to this `file`, for motive apply")
	flags.StringVar(&f.options.Integration, "integration", "", "`name` under which the roster's external ids stand in Motive")
	flags.BoolVar(&f.leavers, "leavers", false, "deactivate who is in the fleet and in no row")
	flags.StringSliceVar(&f.roles, "leaver-roles", []string{string(motive.RoleDriver)}, "whose leavers: `roles` with commas between them")
	flags.Float64Var(&f.options.Limits.Deactivate, "max-deactivate", 10, "hold a plan that deactivates more than so many `percent`")
	flags.Float64Var(&f.options.Limits.Update, "max-update", 30, "hold a plan that changes more than so many `percent` of the fleet")
	flags.IntVar(&f.options.Limits.Admins, "min-admins", 1, "how many active administrators must remain, a `number`")
	flags.StringSliceVar(&f.options.Resend, "resend", nil, "write-only `fields`, such as time_tracking_mode, to send to those who are there already")
	flags.BoolVar(&f.all, "all", false, "show also who is unchanged or left alone")
	flags.BoolVar(&f.diff, "diff", false, "print a unified diff")
	flags.BoolVar(&f.json, "json", false, "print JSON, for programs")
	flags.StringVar(&f.html, "html", "", "write a page to this `file`, to be looked at and signed off")
	flags.BoolVar(&f.detailed, "detailed-exitcode", false, "exit with 4 where changes are pending")
	f.roster.addFlags(cmd)
	f.connection.addFlags(cmd)
	f.connection.addFleet(cmd)
	cmd.MarkFlagsMutuallyExclusive("diff", "json")
	return cmd
}

func (h host) plan(cmd *cobra.Command, f *planFlags, path string) error {
	opts, err := f.planOptions(h, cmd.Flags().Changed("leaver-roles"))
	if err != nil {
		return err
	}
	roster, seen, closeRoster, err := f.roster.read(h, path)
	if err != nil {
		return err
	}
	defer closeRoster()
	pauses := &pauses{}
	client, err := f.connection.client(h, motive.WithObserver(pauses.observe))
	if err != nil {
		return err
	}
	stop := h.waiting("Reading the fleet", pauses)
	plan, err := provision.NewPlan(cmd.Context(), client, needsIntegration(roster, opts.Integration), opts)
	stop()
	switch {
	case errors.Is(err, errNoIntegration):
		return err
	case err != nil:
		return exit(seen.code(), err)
	}
	if err := h.showPlan(plan, f); err != nil {
		return err
	}
	if err := f.save(plan); err != nil {
		return err
	}
	if !f.diff && !f.json {
		h.sayNext(plan, f)
	}
	return planned(plan, f.detailed)
}

// planOptions are the flags as package provision takes them.
func (f *planFlags) planOptions(h host, rolesGiven bool) (provision.Options, error) {
	opts := f.options
	opts.Fleet = f.connection.fleetName(h)
	opts.PerSecond = f.connection.rate
	opts.ActingUser = f.connection.actingUser
	opts.Leavers.Deactivate = f.leavers
	if rolesGiven && !f.leavers {
		return opts, errors.New("--leaver-roles goes with --leavers")
	}
	for _, name := range f.roles {
		role, err := motive.ParseRole(name)
		if err != nil {
			return opts, fmt.Errorf("--leaver-roles: %w", err)
		}
		opts.Leavers.Roles = append(opts.Leavers.Roles, role)
	}
	for flag, percent := range map[string]float64{"--max-deactivate": opts.Limits.Deactivate, "--max-update": opts.Limits.Update} {
		if !(percent > 0) || percent > 100 {
			return opts, fmt.Errorf("%s %v: a limit is above 0 and at most 100 percent, which is none", flag, percent)
		}
	}
	if opts.Limits.Admins < 1 {
		return opts, errors.New("--min-admins: at least one administrator must remain")
	}
	return opts, nil
}

var errNoIntegration = errors.New(`the roster has external ids; say whose they are, as in --integration tms`)

// needsIntegration ends a roster at its first external id where nobody has said
// of which system it is, before the fleet is read.
func needsIntegration(roster provision.Roster, integration string) provision.Roster {
	if integration != "" {
		return roster
	}
	return func(yield func(provision.Row, error) bool) {
		for row, err := range roster {
			if err == nil && row.ExternalID != "" {
				yield(row, errNoIntegration)
				return
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (h host) showPlan(plan *provision.Plan, f *planFlags) error {
	switch {
	case f.json:
		return writeJSON(h.out, newPlanView(plan))
	case f.diff:
		return plan.WriteDiff(h.out)
	}
	return plan.WriteTable(h.out, h.screen().print(f.all))
}

// save writes the files that were asked for.
func (f *planFlags) save(plan *provision.Plan) error {
	if f.html != "" {
		if err := writeFile(f.html, plan.WriteHTML); err != nil {
			return err
		}
	}
	if f.out != "" {
		return writeFile(f.out, plan.WriteJSON)
	}
	return nil
}

// sayNext says how to go on.
func (h host) sayNext(plan *provision.Plan, f *planFlags) {
	if f.leavers {
		for _, spared := range sparedLeavers(plan) {
			h.say("\n" + spared)
		}
	}
	if f.html != "" {
		h.say("\nThe page to sign off is " + f.html + ".")
	}
	if plan.Writes() == 0 {
		return
	}
	h.say("")
	switch {
	case f.out == "":
		h.say("Nothing was written. To apply this plan, save it: -o NAME.plan")
	case len(plan.Brakes) > 0:
		h.say("Nothing was written. If all of this is meant, apply it with:\n  motive apply " + quoteArg(f.out) + " --force " + plan.ShortHash())
	default:
		h.say("Nothing was written. To apply this plan:\n  motive apply " + quoteArg(f.out))
	}
}

// sparedLeavers says of whom stands in no row, and why they are left alone
// although leavers were asked for: "12 in no row left alone: …".
func sparedLeavers(plan *provision.Plan) []string {
	count := make(map[string]int)
	for i := range plan.Steps {
		if s := &plan.Steps[i]; s.Action == provision.ActionLeftAlone && s.Line == 0 {
			count[s.Reason]++
		}
	}
	var said []string
	for _, reason := range slices.Sorted(maps.Keys(count)) {
		said = append(said, fmt.Sprintf("%s left alone: %s", plural(count[reason], "user"), reason))
	}
	return said
}

// quoteArg is a path as a shell takes it.
func quoteArg(path string) string {
	if strings.ContainsAny(path, " \t'\"$&;()*?<>|`\\") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// planned is what a plan exits with.
func planned(plan *provision.Plan, detailed bool) error {
	switch {
	case plan.Count(provision.ActionInvalid)+plan.Count(provision.ActionConflict) > 0:
		return &exitError{code: exitRows}
	case detailed && plan.Writes() > 0:
		return &exitError{code: exitPending}
	}
	return nil
}

// planView is a plan for programs: without what only apply needs, and without
// secrets.
type planView struct {
	Hash    string                   `json:"hash"`
	Fleet   string                   `json:"fleet"`
	Users   int                      `json:"users"`
	Rows    int                      `json:"rows"`
	Writes  int                      `json:"writes"`
	Seconds float64                  `json:"seconds"` // it takes at its rate
	Counts  map[provision.Action]int `json:"counts"`
	Brakes  []string                 `json:"brakes"`
	Notices []string                 `json:"notices"`
	Steps   []provision.Step         `json:"steps"`
}

func newPlanView(plan *provision.Plan) planView {
	v := planView{
		Hash: plan.Hash(), Fleet: plan.Fleet, Users: plan.Users, Rows: plan.Rows, Writes: plan.Writes(),
		Seconds: plan.Duration().Seconds(), Counts: make(map[provision.Action]int),
		Brakes: listed(plan.Brakes), Notices: listed(plan.Notices), Steps: slices.Clone(plan.Steps),
	}
	for i := range v.Steps {
		s := &v.Steps[i]
		v.Counts[s.Action]++
		s.Cells, s.Seen = nil, ""
		s.Changes = slices.Clone(s.Changes)
		for j := range s.Changes {
			if secret(s.Changes[j].Field) {
				s.Changes[j].From, s.Changes[j].To = masked(s.Changes[j].From), masked(s.Changes[j].To)
			}
		}
	}
	return v
}

func secret(field string) bool { return field == "password" || field == "drivers_license_number" }

// masked keeps whether there is a value.
func masked(value json.RawMessage) json.RawMessage {
	if text := string(value); text == "" || text == "null" {
		return value
	}
	return json.RawMessage(`"[redacted]"`)
}

// listed is never null in JSON.
func listed(texts []string) []string { return append([]string{}, texts...) }

func writeJSON(w io.Writer, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// completeFiles completes the names of files of some kinds.
func completeFiles(extensions ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

// plural reads "1 row" or "12 rows".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
