package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/motive-go/motive/motivetest"
)

var update = flag.Bool("update", false, "write the files that the tests compare with")

// TestMain lets a test start the command as a process of its own: the test binary
// with asCommand set.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const asCommand = "MOTIVE_TEST_AS_COMMAND"

// accessToken is that of every fake in these tests.
const accessToken = "canary-access-token"

// environment is what a command sees of the world.
type environment map[string]string

// on is the environment in which commands reach a server.
func on(server *motivetest.Server) environment {
	return environment{"MOTIVE_BASE_URL": server.URL, "MOTIVE_ACCESS_TOKEN": accessToken, "MOTIVE_FLEET": "Example Haulage"}
}

// with is the environment with further variables.
func (e environment) with(pairs ...string) environment {
	more := make(environment, len(e)+len(pairs)/2)
	for name, value := range e {
		more[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		more[pairs[i]] = pairs[i+1]
	}
	return more
}

// result is what a command has left behind.
type result struct {
	code     int
	out, err string
}

// run runs the command within the test.
func (e environment) run(ctx context.Context, args ...string) result {
	return e.runWith(ctx, "", args...)
}

func (e environment) runWith(ctx context.Context, input string, args ...string) result {
	var out, err bytes.Buffer
	h := host{strings.NewReader(input), &out, &err, func(name string) string { return e[name] }}
	code := run(ctx, h, args)
	return result{code, out.String(), err.String()}
}

// must runs a command that is to exit with 0.
func (e environment) must(t *testing.T, args ...string) result {
	t.Helper()
	got := e.run(t.Context(), args...)
	if got.code != exitDone {
		t.Fatalf("motive %s: exit code %d\n%s%s", strings.Join(args, " "), got.code, got.out, got.err)
	}
	return got
}

// process is the command as a process of its own.
func (e environment) process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	for name, value := range e {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func newFake(t *testing.T, opts ...motivetest.Option) *motivetest.Server {
	t.Helper()
	return motivetest.NewServer(t, append(opts, motivetest.WithCredentials(accessToken, ""))...)
}

func writeTo(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFrom(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
