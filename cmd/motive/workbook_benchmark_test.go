package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/motive-go/motive/provision"
)

// A sheet of ten thousand rows, with a date and an empty cell in each.
func BenchmarkWorkbook(b *testing.B) {
	const rows = 10_000
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	sheet, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	date, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		b.Fatal(err)
	}
	for i := range rows + 1 {
		cells := []any{fmt.Sprintf("%05d", i), "Driver", "Number", "driver", "driver.demo", nil, excelize.Cell{StyleID: date, Value: 45000 + i%1000}}
		if i == 0 {
			cells = []any{"external_id", "first_name", "last_name", "role", "username", "phone", "joined_at"}
		}
		if err := sheet.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			b.Fatal(err)
		}
	}
	if err := sheet.Flush(); err != nil {
		b.Fatal(err)
	}
	var book bytes.Buffer
	if err := f.Write(&book); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		roster, err := readWorkbook(bytes.NewReader(book.Bytes()), "", 0, provision.ReadOptions{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range roster {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != rows {
			b.Fatalf("%d rows", n)
		}
	}
}
