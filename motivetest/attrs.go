package motivetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// attrs are the attributes of a user, or the body of a request, by their JSON names. A missing
// key is an absent field.
type attrs map[string]json.RawMessage

// text returns a string field, or "" if it is absent, null or no string.
func (a attrs) text(name string) string {
	var s string
	if raw, ok := a[name]; ok {
		_ = json.Unmarshal(raw, &s)
	}
	return s
}

// on reports whether a boolean field is true.
func (a attrs) on(name string) bool { return string(a[name]) == "true" }

// has reports whether the field is present and neither null nor empty.
func (a attrs) has(name string) bool {
	switch string(a[name]) {
	case "", "null", `""`, "[]", "{}":
		return false
	}
	return true
}

// check returns what is wrong with the type of a request's value, or with the value where the
// values are limited; "" if nothing is. Null is of every type.
func (f *field) check(raw json.RawMessage) string {
	if string(raw) == "null" {
		return ""
	}
	switch f.kind {
	case flag:
		return want(raw, new(bool), "true or false")
	case number:
		return want(raw, new(int64), "an integer")
	case numbers:
		return want(raw, new([]int64), "an array of integers")
	case object:
		return want(raw, new(map[string]any), "an object")
	case objects:
		return want(raw, new([]map[string]any), "an array of objects")
	case day:
		return checkDay(raw)
	}
	var s string
	if wrong := want(raw, &s, "a string"); wrong != "" {
		return wrong
	}
	if f.values == nil || s == "" || slices.Contains(f.values, s) {
		return ""
	}
	return fmt.Sprintf("is %q, which is not one of %s", s, strings.Join(f.values, ", "))
}

func want(raw json.RawMessage, into any, what string) string {
	if json.Unmarshal(raw, into) != nil {
		return "must be " + what
	}
	return ""
}

func checkDay(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "must be a date like 2026-01-31"
	}
	if s == "" {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "must be a date like 2026-01-31"
	}
	return ""
}

// answerOf writes the user as the API shows it: the fields of the role in the order of the
// table, then the unknown ones that were seeded. Nothing that is write only gets in.
func answerOf(a attrs) []byte {
	driver := showsDriver(a.text("role"))
	b := make([]byte, 0, 2048)
	b = append(b, '{')
	for i := range userFields {
		f := &userFields[i]
		if f.access == writeOnly || f.driver && !driver {
			continue
		}
		raw := a[f.name]
		if isBlank(f, raw) {
			raw = json.RawMessage(f.blank)
		}
		if len(raw) > 0 {
			b = appendField(b, f.name, raw)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if fieldByName[name] == nil {
			b = appendField(b, name, a[name])
		}
	}
	return append(b, '}')
}

// isBlank reports whether the table's blank stands in for raw: for null and absent, and for the
// empty string where the values are limited.
func isBlank(f *field, raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null" || f.values != nil && string(raw) == `""`
}

func appendField(b []byte, name string, raw json.RawMessage) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	if fieldByName[name] == nil {
		b = append(b, encode(name)...)
	} else { // plain, and so quoted for nothing
		b = append(append(append(b, '"'), name...), '"')
	}
	b = append(b, ':')
	return append(b, raw...)
}

// decodeObject reads a JSON object and nothing after it.
func decodeObject(data []byte) (attrs, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the text is not UTF-8")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return nil, err
	}
	var a attrs
	if err := json.Unmarshal(compact.Bytes(), &a); err != nil {
		return nil, err
	}
	if a == nil {
		return nil, errors.New("null is not an object")
	}
	return a, nil
}

