package lenient

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/motive-go/motive/internal/text"
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
	plain bool // as value says
	err   error
}

// Scan returns a Scanner at the value that b holds.
func Scan(b []byte) Scanner {
	const byteOrderMark = "\xef\xbb\xbf" // stands in front of what some Windows programs write
	s := Scanner{b: b, i: len(b) - len(bytes.TrimPrefix(b, []byte(byteOrderMark)))}
	s.space()
	return s
}

// Check returns the one value that b holds, without the space around it.
func Check(b []byte) ([]byte, error) {
	s := Scan(b)
	value := s.Value()
	return value, s.End()
}

// End returns the first fault of the input, which may be that it goes on.
func (s *Scanner) End() error {
	s.space()
	if s.i < len(s.b) {
		s.fail("something follows the value")
	}
	return s.err
}

// fail never quotes the body, which may hold secrets.
func (s *Scanner) fail(reason string) {
	if s.i >= len(s.b) {
		reason = "unexpected end"
	}
	if s.err == nil {
		s.Stop(fmt.Errorf("invalid JSON at byte %d: %s", s.i, reason))
	}
}

// Stop makes err the fault of an input that has none so far.
func (s *Scanner) Stop(err error) {
	s.err = cmp.Or(s.err, err)
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

// Items loops over an array, or over an object with its keys, each time with s at a
// value. A value that the loop does not take is skipped, as is one that is neither.
func (s *Scanner) Items() iter.Seq[[]byte] {
	return func(yield func(key []byte) bool) {
		object := s.At('{')
		if !object && !s.At('[') {
			s.Value()
			return
		}
		closing := s.b[s.i] + 2 // in ASCII
		for more := s.open(closing); more; more = s.next(closing) {
			var key []byte
			if object {
				key = Unquote(s.key())
			}
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

// open steps over an opening bracket and reports whether an item follows.
func (s *Scanner) open(closing byte) bool {
	if s.depth++; s.depth > MaxDepth {
		s.fail("nested deeper than " + strconv.Itoa(MaxDepth))
		return false
	}
	s.i++
	return !s.closed(closing)
}

// next steps over what stands behind an item and reports whether another
// follows.
func (s *Scanner) next(closing byte) bool {
	if s.At(',') { // as nearly always
		s.i++
		s.space()
		return true
	}
	return !s.closed(closing) && s.expect(',', "a comma or a closing bracket was expected")
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

// key steps over a key and its colon, and returns it with its quotes.
func (s *Scanner) key() []byte {
	if !s.At('"') {
		s.fail("a key was expected")
		return nil
	}
	key := s.Value()
	s.space()
	if !s.expect(':', "a colon was expected") {
		return nil
	}
	return key
}

// Value steps over a value and returns it as it stands, nil after a fault.
func (s *Scanner) Value() []byte {
	start := s.i
	switch {
	case s.At('"'):
		s.text()
	case s.At('{'), s.At('['):
		s.container()
	default:
		s.word()
	}
	if s.err != nil {
		return nil
	}
	return s.b[start:s.i]
}

// container steps over an array or an object. It keeps the open brackets in a list
// rather than on the stack, which a hostile body would grow to a hundred times its size.
func (s *Scanner) container() {
	var few [32]byte
	open := few[:0] // the brackets that will close them
	for more := true; more; {
		if s.At('{') || s.At('[') {
			open = append(open, s.b[s.i]+2) // in ASCII
			more = s.open(open[len(open)-1])
		} else {
			s.Value()
			more = s.next(open[len(open)-1])
		}
		for !more && len(open) > 1 {
			open = open[:len(open)-1]
			more = s.next(open[len(open)-1])
		}
		if more && open[len(open)-1] == '}' {
			s.key()
		}
	}
}

// value is Value, and says whether the strings in it need no unquoting but the loss
// of their quotes.
func (s *Scanner) value() (raw []byte, plain bool) {
	s.plain = true
	raw = s.Value()
	return raw, s.plain
}

// word steps over a number, true, false or null.
func (s *Scanner) word() {
	word, n := s.b[s.i:], 0
	for n < len(word) && isWord(word[n]) {
		n++
	}
	word = word[:n]
	if !isNumber(word) && string(word) != "true" && string(word) != "false" && string(word) != "null" {
		s.fail("a value was expected")
		return
	}
	s.i += n
}

// isWord reports whether a number, true, false or null may have b in it.
func isWord(b byte) bool {
	return isDigit(b) || 'a' <= b && b <= 'z' || b == '-' || b == '+' || b == '.' || b == 'E'
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// isNumber reports whether b is a number. Nearly all are an id or a count.
func isNumber(b []byte) bool {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if n == len(b) {
		return n == 1 || n > 1 && b[0] != '0'
	}
	return (n > 0 || b[0] == '-') && json.Valid(b)
}

// text steps over a string.
func (s *Scanner) text() {
	b := s.b
	for i := s.i + 1; ; i++ {
		i += ordinary(b[i:])
		if s.i = i; i == len(b) {
			s.fail("")
			return
		}
		switch ch := b[i]; {
		case ch == '"':
			s.i++
			return
		case ch == '\\':
			_, n := text.JSONEscape(b[i:])
			if n == 0 {
				s.fail("malformed escape in a string")
				return
			}
			i += n - 1
			s.plain = false
		case ch < ' ':
			s.fail("control character in a string")
			return
		case ch >= utf8.RuneSelf:
			s.plain = false
		}
	}
}

// ordinary returns how many of the first bytes of b stand for themselves in a
// string, or fewer. It tests eight at a time: subtracting sets the high bit of the
// first byte that was too small.
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
	var out strings.Builder
	out.Grow(3 * len(chars)) // U+FFFD takes three bytes, and may stand for one
	unescape(&out, chars)
	return []byte(out.String())
}

// unescape writes the characters of a string, given without its quotes. Like
// encoding/json it writes U+FFFD for invalid UTF-8 and for half a surrogate pair.
func unescape(out *strings.Builder, chars []byte) {
	for len(chars) > 0 {
		if n := ordinary(chars); n > 0 {
			out.Write(chars[:n])
			chars = chars[n:]
			continue
		}
		r, n := text.JSONEscape(chars)
		if n == 0 {
			r, n = utf8.DecodeRune(chars)
		}
		out.WriteRune(r)
		chars = chars[n:]
	}
}
