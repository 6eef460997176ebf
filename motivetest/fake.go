package motivetest

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fake is the fake Motive without a socket: an [http.Handler] that keeps a fleet in memory.
// [Server] is a Fake that listens. Its methods may be called from many goroutines.
type Fake struct {
	basePath string
	origin   string // "http://127.0.0.1:1234"; empty without a socket
	now      func() time.Time
	shape    ErrorShape
	lax      bool
	strict   bool          // unknown attributes are refused
	folded   bool          // external ids lose case and outer space
	gap      time.Duration // between looking for a unique value and inserting it
	lag      time.Duration // until lookups see what was created
	tb       testing.TB    // nil outside tests

	apiKey  string
	testKey string

	endpoints map[string]map[string]endpoint // by path template, then method
	store     *store
	oauth     *provider
	log       journal

	refuse  func(time.Duration) // closes the port, where there is one, for a while
	done    <-chan struct{}     // closed by Close
	stop    context.CancelFunc  // closes done
	working sync.WaitGroup      // what goes on after the response
}

// NewHandler returns a fake without a socket, for a server of your own or calls of ServeHTTP.
//
// Faults that cut a connection need one: where the ResponseWriter cannot be hijacked, as under
// [net/http/httptest.NewRecorder] and under HTTP/2, they answer 501. Under a recorder a body
// that is cut off is merely short, as nobody compares it with its Content-Length, and a fault
// that hangs blocks ServeHTTP until the request's context ends or [Fake.Close] is called.
func NewHandler(opts ...Option) *Fake {
	open, stop := context.WithCancel(context.Background())
	f := &Fake{
		basePath: "/api",
		now:      time.Now,
		apiKey:   "key-" + rand.Text(),
		testKey:  "test-key-" + rand.Text(),
		store:    newStore(),
		oauth:    newOAuth(),
		refuse:   func(time.Duration) {},
		done:     open.Done(),
		stop:     stop,
	}
	for _, opt := range opts {
		opt(f)
	}
	f.endpoints = f.routes()
	return f
}

// Handler returns the fake as an in-process handler. It serves the same fleet as the socket.
func (f *Fake) Handler() http.Handler { return f }

// APIKey returns the company's API key, for X-Api-Key.
func (f *Fake) APIKey() string { return f.apiKey }

// TestModeKey returns an API key in test mode: a valid write is answered 200 with a message only.
func (f *Fake) TestModeKey() string { return f.testKey }

// AccessToken returns a bearer token with every scope that does not expire. [Fake.RevokeTokens]
// revokes it too.
func (f *Fake) AccessToken() string { return f.oauth.fixed }

// Close ends the requests that a fault keeps hanging. It may be called more than once.
func (f *Fake) Close() {
	f.stop()
	f.working.Wait()
}

// sleep lets d pass, whether or not the client waits; it returns false if the fake is closed first.
func (f *Fake) sleep(d time.Duration) bool { return elapse(d, f.done, nil) }

// elapse lets d pass; it returns false, early, when one of the channels is closed.
func elapse(d time.Duration, end, other <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-end:
	case <-other:
	case <-timer.C:
	}
	select {
	case <-end:
		return false
	case <-other:
		return false
	default:
		return true
	}
}

// An endpoint is what one method does on one path, with the store locked. No scope means that it
// is one of OAuth, needs no credential and locks for itself.
type endpoint struct {
	scope  string
	handle func(*exchange) *response
}

func (f *Fake) routes() map[string]map[string]endpoint {
	return map[string]map[string]endpoint{
		"/v1/users":                       {"GET": {scopeRead, f.listUsers}, "POST": {scopeManage, f.createUser}},
		"/v1/users/{id}":                  {"GET": {scopeRead, f.getUser}, "PUT": {scopeManage, f.updateUser}},
		"/v1/users/lookup":                {"GET": {scopeRead, f.lookupUser}},
		"/v1/users/lookup_by_external_id": {"GET": {scopeRead, f.lookupUserByExternalID}},
		"/v1/user_roles":                  {"GET": {scopeRead, f.listUserRoles}},
		"/v1/users/user_roles":            {"GET": {scopeRead, f.listUserRoles}},
		"/v1/external_ids":                {"POST": {scopeManage, f.createExternalID}},
		"/v1/external_ids/{id}": {
			"PUT": {scopeManage, f.updateExternalID}, "DELETE": {scopeManage, f.deleteExternalID},
		},
		"/oauth/authorize": {"GET": {"", f.authorize}},
		"/oauth/token":     {"POST": {"", f.token}},
		"/oauth/revoke":    {"POST": {"", f.revoke}},
	}
}

// template returns the path with {id} for the id and the id; "" where the API has no such path.
func (f *Fake) template(path string) (tmpl, id string) {
	if f.endpoints[path] != nil {
		return path, ""
	}
	for tmpl := range f.endpoints { // of which no two have a path in common
		if id := idIn(path, tmpl); id != "" {
			return tmpl, id
		}
	}
	return "", ""
}

// idIn returns the segment of path that stands where tmpl has {id}; "" where path is not of tmpl.
func idIn(path, tmpl string) string {
	before, after, found := strings.Cut(tmpl, "{id}")
	rest, begins := strings.CutPrefix(path, before)
	id, ends := strings.CutSuffix(rest, after)
	if !found || !begins || !ends || strings.Contains(id, "/") {
		return ""
	}
	return id
}

// maxBody bounds a request's body. No user comes near it.
const maxBody = 1 << 20

// ServeHTTP logs one request, applies the faults that fire on it, and handles what is left of it.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	var err error
	if r.Body != nil {
		body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	}
	x := f.begin(w, r, body)
	defer x.note(func(e *entry) { e.took = time.Since(e.began) })
	switch {
	case err != nil:
		x.send(refuse(http.StatusBadRequest, "the body is cut off"))
	case len(body) > maxBody:
		x.send(refuse(http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB"))
	default:
		x.run(f.log.fire(x))
	}
}

// handle answers the request as Motive would, no fault being in the way.
func (f *Fake) handle(x *exchange) *response {
	methods := f.endpoints[x.entry.Template]
	if methods == nil {
		return f.unknownPath(x)
	}
	to, ok := methods[x.r.Method]
	if !ok {
		hint := insteadOf(x.r.Method, x.entry.Template)
		a := refuse(http.StatusMethodNotAllowed, "%s is not allowed on this path%s", x.r.Method, hint)
		a.header = http.Header{"Allow": {strings.Join(slices.Sorted(maps.Keys(methods)), ", ")}}
		return a
	}
	if to.scope == "" {
		return to.handle(x)
	}
	if refused := f.admit(x, to.scope); refused != nil {
		return refused
	}
	if len(x.entry.body) > 0 && mediaType(x.r.Header) != "application/json" {
		return refuse(http.StatusUnsupportedMediaType,
			"the Content-Type of a body must be application/json, and the body a JSON object rather than a form")
	}
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return to.handle(x)
}

func mediaType(h http.Header) string {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

const formType = "application/x-www-form-urlencoded"

// admit checks the credential and its scope.
func (f *Fake) admit(x *exchange, scope string) *response {
	if key := x.r.Header.Get("X-Api-Key"); key != "" && x.r.Header.Get("Authorization") == "" {
		x.testMode = key == f.testKey
		if x.testMode || key == f.apiKey {
			return nil
		}
		return refuse(http.StatusUnauthorized, "the API key is not valid")
	}
	token, ok := bearer(x.r.Header)
	if !ok {
		return refuse(http.StatusUnauthorized, "%s", missingCredential(x))
	}
	scopes, ok := f.oauth.scopesOf(token, f.now())
	switch {
	case !ok:
		return invalidToken()
	case !slices.Contains(scopes, scope):
		return refuse(http.StatusForbidden, "the access token lacks the scope %s", scope)
	}
	return nil
}

func invalidToken() *response {
	return refuse(http.StatusUnauthorized, "the access token is not valid, expired or revoked")
}

func bearer(h http.Header) (string, bool) {
	scheme, token, ok := strings.Cut(h.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// Option changes how a fake behaves. Options go to [NewServer], [Start] and [NewHandler].
type Option func(*Fake)

// WithBasePath serves everything under path, "/api" by default. It is not empty by default so
// that a client that drops the path of its base URL fails its tests.
func WithBasePath(path string) Option {
	path = strings.TrimSuffix("/"+strings.Trim(path, "/"), "/")
	return func(f *Fake) { f.basePath = path }
}

// WithClock takes the time from now instead of from [time.Now]: for the timestamps of users, the
// expiry of codes and tokens, and [RateLimit]. now is called from many goroutines.
func WithClock(now func() time.Time) Option {
	return func(f *Fake) { f.now = now }
}

// WithTokenLifetime makes the access tokens of the OAuth provider expire after d; one hour by
// default. The fixed token of [Fake.AccessToken] never expires.
func WithTokenLifetime(d time.Duration) Option {
	return func(f *Fake) { f.oauth.lifetime = d }
}

// WithScopes lets an authorization ask for further scopes than those of the users API
// (users.read, users.manage, companies.read). Any other, as a misspelt one, is an invalid_scope.
func WithScopes(scopes ...string) Option {
	return func(f *Fake) { f.oauth.offered = append(f.oauth.offered, scopes...) }
}

// WithErrorShape answers errors in another form than Motive's own.
func WithErrorShape(shape ErrorShape) Option {
	return func(f *Fake) { f.shape = shape }
}

// WithCredentials sets the access token of [Fake.AccessToken] and the API key of [Fake.APIKey],
// which are random otherwise: for programs that cannot ask for them. An empty one stays random.
func WithCredentials(accessToken, apiKey string) Option {
	return func(f *Fake) {
		f.oauth.fix(accessToken)
		f.apiKey = cmp.Or(apiKey, f.apiKey)
	}
}

// WithStrictAttributes refuses, by 422, a create or an update with attributes that are unknown or
// cannot be written. Otherwise they are dropped, and [Request].Ignored and the transcript name them.
func WithStrictAttributes() Option {
	return func(f *Fake) { f.strict = true }
}

// WithLookThenInsert makes uniqueness what it is where no index enforces it: the server looks
// whether a value is taken, then gap passes, then it inserts without looking again. Two creates
// within gap of each other are both stored.
func WithLookThenInsert(gap time.Duration) Option {
	return func(f *Fake) { f.gap = gap }
}

// WithLaggingLookups lets the two lookups see a new user, and a new external id, only lag after
// it was committed, by the fake's clock. Lists, reads by id and what was seeded do not lag.
func WithLaggingLookups(lag time.Duration) Option {
	return func(f *Fake) { f.lag = lag }
}

// WithFoldedExternalIDs makes the server keep every external id in lower case and without the
// space around it, so that "A7" and " a7" are one, and shown as "a7".
func WithFoldedExternalIDs() Option {
	return func(f *Fake) { f.folded = true }
}

// WithoutUniqueness stores users although their email, username or external id is taken: the client
// alone then prevents duplicates, which [Fake.AssertNoDuplicates] looks for.
func WithoutUniqueness() Option {
	return func(f *Fake) { f.lax = true }
}
