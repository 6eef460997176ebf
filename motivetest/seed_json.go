package motivetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

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

// userOf reads what answerOf wrote. What does not fit its field, as a seeded user may have in
// Extra, is kept there.
func userOf(u *user) (out motive.User) {
	var a attrs
	_ = json.Unmarshal(u.answer, &a)
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
	return out
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
	if json.Unmarshal(raw, field.Addr().Interface()) != nil {
		field.SetZero()
		return false
	}
	return true
}

func readTime(raw json.RawMessage, layout string, into *time.Time) bool {
	var s string
	err := json.Unmarshal(raw, &s)
	if err == nil && s != "" {
		*into, err = time.Parse(layout, s) // the zero time with an error
	}
	return err == nil
}
