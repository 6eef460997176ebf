// Command motive brings a Motive fleet in line with a roster: it plans, shows the
// plan, applies it, and goes on where it was interrupted.
//
//	motive plan team.csv --integration tms -o monday.plan
//	motive apply monday.plan
//	motive resume monday.plan
//
// See motive help, or the README.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// host is what the command has of the machine that it runs on.
type host struct {
	in       io.Reader
	out, err io.Writer
	env      func(name string) string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second Ctrl-C ends the program at once
	code := run(ctx, host{os.Stdin, os.Stdout, os.Stderr, os.Getenv}, os.Args[1:])
	stop()
	os.Exit(code)
}
