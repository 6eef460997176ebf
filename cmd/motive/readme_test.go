package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// The screens of the README are those that the tests compare with.
func TestTheReadmeShowsRealScreens(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var real strings.Builder
	for _, file := range files {
		real.WriteString(steady(readFrom(t, file)))
	}
	shown := 0
	for i, block := range strings.Split(readFrom(t, "README.md"), "```\n") {
		if i%2 == 0 || !strings.HasPrefix(block, "$ motive ") {
			continue
		}
		shown++
		if !strings.Contains(real.String(), steady(block)) {
			t.Errorf("this is no screen of the tests:\n%s", block)
		}
	}
	if shown < 4 {
		t.Errorf("%d screens", shown)
	}
}
