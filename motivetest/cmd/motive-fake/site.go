package main

import (
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// A choice is a fault that the page can switch on.
type choice struct {
	Name, Title string
	fault       func() motivetest.Fault
	when        []motivetest.Match
}

var writes = motivetest.OnRequest(func(r motivetest.Request) bool { return r.Method != http.MethodGet })

// choices are the faults of the page, in its order.
var choices = []choice{
	{"unavailable", "503 with a page", func() motivetest.Fault { return motivetest.Status(503, motivetest.HTML) }, nil},
	{"rate", "429, Retry-After: 2", func() motivetest.Fault { return motivetest.TooManyRequests("2") }, nil},
	{"limit", "60 requests a minute", func() motivetest.Fault { return motivetest.RateLimit(60) }, nil},
	{"unauthorized", "401", func() motivetest.Fault { return motivetest.Status(401, motivetest.JSON) }, nil},
	{"slow", "every response two seconds late", func() motivetest.Fault { return motivetest.Latency(2*time.Second, 2*time.Second, 1) }, nil},
	{"hang", "no response at all", motivetest.HangBeforeHeaders, nil},
	{"reset", "connection reset before handling", motivetest.ResetBefore, nil},
	{"lost", "writes are carried out, and the connection is reset", motivetest.ResetAfter, []motivetest.Match{writes}},
	{"gateway", "writes are carried out after a 504", func() motivetest.Fault { return motivetest.GatewayTimeout(time.Second, 2*time.Second) }, []motivetest.Match{writes}},
	{"proxy", "writes are carried out, and a proxy says OK", func() motivetest.Fault { return motivetest.BodyAfter(200, "OK") }, []motivetest.Match{writes}},
	{"foreign", "somebody else's record", motivetest.ForeignRecord, nil},
	{"missing", "404 with a page", func() motivetest.Fault { return motivetest.Status(404, motivetest.HTML) }, nil},
	{"cut", "bodies cut off", motivetest.TruncateBody, nil},
	{"churn", "an active user leaves between two pages", func() motivetest.Fault { return motivetest.Churn(motivetest.RowLeaves) }, nil},
}

// site serves the page beside the API.
type site struct {
	fake             *motivetest.Fake
	base, token, key string

	served atomic.Int64
	mu     sync.Mutex
	on     map[string]bool // faults by name
}

func newSite(fake *motivetest.Fake, base, token, key string) http.Handler {
	s := &site{fake: fake, base: base, token: token, key: key, on: map[string]bool{}}
	// A page of somebody else's that a browser has open is not to switch anything.
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.serve))
}

// serve is no ServeMux, which would redirect paths that it finds unclean, as the API does not.
func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /":
		s.show(w)
	case "POST /faults":
		s.change(w, r)
	default:
		if s.served.Add(1)%maxLogged == 0 {
			s.fake.ForgetRequests()
		}
		s.fake.ServeHTTP(w, r)
	}
}

// maxLogged is how many requests are kept of a server that may run for days.
const maxLogged = 1000

// change switches one fault on or off.
func (s *site) change(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("fault")
	if !slices.ContainsFunc(choices, func(c choice) bool { return c.Name == name }) {
		http.Error(w, "there is no such fault", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on[name] = r.FormValue("on") == "true"
	s.fake.ClearFaults()
	for _, c := range choices {
		if s.on[c.Name] {
			s.fake.Inject(c.fault(), c.when...)
		}
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// view is what the page shows.
type view struct {
	Base, Token, Key string
	OAuth            motivetest.OAuth
	Users            []motive.User
	Hidden           int // users beyond those that are shown
	Requests         []line
	Faults           []fault
}

type fault struct {
	choice
	On bool
}

// line is a request and what became of it.
type line struct {
	motivetest.Request
	Asked  string // the query, without what may be secret
	Struck string // the faults that struck it
}

const (
	shownUsers    = 200
	shownRequests = 50
)

func (s *site) show(w http.ResponseWriter) {
	v := view{Base: s.base, Token: s.token, Key: s.key, OAuth: s.fake.OAuth(), Users: s.fake.Users(), Requests: s.lines()}
	if extra := len(v.Users) - shownUsers; extra > 0 {
		v.Users, v.Hidden = v.Users[:shownUsers], extra
	}
	s.mu.Lock()
	for _, c := range choices {
		v.Faults = append(v.Faults, fault{c, s.on[c.Name]})
	}
	s.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'")
	h.Set("Cache-Control", "no-store")
	_ = page.Execute(w, v) // a browser that has gone is its own affair
}

// lines returns the last requests, the newest first.
func (s *site) lines() []line {
	requests := s.fake.Requests()
	struck := map[int]string{}
	for _, f := range s.fake.Faults() {
		struck[f.Request] += f.Fault + " "
	}
	var lines []line
	for i := len(requests) - 1; i >= 0 && len(lines) < shownRequests; i-- {
		lines = append(lines, line{requests[i], asked(requests[i]), struck[i]})
	}
	return lines
}

// The parameters whose values are shown.
var parameters = []string{
	"page_no", "per_page", "role", "name", "status", "duty_status", "summary",
	"email", "username", "phone", "driver_company_id", "external_id", "integration_name",
}

// asked returns "?page_no=1&role=driver".
func asked(r motivetest.Request) string {
	query, mark := "", "?"
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		value := "…"
		if slices.Contains(parameters, name) {
			value = r.Query.Get(name)
		}
		query += mark + name + "=" + value
		mark = "&"
	}
	return query
}
