package motive

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// Users and requests hold licence numbers and passwords, so they print and log
// themselves: the fields that carry something, under the API's names, with
// secrets blotted out. Two ways around this are closed to a type: fmt does not
// ask what stands in an unexported field of another struct, and slog's JSON
// handler writes a slice or another struct that holds users through MarshalJSON.

const redacted = "[redacted]"

// LogValue shows the fields of u that are not zero and the keys of Extra. The
// licence number is redacted.
func (u User) LogValue() slog.Value {
	attrs := shownFields(userFields, reflect.ValueOf(u))
	if len(u.Extra) > 0 {
		attrs = append(attrs, slog.Any("extra", slices.Sorted(maps.Keys(u.Extra))))
	}
	return slog.GroupValue(attrs...)
}

// Format prints u as LogValue shows it, under every verb:
// User{id:7 first_name:"Ada"}.
func (u User) Format(s fmt.State, _ rune) { printFields(s, "User", u.LogValue()) }

// LogValue shows the pagination and the number of users.
func (p UserPage) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("users", len(p.Users)),
		slog.Int("per_page", p.Pagination.PerPage),
		slog.Int("page_no", p.Pagination.PageNo),
		slog.Int("total", p.Pagination.Total))
}

// LogValue shows the fields of a that are sent. The password and the licence
// number are redacted.
func (a UserAttributes) LogValue() slog.Value {
	return slog.GroupValue(shownFields(attributeFields, reflect.ValueOf(a))...)
}

// Format prints a as LogValue shows it, under every verb.
func (a UserAttributes) Format(s fmt.State, _ rune) {
	printFields(s, "UserAttributes", a.LogValue())
}

// LogValue shows the fields of r that are sent. The password and the licence
// number are redacted.
func (r CreateUserRequest) LogValue() slog.Value { return UserAttributes(r).LogValue() }

// Format prints r as LogValue shows it, under every verb.
func (r CreateUserRequest) Format(s fmt.State, _ rune) {
	printFields(s, "CreateUserRequest", r.LogValue())
}

// LogValue shows the fields of r that are sent. The password and the licence
// number are redacted.
func (r UpdateUserRequest) LogValue() slog.Value { return UserAttributes(r).LogValue() }

// Format prints r as LogValue shows it, under every verb.
func (r UpdateUserRequest) Format(s fmt.State, _ rune) {
	printFields(s, "UpdateUserRequest", r.LogValue())
}

// shownFields lists what a struct carries: fields that are not zero, nor absent
// in the case of an [Optional].
func shownFields(table *fieldTable, v reflect.Value) []slog.Attr {
	var attrs []slog.Attr
	for i, f := range table.fields {
		if f.name == "" || v.Field(i).IsZero() {
			continue
		}
		value := v.Field(i).Interface()
		if o, ok := value.(interface{ sent() any }); ok {
			value = o.sent()
		}
		if rv := reflect.ValueOf(value); rv.Kind() == reflect.String {
			value = rv.String() // an enum as well
		}
		secret := f.name == "password" || f.name == "drivers_license_number"
		if secret && value != nil && value != "" {
			value = redacted
		}
		attrs = append(attrs, slog.Any(f.name, value))
	}
	return attrs
}

// sent returns what goes into the body, nil for null.
func (o Optional[T]) sent() any {
	if o.state != stateSet {
		return nil
	}
	return o.value
}

func printFields(w io.Writer, name string, group slog.Value) {
	out := append([]byte(name), '{')
	for i, attr := range group.Group() {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(append(out, attr.Key...), ':')
		out = appendShown(out, attr.Value)
	}
	_, _ = w.Write(append(out, '}'))
}

// appendShown writes a string in quotes, so that it shows where it ends, and
// the rest as JSON.
func appendShown(out []byte, v slog.Value) []byte {
	if v.Kind() == slog.KindString {
		if v.String() == redacted {
			return append(out, redacted...)
		}
		return strconv.AppendQuote(out, v.String())
	}
	b, err := json.Marshal(v.Any())
	if err != nil { // a time that JSON cannot hold
		return fmt.Append(out, v.Any())
	}
	return append(out, b...)
}
