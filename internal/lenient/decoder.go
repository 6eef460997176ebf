// Package lenient reads JSON into structs, whatever the server makes of the
// types: numbers sent as strings and the reverse, null, "" and absent alike, and
// members that nobody has heard of.
package lenient

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Member is a name and its value as it was sent. Both may be part of the
// input: copy what is kept.
type Member struct{ Name, Value []byte }

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
	d.Scanner = Scan(body)
	d.rows, d.made, d.most = 0, 0, multiple*len(body)
	return d
}

// Close lets go of the body and of what was read last.
func (d *Decoder) Close() {
	const large = 4 << 10 // members, not worth keeping
	if cap(d.rest) <= large {
		clear(d.rest[:cap(d.rest)])
		d.text.Reset()
		d.Scanner = Scanner{}
		d.table.pool.Put(d)
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
	d.allowRow()
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

// length is the most that the strings in a value take once they are unquoted: what
// is no UTF-8 grows to U+FFFD.
func length(raw []byte, plain bool) int {
	if plain || utf8.Valid(raw) {
		return len(raw)
	}
	n := 0
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		n += utf8.RuneLen(r)
		raw = raw[size:]
	}
	return n
}

// keep adds to the rest, but for what comes after a fault. What the caller makes of it
// is counted as well: a map, which takes 400 bytes for the first few entries, with
// copies of names and values.
func (d *Decoder) keep(name, value []byte) {
	const (
		entry = 104 // bytes of a map that is half empty
		few   = 4
	)
	size := 2*len(name) + len(value) // a name may have been unquoted
	switch n := len(d.rest); {
	case n == 0:
		size += few * entry
	case n >= few:
		size += entry
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
			d.keep(key, d.Value())
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
func (d *Decoder) set(v reflect.Value, f *form, raw []byte, plain bool) bool {
	if blank(raw) {
		return true
	}
	switch f.kind {
	case reflect.String:
		return d.string(v, raw, plain)
	case reflect.Bool:
		b, ok := Bool(raw)
		v.SetBool(b)
		return ok
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := Int(raw)
		v.SetInt(n)
		return ok && !v.OverflowInt(n)
	case reflect.Slice:
		return raw[0] == '[' && d.list(v, f, raw)
	case reflect.Struct:
		return raw[0] == '{' && d.object(v, f.table, raw)
	}
	return d.foreign(v.Addr().Interface(), raw)
}

// blank reports whether a value counts as absent.
func blank(raw []byte) bool { return string(raw) == "null" || string(raw) == `""` }

// string reads a string, or a number, which stays as it was written.
func (d *Decoder) string(v reflect.Value, raw []byte, plain bool) bool {
	start := d.text.Len()
	switch quoted := raw[0] == '"'; {
	case quoted && plain:
		d.text.Write(raw[1 : len(raw)-1])
	case quoted:
		unescape(&d.text, raw[1:len(raw)-1])
	case isNumber(raw):
		d.text.Write(raw)
	default:
		return false
	}
	v.SetString(d.text.String()[start:])
	return true
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
	misfit := make([]bool, len(t.forms))
	s := Scanner{b: raw}
	for more := s.open('}'); more; more = s.next('}') {
		i, _ := s.field(t, guess)
		raw, plain := s.value()
		if i < 0 {
			continue
		}
		known, guess = true, i+1
		v.Field(i).SetZero() // of two with one name the last counts
		misfit[i] = !d.set(v.Field(i), &t.forms[i], raw, plain)
	}
	return known && !slices.Contains(misfit, true)
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
