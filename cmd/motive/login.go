package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
)

type loginFlags struct {
	redirect string
	scopes   []string
	paste    bool
}

func loginCommand(h host) *cobra.Command {
	f := &loginFlags{}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Connect to a fleet in the browser and keep the token",
		Long: `Connect to a fleet with an app that is registered with Motive. The browser
asks the administrator of the fleet; the token is kept in a file that only you
can read, MOTIVE_TOKEN_FILE or motive/token.json among your settings, and is
renewed by itself.

The app's id and secret come from MOTIVE_CLIENT_ID and MOTIVE_CLIENT_SECRET,
here and in every command that uses the login. The redirect URL is the one that
the app is registered with. Where it does not lead to this machine, or the
browser is on another one, --paste takes the address that the browser ends at.`,
		Example: `  motive login
  motive login --redirect http://127.0.0.1:9000/callback
  motive login --redirect https://example.com/motive --paste`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return h.login(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.redirect, "redirect", "http://127.0.0.1:8484/callback", "the redirect `address` of the app")
	flags.StringSliceVar(&f.scopes, "scopes", []string{oauth.ScopeUsersRead, oauth.ScopeUsersManage}, "what to ask for: `scopes` with commas between them")
	flags.BoolVar(&f.paste, "paste", false, "ask for the address that the browser ends at")
	return cmd
}

func (h host) login(ctx context.Context, f *loginFlags) error {
	cfg, err := h.app(f.redirect, f.scopes...)
	if err != nil {
		return err
	}
	back, err := url.Parse(f.redirect)
	if err != nil || back.Host == "" {
		return fmt.Errorf("--redirect %s: it is an address such as http://127.0.0.1:8484/callback", f.redirect)
	}
	if !f.paste && !local(back) {
		return fmt.Errorf("--redirect %s does not lead to this machine: add --paste", f.redirect)
	}
	path, err := h.tokenPath()
	if err != nil {
		return err
	}
	store, err := tokenfile.New(path)
	if err != nil {
		return err
	}
	login, err := oauth.NewLogin(cfg)
	if err != nil {
		return err
	}
	take := h.callback
	if f.paste {
		take = h.pasted
	}
	if err := take(ctx, login, back, func(query url.Values) error {
		token, err := login.Exchange(ctx, query)
		if err != nil {
			return err
		}
		return oauth.Save(ctx, store, token)
	}); err != nil {
		return exit(exitStopped, err)
	}
	h.say("Connected. The token is kept in " + path + ".")
	return nil
}

// app is the app that the environment names.
func (h host) app(redirect string, scopes ...string) (*oauth2.Config, error) {
	id, secret := h.env("MOTIVE_CLIENT_ID"), h.env("MOTIVE_CLIENT_SECRET")
	if id == "" || secret == "" {
		return nil, errors.New("set MOTIVE_CLIENT_ID and MOTIVE_CLIENT_SECRET to those of your app, as Motive shows them")
	}
	cfg := oauth.NewConfig(id, secret, redirect, scopes...)
	cfg.Endpoint.AuthURL = cmp.Or(h.env("MOTIVE_AUTH_URL"), cfg.Endpoint.AuthURL)
	cfg.Endpoint.TokenURL = cmp.Or(h.env("MOTIVE_TOKEN_URL"), cfg.Endpoint.TokenURL)
	return cfg, nil
}

// tokenPath is where the token of a login is kept.
func (h host) tokenPath() (string, error) {
	if path := h.env("MOTIVE_TOKEN_FILE"); path != "" {
		return path, nil
	}
	settings, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("where to keep the token: %w; set MOTIVE_TOKEN_FILE", err)
	}
	return filepath.Join(settings, "motive", "token.json"), nil
}

// local reports whether an address can be listened on by this program alone.
func local(address *url.URL) bool {
	ip := net.ParseIP(address.Hostname())
	return address.Scheme == "http" && (address.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// callback waits for the browser to come back, on the port of the redirect address.
// A request that is none of this login's changes nothing.
func (h host) callback(ctx context.Context, login *oauth.Login, back *url.URL, connect func(url.Values) error) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(back.Hostname(), cmp.Or(back.Port(), "80")))
	if err != nil {
		return fmt.Errorf("wait for the browser: %w; --redirect takes another address, and --paste none", err)
	}
	finished := make(chan error, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+cmp.Or(back.EscapedPath(), "/"), func(w http.ResponseWriter, r *http.Request) {
		err := connect(r.URL.Query())
		page := "Connected. This page can be closed."
		if err != nil {
			page = "Not connected: " + err.Error()
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = fmt.Fprintln(w, page)
		if err == nil || errors.Is(err, oauth.ErrAccessDenied) || r.URL.Query().Has("code") {
			select {
			case finished <- err:
			default: // a second callback
			}
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is shut down
	defer func() {
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = server.Shutdown(leaving) // once the page is on its way
	}()
	h.ask(login)
	select {
	case err := <-finished:
		return err
	case <-ctx.Done():
		return errors.New("interrupted before the browser came back")
	}
}

// ask says where to go, on a line that a terminal can click on.
func (h host) ask(login *oauth.Login) {
	h.say("Open this address in a browser, and allow the access:\n")
	fmt.Fprintln(h.err, login.URL())
	h.say("")
}

// pasted takes the address that the browser ended at from the standard input.
func (h host) pasted(ctx context.Context, login *oauth.Login, _ *url.URL, connect func(url.Values) error) error {
	h.ask(login)
	h.say("Then paste the address that the browser ends at, even where it shows an error:")
	line := make(chan string, 1)
	go func() { // it ends with the program, since a terminal cannot be asked to stop
		text, _ := bufio.NewReader(h.in).ReadString('\n')
		line <- strings.TrimSpace(text)
	}()
	select {
	case text := <-line:
		address, err := url.Parse(text)
		if err != nil || text == "" {
			return errors.New("this is not an address")
		}
		return connect(address.Query())
	case <-ctx.Done():
		return errors.New("interrupted before an address was pasted")
	}
}
