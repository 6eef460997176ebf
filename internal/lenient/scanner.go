package lenient

import (
	"bytes"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deeply arrays and objects may nest: as deep as encoding/json
// lets them.
const MaxDepth = 10_000

// A Scanner goes over JSON once, checks it, and hands out slices of it. The
// first fault is kept and ends every loop over members or elements, so that End
// is asked once, at the end.
type Scanner struct {
	b     []byte
	i     int // where the next value begins
	depth int
	plain bool // whether the last string needs no unquoting but the loss of its quotes
	err   error
}

// A syntaxError says where a body stops being JSON and why. It never quotes the
// body, which may hold secrets.
type syntaxError struct {
	offset int
	reason string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.offset, e.reason)
}

// byteOrderMark stands in front of what some Windows programs write.
const byteOrderMark = "\xef\xbb\xbf"

// Scan returns a Scanner at the value that b holds.
func Scan(b []byte) *Scanner {
	s := new(Scanner)
	s.reset(b)
	return s
}

func (s *Scanner) reset(b []byte) {
	*s = Scanner{b: b}
	if len(b) >= len(byteOrderMark) && string(b[:len(byteOrderMark)]) == byteOrderMark {
		s.i = len(byteOrderMark)
	}
	s.space()
}

// Check returns the one value that b holds, without the space around it.
func Check(b []byte) ([]byte, error) {
	s := Scan(b)
	value := s.Value()
	return value, s.End()
}

// Err returns the first fault so far.
func (s *Scanner) Err() error { return s.err }

// End returns the first fault of the input, which may be that it goes on.
func (s *Scanner) End() error {
	s.space()
	if s.err == nil && s.i < len(s.b) {
		s.fail("something follows the value")
	}
	return s.err
}

func (s *Scanner) fail(reason string) {
	if s.err != nil {
		return
	}
	if s.i >= len(s.b) {
		reason = "unexpected end"
	}
	s.err = &syntaxError{s.i, reason}
}

func (s *Scanner) space() {
	for s.i < len(s.b) && classes[s.b[s.i]] == space {
		s.i++
	}
}

// At reports whether the next value begins with ch.
func (s *Scanner) At(ch byte) bool { return s.err == nil && s.i < len(s.b) && s.b[s.i] == ch }

// took steps over ch and the space behind it, if ch is next.
func (s *Scanner) took(ch byte) bool {
	if !s.At(ch) {
		return false
	}
	s.i++
	s.space()
	return true
}

// Members yields the keys of an object, each with s at its value, which the loop
// may take and which is skipped otherwise. Any other value is skipped as a whole.
func (s *Scanner) Members() iter.Seq[[]byte] {
	return func(yield func(key []byte) bool) {
		if !s.At('{') {
			s.Value()
			return
		}
		for more := s.open('}'); more; more = s.next('}') {
			key := s.key()
			start := s.i
			if s.err != nil || !yield(key) {
				return
			}
			if s.i == start {
				s.Value()
			}
		}
	}
}

// Elements loops over an array, each time with s at a value, as Members does.
func (s *Scanner) Elements() func(yield func() bool) {
	return func(yield func() bool) {
		if !s.At('[') {
			s.Value()
			return
		}
		for more := s.open(']'); more; more = s.next(']') {
			start := s.i
			if !yield() {
				return
			}
			if s.i == start {
				s.Value()
			}
		}
	}
}

// open steps over an opening bracket and reports whether an item follows.
func (s *Scanner) open(closing byte) bool {
	if !s.deeper(s.depth + 1) {
		return false
	}
	s.depth++
	s.i++
	s.space()
	if s.closed(closing) {
		s.depth--
		return false
	}
	return true
}

func (s *Scanner) deeper(depth int) bool {
	if depth > MaxDepth {
		s.fail("nested deeper than " + strconv.Itoa(MaxDepth))
		return false
	}
	return true
}

// next steps over what stands behind an item and reports whether another
// follows.
func (s *Scanner) next(closing byte) bool {
	s.space()
	if s.closed(closing) {
		s.depth--
		return false
	}
	return s.comma()
}

func (s *Scanner) comma() bool {
	if !s.took(',') {
		s.fail("a comma or a closing bracket was expected")
	}
	return s.err == nil
}

func (s *Scanner) closed(closing byte) bool {
	if !s.At(closing) {
		return false
	}
	s.i++
	return true
}

func (s *Scanner) key() []byte {
	raw := s.rawKey()
	if s.err != nil {
		return nil
	}
	return Unquote(raw)
}

// rawKey steps over a key and its colon, and returns it with its quotes.
func (s *Scanner) rawKey() []byte {
	if !s.At('"') {
		s.fail("a key was expected")
		return nil
	}
	raw := s.text()
	s.space()
	if !s.took(':') {
		s.fail("a colon was expected")
		return nil
	}
	return raw
}

// Value steps over a value and returns it as it stands, nil after a fault.
func (s *Scanner) Value() []byte {
	start := s.i
	if s.err != nil || start >= len(s.b) {
		s.fail("")
		return nil
	}
	switch s.b[start] {
	case '"':
		s.text()
	case '{', '[':
		s.container()
	default:
		s.scalar()
	}
	if s.err != nil {
		return nil
	}
	return s.b[start:s.i]
}

// container steps over an array or an object. It keeps the open brackets in a
// list rather than on the stack, so that a hostile body does not grow it.
func (s *Scanner) container() {
	var few [32]byte
	open := few[:0] // the brackets that will close them
	for s.err == nil {
		if open = s.into(open); s.err != nil {
			return
		}
		if open = s.outOf(open); len(open) == 0 {
			return
		}
	}
}

// into steps to the end of the next value that has nothing in it: a scalar, a
// string, or an empty array or object. The brackets it passes are added to open.
func (s *Scanner) into(open []byte) []byte {
	for s.err == nil {
		switch {
		case s.At('{'), s.At('['):
			closing := s.b[s.i] + 2 // '}' and ']' stand two behind in ASCII
			if !s.deeper(s.depth + len(open) + 1) {
				return open
			}
			s.i++
			s.space()
			open = append(open, closing)
			if s.At(closing) {
				return open
			}
			if closing == '}' {
				s.rawKey()
			}
		case s.At('"'):
			s.text()
			return open
		default:
			s.scalar()
			return open
		}
	}
	return open
}

// outOf steps over the brackets that close here, and over the comma and the key
// in front of the next value if there is one.
func (s *Scanner) outOf(open []byte) []byte {
	for len(open) > 0 {
		closing := open[len(open)-1]
		s.space()
		if s.closed(closing) {
			open = open[:len(open)-1]
			continue
		}
		if s.comma() && closing == '}' {
			s.rawKey()
		}
		return open
	}
	return open
}

func (s *Scanner) scalar() {
	rest := s.b[s.i:]
	for _, word := range [...]string{"true", "false", "null"} {
		if len(rest) >= len(word) && string(rest[:len(word)]) == word {
			s.i += len(word)
			return
		}
	}
	n := numberLen(rest)
	if n == 0 {
		s.fail("a value was expected")
	}
	s.i += n
}

// The classes of bytes, of which the scanner asks for each byte of the input.
const (
	plain   = iota // stands for itself in a string
	space          // white space, which in a string only a blank may be
	quote          // ends a string
	escape         // begins an escape
	control        // must not stand in a string
	wide           // part of a character beyond ASCII
)

var classes = func() (table [256]uint8) {
	for b := range table {
		switch {
		case b < ' ':
			table[b] = control
		case b >= utf8.RuneSelf:
			table[b] = wide
		}
	}
	table['"'], table['\\'] = quote, escape
	table[' '], table['\n'], table['\t'], table['\r'] = space, space, space, space
	return table
}()

// text steps over a string and returns it with its quotes.
func (s *Scanner) text() []byte {
	b := s.b
	s.plain = true
	for i := s.i + 1; i < len(b); i++ {
		switch classes[b[i]] {
		case plain:
		case quote:
			raw := b[s.i : i+1]
			s.i = i + 1
			return raw
		case escape:
			s.plain = false
			n := escapeLen(b[i:])
			if n == 0 {
				s.i = i
				s.fail("malformed escape in a string")
				return nil
			}
			i += n - 1
		case wide:
			s.plain = false
		default:
			if b[i] != ' ' {
				s.i = i
				s.fail("control character in a string")
				return nil
			}
		}
	}
	s.i = len(b)
	s.fail("")
	return nil
}

// The letters that may follow a backslash, and what they stand for.
const (
	escapes   = `"\/bfnrt`
	unescaped = "\"\\/\b\f\n\r\t"
)

// escapeLen returns the length of the escape that b begins with, 0 if it is
// malformed.
func escapeLen(b []byte) int {
	switch {
	case len(b) >= 2 && strings.IndexByte(escapes, b[1]) >= 0:
		return 2
	case codeUnit(b) >= 0:
		return 6
	}
	return 0
}

// codeUnit returns what the \uXXXX stands for that b begins with, -1 if there is
// none.
func codeUnit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var unit rune
	for _, ch := range b[2:6] {
		digit := strings.IndexByte("0123456789abcdef", ch|0x20) // the bit between the cases
		if digit < 0 || ch < '0' {
			return -1
		}
		unit = unit<<4 | rune(digit)
	}
	return unit
}

// numberLen returns the length of the number that b begins with, 0 if there is
// none.
func numberLen(b []byte) int {
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if n := digits(b[i:]); n > 0 {
		i += n
	} else {
		return 0
	}
	if i < len(b) && b[i] == '.' {
		n := digits(b[i+1:])
		if n == 0 {
			return 0
		}
		i += 1 + n
	}
	n, ok := exponentLen(b[i:])
	if !ok {
		return 0
	}
	return i + n
}

// exponentLen returns the length of the exponent that b begins with, 0 if there is
// none, and whether it is well formed.
func exponentLen(b []byte) (int, bool) {
	if len(b) == 0 || b[0] != 'e' && b[0] != 'E' {
		return 0, true
	}
	sign := 1
	if len(b) > 1 && (b[1] == '+' || b[1] == '-') {
		sign = 2
	}
	n := digits(b[sign:])
	return sign + n, n > 0
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}

func isNumber(b []byte) bool { return len(b) > 0 && numberLen(b) == len(b) }

// Members yields the keys and values of an object that a Scanner handed out. A
// value that is no object has none.
func Members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		s := Scanner{b: object}
		for key := range s.Members() {
			if !yield(key, s.Value()) {
				return
			}
		}
	}
}

// Elements yields the values of an array that a Scanner handed out. A value that
// is no array has none.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		s := Scanner{b: array}
		for range s.Elements() {
			if !yield(s.Value()) {
				return
			}
		}
	}
}

// Unquote returns the characters of a string, or any other value as it is. It
// copies only a string with an escape or invalid UTF-8 in it.
func Unquote(value []byte) []byte {
	if len(value) == 0 || value[0] != '"' {
		return value
	}
	chars := value[1 : len(value)-1]
	if bytes.IndexByte(chars, '\\') < 0 && utf8.Valid(chars) {
		return chars
	}
	return appendUnescaped(make([]byte, 0, len(chars)), chars)
}

// appendUnescaped resolves escapes. Like encoding/json it puts U+FFFD for
// invalid UTF-8 and for half a surrogate pair.
func appendUnescaped(out, chars []byte) []byte {
	for len(chars) > 0 {
		switch {
		case chars[0] != '\\':
			r, size := utf8.DecodeRune(chars)
			out = utf8.AppendRune(out, r)
			chars = chars[size:]
		case chars[1] != 'u':
			out = append(out, unescaped[strings.IndexByte(escapes, chars[1])])
			chars = chars[2:]
		default:
			r := codeUnit(chars)
			chars = chars[6:]
			if utf16.IsSurrogate(r) {
				if r = utf16.DecodeRune(r, codeUnit(chars)); r != utf8.RuneError {
					chars = chars[6:] // the other half
				}
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
