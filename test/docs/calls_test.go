package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/motive-go/motive/test/calls"
)

func TestThePackageDocumentationListsEveryCall(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(documentation(t, root).Doc, "\n# The calls\n")
	section, _, _ = strings.Cut(section, "\n# ")
	for _, call := range calls.All() {
		if link := "[" + call.Type + "." + call.Method + "]"; !strings.Contains(section, link) {
			t.Errorf("%s is not under the calls in doc.go: add %s", call.Name(), link)
		}
	}
}

func TestEveryCallHasAnExample(t *testing.T) {
	t.Parallel()
	examples := read(t, "example_test.go")
	for _, call := range calls.All() {
		if name := "func Example" + call.Type + "_" + call.Method + "("; !strings.Contains(examples, name) {
			t.Errorf("%s has no example: add %s) to example_test.go", call.Name(), name)
		}
	}
}

// The README says which calls compare the id in the response.
func TestTheReadmeNamesTheCallsByID(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`\| a 2xx with another id \(.*?\)`).FindString(read(t, "README.md"))
	var rows []string
	for _, name := range regexp.MustCompile("`[^`]+`").FindAllString(row, -1) {
		rows = append(rows, strings.Trim(name, "`"))
	}
	byID := func(c calls.Call) bool { return c.TakesID() && c.ReturnsRecord() }
	calls.Check(t, calls.Only(byID), rows, nil, `name it in README.md, in the row "a 2xx with another id"`)
}
