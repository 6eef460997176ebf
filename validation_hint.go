package motive

import (
	"strconv"
	"strings"
)

// invalid is the error of a single problem.
func invalid(field, code, message string) error {
	return &ValidationError{Problems: []FieldError{{Field: field, Code: code, Message: message}}}
}

// notDocumented says which value was meant by s, if that can be told, and which
// values there are.
func notDocumented[T ~string](s string, valid []T) string {
	if blank(s) {
		return "is empty; use " + list(valid, "or")
	}
	if v, ok := respell(s, valid); ok {
		return quote(s) + " is not a documented value; use " + spelling(v)
	}
	message := quote(s) + " is not a documented value"
	if v, ok := nearest(s, valid); ok {
		message += " (did you mean " + quote(string(v)) + "?)"
	}
	return message + "; use " + list(valid, "or")
}

func notDocumentedCycle(c Cycle) string {
	if v, ok := respellCycle(string(c)); ok {
		return quote(string(c)) + " is not a documented value; use " + spelling(v)
	}
	return notDocumented(string(c), cycleNames())
}

func spelling[T ~string](v T) string {
	if s := string(v); s == strings.ToLower(s) {
		return quote(s) + ": the API's values are lower case, with underscores and no spaces"
	}
	return quote(string(v)) + ", spelled exactly so"
}

// nearest finds the value that s is most likely a slip of. A value that shares
// less than half of its letters with s is a guess rather than a hint.
func nearest[T ~string](s string, valid []T) (T, bool) {
	const longest = 64 // of an s that can be a slip of a name
	if len(s) > longest {
		return "", false
	}
	s = strings.TrimSuffix(fold(s), suffix2020)
	var best T
	least := longest
	for _, v := range valid {
		name := fold(string(v))
		d := distance(s, name)
		if d < least && 2*d <= max(len(s), len(name)) {
			best, least = v, d
		}
	}
	return best, best != ""
}

// distance counts the bytes to insert, delete or replace to make a into b
// (Levenshtein), one row of the matrix at a time.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// list reads `"logs", "none" or "exempt"`.
func list[T ~string](values []T, conjunction string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(string(v))
	}
	return sentence(quoted, conjunction)
}

// sentence reads "a, b and c".
func sentence(words []string, conjunction string) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" " + conjunction + " ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(w)
	}
	return b.String()
}

// quote shows a value of the request, cut where it would drown the message.
func quote(s string) string {
	const longest = 60 // bytes
	if len(s) > longest {
		return strconv.Quote(s[:longest]) + "…"
	}
	return strconv.Quote(s)
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
