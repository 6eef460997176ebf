// Command oauth-login connects to Motive through the browser, once, and goes on
// with the stored token from then on.
//
//	go run ./examples/oauth-login    # against a fake Motive, without a browser
//
// With MOTIVE_CLIENT_ID and MOTIVE_CLIENT_SECRET in the environment it works on
// the real Motive. Register http://127.0.0.1:8085/callback as the app's redirect
// URL first.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "oauth-login:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("oauth-login", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("addr", "127.0.0.1:8085", "where the browser comes back to, as registered with Motive")
	file := flags.String("store", "", "the token file (default motive/token.json in the user's configuration)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	id, secret := os.Getenv("MOTIVE_CLIENT_ID"), os.Getenv("MOTIVE_CLIENT_SECRET")
	if id == "" && secret == "" {
		return demo(ctx, out)
	}
	if id == "" || secret == "" {
		return errors.New("set both MOTIVE_CLIENT_ID and MOTIVE_CLIENT_SECRET, or neither for a fake Motive")
	}
	store, err := openStore(*file)
	if err != nil {
		return err
	}
	// Only a login needs the port, but a port that is taken is better known now.
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	cfg := oauth.NewConfig(id, secret, "http://"+*addr+callbackPath)
	client, err := motive.NewClient(motive.WithOAuth2(cfg, store))
	if err != nil {
		return err
	}
	ask := func(url string) error {
		fmt.Fprintf(out, "open %s in a browser\n", url)
		return nil
	}
	return report(ctx, out, client, func() error { return login(ctx, cfg, store, listener, ask) })
}

func openStore(file string) (*tokenfile.Store, error) {
	if file == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil, err
		}
		file = filepath.Join(dir, "motive", "token.json")
	}
	return tokenfile.New(file)
}

// demo is the same against a fake Motive, which grants every login: the program
// follows the redirects itself. Then the token is revoked, to show that the
// client gets another without a word.
func demo(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "no MOTIVE_CLIENT_ID in the environment: this is a fake Motive, and no browser is needed")
	fake, err := motivetest.Start()
	if err != nil {
		return err
	}
	defer fake.Close()
	fake.Seed(
		motive.User{FirstName: "Ada", LastName: "Moss", Role: motive.RoleDriver},
		motive.User{FirstName: "Ben", LastName: "Fjord", Role: motive.RoleAdmin},
	)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	cfg := fake.OAuth().Config("http://"+listener.Addr().String()+callbackPath, oauth.ScopeUsersRead)
	store := oauth.NewMemoryStore(nil)
	client, err := motive.NewClient(motive.WithBaseURL(fake.URL), motive.WithOAuth2(cfg, store))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	err = report(ctx, out, client, func() error { return login(ctx, cfg, store, listener, follow) })
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "the token is revoked")
	fake.RevokeTokens()
	err = report(ctx, out, client, func() error { return errors.New("a refresh should have been enough") })
	fmt.Fprintf(out, "%d login, %d refresh\n", fake.OAuthStats().Logins, fake.OAuthStats().Refreshes)
	return err
}

// report prints how many users there are. Where that needs a login, it calls
// connect and tries again: a program needs no other check of its token.
func report(ctx context.Context, out io.Writer, client *motive.Client, connect func() error) error {
	page, err := client.Users.List(ctx, nil)
	if errors.Is(err, oauth.ErrReconnect) {
		fmt.Fprintln(out, "not connected:", err)
		if err := connect(); err != nil {
			return err
		}
		fmt.Fprintln(out, "connected")
		page, err = client.Users.List(ctx, nil)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d users\n", page.Pagination.Total)
	return nil
}
