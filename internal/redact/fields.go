package redact

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Attrs lists what the struct v carries, under the names in JSON: the fields that
// are not zero, with a mark in place of those whose names are secrets. A field
// with a LogValue of its own is shown by it.
func Attrs(v any, secrets ...string) []slog.Attr {
	var attrs []slog.Attr
	fields := reflect.ValueOf(v)
	for i := range fields.NumField() {
		field := fields.Field(i)
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" || field.IsZero() {
			continue
		}
		value := slog.AnyValue(field.Interface()).Resolve().Any()
		if rv := reflect.ValueOf(value); rv.Kind() == reflect.String {
			value = rv.String() // of a type of its own as well
		}
		if slices.Contains(secrets, name) && value != nil && value != "" {
			value = Mark
		}
		attrs = append(attrs, slog.Any(name, value))
	}
	return attrs
}

// Print writes a struct as fmt shows it: User{id:7 first_name:"Ada"}.
func Print(w io.Writer, name string, attrs []slog.Attr) {
	out := append([]byte(name), '{')
	for i, attr := range attrs {
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
		if v.String() == Mark {
			return append(out, Mark...)
		}
		return strconv.AppendQuote(out, v.String())
	}
	b, err := json.Marshal(v.Any())
	if err != nil { // a time that JSON cannot hold
		return fmt.Append(out, v.Any())
	}
	return append(out, b...)
}
