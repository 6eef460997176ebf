package provision

import (
	"strings"

	"github.com/motive-go/motive/internal/text"
)

// A spreadsheet that takes an id for a number shows 1.00123E+11 for
// 100123000456, 1001.0 for 1001, and 789 for 00789. What was there cannot be
// told from what is left, so that it is reported and nothing is restored.

// digits are the columns whose values are digits and no numbers.
func (c *column) digits() bool {
	switch c.name {
	case externalIDColumn, "driver_company_id", "company_reference_id", "phone", "phone2", "drivers_license_number":
		return true
	}
	return false
}

// inspect reports the cells of a file that were damaged before it was read.
func (row *Row) inspect(columns []*column, cells []string, damaged bool) {
	for i, c := range columns {
		if c == nil || i >= len(cells) {
			continue
		}
		cell := strings.TrimSpace(cells[i])
		switch {
		case damaged && strings.Contains(cell, "\ufffd"):
			row.problem(c.name, "has a character that no encoding explains; save the file as UTF-8")
		case formulaError(cell):
			row.problem(c.name, "is "+text.Quote(cell)+", an error of the spreadsheet")
		case row.trusted || !c.digits():
		case scientific(cell):
			row.problem(c.name, "is "+text.Quote(cell)+", a number that the spreadsheet has shortened; "+
				"format the column as text and enter it again")
		case wholeFloat(cell):
			row.problem(c.name, "is "+text.Quote(cell)+", which was made a number on the way; format the column as text")
		}
	}
}

// formulaError tells "#N/A", "#REF!" and their like.
func formulaError(cell string) bool {
	switch cell {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!":
		return true
	}
	return strings.HasPrefix(cell, "####")
}

// scientific tells 1.00123E+11 and 5,55E+09.
func scientific(cell string) bool {
	mantissa, exponent, ok := cutAny(cell, "eE")
	if !ok {
		return false
	}
	exponent = strings.TrimPrefix(exponent, "+")
	whole, fraction, _ := cutAny(mantissa, ".,")
	return allDigits(exponent) && len(whole) == 1 && allDigits(whole) && (fraction == "" || allDigits(fraction)) &&
		strings.ContainsAny(cell, ".,+")
}

// wholeFloat tells 1001.0, which programs write that read ids as numbers.
func wholeFloat(cell string) bool {
	whole, found := strings.CutSuffix(cell, ".0")
	return found && allDigits(whole)
}

func cutAny(s, chars string) (before, after string, found bool) {
	at := strings.IndexAny(s, chars)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+1:], true
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// zeros looks for ids that have lost their leading zeros, column by column: ids
// of digits only, shorter than those that begin with a zero, which all have one
// length.
type zeros struct {
	width map[string]int         // of the ids with a leading zero; -1 where they differ
	short map[string][]shortenID // the ids that may have lost theirs
}

type shortenID struct {
	row int
	id  string
}

func (z *zeros) add(row int, column, id string) {
	if !allDigits(id) {
		return
	}
	if id[0] != '0' {
		z.short[column] = append(z.short[column], shortenID{row, id})
		return
	}
	switch z.width[column] {
	case 0, len(id):
		z.width[column] = len(id)
	default:
		z.width[column] = -1
	}
}

// lost calls found for each id that seems to have lost its zeros.
func (z *zeros) lost(found func(row int, column, message string)) {
	for column, ids := range z.short {
		width := z.width[column]
		for _, short := range ids {
			if len(short.id) < width {
				found(short.row, column, "is "+text.Quote(short.id)+", and other ids of the column begin with a zero and have "+
					countOf(width, "digit")+"; the spreadsheet seems to have dropped zeros: format the column as text")
			}
		}
	}
}
