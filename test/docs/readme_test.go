// Package docs_test holds what is written to what is compiled.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
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
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git": // which changes with every commit, and this test would never be cached
			return skip(d)
		case filepath.Ext(path) != ".go" || d.Name() == "readme_test.go":
			return nil
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

// skip leaves out a directory; in a work tree .git is a file.
func skip(d os.DirEntry) error {
	if d.IsDir() {
		return filepath.SkipDir
	}
	return nil
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
		snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(read(t, file), -1)
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
	text, code := read(t, "README.md"), source(t)
	for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(code, "func "+name[1]+"(t *testing.T)") {
			t.Errorf("there is no test %s", name[1])
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(root, link[1])); err != nil {
			t.Errorf("link %s: %v", link[1], err)
		}
	}
}
