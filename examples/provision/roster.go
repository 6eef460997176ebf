package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/motive-go/motive"
)

// person is one row of a roster.
type person struct {
	line     int
	id       string // the external id
	request  *motive.CreateUserRequest
	problems []motive.FieldError
}

func (p *person) name() string {
	first, _ := p.request.FirstName.Get()
	last, _ := p.request.LastName.Get()
	return strings.TrimSpace(first + " " + last)
}

// columns says what the cells of a column mean. Their names are those of the
// API, with two of the roster's own: external_id and exceptions. An empty cell
// leaves its field out.
var columns = map[string]func(*person, string) error{
	"external_id":            func(p *person, s string) error { p.id = s; return nil },
	"first_name":             text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.FirstName }),
	"last_name":              text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.LastName }),
	"email":                  text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.Email }),
	"username":               text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.Username }),
	"password":               text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.Password }),
	"phone":                  text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.Phone }),
	"time_zone":              text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.TimeZone }),
	"driver_company_id":      text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.DriverCompanyID }),
	"drivers_license_number": text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.DriversLicenseNumber }),
	"drivers_license_state":  text(func(r *motive.CreateUserRequest) *motive.Optional[string] { return &r.DriversLicenseState }),
	"role":                   word(motive.ParseRole, func(r *motive.CreateUserRequest) *motive.Optional[motive.Role] { return &r.Role }),
	"eld_mode":               word(motive.ParseELDMode, func(r *motive.CreateUserRequest) *motive.Optional[motive.ELDMode] { return &r.ELDMode }),
	"time_tracking_mode": word(motive.ParseTimeTrackingMode, func(r *motive.CreateUserRequest) *motive.Optional[motive.TimeTrackingMode] {
		return &r.TimeTrackingMode
	}),
	"cycle":      word(motive.ParseCycle, func(r *motive.CreateUserRequest) *motive.Optional[motive.Cycle] { return &r.Cycle }),
	"exceptions": setExceptions,
	"group_ids":  setGroups,
}

func text(field func(*motive.CreateUserRequest) *motive.Optional[string]) func(*person, string) error {
	return func(p *person, s string) error {
		*field(p.request) = motive.Set(s)
		return nil
	}
}

// word takes the spellings that parse knows. Any other is left for validation to
// explain.
func word[T ~string](parse func(string) (T, error), field func(*motive.CreateUserRequest) *motive.Optional[T]) func(*person, string) error {
	return func(p *person, s string) error {
		value, err := parse(s)
		if err != nil {
			value = T(s)
		}
		*field(p.request) = motive.Set(value)
		return nil
	}
}

func setExceptions(p *person, s string) error {
	r := p.request
	fields := map[motive.Exception]*motive.Optional[bool]{
		motive.Exception24HourRestart:   &r.Exception24HourRestart,
		motive.Exception8HourBreak:      &r.Exception8HourBreak,
		motive.ExceptionWaitTime:        &r.ExceptionWaitTime,
		motive.ExceptionShortHaul:       &r.ExceptionShortHaul,
		motive.ExceptionCAFarmSchoolBus: &r.ExceptionCAFarmSchoolBus,
		motive.ExceptionAdverseDriving:  &r.ExceptionAdverseDriving,
	}
	for _, name := range strings.FieldsFunc(s, func(c rune) bool { return c == ';' || c == ' ' }) {
		exception, err := motive.ParseException("exception_" + strings.TrimPrefix(name, "exception_"))
		if err != nil {
			return err
		}
		*fields[exception] = motive.Set(true)
	}
	return nil
}

// setGroups puts a driver into groups. The groups of office staff need a role of
// the dashboard beside them, which a roster does not have.
func setGroups(p *person, s string) error {
	var ids []int64
	for _, cell := range strings.FieldsFunc(s, func(c rune) bool { return c == ';' || c == ' ' }) {
		id, err := strconv.ParseInt(cell, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a group's id: write ids as numbers, 101;102", cell)
		}
		ids = append(ids, id)
	}
	p.request.GroupIDs = motive.Set(ids)
	return nil
}

// readRoster reads a CSV whose first line names its columns. A row that is wrong
// is returned with its problems; an error means that the file as a whole cannot
// be read.
func readRoster(in io.Reader, integration string) ([]*person, error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1 // a short row is a problem of its line, not of the file
	r.TrimLeadingSpace = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the roster is empty: its first line names the columns, as in testdata/roster.csv")
	}
	if err != nil {
		return nil, err
	}
	if err := checkHeader(header); err != nil {
		return nil, err
	}
	var people []*person
	lineOf := make(map[string]int)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return people, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		p := newPerson(line, header, record, integration)
		if first, seen := lineOf[p.id]; seen && p.id != "" {
			p.problem("external_id", fmt.Sprintf("%q stands on line %d already: give each person one of their own", p.id, first))
		} else {
			lineOf[p.id] = line
		}
		people = append(people, p)
	}
}

func checkHeader(header []string) error {
	header[0] = strings.TrimPrefix(header[0], "\ufeff") // spreadsheets put a mark at the start
	seen := make(map[string]bool)
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		header[i] = name
		if columns[name] == nil {
			return fmt.Errorf("line 1: column %q is unknown: use %s", name, strings.Join(slices.Sorted(maps.Keys(columns)), ", "))
		}
		if seen[name] {
			return fmt.Errorf("line 1: column %q stands there twice", name)
		}
		seen[name] = true
	}
	if !seen["external_id"] {
		return errors.New("line 1: there is no column external_id, by which people are recognised in a second run")
	}
	return nil
}

func newPerson(line int, header, record []string, integration string) *person {
	p := &person{line: line, request: &motive.CreateUserRequest{}}
	if len(record) != len(header) {
		p.problem("", fmt.Sprintf("has %d cells where the first line names %d columns", len(record), len(header)))
	}
	for i, cell := range record[:min(len(record), len(header))] {
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		if err := columns[header[i]](p, cell); err != nil {
			p.problem(header[i], err.Error())
		}
	}
	if p.id == "" {
		p.problem("external_id", "is required: people are recognised by it in a second run")
	} else {
		p.request.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ExternalID: p.id, IntegrationName: integration}})
	}
	var invalid *motive.ValidationError
	if errors.As(p.request.Validate(), &invalid) {
		p.problems = append(p.problems, invalid.Problems...)
	}
	return p
}

func (p *person) problem(field, message string) {
	p.problems = append(p.problems, motive.FieldError{Field: field, Message: message})
}
