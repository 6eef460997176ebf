package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const apiDir = ".ci/api"

// checkAPI compares the exported names with their committed descriptions.
func checkAPI() ([]string, error) {
	packages, err := publicPackages(".")
	if err != nil {
		return nil, err
	}
	var problems []string
	described := make(map[string]bool)
	for _, dir := range packages {
		file := descriptionOf(dir)
		described[filepath.Base(file)] = true
		have, err := describe(dir)
		if err != nil {
			return nil, err
		}
		committed, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		removed, added := difference(string(committed), have)
		problems = append(problems, prefixed(dir+": removed or changed: ", removed)...)
		problems = append(problems, prefixed(dir+": not described: ", added)...)
	}
	left, err := os.ReadDir(apiDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range left {
		if !described[entry.Name()] {
			problems = append(problems, apiDir+"/"+entry.Name()+" describes no package")
		}
	}
	return problems, nil
}

// writeAPI describes every public package anew, unless a name has come, gone or
// changed that the changelog does not admit.
func writeAPI() ([]string, error) {
	packages, err := publicPackages(".")
	if err != nil {
		return nil, err
	}
	changelog, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return nil, err
	}
	var problems []string
	descriptions := make(map[string]string)
	for _, dir := range packages {
		file := descriptionOf(dir)
		if descriptions[file], err = describe(dir); err != nil {
			return nil, err
		}
	}
	old, err := filepath.Glob(apiDir + "/*.txt")
	if err != nil {
		return nil, err
	}
	for _, file := range old {
		committed, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		removed, added := difference(string(committed), descriptions[file])
		missing := unadmitted(append(removed, added...), string(changelog))
		problems = append(problems, prefixed("CHANGELOG.md does not name it: ", missing)...)
	}
	if len(problems) > 0 {
		return problems, nil
	}
	return nil, replaceDescriptions(old, descriptions)
}

func replaceDescriptions(old []string, descriptions map[string]string) error {
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(apiDir, 0o755); err != nil {
		return err
	}
	for file, text := range descriptions {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// unadmitted are the lines whose name does not stand as code in the first section
// of the changelog, but for those of a type that has a line itself.
func unadmitted(lines []string, changelog string) []string {
	_, newest, _ := strings.Cut(changelog, "\n## ")
	newest, _, _ = strings.Cut(newest, "\n## ")
	code := strings.Join(regexp.MustCompile("`[^`\n]+`").FindAllString(newest, -1), "")
	types := make(map[string]bool)
	for _, line := range lines {
		if of, name := nameIn(line); of == "" && strings.HasPrefix(line, "type ") {
			types[name] = true
		}
	}
	var missing []string
	for _, line := range lines {
		of, name := nameIn(line)
		if line == "" || types[of] {
			continue
		}
		// `User.Gone` names Gone, and not User.
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `[^\w.]`).MatchString(code) {
			missing = append(missing, line)
		}
	}
	return missing
}

var named = regexp.MustCompile(`^(?:func \(\*?(\w+)[^)]*\) (\w+)|` +
	`type (\w+) (?:struct|interface): \*?(?:\w+\.)?(\w+)|const (\w+) (\w+) =|\w+ (\w+))`)

// nameIn is the name that a line of a description is about, and the type that has
// it: of a method, a field or a typed constant.
func nameIn(line string) (of, name string) {
	m := named.FindStringSubmatch(line)
	if m == nil {
		return "", line
	}
	return m[1] + m[3] + m[6], m[2] + m[4] + m[5] + m[7]
}

func descriptionOf(dir string) string {
	if dir == "." {
		dir = "motive"
	}
	return filepath.Join(apiDir, strings.ReplaceAll(dir, "/", "_")+".txt")
}

// publicPackages are the directories under root of packages that others can
// import, in all modules of the repository.
func publicPackages(root string) ([]string, error) {
	closed := []string{"internal", "testdata", "test", "examples", "benchmarks", "cmd", "docs", "pgtest"}
	var dirs []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != root && (slices.Contains(closed, name) || name[0] == '.' || name[0] == '_') {
			return fs.SkipDir
		}
		files, err := goFiles(path)
		if len(files) > 0 {
			dirs = append(dirs, filepath.ToSlash(path))
		}
		return err
	})
	return dirs, err
}

// goFiles are the files of the package in dir as Linux builds it, without tests;
// none of a program.
func goFiles(dir string) ([]string, error) {
	linux := build.Default
	linux.GOOS, linux.GOARCH, linux.CgoEnabled = "linux", "amd64", false
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		match, err := linux.MatchFile(dir, filepath.Base(name))
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		if err != nil {
			return nil, err
		}
		if match && file.Name.Name != "main" {
			files = append(files, name)
		}
	}
	return files, nil
}

// describe has a sorted line for each exported name of the package in dir. Names
// of parameters, tags and documentation are not part of it.
func describe(dir string) (string, error) {
	files, err := goFiles(dir)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				lines = append(lines, funcLines(decl)...)
			case *ast.GenDecl:
				lines = append(lines, genLines(decl)...)
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n", nil
}

func funcLines(f *ast.FuncDecl) []string {
	if !f.Name.IsExported() {
		return nil
	}
	if f.Recv == nil {
		return []string{"func " + f.Name.Name + signature(f.Type)}
	}
	receiver := show(f.Recv.List[0].Type)
	if !ast.IsExported(strings.TrimLeft(receiver, "*")) {
		return nil
	}
	return []string{"func (" + receiver + ") " + f.Name.Name + signature(f.Type)}
}

func genLines(g *ast.GenDecl) []string {
	var lines []string
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				lines = append(lines, typeLines(spec)...)
			}
		case *ast.ValueSpec:
			lines = append(lines, valueLines(g.Tok, spec)...)
		}
	}
	return lines
}

// valueLines shows the value of a constant, which programs are compiled with.
func valueLines(kind token.Token, spec *ast.ValueSpec) []string {
	var lines []string
	for i, name := range spec.Names {
		if !name.IsExported() {
			continue
		}
		line := kind.String() + " " + name.Name
		if spec.Type != nil {
			line += " " + show(spec.Type)
		}
		if kind == token.CONST && i < len(spec.Values) {
			line += " = " + show(spec.Values[i])
		}
		lines = append(lines, line)
	}
	return lines
}

func typeLines(spec *ast.TypeSpec) []string {
	head := "type " + spec.Name.Name
	params := ""
	if spec.TypeParams != nil {
		params = "[" + fields(spec.TypeParams, true) + "]"
	}
	switch t := spec.Type.(type) {
	case *ast.StructType:
		return append([]string{head + params + " struct"}, memberLines(head+" struct: ", t.Fields)...)
	case *ast.InterfaceType:
		return append([]string{head + params + " interface"}, memberLines(head+" interface: ", t.Methods)...)
	}
	if spec.Assign.IsValid() {
		return []string{head + params + " = " + show(spec.Type)}
	}
	return []string{head + params + " " + show(spec.Type)}
}

func memberLines(prefix string, list *ast.FieldList) []string {
	var lines []string
	for _, field := range list.List {
		if len(field.Names) == 0 {
			lines = append(lines, prefix+show(field.Type)+" (embedded)")
		}
		for _, name := range field.Names {
			if !name.IsExported() {
				continue
			}
			if f, ok := field.Type.(*ast.FuncType); ok && strings.Contains(prefix, "interface") {
				lines = append(lines, prefix+name.Name+signature(f))
			} else {
				lines = append(lines, prefix+name.Name+" "+show(field.Type))
			}
		}
	}
	return lines
}

// signature is a function's type without the names of its parameters.
func signature(f *ast.FuncType) string {
	var b strings.Builder
	if f.TypeParams != nil {
		b.WriteString("[" + fields(f.TypeParams, true) + "]")
	}
	b.WriteString("(" + fields(f.Params, false) + ")")
	if f.Results == nil {
		return b.String()
	}
	results := fields(f.Results, false)
	if strings.Contains(results, ", ") {
		results = "(" + results + ")"
	}
	return b.String() + " " + results
}

// fields shows a type for each name, and the name before it if asked to.
func fields(list *ast.FieldList, names bool) string {
	var parts []string
	for _, field := range list.List {
		shown := show(field.Type)
		for range max(1, len(field.Names)) {
			parts = append(parts, shown)
		}
		for i, name := range field.Names {
			if at := len(parts) - len(field.Names) + i; names {
				parts[at] = name.Name + " " + shown
			}
		}
	}
	return strings.Join(parts, ", ")
}

// show prints an expression on one line, function types in it without the names of
// their parameters.
func show(expr ast.Expr) string {
	if f, ok := expr.(*ast.FuncType); ok {
		return "func" + signature(f)
	}
	var b bytes.Buffer
	if err := printer.Fprint(&b, token.NewFileSet(), expr); err != nil {
		return fmt.Sprintf("%T", expr)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
