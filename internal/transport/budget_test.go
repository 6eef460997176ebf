package transport

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryBudget(t *testing.T) {
	t.Parallel()
	spend := func(b *budget) (n int) {
		for b.mayRetry() {
			n++
		}
		return n
	}
	for name, tt := range map[string]struct {
		calls, again int           // made before the first round of retries, and after it
		pause        time.Duration // between the two
		want, more   int
	}{
		"few calls":                     {1, 0, 0, 20, 0},
		"a hundred calls":               {100, 0, 0, 20, 0},
		"calls pay for retries":         {1000, 0, 0, 200, 0},
		"more calls pay for more":       {200, 300, 0, 40, 60},
		"still counted":                 {200, 0, 9 * time.Second, 40, 0},
		"old counts leave":              {1000, 0, 10 * time.Second, 200, 20},
		"old calls leave with theirs":   {1000, 200, 10 * time.Second, 200, 40},
		"a long time is as good as ten": {1000, 0, time.Hour, 200, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var b budget
				for range tt.calls {
					b.called()
				}
				if got := spend(&b); got != tt.want {
					t.Errorf("%d retries, want %d", got, tt.want)
				}
				time.Sleep(tt.pause)
				for range tt.again {
					b.called()
				}
				if got := spend(&b); got != tt.more {
					t.Errorf("%d more, want %d", got, tt.more)
				}
			})
		})
	}
}

func TestACallPaysForRetriesAndEachIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := answers(500)
		c := newTestClient(t, Config{RoundTripper: server, Policy: Policy{MinWait: 1, MaxWait: 1}})
		attempts := 0
		for range 500 {
			r, err := c.Do(t.Context(), request("GET"))
			if err != nil {
				t.Fatal(err)
			}
			attempts += r.Attempts
		}
		if attempts < 590 || attempts > 600 {
			t.Errorf("%d attempts of 500 calls that fail, want a fifth more", attempts)
		}
	})
}
