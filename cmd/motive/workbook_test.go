package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/motive-go/motive/provision"
)

// formatted is a cell with a format.
type formatted struct {
	value  any
	number int    // of a format that is built in
	custom string // or a format of one's own
}

// formula is a cell that is calculated.
type formula struct {
	text  string
	value any // nil where nobody has calculated it
}

// book makes a workbook of one sheet.
func book(t *testing.T, rows [][]any) *excelize.File {
	t.Helper()
	f := excelize.NewFile()
	t.Cleanup(func() { _ = f.Close() })
	fill(t, f, "Sheet1", rows)
	return f
}

func fill(t *testing.T, f *excelize.File, sheet string, rows [][]any) {
	t.Helper()
	for i, row := range rows {
		for j, value := range row {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := fillCell(f, sheet, cell, value); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func fillCell(f *excelize.File, sheet, cell string, value any) error {
	switch v := value.(type) {
	case formatted:
		if err := f.SetCellValue(sheet, cell, v.value); err != nil {
			return err
		}
		style := &excelize.Style{NumFmt: v.number}
		if v.custom != "" {
			style.CustomNumFmt = &v.custom
		}
		id, err := f.NewStyle(style)
		if err != nil {
			return err
		}
		return f.SetCellStyle(sheet, cell, cell, id)
	case formula:
		if v.value != nil {
			if err := f.SetCellValue(sheet, cell, v.value); err != nil {
				return err
			}
		}
		return f.SetCellFormula(sheet, cell, v.text)
	}
	return f.SetCellValue(sheet, cell, value)
}

func save(t *testing.T, f *excelize.File) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return &out
}

// rowsOf reads a workbook.
func rowsOf(t *testing.T, f *excelize.File, sheet string, headingRow int, opts provision.ReadOptions) ([]provision.Row, error) {
	t.Helper()
	roster, err := readWorkbook(save(t, f), sheet, headingRow, opts)
	if err != nil {
		return nil, err
	}
	var rows []provision.Row
	for row, err := range roster {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

var day = time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)

func TestCellsOfAWorkbook(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, column string
		cell         any
		want         string // of the cell; "" where there is a problem
		problem      string
	}{
		{"text keeps its zeros", "external_id", "00042", "00042", ""},
		{"a number keeps the zeros that it is shown with", "external_id", formatted{42, 0, "00000"}, "00042", ""},
		{"a number", "external_id", 1001, "1001", ""},
		{"a long number is not shortened", "external_id", 100123000456, "100123000456", ""},
		{"a number formatted to be shortened", "external_id", formatted{100123000456, 11, ""}, "100123000456", ""},
		{"a number longer than a workbook keeps", "external_id", 1234567890123456789, "", "a number that the spreadsheet has shortened"},
		{"a phone shown with its format", "phone", formatted{5550101234, 0, "(000) 000-0000"}, "5550101234", ""},
		{"a phone shown as Excel formats phones", "phone", formatted{5550101234, 0, "[<=9999999]###-####;(###) ###-####"}, "5550101234", ""},
		{"a phone shown with a zero in front", "phone", formatted{30901820, 0, `"0"00000000`}, "030901820", ""},
		{"a number shown with dashes is no date", "driver_company_id", formatted{123456789, 0, "000-00-0000"}, "123-45-6789", ""},
		{"a date shown the American way", "joined_at", formatted{day, 14, ""}, "2024-03-05", ""},
		{"a date shown in words", "joined_at", formatted{day, 0, `d "de" mmmm yyyy`}, "2024-03-05", ""},
		{"a date with a language", "joined_at", formatted{day, 0, `[$-409]d-mmm-yy`}, "2024-03-05", ""},
		{"a date that is text", "joined_at", "2024-03-05", "2024-03-05", ""},
		{"a date that is text and ambiguous", "joined_at", "03/05/2024", "", "write it as 2026-01-31"},
		{"an id that was taken for a date", "external_id", formatted{day, 16, ""}, "", "is a date in the workbook"},
		{"a number with a unit in its format is no date", "external_id", formatted{7, 0, `0 "days"`}, "7 days", ""},
		{"a formula with a value", "external_id", formula{"1000+1", 1001}, "1001", ""},
		{"an error of a formula", "username", "#REF!", "", "an error of the spreadsheet"},
		{"a line break in a cell", "carrier_street", "12 Main St\nSuite 4", "12 Main St Suite 4", ""},
		{"quotes and commas", "carrier_name", `Hale, "Rock" & Co`, `Hale, "Rock" & Co`, ""},
		{"a boolean", "yard_moves_enabled", true, "TRUE", ""},
		{"spaces around a value", "username", " amoss ", " amoss ", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := book(t, [][]any{{test.column, "last_name"}, {test.cell, "Moss"}})
			rows, err := rowsOf(t, f, "", 0, provision.ReadOptions{})
			if err != nil || len(rows) != 1 {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			row := rows[0]
			if row.Line != 2 {
				t.Errorf("line %d, want 2", row.Line)
			}
			switch {
			case test.problem != "":
				if len(row.Problems) != 1 || row.Problems[0].Column != test.column || !strings.Contains(row.Problems[0].Message, test.problem) {
					t.Errorf("problems %v, want one of %s: …%s…", row.Problems, test.column, test.problem)
				}
			case len(row.Problems) > 0:
				t.Errorf("problems %v", row.Problems)
			case row.Cells[0] != test.want:
				t.Errorf("%q, want %q", row.Cells[0], test.want)
			}
		})
	}
}

// A program that does not calculate writes a formula without the type of its value;
// Excel writes an empty text where the formula comes to one.
func TestAFormulaWithoutAValue(t *testing.T) {
	t.Parallel()
	f := book(t, [][]any{{"external_id", "username"}, {"1", formula{`LOWER("AMOSS")`, nil}}})
	written := save(t, f)
	for _, test := range []struct {
		name string
		book *bytes.Buffer
		want int
	}{
		{"that comes to an empty text", written, 0},
		{"that nobody has calculated", withoutTypes(t, written), 1},
	} {
		roster, err := readWorkbook(bytes.NewReader(test.book.Bytes()), "", 0, provision.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range roster {
			if err != nil || len(row.Problems) != test.want {
				t.Errorf("%s: problems %v, want %d, %v", test.name, row.Problems, test.want, err)
			}
		}
	}
}

// withoutTypes is a workbook whose cells do not say that they are texts.
func withoutTypes(t *testing.T, book *bytes.Buffer) *bytes.Buffer {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(book.Bytes()), int64(book.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	packed := zip.NewWriter(&out)
	for _, file := range in.File {
		content, err := fs.ReadFile(in, file.Name)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := packed.Create(file.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write(bytes.ReplaceAll(content, []byte(` t="str"`), nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

func TestADateCountsFromTheYearOfItsWorkbook(t *testing.T) {
	t.Parallel()
	f := book(t, [][]any{{"external_id", "joined_at"}, {"1", formatted{44000, 14, ""}}})
	from1904 := true
	if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}); err != nil {
		t.Fatal(err)
	}
	rows, err := rowsOf(t, f, "", 0, provision.ReadOptions{})
	if err != nil || len(rows) != 1 || rows[0].Cells[1] != "2024-06-19" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestALineIsTheNumberOfItsRow(t *testing.T) {
	t.Parallel()
	f := book(t, [][]any{
		{"Drivers of the north", "", "as of Friday"},
		{},
		{"Employee\nID", "First; name", "Last name"},
		{"1", "Ada\nMaria", "Moss"},
		{},
		{"2", "Bram", "Okafor"},
	})
	opts := provision.ReadOptions{Columns: map[string]string{"Employee ID": "external_id", "First; name": "first_name"}}
	rows, err := rowsOf(t, f, "", 3, opts)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows {
		got = append(got, fmt.Sprintf("%d %s %s", row.Line, row.ExternalID, strings.Join(row.Cells[1:], " ")))
	}
	if want := []string{"4 1 Ada Maria Moss", "6 2 Bram Okafor"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWhichSheetIsRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, sheet, want string
		notices           []string
		err               string
	}{
		{"the first that is not hidden", "", "Drivers", []string{`sheet "Drivers" was read, and not "Office"; --sheet chooses`, `not read, since hidden: "Old"`}, ""},
		{"by name", "office ", "Office", nil, ""},
		{"a hidden one by name", "Old", "Old", nil, ""},
		{"one that is not there", "Drvers", "", nil, `has no sheet "Drvers"; it has "Drivers", "Office", "Old"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rows, err := rowsOf(t, threeSheets(t), test.sheet, 0, provision.ReadOptions{})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || len(rows) != 1 || rows[0].ExternalID != test.want || !slices.Equal(rows[0].Notices, test.notices) {
				t.Errorf("%v, %v", rows, err)
			}
		})
	}
}

// threeSheets is a workbook whose first sheet is hidden.
func threeSheets(t *testing.T) *excelize.File {
	t.Helper()
	f := excelize.NewFile()
	t.Cleanup(func() { _ = f.Close() })
	for _, name := range []string{"Old", "Drivers", "Office"} {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		fill(t, f, name, [][]any{{"external_id", "last_name"}, {name, "Moss"}})
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	f.SetActiveSheet(1) // the active one cannot be hidden
	if err := f.SetSheetVisible("Old", false); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatASheetHidesIsSaid(t *testing.T) {
	t.Parallel()
	f := book(t, [][]any{{"external_id", "last_name", "carrier_city"}, {"1", "Moss", "Dallas"}, {"2", "Okafor", ""}})
	if err := f.SetRowVisible("Sheet1", 3, false); err != nil {
		t.Fatal(err)
	}
	if err := f.MergeCell("Sheet1", "C2", "C3"); err != nil {
		t.Fatal(err)
	}
	rows, err := rowsOf(t, f, "", 0, provision.ReadOptions{})
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	want := []string{"read as well: 1 hidden or filtered row", "cells C2:C3 are merged, of which the first alone has a value"}
	if !slices.Equal(rows[0].Notices, want) || rows[1].Notices != nil {
		t.Errorf("%q and %q, want %q once", rows[0].Notices, rows[1].Notices, want)
	}
}

func TestAWorkbookIsKnownByItsContent(t *testing.T) {
	t.Parallel()
	f := book(t, [][]any{{"external_id", "last_name", "role"}, {"1", "Moss", "driver"}})
	path := writeTo(t, t.TempDir()+"/team.csv", save(t, f).String())
	if got := (environment{}).must(t, "validate", path); got.out != "1 row, no problems.\n" {
		t.Errorf("%+v", got)
	}
}

func FuzzWorkbook(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		roster, err := readWorkbook(bytes.NewReader(data), "", 0, provision.ReadOptions{IgnoreUnknown: true})
		if err != nil {
			return
		}
		for range roster {
		}
	})
}

func FuzzDateFormat(f *testing.F) {
	for _, format := range []string{"", "0", `0 "days"`, `[$-409]d-mmm-yy`, `\d0`, `_d0`, `"`, `[`, `\`} {
		f.Add(format)
	}
	f.Fuzz(func(t *testing.T, format string) {
		if dateFormat(format) && !strings.ContainsAny(format, "yYdD") {
			t.Errorf("%q has no day and no year", format)
		}
	})
}
