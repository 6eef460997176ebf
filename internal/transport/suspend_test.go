//go:build unix

package transport

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// A process that was stopped, as a laptop that sleeps is, has overslept the turns of
// many calls when it goes on. They go on one at a time, and none of them fails.
func TestASuspendedProcessDoesNotMakeUpForWhatItOverslept(t *testing.T) {
	t.Parallel()
	const perSecond, stopped = 50, 1500 * time.Millisecond
	for _, name := range []string{"pacing", "limiter"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if os.Getenv("SUSPENDED") == name {
				sleepAmongCalls(t, name, perSecond)
				return
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
			cmd.Env = append(os.Environ(), "SUSPENDED="+name)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			for lines.Scan() && lines.Text() != "stopping" {
			}
			time.Sleep(stopped)
			if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Error(err)
			}
			var gap time.Duration
			var burst, failed int
			for lines.Scan() {
				_, _ = fmt.Sscanf(lines.Text(), "slept %d sent %d failed %d", &gap, &burst, &failed)
			}
			if err := cmd.Wait(); err != nil || gap < stopped/2 || burst == 0 || burst > perSecond/4 || failed > 0 {
				t.Errorf("after %s it sent %d requests in a tenth of a second, and %d calls failed: %v", gap, burst, failed, err)
			}
		})
	}
}

// sleepAmongCalls has more calls wait than there are turns, stops the process, and
// says how long that was and how many requests were sent right after it.
func sleepAmongCalls(t *testing.T, name string, perSecond float64) {
	server := &bucket{rate: steady(perSecond), burst: 1, status: 429, latency: 50 * time.Millisecond}
	cfg := Config{Policy: Policy{MaxRetryAfter: time.Second}}
	if name == "limiter" {
		server.rate = steady(1e6)
		cfg.Limiters = []Limiter{rate.NewLimiter(rate.Limit(perSecond), 1)}
	}
	var mu sync.Mutex
	var sent []time.Time
	cfg.RoundTripper = tripper(func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		sent = append(sent, time.Now())
		mu.Unlock()
		return server.RoundTrip(req)
	})
	time.AfterFunc(500*time.Millisecond, func() {
		fmt.Println("stopping")
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	})
	failed := work(t, newTestClient(t, cfg), 30, 70)
	var gap time.Duration
	burst := 0
	for i := 1; i < len(sent); i++ {
		if slept := sent[i].Sub(sent[i-1]); slept > gap {
			gap, burst = slept, 0
			for j := i; j < len(sent) && sent[j].Sub(sent[i]) < 100*time.Millisecond; j++ {
				burst++
			}
		}
	}
	fmt.Printf("slept %d sent %d failed %d\n", gap, burst, failed)
}
