// Command provision creates the people of a roster in Motive.
//
// It validates every row first and shows all problems by line, then creates
// whoever is missing. People are recognised by their external id, so that a
// second run changes nothing.
//
//	go run ./examples/provision                      # against a fake Motive
//	go run ./examples/provision -dry-run team.csv    # what would be done
//
// With MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY in the environment it works on the
// real fleet.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errRowsFailed):
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "provision:", err)
		os.Exit(2)
	}
}

// errRowsFailed says that the report shows people who were not provisioned.
var errRowsFailed = errors.New("some rows failed")

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("provision", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprintln(out, "usage: provision [flags] [roster.csv]   (default testdata/roster.csv of this module)")
		fmt.Fprintln(out, "The credential is MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY; without one it runs against a fake.")
		flags.PrintDefaults()
	}
	dryRun := flags.Bool("dry-run", false, "look people up and say what would be created, but create nobody")
	baseURL := flags.String("base-url", "", "where the API is, if not at "+motive.DefaultBaseURL)
	integration := flags.String("integration", "roster", "the integration name under which external ids are stored")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file := "testdata/roster.csv"
	switch flags.NArg() {
	case 0:
	case 1:
		file = flags.Arg(0)
	default:
		return fmt.Errorf("one roster at a time, not %d: flags go before the file", flags.NArg())
	}

	p := newPrinter(out)
	client, stop, err := connect(p, *baseURL, *integration)
	if err != nil {
		return err
	}
	defer stop()
	people, err := load(file, *integration)
	if err != nil {
		return err
	}
	var ready, wrong []*person
	for _, who := range people {
		if len(who.problems) > 0 {
			wrong = append(wrong, who)
		} else {
			ready = append(ready, who)
		}
	}
	p.line("%s: %d people, %d ready, %d with problems\n", file, len(people), len(ready), len(wrong))
	p.problems(wrong)

	start := time.Now()
	results := apply(ctx, client, ready, *integration, *dryRun, newProgress(p, len(ready)).step)
	if len(ready) > 0 {
		p.results(ready, results)
	}
	p.summary(results, len(wrong), time.Since(start))
	for _, r := range results {
		if r.outcome == failed || r.outcome == skipped {
			return errRowsFailed
		}
	}
	if len(wrong) > 0 {
		return errRowsFailed
	}
	return nil
}

func load(file, integration string) ([]*person, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	people, err := readRoster(f, integration)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return people, nil
}

// connect returns a client for the fleet whose credential is in the environment,
// or else for a fake Motive that it starts.
func connect(p *printer, baseURL, integration string) (client *motive.Client, stop func(), err error) {
	var opts []motive.Option
	if baseURL != "" {
		opts = append(opts, motive.WithBaseURL(baseURL))
	}
	if os.Getenv("MOTIVE_ACCESS_TOKEN") != "" || os.Getenv("MOTIVE_API_KEY") != "" {
		client, err = motive.NewClientFromEnv(opts...)
		return client, func() {}, err
	}
	if baseURL != "" {
		return nil, nil, errors.New("-base-url needs a credential: set MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY")
	}
	server, err := motivetest.Start()
	if err != nil {
		return nil, nil, err
	}
	p.line("No MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY is set: this runs against a fake Motive in this process.\n")
	server.Seed(motive.User{
		FirstName: "Ines", LastName: "Calder", Role: motive.RoleAdmin, Email: "ines.calder@example.com",
		ExternalIDs: []motive.ExternalID{{ExternalID: "1001", IntegrationName: integration}},
	})
	return server.Client(), server.Close, nil
}
