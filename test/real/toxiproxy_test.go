package real

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// toxic is one of toxiproxy's, as its API takes it: what happens to a share of the
// connections.
type toxic string

// newProxy starts toxiproxy in front of an address, with toxics.
func newProxy(t *testing.T, upstream string, toxics ...toxic) *toxiproxy.Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, t.Name(), loopback(freePort(t)), upstream)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	for _, toxic := range toxics {
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(string(toxic))); err != nil {
			t.Fatal(err)
		}
	}
	return proxy
}

// TestToxics has programs work over each kind of bad line. The server enforces nothing,
// so that only the client keeps a user from being stored twice.
func TestToxics(t *testing.T) {
	part(t)
	t.Parallel()
	for name, c := range map[string]struct {
		toxics []toxic
		cuts   bool // attempts must have failed
		fresh  bool // connections that are good are closed now and then, since they would last
		toggle bool // the proxy itself goes and comes back
	}{
		"latency": {toxics: []toxic{
			`{"type":"latency","stream":"downstream","attributes":{"latency":30,"jitter":25}}`,
			`{"type":"latency","stream":"upstream","attributes":{"latency":10,"jitter":5}}`}},
		"slices":                   {toxics: []toxic{`{"type":"slicer","attributes":{"average_size":200,"size_variation":150,"delay":2000}}`}},
		"a thin line":              {toxics: []toxic{`{"type":"bandwidth","attributes":{"rate":100}}`}},
		"slow close":               {toxics: []toxic{`{"type":"slow_close","attributes":{"delay":300}}`}},
		"reset before the request": {toxics: []toxic{`{"type":"reset_peer","stream":"upstream","toxicity":0.3,"attributes":{"timeout":0}}`}, cuts: true, fresh: true},
		"reset after the commit":   {toxics: []toxic{`{"type":"reset_peer","stream":"downstream","toxicity":0.3,"attributes":{"timeout":20}}`}, cuts: true, fresh: true},
		"silence, then closed":     {toxics: []toxic{`{"type":"timeout","stream":"downstream","toxicity":0.3,"attributes":{"timeout":300}}`}, cuts: true, fresh: true},
		"silence for ever":         {toxics: []toxic{`{"type":"timeout","stream":"downstream","toxicity":0.2,"attributes":{"timeout":0}}`}, cuts: true, fresh: true},
		"silence on the way there": {toxics: []toxic{`{"type":"timeout","stream":"upstream","toxicity":0.2,"attributes":{"timeout":0}}`}, cuts: true, fresh: true},
		"responses cut off":        {toxics: []toxic{`{"type":"limit_data","stream":"downstream","attributes":{"bytes":30000}}`}, cuts: true},
		"requests cut off":         {toxics: []toxic{`{"type":"limit_data","stream":"upstream","attributes":{"bytes":6000}}`}, cuts: true},
		"a proxy that goes":        {cuts: true, toggle: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBackend(t, nil, motivetest.WithoutUniqueness())
			proxy := newProxy(t, b.addr, c.toxics...)
			w := &workload{workers: 6, duration: 5 * time.Second, patience: 20 * time.Second, seed: 3}
			client := w.client(t, "http://"+proxy.Listen, b.Fake, motive.WithAttemptTimeout(time.Second))
			stop := every(100*time.Millisecond, func(i int) {
				if c.fresh {
					client.CloseIdleConnections()
				}
				if c.toggle && i%5 == 0 {
					proxy.Stop()
					time.Sleep(50 * time.Millisecond)
					_ = proxy.Start()
				}
			})
			w.run(client)
			stop()
			w.judge(t, b)
			if c.cuts && w.broken < 5 {
				t.Errorf("%d broken attempts try nothing", w.broken)
			}
		})
	}
}

// every calls f again and again until it is stopped.
func every(d time.Duration, f func(i int)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		for i := 1; ctx.Err() == nil; i++ {
			select {
			case <-ctx.Done():
			case <-time.After(d):
				f(i)
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

// TestCutAnywhere cuts the first connection of a create, an update and a list after
// each of many numbers of bytes, of the request and of the response. Whatever was
// lost, the call must end well, and the user be there once.
func TestCutAnywhere(t *testing.T) {
	part(t)
	t.Parallel()
	for _, stream := range []string{"upstream", "downstream"} {
		t.Run(stream, func(t *testing.T) {
			t.Parallel()
			cut := 0
			for bytes := 1; bytes < 2000; bytes += 1 + bytes/4 {
				for _, name := range []string{"create", "update", "list"} {
					if cutAt(t, name, stream, bytes) {
						cut++
					}
				}
			}
			t.Logf("%d calls were cut", cut)
			if cut < 40 {
				t.Errorf("%d cuts try little", cut)
			}
		})
	}
}

// cutAt makes one call whose first connection is cut, and reports whether it was.
func cutAt(t *testing.T, name, stream string, bytes int) (cut bool) {
	t.Helper()
	b := newBackend(t, nil, motivetest.WithoutUniqueness())
	for n := range 25 {
		b.Seed(motive.User{FirstName: "Ada", LastName: "Reed", Role: motive.RoleDriver, Username: fmt.Sprintf("seeded.%d", n)})
	}
	users := b.Users()
	proxy := newProxy(t, b.addr, toxic(fmt.Sprintf(`{"type":"limit_data","stream":%q,"attributes":{"bytes":%d}}`, stream, bytes)))
	w := &workload{}
	var heal sync.Once
	client := w.client(t, "http://"+proxy.Listen, b.Fake, motive.WithObserver(func(e motive.Event) {
		if e.Kind == motive.EventAttemptEnd && e.Err != nil {
			heal.Do(func() {
				proxy.Toxics.ResetToxics(context.Background())
				cut = true
			})
		}
	}), motive.WithRetry(motive.RetryPolicy{MinWait: time.Millisecond, ReconcileWait: 300 * time.Millisecond}))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var err error
	switch name {
	case "create":
		p := &person{username: "cut", externalID: "cut-1"}
		var u *motive.User
		if u, err = client.Users.Create(ctx, p.request()); err == nil {
			p.create, p.id = succeeded, u.ID
		}
		for _, lie := range p.lies(truthOf(b.Users())) {
			t.Errorf("%s cut after %d bytes: %s", stream, bytes, lie)
		}
	case "update":
		_, err = client.Users.Update(ctx, users[3].ID, &motive.UpdateUserRequest{LastName: motive.Set("Moss")})
		if u, _ := b.User(users[3].ID); u.LastName != "Moss" {
			t.Errorf("%s cut after %d bytes: the update did not happen: %v", stream, bytes, err)
		}
	case "list":
		before := map[int64]bool{}
		for _, u := range users {
			before[u.ID] = true
		}
		_, err = list(ctx, client, before)
	}
	if err != nil {
		t.Errorf("%s, %s cut after %d bytes: %v", name, stream, bytes, err)
	}
	return cut
}
