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
	return !slices.Contains([]string{"", "null", `""`, "[]", "{}"}, string(a[name]))
}

// check returns what is wrong with the type of a request's value, or with the value where the
// values are limited; "" if nothing is. Null is of every type.
func (f *field) check(raw json.RawMessage) string {
	var s string
	into, what := any(&s), "a string"
	switch f.kind {
	case flag:
		into, what = new(bool), "true or false"
	case number:
		into, what = new(int64), "an integer"
	case numbers:
		into, what = new([]int64), "an array of integers"
	case object:
		into, what = new(map[string]any), "an object"
	case objects:
		into, what = new([]map[string]any), "an array of objects"
	case day:
		what = "a date like 2026-01-31"
	}
	err := json.Unmarshal(raw, into)
	if err == nil && f.kind == day && s != "" {
		_, err = time.Parse(time.DateOnly, s)
	}
	if err != nil {
		return "must be " + what
	}
	if f.values == nil || s == "" || slices.Contains(f.values, s) {
		return ""
	}
	return fmt.Sprintf("is %q, which is not one of %s", s, strings.Join(f.values, ", "))
}

// answerOf writes the user as the API shows it: the fields of the role in the order of the
// table, then the unknown ones that were seeded. Nothing that is write only gets in.
func answerOf(a attrs) []byte {
	driver := showsDriver(a.text("role"))
	b := append(make([]byte, 0, 2048), '{')
	for _, f := range userFields {
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
	data, err := compacted(data)
	if err != nil {
		return nil, err
	}
	var a attrs
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, err
	}
	if a == nil {
		return nil, errors.New("null is not an object")
	}
	return a, nil
}

// compacted returns one JSON value without the space in it.
func compacted(data []byte) ([]byte, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the text is not UTF-8")
	}
	var b bytes.Buffer
	err := json.Compact(&b, data)
	return b.Bytes(), err
}
