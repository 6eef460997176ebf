package redact

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/motive-go/motive/internal/text"
)

const (
	encoders = `%+\&` // what an encoded character begins with
	longest  = 16     // bytes of one: "%f0%9f%9a%9a", and with room for what was quoted again
)

// readings adds to ends where each reading of s as the character want ends; s begins at
// start.
func readings(ends []int, s string, start int, want rune) []int {
	add := func(r rune, n int) {
		if n > 0 && fold(r) == want && !slices.Contains(ends, start+n) {
			ends = append(ends, start+n)
		}
	}
	if s == "" {
		return ends
	}
	add(utf8.DecodeRuneInString(s))
	switch s[0] { // one of encoders
	case '%':
		add(percentEncoded(s))
	case '+': // of a form
		add(' ', 1)
	case '\\':
		add(text.JSONEscape(s))
		if again := len(s) - len(strings.TrimLeft(s, `\`)) - 1; again > 0 { // `\\u0041` is JSON that was quoted
			add('\\', again+1)
			if r, n := text.JSONEscape(s[again:]); n > 0 {
				add(r, again+n)
			}
		}
	case '&':
		add(htmlEntity(s))
	}
	if want == utf8.RuneError { // where a secret breaks off within a character, what follows may complete it
		add(utf8.DecodeRuneInString(s[:1]))
		add(percentEncoded(s[:min(len(s), 3)]))
	}
	return ends
}

// breaksOff reports whether s, less than longest bytes up to where a text was cut, is
// or may be the beginning of an encoded character.
func breaksOff(s string) bool {
	return s == "" || len(s) < longest && (strings.IndexByte(encoders, s[0]) >= 0 || !utf8.FullRuneInString(s))
}

// fold gives all the cases of a character one form.
func fold(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// Each function here reads the one encoded character that text begins with, and
// returns it with the length of its encoding; 0 if there is none.

// percentEncoded reads "%41", or several of these that make up a character.
func percentEncoded(text string) (rune, int) {
	raw := make([]byte, 0, utf8.UTFMax)
	for s := text; len(s) >= 3 && s[0] == '%' && !utf8.FullRune(raw); s = s[3:] {
		v, err := strconv.ParseUint(s[1:3], 16, 8)
		if err != nil {
			break
		}
		raw = append(raw, byte(v))
	}
	r, n := utf8.DecodeRune(raw)
	return r, 3 * n
}

// htmlEntity reads "&amp;", "&#39;", "&#x27;" and their like.
func htmlEntity(text string) (rune, int) {
	name, _, found := strings.Cut(text[1:], ";")
	if !found {
		return 0, 0
	}
	n := len("&" + name + ";")
	if r := entities[name]; r > 0 {
		return r, n
	}
	digits, base := strings.TrimPrefix(name, "#"), 10
	if short := strings.TrimLeft(digits, "xX"); short != digits {
		digits, base = short, 16
	}
	v, err := strconv.ParseUint(digits, base, 31)
	if err != nil || name[0] != '#' {
		return 0, 0
	}
	return rune(v), n
}

var entities = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}
