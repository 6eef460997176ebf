// Command motive-fake runs the fake Motive of package motivetest as a server, with a fixed port
// and fixed credentials: for curl, Postman, and programs in PHP, Python or anything else.
//
//	go run github.com/motive-go/motive/motivetest/cmd/motive-fake -addr 127.0.0.1:8080 -token test -seed roster.csv
//	curl -H 'Authorization: Bearer test' http://127.0.0.1:8080/v1/users
//
// GET / is a page to look at: the users, the last requests and what was answered, the
// credentials, and faults to switch on and off. What it keeps is gone when it ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/motive-go/motive/motivetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(os.Stderr, "motive-fake:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It prints the base URL once the port is open.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("motive-fake", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes any")
	token := flags.String("token", "test", "the access token")
	key := flags.String("key", "test-key", "the API key")
	seed := flags.String("seed", "", "a CSV `file` of users to begin with")
	strict := flags.Bool("strict", false, "refuse attributes that are unknown or cannot be written")
	if err := flags.Parse(args); err != nil {
		return err
	}
	opts := []motivetest.Option{motivetest.WithBasePath(""), motivetest.WithCredentials(*token, *key)}
	if *strict {
		opts = append(opts, motivetest.WithStrictAttributes())
	}
	fake := motivetest.NewHandler(opts...)
	defer fake.Close()
	if *seed != "" {
		if err := seedFile(fake, *seed); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	base := "http://" + listener.Addr().String()
	server := &http.Server{Handler: newSite(fake, base, *token, *key), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	_, _ = fmt.Fprintf(out, "base URL  %s\npage      %s/\ntry       curl -H 'Authorization: Bearer %s' %s/v1/users\n", base, base, *token, base)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
