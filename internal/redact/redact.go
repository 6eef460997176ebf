// Package redact removes secrets from text that is shown: errors, logs, recorded
// fixtures. It knows a secret in every spelling in which a server, a proxy or a
// URL may repeat it.
package redact

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/motive-go/motive/internal/text"
)

// Mark stands where a secret was.
const Mark = "[redacted]"

// shortest is the length in bytes below which a secret is ignored: it would
// redact half of every message and protect nothing.
const shortest = 4

// A Set redacts a number of secrets. It finds them in any case, and as they are,
// escaped as in JSON, percent-encoded, form-encoded, or with HTML entities, also
// where one secret mixes these. A nil Set redacts nothing.
type Set struct {
	secrets []string

	compile sync.Once
	folded  [][]rune  // the secrets, case folded
	begins  [256]bool // the bytes that a spelling of a secret can begin with
}

// New returns a Set of secrets. Those of less than four bytes are ignored.
func New(secrets ...string) *Set { return (*Set)(nil).With(secrets...) }

// With returns a Set that redacts the secrets of s and more. s stays as it is.
func (s *Set) With(more ...string) *Set {
	var all []string
	if s != nil {
		all = s.secrets[:len(s.secrets):len(s.secrets)]
	}
	for _, secret := range more {
		if len(secret) >= shortest {
			all = append(all, secret)
		}
	}
	return &Set{secrets: all}
}

// Basic returns what HTTP's basic authentication makes of an id and a secret,
// as it stands and with both form-encoded, which OAuth 2.0 asks for. The
// padding is left off, so that it is found with and without.
func Basic(id, secret string) []string {
	encode := base64.RawStdEncoding.EncodeToString
	return []string{
		encode([]byte(id + ":" + secret)),
		encode([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret))),
	}
}

// String returns text without the secrets.
func (s *Set) String(text string) string {
	if out := s.replace([]byte(text), false); out != nil {
		return string(out)
	}
	return text
}

// Bytes returns b without the secrets: b itself where it holds none.
func (s *Set) Bytes(b []byte) []byte {
	if out := s.replace(b, false); out != nil {
		return out
	}
	return b
}

// Truncated is Bytes for a b that was cut off, where the beginning of a secret may
// be all that is left of it.
func (s *Set) Truncated(b []byte) []byte {
	if out := s.replace(b, true); out != nil {
		return out
	}
	return b
}

// Header returns h without the secrets: h itself where it holds none.
func (s *Set) Header(h http.Header) http.Header {
	var out http.Header
	for name, values := range h {
		for i, value := range values {
			clean := s.String(value)
			if clean == value {
				continue
			}
			if out == nil {
				out = h.Clone()
			}
			out[name][i] = clean
		}
	}
	if out == nil {
		return h
	}
	return out
}

// Error returns err under a text without the secrets: err itself where its text
// holds none. [errors.Is] and [errors.As] see through it; there is no Unwrap,
// which would lead back to the text.
func (s *Set) Error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := s.String(text); clean != text {
		return &cleanError{clean, err}
	}
	return err
}

type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string              { return e.text }
func (e *cleanError) Is(target error) bool       { return errors.Is(e.err, target) }
func (e *cleanError) As(target any) bool         { return errors.As(e.err, target) }
func (e *cleanError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.text) }

// Format prints no secret, under any verb.
func (s *Set) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redact.Set{…}") }

// replace returns a copy of b without the secrets, nil where b holds none.
func (s *Set) replace(b []byte, cut bool) []byte {
	if s == nil || len(s.secrets) == 0 {
		return nil
	}
	s.compile.Do(s.prepare)
	var out []byte
	kept := 0 // b up to here is in out
	for i := 0; i < len(b); i++ {
		if !s.begins[b[i]] {
			continue
		}
		if n := s.longest(b[i:], cut); n > 0 {
			out = append(append(out, b[kept:i]...), Mark...)
			kept = i + n
			i = kept - 1
		}
	}
	if kept == 0 {
		return nil
	}
	return append(out, b[kept:]...)
}

// encoders are the bytes that an encoded character begins with.
const encoders = `%\&+`

func (s *Set) prepare() {
	s.folded = make([][]rune, len(s.secrets))
	for i, secret := range s.secrets {
		s.folded[i] = []rune(secret) // with utf8.RuneError for a byte that is no UTF-8
		for j, r := range s.folded[i] {
			s.folded[i][j] = fold(r)
		}
	}
	for c := range rune(len(s.begins)) {
		s.begins[c] = c >= utf8.RuneSelf || strings.ContainsRune(encoders, c) ||
			slices.ContainsFunc(s.folded, func(secret []rune) bool { return secret[0] == fold(c) })
	}
}

// longest returns the length of the longest secret that b begins with, 0 for
// none.
func (s *Set) longest(b []byte, cut bool) int {
	most := 0
	for _, secret := range s.folded {
		most = max(most, match(b, secret, cut))
	}
	return most
}

// match returns how many bytes at the start of b spell secret, 0 for none. Each
// character of it may stand there as it is or encoded, so that there can be more
// than one way to read b: ends has where each of them has come to. With cut, b may
// end within the secret, of which shortest characters have come.
func match(b []byte, secret []rune, cut bool) int {
	var room, more [8]int
	ends, next := append(room[:0], 0), more[:0]
	for come, want := range secret {
		next = next[:0]
		for _, end := range ends {
			if end == len(b) && cut && come >= shortest {
				return end
			}
			next = readings(next, b, end, want)
		}
		if len(next) == 0 {
			return 0
		}
		ends, next = next, ends
	}
	return slices.Max(ends)
}

// readings adds to ends where each reading of b from start as the character want
// would end.
func readings(ends []int, b []byte, start int, want rune) []int {
	if b = b[start:]; len(b) == 0 {
		return ends
	}
	add := func(r rune, n int) {
		if n > 0 && fold(r) == want && !slices.Contains(ends, start+n) {
			ends = append(ends, start+n)
		}
	}
	add(utf8.DecodeRune(b))
	switch b[0] {
	case '%':
		add(percentEncoded(b))
	case '\\':
		add(text.JSONEscape(b))
	case '&':
		add(htmlEntity(b))
	case '+':
		add(' ', 1)
	}
	if want != utf8.RuneError {
		return ends
	}
	// A secret may break off within a character, which what follows it completes.
	if b[0] >= utf8.RuneSelf {
		add(utf8.RuneError, 1)
	} else if _, n := percentEncoded(b); n > 3 {
		add(utf8.RuneError, 3)
	}
	return ends
}

// fold gives all the cases of a character one form.
func fold(r rune) rune {
	if r < utf8.RuneSelf { // the usual one
		return unicode.ToUpper(r)
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}
