package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/xuri/excelize/v2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

func exportCommand(h host) *cobra.Command {
	c := &connection{}
	var out, integration string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the fleet as a roster that plans to nothing",
		Long: `Write the fleet as a roster, to begin with or to keep. A plan that is made
from it, with the same integration, has nothing to do.

With -o NAME.xlsx it is a workbook in which every cell is text, so that a
spreadsheet leaves ids and phones as they are; any other name is CSV, and
without -o it goes to the standard output. Passwords and whatever else the API
does not show are not in it.`,
		Example: `  motive export --integration tms -o team.xlsx
  motive export --integration tms > team.csv`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return h.export(cmd, c, out, integration)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to this `file`, .csv or .xlsx")
	cmd.Flags().StringVar(&integration, "integration", "", "`name` of the integration whose external ids are exported")
	c.addFlags(cmd)
	return cmd
}

func (h host) export(cmd *cobra.Command, c *connection, path, integration string) error {
	pauses := &pauses{}
	client, err := c.client(h, motive.WithObserver(pauses.observe))
	if err != nil {
		return err
	}
	var roster bytes.Buffer
	stop := h.waiting("Reading the fleet", pauses)
	written, omitted, err := provision.Export(cmd.Context(), client, &roster, integration)
	stop()
	if err != nil {
		return exit(exitStopped, err)
	}
	if err := h.writeRoster(path, &roster); err != nil {
		return err
	}
	if path != "" {
		h.say(plural(written, "user") + " written to " + path + ".")
	}
	if len(omitted) == 0 {
		return nil
	}
	h.say("Left out, since no row would lead back to them alone:")
	for _, name := range omitted {
		h.say("  " + name)
	}
	return &exitError{code: exitRows}
}

func (h host) writeRoster(path string, roster *bytes.Buffer) error {
	switch {
	case path == "":
		_, err := roster.WriteTo(h.out)
		return err
	case strings.EqualFold(filepath.Ext(path), ".xlsx"):
		return writeFile(path, func(w io.Writer) error { return writeWorkbook(w, roster) })
	}
	return writeFile(path, func(w io.Writer) error {
		_, err := roster.WriteTo(w)
		return err
	})
}

// writeWorkbook writes CSV as a workbook of text cells.
func writeWorkbook(w io.Writer, roster io.Reader) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	text, err := book.NewStyle(&excelize.Style{NumFmt: 49}) // "@", so that what is typed stays text as well
	if err != nil {
		return err
	}
	sheet, err := book.NewStreamWriter(book.GetSheetName(0))
	if err != nil {
		return err
	}
	lines, err := csv.NewReader(roster).ReadAll()
	if err != nil {
		return err
	}
	if err := sheet.SetColStyle(1, len(lines[0]), text); err != nil {
		return err
	}
	for i, line := range lines {
		if err := sheet.SetRow(fmt.Sprintf("A%d", i+1), textCells(line, text)); err != nil {
			return err
		}
	}
	if err := sheet.Flush(); err != nil {
		return err
	}
	_, err = book.WriteTo(w)
	return err
}

func textCells(line []string, style int) []any {
	cells := make([]any, len(line))
	for i, text := range line {
		cells[i] = excelize.Cell{StyleID: style, Value: text}
	}
	return cells
}
