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

// Fields prints and logs a type of struct: the fields that carry something,
// under their names in JSON, and a mark in place of secrets.
type Fields struct {
	shown []shownField
}

type shownField struct {
	name   string
	place  int // in the struct
	secret bool
}

// NewFields lists the fields of the struct T. Those of the given names in JSON
// are secret.
func NewFields[T any](secrets ...string) *Fields {
	f := new(Fields)
	typ := reflect.TypeFor[T]()
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name != "-" {
			f.shown = append(f.shown, shownField{name, i, slices.Contains(secrets, name)})
		}
	}
	return f
}

// Attrs lists what the struct that v is carries: the fields that are not zero.
// A field with a LogValue of its own is shown by it.
func (f *Fields) Attrs(v any) []slog.Attr {
	var attrs []slog.Attr
	fields := reflect.ValueOf(v)
	for _, s := range f.shown {
		field := fields.Field(s.place)
		if field.IsZero() {
			continue
		}
		value := slog.AnyValue(field.Interface()).Resolve().Any()
		if rv := reflect.ValueOf(value); rv.Kind() == reflect.String {
			value = rv.String() // of a type of its own as well
		}
		if s.secret && value != nil && value != "" {
			value = Mark
		}
		attrs = append(attrs, slog.Any(s.name, value))
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
