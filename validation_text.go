package motive

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text checks a string that is sent as it is, and reports whether it may be.
func (c *check) text(field string, o Optional[string]) bool {
	message := malformed(o.value)
	if message != "" {
		c.add(field, CodeInvalid, message)
	}
	return message == ""
}

// malformed returns what no field may hold, or "". It does not show s, which can
// be a password or a licence number.
func malformed(s string) string {
	if !utf8.ValidString(s) {
		// encoding/json would send other characters without a word.
		return "is not valid UTF-8; convert it"
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "contains a line break, a tab or another control character; remove it"
	}
	return ""
}

// email checks an address. "" is the absence of one.
func (c *check) email(field string, o Optional[string]) {
	s := o.value
	if s == "" || !c.text(field, o) || plainAddress(s) {
		return
	}
	switch a, err := mail.ParseAddress(s); {
	case err != nil:
		c.add(field, CodeInvalid, quote(s)+" is not an email address; write it like ada@example.com")
	case a.Address != s && a.String() != "<"+s+">": // the latter for a quoted local part
		c.add(field, CodeInvalid, quote(s)+" is more than an email address; use "+quote(a.Address)+" alone")
	}
}

// plainAddress recognises nearly every address in use without the allocations
// of net/mail, which judges the rest.
func plainAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && dotted(local, "!#$%&'*+-/=?^_`{|}~") && dotted(domain, "-")
}

// dotted reports whether s is a list of ASCII words between single dots, made
// of letters, digits and the characters in more.
func dotted(s, more string) bool {
	word := false
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '.' && word:
			word = false
		case 'a' <= ch && ch <= 'z', 'A' <= ch && ch <= 'Z', '0' <= ch && ch <= '9', strings.IndexByte(more, ch) >= 0:
			word = true
		default:
			return false
		}
	}
	return word
}
