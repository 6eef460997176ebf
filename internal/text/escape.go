package text

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// JSONEscape reads the escape that b begins with, such as `\n` or `\u00e9`, or two
// that make a pair of surrogates. It returns the character and how many bytes stand
// for it, 0 if b begins with no escape. Half a pair reads as a surrogate.
func JSONEscape[T string | []byte](b T) (r rune, n int) {
	if len(b) < 2 || b[0] != '\\' {
		return 0, 0
	}
	const letters, meant = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := strings.IndexByte(letters, b[1]); i >= 0 {
		return rune(meant[i]), 2
	}
	if r = codeUnit(b); r < 0 {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, codeUnit(b[6:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return r, 6
}

// codeUnit returns what the \uXXXX stands for that b begins with, -1 if there is
// none.
func codeUnit[T string | []byte](b T) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
