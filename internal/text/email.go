package text

import (
	"net/mail"
	"strings"
)

// Email reports whether s is an email address and nothing more. If it is not,
// address is the one within it, as in "Ada <ada@example.com>", or "".
//
// Dots may stand together, and before the @: real addresses have them, though
// the standard asks for quotes around those.
func Email(s string) (address string, ok bool) {
	if plain(s) {
		return s, true
	}
	a, err := mail.ParseAddress(s)
	switch {
	case err != nil:
		return "", false
	case a.Address == s, a.String() == "<"+s+">": // the latter if the part before the @ is quoted
		return s, true
	}
	return a.Address, false
}

// plain recognises nearly every address in use without the allocations of
// net/mail, which judges the rest.
func plain(s string) bool {
	name, domain, _ := strings.Cut(s, "@")
	special := func(r rune) bool { return !inWord(r) && !strings.ContainsRune(".!#$%&'*+/=?^_`{|}~", r) }
	if name == "" || name[0] == '.' || strings.ContainsFunc(name, special) {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool { return !inWord(r) }) {
			return false
		}
	}
	return true
}

func inWord(r rune) bool {
	return r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}
