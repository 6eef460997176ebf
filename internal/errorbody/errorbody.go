// Package errorbody finds the words of an error in a response of any shape.
package errorbody

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/motive-go/motive/internal/lenient"
	"github.com/motive-go/motive/internal/text"
)

// A Problem is what a response says about one field, "" for none in particular.
type Problem struct{ Field, Code, Message string }

// How much of a server's words is kept: bytes, and problems.
const (
	MaxMessage  = 1 << 10
	MaxName     = 128
	MaxProblems = 100
)

// sources are the members whose words make the message, in its order.
var sources = [...]string{"error_message", "message", "error", "error_description", "title", "detail", "errors"}

// Read finds the words of an error: in a JSON object under the usual names, each
// a text, a list, an object with a message, or a map of field to texts; in a JSON
// list or text; in a short plain text; and in the header WWW-Authenticate. Of JSON
// that breaks off it reads what is whole. HTML says nothing.
//
// The words come in the order of sources, then the problems in the order of the
// body; what has been said is not said again. Nothing that is returned refers to
// body, and all of it can be printed on one line. Each text is cleaned before it is
// cut: a secret that is cut is found no more.
func Read(body []byte, header http.Header, clean func(string) string) (message string, problems []Problem) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	scanner := lenient.Scan(body)
	r := reader{Scanner: &scanner, clean: clean}
	switch {
	case r.At('{'):
		for key := range r.Items() { // of which one may come twice, also in another case
			if r.source = slices.Index(sources[:], strings.ToLower(string(key))); r.source >= 0 {
				r.value("", 0)
			}
		}
	case r.At('['), r.At('"'):
		r.value("", 0)
	case r.At('<'), len(body) > MaxMessage, json.Valid(body): // is no text for people
	default:
		r.texts[0] = append(r.texts[0], r.printable(string(body), MaxMessage))
	}
	r.authenticate(header)
	return r.message(), r.problems
}

// Success reads the member "success" of an object, if it says whether it was one.
func Success(body []byte) (success, said bool, err error) {
	s := lenient.Scan(body)
	for key := range s.Items() {
		if string(key) == "success" {
			success, said = lenient.Bool(s.Value())
		}
	}
	return success, said, s.End()
}

// A reader collects what a body says.
type reader struct {
	*lenient.Scanner
	clean func(string) string

	source   int                        // whose value is read
	texts    [len(sources) + 1][]string // about no field in particular, by source; the last are the header's
	problems []Problem
	// How many there were of each, those beyond MaxProblems as well.
	allTexts, allProblems int
}

// value reads what a value says about field.
func (r *reader) value(field string, depth int) {
	const deepest = 5
	switch {
	case depth > deepest: // is skipped
	case r.At('"'):
		o := one{message: r.Value()}
		r.say(field, &o, field == "")
	case r.At('['):
		for range r.Items() {
			r.value(field, depth+1)
		}
	case r.At('{'):
		r.object(field, depth)
	}
}

// say adds what o says: as a text, or as a problem of the field.
func (r *reader) say(field string, o *one, isText bool) {
	switch {
	case o.silent():
	case isText:
		if r.allTexts++; r.allTexts <= MaxProblems {
			r.texts[r.source] = append(r.texts[r.source], r.words(o))
		}
	default:
		if r.allProblems++; r.allProblems <= MaxProblems {
			name := cmp.Or(r.unquoted(o.field, MaxName), field)
			r.problems = append(r.problems, Problem{Field: name, Code: r.unquoted(o.code, MaxName), Message: r.words(o)})
		}
	}
}

// one is an object as a single problem: its strings as they stand in the body.
type one struct{ field, code, message, detail, title []byte }

// member returns the place of a member in o, nil if it is no part of a problem.
func (o *one) member(key []byte) *[]byte {
	switch strings.ToLower(string(key)) {
	case "field", "attribute", "parameter":
		return &o.field
	case "code":
		return &o.code
	case "message", "error_message", "error":
		return &o.message
	case "detail", "description", "error_description":
		return &o.detail
	case "title":
		return &o.title
	}
	return nil
}

// object reads an object: one problem if it has a message, else a map of field to
// problems. Which of them it is shows at its end only.
func (r *reader) object(field string, depth int) {
	var o one
	before := *r
	for key := range r.Items() {
		if part := o.member(key); part != nil && r.At('"') {
			*part = r.Value()
			continue
		}
		name := "…" // which nobody will see
		if r.allProblems < MaxProblems {
			name = r.printable(string(key), MaxName)
		}
		r.value(name, depth+1)
	}
	if !o.silent() {
		*r = before // one problem: what its other members seemed to say is dropped
		r.say(field, &o, depth == 0)
	}
}

func (o *one) silent() bool {
	return blank(o.message) && blank(o.detail) && blank(o.title) && blank(o.code)
}

// words is what a problem says: its code only where it says nothing else.
func (r *reader) words(o *one) string {
	said := ""
	for _, raw := range [...][]byte{o.message, o.title, o.detail} {
		said = join(said, r.unquoted(raw, MaxMessage))
	}
	if said == "" {
		said = r.unquoted(o.code, MaxMessage)
	}
	return text.Printable(said, MaxMessage)
}

// blank reports whether raw is no string, or one of spaces.
func blank(raw []byte) bool { return len(bytes.Trim(raw, "\" ")) == 0 }

// authenticate takes the reason that a refusal of the credential has in its
// header.
func (r *reader) authenticate(header http.Header) {
	for _, challenge := range header.Values("WWW-Authenticate") {
		_, after, _ := strings.Cut(challenge, `error_description="`)
		var reason strings.Builder
		for i := 0; i < len(after) && after[i] != '"'; i++ {
			if after[i] == '\\' && i+1 < len(after) {
				i++ // stands for what follows it
			}
			reason.WriteByte(after[i])
		}
		last := len(sources)
		r.texts[last] = append(r.texts[last], r.printable(reason.String(), MaxMessage))
	}
}

// message reads "Validation failed, email has already been taken".
func (r *reader) message() string {
	message := ""
	for _, words := range slices.Concat(r.texts[:]...) {
		message = join(message, words)
	}
	for _, p := range r.problems {
		message = join(message, p.Field, p.Message)
	}
	message = text.Printable(message, MaxMessage)
	if all := max(r.allTexts, r.allProblems); all > MaxProblems {
		message += fmt.Sprintf(" (the first %d of %d problems)", MaxProblems, all)
	}
	return message
}

// join adds words to what is said, unless it is too much or is said already.
func join(said string, words ...string) string {
	if len(said) > MaxMessage {
		return said
	}
	more := strings.TrimSpace(strings.Join(words, " "))
	switch {
	case more == "" || within(said, more):
		return said
	case said == "":
		return more
	}
	return said + ", " + more
}

// within reports whether words stand in s, not as part of longer ones.
func within(s, words string) bool {
	for i := strings.Index(s, words); i >= 0; i = strings.Index(s, words) {
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(words):])
		if !isWord(before) && !isWord(after) {
			return true
		}
		s = s[i+len(words):]
	}
	return false
}

// isWord is false for U+FFFD, which stands for the ends of a text.
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// unquoted is a string as it stands in the body, made fit for one line.
func (r *reader) unquoted(raw []byte, limit int) string {
	return r.printable(string(lenient.Unquote(raw)), limit)
}

func (r *reader) printable(s string, limit int) string { return text.Printable(r.clean(s), limit) }
