package real

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
)

// The environment that makes the test binary a program that shares a login.
const (
	roleVar = "MOTIVE_REAL_ROLE" // "caller": calls for ever; "once": calls once
	baseVar = "MOTIVE_REAL_BASE"
	fileVar = "MOTIVE_REAL_FILE"
)

const clientSecret = "canary-client-secret"

// config is the app's configuration at a provider.
func config(base string) *oauth2.Config {
	cfg := oauth.NewConfig("motive-test", clientSecret, "http://127.0.0.1:9/callback")
	cfg.Endpoint = oauth2.Endpoint{AuthURL: base + "/auth", TokenURL: base + "/token", AuthStyle: oauth2.AuthStyleInParams}
	return cfg
}

// play is what a child does: it calls, and prints a line for each outcome. It ends
// by itself, should its parent be gone.
func play(role string) int {
	base := os.Getenv(baseVar)
	store, err := tokenfile.New(os.Getenv(fileVar))
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	client, err := motive.NewClient(motive.WithBaseURL(base), motive.WithOAuth2(config(base), store))
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		_, err := client.Users.Get(ctx, 7)
		fmt.Println(loginOutcome(err))
		if role == "once" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return 0
}

// loginOutcome says in a line what an error means for a login.
func loginOutcome(err error) string {
	var reconnect *oauth.ReconnectError
	switch {
	case err == nil:
		return "success"
	case errors.As(err, &reconnect) && reconnect.Interrupted:
		return "interrupted"
	case errors.As(err, &reconnect):
		return "reconnect"
	}
	return "error " + err.Error()
}

// child is the test binary as a program of its own.
type child struct {
	*exec.Cmd
	log  string
	done chan struct{}
}

func newChild(t *testing.T, role, base, file string) *child {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "child.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, baseVar+"="+base, fileVar+"="+file)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd, log.Name(), make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		_ = log.Close()
		close(c.done)
	}()
	t.Cleanup(c.kill)
	return c
}

// kill ends the child at once, wherever it is.
func (c *child) kill() {
	_ = c.Process.Signal(syscall.SIGKILL)
	<-c.done
}

// outcomes counts the lines that the child has printed.
func (c *child) outcomes() map[string]int {
	counts := map[string]int{}
	text, _ := os.ReadFile(c.log)
	for line := range strings.Lines(string(text)) {
		counts[strings.TrimSpace(line)]++
	}
	return counts
}
