package motive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Optional is a request field that is absent, null, or a value.
//
// The zero Optional is absent: it is not sent, and the API leaves the field as
// it is. [Null] sends null, which clears the field. [Set] sends its argument,
// also when that is false, 0 or "".
type Optional[T any] struct {
	value T
	state optionalState
}

type optionalState uint8

const (
	stateAbsent optionalState = iota
	stateNull
	stateSet
)

// Set returns an Optional that sends v, whatever v is.
func Set[T any](v T) Optional[T] { return Optional[T]{value: v, state: stateSet} }

// Null returns an Optional that sends null.
func Null[T any]() Optional[T] { return Optional[T]{state: stateNull} }

// Get returns the value and true, or the zero value and false where o is
// absent or null.
func (o Optional[T]) Get() (T, bool) { return o.value, o.state == stateSet }

// IsNull reports whether o sends null.
func (o Optional[T]) IsNull() bool { return o.state == stateNull }

// IsZero reports whether o is absent. It is what the omitzero option of
// encoding/json asks, so that an absent field is left out of the body.
func (o Optional[T]) IsZero() bool { return o.state == stateAbsent }

// String returns the value as [fmt.Sprint] prints it, "null" or "absent".
func (o Optional[T]) String() string {
	switch o.state {
	case stateSet:
		return fmt.Sprint(o.value)
	case stateNull:
		return "null"
	default:
		return "absent"
	}
}

// MarshalJSON writes the value, or null where o is null or absent. A struct
// field that should vanish when absent carries the omitzero option.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if o.state != stateSet {
		return []byte("null"), nil
	}
	data, err := json.Marshal(o.value)
	if string(data) == "null" && reflect.TypeFor[T]().Kind() == reflect.Slice {
		return []byte("[]"), nil // a nil slice that is set is an empty list
	}
	return data, err
}

// UnmarshalJSON reads null as [Null] and all else as [Set].
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		*o = Null[T]()
		return nil
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*o = Set(v)
	return nil
}
