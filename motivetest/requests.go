package motivetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Request is one request that the fake received. Printed it shows method, path and status only.
type Request struct {
	Method string // "GET", as sent
	// Path is the path under the base path, "/v1/users/7"; "" for a request outside of it.
	Path string
	// Template is the path with {id} for the id, "/v1/users/{id}"; "" where there is no such path.
	Template string
	Query    url.Values // as sent
	// Header is the header as sent, with the credentials blotted out.
	Header http.Header
	// Body is the decoded body where that is a JSON object, with every number a
	// float64, or the form of an OAuth request without its secrets; else nil.
	Body map[string]any
	// Status is what was answered, 0 where no response was sent.
	Status int
	// Refusal is the sentence that refused the request, "" where none did.
	Refusal string
	// Ignored names the attributes of the body, and the parameters of a list, that
	// the API does not know or that cannot be written.
	Ignored []string
	// Committed says that the request had its effect, whatever was answered: it changed the fleet,
	// issued or revoked a token, or did what shows nowhere else, as to send a message.
	Committed bool
	At        time.Time // by the fake's clock
}

// Format prints "POST /v1/users 201" under every verb.
func (r Request) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "%s %s %d", r.Method, r.Path, r.Status)
}

// Requests returns the requests received so far, in the order of their arrival. One that is
// still being answered is among them, with Status 0.
func (f *Fake) Requests() []Request {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	list := make([]Request, len(f.log.entries))
	for i, e := range f.log.entries {
		list[i] = e.decoded()
	}
	return list
}

// ForgetRequests empties [Fake.Requests] and [Fake.Faults], for long runs and for a test that
// wants to look at its second half only. The counts of creates stay.
func (f *Fake) ForgetRequests() {
	f.log.update(func() { f.log.entries, f.log.strikes = nil, nil })
}

// entry is a request in the log. Its body is decoded when somebody asks.
type entry struct {
	Request
	id        string
	query     string
	body      []byte
	requestID string
	index     int
	took      time.Duration
	began     time.Time // real time, to measure
}

// journal is what was asked, which faults are to strike, and which have.
type journal struct {
	mu      sync.Mutex
	count   int // of requests, forgotten ones too
	entries []*entry
	active  []*injection
	strikes []*strike // those that did something
}

func (l *journal) update(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// note changes what the log says of the request.
func (x *exchange) note(change func(*entry)) { x.f.log.update(func() { change(x.entry) }) }

// commit notes that the request has had its effect.
func (x *exchange) commit() { x.note(func(e *entry) { e.Committed = true }) }

// decoded returns a Request that shares nothing with the log.
func (e *entry) decoded() Request {
	r := e.Request
	r.Query, _ = url.ParseQuery(e.query)
	r.Header = r.Header.Clone()
	r.Ignored = slices.Clone(r.Ignored)
	if mediaType(r.Header) == formType {
		r.Body = formWithoutSecrets(e.body)
	} else if json.Unmarshal(e.body, &r.Body) != nil {
		r.Body = nil
	}
	return r
}

const blot = "[secret]"

func withoutSecrets(h http.Header) http.Header {
	h = h.Clone()
	_, isBearer := bearer(h)
	for _, name := range []string{"Authorization", "X-Api-Key", "Cookie", "Proxy-Authorization"} {
		if h.Get(name) != "" {
			h.Set(name, blot)
		}
	}
	if isBearer {
		h.Set("Authorization", "Bearer "+blot)
	}
	return h
}

// The fields of an OAuth form that may be shown.
var plainFormFields = []string{"grant_type", "client_id", "redirect_uri", "scope", "token_type_hint"}

func formWithoutSecrets(body []byte) map[string]any {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	shown := map[string]any{}
	for name := range form {
		shown[name] = blot
		if slices.Contains(plainFormFields, name) {
			shown[name] = form.Get(name)
		}
	}
	return shown
}
