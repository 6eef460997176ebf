package motive

import (
	"bytes"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deeply arrays and objects may nest, so that a hostile body
// cannot exhaust the stack. A list of users nests six deep.
const maxDepth = 200

// A scanner goes over JSON once, checks it, and hands out slices of it. The
// first fault stays in err and ends every loop over members or elements, so that
// err is looked at once, in the end.
type scanner struct {
	b     []byte
	i     int // where the next value begins
	depth int
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

func scan(b []byte) *scanner {
	s := &scanner{b: b}
	s.space()
	return s
}

// checkJSON returns the one value that b holds, without the space around it.
func checkJSON(b []byte) ([]byte, error) {
	s := scan(b)
	value := s.value()
	return value, s.end()
}

// end returns the first fault of the input, which may be that it goes on.
func (s *scanner) end() error {
	s.space()
	if s.err == nil && s.i < len(s.b) {
		s.fail("something follows the value")
	}
	return s.err
}

func (s *scanner) fail(reason string) {
	if s.err != nil {
		return
	}
	if s.i >= len(s.b) {
		reason = "unexpected end"
	}
	s.err = &syntaxError{s.i, reason}
}

func (s *scanner) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\n' || s.b[s.i] == '\t' || s.b[s.i] == '\r') {
		s.i++
	}
}

func (s *scanner) at(ch byte) bool { return s.err == nil && s.i < len(s.b) && s.b[s.i] == ch }

// took steps over ch and the space behind it, if ch is next.
func (s *scanner) took(ch byte) bool {
	if !s.at(ch) {
		return false
	}
	s.i++
	s.space()
	return true
}

// members yields the keys of an object, each with s at its value, which the loop
// may take and which is skipped otherwise. Any other value is skipped as a whole.
func (s *scanner) members() iter.Seq[[]byte] {
	return func(yield func(key []byte) bool) {
		if !s.at('{') {
			s.value()
			return
		}
		for more := s.open('}'); more; more = s.next('}') {
			key := s.key()
			start := s.i
			if s.err != nil || !yield(key) {
				return
			}
			if s.i == start {
				s.value()
			}
		}
	}
}

// elements loops over an array, each time with s at a value, as members does.
func (s *scanner) elements() func(yield func() bool) {
	return func(yield func() bool) {
		if !s.at('[') {
			s.value()
			return
		}
		for more := s.open(']'); more; more = s.next(']') {
			start := s.i
			if !yield() {
				return
			}
			if s.i == start {
				s.value()
			}
		}
	}
}

// open steps over an opening bracket and reports whether an item follows.
func (s *scanner) open(closing byte) bool {
	if s.depth++; s.depth > maxDepth {
		s.fail("nested deeper than " + strconv.Itoa(maxDepth))
		return false
	}
	s.i++
	s.space()
	return !s.closed(closing)
}

// next steps over what stands behind an item and reports whether another
// follows.
func (s *scanner) next(closing byte) bool {
	s.space()
	if s.closed(closing) {
		return false
	}
	if !s.took(',') {
		s.fail("a comma or a closing bracket was expected")
	}
	return s.err == nil
}

func (s *scanner) closed(closing byte) bool {
	if !s.at(closing) {
		return false
	}
	s.i++
	s.depth--
	return true
}

func (s *scanner) key() []byte {
	if !s.at('"') {
		s.fail("a key was expected")
		return nil
	}
	raw, plain := s.text()
	s.space()
	if !s.took(':') {
		s.fail("a colon was expected")
		return nil
	}
	if plain {
		return raw[1 : len(raw)-1]
	}
	return unquote(raw)
}

// value steps over a value and returns it as it stands, nil after a fault.
func (s *scanner) value() []byte {
	start := s.i
	switch {
	case s.at('"'):
		s.text()
	case s.at('{'):
		for range s.members() {
		}
	case s.at('['):
		for range s.elements() {
		}
	default:
		s.scalar()
	}
	if s.err != nil {
		return nil
	}
	return s.b[start:s.i]
}

func (s *scanner) scalar() {
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

// text steps over a string and returns it with its quotes. A plain one holds
// neither escapes nor anything but ASCII.
func (s *scanner) text() (raw []byte, plain bool) {
	plain = true
	for i := s.i + 1; i < len(s.b); i++ {
		switch ch := s.b[i]; {
		case ch == '"':
			raw, s.i = s.b[s.i:i+1], i+1
			return raw, plain
		case ch == '\\':
			plain = false
			n := escapeLen(s.b[i:])
			if n == 0 {
				s.i = i
				s.fail("malformed escape in a string")
				return nil, false
			}
			i += n - 1
		case ch < ' ':
			s.i = i
			s.fail("control character in a string")
			return nil, false
		case ch >= utf8.RuneSelf:
			plain = false
		}
	}
	s.i = len(s.b)
	s.fail("")
	return nil, false
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
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// numberLen returns the length of the number that b begins with, 0 if there is
// none.
func numberLen(b []byte) int {
	i := 0
	skip := func(chars string) bool {
		if i == len(b) || strings.IndexByte(chars, b[i]) < 0 {
			return false
		}
		i++
		return true
	}
	digits := func() bool {
		start := i
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		return i > start
	}
	skip("-")
	if !skip("0") && !digits() {
		return 0
	}
	if skip(".") && !digits() {
		return 0
	}
	if skip("eE") {
		skip("+-")
		if !digits() {
			return 0
		}
	}
	return i
}

func isDigit(ch byte) bool { return '0' <= ch && ch <= '9' }

func isNumber(b []byte) bool { return len(b) > 0 && numberLen(b) == len(b) }

// members yields the keys and values of an object that a scanner handed out. A
// value that is no object has none.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		s := scanner{b: object}
		for key := range s.members() {
			if !yield(key, s.value()) {
				return
			}
		}
	}
}

// elements yields the values of an array that a scanner handed out. A value that
// is no array has none.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		s := scanner{b: array}
		for range s.elements() {
			if !yield(s.value()) {
				return
			}
		}
	}
}

// unquote returns the characters of a string, or any other value as it is. It
// copies only a string with an escape or invalid UTF-8 in it.
func unquote(value []byte) []byte {
	if len(value) == 0 || value[0] != '"' {
		return value
	}
	chars := value[1 : len(value)-1]
	if bytes.IndexByte(chars, '\\') < 0 && utf8.Valid(chars) {
		return chars
	}
	return unescape(chars)
}

// unescape resolves escapes. Like encoding/json it puts U+FFFD for invalid UTF-8
// and for half a surrogate pair.
func unescape(chars []byte) []byte {
	out := make([]byte, 0, len(chars))
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
