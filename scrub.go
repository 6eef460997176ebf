package motive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// cleaned is err, without the secrets and the query of the call if those stand in
// its text: net/http quotes what it cannot parse, and a round tripper of the
// caller's may say anything.
func (t *trip) cleaned(err error) error {
	text := err.Error()
	if clean := string(blot([]byte(t.scrub(text)), t.query)); clean != text {
		return &cleanError{clean, err}
	}
	return err
}

// cleanError is err under another text. It has no Unwrap, which would lead back
// to the first.
type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string              { return e.text }
func (e *cleanError) Is(target error) bool       { return errors.Is(e.err, target) }
func (e *cleanError) As(target any) bool         { return errors.As(e.err, target) }
func (e *cleanError) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, e.text) }

// scrub blots out the secrets of the call, which a server may echo.
func (t *trip) scrub(s string) string { return string(t.scrubBytes([]byte(s))) }

func (t *trip) scrubBytes(b []byte) []byte {
	return blot(b, append(t.secrets, t.credential)...)
}

// blot replaces secrets in b, in whichever case, also where they stand escaped as
// in JSON or a URL. A secret below four bytes would blot out half of every message
// and protect nothing.
func blot(b []byte, secrets ...string) []byte {
	for _, secret := range secrets {
		if len(secret) < 4 {
			continue
		}
		quoted, _ := json.Marshal(secret)
		inJSON := string(quoted[1 : len(quoted)-1])
		for _, form := range [...]string{secret, inJSON, asHTML.Replace(inJSON), url.QueryEscape(secret), url.PathEscape(secret)} {
			b = blotForm(b, form)
		}
	}
	return b
}

// blotForm replaces one form of a secret. A body is up to 64 KiB, in which a
// regular expression that ignores case takes milliseconds; most forms are ASCII
// and do not need it.
func blotForm(b []byte, form string) []byte {
	if strings.ContainsFunc(form, func(r rune) bool { return r >= utf8.RuneSelf }) {
		if pattern, err := regexp.Compile("(?i)" + regexp.QuoteMeta(form)); err == nil {
			return pattern.ReplaceAllLiteral(b, []byte(redacted))
		}
		return bytes.ReplaceAll(b, []byte(form), []byte(redacted)) // the secret is no UTF-8
	}
	var out []byte
	folded, want := lowerASCII(b), lowerASCII([]byte(form))
	for {
		at := bytes.Index(folded, want)
		if at < 0 {
			return append(out, b...)
		}
		out = append(append(out, b[:at]...), redacted...)
		b, folded = b[at+len(want):], folded[at+len(want):]
	}
}

// lowerASCII returns a copy of b that is as long, unlike that of bytes.ToLower.
func lowerASCII(b []byte) []byte {
	low := bytes.Clone(b)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return low
}

// asHTML undoes what encoding/json does for the sake of HTML, and others do not.
var asHTML = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")
