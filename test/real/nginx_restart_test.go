package real

import (
	"context"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// TestRestarts reloads nginx and kills its workers while calls run, over HTTP/1.1
// and HTTP/2. The server enforces nothing: only the client keeps a user from being
// stored twice.
func TestRestarts(t *testing.T) {
	part(t, "nginx", "ps")
	t.Parallel()
	for name, tls := range map[string]bool{"HTTP 1.1": false, "HTTP 2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBackend(t, nil, motivetest.WithoutUniqueness())
			n := startNginx(t, nginxConfig{Backend: b.addr, TLS: tls})
			w := &workload{workers: 12, duration: 6 * time.Second, patience: 20 * time.Second, seed: 2}
			client := w.client(t, n.URL, b.Fake)
			done := make(chan int)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				kills := 0
				for i := 0; ctx.Err() == nil; i++ {
					time.Sleep(150 * time.Millisecond)
					if i%2 == 0 {
						_ = n.reload()
					} else if n.killWorker() == nil {
						kills++
					}
				}
				done <- kills
			}()
			w.run(client)
			cancel()
			kills := <-done
			w.judge(t, b)
			t.Logf("%d workers were killed", kills)
			if kills < 5 {
				t.Errorf("%d kills try nothing", kills)
			}
			if w.broken+w.responses[502] == 0 {
				t.Error("no call met a kill")
			}
		})
	}
}

// TestSilentConnection stops the worker of nginx that serves an HTTP/2 connection. Its
// kernel goes on acknowledging every byte, so that only a ping shows that nobody is
// there. The other worker takes new connections.
func TestSilentConnection(t *testing.T) {
	part(t, "nginx", "ps")
	t.Parallel()
	b := newBackend(t, nil)
	b.Seed(motive.User{ID: 1, FirstName: "Ada", LastName: "Reed", Role: motive.RoleDriver, Username: "ada"})
	n := startNginx(t, nginxConfig{Backend: b.addr, TLS: true, Location: "add_header X-Worker $pid always;"})
	w := &workload{patience: 55 * time.Second} // less than the client's limit of an attempt
	client := w.client(t, n.URL, b.Fake)
	ctx, cancel := context.WithTimeout(t.Context(), w.patience)
	defer cancel()
	var resp motive.Response
	if _, err := client.Users.Get(ctx, 1, motive.WithResponse(&resp)); err != nil {
		t.Fatal(err)
	}
	stopped, err := strconv.Atoi(resp.Header.Get("X-Worker"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(stopped, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(stopped, syscall.SIGCONT) }()

	began := time.Now()
	_, err = client.Users.Get(ctx, 1)
	took := time.Since(began)
	t.Logf("the call returned after %v: %v", took.Round(10*time.Millisecond), err)
	if err != nil {
		t.Errorf("a call over a dead connection: %v", err)
	}
	if took < time.Second || took > 35*time.Second {
		t.Errorf("it took %v, where pings notice within 30 s", took)
	}
	began = time.Now()
	p := &person{username: "after", externalID: "after-1"}
	if _, err := client.Users.Create(ctx, p.request()); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("the next call took %v: %v", time.Since(began), err)
	}
}
