// Benchmarks compares this client with those of other APIs, and with net/http
// and encoding/json by hand, at the same work in one process.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"time"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == serveFlag {
		exit(serve())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, os.Args[1:], os.Stdout))
}

func exit(err error) {
	if err != nil && err != flag.ErrHelp {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// settings are the flags.
type settings struct {
	rounds, lateRounds int
	cell               time.Duration
	works, engines     *regexp.Regexp
	full               bool
}

func parseFlags(args []string) (settings, error) {
	var (
		s              settings
		works, engines string
	)
	flags := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	flags.IntVar(&s.rounds, "rounds", 9, "rounds in which every engine has its turn")
	flags.IntVar(&s.lateRounds, "late-rounds", 3, "rounds of the works with latency")
	flags.DurationVar(&s.cell, "time", 100*time.Millisecond, "`time` of one engine in one round")
	flags.StringVar(&works, "work", "", "works whose name matches this `expression`")
	flags.StringVar(&engines, "engine", "", "engines whose name matches this `expression`, beside net/http by hand")
	flags.BoolVar(&s.full, "full", false, "also print every figure")
	err := flags.Parse(args)
	if err == nil && s.rounds < 1 || s.lateRounds < 1 || s.cell <= 0 {
		err = fmt.Errorf("-rounds, -late-rounds and -time must be positive")
	}
	if err == nil {
		s.works, err = regexp.Compile(works)
	}
	if err == nil {
		s.engines, err = regexp.Compile(engines)
	}
	return s, err
}

func run(ctx context.Context, args []string, out io.Writer) error {
	set, err := parseFlags(args)
	if err != nil {
		return err
	}
	s, err := startServer()
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Fprintf(out, "%s, %s/%s, %d CPUs\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())

	clients, err := set.compare(ctx, s, works, engines(s.base), engines(s.late))
	if err != nil {
		return err
	}
	codecs, err := set.compare(ctx, nil, codecWorks, codecs(), nil)
	if err != nil {
		return err
	}
	for _, t := range []table{clients, codecs} {
		if set.full {
			t.figures(out)
		}
		t.summary(out)
	}
	return nil
}

// compare has the engines do the works that the flags select.
func (set settings) compare(ctx context.Context, s *server, works []work, prompt, late []engine) (table, error) {
	var t table
	for _, w := range works {
		if !set.works.MatchString(w.name) {
			continue
		}
		all, rounds := prompt, set.rounds
		if w.late {
			all, rounds = late, set.lateRounds
		}
		results, err := w.compare(ctx, s, set.selected(all), rounds, set.cell)
		if err != nil {
			return nil, err
		}
		t = append(t, column{w.name, results})
	}
	return t, nil
}

// selected are the first engine, to which the ratios are, and those that match.
func (set settings) selected(all []engine) []engine {
	var some []engine
	for i, e := range all {
		if i == 0 || set.engines.MatchString(e.name) {
			some = append(some, e)
		}
	}
	return some
}
