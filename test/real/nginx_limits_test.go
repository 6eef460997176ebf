package real

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive"
)

// limited is the location of an API that takes 100 requests a second in bursts of
// five, and says so with a status and a hint.
func limited(status int, hint string) nginxConfig {
	c := nginxConfig{
		HTTP:     "limit_req_zone $binary_remote_addr zone=calls:1m rate=100r/s;",
		Location: fmt.Sprintf("limit_req zone=calls burst=5 nodelay; limit_req_status %d;", status),
	}
	if hint != "" {
		c.Server = fmt.Sprintf("error_page %d @limited; location @limited { add_header Retry-After %s always; return %d; }", status, hint, status)
	}
	return c
}

// TestLimit has clients of every size meet a limit of nginx, with the pauses that
// are a client's default. It does not run beside other tests, for it is about time,
// and has three tries, since other programs may have the machine.
func TestLimit(t *testing.T) {
	part(t, "nginx")
	for _, c := range []struct {
		status int
		hint   string
		within time.Duration
	}{
		{429, "", 9 * time.Second},
		{429, "1", 12 * time.Second},
		{503, "1", 12 * time.Second},
	} {
		t.Run(fmt.Sprintf("%d hint %q", c.status, c.hint), func(t *testing.T) {
			for _, workers := range []int{8, 64, 200} {
				t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
					t.Parallel()
					var took time.Duration
					var refusals int
					for range 3 {
						took, refusals = meetLimit(t, limited(c.status, c.hint), workers, c.status)
						if refusals == 0 {
							t.Fatal("nothing was refused, so that nothing was tried")
						}
						if took <= c.within && refusals <= workers+100 {
							return
						}
					}
					t.Errorf("three times it took longer than %v, or more than %d requests were refused", c.within, workers+100)
				})
			}
		})
	}
}

// meetLimit makes 600 calls, six seconds of what the limit lets through, none of which
// may fail. It returns how long they took and how many requests were refused.
func meetLimit(t *testing.T, c nginxConfig, workers, status int) (took time.Duration, refusals int) {
	t.Helper()
	n, client := limitedClient(t, c)
	began := time.Now()
	each(workers, 600, func() {
		if _, err := client.Users.Get(t.Context(), 1); err != nil {
			t.Error(err)
		}
	})
	took = time.Since(began)
	statuses := n.statuses()
	t.Logf("%v; %v; 200 by second: %v", took.Round(10*time.Millisecond), statuses, n.bySecond(200))
	return took, statuses[strconv.Itoa(status)]
}

// each makes calls by some workers, and returns when all are made.
func each(workers, calls int, call func()) {
	var left atomic.Int64
	left.Store(int64(calls))
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				call()
			}
		})
	}
	wg.Wait()
}

// limitedClient starts a fleet of one user behind a limit.
func limitedClient(t *testing.T, c nginxConfig) (*nginx, *motive.Client) {
	t.Helper()
	b := newBackend(t, nil)
	b.Seed(motive.User{ID: 1, FirstName: "Ada", LastName: "Reed", Role: motive.RoleDriver, Username: "ada"})
	c.Backend = b.addr
	n := startNginx(t, c)
	client, err := motive.NewClient(motive.WithBaseURL(n.URL), motive.WithAccessToken(b.AccessToken()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return n, client
}

// TestLimitWithoutWords is the default of limit_req: a 503 that looks like any other.
// A client cannot tell it from a server that is failing, so calls fail. They say so,
// and the client does not send for ever what is turned away.
func TestLimitWithoutWords(t *testing.T) {
	part(t, "nginx")
	n, client := limitedClient(t, limited(503, ""))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var calls, failed atomic.Int64
	each(64, 50_000, func() {
		if ctx.Err() != nil {
			return
		}
		calls.Add(1)
		_, err := client.Users.Get(ctx, 1)
		if err == nil || ctx.Err() != nil {
			return
		}
		failed.Add(1)
		if !errors.Is(err, motive.ErrServer) {
			t.Errorf("the 503 of a limit is returned as %v", err)
		}
	})
	t.Logf("in three seconds %d calls, %d failed; %v", calls.Load(), failed.Load(), n.statuses())
}
