package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/motive-go/motive"
)

const code = `package p

type T[K comparable, V any] struct {
	Name, Other string
	hidden int
	*Base
	F func(a, b int) error
}

type I interface {
	Wait(ctx context.Context) error
	hidden()
}

type A = map[string]int
type E string

func (t *T[K, V]) M(first, second int, rest ...string) (n int, err error) { return }
func (h hidden) M()                                                   {}
func F[X any](x X) X                                                  { return x }
func f()                                                              {}

const (
	One E = "one"
	two E = "two"
)

var Err = errors.New("x")
`

func TestDescribeNamesWhatIsExported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"p.go": code, "p_test.go": "package p\nfunc Test() {}", "p_windows.go": "package p\nfunc W() {}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := describe(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := `const One E = "one"
func (*T[K, V]) M(int, int, ...string) (int, error)
func F[X any](X) X
type A = map[string]int
type E string
type I interface
type I interface: Wait(context.Context) error
type T struct: *Base (embedded)
type T struct: F func(int, int) error
type T struct: Name string
type T struct: Other string
type T[K comparable, V any] struct
var Err
`
	if got != want {
		t.Errorf("described as\n%s\nwant\n%s", got, want)
	}
}

func TestAChangedNameMustStandInTheChangelogAsCode(t *testing.T) {
	t.Parallel()
	const changelog = "# Changelog\n\n## 0.2.0 (unreleased)\n\n- `Old` is `New`; `User.Gone` has gone, and `Fleet` with a Message, `Wait(ctx)`.\n\n" +
		"## 0.1.0\n\n- `Ancient`\n"
	for _, tt := range []struct {
		name              string
		admitted, missing []string
	}{
		{"nothing", []string{""}, nil},
		{"functions", []string{"func Old() error", "func New[T any]() error"}, []string{"var Olds"}},
		{"an older section", nil, []string{"const Ancient = 1"}},
		{"a word that is no code", nil, []string{"type Request struct: Message string", "func (Request) with()"}},
		{"members", []string{"func (*User) Gone() string", "type User struct: Gone string", "func (*T[K]) Wait(int)"}, nil},
		{"a type, of a member", nil, []string{"type User struct"}},
		{"members, of a type", nil, []string{"type Fleet struct: Size int", "func (*Fleet) Grow()", "const Small Fleet = 1"}},
		{"members and their type", []string{"type Fleet struct: Size int", "type Fleet struct", "func (*Fleet) Grow()", "const Small Fleet = 1"}, nil},
		{"of a type that is not named", []string{"type Plan struct: Steps []Step"}, []string{"type Plan struct"}},
		{"a field named as a type", nil, []string{"type User struct: Level Level", "const High Level = 1"}},
		{"with a parameter", []string{"type Fleet[T any] struct", "func (Fleet[T]) Grow()"}, nil},
		{"embedded types", []string{"type T struct: *New (embedded)", "type T struct: p.Fleet (embedded)"}, []string{"type T struct: p.User (embedded)"}},
	} {
		if got := unadmitted(slices.Concat(tt.admitted, tt.missing), changelog); !slices.Equal(got, tt.missing) {
			t.Errorf("%s: not admitted %q, want %q", tt.name, got, tt.missing)
		}
	}
}

func TestTheMeasuredRequestIsFullAndValid(t *testing.T) {
	t.Parallel()
	if problems := unfit(newRequest); problems != nil {
		t.Errorf("%q", problems)
	}
	req := newRequest
	req.Phone = motive.Optional[string]{}
	req.Email, req.CarrierCity = motive.Set("ada"), motive.Set("a\tb")
	all := strings.Join(unfit(req), "\n")
	for _, want := range []string{"Phone is absent", "email: ", "carrier_city: "} {
		if !strings.Contains(all, "newRequest in .ci/gates/costs.go: "+want) {
			t.Errorf("%q does not stand in\n%s", want, all)
		}
	}
}

func TestDifferenceIsWhatStandsOnOneSide(t *testing.T) {
	t.Parallel()
	removed, added := difference("a\nb\nc\n", "a\nc\nd\n")
	if strings.Join(removed, "") != "b" || strings.Join(added, "") != "d" {
		t.Errorf("removed %q, added %q", removed, added)
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	page := filepath.Join(dir, "page.md")
	text := "# First\n\n## What's `new`, and old\n\n```\n# not a heading\n```\n"
	if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for target, ok := range map[string]bool{
		"#first": true, "#whats-new-and-old": true, "page.md#first": true, "page.md": true,
		"#second": false, "#not-a-heading": false, "other.md": false, "page.md#second": false,
	} {
		if _, problem := follow(page, target); (problem == "") != ok {
			t.Errorf("%s: %q", target, problem)
		}
	}
}
