package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/motive-go/motive/oauth"
	"golang.org/x/oauth2"
)

const callbackPath = "/callback"

// login serves one login on listener and returns when its token is stored. ask
// is called with the address to which the user should go.
func login(ctx context.Context, cfg *oauth2.Config, store oauth.Store, listener net.Listener, ask func(url string) error) error {
	pass, err := oauth.NewLogin(cfg)
	if err != nil {
		return err
	}
	finished := make(chan error, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, pass.URL(), http.StatusFound)
	})
	mux.HandleFunc("GET "+callbackPath, func(w http.ResponseWriter, r *http.Request) {
		// Under ctx, not the request's: a browser that is closed now must not
		// lose a code that is already being spent.
		token, err := pass.Exchange(ctx, r.URL.Query())
		if err == nil {
			err = oauth.Save(ctx, store, token)
		}
		if err == nil || errors.Is(err, oauth.ErrAccessDenied) {
			select {
			case finished <- err:
			default: // a second callback changes nothing
			}
		}
		if err != nil {
			http.Error(w, "Not connected. "+err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, "Connected. This page can be closed.")
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // it returns on Shutdown
	defer func() {
		// The page that says "connected" is still on its way.
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = server.Shutdown(leaving)
	}()
	if err := ask("http://" + listener.Addr().String() + "/"); err != nil {
		return err
	}
	select {
	case err := <-finished:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// follow does what a browser would, on a fake that asks no questions.
func follow(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the login ended in %s: %s", resp.Status, page)
	}
	return err
}
