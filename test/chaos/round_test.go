package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
)

// round is one fake, one client, and each call once, under one fault.
type round struct {
	number     int
	pass       int // through all combinations
	random     *rand.Rand
	pulse      *pulse
	fault      *fault
	noise      *fault // strikes some of the requests as well; nil in most rounds
	concurrent bool
	deadline   bool
	slow       bool // every wait is far longer than the deadline
	fleetOf    character

	srv        *motivetest.Server
	transport  *http.Transport
	struck     sync.Map       // op mark → true: by what the fake does not know of
	sent       atomic.Int64   // requests, while some are delivered late,
	delivered  atomic.Int64   // and those that are
	background sync.WaitGroup // of the latter
	client     *motive.Client
	credential motive.Option
	secrets    []string
	office     []int64
	ops        []*op
}

// run makes every call.
func (r *round) run() {
	if r.concurrent {
		r.inject()
		var wg sync.WaitGroup
		for _, op := range r.ops {
			end, cancel := r.end()
			wg.Go(func() { op.run(end, cancel) })
		}
		wg.Wait()
	} else {
		for _, op := range r.ops {
			r.client = r.newClient() // with the whole of its retry budget
			r.srv.ClearFaults()
			r.inject()
			op.run(r.end())
		}
	}
	r.srv.ClearFaults()
	r.srv.Accept()
	r.background.Wait()
}

// close returns when no request is being handled any more.
func (r *round) close() {
	r.transport.CloseIdleConnections()
	r.srv.Close()
}

func (r *round) start() (err error) {
	r.fleetOf = r.character()
	r.slow = r.deadline && r.random.IntN(2) == 0
	opts := r.fleetOf.options()
	if r.srv, err = motivetest.Start(opts...); err != nil {
		return err
	}
	// Somebody else, whom a response may be about.
	r.srv.Seed(motive.User{FirstName: "Ada", LastName: "Stranger", Username: "stranger", Role: motive.RoleDriver, Status: motive.StatusActive})
	for i := range officeSize {
		user := r.srv.Seed(motive.User{FirstName: "Ada", LastName: fmt.Sprintf("office-%d", i), Role: motive.RoleFleetUser, Status: motive.StatusActive})
		r.office = append(r.office, user[0].ID)
	}
	r.srv.SeedUserRoles(motive.UserRole{Name: "dispatch"}, motive.UserRole{Name: "safety"})
	r.transport = &http.Transport{MaxIdleConnsPerHost: len(apiCalls)}
	r.setCredential()
	r.client = r.newClient()
	for i, call := range r.calls() {
		op := &op{apiCall: call, round: r, mark: fmt.Sprintf("r%dop%d", r.number, i)}
		op.seed(r.srv)
		r.ops = append(r.ops, op)
	}
	return nil
}

// character is what the server is like, apart from its faults.
type character int

const (
	unique   character = iota // a second user with the same external id is refused
	lax                       // nothing is refused but by the client itself
	looks                     // the server looks, and then inserts
	lags                      // lookups see what was committed a little later
	folds                     // external ids are kept in lower case
	numberOf                  // such characters
)

func (c character) String() string {
	return [...]string{"unique", "lax", "looking", "lagging", "folding"}[c]
}

// window is how long a server takes from looking to inserting, and how late lookups
// are: a small part of the time for which a create is looked up.
const window = 5 * time.Millisecond

func (c character) options() []motivetest.Option {
	switch c {
	case lax:
		return []motivetest.Option{motivetest.WithoutUniqueness()}
	case looks:
		return []motivetest.Option{motivetest.WithLookThenInsert(window)}
	case lags:
		return []motivetest.Option{motivetest.WithLaggingLookups(window)}
	case folds:
		return []motivetest.Option{motivetest.WithFoldedExternalIDs()}
	}
	return nil
}

// character picks one. Without uniqueness nothing but the client prevents a second
// user. It is owed where a request may still be handled when the client asks what
// became of it: there nothing but uniqueness can.
func (r *round) character() character {
	c := character(r.random.IntN(int(numberOf)))
	if (c == lax || c == looks) && r.is(func(f *fault) bool { return f.hangs || f.slow || f.late > 0 }) {
		return unique
	}
	return c
}

// setCredential picks one of the kinds. A revoked token can be renewed in one of
// them.
func (r *round) setCredential() {
	switch r.random.IntN(3) {
	case 0:
		r.secrets = []string{r.srv.APIKey()}
		r.credential = motive.WithAPIKey(r.srv.APIKey())
	case 1:
		r.secrets = []string{r.srv.AccessToken()}
		r.credential = motive.WithAccessToken(r.srv.AccessToken())
	default:
		token := r.srv.IssueToken()
		r.secrets = []string{token.AccessToken, token.RefreshToken}
		r.credential = motive.WithOAuth2(r.srv.OAuth().Config(""), oauth.NewMemoryStore(token))
	}
}

func (r *round) newClient() *motive.Client {
	policy := motive.RetryPolicy{MaxAttempts: 3, MinWait: time.Millisecond, MaxWait: 4 * time.Millisecond, MaxRetryAfter: 10 * time.Millisecond, ReconcileWait: 5 * time.Millisecond}
	attempt := 30 * time.Second // which even a slow machine does not meet
	if r.fleetOf == looks || r.fleetOf == lags {
		policy.ReconcileWait = 20 * window
	}
	switch {
	case r.slow:
		policy.MinWait, policy.MaxWait, policy.MaxRetryAfter = 2*time.Second, 4*time.Second, time.Minute
	case r.fault.waits:
		policy.MaxRetryAfter = 3 * time.Second
	}
	if !r.slow && r.is(func(f *fault) bool { return f.hangs }) {
		attempt = attemptLimit
	}
	return r.srv.Client(motive.WithRetry(policy), motive.WithAttemptTimeout(attempt), motive.WithMaxBodySize(1<<20),
		motive.WithTransport(r), r.credential)
}

// is reports whether one of the round's faults is of a kind.
func (r *round) is(of func(*fault) bool) bool {
	return of(r.fault) || r.noise != nil && of(r.noise)
}

// calls returns the calls of the round in a random order.
func (r *round) calls() (calls []*apiCall) {
	for i, call := range apiCalls {
		// Each wait costs a second or two: where they add up, two calls a time
		// have to do.
		brief := !r.fault.waits || r.concurrent || r.deadline || i/2 == r.pass%((len(apiCalls)+1)/2)
		if r.fault.canStrike(call) && brief {
			calls = append(calls, call)
		}
	}
	r.random.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
	return calls
}

func (r *round) inject() {
	for _, f := range []*fault{r.fault, r.noise} {
		if f != nil && f.make != nil {
			r.srv.Inject(f.make(r.random), f.strikes(r.random, r.concurrent)...)
		}
	}
}

// patience is for calls that a client holds back since the server refuses all, or
// has: minutes, which is right and tells nothing here.
const patience = time.Second

// end returns when the next op's context ends, and whether it is cancelled
// rather than has a deadline; 0 is never.
func (r *round) end() (after time.Duration, cancel bool) {
	switch {
	case !r.deadline && r.concurrent && r.fault.limits:
		return patience, false
	case !r.deadline:
		return 0, false
	}
	longest := 80 * time.Millisecond
	if r.random.IntN(5) == 0 {
		longest = 2 * time.Millisecond
	}
	return 1 + time.Duration(r.random.Int64N(int64(longest))), r.random.IntN(2) == 0
}

// run makes the call and takes note of its outcome.
func (op *op) run(after time.Duration, byCancel bool) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), markKey{}, op.mark))
	defer cancel()
	var ended atomic.Pointer[time.Time]
	if after > 0 {
		at := time.Now().Add(after)
		if byCancel {
			timer := time.AfterFunc(after, func() {
				now := time.Now()
				ended.Store(&now)
				cancel()
			})
			defer timer.Stop()
		} else {
			ctx, cancel = context.WithDeadline(ctx, at)
			defer cancel()
			ended.Store(&at)
		}
	}
	defer func() {
		returned := time.Now()
		op.panicked = recover()
		if at := ended.Load(); at != nil && returned.After(*at) {
			op.late = returned.Sub(*at)
			op.excess = max(0, op.round.pulse.excess(*at, returned))
		}
	}()
	op.err = op.do(ctx, op.round.client, op)
}

// repeat makes each write again that may have happened, nothing being in the
// way, and reports where the end is not the same.
func (r *round) repeat(report func(op *op, format string, args ...any)) {
	r.transport.CloseIdleConnections() // on some of them a handler may still hang
	again := r.srv.Client(motive.WithAPIKey(r.srv.APIKey()), motive.WithTransport(r))
	var repeated []*op
	for _, op := range r.ops {
		unrefused := op.err == nil || errors.Is(op.err, motive.ErrOutcomeUnknown)
		// A server that looks and then inserts may still be between the two for a call
		// that has left: nothing but its own uniqueness could refuse another one.
		unowed := op.post && (r.fleetOf == lax || r.fleetOf == looks && op.err != nil)
		if op.effects == nil || op.repeat == errNeverRepeated || unowed || !unrefused {
			continue
		}
		repeated = append(repeated, op)
		err := op.do(context.Background(), again, op)
		if err != nil && (op.repeat == nil || !errors.Is(err, op.repeat)) {
			report(op, "made again without a fault: %v", err)
		}
	}
	fleet := r.fleet()
	for _, op := range repeated {
		if n := op.effects(op, fleet[op.mark]); n != 1 {
			report(op, "after it was made again it has happened %d times", n)
		}
	}
}

// fleet returns the users by the mark of the op that they are about.
func (r *round) fleet() map[string][]motive.User {
	fleet := map[string][]motive.User{}
	for _, u := range r.srv.Users() {
		fleet[u.LastName] = append(fleet[u.LastName], u)
	}
	return fleet
}

// trace is what the fake knows of an op.
type trace struct {
	struck    bool
	committed int
	settled   bool // the client looked for what a create has made
	lines     []string
}

func (r *round) traces() map[string]*trace {
	traces := map[string]*trace{}
	for _, op := range r.ops {
		_, struck := r.struck.Load(op.mark)
		traces[op.mark] = &trace{struck: struck}
	}
	requests := r.srv.Requests()
	struck := make([][]string, len(requests))
	for _, f := range r.fired(requests) {
		struck[f.Request] = append(struck[f.Request], f.Fault)
	}
	for i, request := range requests {
		trace := traces[request.Header.Get(markHeader)]
		if trace == nil || strings.HasPrefix(request.Path, "/oauth/") {
			continue
		}
		if request.Committed {
			trace.committed++
		}
		trace.settled = trace.settled || request.Template == "/v1/users/lookup_by_external_id"
		trace.struck = trace.struck || struck[i] != nil
		trace.lines = append(trace.lines, fmt.Sprintf("%v committed=%t %s", request, request.Committed, strings.Join(struck[i], ", ")))
	}
	return traces
}

// fired returns the faults that did something: a rate limit also counts the
// requests that it lets pass.
func (r *round) fired(requests []motivetest.Request) []motivetest.FaultRecord {
	return slices.DeleteFunc(r.srv.Faults(), func(f motivetest.FaultRecord) bool {
		return f.Fault == "rate limit" && requests[f.Request].Status != http.StatusTooManyRequests
	})
}
