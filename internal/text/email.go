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
	name, domain, found := strings.Cut(s, "@")
	return found && name != "" && name[0] != '.' && madeOf(name, ".!#$%&'*+-/=?^_`{|}~") && dotted(domain)
}

// dotted reports whether s is a list of words between single dots.
func dotted(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" || !madeOf(word, "-") {
			return false
		}
	}
	return true
}

// madeOf reports whether s has ASCII letters, digits and the characters of more
// in it alone.
func madeOf(s, more string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(more, c) >= 0:
		default:
			return false
		}
	}
	return true
}
