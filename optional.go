package motive

import (
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
	value     T
	set, null bool // at most one of them; neither is absent
}

// Set returns an Optional that sends v, whatever v is.
func Set[T any](v T) Optional[T] { return Optional[T]{value: v, set: true} }

// SetNonZero is Set, but absent where v is the zero value of its type: an empty
// cell of a spreadsheet, which should leave the field as it is.
func SetNonZero[T any](v T) Optional[T] {
	if reflect.ValueOf(&v).Elem().IsZero() {
		return Optional[T]{}
	}
	return Set(v)
}

// Null returns an Optional that sends null.
func Null[T any]() Optional[T] { return Optional[T]{null: true} }

// Get returns the value and true, or the zero value and false where o is
// absent or null.
func (o Optional[T]) Get() (T, bool) { return o.value, o.set }

// IsNull reports whether o sends null.
func (o Optional[T]) IsNull() bool { return o.null }

// IsZero reports whether o is absent. It is what the omitzero option of
// encoding/json asks, so that an absent field is left out of the body.
func (o Optional[T]) IsZero() bool { return !o.set && !o.null }

// String returns the value as [fmt.Sprint] prints it, "null" or "absent".
func (o Optional[T]) String() string {
	switch {
	case o.set:
		return fmt.Sprint(o.value)
	case o.null:
		return "null"
	default:
		return "absent"
	}
}

// Equal reports whether o and other are in the same state and hold the same
// value. A nil list and an empty one are the same, for both are sent as [].
func (o Optional[T]) Equal(other Optional[T]) bool {
	a, b := reflect.ValueOf(&o.value).Elem(), reflect.ValueOf(&other.value).Elem()
	bothEmpty := a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0
	return o.set == other.set && o.null == other.null && (bothEmpty || reflect.DeepEqual(o.value, other.value))
}

// LogValue is what o sends: its value or null, and "absent" where it sends
// nothing.
func (o Optional[T]) LogValue() slog.Value {
	switch {
	case o.set:
		return slog.AnyValue(o.value)
	case o.null:
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

// An optional is an Optional of any type.
type optional interface {
	IsZero() bool
	appendJSON(dst []byte) ([]byte, error)
	text() (s string, set bool)
	pointer() any
}

// pointer returns where the value stands, a *T.
func (o *Optional[T]) pointer() any { return &o.value }

// text is Get for text of any type; of another type the text is "".
func (o *Optional[T]) text() (s string, set bool) {
	if v := reflect.ValueOf(&o.value).Elem(); v.Kind() == reflect.String {
		s = v.String()
	}
	return s, o.set
}

// appendJSON appends the value, or null. A nil list that is set is an empty one.
func (o *Optional[T]) appendJSON(dst []byte) ([]byte, error) {
	switch {
	case o.IsZero():
		return dst, errAbsent
	case o.null:
		return append(dst, "null"...), nil
	}
	switch p := any(&o.value).(type) {
	case *string, *bool: // most fields
		return encode.Value(dst, p)
	case interface{ appendJSON([]byte) ([]byte, error) }: // a date; encoding/json would look at it twice
		return p.appendJSON(dst)
	}
	if v := reflect.ValueOf(&o.value).Elem(); v.Kind() == reflect.Slice && v.IsNil() {
		return append(dst, "[]"...), nil
	}
	return encode.Value(dst, &o.value)
}

// UnmarshalJSON reads null as [Null] and all else as [Set].
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	var v *T // nil for null
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*o = Null[T]()
	if v != nil {
		*o = Set(*v)
	}
	return nil
}
