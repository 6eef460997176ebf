package redact

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Each function here reads the one encoded character that b begins with, and
// returns it with the length of its encoding; 0 if there is none.

// percentEncoded reads "%41", or several of these that make up a character.
func percentEncoded(b []byte) (rune, int) {
	var raw [utf8.UTFMax]byte
	n := 0
	for n < len(raw) && len(b) >= 3*(n+1) && b[3*n] == '%' {
		v, err := strconv.ParseUint(string(b[3*n+1:3*n+3]), 16, 8)
		if err != nil {
			break
		}
		raw[n] = byte(v)
		n++
		if utf8.FullRune(raw[:n]) {
			break
		}
	}
	if n == 0 {
		return 0, 0
	}
	r, size := character(raw[:n])
	return r, 3 * size
}

func percentEncodedByte(b []byte) (rune, int) {
	if len(b) < 3 {
		return 0, 0
	}
	v, err := strconv.ParseUint(string(b[1:3]), 16, 8)
	if err != nil {
		return 0, 0
	}
	return stray(byte(v)), 3
}

// jsonEscaped reads `\n`, `\"` and their like, `\u00e9`, or a pair of
// surrogates.
func jsonEscaped(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	const letters, meant = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := bytes.IndexByte([]byte(letters), b[1]); i >= 0 {
		return rune(meant[i]), 2
	}
	r := codeUnit(b)
	if r < 0 {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, codeUnit(b[6:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return r, 6
}

func codeUnit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	v, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(v)
}

// htmlEntity reads "&amp;", "&#39;", "&#x27;" and their like.
func htmlEntity(b []byte) (rune, int) {
	const longest = 10
	end := bytes.IndexByte(b[:min(len(b), longest)], ';')
	if end < 2 {
		return 0, 0
	}
	name := string(b[1:end])
	switch name {
	case "amp":
		return '&', end + 1
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	}
	if name[0] != '#' {
		return 0, 0
	}
	digits, base := name[1:], 10
	if len(digits) > 1 && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	v, err := strconv.ParseInt(digits, base, 32)
	if err != nil || v < 0 || v > utf8.MaxRune {
		return 0, 0
	}
	return rune(v), end + 1
}
