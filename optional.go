package motive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/motive-go/motive/internal/encode"
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

// SetNonZero is Set, but absent where v is the zero value of its type: an empty
// cell of a spreadsheet, which should leave the field as it is.
func SetNonZero[T any](v T) Optional[T] {
	if reflect.ValueOf(&v).Elem().IsZero() {
		return Optional[T]{}
	}
	return Set(v)
}

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

// Equal reports whether o and other are in the same state and hold the same
// value. A nil list and an empty one are the same, for both are sent as [].
func (o Optional[T]) Equal(other Optional[T]) bool {
	if o.state != other.state {
		return false
	}
	a, b := reflect.ValueOf(&o.value).Elem(), reflect.ValueOf(&other.value).Elem()
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(o.value, other.value)
}

// LogValue is what o sends: its value or null, and "absent" where it sends
// nothing.
func (o Optional[T]) LogValue() slog.Value {
	switch o.state {
	case stateSet:
		return slog.AnyValue(o.value)
	case stateNull:
		return slog.AnyValue(nil)
	default:
		return slog.StringValue("absent")
	}
}

// errAbsent keeps a library that does not know omitzero from telling the API to
// clear every field that is absent.
var errAbsent = errors.New("motive: an absent Optional has no JSON; give its field the omitzero option of encoding/json")

// MarshalJSON writes the value, or null where o is null. An absent Optional is an
// error: a struct field that should vanish when absent carries the omitzero
// option.
func (o Optional[T]) MarshalJSON() ([]byte, error) { return o.appendJSON(nil) }

// An appender appends its own JSON, which spares it the second look that
// encoding/json takes at the output of a MarshalJSON.
type appender interface {
	appendJSON(dst []byte) ([]byte, error)
}

// An optional is an Optional of any type.
type optional interface {
	appender
	IsZero() bool
	text() (s string, set bool)
	differs(shown any) bool
}

// text is Get for text of any type; of another type the text is "".
func (o *Optional[T]) text() (s string, set bool) {
	if v := reflect.ValueOf(&o.value).Elem(); v.Kind() == reflect.String {
		s = v.String()
	}
	return s, o.state == stateSet
}

func (o *Optional[T]) appendJSON(dst []byte) ([]byte, error) {
	switch o.state {
	case stateAbsent:
		return dst, errAbsent
	case stateNull:
		return append(dst, "null"...), nil
	}
	switch p := any(&o.value).(type) {
	case *string, *bool: // most fields
		return encode.Value(dst, p)
	case appender:
		return p.appendJSON(dst)
	}
	if v := reflect.ValueOf(&o.value).Elem(); v.Kind() == reflect.Slice {
		return appendList(dst, v)
	}
	return encode.Value(dst, &o.value)
}

// appendList appends a list; a nil one that is set is an empty list.
func appendList(dst []byte, list reflect.Value) (_ []byte, err error) {
	if list.IsNil() {
		return append(dst, "[]"...), nil
	}
	if list.Len() == 0 || !list.Index(0).Addr().Type().Implements(reflect.TypeFor[appender]()) {
		return encode.Value(dst, list.Addr().Interface())
	}
	dst = append(dst, '[')
	for i := range list.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = list.Index(i).Addr().Interface().(appender).appendJSON(dst); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
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
