// Package encode appends JSON to a buffer, byte for byte what encoding/json
// writes, without a reflection over every value on the way. It is no part of
// package lenient: that one forgives, and this one must not.
package encode

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// Value appends the variable that p points to.
func Value(dst []byte, p any) ([]byte, error) {
	switch p := p.(type) {
	case *string:
		return String(dst, *p), nil
	case *bool:
		return strconv.AppendBool(dst, *p), nil
	case *int64:
		return strconv.AppendInt(dst, *p, 10), nil
	case *[]int64:
		if *p != nil {
			return integers(dst, *p), nil
		}
	case *json.Number: // which is a string in Go alone
	case json.Marshaler, encoding.TextMarshaler: // writes itself
	default:
		if v := reflect.ValueOf(p).Elem(); v.Kind() == reflect.String {
			return String(dst, v.String()), nil
		}
	}
	out, err := json.Marshal(p)
	return append(dst, out...), err
}

func integers(dst []byte, list []int64) []byte {
	dst = append(dst, '[')
	for i, n := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, n, 10)
	}
	return append(dst, ']')
}

// String appends s in quotes: by itself the plain text that nearly every string is.
func String(dst []byte, s string) []byte {
	for i := range len(s) {
		if special(s[i]) {
			quoted, _ := json.Marshal(s) // which takes every string
			return append(dst, quoted...)
		}
	}
	dst = append(append(dst, '"'), s...)
	return append(dst, '"')
}

// special reports whether encoding/json may write b in another way, as it does with
// what HTML gives a meaning.
func special(b byte) bool {
	return b < ' ' || b >= utf8.RuneSelf || b == '"' || b == '\\' || b == '<' || b == '>' || b == '&'
}
