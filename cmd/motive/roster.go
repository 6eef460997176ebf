package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/motive-go/motive/provision"
)

// rosterFlags say how a roster's file is read.
type rosterFlags struct {
	columns       []string
	ignoreUnknown bool
	sheet         string
	headingRow    int
	null          string
	trustNumbers  bool
}

func (f *rosterFlags) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.columns, "map", "m", nil, "take a column for a field of the API, a `heading=field` such as \"Employee ID=external_id\"; \"Notes=\" leaves a column out; may be repeated")
	flags.BoolVar(&f.ignoreUnknown, "ignore-unknown", false, "leave out columns that the API does not have")
	flags.StringVar(&f.sheet, "sheet", "", "`name` of the sheet of a workbook (default the first that is not hidden)")
	flags.IntVar(&f.headingRow, "heading-row", 0, "`number` of the row of a workbook that has the headings (default the first with anything in it)")
	flags.StringVar(&f.null, "null", "<null>", "the `cell` that clears a field; an empty one leaves it alone")
	flags.BoolVar(&f.trustNumbers, "trust-numbers", false, "take ids and phones as they stand, also those that a spreadsheet seems to have damaged")
}

// options are the flags as package provision takes them.
func (f *rosterFlags) options() (provision.ReadOptions, error) {
	opts := provision.ReadOptions{IgnoreUnknown: f.ignoreUnknown, Null: f.null, TrustNumbers: f.trustNumbers}
	if len(f.columns) > 0 {
		opts.Columns = make(map[string]string, len(f.columns))
	}
	for _, pair := range f.columns {
		at := strings.LastIndexByte(pair, '=')
		if at <= 0 {
			return opts, fmt.Errorf(`--map %q: write the heading, "=" and the field, as in --map "Employee ID=external_id"`, pair)
		}
		opts.Columns[strings.TrimSpace(pair[:at])] = strings.TrimSpace(pair[at+1:])
	}
	return opts, nil
}

// reading is a roster on its way, and what it has said so far.
type reading struct {
	rows    int
	notices []string
	err     error
}

// read opens the roster in the file at path; "-" is the standard input. What kind
// of file it is, is told by its content: a workbook may be called .csv.
func (f *rosterFlags) read(h host, path string) (provision.Roster, *reading, func(), error) {
	opts, err := f.options()
	if err != nil {
		return nil, nil, nil, err
	}
	file := io.NopCloser(h.in)
	if path != "-" {
		if file, err = os.Open(filepath.Clean(path)); err != nil {
			return nil, nil, nil, err
		}
	}
	closeFile := func() { _ = file.Close() } // only read from
	in := bufio.NewReader(file)
	roster, err := f.rosterOf(in, opts)
	if err != nil {
		closeFile()
		return nil, nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	seen := &reading{}
	return seen.watch(withoutPasswords(roster, opts)), seen, closeFile, nil
}

func (f *rosterFlags) rosterOf(in *bufio.Reader, opts provision.ReadOptions) (provision.Roster, error) {
	start, _ := in.Peek(8)
	workbook := bytes.HasPrefix(start, []byte("PK\x03\x04"))
	switch {
	case workbook:
		return readWorkbook(in, f.sheet, f.headingRow, opts)
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0")):
		return nil, errors.New("is a workbook of the old kind, or one with a password; save it as .xlsx without a password")
	case f.sheet != "" || f.headingRow != 0:
		return nil, errors.New("is no workbook; --sheet and --heading-row are for .xlsx")
	}
	text := bytes.TrimLeftFunc(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), unicode.IsSpace)
	if bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("[")) {
		return provision.ReadJSON(in, opts), nil
	}
	return provision.ReadCSV(in, opts), nil
}

// watch counts what passes by.
func (r *reading) watch(roster provision.Roster) provision.Roster {
	return func(yield func(provision.Row, error) bool) {
		for row, err := range roster {
			if err != nil {
				r.err = err
			} else {
				r.rows++
				r.notices = append(r.notices, row.Notices...)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// code is the exit code of an error that came while the roster was being read:
// the roster's, or that of the fleet.
func (r *reading) code() int {
	if r.err != nil || r.rows == 0 {
		return exitRows
	}
	return exitStopped
}

// foldName makes the spellings of a heading equal, as package provision does.
func foldName(heading string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '\ufeff' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, heading)
}

// fieldOf is the name of the field that a heading stands for; "" where it is left
// out.
func fieldOf(heading string, opts provision.ReadOptions) string {
	for from, to := range opts.Columns {
		if foldName(from) == foldName(heading) {
			return to
		}
	}
	return strings.TrimSpace(heading)
}
