package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/motive-go/motive/provision"
)

// readWorkbook reads a sheet of an Excel workbook as the CSV that a person would
// have saved, without what saving does to it: ids keep their digits and zeros, and
// a date of joined_at is a day whatever way it is shown. A row's line is its number
// in the sheet.
func readWorkbook(r io.Reader, sheet string, headingRow int, opts provision.ReadOptions) (provision.Roster, error) {
	book, err := excelize.OpenReader(r)
	if err != nil {
		return nil, fmt.Errorf("is no workbook that can be read: %w", err)
	}
	defer func() { _ = book.Close() }() // only read from
	name, notices, err := chooseSheet(book, sheet)
	if err != nil {
		return nil, err
	}
	s := &sheetReader{book: book, name: name, opts: opts, headingRow: headingRow, notices: notices, problems: make(map[int][]provision.Problem)}
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("sheet %q: %w", name, err)
	}
	return s.roster(), nil
}

// chooseSheet returns the sheet to read, and says what is not read.
func chooseSheet(book *excelize.File, wanted string) (name string, notices []string, err error) {
	var shown, hidden []string
	for _, sheet := range book.GetSheetList() {
		visible, err := book.GetSheetVisible(sheet)
		if err != nil {
			return "", nil, err
		}
		if visible {
			shown = append(shown, sheet)
		} else {
			hidden = append(hidden, sheet)
		}
	}
	all := slices.Concat(shown, hidden)
	switch {
	case wanted != "":
		at := slices.IndexFunc(all, func(s string) bool { return strings.EqualFold(s, strings.TrimSpace(wanted)) })
		if at < 0 {
			return "", nil, fmt.Errorf("has no sheet %q; it has %s", wanted, quotedList(all))
		}
		return all[at], nil, nil
	case len(shown) == 0:
		return "", nil, fmt.Errorf("has hidden sheets only; --sheet reads one of %s", quotedList(hidden))
	}
	if len(shown) > 1 {
		notices = append(notices, fmt.Sprintf("sheet %q was read, and not %s; --sheet chooses", shown[0], quotedList(shown[1:])))
	}
	if len(hidden) > 0 {
		notices = append(notices, fmt.Sprintf("not read, since hidden: %s", quotedList(hidden)))
	}
	return shown[0], notices, nil
}

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return strings.Join(quoted, ", ")
}

// sheetReader turns a sheet into CSV.
type sheetReader struct {
	book       *excelize.File
	name       string
	opts       provision.ReadOptions
	headingRow int // of the flag; 0 for the first with anything in it

	csv      bytes.Buffer
	names    []string // of the fields that the headings stand for; nil before them
	hidden   int      // rows with content that the sheet does not show
	notices  []string
	problems map[int][]provision.Problem // by line
}

// read goes through the sheet twice at once: over what its cells show, and over
// what they hold.
func (s *sheetReader) read() error {
	shownRows, err := s.book.Rows(s.name)
	if err != nil {
		return err
	}
	heldRows, err := s.book.Rows(s.name)
	if err != nil {
		return errors.Join(err, shownRows.Close())
	}
	for line := 1; shownRows.Next() && heldRows.Next(); line++ {
		shown, err := shownRows.Columns()
		if err != nil {
			return err
		}
		held, err := heldRows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return err
		}
		if err := s.row(line, shown, held); err != nil {
			return err
		}
		if shownRows.GetRowOpts().Hidden && !blank(shown) {
			s.hidden++
		}
	}
	if s.hidden > 0 {
		s.notices = append(s.notices, "read as well: "+plural(s.hidden, "hidden or filtered row"))
	}
	return errors.Join(shownRows.Error(), heldRows.Error(), shownRows.Close(), heldRows.Close(), s.noteMerged())
}

// row writes a row as a line of CSV. Every cell is quoted, so that no heading with
// a semicolon is taken for a separator.
func (s *sheetReader) row(line int, shown, held []string) error {
	heading := s.names == nil && line >= s.headingRow && !blank(shown)
	for i := range max(len(shown), len(s.names), 1) {
		text, err := s.text(line, i, at(shown, i), at(held, i))
		if err != nil {
			return err
		}
		if s.names == nil && !heading {
			text = "" // above the headings
		}
		if i > 0 {
			s.csv.WriteByte(',')
		}
		s.csv.WriteString(`"` + strings.ReplaceAll(oneLine(text), `"`, `""`) + `"`)
	}
	s.csv.WriteByte('\n')
	if heading {
		s.names = make([]string, len(shown))
		for i, text := range shown {
			s.names[i] = fieldOf(oneLine(text), s.opts)
		}
	}
	return nil
}

// text is what a cell says: below the headings, under one that is not left out,
// what it holds counts as well as what it shows.
func (s *sheetReader) text(line, column int, shown, held string) (string, error) {
	if at(s.names, column) == "" {
		return shown, nil
	}
	return s.cell(line, column, shown, held)
}

func at(cells []string, i int) string {
	if i < len(cells) {
		return cells[i]
	}
	return ""
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// oneLine makes spaces of the line breaks in a cell, so that a line of the CSV is
// a row of the sheet.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(s)
}

// cell is the text of a cell below the headings.
func (s *sheetReader) cell(line, column int, shown, held string) (string, error) {
	if strings.TrimSpace(shown) == "" {
		return shown, s.noteFormula(line, column)
	}
	number, err := strconv.ParseFloat(held, 64)
	if err != nil || shown == held {
		return shown, nil // text, or a number that is shown as it is
	}
	if whole, ok := shortened(shown, number); ok {
		return whole, nil
	}
	if phone(foldName(s.names[column])) && onlyDigits(shown) == held {
		return held, nil // without what a format puts between the digits
	}
	day, err := s.isDate(line, column)
	if err != nil || !day {
		return shown, err
	}
	if foldName(s.names[column]) == "joinedat" {
		return s.date(number)
	}
	if keepsDigits(foldName(s.names[column])) {
		s.problem(line, column, fmt.Sprintf("is a date in the workbook, shown as %q; format the column as text and enter it again", shown))
	}
	return shown, nil
}

// shortened returns the digits of a whole number that a cell shows as 5.55E+11.
// From 16 digits on the workbook does not hold them either.
func shortened(shown string, number float64) (string, bool) {
	const exact = 1e15
	mantissa, exponent, found := strings.Cut(strings.ToUpper(shown), "E")
	if !found || number != float64(int64(number)) || number >= exact || number <= -exact {
		return "", false
	}
	if _, err := strconv.ParseFloat(mantissa+"E"+exponent, 64); err != nil {
		return "", false
	}
	return strconv.FormatInt(int64(number), 10), true
}

func phone(field string) bool { return field == "phone" || field == "phone2" }

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// keepsDigits tells the fields in which a date is an id or a name that was taken
// for one, such as 3-4 or MAR1.
func keepsDigits(field string) bool {
	switch field {
	case "externalid", "drivercompanyid", "companyreferenceid", "username", "phone", "phone2", "phoneext",
		"driverslicensenumber", "dotid", "firstname", "lastname":
		return true
	}
	return false
}

// date is the day of a date cell, which counts from 1900, or from 1904 in
// workbooks that were begun on an old Mac.
func (s *sheetReader) date(number float64) (string, error) {
	props, err := s.book.GetWorkbookProps()
	if err != nil {
		return "", err
	}
	day, err := excelize.ExcelDateToTime(number, props.Date1904 != nil && *props.Date1904)
	if err != nil {
		return "", err
	}
	return day.Format(time.DateOnly), nil
}

// isDate reports whether a number is formatted as a date.
func (s *sheetReader) isDate(line, column int) (bool, error) {
	cell, err := excelize.CoordinatesToCellName(column+1, line)
	if err != nil {
		return false, err
	}
	id, err := s.book.GetCellStyle(s.name, cell)
	if err != nil {
		return false, err
	}
	style, err := s.book.GetStyle(id)
	if err != nil {
		return false, err
	}
	if style.CustomNumFmt != nil {
		return dateFormat(*style.CustomNumFmt), nil
	}
	return builtInDate(style.NumFmt), nil
}

// builtInDate tells the numbers of the formats that ECMA-376, part 1, 18.8.30 has
// for dates, the East Asian ones included. Those of mere times are not among them.
func builtInDate(id int) bool {
	return id >= 14 && id <= 17 || id == 22 || id >= 27 && id <= 31 || id == 36 || id >= 50 && id <= 58
}

// dateFormat reports whether a format has a day or a year outside of its quotes,
// escapes and brackets.
func dateFormat(format string) bool {
	var closing byte
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case closing != 0:
			if c == closing {
				closing = 0
			}
		case c == '"':
			closing = '"'
		case c == '[':
			closing = ']'
		case c == '\\' || c == '_':
			i++
		case strings.IndexByte("yYdD", c) >= 0:
			return true
		}
	}
	return false
}

// noteFormula reports a formula that has no value, as programs write them that
// do not calculate.
func (s *sheetReader) noteFormula(line, column int) error {
	cell, err := excelize.CoordinatesToCellName(column+1, line)
	if err != nil {
		return err
	}
	formula, err := s.book.GetCellFormula(s.name, cell)
	if err != nil || formula == "" {
		return err
	}
	kind, err := s.book.GetCellType(s.name, cell)
	if err != nil || kind == excelize.CellTypeFormula {
		return err // a text that is empty, such as of =IF(A2="","",A2)
	}
	s.problem(line, column, "is a formula without a value; open the workbook, save it, and try again")
	return nil
}

// noteMerged says which cells are merged: all but the first are empty.
func (s *sheetReader) noteMerged() error {
	merged, err := s.book.GetMergeCells(s.name, true)
	if err != nil || len(merged) == 0 {
		return err
	}
	s.notices = append(s.notices, fmt.Sprintf("cells %s:%s are merged, of which the first alone has a value", merged[0].GetStartAxis(), merged[0].GetEndAxis()))
	return nil
}

func (s *sheetReader) problem(line, column int, message string) {
	s.problems[line] = append(s.problems[line], provision.Problem{Line: line, Column: s.names[column], Message: message})
}

// roster reads the CSV, and adds what the sheet has shown of each row.
func (s *sheetReader) roster() provision.Roster {
	read := provision.ReadCSV(&s.csv, s.opts)
	return func(yield func(provision.Row, error) bool) {
		for row, err := range read {
			row.Problems = append(row.Problems, s.problems[row.Line]...)
			row.Notices = append(s.notices, row.Notices...)
			s.notices = nil
			if !yield(row, err) {
				return
			}
		}
	}
}
