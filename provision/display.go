package provision

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/text"
)

// What stands here makes texts of a roster and of the fleet fit to be shown: no
// secret, no control sequence, no line longer than the screen.

const nothing = "—"

// display is the value of a field for people.
func display(field string, value json.RawMessage) string {
	if c := columnByName(field); c != nil && c.secret && string(value) != "null" {
		return "[redacted]"
	}
	switch {
	case len(value) == 0 || string(value) == "null" || string(value) == `""` || string(value) == "[]":
		return nothing
	case value[0] == '"':
		return shown(unquoted(value))
	case field == externalIDsField:
		var ids []motive.ExternalIDAttributes
		if json.Unmarshal(value, &ids) != nil {
			return shown(string(value))
		}
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = shown(id.ExternalID + " of " + id.IntegrationName)
		}
		return strings.Join(names, ", ")
	case value[0] == '[':
		return strings.NewReplacer(",", ", ", "[", "", "]", "").Replace(string(value))
	}
	return shown(string(value))
}

// label is the name of a field for people.
func label(field string) string {
	if field == externalIDsField {
		return "external id"
	}
	return field
}

// unquoted is the text of a JSON string; "" where there is none.
func unquoted(value json.RawMessage) string {
	var s string
	_ = json.Unmarshal(value, &s)
	return s
}

// details is what a step does in one sentence.
func (s *Step) details() string {
	switch {
	case s.Action == ActionInvalid:
		all := make([]string, len(s.Problems))
		for i, p := range s.Problems {
			all[i] = shownProblem(p)
		}
		return strings.Join(all, "; ")
	case s.Action == ActionCreate:
		return s.summary()
	case s.Reason != "" && s.Action != ActionDeactivate:
		return s.Reason
	}
	var parts []string
	for _, c := range s.Changes {
		if c.Field != "status" {
			parts = append(parts, label(c.Field)+" "+display(c.Field, c.From)+" → "+display(c.Field, c.To))
		}
	}
	if s.Reason != "" {
		parts = append(parts, s.Reason)
	}
	if len(parts) == 0 && s.Action == ActionReactivate {
		return "is deactivated, and stands in the roster"
	}
	return strings.Join(parts, "; ")
}

// shownProblem is a problem without its line, which stands beside it.
func shownProblem(p Problem) string {
	message := text.Printable(p.Message, 2000)
	if p.Column == "" {
		return message
	}
	return shown(p.Column) + ": " + message
}

// summary says who is created: the rules that a driver is under, the role of
// anybody else, or the name to sign in with.
func (s *Step) summary() string {
	var parts []string
	value := func(field string) string {
		for _, c := range s.Changes {
			if c.Field == field {
				return unquoted(c.To)
			}
		}
		return ""
	}
	if canonicalRole(s.Role) != motive.RoleDriver {
		parts = append(parts, strings.ReplaceAll(shown(string(s.Role)), "_", " "))
	}
	if cycle := motive.Cycle(value("cycle")); cycle != "" {
		description := cycle.Description()
		if description == "" {
			description = shown(string(cycle))
		}
		parts = append(parts, description)
	} else if mode := value("time_tracking_mode"); mode == string(motive.TimeTrackingModeNotRequired) {
		parts = append(parts, "exempt from logs, time not tracked")
	} else if mode != "" {
		parts = append(parts, "time tracked by "+strings.ReplaceAll(shown(mode), "_", " "))
	}
	if len(parts) == 0 || canonicalRole(s.Role) != motive.RoleDriver {
		parts = append(parts, s.signIn())
	}
	return strings.Join(parts, ", ")
}

// signIn is what a new user signs in with.
func (s *Step) signIn() string {
	for _, field := range []string{"username", "email", "phone"} {
		for _, c := range s.Changes {
			if c.Field == field {
				return display(field, c.To)
			}
		}
	}
	return nothing
}

// who is the name of a step's person, or what else there is.
func (s *Step) who() string {
	for _, name := range []string{s.Name, s.ExternalID} {
		if name = shown(name); name != "" {
			return name
		}
	}
	for _, c := range s.Changes {
		if c.Field == "email" || c.Field == "username" {
			return display(c.Field, c.To)
		}
	}
	return nothing
}

// words are the actions as people read them.
func (a Action) words() string { return strings.ReplaceAll(string(a), "_", " ") }

// width is how many cells of a terminal a text takes: two for what is written
// wide in East Asia, none for marks on another letter.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		return 0
	case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd):
		return 2
	}
	return 1
}

// fit cuts or pads a text to n cells.
func fit(s string, n int) string {
	if w := width(s); w <= n {
		return s + strings.Repeat(" ", n-w)
	}
	w := 0
	for i, r := range s {
		if w+runeWidth(r) > n-1 {
			return s[:i] + "…" + strings.Repeat(" ", n-1-w)
		}
		w += runeWidth(r)
	}
	return s
}

// wrap breaks a text into lines of at most n cells. A word that is longer than a
// line is broken.
func wrap(s string, n int) []string {
	n = max(n, 8)
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		for width(word) > n {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			head := cells(word, n)
			lines, word = append(lines, word[:head]), word[head:]
		}
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= n:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// cells returns how many bytes of s fill at most n cells, and at least one
// character.
func cells(s string, n int) int {
	w := 0
	for i, r := range s {
		if w += runeWidth(r); w > n && i > 0 {
			return i
		}
	}
	return len(s)
}

// printableLong is a message as a terminal may have it.
func printableLong(s string) string { return text.Printable(s, 2000) }
