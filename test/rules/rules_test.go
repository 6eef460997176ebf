// Package rules_test has the requests that pre-flight validation refuses and accepts,
// and asks motivetest about each of them too: client and fake have tables of their
// own, and each finds the slips of the other.
package rules_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/motive-go/motive"
)

func TestEveryRuleRefusesAndAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range cases {
		t.Run(tt.rule+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			code := rowOf(tt.rule).code
			sent, err := tt.refused.run(t)
			var invalid *motive.ValidationError
			if !errors.As(err, &invalid) || len(invalid.Problems) != 1 || !invalid.Has(tt.field, code) || sent > 0 {
				t.Errorf("%d requests, error %v; want %q of %q alone", sent, err, code, tt.field)
			}
			if sent, err = tt.accepted.run(t); errors.As(err, &invalid) || sent == 0 {
				t.Errorf("the neighbour is refused by the client: %v", err)
			}
		})
	}
}

func TestTheFakeJudgesAsTheClientDoes(t *testing.T) {
	t.Parallel()
	for _, tt := range cases {
		t.Run(tt.rule+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			why := differences[tt.rule] + differences[tt.rule+"/"+tt.name]
			sent, err := tt.refused.run(t, motive.SkipValidation())
			switch refused := sent > 0 && refusal(t, err); {
			case refused && why != "":
				t.Errorf("the fake refuses it: take it out of differences, or split it there by cases; refused with %v", err)
			case !refused && why == "":
				t.Errorf("the fake accepts what the client refuses: teach it, or say why not in differences")
			}
			if sent, err = tt.accepted.run(t, motive.SkipValidation()); sent == 0 || refusal(t, err) {
				t.Errorf("the fake refuses what the client accepts: %v", err)
			}
		})
	}
}

func rowOf(rule string) row {
	i := slices.IndexFunc(rows, func(r row) bool { return r.name == rule })
	if i < 0 {
		return row{}
	}
	return rows[i]
}

// A judged is a rule of one field in validation.go.
type judged struct{ field, code, function string }

func TestNoRuleIsWithoutARowAndACase(t *testing.T) {
	t.Parallel()
	tried := make(map[string]bool)  // by rule, and by "rule/case"
	broken := make(map[judged]bool) // by a case
	for _, tt := range cases {
		at := tt.rule + "/" + tt.name
		if tried[at] {
			t.Errorf("%s: there are two cases of this name", at)
		}
		tried[tt.rule], tried[at] = true, true
		r := rowOf(tt.rule)
		if r.name == "" {
			t.Errorf("%s: no row of the rules has this name", at)
		}
		function, _, _ := strings.Cut(r.name, " ")
		broken[judged{kindOf(tt.field), r.code, function}] = true
	}
	ruled := make(map[string]bool) // codes
	for _, r := range rows {
		ruled[r.code] = true
		if !tried[r.name] {
			t.Errorf("%s: no case breaks the rule %q", r.name, r.when)
		}
	}
	for at := range differences {
		if !tried[at] {
			t.Errorf("%s: differences has a rule or a case that there is not", at)
		}
	}
	codes := codesIn(t, "../../errors.go")
	for name, code := range codes {
		if !ruled[code] {
			t.Errorf("%s: no row of the rules has this code of errors.go", name)
		}
	}
	for _, want := range rulesIn(t, "../../validation.go", codes) {
		if !broken[want] {
			t.Errorf("%s: no case breaks %s, which refuses it as %q in validation.go; it needs one, of a row whose name begins with %[2]s",
				want.field, want.function, want.code)
		}
	}
}

// kindOf is the key that a field of a problem has in rules.
func kindOf(field string) string {
	if strings.HasPrefix(field, "exception_") {
		return "exception_*"
	}
	if list, member, ok := strings.Cut(field, "]."); ok && strings.HasPrefix(list, "external_ids_attributes[") {
		return member
	}
	return field
}

// codesIn are the constants Code… of a file, by name.
func codesIn(t *testing.T, path string) map[string]string {
	t.Helper()
	codes := make(map[string]string)
	ast.Inspect(parse(t, path), func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Code") {
			codes[spec.Names[0].Name] = value(t, spec.Values[0])
		}
		return true
	})
	if len(codes) == 0 {
		t.Fatalf("%s has no codes", path)
	}
	return codes
}

// rulesIn are the rules of the variable rules of a file, without those that another
// field has been reported with.
func rulesIn(t *testing.T, path string, codes map[string]string) []judged {
	t.Helper()
	object := parse(t, path).Scope.Lookup("rules")
	if object == nil {
		t.Fatalf("%s has no variable rules", path)
	}
	var list []judged
	for _, field := range object.Decl.(*ast.ValueSpec).Values[0].(*ast.CompositeLit).Elts {
		pair := field.(*ast.KeyValueExpr)
		for _, r := range pair.Value.(*ast.CompositeLit).Elts {
			parts := r.(*ast.CompositeLit).Elts
			name, function := nameOf(t, parts[0]), nameOf(t, parts[1])
			if name == "saidBefore" {
				continue
			}
			if codes[name] == "" {
				t.Errorf("%s: %s is no code of errors.go", path, name)
			}
			list = append(list, judged{value(t, pair.Key), codes[name], function})
		}
	}
	return list
}

// nameOf is the name of a constant or a function, or of the function that makes one.
func nameOf(t *testing.T, e ast.Expr) string {
	t.Helper()
	if made, ok := e.(*ast.CallExpr); ok {
		e = made.Fun
	}
	ident, ok := e.(*ast.Ident)
	if !ok {
		t.Fatalf("rules in validation.go holds a %T, and this test reads pairs of a code and a named function", e)
	}
	return ident.Name
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func value(t *testing.T, literal ast.Expr) string {
	t.Helper()
	s, err := strconv.Unquote(literal.(*ast.BasicLit).Value)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReadmeListsEveryRuleOfValidation(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "| code | when |\n|---|---|\n")
	table, _, found := strings.Cut(rest, "<!-- end of rules -->")
	var want strings.Builder
	for _, r := range rows {
		want.WriteString("| `" + r.code + "` | " + r.when + " |\n")
	}
	if !found || table != want.String() {
		t.Errorf("the rules in the README are\n%s\nwant\n%s", table, want.String())
	}
}
