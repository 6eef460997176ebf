package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/provision"
)

type applyFlags struct {
	connection connection
	force      string
	workers    int
	passwords  string
	failed     string
	json       bool
}

func applyCommand(h host) *cobra.Command {
	f := &applyFlags{}
	cmd := &cobra.Command{
		Use:   "apply PLAN",
		Short: "Carry out a plan",
		Long: `Carry out a plan that "motive plan -o" has written. Each user is read again
before a change, and left as they are where they have changed since.

Ctrl-C lets what is in flight finish. "motive resume" then goes on; so it does
after the machine has lost its power. The journal lies beside the plan.

Rows that fail are written to a CSV file with a column "problem", to be
corrected and planned again.`,
		Example: `  motive apply monday.plan
  motive apply monday.plan --force 4f2c9a    # past the limits, by the hash
  motive apply monday.plan --passwords new.csv`,
		Args:              exactly("PLAN"),
		ValidArgsFunction: completeFiles("plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.apply(cmd, f, args[0], false)
		},
	}
	f.addFlags(cmd)
	return cmd
}

func resumeCommand(h host) *cobra.Command {
	f := &applyFlags{}
	cmd := &cobra.Command{
		Use:   "resume PLAN",
		Short: "Go on with a plan that was interrupted",
		Long: `Go on with a plan that was interrupted, by Ctrl-C, a lost login or a lost
machine. What has been done is in the journal beside the plan, and is not
done again.`,
		Example:           `  motive resume monday.plan`,
		Args:              exactly("PLAN"),
		ValidArgsFunction: completeFiles("plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.apply(cmd, f, args[0], true)
		},
	}
	f.addFlags(cmd)
	return cmd
}

func (f *applyFlags) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.force, "force", "", "the plan's `hash`, or its first 6 digits, to apply a plan that is held by a limit")
	flags.IntVar(&f.workers, "workers", 8, "the most calls at a time, a `number`")
	flags.StringVar(&f.passwords, "passwords", "", "make a password for everybody who is created, and append them to this `file`")
	flags.StringVar(&f.failed, "failed", "", "`file` for the rows that fail (default beside the plan)")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON, for programs")
	f.connection.addFlags(cmd)
	f.connection.addFleet(cmd)
}

func (h host) apply(cmd *cobra.Command, f *applyFlags, path string, resume bool) error {
	if f.workers < 1 {
		return errors.New("--workers: at least one call at a time")
	}
	plan, unlock, err := openPlan(path)
	if err != nil {
		return err
	}
	defer unlock()
	if !cmd.Flags().Changed("rate") {
		f.connection.rate = cmp.Or(plan.PerSecond, usualRate)
	}
	pauses := &pauses{}
	client, err := f.connection.client(h, motive.WithObserver(pauses.observe))
	if err != nil {
		return err
	}
	journalPath := beside(plan, path, ".journal")
	if _, err := os.Stat(journalPath); resume && errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has not been begun: there is no %s; begin it with motive apply", path, journalPath)
	}
	report, err := h.carryOut(cmd, f, client, pauses, plan, path, journalPath)
	if report == nil {
		return err
	}
	if err := h.report(report, f, beside(plan, path, ".failed.csv")); err != nil {
		return err
	}
	return h.applied(report, err, path)
}

// carryOut applies the plan with its journal, and shows how far it is.
func (h host) carryOut(cmd *cobra.Command, f *applyFlags, client *motive.Client, pauses *pauses, plan *provision.Plan, path, journalPath string) (_ *provision.Report, err error) {
	if err := f.allowed(h, plan, path); err != nil {
		return nil, err
	}
	journal, err := provision.OpenJournal(journalPath)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	meter := h.newMeter(plan.Writes(), pauses)
	defer meter.stop()
	defer h.onInterrupt(cmd.Context(), meter)()
	return provision.Apply(cmd.Context(), client, plan, journal, provision.ApplyOptions{
		Workers: f.workers, Force: f.force, Fleet: f.connection.fleetName(h), PasswordFile: f.passwords, Progress: meter.step,
	})
}

// allowed explains a plan that must not be applied as a command line would get
// past it, before anything is written. The last word is provision's.
func (f *applyFlags) allowed(h host, plan *provision.Plan, path string) error {
	if fleet := f.connection.fleetName(h); plan.Fleet != fleet {
		return exit(exitStopped, fmt.Errorf("%s is for the fleet %q, and this is %q: see MOTIVE_BASE_URL and --fleet", path, plan.Fleet, fleet))
	}
	if len(plan.Brakes) > 0 && f.force == "" {
		h.say("Held: the plan " + plan.Brakes[0] + ".")
		for _, brake := range plan.Brakes[1:] {
			h.say("Held: the plan " + brake + ".")
		}
		h.say("If all of this is meant, apply it with:\n  motive apply " + quoteArg(path) + " --force " + plan.ShortHash())
		return &exitError{code: exitStopped}
	}
	return nil
}

// report shows what became of the plan, and writes the rows that failed.
func (h host) report(report *provision.Report, f *applyFlags, failedPath string) error {
	var err error
	if f.json {
		err = writeJSON(h.out, report)
	} else {
		err = report.WriteText(h.out, h.screen().print(false))
	}
	if err != nil || len(report.Failures) == 0 {
		return err
	}
	failedPath = cmp.Or(f.failed, failedPath)
	if err := writeFile(failedPath, report.WriteFailed); err != nil {
		return err
	}
	h.say("\nThe rows to correct are in " + failedPath + ".")
	return nil
}

// applied is what an application exits with.
func (h host) applied(report *provision.Report, err error, path string) error {
	switch {
	case errors.Is(err, provision.ErrStopped):
		h.say("\nTo go on:\n  motive resume " + quoteArg(path))
		return &exitError{code: exitStopped} // the report says why
	case err != nil:
		return err
	case !report.OK():
		return &exitError{code: exitRows}
	}
	return nil
}
