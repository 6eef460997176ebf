package docs_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// withoutExample says why an exported name stands in no example.
var withoutExample = map[string]string{
	// Methods that others call.
	"Error": "an example shows it by printing the error", "Is": "errors.Is calls it", "Unwrap": "errors.Is calls it",
	"Format": "fmt calls it", "String": "fmt calls it", "LogValue": "log/slog calls it",
	"MarshalJSON": "encoding/json calls it", "UnmarshalJSON": "encoding/json calls it",
	"AppendText": "encoding calls it", "MarshalText": "encoding calls it", "UnmarshalText": "encoding calls it",
	"RoundTrip": "net/http calls it", "ServeHTTP": "net/http calls it",
	"Load": "a Source calls it", "Save": "a Source calls it", "Lock": "a Source calls it",

	"Change": "the type of Step.Changes", "Step": "the type of Plan.Steps", "Outcome": "the type of the constants", "Result": "the type of Report.Failures",
	"RosterError": "its message is what matters", "AnyOrder": "an Option like Cast, whose comment says when",

	"TestTokenStore": "needs a *testing.T; the tests of tokenfile use it", "AssertNoDuplicates": "needs a testing.TB", "NewServer": "needs a testing.TB; see examples/unit-testing",
	"FaultRecord": "the result of Fake.Faults", "OAuth": "the result of Fake.OAuth", "OAuthStats": "the result of Fake.OAuthStats",
	"WebhookDelivery": "the result of Webhook.Send", "Delivered": "says what its name says", "Send": "SendUser for any body",
	"Body": "the type of the constants", "ErrorShape": "the type of the constants", "Movement": "the type of the constants", "Nonsense": "the type of the constants",

	// Names that stand in no example but in the fields and results of what does.
	"Pagination": "the type of a field", "DutyStatus": "the type of a field", "ViolationAlerts": "the type of a field", "TimeZone": "the type of the constants",
	"GroupVisibility": "the type of a field", "Exception": "the type of a field", "ExternalIDHolderType": "the type of a field",
	"EventKind": "the type of a field", "UserRoleEditor": "the type of a field", "UserRoleType": "the type of a field",
	"CallSettings": "the result of ApplyCallOptions", "CycleInfo": "the result of Cycles", "UserPage": "the result of List",
	"UsersService": "a field of Client", "UserRolesService": "a field of Client", "ExternalIDsService": "a field of Client",
	"FieldError": "the type of ValidationError.Problems", "Violation": "the type of the constants", "CallOption": "the result of Against",
}

// publicPackages are the folders of what this module lets others import.
func publicPackages(t *testing.T) (folders []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
			return filepath.SkipDir // a module of its own
		}
		switch name := d.Name(); {
		case path == root:
		case name[0] == '.', name == "internal", name == "testdata", name == "test", name == "examples", name == "cmd", name == "docs":
			return filepath.SkipDir
		}
		if sources, _ := filepath.Glob(filepath.Join(path, "*.go")); len(sources) > 0 {
			folders = append(folders, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// exampleCode is the code of every Example of the module, and of the files that are
// for examples only.
func exampleCode(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git":
			return skip(d)
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		code, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if name := filepath.Base(path); strings.HasPrefix(name, "example") || filepath.Dir(path) == filepath.Join(root, "docs") {
			all.Write(code)
			return nil
		}
		for _, example := range regexp.MustCompile(`(?ms)^func Example.*?^}$`).FindAllString(string(code), -1) {
			all.WriteString(example)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)//.*$`).ReplaceAllString(all.String(), "") // a comment shows nothing
}

func TestEveryExportedNameIsInAnExample(t *testing.T) {
	t.Parallel()
	code := exampleCode(t)
	for _, folder := range publicPackages(t) {
		pkg := documentation(t, folder)
		shown := func(name string) bool {
			return withoutExample[name] != "" || regexp.MustCompile(`\b`+pkg.Name+`\.`+name+`\b`).MatchString(code)
		}
		method := func(name string) bool {
			return withoutExample[name] != "" || regexp.MustCompile(`\.`+name+`\(`).MatchString(code)
		}
		for _, f := range pkg.Funcs {
			if !shown(f.Name) {
				t.Errorf("%s.%s stands in no example", pkg.Name, f.Name)
			}
		}
		for _, typ := range pkg.Types {
			used := shown(typ.Name) || regexp.MustCompile(`\bExample`+typ.Name+`[_(]`).MatchString(code)
			for _, f := range typ.Funcs {
				if !shown(f.Name) {
					t.Errorf("%s.%s stands in no example", pkg.Name, f.Name)
				}
				used = true
			}
			for _, m := range typ.Methods {
				if !method(m.Name) {
					t.Errorf("%s.%s.%s stands in no example", pkg.Name, typ.Name, m.Name)
				}
			}
			if !used {
				t.Errorf("%s.%s stands in no example", pkg.Name, typ.Name)
			}
		}
	}
}

// documentation is what the documentation page of a package is made from.
func documentation(t *testing.T, folder string) *doc.Package {
	t.Helper()
	set := token.NewFileSet()
	sources, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, source, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(set, files, "github.com/motive-go/motive")
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// A link of a doc comment that names nothing is printed with its brackets.
func TestLinksOfDocCommentsNameSomething(t *testing.T) {
	t.Parallel()
	for _, folder := range publicPackages(t) {
		pkg := documentation(t, folder)
		check := func(text string) {
			printed := string(pkg.Text(text))
			for _, link := range regexp.MustCompile(`\[\*?[A-Za-z.]*[A-Z]\w+\]`).FindAllString(printed, -1) {
				t.Errorf("%s: %s links to nothing", folder, link)
			}
		}
		check(pkg.Doc)
		for _, f := range pkg.Funcs {
			check(f.Doc)
		}
		for _, typ := range pkg.Types {
			check(typ.Doc)
			for _, f := range append(typ.Funcs, typ.Methods...) {
				check(f.Doc)
			}
		}
	}
}
