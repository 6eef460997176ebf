package provision_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

func readAll(t testing.TB, roster provision.Roster) []provision.Row {
	t.Helper()
	var all []provision.Row
	for row, err := range roster {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

func get[T any](o motive.Optional[T]) T {
	v, _ := o.Get()
	return v
}

// What the two people of every file below are.
func checkPeople(t *testing.T, rows []provision.Row) {
	t.Helper()
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2: %+v", len(rows), rows)
	}
	first, second := rows[0], rows[1]
	if first.ExternalID != "0012" || get(first.Attributes.FirstName) != "Céline" || get(first.Attributes.LastName) != "Duarte" {
		t.Errorf("first row: %+v", first)
	}
	if second.ExternalID != "0013" || get(second.Attributes.FirstName) != "Bram" || !second.Attributes.LastName.IsZero() {
		t.Errorf("second row: %+v", second)
	}
	for _, row := range rows {
		if len(row.Problems) > 0 {
			t.Errorf("problems: %v", row.Problems)
		}
	}
}

func utf16Bytes(order binary.AppendByteOrder, s string, mark bool) string {
	var out []byte
	if mark {
		s = "\ufeff" + s
	}
	for _, unit := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

func TestFilesOfEverySpreadsheetAreRead(t *testing.T) {
	t.Parallel()
	const plain = "external_id,first_name,last_name\n0012,Céline,Duarte\n0013,Bram,\n"
	windows := strings.ReplaceAll(plain, "é", "\xe9")
	for _, test := range []struct {
		name, file string
		lines      []int
	}{
		{"as it is", plain, []int{2, 3}},
		{"with a mark", "\ufeff" + plain, []int{2, 3}},
		{"with a mark within quotes", "\"\ufeffexternal_id\",first_name,last_name\n0012,Céline,Duarte\n0013,Bram,\n", []int{2, 3}},
		{"CRLF", strings.ReplaceAll(plain, "\n", "\r\n"), []int{2, 3}},
		{"semicolons", strings.ReplaceAll(plain, ",", ";"), []int{2, 3}},
		{"tabs", strings.ReplaceAll(plain, ",", "\t"), []int{2, 3}},
		{"a sep line", "sep=;\r\n" + strings.ReplaceAll(plain, ",", ";"), []int{3, 4}},
		{"a sep line in quotes' place", "SEP=|\n" + strings.ReplaceAll(plain, ",", "|"), []int{3, 4}},
		{"UTF-16, little end first", utf16Bytes(binary.LittleEndian, plain, true), []int{2, 3}},
		{"UTF-16, big end first", utf16Bytes(binary.BigEndian, plain, true), []int{2, 3}},
		{"Windows-1252", windows, []int{2, 3}},
		{"no last line end", strings.TrimSuffix(plain, "\n"), []int{2, 3}},
		{"blank rows", "\n\n" + strings.Replace(plain, "0013", ",,\n\n \t , ,\n0013", 1), []int{4, 8}},
		{"trailing empty cells", "external_id,first_name,last_name,,\n0012,Céline,Duarte,,,,\n0013,Bram\n", []int{2, 3}},
		{"spaces around", " External ID , FIRST-NAME ,Last name\n 0012 , Céline,Duarte \n0013,\tBram,\n", []int{2, 3}},
		{"a quoted line break in a column left out", "external_id,first_name,last_name,x\n0012,Céline,Duarte,\"a\nb\"\n0013,Bram,,\n", []int{2, 4}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := readAll(t, provision.ReadCSV(strings.NewReader(test.file), provision.ReadOptions{IgnoreUnknown: true}))
			checkPeople(t, got)
			for i, row := range got {
				if row.Line != test.lines[i] {
					t.Errorf("row %d is on line %d, want %d", i, row.Line, test.lines[i])
				}
			}
			notices := len(got[0].Notices) + len(got[1].Notices)
			if want := strings.Contains(test.file, "C\xe9line"); (notices == 1) != want {
				t.Errorf("%d notices: %q", notices, got[0].Notices)
			}
		})
	}
}

func TestWindows1252IsSaidOnce(t *testing.T) {
	t.Parallel()
	file := "external_id,first_name\n" + strings.Repeat("1,Ada\n", 20_000) + "2,Ren\xe9\x80\n3,Ren\xe9\n"
	var notices []string
	var last []string
	for _, row := range readAll(t, provision.ReadCSV(strings.NewReader(file), provision.ReadOptions{})) {
		notices = append(notices, row.Notices...)
		last = append(last, get(row.Attributes.FirstName))
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "line 20002 ") || !strings.Contains(notices[0], "Windows-1252") {
		t.Errorf("notices: %q", notices)
	}
	if got := last[len(last)-2:]; !slices.Equal(got, []string{"René€", "René"}) {
		t.Errorf("names: %q", got)
	}
}

func TestAnEmptyCellLeavesAloneAndTheMarkerClears(t *testing.T) {
	t.Parallel()
	const file = "external_id,email,phone,group_ids\n1,,<null>,101; 102\n"
	row := readAll(t, csvRoster(file))[0]
	if !row.Attributes.Email.IsZero() || !row.Attributes.Phone.IsNull() || !slices.Equal(get(row.Attributes.GroupIDs), []int64{101, 102}) {
		t.Errorf("%+v", row)
	}
	row = readAll(t, provision.ReadCSV(strings.NewReader(strings.ReplaceAll(file, "<null>", "-")), provision.ReadOptions{Null: "-"}))[0]
	if !row.Attributes.Phone.IsNull() {
		t.Errorf("%+v", row)
	}
}

func TestHeadingsAreMapped(t *testing.T) {
	t.Parallel()
	const file = "Employee ID,Surname,Shoe size\n7,Moss,42\n"
	opts := provision.ReadOptions{Columns: map[string]string{"employee-id": "external_id", "SURNAME": "last_name", "shoe size": ""}}
	row := readAll(t, provision.ReadCSV(strings.NewReader(file), opts))[0]
	if row.ExternalID != "7" || get(row.Attributes.LastName) != "Moss" || len(row.Problems) > 0 {
		t.Errorf("%+v", row)
	}
	if !slices.Equal(row.Columns, []string{"Employee ID", "Surname", "Shoe size"}) || !slices.Equal(row.Cells, []string{"7", "Moss", "42"}) {
		t.Errorf("the row is not kept as it stood: %q %q", row.Columns, row.Cells)
	}
}

func TestUnusableFilesNameEverythingAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		opts       provision.ReadOptions
		want       []string
	}{
		{"empty", "", provision.ReadOptions{}, []string{"the file is empty"}},
		{"blank", "\n , \n", provision.ReadOptions{}, []string{"the file is empty"}},
		{"unknown columns", "external_id,surname,fist_name,user name,x\n", provision.ReadOptions{}, []string{
			"line 1, surname: is not a column", "line 1, fist_name: is not a column of the API; did you mean first_name?", "line 1, x: is not a column"}},
		{"a column twice", "external_id,Email,e-mail\n", provision.ReadOptions{}, []string{`line 1, e-mail: is email, as "Email" is`}},
		{"nothing known", "a,b\n", provision.ReadOptions{IgnoreUnknown: true}, []string{"no column has a name of the API"}},
		{"a mapping that leads nowhere", "external_id\n", provision.ReadOptions{Columns: map[string]string{"Employee ID": "external_id"}},
			[]string{"Employee ID: is mapped"}},
		{"quotes", "external_id,\"x\n", provision.ReadOptions{}, []string{"line 1: has a quote that does not end"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := provision.Check(provision.ReadCSV(strings.NewReader(test.file), test.opts))
			var unreadable *provision.RosterError
			if !errors.As(err, &unreadable) {
				t.Fatalf("error %v, want a *RosterError", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
		})
	}
}

func TestAFileThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the cable was pulled")
	file := &failing{strings.NewReader("external_id,first_name\n1,Ada\n2,Br"), broken}
	if _, _, err := provision.Check(provision.ReadCSV(file, provision.ReadOptions{})); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	file = &failing{strings.NewReader(`{"external_id":"1"}` + "\n{"), broken}
	if _, _, err := provision.Check(provision.ReadJSON(file, provision.ReadOptions{})); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type failing struct {
	*strings.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil {
		return n, f.err
	}
	return n, nil
}

func TestRowProblems(t *testing.T) {
	t.Parallel()
	const header = "external_id,first_name,role,email,phone,joined_at,metric_units,group_ids,cycle,eld_mode\n"
	for _, test := range []struct {
		name, rows string
		want       []string
	}{
		{"several in one row", "1,Ada,drivr,x,,1/2/26,maybe,north,70_9,exmpt\n", []string{
			`line 2, role: "drivr" is not a documented value (did you mean "driver"?)`, `line 2, email: "x" is not an email address`,
			`line 2, joined_at: "1/2/26" is not a date; write it as 2026-01-31`, `line 2, metric_units: "maybe" is neither true nor false`,
			`line 2, group_ids: "north" is not an id`, `line 2, cycle: "70_9" is not`, `line 2, eld_mode: "exmpt" is not`}},
		{"doubles", "1,Ada,,a@example.com,555-0101,,,,,\n1,Bram,,A@example.com,(555) 0101,,,,,\n", []string{
			"line 2, external_id: is on line 3 too", "line 3, external_id: is on line 2 too",
			"line 2, email: is on line 3 too", "line 3, email: is on line 2 too", "line 2, phone: is on line 3 too", "line 3, phone: is on line 2 too"}},
		{"too many cells", "1,Ada,,,,,,,,,surplus\n", []string{"line 2: has 11 cells where the first line names 10 columns"}},
		{"a stray quote", "1,Ada \"Ace\" Moss,,,,,,,,\n2,x,bad,,,,,,,\n", []string{"line 2: has a quote inside a cell", `line 3, role: "bad"`}},
		{"a number shortened", "1.00123E+11,Ada,,,\"5,55E+09\",,,,,\n", []string{"line 2, external_id: is \"1.00123E+11\"", "line 2, phone: is \"5,55E+09\""}},
		{"a number with a fraction", "1001.0,Ada,,,,,,,,\n", []string{`line 2, external_id: is "1001.0", which was made a number`}},
		{"zeros lost", "0007,Ada,,,,,,,,\n0012,Bram,,,,,,,,\n13,Cleo,,,,,,,,\nX1,Dora,,,,,,,,\n", []string{`line 4, external_id: is "13", and other ids of the column begin with a zero and have 4 digits`}},
		{"an error of the spreadsheet", "1,#N/A,,,,,,,,\n", []string{`line 2, first_name: is "#N/A", an error of the spreadsheet`}},
		{"a control sequence", "1,Ada\x1b[31m,,,,,,,,\n", []string{"line 2, first_name: contains a line break, a tab or another control character"}},
		{"a byte of no encoding", "1,Ad\x81,,,,,,,,\n", []string{"line 2, first_name: has a character that no encoding explains"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems, err := provision.Check(csvRoster(header + test.rows))
			if err != nil {
				t.Fatal(err)
			}
			all := make([]string, len(problems))
			for i, p := range problems {
				all[i] = p.Error()
			}
			for _, want := range test.want {
				if !slices.ContainsFunc(all, func(p string) bool { return strings.HasPrefix(p, want) }) {
					t.Errorf("no problem begins with %q:\n%s", want, strings.Join(all, "\n"))
				}
			}
			if len(problems) != len(test.want) {
				t.Errorf("%d problems, want %d:\n%s", len(problems), len(test.want), strings.Join(all, "\n"))
			}
		})
	}
}

func TestIdsThatOnlyLookDamagedPass(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		opts       provision.ReadOptions
	}{
		{"zeros of several lengths", "external_id\n007\n0012\n13\n", provision.ReadOptions{}},
		{"no zeros", "external_id\n7\n12\n130\n", provision.ReadOptions{}},
		{"longer ids", "external_id\n07\n123\n", provision.ReadOptions{}},
		{"hexadecimal", "external_id\n12E5\n1EA\n", provision.ReadOptions{}},
		{"on trust", "external_id\n0007\n12\n1.5E+03\n", provision.ReadOptions{TrustNumbers: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, problems, err := provision.Check(provision.ReadCSV(strings.NewReader(test.file), test.opts)); err != nil || len(problems) > 0 {
				t.Errorf("%v, %v", problems, err)
			}
		})
	}
}

func TestAnEmptyRosterIsAnError(t *testing.T) {
	t.Parallel()
	for name, roster := range map[string]provision.Roster{
		"headings only": csvRoster("external_id,first_name\n\n,\n"),
		"JSON":          provision.ReadJSON(strings.NewReader("\n \n"), provision.ReadOptions{}),
		"a program's":   rows(),
	} {
		if _, _, err := provision.Check(roster); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	const file = `{"external_id":"1","first_name":"Ada","email":null,"metric_units":true,"group_ids":[101,102],"phone":""}

{"external_id":2,"role":"fleet_user","group_visibility":"limited","custom_user_role":{"user_role_id":9,"group_ids":[101]}}
`
	got := readAll(t, provision.ReadJSON(strings.NewReader(file), provision.ReadOptions{}))
	if len(got) != 2 {
		t.Fatalf("%d rows", len(got))
	}
	first, second := got[0], got[1]
	if first.ExternalID != "1" || !first.Attributes.Email.IsNull() || !get(first.Attributes.MetricUnits) || !first.Attributes.Phone.IsZero() ||
		!slices.Equal(get(first.Attributes.GroupIDs), []int64{101, 102}) || first.Line != 1 || len(first.Problems) > 0 {
		t.Errorf("first: %+v", first)
	}
	custom := get(second.Attributes.CustomUserRole)
	if second.ExternalID != "2" || second.Line != 3 || custom.UserRoleID != 9 || !slices.Equal(custom.GroupIDs, []int64{101}) || len(second.Problems) > 0 {
		t.Errorf("second: %+v", second)
	}
}

func TestJSONProblems(t *testing.T) {
	t.Parallel()
	const file = `{"external_id":"1","surname":"x","fist_name":"y"}
nonsense
{"external_id":"2","email":{"a":1},"joined_at":"yesterday","eld_mode":null}
`
	_, problems, err := provision.Check(provision.ReadJSON(strings.NewReader(file), provision.ReadOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprint(problems)
	for _, want := range []string{"line 1, fist_name: is not a column of the API; did you mean first_name?", "line 1, surname: is not", "line 2: is not a JSON object",
		"line 3, email: is an object", `line 3, joined_at: "yesterday" is not a date`} {
		if !strings.Contains(all, want) {
			t.Errorf("no problem %q in %s", want, all)
		}
	}
	if _, _, err := provision.Check(provision.ReadJSON(strings.NewReader("[{}]"), provision.ReadOptions{})); err == nil {
		t.Error("a JSON array passed")
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("external_id,first_name\n1,Ada\n"))
	f.Add([]byte("sep=;\nexternal_id;cycle\n\"1\";70_8\n"))
	f.Add([]byte("\xff\xfee\x00m\x00a\x00i\x00l\x00\n\x00"))
	f.Add([]byte("email,phone\n\xe9@x,1E+5\n\"unclosed"))
	f.Add([]byte("external_id,group_ids,joined_at,metric_units\n<null>,<null>,<null>,<null>\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzRoster(t, provision.ReadCSV(bytes.NewReader(data), provision.ReadOptions{IgnoreUnknown: true}))
	})
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(`{"external_id":"1","group_ids":[1,2]}`))
	f.Add([]byte("{\"email\":null}\n{\"custom_user_role\":{\"user_role_id\":1}}\n{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzRoster(t, provision.ReadJSON(bytes.NewReader(data), provision.ReadOptions{IgnoreUnknown: true}))
	})
}

// fuzzRoster: no file makes the reader panic or hang, lines ascend, and no text
// that is shown steers a terminal.
func fuzzRoster(t *testing.T, roster provision.Roster) {
	line := 0
	for row, err := range roster {
		if err != nil {
			return
		}
		if row.Line <= line {
			t.Fatalf("line %d follows line %d", row.Line, line)
		}
		line = row.Line
		for _, p := range row.Problems {
			if strings.ContainsAny(p.Error(), "\x1b\x00\n\r") {
				t.Errorf("a control character in %q", p.Error())
			}
		}
	}
}
