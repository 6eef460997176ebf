package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxImportCost is how many bytes larger a small program may be than the same
// program by hand, both without debug information.
const maxImportCost = 1 << 20

func checkSize() ([]string, error) {
	byHand, err := builtSize("byhand")
	if err != nil {
		return nil, err
	}
	ours, err := builtSize("motive")
	if err != nil {
		return nil, err
	}
	fmt.Printf("   import: %d bytes of %d\n", ours-byHand, maxImportCost)
	if cost := ours - byHand; cost > maxImportCost {
		return []string{fmt.Sprintf("a small program is %d bytes larger than the same by hand, limit %d", cost, maxImportCost)}, nil
	}
	return nil, nil
}

// builtSize is the size in bytes of a program under .ci/gates/size.
func builtSize(program string) (int64, error) {
	dir, err := os.MkdirTemp("", "gates")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, program)
	if _, err := goTool("build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, "./.ci/gates/size/"+program); err != nil {
		return 0, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
