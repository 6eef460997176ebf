// Package docs_test holds what is written to what is compiled.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

func TestSnippetsAreCompiledCode(t *testing.T) {
	t.Parallel()
	code := source(t)
	for _, file := range pages(t) {
		for _, snippet := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(read(t, file), -1) {
			if !strings.Contains(code, unindent(snippet[1])) {
				t.Errorf("%s: this snippet stands in no Go file:\n%s", file, snippet[1])
			}
		}
	}
}

// pages are the texts that people read.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	recipes, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil || len(recipes) == 0 {
		t.Fatal("there are no recipes in docs", err)
	}
	for _, recipe := range recipes {
		found = append(found, filepath.Join("docs", filepath.Base(recipe)))
	}
	return found
}

func TestPagesNameTestsAndFilesThatExist(t *testing.T) {
	t.Parallel()
	code := source(t)
	for _, file := range pages(t) {
		text := read(t, file)
		for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(code, "func "+name[1]+"(t *testing.T)") {
				t.Errorf("%s: there is no test %s", file, name[1])
			}
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(file), link[1])); err != nil {
				t.Errorf("%s: link %s: %v", file, link[1], err)
			}
		}
		for _, anchor := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(text, -1) {
			if !slices.Contains(anchors(text), anchor[1]) {
				t.Errorf("%s: there is no heading #%s", file, anchor[1])
			}
		}
	}
}

// anchors are the names under which a page's headings are linked to.
func anchors(page string) (names []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		name := strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-")
		names = append(names, regexp.MustCompile(`[^a-z0-9_-]`).ReplaceAllString(name, ""))
	}
	return names
}
