package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rootFiles are the product files of the root, from the ground up: each uses names
// only of those before it. To move a definition or to add a file, change the list.
var rootFiles = []string{
	"doc.go", "errors.go", "optional.go", "enums.go", "cycles.go", "user.go", "attributes.go", "validation.go", "responses.go",
	"auth.go", "options.go", "outcome.go", "client.go", "external_ids.go", "user_roles.go", "users.go",
}

// upward are the names that are used from below: an error shows who holds an external
// id, and the bodies of all calls are read in one file.
var upward = []string{"errors.go: User", "responses.go: UserRole"}

func TestFilesOfTheRootUseOnlyThoseBelowThem(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]*ast.File)
	home := make(map[string]string) // of a name: the file that defines it
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if !slices.Contains(rootFiles, name) {
			t.Errorf("%s is in no place of the list", name)
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
		for defined := range file.Scope.Objects {
			home[defined] = name
		}
	}
	var up []string
	for place, name := range rootFiles {
		if files[name] == nil {
			t.Fatalf("%s is gone", name)
		}
		for used := range usedNames(files[name]) {
			if at := home[used]; slices.Index(rootFiles, at) > place {
				up = append(up, name+": "+used)
			}
		}
	}
	slices.Sort(up)
	if !slices.Equal(up, upward) {
		t.Errorf("used from below: %q, want %q", up, upward)
	}
}

// usedNames are the names that a file uses and does not define: of its package, or
// of the language. The names of fields before a colon are none of them.
func usedNames(file *ast.File) map[string]bool {
	fields := make(map[*ast.Ident]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				fields[key] = true
			}
		}
		return true
	})
	used := make(map[string]bool)
	for _, name := range file.Unresolved {
		if !fields[name] {
			used[name.Name] = true
		}
	}
	return used
}
