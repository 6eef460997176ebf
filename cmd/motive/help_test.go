package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
)

// commands calls f for the command and all below it.
func commands(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, below := range c.Commands() {
		commands(below, f)
	}
}

func newRoot() *cobra.Command {
	root := rootCommand(host{nil, io.Discard, io.Discard, func(string) string { return "" }})
	root.InitDefaultHelpCmd()
	return root
}

func TestHelpFitsTheScreen(t *testing.T) {
	t.Parallel()
	commands(newRoot(), func(c *cobra.Command) {
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		got := (environment{}).run(t.Context(), args...)
		if got.code != exitDone || got.out == "" {
			t.Errorf("motive %s: exit code %d, %d bytes", strings.Join(args, " "), got.code, len(got.out))
		}
		for line := range strings.SplitSeq(got.out, "\n") {
			if n := text.StringWidth(strings.ReplaceAll(line, "\t", "        ")); n > usualWidth {
				t.Errorf("%s: a line of %d columns: %s", c.CommandPath(), n, line)
			}
		}
	})
}

func TestEveryCommandOfOursHasAnExample(t *testing.T) {
	t.Parallel()
	commands(newRoot(), func(c *cobra.Command) {
		switch c.Name() {
		case "version", "man", "help", "completion", "bash", "zsh", "fish", "powershell":
			return
		}
		if c.Example == "" || c.Long == "" {
			t.Errorf("%s has no example or no description", c.CommandPath())
		}
	})
}

func TestTheManualHasAPageForEveryCommand(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "man1")
	(environment{}).must(t, "man", dir)
	for _, page := range []string{"motive.1", "motive-plan.1", "motive-apply.1", "motive-resume.1", "motive-export.1", "motive-login.1"} {
		if content := readFrom(t, filepath.Join(dir, page)); !strings.Contains(content, ".TH") || !strings.Contains(content, "EXAMPLE") {
			t.Errorf("%s is no manual page with examples", page)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "motive-man.1")); err == nil {
		t.Error("there is a page for a hidden command")
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := (environment{}).must(t, "completion", shell); !strings.Contains(got.out, "motive") {
			t.Errorf("%s: %d bytes", shell, len(got.out))
		}
	}
	for _, test := range []struct{ args, want string }{
		{"__complete pla", "plan\t"},
		{"__complete plan ", "xlsx\n"},
		{"__complete apply ", "plan\n"},
		{"__complete plan --lea", "--leavers\t"},
	} {
		if got := (environment{}).must(t, strings.Split(test.args, " ")...); !strings.Contains(got.out, test.want) {
			t.Errorf("%s: %q, want %q in it", test.args, got.out, test.want)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if got := (environment{}).must(t, "version"); !strings.HasPrefix(got.out, "motive ") || !strings.Contains(got.out, "go1.") {
		t.Errorf("%q", got.out)
	}
}
