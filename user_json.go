package motive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// UnmarshalJSON replaces u by the user in data, bare or under the key "user", as
// the API sends it or MarshalJSON wrote it. Data that is not a JSON object is an
// error, and nothing else is: numbers, strings and booleans are read as the type
// of their field where they can be, and what cannot goes to Extra. Null leaves u
// as it is.
func (u *User) UnmarshalJSON(data []byte) error {
	s := scan(data)
	isObject := s.at('{')
	r := newUserReader()
	defer r.done()
	read := r.read(s)
	if err := s.end(); err != nil {
		return fmt.Errorf("motive: read user: %w", err)
	}
	switch {
	case isObject:
		*u = *read
	case string(bytes.TrimSpace(data)) != "null":
		return errors.New("motive: read user: a JSON object was expected")
	}
	return nil
}

// MarshalJSON writes u under the API's names: the id and every other field that
// is not zero, the licence number included, then Extra in the order of its keys.
// A key of Extra that is the name of a field is written only if the field is
// zero. A value of Extra that is not JSON is an error.
func (u User) MarshalJSON() ([]byte, error) {
	fields := reflect.ValueOf(u)
	out := []byte{'{'}
	add := func(name string, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		key, _ := json.Marshal(name) // a string cannot fail
		out = append(append(append(out, key...), ':'), value...)
	}

	for i, f := range userFields.fields {
		_, kept := u.Extra[f.name]
		if f.name == "" || (fields.Field(i).IsZero() && (f.name != "id" || kept)) {
			continue
		}
		value, err := json.Marshal(fields.Field(i).Interface())
		if err != nil {
			return nil, fmt.Errorf("motive: write user: %s: %w", f.name, err)
		}
		add(f.name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(u.Extra)) {
		if i, known := userFields.index[name]; known && !fields.Field(i).IsZero() {
			continue
		}
		raw := u.Extra[name]
		if raw == nil {
			raw = json.RawMessage("null")
		}
		value, err := checkJSON(raw)
		if err != nil {
			return nil, fmt.Errorf("motive: write user: extra field %q: %w", name, err)
		}
		add(name, value)
	}
	return append(out, '}'), nil
}
