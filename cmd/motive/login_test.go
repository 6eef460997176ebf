package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/motive-go/motive/motivetest"
)

// withApp is the environment of an app of the server's provider.
func withApp(server *motivetest.Server, dir string) environment {
	app := server.OAuth()
	return on(server).with("MOTIVE_ACCESS_TOKEN", "", "MOTIVE_CLIENT_ID", app.ClientID, "MOTIVE_CLIENT_SECRET", app.ClientSecret,
		"MOTIVE_AUTH_URL", app.AuthURL, "MOTIVE_TOKEN_URL", app.TokenURL, "MOTIVE_TOKEN_FILE", filepath.Join(dir, "motive", "token.json"))
}

// freeAddress is a port that nobody listens on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// begin starts a login and returns the address that it asks to open, and how it
// ends.
func (e environment) begin(t *testing.T, in io.Reader, args ...string) (address string, ended <-chan result) {
	t.Helper()
	reader, writer := io.Pipe()
	done := make(chan result, 1)
	var said strings.Builder
	go func() {
		h := host{in, io.Discard, writer, func(name string) string { return e[name] }}
		code := run(t.Context(), h, args)
		_ = writer.Close()
		done <- result{code: code}
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "http") {
			address = lines.Text()
			break
		}
	}
	all := make(chan result, 1)
	go func() {
		for lines.Scan() {
			said.WriteString(lines.Text() + "\n")
		}
		got := <-done
		got.err = said.String()
		all <- got
	}()
	if address == "" {
		t.Fatalf("no address to open: %s", (<-all).err)
	}
	return address, all
}

func open(t *testing.T, address string) (status int, page string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestLoginThroughTheBrowser(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	server.Seed(fleet()...)
	env := withApp(server, t.TempDir())
	address, ended := env.begin(t, nil, "login", "--redirect", "http://"+freeAddress(t)+"/callback")
	if status, page := open(t, address); status != http.StatusOK || !strings.Contains(page, "Connected") {
		t.Errorf("%d %s", status, page)
	}
	got := <-ended
	if got.code != exitDone || !strings.Contains(got.err, "Connected. The token is kept in") {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	info, err := os.Stat(env["MOTIVE_TOKEN_FILE"])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if got := env.must(t, "lookup", "--external-id", "2001", "--integration", "tms"); !strings.Contains(got.out, "Moss") {
		t.Errorf("%+v", got)
	}

	// The access token is revoked, and renewed with the refresh token.
	server.RevokeTokens()
	env.must(t, "lookup", "--external-id", "2001", "--integration", "tms")

	// The app is removed, and somebody has to log in again.
	server.Disconnect()
	if got := env.run(t.Context(), "lookup", "--id", "1"); got.code != exitStopped || !strings.Contains(got.err, "connect") {
		t.Errorf("exit code %d\n%s", got.code, got.err)
	}

	// Without the app's secret nothing is asked for.
	if got := env.with("MOTIVE_CLIENT_SECRET", "").run(t.Context(), "export"); got.code != exitUsage || !strings.Contains(got.err, "MOTIVE_CLIENT_SECRET") {
		t.Errorf("exit code %d\n%s", got.code, got.err)
	}
}

func TestACallbackOfAnotherLoginChangesNothing(t *testing.T) {
	t.Parallel()
	env := withApp(newFake(t), t.TempDir())
	back := "http://" + freeAddress(t) + "/callback"
	address, ended := env.begin(t, nil, "login", "--redirect", back)
	if status, page := open(t, back+"?state=canary-of-another&error=access_denied"); status != http.StatusBadRequest || strings.Contains(page, "canary") {
		t.Errorf("%d", status)
	}
	if status, _ := open(t, address); status != http.StatusOK {
		t.Errorf("%d", status)
	}
	if got := <-ended; got.code != exitDone {
		t.Errorf("exit code %d\n%s", got.code, got.err)
	}
}

func TestALoginThatIsRefused(t *testing.T) {
	t.Parallel()
	env := withApp(newFake(t), t.TempDir())
	back := "http://" + freeAddress(t) + "/callback"
	address, ended := env.begin(t, nil, "login", "--redirect", back)
	asked, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	open(t, back+"?error=access_denied&state="+asked.Query().Get("state"))
	if got := <-ended; got.code != exitStopped || !strings.Contains(got.err, "access was denied") {
		t.Errorf("exit code %d\n%s", got.code, got.err)
	}
	if _, err := os.Stat(env["MOTIVE_TOKEN_FILE"]); err == nil {
		t.Error("a token was stored")
	}
}

func TestLoginByPasting(t *testing.T) {
	t.Parallel()
	server := newFake(t)
	env := withApp(server, t.TempDir())
	in, typed := io.Pipe()
	address, ended := env.begin(t, in, "login", "--redirect", "https://example.com/motive", "--paste")
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stay.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if _, err := io.WriteString(typed, resp.Header.Get("Location")+"\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-ended; got.code != exitDone {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	env.must(t, "export")
}

func TestALoginThatCannotBegin(t *testing.T) {
	t.Parallel()
	env := withApp(newFake(t), t.TempDir())
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	for _, test := range []struct {
		name, redirect, want string
		code                 int
	}{
		{"no address", "callback", "it is an address", exitUsage},
		{"an address elsewhere", "https://example.com/motive", "add --paste", exitUsage},
		{"a port that is taken", "http://" + taken.Addr().String() + "/callback", "--redirect takes another address", exitStopped},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := env.run(t.Context(), "login", "--redirect", test.redirect)
			if said := strings.Join(strings.Fields(got.err), " "); got.code != test.code || !strings.Contains(said, test.want) {
				t.Errorf("exit code %d, want %d\n%s", got.code, test.code, said)
			}
		})
	}
}

func TestALoginIsInterrupted(t *testing.T) {
	t.Parallel()
	env := withApp(newFake(t), t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := env.run(ctx, "login", "--redirect", "http://"+freeAddress(t)+"/callback"); got.code != exitStopped {
		t.Errorf("exit code %d\n%s", got.code, got.err)
	}
}
