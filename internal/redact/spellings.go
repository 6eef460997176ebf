package redact

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Each function here reads the one encoded character that b begins with, and
// returns it with the length of its encoding; 0 if there is none.

// percentEncoded reads "%41", or several of these that make up a character.
func percentEncoded(b []byte) (rune, int) {
	raw := make([]byte, 0, utf8.UTFMax)
	for len(b) >= 3 && b[0] == '%' && !utf8.FullRune(raw) {
		v, err := strconv.ParseUint(string(b[1:3]), 16, 8)
		if err != nil {
			break
		}
		raw = append(raw, byte(v))
		b = b[3:]
	}
	r, n := utf8.DecodeRune(raw)
	return r, 3 * n
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
	digits, base := strings.TrimPrefix(name, "#"), 10
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "x"); ok {
		digits, base = hex, 16
	}
	v, err := strconv.ParseInt(digits, base, 32)
	if err != nil || name[0] != '#' {
		return 0, 0
	}
	return rune(v), end + 1
}
