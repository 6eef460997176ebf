package provision

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/motive-go/motive/internal/text"
)

// ReadCSV reads a roster whose first line names its columns. It takes commas,
// semicolons, tabs, a "sep=" line, any line ends, quoted line breaks, UTF-8 with
// or without a mark, UTF-16 and Windows-1252. Rows are read one at a time; the
// roster can be ranged over once.
//
// A row that is wrong comes with its Problems. An error ends the roster: it
// cannot be read, or is a [*RosterError].
func ReadCSV(r io.Reader, opts ReadOptions) Roster {
	return func(yield func(Row, error) bool) {
		file, err := openCSV(r, opts)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for {
			row, err := file.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

type csvFile struct {
	decoder *decoder
	csv     *csv.Reader
	opts    ReadOptions
	skipped int // lines in front of what csv reads
	heading []string
	columns []*column
}

func openCSV(r io.Reader, opts ReadOptions) (*csvFile, error) {
	d := newDecoder(r)
	in := bufio.NewReaderSize(d, 64<<10)
	f := &csvFile{decoder: d, opts: opts}
	comma := f.separator(in)
	f.csv = csv.NewReader(in)
	f.csv.Comma = comma
	f.csv.FieldsPerRecord = -1 // a row of another length is a problem of that row
	heading, line, err := f.record()
	if errors.Is(err, io.EOF) {
		return nil, &RosterError{[]Problem{{Message: "the file is empty; its first line names the columns, as in external_id,first_name,last_name,role"}}}
	}
	var broken *csv.ParseError
	if errors.As(err, &broken) {
		return nil, &RosterError{[]Problem{{Line: line, Message: quotesMessage(broken)}}}
	}
	if err != nil {
		return nil, fmt.Errorf("provision: read the roster: %w", err)
	}
	heading[0] = strings.TrimPrefix(heading[0], "\ufeff") // a mark within quotes
	f.heading = heading
	f.columns, err = opts.headings(heading, line)
	return f, err
}

// separator reads a line "sep=;" away, or counts what stands between the
// headings.
func (f *csvFile) separator(in *bufio.Reader) rune {
	start, _ := in.Peek(in.Size())
	line, _, _ := bytes.Cut(bytes.TrimLeft(start, "\ufeff\r\n"), []byte("\n"))
	line = bytes.TrimSpace(bytes.Trim(line, "\r"))
	if bytes.HasPrefix(bytes.ToLower(line), []byte("sep=")) && len(line) > len("sep=") {
		f.skipped++
		_, _ = in.ReadSlice('\n')
		comma, _ := utf8.DecodeRune(line[len("sep="):])
		if validSeparator(comma) {
			return comma
		}
		return ','
	}
	best, most := ',', 0
	for _, comma := range []rune{',', ';', '\t', '|'} {
		if n := countOutsideQuotes(line, byte(comma)); n > most {
			best, most = comma, n
		}
	}
	return best
}

// validSeparator is what package csv takes.
func validSeparator(r rune) bool {
	return r != 0 && r != '"' && r != '\r' && r != '\n' && r != utf8.RuneError
}

func countOutsideQuotes(line []byte, char byte) int {
	n, quoted := 0, false
	for _, b := range line {
		switch {
		case b == '"':
			quoted = !quoted
		case b == char && !quoted:
			n++
		}
	}
	return n
}

// record returns the next record that is not blank and the line that it begins
// on.
func (f *csvFile) record() (cells []string, line int, err error) {
	for {
		cells, err = f.csv.Read()
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			return nil, broken.StartLine + f.skipped, err
		case err != nil:
			return nil, 0, err
		}
		if strings.TrimSpace(strings.Join(cells, "")) != "" {
			line, _ = f.csv.FieldPos(0)
			return cells, line + f.skipped, nil
		}
	}
}

func (f *csvFile) next() (Row, error) {
	cells, line, err := f.record()
	row := Row{Line: line, Columns: f.heading, Cells: cells, Notices: f.decoder.take(), trusted: f.opts.TrustNumbers}
	var broken *csv.ParseError
	switch {
	case errors.As(err, &broken):
		row.problem("", quotesMessage(broken))
		return row, nil
	case errors.Is(err, io.EOF):
		return row, err
	case err != nil:
		return row, fmt.Errorf("provision: read the roster: %w", err)
	}
	if extra := len(cells) - len(f.columns); extra > 0 && strings.TrimSpace(strings.Join(cells[len(f.columns):], "")) != "" {
		row.problem("", fmt.Sprintf("has %d cells where the first line names %d columns; is a comma missing its quotes?", len(cells), len(f.columns)))
	}
	row.fill(f.columns, cells, f.opts.null())
	row.inspect(f.columns, cells, f.decoder.damaged)
	return row, nil
}

func quotesMessage(err *csv.ParseError) string {
	if errors.Is(err.Err, csv.ErrBareQuote) {
		return `has a quote inside a cell that is not quoted; write "Dwayne ""Rock"" Hale"`
	}
	return "has a quote that does not end with its cell: " + text.Printable(err.Err.Error(), 80)
}
