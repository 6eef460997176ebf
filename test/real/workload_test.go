package real

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// workload is programs at work: workers who create people, change them, read them
// and list the fleet, and hold every result to what they know.
type workload struct {
	workers  int
	calls    int           // of each worker, about
	duration time.Duration // instead of calls, where it is set
	patience time.Duration // of each call
	seed     uint64

	mu        sync.Mutex
	people    []*person
	confirmed map[int64]bool // users whom a call has returned
	counts    map[string]int // by call and outcome
	problems  []string
	responses map[int]int // by status, 0 for none
	sent      int         // attempts
	broken    int         // attempts without a whole response
	printed   bytes.Buffer
	secrets   []string
}

// slack is how much later than its context a call may return on a busy machine.
const slack = 2 * time.Second

// client returns a client of a server at base, with the pauses of tests. What it
// logs and observes is kept.
func (w *workload) client(t *testing.T, base string, fake *motivetest.Fake, opts ...motive.Option) *motive.Client {
	t.Helper()
	w.confirmed, w.counts, w.responses = map[int64]bool{}, map[string]int{}, map[int]int{}
	w.secrets = []string{fake.AccessToken(), password, license}
	client, err := motive.NewClient(append([]motive.Option{
		motive.WithBaseURL(base),
		motive.WithAccessToken(fake.AccessToken()),
		motive.WithRetry(motive.RetryPolicy{MaxAttempts: 6, MinWait: 20 * time.Millisecond, MaxWait: 500 * time.Millisecond, ReconcileWait: 4 * time.Second}),
		motive.WithLogger(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		motive.WithObserver(w.observe),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// Write keeps what the client logs.
func (w *workload) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.printed.Write(line)
}

func (w *workload) observe(e motive.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&w.printed, "%+v\n", e)
	if e.Kind == motive.EventAttemptEnd {
		w.responses[e.StatusCode]++
		w.sent++
		if e.Err != nil {
			w.broken++
		}
	}
}

// run lets the workers work, and returns when all of them are done.
func (w *workload) run(client *motive.Client) {
	var workers sync.WaitGroup
	began := time.Now()
	for n := range w.workers {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(w.seed, uint64(n)))
			for i := 0; w.more(i, began); i++ {
				w.story(client, random, fmt.Sprintf("%d.%d", n, i))
			}
		})
	}
	workers.Wait()
}

func (w *workload) more(i int, began time.Time) bool {
	if w.duration > 0 {
		return time.Since(began) < w.duration
	}
	return i*8 < w.calls // a story is about eight calls
}

// story is the life of one person: created, changed, read and listed.
func (w *workload) story(client *motive.Client, random *rand.Rand, name string) {
	p := &person{username: "person." + name}
	if random.IntN(3) > 0 {
		p.externalID = "ext-" + name
	}
	w.mu.Lock()
	w.people = append(w.people, p)
	w.mu.Unlock()
	w.call(func(ctx context.Context) (string, error) {
		u, err := client.Users.Create(ctx, p.request())
		p.create = verdictOf(err)
		if err == nil {
			p.id = u.ID
			w.confirm(u.ID)
		}
		return "create", err
	})
	w.call(func(ctx context.Context) (string, error) { return readNobody(ctx, client) })
	if p.id == 0 {
		return
	}
	for _, which := range random.Perm(3) {
		w.call(func(ctx context.Context) (string, error) { return p.change(ctx, client, which) })
		w.call(func(ctx context.Context) (string, error) { return p.read(ctx, client, random.IntN(3)) })
	}
	if random.IntN(4) == 0 {
		before := w.known()
		ahead := motive.ReadAhead(1 + random.IntN(4))
		w.call(func(ctx context.Context) (string, error) { return list(ctx, client, before, ahead) })
	}
}

func (w *workload) confirm(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.confirmed[id] = true
}

func (w *workload) known() map[int64]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.confirmed)
}

// call makes one call with its patience, and notes what became of it.
func (w *workload) call(do func(context.Context) (string, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), w.patience)
	defer cancel()
	began := time.Now()
	name, err := do(ctx)
	took := time.Since(began)

	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[name+": "+outcome(err)]++
	if took > w.patience+slack {
		w.problems = append(w.problems, fmt.Sprintf("%s: late: %v after its start, with %v", name, took, w.patience))
	}
	if errors.Is(err, errLie) {
		w.problems = append(w.problems, fmt.Sprintf("%s: %v", name, err))
	}
	if err != nil {
		fmt.Fprintf(&w.printed, "%v\n%+v\n%#v\n", err, err, err)
		var api *motive.APIError
		if errors.As(err, &api) {
			w.printed.Write(api.Body)
		}
	}
}

// outcome is one word for an error.
func outcome(err error) string {
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, motive.ErrOutcomeUnknown):
		return "unknown"
	case errors.Is(err, context.DeadlineExceeded):
		return "out of time"
	}
	return "error"
}

// judge fails the test for everything that the client said and was not so, and logs
// the figures.
func (w *workload) judge(t *testing.T, b *backend) {
	t.Helper()
	b.settle()
	known := truthOf(b.Users())
	for _, p := range w.people {
		w.problems = append(w.problems, p.lies(known)...)
	}
	printed := strings.ToLower(w.printed.String())
	for _, secret := range w.secrets {
		if strings.Contains(printed, strings.ToLower(secret)) {
			w.problems = append(w.problems, "a secret stands in what was logged or returned")
		}
	}
	for i, problem := range w.problems {
		if i == 20 {
			t.Errorf("and %d more", len(w.problems)-i)
			break
		}
		t.Error(problem)
	}
	t.Log(w.figures())
	// A client that calls everything unknown tells no lies.
	all, open := 0, 0
	for _, p := range w.people {
		if p.externalID != "" {
			all++
			if p.create != succeeded {
				open++
			}
		}
	}
	if all == 0 || open*10 > all {
		t.Errorf("%d of %d creates with an external id came to nothing certain", open, all)
	}
}

// figures is one line of what was done.
func (w *workload) figures() string {
	total, open := 0, 0
	for name, n := range w.counts {
		total += n
		if strings.HasSuffix(name, "unknown") {
			open += n
		}
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(w.counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, w.counts[name]))
	}
	return fmt.Sprintf("%d calls, %d attempts, %d of them broken, responses %v, %d unknown; %s", total, w.sent, w.broken, w.responses, open, strings.Join(parts, ", "))
}
