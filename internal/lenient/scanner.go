package lenient

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deeply arrays and objects may nest: as deep as encoding/json
// lets them.
const MaxDepth = 10_000

// A Scanner goes over JSON once, checks it, and hands out slices of it. The
// first fault is kept and moves to the end of the input, which ends every loop
// over members or elements, so that End is asked once, at the end.
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

// Stop makes err the fault of an input that has none so far.
func (s *Scanner) Stop(err error) { s.stop(err) }

// End returns the first fault of the input, which may be that it goes on.
func (s *Scanner) End() error {
	s.space()
	if s.i < len(s.b) {
		s.fail("something follows the value")
	}
	return s.err
}

func (s *Scanner) fail(reason string) {
	if s.i >= len(s.b) {
		reason = "unexpected end"
	}
	s.stop(&syntaxError{s.i, reason})
}

func (s *Scanner) stop(err error) {
	if s.err == nil {
		s.err = err
	}
	s.i = len(s.b)
}

func (s *Scanner) space() {
	const blanks = 1<<' ' | 1<<'\n' | 1<<'\t' | 1<<'\r'
	for s.i < len(s.b) && s.b[s.i] <= ' ' && uint64(blanks)>>s.b[s.i]&1 != 0 {
		s.i++
	}
}

// At reports whether the next value begins with ch.
func (s *Scanner) At(ch byte) bool { return s.i < len(s.b) && s.b[s.i] == ch }

// expect steps over ch and the space behind it.
func (s *Scanner) expect(ch byte, otherwise string) bool {
	if !s.At(ch) {
		s.fail(otherwise)
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
			key := Unquote(s.key())
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
	s.enter()
	return s.err == nil && !s.closed(closing)
}

// next steps over what stands behind an item and reports whether another
// follows.
func (s *Scanner) next(closing byte) bool { return !s.closed(closing) && s.comma() }

func (s *Scanner) enter() {
	if s.depth++; s.depth > MaxDepth {
		s.fail("nested deeper than " + strconv.Itoa(MaxDepth))
		return
	}
	s.i++
}

func (s *Scanner) closed(closing byte) bool {
	s.space()
	if !s.At(closing) {
		return false
	}
	s.i++
	s.depth--
	return true
}

func (s *Scanner) comma() bool { return s.expect(',', "a comma or a closing bracket was expected") }

// key steps over a key and its colon, and returns it with its quotes.
func (s *Scanner) key() []byte {
	if !s.At('"') {
		s.fail("a key was expected")
		return nil
	}
	raw := s.text()
	s.space()
	if !s.expect(':', "a colon was expected") {
		return nil
	}
	return raw
}

// Value steps over a value and returns it as it stands, nil after a fault.
func (s *Scanner) Value() []byte {
	start := s.i
	if s.At('{') || s.At('[') {
		s.container()
	} else {
		s.leaf()
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
		first := s.At('{') || s.At('[') // an item follows, with no comma in front
		if first {
			open = append(open, s.b[s.i]+2) // '}' and ']' stand two behind in ASCII
			s.enter()
		} else {
			s.leaf()
		}
		for len(open) > 0 && s.closed(open[len(open)-1]) {
			open, first = open[:len(open)-1], false
		}
		switch {
		case len(open) == 0:
			return
		case !first:
			s.comma()
		}
		if open[len(open)-1] == '}' {
			s.key()
		}
	}
}

// leaf steps over a value that has no others in it.
func (s *Scanner) leaf() {
	if s.At('"') {
		s.text()
		return
	}
	rest := s.b[s.i:]
	if n := wordLen(rest); n > 0 {
		s.i += n
		return
	}
	n := numberLen(rest)
	if n == 0 {
		s.fail("a value was expected")
	}
	s.i += n
}

// wordLen returns the length of the word that b begins with, 0 if there is none.
func wordLen(b []byte) int {
	switch {
	case len(b) >= 4 && (string(b[:4]) == "true" || string(b[:4]) == "null"):
		return 4
	case len(b) >= 5 && string(b[:5]) == "false":
		return 5
	}
	return 0
}

// text steps over a string and returns it with its quotes.
func (s *Scanner) text() []byte {
	b := s.b
	s.plain = true
	for i := s.i + 1; i < len(b); i++ {
		if i += ordinary(b[i:]); i == len(b) {
			break
		}
		switch ch := b[i]; {
		case ch == '"':
			raw := b[s.i : i+1]
			s.i = i + 1
			return raw
		case ch == '\\':
			s.plain = false
			n := escapeLen(b[i:])
			if n == 0 {
				s.i = i
				s.fail("malformed escape in a string")
				return nil
			}
			i += n - 1
		case ch < ' ':
			s.i = i
			s.fail("control character in a string")
			return nil
		case ch >= utf8.RuneSelf:
			s.plain = false
		}
	}
	s.i = len(b)
	s.fail("")
	return nil
}

// ordinary returns how many of the first bytes of b stand for themselves in a
// string, or fewer, eight of which it looks at in one go: subtracting sets the high
// bit of a byte that was too small, beginning with the first.
func ordinary(b []byte) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		odd := (w | (w - each*' ') | (w ^ each*'"' - each) | (w ^ each*'\\' - each)) & high
		if odd != 0 {
			return i + bits.TrailingZeros64(odd)/8
		}
	}
	return i
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
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}

// numberLen returns the length of the number that b begins with, 0 if there is
// none.
func numberLen(b []byte) int {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i = 1
	}
	n := digits(b[i:])
	switch {
	case n == 0:
		return 0
	case b[i] == '0':
		n = 1 // nothing follows a leading zero
	}
	i += n
	if i < len(b) && b[i] == '.' {
		if n = digits(b[i+1:]); n == 0 {
			return 0
		}
		i += 1 + n
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if n = digits(b[i:]); n == 0 {
			return 0
		}
		i += n
	}
	return i
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
	return appendUnescaped(make([]byte, 0, longest*len(chars)), chars)
}

// longest is how many times as long a string may become: U+FFFD takes three bytes,
// and may stand for one.
const longest = 3

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
