package tokenfile_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
	"golang.org/x/oauth2"
)

var soak = flag.Duration("soak", 5*time.Second, "how long eight processes share a token file")

// The tests of this file start the test binary again, as one of these.
var roles = map[string]func(store *tokenfile.Store, base string) error{
	"worker":           work,
	"saver":            saveForEver,
	"dies locked":      diesAt(atLock),
	"dies announced":   diesAt(afterIntent),
	"dies in exchange": diesAt(nowhere), // the provider kills it
	"dies answered":    diesAt(beforeSave),
	"dies writing":     diesAt(inSave),
	"dies saved":       diesAt(afterSave),
	"is refused":       expectReconnect,
	"refreshes":        refuseToRefresh,
	"saves once":       saveOnce,
}

// The environment that makes the test binary a child.
const (
	roleVar = "TOKENFILE_TEST_ROLE"
	pathVar = "TOKENFILE_TEST_PATH"
	baseVar = "TOKENFILE_TEST_BASE"
	soakVar = "TOKENFILE_TEST_SOAK"
)

func TestMain(m *testing.M) {
	role, isChild := os.LookupEnv(roleVar)
	if !isChild {
		os.Exit(m.Run())
	}
	store, err := tokenfile.New(os.Getenv(pathVar))
	if err == nil {
		err = roles[role](store, os.Getenv(baseVar))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t *testing.T, role, path, base string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, pathVar+"="+path, baseVar+"="+base, soakVar+"="+soak.String())
	return cmd
}

func TestEightProcessesShareOneLogin(t *testing.T) {
	t.Parallel()
	const processes = 8
	p := newProvider(t, time.Second)
	path := filepath.Join(t.TempDir(), "token.json")
	store, err := tokenfile.New(path)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := oauth.Save(t.Context(), store, p.login()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range processes {
		cmd := child(t, "worker", path, p.URL)
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("a process failed: %v: %s", err, out)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)

	p.mu.Lock()
	defer p.mu.Unlock()
	// A refresh begins at the end of a lifetime at the earliest, and a lifetime
	// begins with a refresh: so there are no more of them than lifetimes.
	if most := int(took / p.lifetime); p.refreshes > most {
		t.Errorf("%d refreshes in %s, want at most %d", p.refreshes, took, most)
	}
	if least := int(*soak/p.lifetime) / 2; p.refreshes < least {
		t.Errorf("%d refreshes in %s, want at least %d: the test tests nothing", p.refreshes, took, least)
	}
	if p.refused > 0 {
		t.Errorf("%d times invalid_grant", p.refused)
	}
	if p.calls < 100*processes {
		t.Errorf("%d calls came through, want at least %d", p.calls, 100*processes)
	}
	t.Logf("%d processes, %s: %d calls, %d refreshes, %d invalid_grant", processes, took.Round(time.Millisecond), p.calls, p.refreshes, p.refused)
}

// work calls the API from four goroutines for the length of the soak. It fails
// on the first error.
func work(store *tokenfile.Store, base string) error {
	client, err := newClient(base, store)
	if err != nil {
		return err
	}
	length, err := time.ParseDuration(os.Getenv(soakVar))
	if err != nil {
		return err
	}
	var failure atomic.Pointer[error]
	var wg sync.WaitGroup
	end := time.After(length)
	done := make(chan struct{})
	go func() { <-end; close(done) }()
	for range 4 {
		wg.Go(func() {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				if _, err := client.Users.Get(context.Background(), 1); err != nil {
					failure.Store(&err)
					return
				}
				select {
				case <-tick.C:
				case <-done:
					return
				}
			}
		})
	}
	wg.Wait()
	if err := failure.Load(); err != nil {
		return *err
	}
	return nil
}

func TestEightProcessesPresentASpentTokenOnce(t *testing.T) {
	t.Parallel()
	p := newProvider(t, time.Hour)
	path := filepath.Join(t.TempDir(), "token.json")
	store, err := tokenfile.New(path)
	if err != nil {
		t.Fatal(err)
	}
	old := p.login()
	old.Expiry = time.Now().Add(-time.Second)
	p.login() // elsewhere, which ends the first
	if err := oauth.Save(t.Context(), store, old); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		cmd := child(t, "is refused", path, p.URL)
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("a process failed: %v: %s", err, out)
			}
		})
	}
	wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused != 1 {
		t.Errorf("the spent refresh token was presented %d times, want once", p.refused)
	}
}

// expectReconnect succeeds if three calls find that the login was revoked.
func expectReconnect(store *tokenfile.Store, base string) error {
	client, err := newClient(base, store)
	if err != nil {
		return err
	}
	for range 3 {
		_, err := client.Users.Get(context.Background(), 1)
		var ended *oauth.ReconnectError
		if !errors.As(err, &ended) || ended.Interrupted {
			return fmt.Errorf("the error is %w, want a ReconnectError of a revocation", err)
		}
	}
	return nil
}

func TestProcessThatDiesInARotation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		role      string
		reconnect bool // the new refresh token died with the process
	}{
		{"dies locked", false},
		{"dies announced", false},
		{"dies in exchange", true},
		{"dies answered", true},
		{"dies writing", true},
		{"dies saved", false},
	}
	for _, test := range tests {
		t.Run(test.role, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, time.Hour)
			path := filepath.Join(t.TempDir(), "token.json")
			store, err := tokenfile.New(path)
			if err != nil {
				t.Fatal(err)
			}
			old := p.login()
			old.Expiry = time.Now().Add(-time.Second)
			if err := oauth.Save(t.Context(), store, old); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			cmd := child(t, test.role, path, p.URL)
			cmd.Stderr = &out
			committed, dead := make(chan struct{}), make(chan struct{})
			if test.role == "dies in exchange" {
				p.atCommit(func() { close(committed); <-dead })
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			go func() {
				_ = cmd.Wait()
				close(dead)
			}()
			select {
			case <-committed:
				_ = cmd.Process.Kill()
			case <-dead:
			}
			<-dead
			if cmd.ProcessState == nil || cmd.ProcessState.Exited() {
				t.Fatalf("the process was not killed: %v: %s", cmd.ProcessState, out.String())
			}

			next, err := newClient(p.URL, store)
			if err != nil {
				t.Fatal(err)
			}
			_, err = next.Users.Get(t.Context(), 1)
			if !test.reconnect && err != nil {
				t.Fatalf("the next process: %v, want it to go on", err)
			}
			var ended *oauth.ReconnectError
			if test.reconnect && (!errors.As(err, &ended) || !ended.Interrupted || !strings.Contains(err.Error(), fmt.Sprint("/", cmd.Process.Pid, "/"))) {
				t.Fatalf("the next process: %v, want a ReconnectError that names the dead process", err)
			}
			if err := oauth.Save(t.Context(), store, p.login()); err != nil {
				t.Fatal(err)
			}
			if _, err := next.Users.Get(t.Context(), 1); err != nil {
				t.Errorf("after the user has reconnected: %v", err)
			}
		})
	}
}

// moment is where in a rotation a process dies.
type moment int

const (
	nowhere moment = iota
	atLock
	afterIntent
	beforeSave
	inSave
	afterSave
)

// mortalStore kills its process at a moment.
type mortalStore struct {
	*tokenfile.Store
	at moment
}

func diesAt(at moment) func(*tokenfile.Store, string) error {
	return func(store *tokenfile.Store, base string) error {
		client, err := newClient(base, mortalStore{store, at})
		if err != nil {
			return err
		}
		if _, err := client.Users.Get(context.Background(), 1); err != nil {
			return err
		}
		return errors.New("the process lives")
	}
}

func (s mortalStore) Lock(ctx context.Context) (func(), error) {
	unlock, err := s.Store.Lock(ctx)
	if s.at == atLock {
		die()
	}
	return unlock, err
}

func (s mortalStore) Save(ctx context.Context, r *oauth.Record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if bytes.Contains(data, []byte(`"intent"`)) {
		err := s.Store.Save(ctx, r)
		if s.at == afterIntent {
			die()
		}
		return err
	}
	switch s.at {
	case beforeSave:
		die()
	case inSave: // what a Save leaves that got as far as half of its file
		_ = os.WriteFile(os.Getenv(pathVar)+".new", []byte(`{"access_token":"acc`), 0o600)
		die()
	}
	err = s.Store.Save(ctx, r)
	if s.at == afterSave {
		die()
	}
	return err
}

// die is a kill -9 of the own process.
func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}

func TestProcessThatDiesInASave(t *testing.T) {
	t.Parallel()
	for round := range 12 {
		path := filepath.Join(t.TempDir(), "token.json")
		cmd := child(t, "saver", path, "")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var seen int
		lines := bufio.NewScanner(out)
		for seen < 3+round && lines.Scan() {
			if seen, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Process.Kill()
		for lines.Scan() { // saves that returned before the kill
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				seen = n
			}
		}
		_ = cmd.Wait()

		store, err := tokenfile.New(path)
		if err != nil {
			t.Fatal(err)
		}
		record, err := store.Load(t.Context())
		if err != nil {
			t.Fatalf("after %d saves and a kill: %v", seen, err)
		}
		token := record.Token
		n, err := strconv.Atoi(token.AccessToken)
		if err != nil || token.RefreshToken != token.AccessToken || n < seen {
			t.Errorf("the file holds %q and %q, want the token of save %d or later", token.AccessToken, token.RefreshToken, seen)
		}
		if err := oauth.Save(t.Context(), store, &oauth2.Token{AccessToken: "next"}); err != nil {
			t.Errorf("saving after a kill: %v", err)
		}
	}
}

// saveForEver saves one token after another and prints the number of each that
// was saved.
func saveForEver(store *tokenfile.Store, _ string) error {
	for n := 1; ; n++ {
		number := strconv.Itoa(n)
		if err := oauth.Save(context.Background(), store, &oauth2.Token{AccessToken: number, RefreshToken: number}); err != nil {
			return err
		}
		if _, err := io.WriteString(os.Stdout, number+"\n"); err != nil {
			return err
		}
	}
}

func saveOnce(store *tokenfile.Store, _ string) error {
	return oauth.Save(context.Background(), store, &oauth2.Token{AccessToken: "the owner's"})
}

// presented counts how often a refresh token reached the endpoint.
type presented struct{ n int }

func (p *presented) RoundTrip(*http.Request) (*http.Response, error) {
	p.n++
	return nil, errors.New("the endpoint is not to be asked")
}

// refuseToRefresh succeeds if a refresh fails before its token is presented.
func refuseToRefresh(store *tokenfile.Store, _ string) error {
	endpoint := new(presented)
	source, err := oauth.NewSource(oauth.NewConfig("app", "secret", ""), store, oauth.WithHTTPClient(&http.Client{Transport: endpoint}))
	if err != nil {
		return err
	}
	_, err = source.Token()
	if endpoint.n > 0 {
		return errors.New("the refresh token was presented")
	}
	var failed *oauth.TokenError
	if err == nil || errors.Is(err, oauth.ErrReconnect) || errors.As(err, &failed) {
		return fmt.Errorf("the error is %w, want the store's", err)
	}
	return nil
}
