package motive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth"
)

// book keeps what is logged and observed.
type book struct {
	mu     sync.Mutex
	log    bytes.Buffer
	events []motive.Event
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

func (b *book) options() []motive.Option {
	logger := slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return []motive.Option{motive.WithLogger(logger), motive.WithObserver(func(e motive.Event) {
		if e.Kind == motive.EventAttemptStart || e.Kind == motive.EventAttemptEnd {
			return // see TestObserverSeesEachAttempt
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, e)
	})}
}

// lines are the log lines with the given message.
func (b *book) lines(t testing.TB, message string) []map[string]any {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []map[string]any
	for line := range strings.Lines(b.log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		if fields["msg"] == message {
			lines = append(lines, fields)
		}
	}
	return lines
}

func (b *book) kinds() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kinds []string
	for _, e := range b.events {
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

// Each try is one line, with the template of the path, and nothing of the query,
// the body or the credential.
func TestLogOfEachMethod(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			n := 0
			srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				if n++; n == 1 {
					answering(429, m.answer)(w, r)
					return
				}
				answering(m.status, m.answer)(w, r)
			})
			b := &book{}
			if _, err := m.call(t.Context(), newClient(t, srv.url, b.options()...)); err != nil {
				t.Fatal(err)
			}
			lines := b.lines(t, "motive: attempt")
			if len(lines) != 2 {
				t.Fatalf("%d lines for 2 tries", len(lines))
			}
			for i, line := range lines {
				status := []float64{429, float64(m.status)}[i]
				if line["level"] != "DEBUG" || line["method"] != m.verb() || line["path"] != m.path || line["status"] != status || line["attempt"] != float64(i+1) {
					t.Errorf("line %v", line)
				}
				if d, ok := line["duration"].(float64); !ok || d <= 0 || time.Duration(d) > time.Minute {
					t.Errorf("duration %v", line["duration"])
				}
			}
			log := b.log.String()
			for _, private := range []string{testToken, "Ada", "ada", `"987"`, "generic_tms", "Dispatch", "per_page", "first_name", "?", "/7", "/31"} {
				if strings.Contains(log, private) {
					t.Errorf("the log shows %q: %s", private, log)
				}
			}
			for _, e := range b.events {
				if e.Method != m.verb() || e.Path != m.path {
					t.Errorf("event %+v", e)
				}
			}
			if got := b.kinds(); got != "pause retry" && got != "retry" {
				t.Errorf("events %s", got)
			}
		})
	}
}

func TestLogOfAReplay(t *testing.T) {
	t.Parallel()
	src := &rotation{current: 1}
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer token-2" {
			src.revoke(got)
			answering(401, "")(w, r)
			return
		}
		answering(200, oneUser)(w, r)
	})
	b := &book{}
	c := clientWith(t, srv.url, append(b.options(), motive.WithTokenSource(src))...)
	if err := get(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range b.lines(t, "motive: attempt") {
		got = append(got, fmt.Sprint(line["status"], " ", line["attempt"]))
	}
	if want := []string{"401 1", "200 2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}

func TestLogOfATransportError(t *testing.T) {
	t.Parallel()
	b := &book{}
	c := newClient(t, refusing(t), b.options()...)
	_, _ = c.Users.Lookup(t.Context(), motive.UserLookup{Email: "ada@example.com"})
	lines := b.lines(t, "motive: attempt")
	if len(lines) != 4 {
		t.Fatalf("%d lines for 4 tries", len(lines))
	}
	for _, line := range lines {
		if text, _ := line["error"].(string); !strings.Contains(text, "refused") || line["status"] != 0.0 {
			t.Errorf("line %v", line)
		}
	}
	if lines[2]["gave_up"] != nil || lines[2]["retry_in"] == nil || lines[3]["gave_up"] != true || lines[3]["retry_in"] != nil {
		t.Errorf("lines %v: the last alone is to say that the call was given up", lines[2:])
	}
	for _, e := range b.events {
		var op *net.OpError
		if !errors.As(e.Err, &op) || e.StatusCode != 0 {
			t.Errorf("event %+v, want the transport's error", e)
		}
	}
	if shown := b.log.String() + fmt.Sprintf("%v %+v", b.events, b.events); strings.Contains(shown, "example.com") {
		t.Errorf("the query is shown: %s", shown)
	}
}

func TestNothingIsLoggedAboveDebug(t *testing.T) {
	t.Parallel()
	srv := newServer(t, answering(503, ""))
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, nil)) // info
	_ = get(t.Context(), newClient(t, srv.url, motive.WithLogger(logger)))
	_ = get(t.Context(), newClient(t, srv.url, motive.WithLogger(nil), motive.WithObserver(nil)))
	if out.Len() > 0 {
		t.Errorf("logged %s", &out)
	}
}

// The logger gets the context of the call, where a handler looks for its trace.
func TestLogHasTheContextOfTheCall(t *testing.T) {
	t.Parallel()
	type traceKey struct{}
	h := &contextHandler{seen: make(map[any]bool), key: traceKey{}}
	srv := newServer(t, answering(503, ""))
	_ = get(context.WithValue(t.Context(), traceKey{}, "trace-1"), newClient(t, srv.url, motive.WithLogger(slog.New(h))))
	if !h.seen["trace-1"] || len(h.seen) != 1 {
		t.Errorf("the log has the contexts %v", h.seen)
	}
}

type contextHandler struct {
	slog.Handler
	seen map[any]bool
	key  any
}

func (h *contextHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h *contextHandler) Handle(ctx context.Context, _ slog.Record) error {
	h.seen[ctx.Value(h.key)] = true
	return nil
}

func TestEvents(t *testing.T) {
	t.Parallel()
	post := func(c *motive.Client) error { _, err := c.Users.Create(context.Background(), ada()); return err }
	linked := func(c *motive.Client) error { _, err := c.Users.Create(context.Background(), adaLinked()); return err }
	read := func(c *motive.Client) error { return get(context.Background(), c) }
	for name, tt := range map[string]struct {
		statuses []int // of the answers, in order; the last for the rest
		call     func(*motive.Client) error
		want     string
	}{
		"a success":                {[]int{200}, read, ""},
		"a refusal":                {[]int{404}, read, ""},
		"a retry":                  {[]int{503, 200}, read, "retry"},
		"a pause":                  {[]int{429, 200}, read, "pause retry"},
		"given up":                 {[]int{503}, read, "retry retry retry give_up"},
		"an ambiguous create":      {[]int{503}, post, "give_up"},
		"a create that is settled": {[]int{503, 200}, linked, "give_up reconcile"},
		"an open proxy status":     {[]int{524}, post, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				status := tt.statuses[min(n, len(tt.statuses)-1)]
				n++
				answering(status, oneUser)(w, r)
			})
			b := &book{}
			_ = tt.call(newClient(t, srv.url, b.options()...))
			if got := b.kinds(); got != tt.want {
				t.Errorf("events %q, want %q", got, tt.want)
			}
			for _, e := range b.events {
				waits := e.Kind == motive.EventRetry || e.Kind == motive.EventPause
				if (e.Wait > 0) && !waits || e.Wait < 0 || e.Kind != motive.EventReconcile && e.Attempt == 0 || e.Kind == motive.EventRetry && e.StatusCode != tt.statuses[0] {
					t.Errorf("event %+v", e)
				}
				if e.Kind == motive.EventReconcile && !errors.Is(e.Err, motive.ErrOutcomeUnknown) {
					t.Errorf("event %+v does not tell what is to be settled", e)
				}
			}
		})
	}
}

// A token that cannot be refreshed is an event and a warning as long as no call
// sees it, since the old one serves, and the error of a call after that.
func TestEventOfATokenError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/oauth/token" {
				return reply(500, "<html>down"), nil
			}
			return reply(200, oneUser), nil
		})
		cfg := oauth.NewConfig("id", "canary-client-secret", "https://app.example.com/cb")
		token := &oauth2.Token{AccessToken: testToken, RefreshToken: "canary-refresh", Expiry: time.Now().Add(10 * time.Minute)}
		b := &book{}
		c := clientWith(t, "https://motive.example", append(b.options(), motive.WithTransport(transport),
			motive.WithOAuth2(cfg, oauth.NewMemoryStore(token)))...)
		if err := get(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9*time.Minute + 55*time.Second)
		if err := get(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if b.kinds() != "token_error" || b.events[0].Err == nil || b.events[0].Method != "" {
			t.Errorf("events %+v", b.events)
		}
		if warnings := b.lines(t, "motive: token_error"); len(warnings) != 1 || warnings[0]["level"] != "WARN" {
			t.Errorf("log %s", &b.log)
		}
		time.Sleep(time.Minute)
		var failed *oauth.TokenError
		if err := get(t.Context(), c); !errors.As(err, &failed) || kind(err) != "other" || failed.StatusCode != 500 {
			t.Errorf("error %v, want a TokenError of 500", err)
		}
		if strings.Contains(b.log.String(), "canary") {
			t.Errorf("the log shows a secret: %s", &b.log)
		}
	})
}

func TestObserverSeesEachAttempt(t *testing.T) {
	t.Parallel()
	n, events := 0, []string(nil)
	c := offline(t, func(*http.Request) (*http.Response, error) {
		if n++; n == 1 {
			return reply(503, ""), nil
		}
		return reply(200, oneUser), nil
	}, motive.WithObserver(func(e motive.Event) {
		if e.Method != "GET" || e.Path != "/v1/users/{id}" {
			t.Errorf("event %+v", e)
		}
		if (e.Duration > 0) != (e.Kind == motive.EventAttemptEnd) {
			t.Errorf("the duration of %+v", e)
		}
		events = append(events, fmt.Sprint(e.Kind, " ", e.Attempt, " ", e.StatusCode))
	}))
	if err := get(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	want := []string{"attempt_start 1 0", "attempt_end 1 503", "retry 1 503", "attempt_start 2 0", "attempt_end 2 200"}
	if !reflect.DeepEqual(events, want) {
		t.Errorf("events %q, want %q", events, want)
	}
}
