package isolate_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/motive-go/motive/internal/isolate"
)

func TestWhateverTheCodeDoesIsAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		f        func() (int, error)
		want     string // "" for the value 7
		panicked bool
	}{
		"a value":                    {func() (int, error) { return 7, nil }, "", false},
		"an error":                   {func() (int, error) { return 0, errors.New("broken") }, "broken", false},
		"a panic":                    {func() (int, error) { panic("at\nthe disco") }, "it panicked: at the disco", true},
		"a panic with nil":           {func() (int, error) { panic(nil) }, "it panicked: ", true},
		"a panic whose value panics": {func() (int, error) { panic(panicker{}) }, "it panicked: ", true},
		"a nil function":             {nil, "it panicked: ", true},
		"an end of its goroutine":    {func() (int, error) { runtime.Goexit(); return 7, nil }, "ended its goroutine", false},
	} {
		flight := isolate.Go(test.f)
		<-flight.Done()
		v, err := flight.Wait(context.Background())
		if test.want == "" && (v != 7 || err != nil) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %d, %v, want %q", name, v, err, test.want)
		}
		if joined, panicked := join(flight); panicked != test.panicked || !panicked && fmt.Sprint(joined) != fmt.Sprint(err) {
			t.Errorf("%s: joined with %v, panicked: %v", name, joined, panicked)
		}
	}
}

func join(f *isolate.Flight[int]) (err error, panicked bool) {
	defer func() { panicked = recover() != nil }()
	_, err = f.Join()
	return err, false
}

type panicker struct{}

func (panicker) Error() string { panic("again") }

func TestTheEndOfAContextEndsTheWait(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	flight := isolate.Go(func() (int, error) { <-hang; return 7, nil })
	gone, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the caller has left")
	cancel(cause)
	if _, err := flight.Wait(gone); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Errorf("error %v, want the cause", err)
	}
	close(hang)
	if v, err := flight.Wait(t.Context()); v != 7 || err != nil {
		t.Errorf("got %d, %v for one who waits on", v, err)
	}
}
