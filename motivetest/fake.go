package motivetest

import (
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

	refuse  func(time.Duration) // closes the port for a while; nil without a socket
	done    <-chan struct{}     // closed by Close
	stop    context.CancelFunc  // closes done
	working sync.WaitGroup      // what goes on after the response
}

// NewHandler returns a fake without a socket, for those who run their own server or call
// ServeHTTP themselves.
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
		"/v1/external_ids/{id}":           {"PUT": {scopeManage, f.updateExternalID}, "DELETE": {scopeManage, f.deleteExternalID}},
		"/oauth/authorize":                {"GET": {"", f.authorize}},
		"/oauth/token":                    {"POST": {"", f.token}},
		"/oauth/revoke":                   {"POST": {"", f.revoke}},
	}
}

// template returns the path with {id} for the id and the id; "" where the API has no such path.
func (f *Fake) template(path string) (tmpl, id string) {
	if f.endpoints[path] != nil {
		return path, ""
	}
	at := strings.LastIndexByte(path, '/') + 1
	tmpl, id = path[:at]+"{id}", path[at:]
	if id == "" || f.endpoints[tmpl] == nil {
		return "", ""
	}
	return tmpl, id
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
		a := refuse(http.StatusMethodNotAllowed, "%s is not allowed on this path%s", x.r.Method, insteadOf(x.r.Method, x.entry.Template))
		a.header = http.Header{"Allow": {strings.Join(slices.Sorted(maps.Keys(methods)), ", ")}}
		return a
	}
	if to.scope == "" {
		return to.handle(x)
	}
	if refused := f.admit(x, to.scope); refused != nil {
		return refused
	}
	if len(x.body) > 0 && mediaType(x.r.Header) != "application/json" {
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
	token, ok := bearer(x.r)
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

func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
