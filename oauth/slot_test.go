package oauth

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhateverTheCodeOfOthersDoesIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := []struct {
		name string
		f    func(context.Context) (int, error)
		want string // "" for the value 7
		took time.Duration
	}{
		{"a value", func(context.Context) (int, error) { return 7, nil }, "", 0},
		{"an error", func(context.Context) (int, error) { return 0, broken }, "broken", 0},
		{"a panic", func(context.Context) (int, error) { panic("at\nthe disco") }, "it panicked: at the disco", 0},
		{"a panic with nil", func(context.Context) (int, error) { panic(nil) }, "it panicked: ", 0},
		{"a panic whose value panics", func(context.Context) (int, error) { panic(panicker{}) }, "it panicked: ", 0},
		{"a nil function", nil, "it panicked: ", 0},
		{"an end of its goroutine", func(context.Context) (int, error) { runtime.Goexit(); return 7, nil }, "ended its goroutine", 0},
		{"a wait for the context", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, "deadline", time.Minute},
		{"a value just after the context", func(context.Context) (int, error) { time.Sleep(time.Minute + grace/2); return 7, nil }, "", time.Minute + grace/2},
		{"a hang", func(context.Context) (int, error) { time.Sleep(time.Hour); return 7, nil }, "deadline", time.Minute + grace},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				defer time.Sleep(2 * time.Hour) // what hangs must end before the test
				start := time.Now()
				v, err := run(ctx, new(slot), test.f, nil)
				if took := time.Since(start); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				if test.want == "" {
					if v != 7 || err != nil {
						t.Errorf("got %d, %v, want 7", v, err)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
			})
		})
	}
}

type panicker struct{}

func (panicker) Error() string { panic("again") }

func TestCodeThatHangsHoldsOneGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s slot
		var started, late atomic.Int32
		hang := func(context.Context) (int32, error) { started.Add(1); time.Sleep(time.Hour); return 7, nil }
		keep := func(v int32) { late.Add(v); panic("late") }
		for i := range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := run(ctx, &s, hang, keep)
			cancel()
			if stuck := i > 0; errors.Is(err, errStuck) != stuck {
				t.Fatalf("call %d: %v", i, err)
			}
		}
		if n := started.Load(); n != 1 {
			t.Errorf("started %d times, want once", n)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if v := late.Load(); v != 7 {
			t.Errorf("what came late is %d, want 7", v)
		}
		if v, err := run(t.Context(), &s, func(context.Context) (int, error) { return 8, nil }, nil); v != 8 || err != nil {
			t.Fatalf("got %d, %v, want the slot free again", v, err)
		}
	})
}

func TestSlotIsFreeAsSoonAsACallReturns(t *testing.T) {
	t.Parallel()
	var s slot
	for range 1000 {
		if _, err := run(t.Context(), &s, func(context.Context) (int, error) { return 0, nil }, nil); err != nil {
			t.Fatal(err)
		}
	}
}
