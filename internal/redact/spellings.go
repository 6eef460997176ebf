package redact

import (
	"bytes"
	"strconv"
	"strings"
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
