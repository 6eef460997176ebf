package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// narrow is the width below which the last column of a table goes on a line of
// its own.
const narrow = 60

// writeTable prints rows, of which the last column is a text to be folded.
func writeTable(w io.Writer, width int, header table.Row, rows []table.Row) error {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	last := len(rows[0])
	room := width
	for column := range last - 1 {
		widest := 0
		for _, row := range append([]table.Row{header}, rows...) {
			if row != nil {
				widest = max(widest, text.StringWidth(row[column].(string)))
			}
		}
		room -= widest + 2
	}
	if room < 16 || width < narrow && last > 2 {
		return writeNarrow(w, width, rows)
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: last, WidthMax: room, WidthMaxEnforcer: text.WrapSoft}})
	if header != nil {
		t.AppendHeader(header)
	}
	t.AppendRows(rows)
	t.SuppressTrailingSpaces()
	_, err := io.WriteString(w, t.Render()+"\n")
	return err
}

// writeNarrow prints each row on lines of its own, as "4, email: is taken".
func writeNarrow(w io.Writer, width int, rows []table.Row) error {
	first := ""
	for _, row := range rows {
		if cell := row[0].(string); cell != "" {
			first = cell // which stands for the rows below as well
		}
		head := first
		for _, cell := range row[1 : len(row)-1] {
			if cell != "" {
				head += ", " + cell.(string)
			}
		}
		for i, line := range folded(head+": "+row[len(row)-1].(string), width-2) {
			if i > 0 {
				line = "  " + line
			}
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// folded is a text in lines of at most width cells.
func folded(s string, width int) []string {
	lines := strings.Split(text.WrapSoft(s, max(width, 16)), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return lines
}
