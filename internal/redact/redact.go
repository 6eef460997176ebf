// Package redact removes secrets from text that is shown: errors, logs, recorded
// fixtures. It knows a secret in every spelling in which a server, a proxy or a
// URL may repeat it.
package redact

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
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
	secrets [][]rune  // case folded, with utf8.RuneError for a byte that is no UTF-8
	begins  [256]bool // the bytes that a spelling of one can begin with
}

// New returns a Set of secrets. Those of less than four bytes are ignored.
func New(secrets ...string) *Set { return (*Set)(nil).With(secrets...) }

// With returns a Set that redacts the secrets of s and more. s stays as it is.
func (s *Set) With(more ...string) *Set {
	all := new(Set)
	if s != nil {
		all.secrets = slices.Clip(s.secrets)
	}
	for _, secret := range more {
		if len(secret) >= shortest {
			all.secrets = append(all.secrets, []rune(strings.Map(fold, secret)))
		}
	}
	for c := range rune(len(all.begins)) {
		all.begins[c] = slices.ContainsFunc(all.secrets, func(secret []rune) bool {
			return c >= utf8.RuneSelf || strings.ContainsRune(encoders, c) || fold(c) == secret[0]
		})
	}
	return all
}

// String returns text without the secrets.
func (s *Set) String(text string) string { return replace(s, text, false) }

// Bytes returns b without the secrets: b itself where it holds none.
func (s *Set) Bytes(b []byte) []byte { return replace(s, b, false) }

// Truncated is Bytes for a b that was cut off, where the beginning of a secret may
// be all that is left of it.
func (s *Set) Truncated(b []byte) []byte { return replace(s, b, true) }

// Header returns a copy of h without the secrets.
func (s *Set) Header(h http.Header) http.Header {
	out := maps.Clone(h)
	for name, values := range h {
		for i, value := range values {
			if clean := s.String(value); clean != value {
				values = slices.Clone(values)
				values[i] = clean
				out[name] = values
			}
		}
	}
	return out
}

// Error returns err under a text without the secrets, on one line and cut after 1 KiB,
// for net/http quotes what it cannot read: err itself where its text is so already.
// [errors.Is] and [errors.As] see through it; there is no Unwrap, which would lead back
// to the text.
func (s *Set) Error(err error) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	if clean := text.Printable(s.String(said), 1<<10); clean != said {
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

// replace returns text without the secrets: text itself where it holds none.
func replace[T string | []byte](s *Set, text T, cut bool) T {
	if s == nil {
		return text
	}
	var out []byte
	kept := 0 // text up to here is in out
	for i := 0; i < len(text); i++ {
		if !s.begins[text[i]] {
			continue
		}
		most := 0
		for _, secret := range s.secrets {
			most = max(most, match(text[i:], secret, cut))
		}
		if most > 0 {
			out = append(append(out, text[kept:i]...), Mark...)
			kept = i + most
			i = kept - 1
		}
	}
	if kept == 0 {
		return text
	}
	return T(append(out, text[kept:]...))
}

// match returns how many bytes at the start of text spell secret, 0 for none. Each
// character of it may stand there as it is or encoded, so that there can be more
// than one way to read text: ends has where each of them has come to. With cut, text
// may end within the secret, of which shortest characters have come, and within one of
// its characters.
func match[T string | []byte](text T, secret []rune, cut bool) int {
	ends, next := make([]int, 1, 8), make([]int, 0, 8) // on the stack
	for come, want := range secret {
		next = next[:0]
		for _, end := range ends {
			ahead := string(text[end:min(end+longest, len(text))])
			if cut && come >= shortest && breaksOff(ahead) {
				return len(text)
			}
			next = readings(next, ahead, end, want)
		}
		if len(next) == 0 {
			return 0
		}
		ends, next = next, ends
	}
	return slices.Max(ends)
}
