package motive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

type sourceFunc func() (*oauth2.Token, error)

func (f sourceFunc) Token() (*oauth2.Token, error) { return f() }

func TestSlowTokenSourceRunsOnceAndHoldsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, calls atomic.Int32
		s := newSourceTokens(sourceFunc(func() (*oauth2.Token, error) {
			if running.Add(1) > 1 {
				t.Error("the source runs twice at once")
			}
			defer running.Add(-1)
			calls.Add(1)
			time.Sleep(90 * time.Second)
			return &oauth2.Token{AccessToken: "a"}, nil
		}))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				start := time.Now()
				if _, err := s.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Token: %v, want the deadline", err)
				}
				if took := time.Since(start); took != 100*time.Millisecond {
					t.Errorf("left after %s, want 100ms", took)
				}
			})
		}
		wg.Wait()
		token, err := s.Token(t.Context()) // joins the one that still runs
		if err != nil || token.AccessToken != "a" {
			t.Errorf("Token: %v, %v", token, err)
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("asked the source %d times, want once", n)
		}
	})
}

func TestRejectedTokenIsAskedForOnceMore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		next  []string
		want  string
		calls int
	}{
		{"the source has another", []string{"new"}, "new", 1},
		{"the source had it all but ready", []string{"old", "new"}, "new", 2},
		{"the source has no other", []string{"old", "old", "never"}, "old", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			s := newSourceTokens(sourceFunc(func() (*oauth2.Token, error) {
				calls++
				return &oauth2.Token{AccessToken: test.next[calls-1]}, nil
			}))
			s.Rejected("old")
			token, err := s.Token(t.Context())
			if err != nil || token.AccessToken != test.want {
				t.Errorf("Token: %v, %v, want %s", token, err, test.want)
			}
			if calls != test.calls {
				t.Errorf("asked %d times, want %d", calls, test.calls)
			}
		})
	}
}

func TestTokenSourceFailures(t *testing.T) {
	t.Parallel()
	broken := errors.New("vault sealed")
	refused := &oauth2.RetrieveError{Response: &http.Response{StatusCode: 503}, Body: []byte("canary-body")}
	tests := []struct {
		name  string
		token *oauth2.Token
		err   error
		want  string
	}{
		{"its own error", nil, broken, "vault sealed"},
		{"an error of x/oauth2", nil, fmt.Errorf("refresh: %w", refused), "token endpoint: 503 Service Unavailable"},
		{"no token", nil, nil, "no access token"},
		{"an empty token", &oauth2.Token{}, nil, "no access token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSourceTokens(sourceFunc(func() (*oauth2.Token, error) { return test.token, test.err }))
			_, err := s.Token(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("Token: %v, want %q", err, test.want)
			}
			wantNoSecret(t, err, "canary-body")
		})
	}
}
