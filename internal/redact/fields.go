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
	var fields []string
	for _, attr := range v.LogValue().Group() {
		fields = append(fields, attr.Key+":"+shown(attr.Value.Any()))
	}
	_, _ = io.WriteString(w, reflect.TypeOf(v).Name()+"{"+strings.Join(fields, " ")+"}")
}

// shown is a string in quotes, so that its end shows, and the rest as JSON.
func shown(v any) string {
	switch s, ok := v.(string); {
	case s == Mark:
		return Mark
	case ok:
		return strconv.Quote(s)
	}
	b, err := json.Marshal(v)
	if err != nil { // a time that JSON cannot hold
		return fmt.Sprint(v)
	}
	return string(b)
}
