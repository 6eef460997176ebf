package test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/motive-go/motive"

type room struct {
	dir     string
	modules string // of others, which it may import
}

// house is every package of the core in order: each imports only what stands above
// it. To move a package or to let it import another module, change its line.
var house = []room{
	{"test/wire", ""}, // of tests alone
	{"internal/text", ""},
	{"internal/redact", ""},
	{"internal/backoff", ""},
	{"internal/isolate", ""},
	{"internal/lenient", ""},
	{"internal/encode", ""},
	{"internal/errorbody", ""},
	{"internal/paging", ""},
	{"internal/transport", "github.com/hashicorp/go-retryablehttp golang.org/x/time"},
	{"oauth", "golang.org/x/oauth2 golang.org/x/time"},
	{"oauth/tokenfile", "github.com/gofrs/flock"},
	{".", "github.com/google/go-querystring golang.org/x/oauth2 golang.org/x/time"},
	{"test/calls", ""}, // of tests alone
	{"webhook", ""},
	{"motivetest", "github.com/jarcoal/httpmock golang.org/x/oauth2"},
	{"motivetest/fixture", ""},
	{"motivetest/cmd/motive-fake", ""},
	{"provision", ""},
	{"examples/quickstart", ""},
	{"examples/oauth-login", "golang.org/x/oauth2"},
	{"examples/provision", ""},
	{"examples/unit-testing", ""},
	{"examples/webhook", ""},
	{"test", ""},
	{".ci/gates", ""},
	{".ci/gates/size/byhand", ""},
	{".ci/gates/size/motive", ""},
}

// never has what stands above a package and is not for it: oauth does not know how
// calls are made.
var never = map[string][]string{
	"oauth":           {"internal/transport", "internal/lenient"},
	"oauth/tokenfile": {"internal/transport", "internal/lenient"},
}

func TestPackagesImportOnlyWhatStandsAboveThem(t *testing.T) {
	t.Parallel()
	packages := importsOf(t, "..")
	for dir, imports := range packages {
		at := slices.IndexFunc(house, func(r room) bool { return r.dir == dir })
		if at < 0 {
			t.Errorf("%s has no line in the table of test/house_test.go", dir)
			continue
		}
		for _, path := range imports {
			if problem := judge(at, path); problem != "" {
				t.Errorf("%s imports %s, %s", dir, path, problem)
			}
		}
	}
}

// judge says what is wrong with an import of the package on a line of the table.
func judge(at int, path string) string {
	first, _, _ := strings.Cut(path, "/")
	switch {
	case path == module || strings.HasPrefix(path, module+"/"):
		dir := "." + strings.TrimPrefix(path, module)
		dir = filepath.ToSlash(filepath.Clean(dir))
		above := slices.IndexFunc(house[:at], func(r room) bool { return r.dir == dir })
		if above < 0 {
			return "which does not stand above it"
		}
		if slices.Contains(never[house[at].dir], dir) {
			return "which it must not know"
		}
	case strings.Contains(first, "."):
		allowed := slices.ContainsFunc(strings.Fields(house[at].modules), func(m string) bool {
			return path == m || strings.HasPrefix(path, m+"/")
		})
		if !allowed {
			return "of a module that its line does not have"
		}
	}
	return ""
}

// importsOf has the imports of each package of the module at root, without those
// of tests. It reads the files itself, so that the result of the test is cached
// until one changes.
func importsOf(t *testing.T, root string) map[string][]string {
	t.Helper()
	packages := make(map[string][]string)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skip(root, path)
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		dir = filepath.ToSlash(dir)
		if packages[dir] == nil {
			packages[dir] = []string{}
		}
		for _, imported := range file.Imports {
			path, err := strconv.Unquote(imported.Path.Value)
			if err != nil {
				return err
			}
			packages[dir] = append(packages[dir], path)
		}
		return err
	})
	if err != nil || len(packages) == 0 {
		t.Fatalf("%d packages, error %v", len(packages), err)
	}
	return packages
}

// skip leaves out other modules and what is no package.
func skip(root, path string) error {
	if path == root || path == filepath.Join(root, ".ci") {
		return nil
	}
	if name := filepath.Base(path); name[0] == '.' || name == "testdata" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func TestTheTableOfTheHouseRefuses(t *testing.T) {
	t.Parallel()
	line := func(dir string) int {
		return slices.IndexFunc(house, func(r room) bool { return r.dir == dir })
	}
	for _, c := range []struct {
		dir, path string
		allowed   bool
	}{
		{".", module + "/internal/transport", true},
		{".", module + "/motivetest", false},
		{"internal/transport", module, false},
		{"internal/transport", "github.com/hashicorp/go-retryablehttp", true},
		{"internal/lenient", "golang.org/x/time/rate", false},
		{"oauth", module + "/internal/transport", false},
		{"oauth", module + "/internal/redact", true},
		{"oauth", "golang.org/x/oauth2x", false},
		{"webhook", module + "/internal/unheard", false},
		{"webhook", "net/http", true},
	} {
		if got := judge(line(c.dir), c.path) == ""; got != c.allowed {
			t.Errorf("%s may import %s: %v, want %v", c.dir, c.path, got, c.allowed)
		}
	}
}
