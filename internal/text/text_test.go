package text_test

import (
	"strings"
	"testing"

	"github.com/motive-go/motive/internal/text"
)

func TestQuoteCutsWhatIsLong(t *testing.T) {
	t.Parallel()
	tests := []struct{ give, want string }{
		{"", `""`},
		{"a\"b\n", `"a\"b\n"`},
		{strings.Repeat("x", 60), `"` + strings.Repeat("x", 60) + `"`},
		{strings.Repeat("x", 61), `"` + strings.Repeat("x", 60) + `"…`},
		{strings.Repeat("é", 40), `"` + strings.Repeat("é", 30) + `"…`},
		{strings.Repeat("x", 59) + "é", `"` + strings.Repeat("x", 59) + `"…`},
	}
	for _, test := range tests {
		if got := text.Quote(test.give); got != test.want {
			t.Errorf("Quote(%q) = %s, want %s", test.give, got, test.want)
		}
	}
}

func TestListReadsLikeASentence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		give []string
		want string
	}{
		{nil, ""},
		{[]string{"logs"}, `"logs"`},
		{[]string{"logs", "none"}, `"logs" or "none"`},
		{[]string{"logs", "none", "exempt"}, `"logs", "none" or "exempt"`},
	}
	for _, test := range tests {
		if got := text.List(test.give, "or"); got != test.want {
			t.Errorf("List(%q) = %s, want %s", test.give, got, test.want)
		}
	}
	if got := text.Sentence([]string{"a", "b", "c"}, "and"); got != "a, b and c" {
		t.Errorf("Sentence = %s", got)
	}
}

func TestPrintableKeepsOneLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		give  string
		limit int
		want  string
	}{
		{"a  b\r\nc\td", 99, "a b c d"},
		{"\x1b[31mred\x1b[0m", 99, "[31mred [0m"},
		{"a\xffb", 99, "a\ufffdb"},
		{"right\u202eleft", 99, "right left"},
		{"abcdef", 3, "abc…"},
		{"a b", 3, "a b"},
		{" a", 99, "a"},
		{"a ", 99, "a"},
		{"", 99, ""},
		{"ééé", 3, "é…"},
	}
	for _, test := range tests {
		if got := text.Printable(test.give, test.limit); got != test.want {
			t.Errorf("Printable(%q, %d) = %q, want %q", test.give, test.limit, got, test.want)
		}
	}
}

func TestNearestFindsSlipsAndNoGuesses(t *testing.T) {
	t.Parallel()
	valid := []string{"driver", "fleet_user", "admin", "Other"}
	tests := []struct {
		give, want string
	}{
		{"drivr", "driver"},
		{"Fleet-Usr", "fleet_user"},
		{" ADMIN", "admin"},
		{"othr", "Other"},
		{"zebra", ""},
		{"", ""},
		{strings.Repeat("driver", 11), ""},
	}
	for _, test := range tests {
		got, ok := text.Nearest(test.give, valid)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("Nearest(%q) = %q, %v, want %q", test.give, got, ok, test.want)
		}
	}
}
