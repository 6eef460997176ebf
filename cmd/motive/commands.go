package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
)

// run is the command with its arguments. It returns the exit code.
func run(ctx context.Context, h host, args []string) int {
	root := rootCommand(h)
	root.SetArgs(longMap(args))
	err := root.ExecuteContext(ctx)
	if err != nil {
		h.explain(err)
	}
	return exitCode(err)
}

// longMap lets -map be written with one dash, as package flag has it.
func longMap(args []string) []string {
	long := make([]string, len(args))
	for i, arg := range args {
		if arg == "-map" {
			arg = "--map"
		}
		long[i] = arg
	}
	return long
}

const (
	groupRoster = "roster"
	groupFleet  = "fleet"
	groupOther  = "other"
)

func rootCommand(h host) *cobra.Command {
	root := &cobra.Command{
		Use:   "motive",
		Short: "Bring a Motive fleet in line with a roster",
		Long: `Bring a Motive fleet in line with a roster: a CSV file, JSON lines or an
Excel workbook with the drivers and office staff there should be.

Nothing is written to the fleet before you have seen a plan of it.

Credentials come from the environment: MOTIVE_ACCESS_TOKEN, or
MOTIVE_API_KEY, or what "motive login" has stored. MOTIVE_BASE_URL is for
another server than Motive's own, such as that of "motive fake".

Exit codes: 0 all in line; 1 rows need attention; 2 wrong usage;
3 stopped: interrupted, held by a limit, or no service or login;
4 changes are pending, only with --detailed-exitcode.`,
		Example: `  motive validate team.xlsx
  motive plan team.xlsx --integration tms -o monday.plan
  motive apply monday.plan
  motive resume monday.plan`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(h.in)
	root.SetOut(h.out)
	root.SetErr(h.err)
	root.AddGroup(
		&cobra.Group{ID: groupRoster, Title: "From a roster to the fleet:"},
		&cobra.Group{ID: groupFleet, Title: "The fleet:"},
		&cobra.Group{ID: groupOther, Title: "Other:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupRoster, validateCommand(h), planCommand(h), applyCommand(h), resumeCommand(h))
	add(groupFleet, loginCommand(h), exportCommand(h), lookupCommand(h))
	add(groupOther, fakeCommand(h), versionCommand(h))
	root.AddCommand(manCommand(h))
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
	root.InitDefaultCompletionCmd()
	foldHelp(root)
	root.SetUsageTemplate(usageTemplate(usualWidth))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exit(exitUsage, fmt.Errorf("%w\nSee %s --help", err, cmd.CommandPath()))
	})
	return root
}

// foldHelp folds the lines that are too long for a screen, which are not ours.
func foldHelp(cmd *cobra.Command) {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(cmd.Long, "\t", "    "), "\n") {
		if text.StringWidth(line) <= usualWidth {
			lines = append(lines, line)
			continue
		}
		lines = append(lines, folded(line, usualWidth)...)
	}
	cmd.Long = strings.Join(lines, "\n")
	for _, below := range cmd.Commands() {
		foldHelp(below)
	}
}

// exactly takes one argument.
func exactly(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return fmt.Errorf("%d arguments, and there has to be one: %s %s\nSee %s --help", len(args), cmd.CommandPath(), name, cmd.CommandPath())
	}
}

// usageTemplate is cobra's, with flags folded to a width.
func usageTemplate(width int) string {
	return fmt.Sprintf(`Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if not .AllChildCommandsHaveGroup}}

Commands:{{range $cmds}}{{if and (eq .GroupID "") .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsagesWrapped %d | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

"{{.CommandPath}} [command] --help" says more about a command.{{end}}
`, width)
}
