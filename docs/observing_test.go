package docs_test

import (
	"context"
	"fmt"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// Metrics turns the events of a client into what Prometheus scrapes.
type Metrics struct {
	mu     sync.Mutex
	values map[string]float64 // by name and labels, as they are written
}

// seconds are the bounds of the histogram: a slow endpoint takes 12 to 18 s.
var seconds = [...]float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40}

// Observe is for motive.WithObserver. It is called in the middle of a call, and
// does no more than add.
func (m *Metrics) Observe(e motive.Event) {
	call := fmt.Sprintf(`method=%q,path=%q`, e.Method, e.Path) // the path is a template: few series
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = make(map[string]float64)
	}
	m.values[fmt.Sprintf(`motive_events_total{kind=%q,%s}`, e.Kind, call)]++
	switch e.Kind {
	case motive.EventAttemptEnd:
		m.values[fmt.Sprintf(`motive_attempts_total{%s,status="%d"}`, call, e.StatusCode)]++ // 0: no response
		m.values[fmt.Sprintf(`motive_attempt_seconds_sum{%s}`, call)] += e.Duration.Seconds()
		m.values[fmt.Sprintf(`motive_attempt_seconds_count{%s}`, call)]++
		for _, bound := range seconds {
			if e.Duration.Seconds() <= bound {
				m.values[fmt.Sprintf(`motive_attempt_seconds_bucket{%s,le="%g"}`, call, bound)]++
			}
		}
		m.values[fmt.Sprintf(`motive_attempt_seconds_bucket{%s,le="+Inf"}`, call)]++
	case motive.EventWait, motive.EventRetry:
		m.values[fmt.Sprintf(`motive_wait_seconds_total{kind=%q}`, e.Kind)] += e.Wait.Seconds()
	}
}

// ServeHTTP writes the metrics in Prometheus' text format.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for _, series := range slices.Sorted(maps.Keys(m.values)) {
		_, _ = fmt.Fprintf(w, "%s %g\n", series, m.values[series])
	}
}

func Example_metrics() {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	server.Inject(motivetest.Status(http.StatusServiceUnavailable, motivetest.HTML), motivetest.Times(1))

	metrics := new(Metrics)
	client := server.Client(
		motive.WithObserver(metrics.Observe),
		motive.WithRetry(motive.RetryPolicy{MinWait: time.Millisecond, MaxWait: time.Millisecond}),
	)
	if _, err := client.Users.List(context.Background(), nil); err != nil {
		log.Fatal(err)
	}
	http.Handle("GET /metrics", metrics)

	scrape := httptest.NewRecorder()
	metrics.ServeHTTP(scrape, nil)
	for line := range strings.Lines(scrape.Body.String()) {
		if strings.HasPrefix(line, "motive_attempts_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// motive_attempts_total{method="GET",path="/v1/users",status="200"} 1
	// motive_attempts_total{method="GET",path="/v1/users",status="503"} 1
}

// Tracing makes a span of each attempt, under whatever span the context of the call
// has. Start and its result stand for a tracer: that of OpenTelemetry has the same
// shape.
type Tracing struct {
	Start func(ctx context.Context, name string) (context.Context, func(status int, err error))
	Next  http.RoundTripper
}

func (t *Tracing) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, end := t.Start(r.Context(), r.Method+" "+r.URL.Path)
	resp, err := t.Next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		end(0, err)
		return nil, err
	}
	end(resp.StatusCode, nil)
	return resp, nil
}

func Example_traces() {
	server, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	server.Seed(motive.User{ID: 7, FirstName: "Ada", Role: motive.RoleDriver, Username: "ada"})

	start := func(ctx context.Context, name string) (context.Context, func(int, error)) {
		return ctx, func(status int, err error) {
			fmt.Println(ctx.Value(parent{}), "→", name[:len("GET /")], status, err)
		}
	}
	client := server.Client(motive.WithTransport(&Tracing{Start: start, Next: http.DefaultTransport}))
	ctx := context.WithValue(context.Background(), parent{}, "nightly sync") // your tracer does this
	if _, err := client.Users.Get(ctx, 7); err != nil {
		log.Fatal(err)
	}
	// Output: nightly sync → GET / 200 <nil>
}

type parent struct{}
