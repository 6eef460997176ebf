package provision

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// decoder turns a file into UTF-8, whatever a spreadsheet saved it as. What it
// had to infer it leaves in notice, for the next row to carry.
type decoder struct {
	io.Reader
	notice  string
	noted   bool // that a notice was given
	damaged bool // a byte that no encoding explains was replaced by U+FFFD
}

// take returns the notice once.
func (d *decoder) take() []string {
	if d.notice == "" {
		return nil
	}
	notice := d.notice
	d.notice = ""
	return []string{notice}
}

func newDecoder(r io.Reader) *decoder {
	d := &decoder{}
	in := bufio.NewReader(r)
	start, _ := in.Peek(64)
	order, marked := utf16Order(start)
	switch {
	case order != nil:
		if marked {
			_, _ = in.Discard(2) // peeked, so it is there
		}
		d.Reader = &utf16Reader{in: in, order: order}
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3)
		d.Reader = &utf8Reader{in: in, decoder: d}
	default:
		d.Reader = &utf8Reader{in: in, decoder: d}
	}
	return d
}

// utf16Order tells UTF-16 by its byte order mark, or by a zero in every second
// byte: a heading is ASCII.
func utf16Order(start []byte) (order binary.ByteOrder, marked bool) {
	switch {
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}):
		return binary.LittleEndian, true
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return binary.BigEndian, true
	case len(start) < 8:
		return nil, false
	}
	var zeros [2]int
	for i, b := range start {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch half := len(start) / 2; {
	case zeros[1] == half && zeros[0] == 0:
		return binary.LittleEndian, false
	case zeros[0] == half && zeros[1] == 0:
		return binary.BigEndian, false
	}
	return nil, false
}

// utf16Reader reads UTF-16 as UTF-8.
type utf16Reader struct {
	in    *bufio.Reader
	order binary.ByteOrder
	out   []byte // decoded and not yet read
	err   error
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 && r.err == nil {
		r.fill()
	}
	if len(r.out) == 0 {
		return 0, r.err
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

func (r *utf16Reader) fill() {
	r.out = r.out[:0]
	for len(r.out) < 4096 {
		unit, err := r.unit()
		if err != nil {
			r.err = err
			return
		}
		char := rune(unit)
		if utf16.IsSurrogate(char) {
			second, err := r.unit()
			char = utf16.DecodeRune(char, rune(second))
			r.err = err
		}
		r.out = utf8.AppendRune(r.out, char)
		if r.err != nil {
			return
		}
	}
}

// unit reads one code unit. Half of one at the end is a file that was cut off.
func (r *utf16Reader) unit() (uint16, error) {
	var b [2]byte
	_, err := io.ReadFull(r.in, b[:])
	return r.order.Uint16(b[:]), err
}

// utf8Reader passes UTF-8 through, and reads bytes that are none as
// Windows-1252, in which older spreadsheets save.
type utf8Reader struct {
	in   *bufio.Reader
	line int // line breaks so far
	out  []byte
	*decoder
}

func (r *utf8Reader) Read(p []byte) (int, error) {
	if len(r.out) == 0 {
		chunk, err := r.in.Peek(1)
		if len(chunk) == 0 {
			return 0, err
		}
		chunk, _ = r.in.Peek(r.in.Buffered())
		valid := validPrefix(chunk)
		if valid > 0 {
			n := copy(p, chunk[:valid])
			r.line += bytes.Count(chunk[:n], []byte{'\n'})
			_, _ = r.in.Discard(n)
			return n, nil
		}
		r.foreign()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// validPrefix is how many bytes of b are UTF-8, from its start.
func validPrefix(b []byte) int {
	if utf8.Valid(b) {
		return len(b)
	}
	n := 0
	for n < len(b) {
		char, size := utf8.DecodeRune(b[n:])
		if char == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// foreign reads one character that the bytes read so far do not complete.
func (r *utf8Reader) foreign() {
	b, _ := r.in.Peek(utf8.UTFMax)
	char, size := utf8.DecodeRune(b)
	if char == utf8.RuneError && size == 1 {
		char = windows1252(b[0])
		if char == utf8.RuneError {
			r.damaged = true
		}
		r.note()
	}
	_, _ = r.in.Discard(size)
	r.out = utf8.AppendRune(r.out[:0], char)
}

func (r *utf8Reader) note() {
	if r.noted {
		return
	}
	r.noted = true
	r.notice = noticeWindows1252(r.line + 1)
}

// windows1252 is the character of a byte from 0x80; U+FFFD for the five that the
// code page leaves empty.
func windows1252(b byte) rune {
	const high = "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ"
	if b >= 0xa0 || b < 0x80 {
		return rune(b)
	}
	return []rune(high)[b-0x80]
}

func noticeWindows1252(line int) string {
	return "line " + strconv.Itoa(line) + " is not UTF-8 and was read as Windows-1252; look at the names with accents"
}
