// Package lenient reads JSON into structs, whatever the server makes of the
// types: numbers sent as strings and the reverse, null, "" and absent alike, and
// members that nobody has heard of.
package lenient

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A Table lists the fields of the struct T by their names in JSON. Fields of an
// embedded struct are not promoted. The zero Table is ready: it is filled when it
// is first used, so that a program links nothing of a T that it does not read.
type Table[T any] struct {
	// ByValue says that the caller keeps a list of T rather than *T, which is
	// copied when it grows.
	ByValue bool

	once sync.Once
	made *table
}

// table is a Table of whatever type. It does not change.
type table struct {
	names []string // by field; "" for one that is not in JSON
	keys  []string // the same as keys in JSON, with their colons
	forms []form
	index map[string]int // from name to field
	size  int            // what a struct takes, in bytes
	place int            // what its place in the caller's list takes
	pool  sync.Pool      // of decoders
}

// A form says how a value of a type is read.
type form struct {
	kind  reflect.Kind  // zero if it reads itself
	text  bool          // whether it keeps characters of the input
	size  int           // of one element of a list, in bytes
	empty reflect.Value // a list without elements that is not nil
	elem  *form         // of a list
	table *table        // of a struct
}

func (t *Table[T]) table() *table {
	t.once.Do(func() {
		const copies = 5 // what append leaves behind where a list grows by quarters
		typ := reflect.TypeFor[T]()
		t.made = newTable(typ, make(map[reflect.Type]*table))
		t.made.size, t.made.place = allocated(typ), copies*strconv.IntSize/8
		if t.ByValue {
			t.made.place = copies * t.made.size
		}
	})
	return t.made
}

// allocated is what a value of a type takes on the heap, where a small one stands in
// the next larger of a few sizes, together with a word that says where its pointers
// are.
func allocated(typ reflect.Type) int {
	return cap(slices.Grow([]byte(nil), int(typ.Size())+strconv.IntSize/8))
}

func newTable(typ reflect.Type, made map[reflect.Type]*table) *table {
	if t := made[typ]; t != nil {
		return t // typ holds itself
	}
	n := typ.NumField()
	t := &table{names: make([]string, n), keys: make([]string, n), forms: make([]form, n), index: make(map[string]int, n)}
	made[typ] = t
	for i := range n {
		field := typ.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		name = cmp.Or(name, field.Name)
		t.names[i], t.keys[i], t.forms[i] = name, strconv.Quote(name)+":", newForm(field.Type, made)
		t.index[name] = i
	}
	return t
}

func newForm(typ reflect.Type, made map[reflect.Type]*table) form {
	f := form{kind: typ.Kind()}
	switch {
	case reflect.PointerTo(typ).Implements(reflect.TypeFor[json.Unmarshaler]()):
		f.kind = reflect.Invalid
	case f.kind == reflect.String:
		f.text = true
	case f.kind == reflect.Slice:
		elem := newForm(typ.Elem(), made)
		f.text, f.size, f.empty, f.elem = elem.text, int(typ.Elem().Size()), reflect.MakeSlice(typ, 0, 0), &elem
	case f.kind == reflect.Struct:
		f.text, f.table = true, newTable(typ, made)
	}
	return f
}

// Names returns the names of the fields, in the order of the struct; "" for one
// that is not in JSON. Neither Names nor Keys may be changed.
func (t *Table[T]) Names() []string { return t.table().names }

// Keys returns the names as keys in JSON, with their colons.
func (t *Table[T]) Keys() []string { return t.table().keys }

// Index returns the place of the field of that name.
func (t *Table[T]) Index(name string) (int, bool) {
	i, ok := t.table().index[name]
	return i, ok
}

// A Member is a name and its value as it was sent. Both may be part of the
// input: copy what is kept.
type Member struct{ Name, Value []byte }

// What may be made of a body is eight times its bytes. No response that means well takes more, for
// most of a record is text. But a struct is larger than a row that says very little,
// and such rows are common in tests. So a body may also make what the rows that have
// come weigh, up to those of a page, each with room for a map of what has no field.
// That is no allowance on top: from about 20 KB on a body has its eight times,
// whatever it is, and rows beyond a page must be worth their structs.
const (
	multiple = 8
	page     = 100 // rows
	room     = 512 // bytes beside each row, and four times as many once
)

var errTooMuch = errors.New("the body would take up many times its size in memory")

// A Decoder reads structs of one type from one body, as often as Read is
// called. Most of a record is text, so all strings of one stand in one
// allocation, which its fields share. Nothing that is read refers to the body.
type Decoder struct {
	Scanner

	table  *table
	rows   int    // that have been read
	made   int    // bytes of memory
	most   int    // that may be
	values []span // of the fields
	follow []int  // by field: the one that came next last time
	rest   []Member
	chars  int // that text must hold at most
	text   strings.Builder
}

// A span is where a value stands in the body, zero if it is absent.
type span struct {
	start, end int
	plain      bool // as Scanner.value says
}

// Decoder returns a Decoder at the value in body. Close it after use.
func (t *Table[T]) Decoder(body []byte) *Decoder { return t.table().decoder(body) }

func (t *table) decoder(body []byte) *Decoder {
	d, ok := t.pool.Get().(*Decoder)
	if !ok {
		n := len(t.names)
		d = &Decoder{table: t, values: make([]span, n), follow: make([]int, n+1), rest: make([]Member, 0, 16)}
	}
	d.reset(body)
	d.rows, d.made, d.most = 0, 0, multiple*len(body)
	return d
}

// Close lets go of the body and of what was read last.
func (d *Decoder) Close() {
	const large = 4 << 10 // members, not worth keeping
	if cap(d.rest) <= large {
		clear(d.rest[:cap(d.rest)])
		d.text.Reset()
		d.reset(nil)
		d.table.pool.Put(d)
	}
}

// spend counts memory that is about to be made, and reports whether it may. It
// faults where it is too much for the body. A small allocation takes up to an eighth
// more than is asked for, a large one whole pages of 8 KiB.
func (d *Decoder) spend(bytes int) bool {
	more := bytes / 8
	if bytes > 32<<10 {
		more = 8 << 10
	}
	if d.made += bytes + more; d.made > d.most {
		d.Stop(errTooMuch)
	}
	return d.err == nil
}

// Read reads the next value into the struct that dst points to, which must be
// zero and of the Decoder's type. An object that has an object under the name
// wrapper before any "id" is an envelope, and nothing else in it counts.
//
// Read returns the members that have no field or do not fit it, valid until the
// next call. A value that is no object leaves dst as it is, and so does a fault.
// Null, "" and absent fit every field.
func (d *Decoder) Read(dst any, wrapper string) []Member {
	d.rows++
	d.most = max(d.most, min(d.rows, page)*(d.table.size+room)+4*room)
	d.made += d.table.size + d.table.place
	d.collect(wrapper)
	if !d.spend(d.chars) {
		return nil
	}
	d.text.Reset()
	d.text.Grow(d.chars)

	v := reflect.ValueOf(dst).Elem()
	for i, at := range d.values {
		raw := d.b[at.start:at.end]
		if len(raw) > 0 && !d.set(v.Field(i), &d.table.forms[i], raw, at.plain) {
			v.Field(i).SetZero()
			d.keep([]byte(d.table.names[i]), raw)
		}
	}
	if d.err != nil {
		v.SetZero()
		return nil
	}
	return d.rest
}

// length is the most that the strings in a value take once they are unquoted.
func length(raw []byte, plain bool) int {
	if plain || utf8.Valid(raw) {
		return len(raw)
	}
	return longest * len(raw)
}

// keep adds to the rest. What the caller makes of it is counted as well: a map,
// which takes 400 bytes for the first entries, with copies of names and values.
func (d *Decoder) keep(name, value []byte) {
	const entry = 104                        // bytes of a map that is half empty
	size := entry + 2*len(name) + len(value) // a name may have been unquoted
	if len(d.rest) == 0 {
		size += 3 * entry
	}
	if len(d.rest) == cap(d.rest) {
		size += 2 * cap(d.rest) * int(reflect.TypeFor[Member]().Size())
	}
	if d.spend(size) {
		d.rest = append(d.rest, Member{name, value})
	}
}

// collect finds the values of the fields, and what has none. Of two with one name
// the last counts.
func (d *Decoder) collect(wrapper string) {
	d.chars, d.rest = 0, d.rest[:0]
	clear(d.values)
	if !d.At('{') {
		d.Value()
		return
	}
	last := len(d.table.names) // the place of the guess at the first field
	hasID, wrapped := false, false
	for more := d.open('}'); more; more = d.next('}') {
		i, key := d.field(d.table, d.follow[last])
		switch {
		case wrapped:
			d.Value()
		case wrapper != "" && !hasID && d.At('{') && string(key) == wrapper:
			d.collect("")
			wrapped = true
		case i >= 0:
			d.follow[last], last = i, i
			hasID = hasID || string(key) == "id"
			start := d.i
			raw, plain := d.value()
			d.values[i] = span{start, d.i, plain}
			if d.table.forms[i].text {
				d.chars += length(raw, plain)
			}
		default:
			if value := d.Value(); d.err == nil {
				d.keep(key, value)
			}
		}
	}
}

// field steps over a key and returns it with the place of its field in t, -1 if it
// has none. A server writes its fields in the same order every time, so that a
// guess is mostly right.
func (s *Scanner) field(t *table, guess int) (int, []byte) {
	if guess < len(t.keys) && t.keys[guess] != "" && s.i+len(t.keys[guess]) <= len(s.b) {
		key := s.b[s.i : s.i+len(t.keys[guess])]
		if string(key) == t.keys[guess] {
			s.i += len(key)
			s.space()
			return guess, key[1 : len(key)-2]
		}
	}
	key := Unquote(s.key())
	if i, ok := t.index[string(key)]; ok {
		return i, key
	}
	return -1, key
}

// set reads a value into v, and reports whether it fits. What does not fit may
// leave v half read.
func (d *Decoder) set(v reflect.Value, f *form, raw []byte, plain bool) (ok bool) {
	if blank(raw) {
		return true
	}
	switch f.kind {
	case reflect.String:
		var s string
		s, ok = d.string(raw, plain)
		v.SetString(s)
	case reflect.Bool:
		var b bool
		b, ok = Bool(raw)
		v.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		n, ok = Int(raw)
		ok = ok && !v.OverflowInt(n)
		v.SetInt(n)
	case reflect.Slice:
		ok = raw[0] == '[' && d.list(v, f, raw)
	case reflect.Struct:
		ok = raw[0] == '{' && d.object(v, f.table, raw)
	default:
		ok = d.foreign(v.Addr().Interface(), raw)
	}
	return ok
}

// blank reports whether a value counts as absent.
func blank(raw []byte) bool { return string(raw) == "null" || string(raw) == `""` }

// string reads a string, or a number, which stays as it was written.
func (d *Decoder) string(raw []byte, plain bool) (string, bool) {
	start := d.text.Len()
	switch quoted := raw[0] == '"'; {
	case quoted && plain:
		d.text.Write(raw[1 : len(raw)-1])
	case quoted:
		unescape(&d.text, raw[1:len(raw)-1])
	case isNumber(raw):
		d.text.Write(raw)
	default:
		return "", false
	}
	return d.text.String()[start:], true
}

// list reads an array. Elements that are null or "" do not fit a list of
// numbers or structs, and are left out of a list of strings, as is what is no
// string; of any other list no element may be odd.
func (d *Decoder) list(v reflect.Value, f *form, raw []byte) bool {
	n := 0
	s := Scanner{b: raw}
	for range s.Items() {
		n++
	}
	if !d.spend(n * f.size) {
		return false
	}
	v.Set(f.empty)
	v.Grow(n)
	v.SetLen(n)

	n, s = 0, Scanner{b: raw}
	for range s.Items() {
		raw, plain := s.value()
		if !blank(raw) && d.set(v.Index(n), f.elem, raw, plain) {
			n++
		} else if f.elem.kind != reflect.String {
			return false
		}
	}
	v.SetLen(n)
	return true
}

// object reads a struct within another, which fits if it has a field that is
// known, and all of them fit. What else is in it is dropped.
func (d *Decoder) object(v reflect.Value, t *table, raw []byte) bool {
	known, guess := false, 0 // the fields in the order of the struct
	misfits := make(map[int]bool)
	s := Scanner{b: raw}
	for more := s.open('}'); more; more = s.next('}') {
		i, _ := s.field(t, guess)
		raw, plain := s.value()
		if i < 0 {
			continue
		}
		known, guess = true, i+1
		v.Field(i).SetZero() // of two with one name the last counts
		delete(misfits, i)
		if !d.set(v.Field(i), &t.forms[i], raw, plain) {
			misfits[i] = true
		}
	}
	return known && len(misfits) == 0
}

// foreign has a value read by the type that dst points to, or by encoding/json.
func (d *Decoder) foreign(dst any, raw []byte) (ok bool) {
	switch dst := dst.(type) {
	case *time.Time:
		*dst, ok = Time(raw)
		return ok
	case json.Unmarshaler:
		return dst.UnmarshalJSON(raw) == nil
	}
	const worst = 48 // an array of numbers in an any takes about 45 times its bytes
	return d.spend(worst*len(raw)) && json.Unmarshal(raw, dst) == nil
}

// longestScalar is more than a number, a time or a boolean takes, escapes included.
const longestScalar = 512

// scalar returns the characters of a value, none if they are too many.
func scalar(value []byte) []byte {
	if len(value) > longestScalar {
		return nil
	}
	return Unquote(value)
}

// Int reads a number, or a string that holds one, if it is whole: 7, "7" and
// 7.0, but not 7.5. With an exponent it may have 15 digits, up to which a
// float64 is exact.
func Int(value []byte) (int64, bool) {
	b := scalar(value)
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
	f, err := strconv.ParseFloat(s, 64)
	if size := math.Abs(f); err != nil || len(s) > 16 || size < 1 || size >= 1<<53 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// Bool reads true, "True", "t", 1 and "1", and their opposites.
func Bool(value []byte) (b, ok bool) {
	switch string(value) {
	case "true", "false": // as nearly all of them
		return value[0] == 't', true
	}
	b, err := strconv.ParseBool(strings.ToLower(string(scalar(value))))
	return b, err == nil
}

// Time reads an RFC 3339 time with or without fractions of a second, the same
// without an offset, or a date. Without an offset it is UTC, as Motive's times
// are unless a request asks for another zone.
func Time(value []byte) (t time.Time, ok bool) {
	if len(value) <= longestScalar && bytes.HasSuffix(value, []byte(`Z"`)) && t.UnmarshalJSON(value) == nil {
		return t, true // as nearly all of them
	}
	s, layout := string(scalar(value)), time.RFC3339
	switch {
	case len(s) == len(time.DateOnly):
		layout = time.DateOnly
	case !strings.ContainsAny(s[min(len(s), len(time.DateOnly)):], "Zz+-"):
		layout = "2006-01-02T15:04:05"
	}
	// In UTC rather than the machine's zone, so that all machines read a
	// response alike.
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
