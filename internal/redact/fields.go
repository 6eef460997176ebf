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

// Attrs lists what a struct carries, to print and to log it: its fields that are not
// zero, under their names in JSON, with a mark in place of those that are secret. A
// field with a LogValue of its own is shown by it.
func Attrs(v any, secrets ...string) []slog.Attr {
	var attrs []slog.Attr
	fields := reflect.ValueOf(v)
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" || fields.Field(i).IsZero() {
			continue
		}
		value := slog.AnyValue(fields.Field(i).Interface()).Resolve().Any()
		if rv := reflect.ValueOf(value); rv.Kind() == reflect.String {
			value = rv.String() // of a type of its own as well
		}
		if value != nil && value != "" && slices.Contains(secrets, name) {
			value = Mark
		}
		attrs = append(attrs, slog.Any(name, value))
	}
	return attrs
}

// Print writes a struct as fmt shows it, by its LogValue: User{id:7 first_name:"Ada"}.
func Print(w io.Writer, v slog.LogValuer) {
	out := append([]byte(reflect.TypeOf(v).Name()), '{')
	for i, attr := range v.LogValue().Group() {
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
