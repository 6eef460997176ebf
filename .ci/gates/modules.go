package main

import (
	"os"
	"slices"
	"strings"
)

const modulesFile = ".ci/gates/modules.txt"

// linkedModules has a line for each public package of the core: the modules that
// a program links with it.
func linkedModules() (string, error) {
	packages, err := goTool("list", "-f", `{{if ne .Name "main"}}{{.ImportPath}}{{end}}`, "./...")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, p := range packages {
		if strings.Contains(p, "/internal/") || strings.Contains(p, "/test/") || strings.HasSuffix(p, "/test") || strings.Contains(p, "/examples/") {
			continue
		}
		modules, err := goTool("list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", p)
		if err != nil {
			return "", err
		}
		slices.Sort(modules)
		b.WriteString(p + ": " + strings.Join(slices.Compact(modules), " ") + "\n")
	}
	return b.String(), nil
}

func checkModules() ([]string, error) {
	have, err := linkedModules()
	if err != nil {
		return nil, err
	}
	committed, err := os.ReadFile(modulesFile)
	if err != nil {
		return nil, err
	}
	removed, added := difference(string(committed), have)
	return append(prefixed("no longer: ", removed), prefixed("linked now: ", added)...), nil
}

func writeModules() ([]string, error) {
	have, err := linkedModules()
	if err != nil {
		return nil, err
	}
	return nil, os.WriteFile(modulesFile, []byte(have), 0o644)
}

// difference is the lines that stand in one text only.
func difference(before, after string) (removed, added []string) {
	old, now := strings.Split(strings.TrimSpace(before), "\n"), strings.Split(strings.TrimSpace(after), "\n")
	for _, line := range old {
		if !slices.Contains(now, line) {
			removed = append(removed, line)
		}
	}
	for _, line := range now {
		if !slices.Contains(old, line) {
			added = append(added, line)
		}
	}
	return removed, added
}

func prefixed(prefix string, lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, line := range lines {
		if line != "" {
			out = append(out, prefix+line)
		}
	}
	return out
}
