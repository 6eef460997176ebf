package motivetest

import (
	"bytes"
	"regexp"
)

var (
	standInAnywhere = regexp.MustCompile(`person\d{4,}@example\.com|\b(?:First|Last|Name|Licence|Code|Carrier|Street|City|State|Zip|Text|user)\d{4,}\b` +
		`|\b99\d{6,}(?:\.5)?\b|\(?\b\d{3}\)?[-. ]?555[-. ]?01\d\d\b`)
	timeAnywhere = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?`)
)

// residue looks through a file that is about to be written as the last of all
// checks. It returns the first line, counted from 1, that has something personal
// after the replacements, and what that is; "" if none has. Whole numbers pass:
// nothing tells them from ids.
func residue(data []byte) (line int, what string) {
	for i, text := range bytes.Split(data, []byte("\n")) {
		text = standInAnywhere.ReplaceAll(text, []byte("*"))
		text = timeAnywhere.ReplaceAll(text, []byte("*"))
		switch {
		case mailInText.Match(text):
			return i + 1, "an email"
		case bearerInText.Match(text):
			return i + 1, "a credential"
		}
		for _, number := range phoneInText.FindAll(text, -1) {
			if !wholeNumber.Match(number) {
				return i + 1, "a phone number"
			}
		}
	}
	return 0, ""
}
