package oauth

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// wild is a store and a transport that do anything at one place.
type wild struct {
	*MemoryStore
	transport http.RoundTripper
	place     string
	do        func()
}

func (w wild) at(place string) {
	if w.place == place {
		w.do()
	}
}

func (w wild) Load(ctx context.Context) (*Record, error) {
	w.at("Load")
	return w.MemoryStore.Load(ctx)
}

func (w wild) Save(ctx context.Context, r *Record) error {
	if r.intent != nil {
		w.at("Save of the intent")
	} else {
		w.at("Save")
	}
	return w.MemoryStore.Save(ctx, r)
}

func (w wild) Lock(ctx context.Context) (func(), error) {
	w.at("Lock")
	unlock, err := w.MemoryStore.Lock(ctx)
	return func() { unlock(); w.at("unlock") }, err
}

func (w wild) RoundTrip(req *http.Request) (*http.Response, error) {
	w.at("RoundTrip")
	return w.transport.RoundTrip(req)
}

func TestMisbehaviourIsAnErrorForEveryCaller(t *testing.T) {
	t.Parallel()
	const never = 24 * time.Hour
	deeds := []struct {
		name string
		do   func()
		says []string
	}{
		{"panics", func() { panic("canary-client-secret in hand") }, []string{"it panicked: "}},
		{"ends its goroutine", runtime.Goexit, []string{"ended its goroutine"}},
		{"hangs", func() { time.Sleep(never) }, []string{"deadline exceeded", "has not come back"}},
	}
	places := []struct {
		name   string
		serves bool // the new token, all the same
	}{
		{"Load", false}, {"Lock", false}, {"Save of the intent", false}, {"RoundTrip", false},
		{"Save", true}, {"unlock", true}, {"report", false},
	}
	for _, place := range places {
		for _, deed := range deeds {
			t.Run(place.name+" "+deed.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					defer time.Sleep(never + time.Hour) // what hangs must end before the test
					w := wild{NewMemoryStore(tokenFor(0, -time.Second)), &scriptedEndpoint{lifetime: time.Hour}, place.name, deed.do}
					var mu sync.Mutex
					var reports []string
					report := func(err error) {
						mu.Lock()
						defer mu.Unlock()
						reports = append(reports, err.Error())
						w.at("report")
					}
					if place.name == "report" {
						w.transport = &scriptedEndpoint{script: refuse}
					}
					source, err := NewSource(testConfig(), w, WithHTTPClient(&http.Client{Transport: w}), WithReport(report))
					if err != nil {
						t.Fatal(err)
					}
					before := runtime.NumGoroutine()
					for range 5 {
						var wg sync.WaitGroup
						for range 20 {
							wg.Go(func() {
								start := time.Now()
								token, err := source.Token()
								if took := time.Since(start); took > lockTimeout+30*time.Second {
									t.Errorf("took %s", took)
								}
								if place.serves != (err == nil) || place.serves && token.AccessToken != "a1" {
									t.Errorf("Token: %v, %v", token != nil, err)
								}
								if !place.serves && place.name != "report" && !containsAny(err.Error(), deed.says) {
									t.Errorf("Token: %v, want one of %q", err, deed.says)
								}
								if err != nil {
									wantNoSecretWithin(t, err, place.name)
								}
							})
						}
						wg.Wait()
						time.Sleep(maxWait)
					}
					if held := runtime.NumGoroutine() - before; held > 200 { // other tests run beside this one
						t.Errorf("%d goroutines are left", held)
					}
					mu.Lock()
					defer mu.Unlock()
					if place.serves && (len(reports) == 0 || !containsAny(reports[0], deed.says)) {
						t.Errorf("reported %q, want one of %q", reports, deed.says)
					}
				})
			})
		}
	}
}

// wantNoSecretWithin allows a store to print what it likes, which this package
// does not know, and no transport.
func wantNoSecretWithin(t *testing.T, err error, place string) {
	t.Helper()
	if place == "RoundTrip" {
		wantNoSecret(t, err, testSecret)
	}
}

func containsAny(s string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

func TestLockThatComesTooLateIsFreed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &testStore{Store: NewMemoryStore(tokenFor(0, -time.Second))}
		b := newBenchOn(store, &scriptedEndpoint{lifetime: time.Hour})
		store.lock = func(context.Context) error { time.Sleep(10 * time.Minute); return nil }
		if _, err := b.TokenContext(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Token: %v, want a deadline", err)
		}
		time.Sleep(2 * time.Minute)
		if _, err := b.TokenContext(t.Context()); !errors.Is(err, errStuck) {
			t.Errorf("Token: %v, want to hear that the store is stuck", err)
		}
		time.Sleep(10 * time.Minute) // Lock succeeds, and nobody is there any more
		store.lock = nil
		b.want(t, "a1")
	})
}

func TestClientThatIsTheCallersIsNotModified(t *testing.T) {
	t.Parallel()
	client := &http.Client{Timeout: time.Minute}
	source, err := NewSource(testConfig(), NewMemoryStore(nil), WithHTTPClient(client), WithHTTPClient(nil), WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	if client.CheckRedirect != nil || client.Transport != nil || source.endpoint.client.Timeout != time.Minute {
		t.Error("the client was modified, or its timeout is not used")
	}
}

func TestSourcesThatCannotWork(t *testing.T) {
	t.Parallel()
	store := NewMemoryStore(nil)
	tests := []struct {
		name string
		make func() (*Source, error)
		want []string
	}{
		{"nothing at all", func() (*Source, error) { return NewSource(nil, nil) }, []string{"oauth: the config is nil", "the store is nil"}},
		{"no store", func() (*Source, error) { return NewSource(testConfig(), nil) }, []string{"the store is nil"}},
		{"no clock", func() (*Source, error) { return NewSource(testConfig(), store, WithClock(nil)) }, []string{"the clock"}},
		{"no report", func() (*Source, error) { return NewSource(testConfig(), store, WithReport(nil)) }, []string{"the report"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			source, err := test.make()
			if source != nil || err == nil {
				t.Fatalf("made a source: %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q lacks %q", err, want)
				}
			}
		})
	}
}

func TestClockDecidesWhenATokenExpires(t *testing.T) {
	t.Parallel()
	now := time.Now()
	endpoint := &scriptedEndpoint{lifetime: time.Hour}
	source, err := NewSource(testConfig(), NewMemoryStore(tokenFor(0, time.Hour)), WithHTTPClient(&http.Client{Transport: endpoint}),
		WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a0", "a1", "a2"} {
		for range 2 {
			token, err := source.Token()
			if err != nil || token.AccessToken != want {
				t.Fatalf("token %d: %v, want %s", i, err, want)
			}
			token.AccessToken = "changed" // which is the caller's affair
		}
		now = now.Add(2 * time.Hour)
	}
}
