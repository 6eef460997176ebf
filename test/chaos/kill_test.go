package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

const (
	killChild = "MOTIVE_CHAOS_CHILD"
	killUsers = 24
)

// TestChaosKill provisions users from a process of its own, kills that at random
// points with faults in the way, and starts it again until it is done: there must
// be one of each user.
func TestChaosKill(t *testing.T) {
	if os.Getenv(killChild) != "" {
		provisionAgain(t)
		return
	}
	t.Parallel()
	trials := 2
	switch {
	case *long > 0:
		trials = 20
	case testing.Short(), underRace:
		trials = 1
	}
	seed := seedOf(t)
	kills, requests := 0, 0
	for i := range trials {
		srv := motivetest.NewServer(t)
		kills += killed(t, srv, rand.New(rand.NewPCG(seed, uint64(i))))
		requests += len(srv.Requests())
		for n := range killUsers {
			if made := srv.Created(fmt.Sprint(n), tms); made != 1 {
				t.Errorf("trial %d: user %d was created %d times", i, n, made)
			}
		}
		if users := len(srv.Users()); users != killUsers {
			t.Errorf("trial %d: %d users, want %d", i, users, killUsers)
		}
		srv.AssertNoDuplicates(t)
		srv.Close()
	}
	if kills == 0 {
		t.Error("nothing was killed")
	}
	t.Logf("%d users provisioned by processes that were killed %d times, in %d requests (seed %d): one of each",
		trials*killUsers, kills, requests, seed)
}

// killed runs the child to its end, and kills the first few on the way. It
// returns how many it killed.
func killed(t *testing.T, srv *motivetest.Server, random *rand.Rand) (kills int) {
	t.Helper()
	var left atomic.Int64 // requests until the kill
	strike := make(chan struct{}, 1)
	srv.Inject(motivetest.LatencyFunc(func() time.Duration {
		if left.Add(-1) == 0 {
			strike <- struct{}{}
		}
		return time.Duration(random.IntN(3)) * time.Millisecond
	}))
	srv.Inject(motivetest.ResetAfter(), motivetest.OnMethod(http.MethodPost), motivetest.Times(10), motivetest.Probability(0.1, random.Uint64()))
	srv.Inject(motivetest.StatusAfter(http.StatusBadGateway, motivetest.HTML), motivetest.Times(10), motivetest.Probability(0.1, random.Uint64()))
	points := []int64{1 + int64(random.IntN(10)), 1 + int64(random.IntN(30)), 1 + int64(random.IntN(40)), 1 + int64(random.IntN(40)), 0}
	for run := range 20 {
		left.Store(points[min(run, len(points)-1)])
		output, wasKilled, err := runChild(t, srv, strike)
		switch {
		case wasKilled:
			kills++
		case err == nil:
			return kills
		case run == 19:
			t.Errorf("the child still fails after %d runs: %v\n%s", run+1, err, output)
		}
	}
	return kills
}

func runChild(t *testing.T, srv *motivetest.Server, strike <-chan struct{}) (output []byte, wasKilled bool, err error) {
	t.Helper()
	ctx, kill := context.WithCancel(t.Context()) // CommandContext kills with SIGKILL
	defer kill()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChaosKill$", "-test.timeout=1m")
	child.Env = append(os.Environ(), killChild+"=1", "MOTIVE_BASE_URL="+srv.URL, "MOTIVE_ACCESS_TOKEN="+srv.AccessToken(), "MOTIVE_API_KEY=")
	done := make(chan struct{})
	go func() {
		defer close(done)
		output, err = child.CombinedOutput()
	}()
	select {
	case <-strike:
		kill()
		<-done
		return output, err != nil, err
	case <-done:
		return output, false, err
	}
}

// provisionAgain is the child: a program that may have run before, and got to
// who knows where.
func provisionAgain(t *testing.T) {
	client, err := motive.NewClientFromEnv(motive.WithRetry(motive.RetryPolicy{MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond, ReconcileWait: 20 * time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := next.Add(1) - 1; n < killUsers; n = next.Add(1) - 1 {
				if err := provisionOne(t.Context(), client, n); err != nil {
					t.Errorf("user %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
}

func provisionOne(ctx context.Context, client *motive.Client, n int64) error {
	_, err := client.Users.LookupByExternalID(ctx, fmt.Sprint(n), tms)
	if !errors.Is(err, motive.ErrNotFound) {
		return err
	}
	_, err = client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"), LastName: motive.Set("Moss"), Role: motive.Set(motive.RoleDriver),
		Phone: motive.Set(fmt.Sprint(5550100 + n)),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{
			{ExternalID: fmt.Sprint(n), IntegrationName: tms},
		}),
	})
	return err
}
