// Gates holds what tests do not: what a call costs, what a program links and
// weighs, which names are exported, and where links lead. It runs in the root of
// the repository:
//
//	go run ./.ci/gates          # check
//	go run ./.ci/gates -write   # describe modules and exported names anew
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// A gate returns what is wrong, a line each.
type gate struct {
	name   string
	change string // how to change it on purpose
	check  func() (problems []string, err error)
	write  func() (problems []string, err error) // nil: nothing is written
}

var gates = []gate{
	{"costs", "edit the limit in .ci/gates/costs.go and say why in the commit", checkCosts, nil},
	{"modules", "run go run ./.ci/gates -write and commit .ci/gates/modules.txt", checkModules, writeModules},
	{"size", "edit importCosts in .ci/gates/size.go and say why in the commit", checkSize, nil},
	{"api", "name it as code in the first section of CHANGELOG.md (a new type without its fields), run go run ./.ci/gates -write and commit .ci/api", checkAPI, writeAPI},
	{"links", "mend the link, or the file that it leads to", checkLinks, nil},
}

func main() {
	write := flag.Bool("write", false, "describe anew what is described in files")
	flag.Parse()
	if err := run(*write, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gates:", err)
		os.Exit(1)
	}
}

// mostShown is how many problems of a gate are printed.
const mostShown = 20

// run passes the gates with the given names, or all.
func run(write bool, names []string) error {
	var failed []string
	for _, g := range gates {
		if len(names) > 0 && !slices.Contains(names, g.name) {
			continue
		}
		do := g.check
		if write {
			do = g.write
		}
		if do == nil {
			continue
		}
		problems, err := do()
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		if len(problems) == 0 {
			fmt.Println("ok", g.name)
			continue
		}
		failed = append(failed, g.name)
		if more := len(problems) - mostShown; more > 0 {
			problems = append(problems[:mostShown], fmt.Sprintf("and %d more", more))
		}
		fmt.Printf("%s:\n  %s\n  To change it on purpose: %s.\n", g.name, strings.Join(problems, "\n  "), g.change)
	}
	if len(failed) > 0 {
		return fmt.Errorf("%s failed", strings.Join(failed, ", "))
	}
	return nil
}

// goTool runs the go command and returns the lines that it prints.
func goTool(args ...string) ([]string, error) {
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return strings.Fields(string(out)), nil
}
