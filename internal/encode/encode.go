// Package encode appends JSON to a buffer, byte for byte what encoding/json
// writes, without a reflection over every value on the way. It is no part of
// package lenient: that one forgives, and this one must not.
package encode

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
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
		return integers(dst, *p), nil
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
	if list == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i, n := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, n, 10)
	}
	return append(dst, ']')
}

// String appends s in quotes. The characters that HTML gives a meaning are
// escaped, as encoding/json escapes them.
func String(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0 // s up to here is in dst
	for i := 0; i < len(s); {
		if safe[s[i]] {
			i++
			continue
		}
		if s[i] < utf8.RuneSelf {
			dst = appendEscape(append(dst, s[start:i]...), s[i])
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029': // line ends to JavaScript
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hex[r&0xf])
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

const hex = "0123456789abcdef"

// safe tells which bytes stand for themselves in a string.
var safe = func() (table [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		table[b] = b != '"' && b != '\\' && b != '<' && b != '>' && b != '&'
	}
	return table
}()

func appendEscape(dst []byte, b byte) []byte {
	const escaped, letters = "\"\\\b\f\n\r\t", `"\bfnrt`
	if i := strings.IndexByte(escaped, b); i >= 0 {
		return append(dst, '\\', letters[i])
	}
	return append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&0xf])
}
