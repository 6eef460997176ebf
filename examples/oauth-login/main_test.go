package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func TestDemoConnectsAndRefreshes(t *testing.T) {
	t.Setenv("MOTIVE_CLIENT_ID", "")
	t.Setenv("MOTIVE_CLIENT_SECRET", "")
	var out bytes.Buffer
	if err := run(t.Context(), nil, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"not connected: ", "no token is stored", "\nconnected\n2 users\nthe token is revoked\n2 users\n1 login, 1 refresh\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
}

func TestHalfTheCredentialsAreRefused(t *testing.T) {
	t.Setenv("MOTIVE_CLIENT_ID", "app")
	t.Setenv("MOTIVE_CLIENT_SECRET", "")
	if err := run(t.Context(), nil, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "MOTIVE_CLIENT_SECRET") {
		t.Errorf("run: %v, want an error that names the variable", err)
	}
}

func TestSecondRunNeedsNoLogin(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewServer(t)
	path := filepath.Join(t.TempDir(), "token.json")
	for range 2 {
		store, err := tokenfile.New(path)
		if err != nil {
			t.Fatal(err)
		}
		listener := listen(t)
		cfg := fake.OAuth().Config("http://"+listener.Addr().String()+callbackPath, oauth.ScopeUsersRead)
		client := fake.Client(motive.WithOAuth2(cfg, store))
		var out bytes.Buffer
		err = report(t.Context(), &out, client, func() error { return login(t.Context(), cfg, store, listener, follow) })
		client.CloseIdleConnections()
		if err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
	}
	if stats := fake.OAuthStats(); stats.Logins != 1 {
		t.Errorf("%d logins, want 1", stats.Logins)
	}
}

func TestForgedCallbackDoesNotEndTheLogin(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewServer(t)
	listener, store := listen(t), oauth.NewMemoryStore(nil)
	cfg := fake.OAuth().Config("http://" + listener.Addr().String() + callbackPath)
	err := login(t.Context(), cfg, store, listener, func(page string) error {
		forged := strings.TrimSuffix(page, "/") + callbackPath + "?" + url.Values{"state": {"forged"}, "code": {"c"}}.Encode()
		if err := follow(forged); err == nil || !strings.Contains(err.Error(), "another login") {
			t.Errorf("the forged callback: %v", err)
		}
		return follow(page)
	})
	if err != nil {
		t.Fatal(err)
	}
	if token, err := store.Load(t.Context()); err != nil || token == nil {
		t.Errorf("no token was stored: %v", err)
	}
}

func TestRefusalEndsTheLogin(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewServer(t)
	listener, store := listen(t), oauth.NewMemoryStore(nil)
	cfg := fake.OAuth().Config("http://" + listener.Addr().String() + callbackPath)
	err := login(t.Context(), cfg, store, listener, func(page string) error {
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Get(page)
		if err != nil {
			return err
		}
		resp.Body.Close()
		there, err := resp.Location()
		if err != nil {
			return err
		}
		back := url.Values{"state": {there.Query().Get("state")}, "error": {"access_denied"}}
		resp, err = client.Get(cfg.RedirectURL + "?" + back.Encode())
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("the page has status %d", resp.StatusCode)
		}
		return nil
	})
	if !errors.Is(err, oauth.ErrAccessDenied) {
		t.Errorf("login: %v, want ErrAccessDenied", err)
	}
}

func TestLoginEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	listener := listen(t)
	cfg := oauth.NewConfig("app", "secret", "http://"+listener.Addr().String()+callbackPath)
	err := login(ctx, cfg, oauth.NewMemoryStore(nil), listener, func(string) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("login: %v, want it to end", err)
	}
}
