package motivetest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/motive-go/motive"
)

// The fake reads and writes motive.User field by field, without the methods of the type: what
// the client's own JSON loses must not be lost here as well.

// userNames has the JSON name of each field of motive.User; "-" for Extra.
var userNames = func() []string {
	user := reflect.TypeFor[motive.User]()
	names := make([]string, user.NumField())
	for i := range names {
		name, _, _ := strings.Cut(user.Field(i).Tag.Get("json"), ",")
		names[i] = cmp.Or(name, "-")
	}
	return names
}()

// attrsOf returns the fields of u that are not zero, and the rest from Extra.
func attrsOf(u motive.User) (attrs, error) {
	a := attrs{}
	for name, raw := range u.Extra {
		if raw == nil {
			raw = json.RawMessage("null")
		}
		value, err := compacted(raw)
		if err != nil {
			return nil, fmt.Errorf("extra field %q: %w", name, err)
		}
		a[name] = value
	}
	fields := reflect.ValueOf(u)
	for i, name := range userNames {
		if name == "-" || fields.Field(i).IsZero() {
			continue
		}
		value := fields.Field(i).Interface()
		if day, ok := value.(motive.Date); ok {
			value = day.Format(time.DateOnly)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		a[name] = raw
	}
	return a, nil
}

func compacted(raw json.RawMessage) (json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("the text is not UTF-8")
	}
	var b bytes.Buffer
	err := json.Compact(&b, raw)
	return b.Bytes(), err
}

// userOf reads what answerOf wrote. What does not fit its field, as a seeded user may have in
// Extra, is kept there.
func userOf(u *user) (motive.User, error) {
	var out motive.User
	var a attrs
	if err := json.Unmarshal(u.answer, &a); err != nil {
		return out, err
	}
	fields := reflect.ValueOf(&out).Elem()
	for i, name := range userNames {
		raw, ok := a[name]
		if ok && name != "-" && read(raw, fields.Field(i)) {
			delete(a, name)
		}
	}
	if len(a) > 0 {
		out.Extra = a
	}
	return out, nil
}

// read sets a field to the JSON value; false if it is of another type. A null or empty time is
// none.
func read(raw json.RawMessage, field reflect.Value) bool {
	switch into := field.Addr().Interface().(type) {
	case *motive.Date:
		return readTime(raw, time.DateOnly, &into.Time)
	case *time.Time:
		return readTime(raw, time.RFC3339, into)
	}
	value := reflect.New(field.Type())
	if json.Unmarshal(raw, value.Interface()) != nil {
		return false
	}
	field.Set(value.Elem())
	return true
}

func readTime(raw json.RawMessage, layout string, into *time.Time) bool {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return false
	}
	if s == "" {
		return true
	}
	t, err := time.Parse(layout, s)
	if err == nil {
		*into = t
	}
	return err == nil
}
