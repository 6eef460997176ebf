package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	fence   = regexp.MustCompile("(?s)```.*?```")
	link    = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	outside = regexp.MustCompile(`^[a-z]+:`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	span    = regexp.MustCompile("`([^`\n]+)`")
	path    = regexp.MustCompile(`^[\w./*-]+(/|\.(go|md|sql))$`)
)

// checkLinks follows the links of every page, and looks for the files that pages
// name between backquotes. A page under docs must be linked from another.
func checkLinks() ([]string, error) {
	out, err := gitFiles("*.md")
	if err != nil {
		return nil, err
	}
	var problems []string
	linked := make(map[string]bool)
	for _, page := range out {
		text, err := os.ReadFile(page)
		if err != nil {
			return nil, err
		}
		body := fence.ReplaceAllString(string(text), "")
		problems = append(problems, prefixed(page+": ", append(badLinks(page, body, linked), missingFiles(page, body)...))...)
	}
	for _, page := range out {
		if strings.HasPrefix(page, "docs/") && !linked[page] {
			problems = append(problems, page+": no page links to it")
		}
	}
	return problems, nil
}

// badLinks are the links of a page that lead nowhere. Where the others lead goes to
// linked.
func badLinks(page, body string, linked map[string]bool) (problems []string) {
	for _, m := range link.FindAllStringSubmatch(body, -1) {
		if outside.MatchString(m[1]) {
			continue
		}
		file, problem := follow(page, m[1])
		if file != page {
			linked[file] = true
		}
		if problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems
}

// missingFiles are the names between backquotes on a page that no file has.
func missingFiles(page, body string) (problems []string) {
	for _, m := range span.FindAllStringSubmatch(body, -1) {
		if path.MatchString(m[1]) && !isThere(filepath.Dir(page), m[1]) {
			problems = append(problems, "there is no "+m[1])
		}
	}
	return problems
}

// follow returns the file that a link on page leads to, and what is wrong with it.
func follow(page, target string) (file, problem string) {
	name, anchor, _ := strings.Cut(target, "#")
	file = page
	if name != "" {
		file = filepath.Join(filepath.Dir(page), name)
	}
	info, err := os.Stat(file)
	if err != nil {
		return file, fmt.Sprintf("the link %s leads nowhere", target)
	}
	if anchor == "" || info.IsDir() || filepath.Ext(file) != ".md" {
		return file, ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return file, err.Error()
	}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
		if slug(m[1]) == anchor {
			return file, ""
		}
	}
	return file, fmt.Sprintf("%s has no heading for the link %s", file, target)
}

// slug is the anchor that GitHub gives a heading.
func slug(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteRune('-')
		case r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r > 127:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isThere reports whether a name that may be a pattern is a file, seen from dir,
// from the root, or from any directory.
func isThere(dir, name string) bool {
	for _, pattern := range []string{filepath.Join(dir, name), name} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	files, err := gitFiles("*" + strings.TrimSuffix(name, "/") + "*")
	return err == nil && len(files) > 0
}

// gitFiles are the files of the repository that match a pattern.
func gitFiles(pattern string) ([]string, error) {
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", pattern).Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	return strings.Fields(string(out)), nil
}
