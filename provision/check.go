package provision

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/text"
)

// Check reads a roster without a fleet and returns how many rows it has and
// everything that is wrong with them. What only a create needs, such as a last
// name, is seen when there is a plan. An error means that the roster cannot be
// read to its end.
func Check(roster Roster) (rows int, problems []Problem, err error) {
	c := newChecker()
	for row, err := range roster {
		if err != nil {
			return rows, problems, err
		}
		rows++
		problems = append(problems, row.Problems...)
		problems = append(problems, validate(&row)...)
		c.add(rows-1, &row)
	}
	for _, found := range c.problems() {
		problems = append(problems, found...)
	}
	sortProblems(problems)
	if rows == 0 {
		return 0, problems, errEmptyRoster
	}
	return rows, problems, nil
}

// errEmptyRoster: a file with no rows is a mistake rather than a fleet that
// everybody has left.
var errEmptyRoster = errors.New("provision: the roster is empty, which is taken for a mistake and not for everybody having left")

// validate judges the values of a row on their own.
func validate(row *Row) []Problem {
	update := motive.UpdateUserRequest(row.Attributes)
	return problemsOf(row.Line, update.Validate())
}

// problemsOf are the problems of a validation error, at a line.
func problemsOf(line int, err error) []Problem {
	var invalid *motive.ValidationError
	if !errors.As(err, &invalid) {
		return nil
	}
	var problems []Problem
	for _, p := range invalid.Problems {
		if p.Field == "" && p.Code == motive.CodeInvalid {
			continue // the update is empty, and a row may say nothing but who it is
		}
		problems = append(problems, Problem{line, p.Field, p.Message})
	}
	return problems
}

// checker looks at the rows together: at values that only one may have, and at
// zeros that some have lost.
type checker struct {
	first map[string]map[string]place // by column, then value
	found map[int][]Problem           // by row
	lines []int
	zeros zeros
}

type place struct{ row, line int }

// key is a value by which a user is known.
type key struct{ field, value string }

func newChecker() *checker {
	return &checker{
		first: make(map[string]map[string]place), found: make(map[int][]Problem),
		zeros: zeros{make(map[string]int), make(map[string][]shortenID)},
	}
}

func (c *checker) add(i int, row *Row) {
	c.lines = append(c.lines, row.Line)
	for _, k := range row.uniqueKeys() {
		seen := c.first[k.field]
		if seen == nil {
			seen = make(map[string]place)
			c.first[k.field] = seen
		}
		before, twice := seen[k.value]
		if !twice {
			seen[k.value] = place{i, row.Line}
			continue
		}
		c.report(i, k.field, "is on "+where(before.line, before.row)+" too; give each person one of their own")
		c.report(before.row, k.field, "is on "+where(row.Line, i)+" too; give each person one of their own")
	}
	if row.Line == 0 || row.trusted {
		return // no spreadsheet has had it
	}
	company, _ := row.Attributes.DriverCompanyID.Get()
	c.zeros.add(i, externalIDColumn, row.ExternalID)
	c.zeros.add(i, "driver_company_id", company)
}

func (c *checker) report(row int, column, message string) {
	c.found[row] = append(c.found[row], Problem{c.lines[row], column, message})
}

// problems are what is wrong with rows once all have been seen.
func (c *checker) problems() map[int][]Problem {
	c.zeros.lost(c.report)
	return c.found
}

// uniqueKeys are the values that no two people can share.
func (row *Row) uniqueKeys() []key {
	keys := make([]key, 0, 4)
	add := func(field, value string) {
		if value != "" {
			keys = append(keys, key{field, value})
		}
	}
	add(externalIDColumn, row.ExternalID)
	username, _ := row.Attributes.Username.Get()
	add("username", strings.ToLower(username))
	email, _ := row.Attributes.Email.Get()
	add("email", strings.ToLower(email))
	phone, _ := row.Attributes.Phone.Get()
	country, _ := row.Attributes.PhoneCountryCode.Get()
	if digits := phoneDigits(phone); digits != "" {
		add("phone", phoneDigits(country)+" "+digits)
	}
	return keys
}

// phoneDigits is a phone number without what people put between its digits.
func phoneDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()/+", r) {
			return -1
		}
		return r
	}, s)
}

// where names a row by its line, or by its place where there is no file.
func where(line, row int) string {
	if line > 0 {
		return "line " + strconv.Itoa(line)
	}
	return "row " + strconv.Itoa(row+1)
}

// countOf reads "1 row" or "12 rows".
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// shown is a text of a roster or of the fleet as a terminal may have it.
func shown(s string) string { return text.Printable(s, 200) }
