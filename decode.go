package motive

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A fieldTable lists the fields of a struct under their names in JSON.
type fieldTable struct {
	fields []tableField   // in the order of the struct
	index  map[string]int // from name to place in fields
}

type tableField struct {
	name string // "" for a field that is not in JSON
	text bool   // whether its value keeps characters of the input
}

var (
	userFields      = newFieldTable(reflect.TypeFor[User]())
	attributeFields = newFieldTable(reflect.TypeFor[UserAttributes]())
)

func newFieldTable(t reflect.Type) *fieldTable {
	table := &fieldTable{make([]tableField, t.NumField()), make(map[string]int)}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		text := field.Type.Kind() == reflect.String || field.Type == reflect.TypeFor[[]ExternalID]()
		table.fields[i] = tableField{name, text}
		table.index[name] = i
	}
	return table
}

// A userReader reads users. Most of a user is text, so all of its strings stand
// in one allocation, which its fields share. Nothing refers to the input when
// read has returned.
type userReader struct {
	values [][]byte // by place in userFields, nil where a field is absent
	text   strings.Builder
}

// userReaders keeps readers, for the values of one are larger than a small answer.
var userReaders = sync.Pool{New: func() any {
	return &userReader{values: make([][]byte, len(userFields.fields))}
}}

func newUserReader() *userReader { return userReaders.Get().(*userReader) }

// done lets go of the input and of the last user.
func (r *userReader) done() {
	clear(r.values)
	r.text.Reset()
	userReaders.Put(r)
}

// read returns the user that s is at, bare or wrapped. It is empty if there is
// none, and after a fault.
func (r *userReader) read(s *scanner) *User {
	u := new(User)
	r.collect(s, u, true)
	if s.err != nil {
		return u
	}

	size := 0
	for i, field := range userFields.fields {
		if field.text {
			size += len(r.values[i])
		}
	}
	r.text.Reset()
	r.text.Grow(size)

	fields := reflect.ValueOf(u).Elem()
	for i, value := range r.values {
		if value != nil && !r.set(fields.Field(i).Addr().Interface(), value) {
			u.keep(userFields.fields[i].name, value)
		}
	}
	return u
}

// collect finds the values of the fields, and keeps what has no field. An object
// with a user in it before any id is an envelope, and nothing else in it counts.
func (r *userReader) collect(s *scanner, u *User, mayWrap bool) {
	clear(r.values)
	u.Extra = nil
	wrapped, hasID := false, false
	for key := range s.members() {
		i, known := userFields.index[string(key)]
		switch {
		case wrapped:
		case known:
			r.values[i] = s.value() // of two with one name the last counts
			hasID = hasID || string(key) == "id"
		case mayWrap && !hasID && string(key) == "user" && s.at('{'):
			r.collect(s, u, false)
			wrapped = true
		default:
			u.keep(string(key), s.value())
		}
	}
}

func (u *User) keep(name string, value []byte) {
	if u.Extra == nil {
		u.Extra = make(map[string]json.RawMessage)
	}
	u.Extra[name] = bytes.Clone(value)
}

// unwrap returns the object under key in object, else object itself. One with an
// id before that key is a record rather than an envelope.
func unwrap(object []byte, key string) []byte {
	for name, value := range members(object) {
		switch {
		case string(name) == "id":
			return object
		case string(name) == key && value[0] == '{':
			return value
		}
	}
	return object
}

// set reads value into the variable that dst points to, and reports whether it
// fits. Null, "" and absent fit everything. What does not fit leaves zero.
func (r *userReader) set(dst any, value []byte) (ok bool) {
	if len(value) == 0 || string(value) == "null" || string(value) == `""` {
		return true
	}
	switch p := dst.(type) {
	case *string:
		*p, ok = r.readString(value)
	case *int64:
		*p, ok = readInt(value)
	case *bool:
		*p, ok = readBool(value)
	case *time.Time:
		*p, ok = readTime(value)
	case *Date:
		var t time.Time
		t, ok = readTime(value)
		*p = NewDate(t.Date())
	case *[]int64:
		*p, ok = readInts(value)
	case *[]ExternalID:
		*p, ok = r.readExternalIDs(value)
	default:
		if enum := reflect.ValueOf(dst).Elem(); enum.Kind() == reflect.String {
			var s string
			s, ok = r.readString(value)
			enum.SetString(s)
		}
	}
	return ok
}

// readString reads a string, or a number, which stays as it was written.
func (r *userReader) readString(value []byte) (string, bool) {
	if value[0] != '"' && !isNumber(value) {
		return "", false
	}
	start := r.text.Len()
	r.text.Write(unquote(value))
	return r.text.String()[start:], true
}

// readExternalIDs reads an array of external ids. If a part of one does not fit,
// none does. Members that [ExternalID] does not have are dropped.
func (r *userReader) readExternalIDs(value []byte) ([]ExternalID, bool) {
	if value[0] != '[' {
		return nil, false
	}
	list := []ExternalID{}
	for element := range elements(value) {
		if element[0] != '{' {
			return nil, false
		}
		var recordID, externalID, integration []byte
		for key, v := range members(element) {
			switch string(key) {
			case "id":
				recordID = v
			case "external_id":
				externalID = v
			case "integration_name":
				integration = v
			}
		}
		var id ExternalID
		fits := r.set(&id.ID, recordID) &&
			r.set(&id.ExternalID, externalID) &&
			r.set(&id.IntegrationName, integration)
		if !fits {
			return nil, false
		}
		list = append(list, id)
	}
	return list, true
}

func readInts(value []byte) ([]int64, bool) {
	if value[0] != '[' {
		return nil, false
	}
	list := make([]int64, 0, 1+bytes.Count(value, []byte{','}))
	for element := range elements(value) {
		n, ok := readInt(element)
		if !ok {
			return nil, false
		}
		list = append(list, n)
	}
	return list, true
}

// readInt reads a number, or a string that holds one, if it is whole: 7, "7" and
// 7.0, but not 7.5. With an exponent it may have 15 digits, up to which a
// float64 is exact.
func readInt(value []byte) (int64, bool) {
	b := unquote(value)
	if !isNumber(b) {
		return 0, false
	}
	s := string(b)
	whole, fraction, _ := strings.Cut(s, ".")
	if strings.Trim(fraction, "0") == "" {
		if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
			return n, true
		}
	}
	if len(s) > 16 {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if size := math.Abs(f); err != nil || size < 1 || size >= 1<<53 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// readBool reads true, 1 and their strings, and false and 0 likewise.
func readBool(value []byte) (b, ok bool) {
	switch string(unquote(value)) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// readTime reads an RFC 3339 time with or without fractions of a second, the
// same without an offset, or a date. Without an offset it is UTC, as Motive's
// times are unless a request asks for another zone.
func readTime(value []byte) (time.Time, bool) {
	if value[0] != '"' {
		return time.Time{}, false
	}
	s := string(unquote(value))
	layout := time.RFC3339
	switch {
	case len(s) == len(time.DateOnly):
		layout = time.DateOnly
	case !strings.ContainsAny(s[min(len(s), len(time.DateOnly)):], "Zz+-"):
		layout = "2006-01-02T15:04:05"
	}
	// In UTC rather than the machine's zone, so that all machines read an
	// answer alike.
	t, err := time.ParseInLocation(layout, s, time.UTC)
	// An offset of a day or more parses, but cannot be written as JSON again.
	if _, offset := t.Zone(); err != nil || offset <= -24*3600 || offset >= 24*3600 {
		return time.Time{}, false
	}
	if t.IsZero() {
		return time.Time{}, true // without an offset, as the zero value has none
	}
	return t, true
}
