package motivetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// A JSON value is held as nil, bool, json.Number, string, []any or jsonObject.
// An object keeps the order of its members, and a number its digits, so that a
// recorded body reads as the server sent it.
type jsonObject []jsonMember

type jsonMember struct {
	key   string
	value any
}

// appendJSON appends v without spaces and without escaping for HTML.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case jsonObject:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, m.key), ':')
			b = appendJSON(b, m.value)
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		return append(b, ']')
	case string:
		return appendString(b, v)
	case json.Number:
		return append(b, v...)
	case bool:
		return strconv.AppendBool(b, v)
	default:
		return append(b, "null"...)
	}
}

func appendString(b []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string into memory cannot fail
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})...)
}

var errNotJSON = errors.New("is not JSON")

// parseJSON reads one value; whatever is not exactly one is errNotJSON.
func parseJSON(data []byte) (any, error) {
	if !json.Valid(data) {
		return nil, errNotJSON
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := nextValue(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	return v, nil
}

func nextValue(dec *json.Decoder) (any, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := nextValue(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, err
	case json.Delim('{'):
		object := jsonObject{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := nextValue(dec)
			if err != nil {
				return nil, err
			}
			object = append(object, jsonMember{key: fmt.Sprint(key), value: v})
		}
		_, err = dec.Token()
		return object, err
	}
	return tok, nil
}

// A scalar is a string or a number within a request or an answer.
type scalar struct {
	at    string // where it stands: "body.users[0].email"
	kind  dataKind
	value any // string or json.Number
}

// rewriteJSON returns a copy of v in which change has replaced every string and
// number. Null and booleans stay: they name nobody.
func rewriteJSON(v any, at string, place place, change func(scalar) any) any {
	switch v := v.(type) {
	case jsonObject:
		out := make(jsonObject, len(v))
		for i, m := range v {
			inner := place.member(m.key)
			key := textOf(change(scalar{at: at + "#" + strconv.Itoa(i), kind: kindOfKey(m.key), value: m.key}))
			out[i] = jsonMember{key: key, value: rewriteJSON(m.value, at+"."+key, inner, change)}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = rewriteJSON(item, at+"["+strconv.Itoa(i)+"]", place, change)
		}
		return out
	case string, json.Number:
		return change(scalar{at: at, kind: place.kindOf(v), value: v})
	default:
		return v
	}
}
