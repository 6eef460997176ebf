package postgres_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/postgres"
)

const (
	processes = 8
	baseVar   = "POSTGRES_TEST_BASE"
)

// A token worker asks its source for a token again and again, and prints "ok" to
// each, or how the login ended.
func init() {
	roles["uses tokens"] = func(ctx context.Context, pool *pgxpool.Pool) error {
		sealer, err := postgres.NewSealer(testKey)
		if err != nil {
			return err
		}
		store, err := postgres.NewTokenStore(pool, "fleet", sealer)
		if err != nil {
			return err
		}
		cfg := oauth.NewConfig("app", "canary-secret", "https://app.example.com/cb")
		cfg.Endpoint.TokenURL = os.Getenv(baseVar)
		src, err := oauth.NewSource(cfg, store, oauth.WithHTTPClient(&http.Client{Transport: saysPid{}}))
		if err != nil {
			return err
		}
		for {
			_, err := src.TokenContext(ctx)
			var ended *oauth.ReconnectError
			switch {
			case err == nil:
				fmt.Println("ok")
			case errors.As(err, &ended):
				fmt.Println("ended", ended.Interrupted)
			default:
				fmt.Println("failed", err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// tokenWorker is a process that uses tokens.
type tokenWorker struct {
	cmd   *exec.Cmd
	ok    atomic.Int64
	ended atomic.Int64 // with Interrupted, times it said so
	other atomic.Pointer[string]
	done  chan struct{}
}

func startTokenWorker(t *testing.T, url string, p *provider) *tokenWorker {
	t.Helper()
	w := &tokenWorker{cmd: child(t, "uses tokens", url, baseVar+"="+p.URL), done: make(chan struct{})}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			switch line := lines.Text(); line {
			case "ok":
				w.ok.Add(1)
			case "ended true":
				w.ended.Add(1)
			default:
				w.other.Store(&line)
			}
		}
	}()
	return w
}

func (w *tokenWorker) kill() {
	_ = w.cmd.Process.Signal(syscall.SIGKILL)
	<-w.done
	_ = w.cmd.Wait()
}

// eventually waits for something that other processes do.
func eventually(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %s: not yet %s", within, what)
		}
	}
}

func logIn(t *testing.T, url string, p *provider) *postgres.TokenStore {
	t.Helper()
	s := store(t, open(t, url, 3), "fleet")
	if err := oauth.Save(t.Context(), s, p.login()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Eight processes share a login whose tokens live for a second, and are killed at
// any time but that between the commit of a refresh and its Save.
func TestProcessesThatDieKeepTheLogin(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		kills := 12
		if full() {
			kills = 200
		}
		p := newProvider(t, time.Second)
		s := logIn(t, url, p)
		start := time.Now()
		workers := make([]*tokenWorker, processes)
		for i := range workers {
			workers[i] = startTokenWorker(t, url, p)
		}
		ok, announced := int64(0), 0
		for n := range kills {
			time.Sleep(rand.N(300 * time.Millisecond))
			inRefresh := n%3 == 2
			i := killOutsideTheWindow(t, s, p, workers, inRefresh)
			if inRefresh {
				announced++
			}
			ok += workers[i].ok.Load()
			workers[i] = startTokenWorker(t, url, p)
		}
		eventually(t, 30*time.Second, "a token in every process", func() bool {
			for _, w := range workers {
				if w.ok.Load() == 0 {
					return false
				}
			}
			return true
		})
		for _, w := range workers {
			w.kill()
			ok += w.ok.Load()
			if line := w.other.Load(); line != nil {
				t.Errorf("a process said %q", *line)
			}
			if w.ended.Load() > 0 {
				t.Error("a process said that the login has ended")
			}
		}
		took := time.Since(start)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.refused > 0 {
			t.Errorf("%d times invalid_grant", p.refused)
		}
		if least := int(took/p.lifetime) / 3; p.refreshes < least {
			t.Errorf("%d refreshes in %s, want at least %d: the test tests nothing", p.refreshes, took, least)
		}
		t.Logf("%d processes, %d kills, %d of them of who had announced a refresh, %s: %d tokens, %d refreshes, %d invalid_grant",
			processes, kills, announced, took.Round(time.Second), ok, p.refreshes, p.refused)
	})
}

// killOutsideTheWindow kills one of the workers at a moment at which the newest
// refresh token is in the store, and no other is made meanwhile: any of them or,
// with inRefresh, the one that has announced a refresh and is about to present
// the token.
func killOutsideTheWindow(t *testing.T, s *postgres.TokenStore, p *provider, workers []*tokenWorker, inRefresh bool) (killed int) {
	t.Helper()
	p.mu.Lock() // nothing is committed from here on
	defer p.mu.Unlock()
	killed = rand.N(len(workers))
	eventually(t, 20*time.Second, "what the kill waits for in the store", func() bool {
		current, by := stored(t, s)
		if current != p.current || !inRefresh {
			return current == p.current
		}
		killed = slices.IndexFunc(workers, func(w *tokenWorker) bool {
			return strings.Contains(by, fmt.Sprintf("/%d/", w.cmd.Process.Pid))
		})
		return killed >= 0
	})
	p.dead[workers[killed].cmd.Process.Pid] = true
	workers[killed].kill()
	return killed
}

// stored returns the refresh token in the store and who has announced to present
// it, if anybody has.
func stored(t *testing.T, s *postgres.TokenStore) (current, by string) {
	t.Helper()
	r, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Intent struct{ By string } }
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return r.Token.RefreshToken, doc.Intent.By
}

// A process is killed in the one moment that no store can close. The next refresh
// presents a dead token, once; every process then says that the login has ended.
func TestLoginThatEndsInTheWindowEndsOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		p := newProvider(t, time.Second)
		logIn(t, url, p)
		workers := map[int]*tokenWorker{}
		for range processes {
			w := startTokenWorker(t, url, p)
			workers[w.cmd.Process.Pid] = w
		}
		eventually(t, 30*time.Second, "a token in every process", func() bool {
			for _, w := range workers {
				if w.ok.Load() == 0 {
					return false
				}
			}
			return true
		})
		victim := make(chan int, 1)
		p.mu.Lock()
		p.committed = func(pid int) {
			p.committed = nil
			_ = syscall.Kill(pid, syscall.SIGKILL)
			victim <- pid
		}
		p.mu.Unlock()
		pid := <-victim
		workers[pid].kill()
		delete(workers, pid)
		w := startTokenWorker(t, url, p)
		workers[w.cmd.Process.Pid] = w
		expectEnded(t, p, workers)
		refuseNothingElse(t, p)
	})
}

// The same with kills at any time, every fourth of them around the end of a
// refresh, and a new login whenever one has ended.
func TestKillsAnywhereEndALoginOnce(t *testing.T) {
	if !full() {
		t.Skip("the short form is TestLoginThatEndsInTheWindowEndsOnce: set " + fullVar + "=1 for kills at random")
	}
	eachWay(t, func(t *testing.T, url string) {
		const kills = 200
		p := newProvider(t, time.Second)
		refreshing := make(chan int)
		p.committed = func(pid int) {
			select {
			case refreshing <- pid:
			default:
			}
			time.Sleep(50 * time.Millisecond) // the window, wide enough to be met
		}
		logIn(t, url, p)
		workers := map[int]*tokenWorker{}
		start := func() {
			w := startTokenWorker(t, url, p)
			workers[w.cmd.Process.Pid] = w
		}
		for range processes {
			start()
		}
		logins := 0
		for n := range kills {
			time.Sleep(rand.N(300 * time.Millisecond))
			pid := anyOf(workers)
			if n%4 == 3 {
				pid = <-refreshing
				time.Sleep(rand.N(100 * time.Millisecond))
			}
			p.bury(pid)
			workers[pid].kill()
			delete(workers, pid)
			start()
			if !p.hasRefused() {
				continue
			}
			expectEnded(t, p, workers)
			refuseNothingElse(t, p)
			logins++
			for pid, w := range workers {
				w.kill()
				delete(workers, pid)
			}
			p.forget()
			logIn(t, url, p)
			for range processes {
				start()
			}
		}
		t.Logf("%d processes, %d kills anywhere: %d logins ended, each with 1 presentation of its dead token, and every process said so", processes, kills, logins)
	})
}

func anyOf(workers map[int]*tokenWorker) (pid int) {
	for pid = range workers { // in any order
		break
	}
	return pid
}

func expectEnded(t *testing.T, p *provider, workers map[int]*tokenWorker) {
	t.Helper()
	eventually(t, 30*time.Second, "told by every process that the login has ended", func() bool {
		for _, w := range workers {
			if w.ended.Load() == 0 {
				return false
			}
		}
		return true
	})
	for _, w := range workers {
		if line := w.other.Load(); line != nil {
			t.Errorf("a process said %q", *line)
		}
	}
}

func refuseNothingElse(t *testing.T, p *provider) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused != 1 {
		t.Errorf("the dead token was presented %d times, want 1", p.refused)
	}
}
