package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// importCosts limit how many bytes larger a small program may be than the same
// program by hand. What it has to link weighs 667 KiB of a plain build, whoever
// writes the rest: retryablehttp with regexp 422, slog 141, oauth2 60, httptrace 41
// and go-querystring 25, less what they share. The rest is this module, and a third
// of all is debug information, which -s -w leaves out.
var importCosts = []struct {
	name, ldflags string
	limit         int64
}{
	{"import, plain build", "", 1024 << 10},
	{"import, stripped", "-s -w", 736 << 10},
}

func checkSize() ([]string, error) {
	var problems []string
	for _, c := range importCosts {
		byHand, err := builtSize("byhand", c.ldflags)
		if err != nil {
			return nil, err
		}
		ours, err := builtSize("motive", c.ldflags)
		if err != nil {
			return nil, err
		}
		cost := ours - byHand
		fmt.Printf("   %s: %d bytes of %d\n", c.name, cost, c.limit)
		if cost > c.limit {
			problems = append(problems, fmt.Sprintf("%s: a small program is %d bytes larger than the same by hand, limit %d", c.name, cost, c.limit))
		}
	}
	return problems, nil
}

// builtSize is the size in bytes of a program under .ci/gates/size.
func builtSize(program, ldflags string) (int64, error) {
	dir, err := os.MkdirTemp("", "gates")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, program)
	if _, err := goTool("build", "-trimpath", "-buildvcs=false", "-ldflags="+ldflags, "-o", file, "./.ci/gates/size/"+program); err != nil {
		return 0, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
