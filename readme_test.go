package motive

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// source is all Go code of the module with its indentation taken off: what the
// compiler has seen.
func source(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || path == "readme_test.go" {
			return err
		}
		code, err := os.ReadFile(path)
		all.WriteString(unindent(string(code)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func unindent(code string) string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return strings.Join(lines, "\n")
}

func TestReadmeSnippetsAreCompiledCode(t *testing.T) {
	t.Parallel()
	code := source(t)
	for _, file := range []string{"README.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1)
		if len(snippets) == 0 {
			t.Errorf("%s has no snippets", file)
		}
		for _, snippet := range snippets {
			if !strings.Contains(code, unindent(snippet[1])) {
				t.Errorf("%s: this snippet stands in no Go file:\n%s", file, snippet[1])
			}
		}
	}
}

func TestReadmeNamesTestsAndFilesThatExist(t *testing.T) {
	t.Parallel()
	text, code := readme(t), source(t)
	for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(code, "func "+name[1]+"(t *testing.T)") {
			t.Errorf("there is no test %s", name[1])
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(link[1]); err != nil {
			t.Errorf("link %s: %v", link[1], err)
		}
	}
}

func TestReadmeListsEveryRuleOfValidation(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(readme(t), "|---|---|\n")
	_, rest, _ = strings.Cut(rest, "| code | when |\n|---|---|\n")
	table, _, found := strings.Cut(rest, "<!-- end of rules -->")
	var want strings.Builder
	for _, rule := range validationRules {
		want.WriteString("| `" + rule.Code + "` | " + rule.When + " |\n")
	}
	if !found || table != want.String() {
		t.Errorf("the rules in the README are\n%s\nwant\n%s", table, want.String())
	}
}
