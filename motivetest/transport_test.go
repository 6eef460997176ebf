package motivetest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// inProcess returns a client of a fake without a socket.
func inProcess(t *testing.T, fake *motivetest.Fake, opts ...motive.Option) *motive.Client {
	t.Helper()
	c, err := motive.NewClient(append([]motive.Option{
		motive.WithBaseURL("https://motive.test/api"), motive.WithAccessToken(fake.AccessToken()), motive.WithTransport(fake.Transport()),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTransportServesInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := motivetest.NewHandler()
		defer fake.Close()
		fake.Inject(motivetest.Latency(20*time.Second, 20*time.Second, 1))
		fake.Inject(motivetest.TooManyRequests("45"), motivetest.OnMethod("GET"), motivetest.Nth(1))
		start := time.Now()
		c := inProcess(t, fake)
		made, err := c.Users.Create(t.Context(), &motive.CreateUserRequest{FirstName: motive.Set("Ada"), LastName: motive.Set("Reed"),
			Role: motive.Set(motive.RoleDriver), Username: motive.Set("ada")})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Users.Get(t.Context(), made.ID)
		if err != nil || got.FirstName != "Ada" {
			t.Errorf("%v, %v", got, err)
		}
		if took := time.Since(start); took < 105*time.Second || took > 110*time.Second {
			t.Errorf("took %s of the bubble's time", took)
		}
		mustEqual(t, "users", len(fake.Users()), 1)
	})
}

func TestTransportFailsAsASocketDoes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		fault     motivetest.Fault
		is        error
		committed bool
	}{
		{"reset before", motivetest.ResetBefore(), syscall.ECONNRESET, false},
		{"reset after", motivetest.ResetAfter(), syscall.ECONNRESET, true},
		{"refused", motivetest.ConnectionRefused(0), syscall.ECONNRESET, false},
		{"hangs before", motivetest.HangBeforeHeaders(), context.DeadlineExceeded, false},
		{"hangs after", motivetest.HangAfterCommit(), context.DeadlineExceeded, true},
		{"hangs in the body", motivetest.HangMidBody(), context.DeadlineExceeded, true},
		{"cut off", motivetest.TruncateBody(), io.ErrUnexpectedEOF, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := motivetest.NewHandler()
				defer fake.Close()
				fake.Inject(tt.fault)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var connected, wrote bool
				trace := &httptrace.ClientTrace{
					GotConn:      func(httptrace.GotConnInfo) { connected = true },
					WroteRequest: func(httptrace.WroteRequestInfo) { wrote = true },
				}
				req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), "POST", "https://motive.test/api/v1/users", strings.NewReader(driverBody))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer "+fake.AccessToken())
				resp, err := fake.Transport().RoundTrip(req)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					_ = resp.Body.Close()
				}
				if !errors.Is(err, tt.is) {
					t.Errorf("error %v, want %v", err, tt.is)
				}
				mustEqual(t, "traced", connected && wrote, true)
				mustEqual(t, "committed", len(fake.Users()) == 1, tt.committed)
				synctest.Wait() // no goroutine is left
			})
		})
	}
}

func TestTransportOfManyRequests(t *testing.T) {
	t.Parallel()
	fake := motivetest.NewHandler()
	defer fake.Close()
	for range 300 {
		fake.Seed(motive.User{FirstName: "Ada"})
	}
	c := inProcess(t, fake)
	done := make(chan int)
	for range 8 {
		go func() {
			n := 0
			for _, err := range c.Users.All(t.Context(), nil) {
				if err != nil {
					t.Error(err)
				}
				n++
			}
			done <- n
		}()
	}
	for range 8 {
		mustEqual(t, "users", <-done, 300)
	}
	r, err := fake.Transport().RoundTrip(must(http.NewRequest("HEAD", "http://x/api/v1/users", nil)))
	if err != nil || r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("%v, %v", r, err)
	}
	if r != nil {
		_ = r.Body.Close()
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
