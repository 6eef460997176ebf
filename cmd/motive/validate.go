package main

import (
	"fmt"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/motive-go/motive/provision"

	printable "github.com/motive-go/motive/internal/text"
)

func validateCommand(h host) *cobra.Command {
	f := &rosterFlags{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "validate ROSTER",
		Short: "Look for mistakes in a roster, without a fleet",
		Long: `Look for mistakes in a roster, without a fleet, a credential or a network.
All problems are shown, by line and column. What only the fleet can show, such
as an email that somebody else has, is seen in a plan.`,
		Example: `  motive validate team.csv
  motive validate team.xlsx --sheet Drivers --map "Employee ID=external_id"`,
		Args:              exactly("ROSTER"),
		ValidArgsFunction: completeFiles("csv", "jsonl", "xlsx"),
		RunE: func(_ *cobra.Command, args []string) error {
			return h.validate(f, args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for programs")
	f.addFlags(cmd)
	return cmd
}

// checked is what there is to say about a roster.
type checked struct {
	Rows     int                 `json:"rows"`
	Notices  []string            `json:"notices"`
	Problems []provision.Problem `json:"problems"`
}

func (h host) validate(f *rosterFlags, path string, asJSON bool) error {
	roster, seen, closeRoster, err := f.read(h, path)
	if err != nil {
		return err
	}
	defer closeRoster()
	rows, problems, err := provision.Check(roster)
	if err != nil {
		return exit(exitRows, err)
	}
	result := checked{rows, listed(seen.notices), append([]provision.Problem{}, problems...)}
	if asJSON {
		err = writeJSON(h.out, result)
	} else {
		err = h.showChecked(result)
	}
	if err == nil && len(problems) > 0 {
		return &exitError{code: exitRows}
	}
	return err
}

func (h host) showChecked(c checked) error {
	for _, notice := range c.Notices {
		h.say("note: " + notice)
	}
	if len(c.Problems) == 0 {
		_, err := fmt.Fprintf(h.out, "%s, no problems.\n", plural(c.Rows, "row"))
		return err
	}
	lines := make(map[int]bool)
	for _, p := range c.Problems {
		lines[p.Line] = true
	}
	if _, err := fmt.Fprintf(h.out, "%s, %d with problems:\n\n", plural(c.Rows, "row"), len(lines)); err != nil {
		return err
	}
	rows := make([]table.Row, len(c.Problems))
	last := 0
	for i, p := range c.Problems {
		line := ""
		if p.Line != last {
			line, last = strconv.Itoa(p.Line), p.Line
		}
		rows[i] = table.Row{line, printable.Printable(p.Column, 60), printable.Printable(p.Message, 2000)}
	}
	return writeTable(h.out, h.screen().width, table.Row{"LINE", "COLUMN", "PROBLEM"}, rows)
}
