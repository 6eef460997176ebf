// Command provision brings a fleet in line with a roster.
//
//	go run ./examples/provision                                     # a sample, on a fake Motive
//	go run ./examples/provision testdata/roster_with_problems.csv   # what is wrong, by line
//
// With MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY in the environment it plans for the
// real fleet, and writes only with -apply.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

//go:embed team.csv
var sample string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errRows):
		os.Exit(1)
	case errors.Is(err, provision.ErrStopped):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// errRows says that rows were shown which need correcting.
var errRows = errors.New("some rows need correcting")

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("provision", flag.ContinueOnError)
	flags.SetOutput(out)
	apply := flags.Bool("apply", false, "carry the plan out on the real fleet")
	integration := flags.String("integration", "roster", "the `name` under which the roster's external ids stand in Motive")
	leavers := flags.Bool("leavers", false, "deactivate drivers who stand in no row")
	if err := flags.Parse(args); err != nil {
		return err
	}
	roster, closeRoster, err := openRoster(flags.Args())
	if err != nil {
		return err
	}
	defer closeRoster()
	client, fake, err := connect(*integration)
	if err != nil {
		return err
	}
	if fake != nil {
		defer fake.Close()
		fmt.Fprintln(out, "No credential is set, so this is a fake Motive with a small fleet.")
	}
	fmt.Fprintln(out)

	show := provision.PrintOptions{Color: isTerminal(out)}
	plan, err := provision.NewPlan(ctx, client, roster, provision.Options{
		Integration: *integration,
		Leavers:     provision.Leavers{Deactivate: *leavers || fake != nil},
		PerSecond:   perSecond,
	})
	if err != nil {
		return err
	}
	if err := plan.WriteTable(out, show); err != nil {
		return err
	}
	switch {
	case plan.Count(provision.ActionInvalid)+plan.Count(provision.ActionConflict) > 0:
		return errRows // nothing is applied, so that the problems are the last on the screen
	case fake == nil && !*apply:
		fmt.Fprintln(out, "\nNothing was written. Add -apply to carry the plan out.")
		return nil
	}

	fmt.Fprintln(out)
	report, err := provision.Apply(ctx, client, plan, nil, provision.ApplyOptions{Fresh: true, Progress: progress(out)})
	if report == nil {
		return err
	}
	if err := report.WriteText(out, show); err != nil {
		return err
	}
	switch {
	case err != nil:
		return err
	case !report.OK():
		return errRows
	}
	fmt.Fprint(out, next)
	return nil
}

// next is what to try after the first run.
const next = `
Try next:
  go run ./examples/provision testdata/roster_with_problems.csv
      what is wrong with a roster, line by line
  MOTIVE_ACCESS_TOKEN=… go run ./examples/provision examples/provision/team.csv
      a plan for your own fleet, which writes nothing
`

func openRoster(args []string) (roster provision.Roster, closeFile func(), err error) {
	switch len(args) {
	case 0:
		return provision.ReadCSV(strings.NewReader(sample), provision.ReadOptions{}), func() {}, nil
	case 1:
	default:
		return nil, nil, fmt.Errorf("one roster at a time, not %d: flags go before the file", len(args))
	}
	file, err := os.Open(args[0])
	if err != nil {
		return nil, nil, err
	}
	return provision.ReadCSV(file, provision.ReadOptions{}), func() { _ = file.Close() }, nil
}

// perSecond is a pace at which others never met a 429 from the real service.
const perSecond = 1

// connect returns a client for the fleet whose credential is in the environment,
// or for a fake that it starts.
func connect(integration string) (*motive.Client, *motivetest.Server, error) {
	if os.Getenv("MOTIVE_ACCESS_TOKEN") != "" || os.Getenv("MOTIVE_API_KEY") != "" {
		client, err := motive.NewClientFromEnv(motive.WithRateLimit(perSecond, 1))
		return client, nil, err
	}
	fake, err := motivetest.Start()
	if err != nil {
		return nil, nil, err
	}
	fake.Seed(fleet(integration)...)
	return fake.Client(motive.WithRateLimit(20, 1)), fake, nil // slow enough to watch
}

// progress shows a bar on a terminal, and a line every ten seconds elsewhere.
func progress(out io.Writer) func(provision.Progress) {
	const width = 40
	bar := isTerminal(out)
	said := time.Now()
	return func(p provision.Progress) {
		switch {
		case bar && p.Done == p.Total:
			fmt.Fprintf(out, "\r%s\r", strings.Repeat(" ", width+24))
		case bar:
			full := width * p.Done / p.Total
			fmt.Fprintf(out, "\r%s%s %d of %d", strings.Repeat("█", full), strings.Repeat("░", width-full), p.Done, p.Total)
		case time.Since(said) >= 10*time.Second:
			said = time.Now()
			fmt.Fprintf(out, "%d of %d\n", p.Done, p.Total)
		}
	}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
