package text

import (
	"strings"
	"unicode"
)

// Fold makes the spellings of a name equal: "Not required", "NOT-REQUIRED" and
// "not_required" all become the last.
func Fold(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r == '_' || r == '-' || unicode.IsSpace(r)
	})
	return strings.Join(words, "_")
}

// Canonical returns the one of valid that s spells, folded.
func Canonical[T ~string](s string, valid []T) (T, bool) {
	s = Fold(s)
	for _, v := range valid {
		if Fold(string(v)) == s {
			return v, true
		}
	}
	return "", false
}

// Nearest returns the value that s is most likely a slip of, folded. One that
// shares less than half of its letters with s would be a guess rather than a
// hint, and a text of more than 64 bytes is no slip of a name.
func Nearest[T ~string](s string, valid []T) (T, bool) {
	const longest = 64
	var best T
	if len(s) > longest {
		return best, false
	}
	s = Fold(s)
	least := longest
	for _, v := range valid {
		name := Fold(string(v))
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
