package motivetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// redacted stands for every secret.
const redacted = "[redacted]"

// pseudonyms gives each personal value a stand-in, the same one wherever the
// value appears, numbered in the order of first appearance: so a story can be
// recorded anew with a small diff, and nothing of the value is left in it.
type pseudonyms struct {
	byValue map[personal]string
	count   map[dataKind]int
	secrets map[string]bool
}

// A personal value is keyed by kind, so that a first name and a last name that
// read alike do not give each other away. Numbers are of one kind wherever they
// stand: the same id is a number in one answer and a string in the next.
type personal struct {
	kind  dataKind
	value string
}

func newPseudonyms() *pseudonyms {
	return &pseudonyms{byValue: map[personal]string{}, count: map[dataKind]int{}, secrets: map[string]bool{}}
}

// replace is the change of rewriteJSON and its like that takes a value out.
func (p *pseudonyms) replace(s scalar) any {
	value := textOf(s.value)
	if strings.TrimSpace(value) == "" {
		return s.value
	}
	switch s.kind {
	case dataSecret:
		p.secrets[value] = true
		return redacted
	case dataKept, dataKey:
		if p.holdsSecret(value) {
			return redacted
		}
		if name, ok := p.named(value); ok && s.kind == dataKey {
			return name // an object keyed by usernames, say
		}
		return s.value
	case dataMessage:
		return p.scrub(value)
	}
	if _, ok := s.value.(json.Number); !ok {
		return p.of(s.kind, value)
	}
	if s.kind == dataPhone {
		return json.Number(fold(dataPhone, p.of(dataPhone, value)))
	}
	return json.Number(p.of(dataNumber, value))
}

// named returns the stand-in of a value that some field has shown to be of a
// certain kind.
func (p *pseudonyms) named(value string) (string, bool) {
	for k := dataLicence; k < dataKinds; k++ {
		if name, ok := p.byValue[personal{k, fold(k, value)}]; ok && k != dataState {
			return name, true
		}
	}
	return "", false
}

// of returns the stand-in of a value.
func (p *pseudonyms) of(k dataKind, value string) string {
	if k == dataText || k == dataName {
		if name, ok := p.named(value); ok {
			return name
		}
	}
	if numeral.MatchString(value) && (k == dataCode || k == dataText || k == dataZip) {
		k = dataNumber
	}
	key := personal{k, fold(k, value)}
	if name, ok := p.byValue[key]; ok {
		return name
	}
	p.count[k]++
	name := standIn(k, p.count[k])
	if strings.Contains(value, ".") && k == dataNumber {
		name += ".5" // stays a fraction
	}
	p.byValue[key] = name
	return name
}

// fold maps the spellings of one value to one: case says nothing in an address
// of mail, nor punctuation in a phone number.
func fold(k dataKind, value string) string {
	switch k {
	case dataEmail:
		return strings.ToLower(strings.TrimSpace(value))
	case dataPhone:
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, value)
		if len(digits) == 11 {
			digits = strings.TrimPrefix(digits, "1") // the country code of North America
		}
		if digits != "" {
			return digits
		}
	}
	return value
}

// standIns are the forms of stand-ins. Mail goes to a domain reserved for
// examples.
var standIns = map[dataKind]string{
	dataNumber:    "99%06d",
	dataLicence:   "Licence%04d",
	dataFirstName: "First%04d",
	dataLastName:  "Last%04d",
	dataName:      "Name%04d",
	dataEmail:     "person%04d@example.com",
	dataUsername:  "user%04d",
	dataCode:      "Code%04d",
	dataCompany:   "Carrier%04d",
	dataStreet:    "Street%04d",
	dataCity:      "City%04d",
	dataState:     "State%04d",
	dataZip:       "Zip%04d",
}

// standIn returns the nth stand-in of a kind. Phone numbers end in 555-01xx,
// which no line has.
func standIn(k dataKind, n int) string {
	if k == dataPhone {
		return fmt.Sprintf("%d-555-01%02d", 201+(n-1)/100, (n-1)%100)
	}
	form, ok := standIns[k]
	if !ok {
		form = "Text%04d"
	}
	return fmt.Sprintf(form, n)
}

// minSecret is the length from which a secret is looked for inside other
// values: shorter ones would hit words.
const minSecret = 8

func (p *pseudonyms) holdsSecret(s string) bool {
	for secret := range p.secrets {
		if len(secret) >= minSecret && strings.Contains(s, secret) {
			return true
		}
	}
	return false
}

// known returns the values that have a stand-in, the longest first, so that a
// full name goes before the first name in it.
func (p *pseudonyms) known() []personal {
	return slices.SortedFunc(maps.Keys(p.byValue), func(a, b personal) int {
		return cmp.Or(len(b.value)-len(a.value), strings.Compare(a.value, b.value), int(b.kind-a.kind))
	})
}
