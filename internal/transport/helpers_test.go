package transport

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "canary-credential"

// newTestClient returns a client of cfg, with what it lacks.
func newTestClient(t testing.TB, cfg Config) *Client {
	t.Helper()
	if cfg.BaseURL == nil {
		cfg.BaseURL = parse(t, "https://api.example.com/fleet")
	}
	if cfg.Credential == nil {
		cfg.Credential = Fixed("Authorization", "Bearer ", secret)
	}
	if cfg.RoundTripper == nil {
		cfg.RoundTripper = NewHTTPTransport()
	}
	c := New(cfg)
	t.Cleanup(func() {
		if rt, ok := c.RoundTripper().(*http.Transport); ok {
			rt.CloseIdleConnections()
		}
	})
	return c
}

func parse(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// quick is a policy whose waits are of no interest.
var quick = Policy{MinWait: 1, MaxWait: 1, MaxRetryAfter: 50 * time.Millisecond}

// roundTrip is a round tripper that is a function.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// response makes a response with headers given as name, value, name, value.
func response(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// script answers the nth request with the nth response, and with the last one
// after that.
type script struct {
	mu    sync.Mutex
	steps []func(*http.Request) (*http.Response, error)
	seen  []*http.Request
	at    []time.Time
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.seen = append(s.seen, req)
	s.at = append(s.at, time.Now())
	step := s.steps[min(len(s.seen), len(s.steps))-1]
	s.mu.Unlock()
	return step(req)
}

// reply is a step of a script: a status with one header, as "Name: value".
type reply struct {
	status int
	header string
}

// answers makes a script of statuses, errors, replies and functions.
func answers(steps ...any) *script {
	s := &script{}
	for _, step := range steps {
		switch step := step.(type) {
		case int:
			s.steps = append(s.steps, func(*http.Request) (*http.Response, error) { return response(step, ""), nil })
		case error:
			s.steps = append(s.steps, func(*http.Request) (*http.Response, error) { return nil, step })
		case reply:
			name, value, _ := strings.Cut(step.header, ": ")
			s.steps = append(s.steps, func(*http.Request) (*http.Response, error) {
				return response(step.status, "slow down", name, value), nil
			})
		case func() *http.Response:
			s.steps = append(s.steps, func(*http.Request) (*http.Response, error) { return step(), nil })
		}
	}
	return s
}

func request(method string) Request {
	r := Request{Method: method, Path: "/v1/things/7", Template: "/v1/things/{id}", Query: url.Values{"name": {"canary-query"}}}
	if method == http.MethodPost || method == http.MethodPut {
		r.Body = []byte(`{"password":"canary-body"}`)
		r.Secrets = []string{"canary-body"}
	}
	return r
}

// events collects what an observer is told.
type events struct {
	mu  sync.Mutex
	all []Event
}

func (e *events) add(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) kinds() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var kinds []string
	for _, ev := range e.all {
		kinds = append(kinds, string(ev.Kind))
	}
	return strings.Join(kinds, " ")
}
