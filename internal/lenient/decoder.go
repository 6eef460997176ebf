// Package lenient reads JSON into structs, whatever the server makes of the
// types: numbers sent as strings and the reverse, null, "" and absent alike, and
// members that nobody has heard of.
package lenient

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How a field is read.
type kind uint8

const (
	ignored    kind = iota // not in JSON
	text                   // also from a number, as it was written
	integer                // also from a string
	truth                  // also from 0, 1 and strings
	instant                // time.Time
	oneself                // a json.Unmarshaler
	list                   // a slice
	object                 // a struct
	everything             // left to encoding/json
)

// A Table lists the fields of a struct by their names in JSON. Fields of an
// embedded struct are not promoted. It is made once and does not change.
type Table struct {
	typ    reflect.Type
	fields []field
	index  map[string]int // from name to place in fields
	pool   sync.Pool      // of decoders
}

type field struct {
	name   string
	prefix string // the name as a key in JSON, with its colon
	form
}

// A form says how a value of a type is read.
type form struct {
	kind  kind
	text  bool          // whether its value keeps characters of the input
	size  int           // of one element of a list, in bytes
	empty reflect.Value // a list without elements that is not nil
	elem  *form         // of a list
	table *Table        // of a struct
}

// NewTable lists the fields of the struct T.
func NewTable[T any]() *Table { return newTable(reflect.TypeFor[T](), make(map[reflect.Type]*Table)) }

func newTable(typ reflect.Type, made map[reflect.Type]*Table) *Table {
	if t := made[typ]; t != nil {
		return t // typ holds itself
	}
	t := &Table{typ: typ, fields: make([]field, typ.NumField()), index: make(map[string]int)}
	made[typ] = t
	for i := range t.fields {
		sf := typ.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "-" || !sf.IsExported() {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		t.fields[i] = field{name, strconv.Quote(name) + ":", newForm(sf.Type, made)}
		t.index[name] = i
	}
	return t
}

func newForm(typ reflect.Type, made map[reflect.Type]*Table) form {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return form{kind: instant}
	case reflect.PointerTo(typ).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return form{kind: oneself}
	}
	switch typ.Kind() {
	case reflect.String:
		return form{kind: text, text: true}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return form{kind: integer}
	case reflect.Bool:
		return form{kind: truth}
	case reflect.Slice:
		elem := newForm(typ.Elem(), made)
		return form{kind: list, text: elem.text, size: int(typ.Elem().Size()), empty: reflect.MakeSlice(typ, 0, 0), elem: &elem}
	case reflect.Struct:
		return form{kind: object, text: true, table: newTable(typ, made)}
	}
	return form{kind: everything}
}

// Names returns the names of the fields, in the order of the struct; "" for one
// that is not in JSON.
func (t *Table) Names() []string {
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.name
	}
	return names
}

// Index returns the place of the field of that name.
func (t *Table) Index(name string) (int, bool) {
	i, ok := t.index[name]
	return i, ok
}

// A Member is a name and its value as it was sent. Both may be part of the
// input: copy what is kept.
type Member struct{ Name, Value []byte }

// How much memory may be made of a body: multiple times its bytes, and slack
// beside, for a page of small records is larger than its JSON.
const (
	multiple = 8
	slack    = 256 << 10
)

var errTooMuch = errors.New("the body would take up many times its size in memory")

// A Decoder reads structs of one type from one body, as often as Read is
// called. Most of a record is text, so all strings of one stand in one
// allocation, which its fields share. Nothing that is read refers to the body.
type Decoder struct {
	Scanner

	table  *Table
	budget int      // bytes of memory that may still be made
	slots  []slot   // the values of the fields of the struct at hand and of those around it
	follow []int    // by place in table: the field that came next last time
	rest   []Member // what found no field, or none that it fits
	text   strings.Builder
	buffer []byte // for strings with escapes
}

// A slot is the value of a field, nil if it is absent.
type slot struct {
	raw   []byte
	plain bool // as in Scanner
}

// Decoder returns a Decoder at the value in body. Close it after use.
func (t *Table) Decoder(body []byte) *Decoder {
	d, ok := t.pool.Get().(*Decoder)
	if !ok {
		d = &Decoder{table: t, follow: make([]int, len(t.fields)+1)}
	}
	d.reset(body)
	d.budget = multiple*len(body) + slack
	return d
}

// Close lets go of the body and of what was read last.
func (d *Decoder) Close() {
	const large = 1 << 10 // entries or bytes not worth keeping
	clear(d.slots[:cap(d.slots)])
	clear(d.rest[:cap(d.rest)])
	if cap(d.rest) > large || cap(d.buffer) > large {
		d.rest, d.buffer = nil, nil
	}
	d.text.Reset()
	d.reset(nil)
	d.table.pool.Put(d)
}

// spend counts memory that is about to be made, and faults where it is too much
// for the body.
func (d *Decoder) spend(bytes int) {
	if d.budget -= bytes; d.budget < 0 && d.err == nil {
		d.err = errTooMuch
	}
}

// Read reads the next value into the struct that dst points to, which must be
// zero and of the Decoder's type. An object that has an object under the name
// wrapper before any "id" is an envelope, and nothing else in it counts.
//
// Read returns the members that have no field or do not fit it, valid until the
// next call. A value that is no object leaves dst as it is, and so does a fault.
// Null, "" and absent fit every field.
func (d *Decoder) Read(dst any, wrapper string) []Member {
	d.rest = d.rest[:0]
	slots := d.frame(d.table)
	defer func() { d.slots = d.slots[:0] }()
	d.collect(slots, wrapper)
	d.spend(int(d.table.typ.Size()))
	if d.err != nil {
		return nil
	}

	size := 0
	for i := range d.table.fields {
		if d.table.fields[i].text {
			size += len(slots[i].raw)
		}
	}
	d.spend(size)
	d.text.Reset()
	d.text.Grow(size)

	v := reflect.ValueOf(dst).Elem()
	for i := range slots {
		if slots[i].raw == nil {
			continue
		}
		f := &d.table.fields[i]
		if !d.set(v.Field(i), &f.form, slots[i]) {
			v.Field(i).SetZero()
			d.keep([]byte(f.name), slots[i].raw)
		}
	}
	if d.err != nil {
		v.SetZero()
		return nil
	}
	return d.rest
}

// keep adds to the rest. What the caller makes of it is counted here: an entry of
// a map and two copies, beside the growth of the rest itself.
func (d *Decoder) keep(name, value []byte) {
	const entry = 384
	d.spend(entry + len(name) + len(value))
	d.rest = append(d.rest, Member{name, value})
}

// frame returns empty slots for the fields of t.
func (d *Decoder) frame(t *Table) []slot {
	start := len(d.slots)
	if need := start + len(t.fields); need > cap(d.slots) {
		grown := make([]slot, start, 2*need)
		copy(grown, d.slots)
		d.slots = grown
	}
	d.slots = d.slots[:start+len(t.fields)]
	slots := d.slots[start:]
	clear(slots)
	return slots
}

// collect finds the values of the fields. Of two with one name the last counts.
func (d *Decoder) collect(slots []slot, wrapper string) {
	if !d.At('{') {
		d.Value()
		return
	}
	last := len(d.table.fields) // the place of the guess at the first field
	hasID, wrapped := false, false
	for more := d.open('}'); more; more = d.next('}') {
		i, key := d.field(last)
		switch {
		case wrapped:
			d.Value()
		case wrapper != "" && !hasID && d.At('{') && d.isKey(i, key, wrapper):
			clear(slots)
			d.rest = d.rest[:0]
			d.collect(slots, "")
			wrapped = true
		case i >= 0:
			last = i
			hasID = hasID || d.table.fields[i].name == "id"
			raw := d.Value()
			slots[i] = slot{raw, d.plain}
		default:
			if value := d.Value(); d.err == nil {
				d.keep(key, value)
			}
		}
		if d.err != nil {
			return
		}
	}
}

// field steps over a key and returns the place of its field, else -1 and the
// key. A server writes its fields in the same order every time, so the one that
// came behind the last field last time is tried first.
func (d *Decoder) field(last int) (int, []byte) {
	guess := d.follow[last]
	if guess < len(d.table.fields) && d.guessed(d.table.fields[guess].prefix) {
		return guess, nil
	}
	key := d.key()
	i, known := d.table.index[string(key)]
	if !known {
		return -1, key
	}
	d.follow[last] = i
	return i, nil
}

// isKey reports whether the field at i, or key where there is none, has that
// name.
func (d *Decoder) isKey(i int, key []byte, name string) bool {
	if i >= 0 {
		return d.table.fields[i].name == name
	}
	return string(key) == name
}

// guessed steps over prefix, a key with its colon, if it is next.
func (s *Scanner) guessed(prefix string) bool {
	end := s.i + len(prefix)
	if prefix == "" || end > len(s.b) || string(s.b[s.i:end]) != prefix {
		return false
	}
	s.i = end
	s.space()
	return true
}

// set reads a value into v, and reports whether it fits. What does not fit may
// leave v half read.
func (d *Decoder) set(v reflect.Value, f *form, value slot) (ok bool) {
	raw := value.raw
	if string(raw) == "null" || string(raw) == `""` {
		return true
	}
	switch f.kind {
	case text:
		var s string
		if s, ok = d.string(value); ok {
			v.SetString(s)
		}
	case integer:
		var n int64
		n, ok = Int(raw)
		if ok = ok && !v.OverflowInt(n); ok {
			v.SetInt(n)
		}
	case truth:
		var b bool
		b, ok = Bool(raw)
		v.SetBool(b)
	case instant:
		var t time.Time
		t, ok = Time(raw)
		*v.Addr().Interface().(*time.Time) = t
	case oneself:
		ok = v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw) == nil
	case list:
		ok = d.list(v, f, raw)
	case object:
		ok = raw[0] == '{' && d.object(v, f.table, raw)
	case everything:
		const worst = 64 // an array of numbers in an any takes about 45 times its bytes
		if d.spend(worst * len(raw)); d.err != nil {
			return false
		}
		ok = json.Unmarshal(raw, v.Addr().Interface()) == nil
	}
	return ok
}

// string reads a string, or a number, which stays as it was written.
func (d *Decoder) string(value slot) (string, bool) {
	raw := value.raw
	switch {
	case raw[0] != '"':
		if !isNumber(raw) {
			return "", false
		}
	case value.plain:
		raw = raw[1 : len(raw)-1]
	default:
		const longest = 3 // bytes of U+FFFD, which stands for one that is invalid
		d.buffer = slices.Grow(d.buffer[:0], longest*len(raw))
		d.buffer = appendUnescaped(d.buffer, raw[1:len(raw)-1])
		raw = d.buffer
	}
	if len(raw) > d.text.Cap()-d.text.Len() {
		return string(raw), true // longer than it was in the body
	}
	start := d.text.Len()
	d.text.Write(raw)
	return d.text.String()[start:], true
}

// list reads an array. Elements that are null or "" do not fit a list of
// numbers or structs, and are left out of a list of strings, as is what is no
// string; of any other list no element may be odd.
func (d *Decoder) list(v reflect.Value, f *form, raw []byte) bool {
	if raw[0] != '[' {
		return false
	}
	n := 0
	for range Elements(raw) {
		n++
	}
	if n == 0 {
		v.Set(f.empty)
		return true
	}
	if d.spend(n * f.size); d.err != nil {
		return false
	}
	v.Grow(n)
	v.SetLen(n)

	n = 0
	s := Scanner{b: raw}
	for more := s.open(']'); more; more = s.next(']') {
		element := slot{raw: s.Value()}
		element.plain = s.plain
		blank := string(element.raw) == "null" || string(element.raw) == `""`
		fits := !blank && d.set(v.Index(n), f.elem, element)
		switch {
		case fits:
			n++
		case f.elem.kind != text:
			return false
		}
	}
	v.SetLen(n)
	return true
}

// object reads a struct within another, which fits if it has a field that is
// known, and all of them fit. What else is in it is dropped.
func (d *Decoder) object(v reflect.Value, t *Table, raw []byte) bool {
	start := len(d.slots)
	slots := d.frame(t)
	defer func() { d.slots = d.slots[:start] }()

	known := false
	guess := 0 // the fields in the order of the struct
	s := Scanner{b: raw}
	for more := s.open('}'); more; more = s.next('}') {
		i, ok := guess, guess < len(t.fields) && s.guessed(t.fields[guess].prefix)
		if !ok {
			i, ok = t.index[string(s.key())]
		}
		value := s.Value()
		if ok {
			slots[i], known, guess = slot{value, s.plain}, true, i+1
		}
	}
	for i, value := range slots {
		if value.raw != nil && !d.set(v.Field(i), &t.fields[i].form, value) {
			return false
		}
	}
	return known
}

// Int reads a number, or a string that holds one, if it is whole: 7, "7" and
// 7.0, but not 7.5. With an exponent it may have 15 digits, up to which a
// float64 is exact.
func Int(value []byte) (int64, bool) {
	b := Unquote(value)
	if !isNumber(b) {
		return 0, false
	}
	if n := digits(b); n == len(b) && n < 19 { // no more than an int64 holds
		var i int64
		for _, digit := range b {
			i = 10*i + int64(digit-'0')
		}
		return i, true
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

// longestScalar is more than a time or a boolean takes, escapes included.
const longestScalar = 512

// Bool reads true, "True", "t", 1 and "1", and their opposites.
func Bool(value []byte) (b, ok bool) {
	switch string(value) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	if len(value) > longestScalar {
		return false, false
	}
	b, err := strconv.ParseBool(strings.ToLower(string(Unquote(value))))
	return b, err == nil
}

// Text reads a string, or a number as it is written.
func Text(value []byte) (string, bool) {
	if len(value) == 0 || value[0] != '"' && !isNumber(value) {
		return "", false
	}
	return string(Unquote(value)), true
}

// Time reads an RFC 3339 time with or without fractions of a second, the same
// without an offset, or a date. Without an offset it is UTC, as Motive's times
// are unless a request asks for another zone.
func Time(value []byte) (time.Time, bool) {
	if len(value) == 0 || len(value) > longestScalar || value[0] != '"' {
		return time.Time{}, false
	}
	if t, ok := utc(value[1 : len(value)-1]); ok {
		return t, true
	}
	s := string(Unquote(value))
	layout := time.RFC3339
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

// utc reads the form in which nearly all times come, a whole second in UTC. It
// leaves to time.Parse what is anything else, and what is no time.
func utc(chars []byte) (time.Time, bool) {
	const form = "0000-00-00T00:00:00Z"
	if len(chars) != len(form) {
		return time.Time{}, false
	}
	for i, ch := range chars {
		if form[i] != ch && (form[i] != '0' || ch < '0' || ch > '9') {
			return time.Time{}, false
		}
	}
	two := func(i int) int { return 10*int(chars[i]-'0') + int(chars[i+1]-'0') }
	year, month, day := 100*two(0)+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	if year < 2 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return t, t.Day() == day // not where the month is shorter
}
