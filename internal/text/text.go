// Package text words messages: it quotes, lists and shortens, and finds the value
// that was probably meant.
package text

import (
	"strconv"
	"strings"
	"unicode"
)

// Quote shows s in quotes, cut after 60 bytes where it would drown a message.
func Quote(s string) string {
	const longest = 60
	if len(s) > longest {
		return strconv.Quote(strings.ToValidUTF8(s[:longest], "")) + "…"
	}
	return strconv.Quote(s)
}

// List reads `"logs", "none" or "exempt"`.
func List[T ~string](values []T, conjunction string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = Quote(string(v))
	}
	return Sentence(quoted, conjunction)
}

// Sentence reads "a, b and c".
func Sentence(words []string, conjunction string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}

// Blank reports whether s is empty or white space.
func Blank(s string) bool { return strings.TrimSpace(s) == "" }

// Printable folds white space, replaces what cannot be printed and cuts s to
// limit bytes, so that a server cannot forge lines of a log or steer a terminal.
func Printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	if s = strings.TrimSpace(s); strings.Contains(s, "  ") {
		s = strings.Join(strings.Fields(s), " ")
	}
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
