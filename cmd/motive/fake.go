package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

type fakeFlags struct {
	addr, token, key string
	seed             string
	integration      string
	roster           rosterFlags
}

func fakeCommand(h host) *cobra.Command {
	f := &fakeFlags{}
	cmd := &cobra.Command{
		Use:   "fake",
		Short: "Start a fake Motive to try things on",
		Long: `Start a fake Motive on this machine, with a port and credentials that do not
change, to try a roster on before the real fleet sees it. It follows the rules
that Motive documents, and forgets everything when it ends.`,
		Example: `  motive fake
  motive fake --seed team.csv --integration tms
  motive fake --addr 127.0.0.1:9000 --token secret`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return h.fake(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes any that is free")
	flags.StringVar(&f.token, "token", "test", "the access `token`")
	flags.StringVar(&f.key, "key", "test-key", "the API `key`")
	flags.StringVar(&f.seed, "seed", "", "a `roster` of users to begin with")
	flags.StringVar(&f.integration, "integration", "tms", "`name` under which the external ids of --seed stand")
	f.roster.addFlags(cmd)
	return cmd
}

func (h host) fake(ctx context.Context, f *fakeFlags) error {
	fake := motivetest.NewHandler(motivetest.WithBasePath(""), motivetest.WithCredentials(f.token, f.key))
	defer fake.Close()
	listener, err := net.Listen("tcp", f.addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: fake, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() { _ = server.Close() }() // whose users are about to be forgotten
	base := "http://" + listener.Addr().String()
	if f.seed != "" {
		if err := h.seed(ctx, f, base); err != nil {
			return err
		}
	}
	login := fake.OAuth()
	fmt.Fprintf(h.out, `A fake Motive with %s is at %s.

In another terminal:
  export MOTIVE_BASE_URL=%s
  export MOTIVE_ACCESS_TOKEN=%s

or, for motive login, in place of the token:
  export MOTIVE_CLIENT_ID=%s
  export MOTIVE_CLIENT_SECRET=%s
  export MOTIVE_AUTH_URL=%s
  export MOTIVE_TOKEN_URL=%s

Ctrl-C ends it.
`, plural(len(fake.Users()), "user"), base, base, quoteArg(f.token), login.ClientID, login.ClientSecret, base+login.AuthURL, base+login.TokenURL)
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		return err
	}
}

// seed provisions the fake, as anybody else would.
func (h host) seed(ctx context.Context, f *fakeFlags, base string) error {
	client, err := motive.NewClient(motive.WithBaseURL(base), motive.WithAccessToken(f.token))
	if err != nil {
		return err
	}
	roster, seen, closeRoster, err := f.roster.read(h, f.seed)
	if err != nil {
		return err
	}
	defer closeRoster()
	plan, err := provision.NewPlan(ctx, client, roster, provision.Options{Integration: f.integration})
	if err != nil {
		return exit(seen.code(), err)
	}
	report, err := provision.Apply(ctx, client, plan, nil, provision.ApplyOptions{Fresh: true})
	if report == nil || report.OK() {
		return err
	}
	return errors.Join(report.WriteText(h.err, h.screen().print(false)), &exitError{code: exitRows})
}
