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
// hint; no name is so long that more than 64 bytes of s could decide.
func Nearest[T ~string](s string, valid []T) (best T, found bool) {
	const longest = 64
	s = Fold(s[:min(len(s), longest)])
	least := longest
	for _, v := range valid {
		name := Fold(string(v))
		if d := distance(s, name); d < least && 2*d <= max(len(s), len(name)) {
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
		replaced := row[0]
		row[0] = i + 1
		for j := range len(b) {
			if a[i] != b[j] {
				replaced++
			}
			replaced, row[j+1] = row[j+1], min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
