package motivetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong with a request. The functions that return one say whether
// the request is handled all the same: a fault that strikes before leaves the fleet as it was,
// one that strikes after leaves a change committed that the client has not heard of.
//
// A Fault may be injected often, into several fakes too; its state, as of [RateLimit], is shared.
type Fault struct {
	name string
	once bool // Times(1) unless told otherwise
	// applies limits the fault to the requests it makes sense for; nil for all.
	// It is asked last, about requests that meet every condition.
	applies func(*exchange) bool

	// The points at which a fault can strike, in this order. Each may be nil.
	delay   func() time.Duration            // the request waits
	cut     func(*exchange)                 // the exchange ends here, not handled
	gate    func(*exchange) *response       // the request is answered and not handled
	alter   func(*exchange) bool            // a list is handled otherwise, unless it is refused; false: as ever
	rewrite func(*exchange, *response) bool // the response is another; false: it is left as it was
	deliver func(*exchange, *response)      // the response is sent otherwise
	parts   []Fault                         // of Compose, none of which has parts itself
}

// String returns the fault's name.
func (f Fault) String() string { return f.name }

// Compose makes one fault of several, which then strike the same request; it strikes where each
// of them can. Waits add up, and responses are rewritten one after the other. Of several that
// answer in place of the API, and of several that cut or slow the response down, the first wins; a
// connection that is cut before handling ends all. Faults injected separately compose in the
// same way where they strike the same request.
func Compose(faults ...Fault) Fault {
	var all Fault
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
		all.once = all.once || f.once
		all.parts = append(all.parts, f.flat()...)
	}
	all.name = strings.Join(names, "+")
	return all
}

// flat returns the parts of a composed fault, and any other as its only part.
func (f Fault) flat() []Fault {
	if f.parts == nil {
		return []Fault{f}
	}
	return f.parts
}

// Match limits the requests that a fault strikes; see [Fake.Inject].
type Match func(*injection)

// OnMethod limits a fault to a method.
func OnMethod(method string) Match {
	return when(func(x *exchange) bool { return x.r.Method == method })
}

func when(cond func(*exchange) bool) Match {
	return func(i *injection) { i.conds = append(i.conds, cond) }
}

// OnPath limits a fault to a path template under the base path, such as "/v1/users/{id}" or
// "/oauth/token". One that the fake does not serve is a mistake; see [Fake.Inject].
func OnPath(template string) Match {
	return func(i *injection) {
		i.templates = append(i.templates, template)
		i.conds = append(i.conds, func(x *exchange) bool { return x.entry.Template == template })
	}
}

// OnRequest limits a fault to the requests that match returns true for. match is called while no
// other request is being matched, and must not call the fake.
func OnRequest(match func(Request) bool) Match {
	return when(func(x *exchange) bool { return match(x.entry.decoded()) })
}

// Nth limits a fault to the nth requests, counted from 1 among those that the other conditions
// match since the fault was injected. Without an n these are none.
func Nth(n ...int) Match {
	n = slices.Clone(n)
	return func(i *injection) { i.nth = append(append([]int{}, i.nth...), n...) }
}

// Times lets a fault strike n times at most. A request that it could do nothing to, because
// another fault came first or the response was none of its kind, does not count.
func Times(n int) Match {
	return func(i *injection) { i.times = n }
}

// Probability lets a fault strike a request with probability p, from 0 to 1. Which ones follows
// from the seed and from the order in which the requests arrive.
func Probability(p float64, seed uint64) Match {
	return func(i *injection) {
		i.chance = p
		i.random = rand.New(rand.NewPCG(seed, seed))
	}
}

// Inject lets fault strike the requests that meet every condition, from now on. Without a
// condition these are all calls of the API; the OAuth endpoints are left alone unless [OnPath]
// names one. [Fake.Faults] tells what struck.
//
// A path that the fake does not serve fails the test at once. Where there is no test to fail,
// every call from now on is answered 501 with a sentence that says so, until [Fake.ClearFaults].
//
// Go's own transport sends a GET again by itself if a connection that it has used before is cut
// before the first byte of the response; [Fake.Requests] then shows both.
func (f *Fake) Inject(fault Fault, when ...Match) {
	i := &injection{fault: fault, times: unlimited}
	if fault.once {
		i.times = 1
	}
	for _, match := range when {
		match(i)
	}
	if at := slices.IndexFunc(i.templates, func(t string) bool { return f.endpoints[t] == nil }); at >= 0 {
		wrong := fmt.Sprintf("motivetest: no request can match OnPath(%q): the paths are %s",
			i.templates[at], strings.Join(slices.Sorted(maps.Keys(f.endpoints)), ", "))
		if f.tb != nil {
			f.tb.Helper()
			f.tb.Fatal(wrong)
			return
		}
		i = &injection{times: unlimited, fault: instead("a fault on a path that is not served",
			refuse(http.StatusNotImplemented, "%s", wrong))}
	}
	f.log.update(func() { f.log.active = append(f.log.active, i) })
}

// ClearFaults withdraws every fault. Requests that hang go on hanging; what struck stays on record.
func (f *Fake) ClearFaults() { f.log.update(func() { f.log.active = nil }) }

// FaultRecord says that a fault struck a request.
type FaultRecord struct {
	// Fault is its name, "reset after commit"; of composed faults, of those that did something.
	Fault     string
	Request   int  // the index of the request in [Fake.Requests]
	Committed bool // as [Request].Committed, all the same
}

// Faults returns what struck so far, in order: the faults that did something to a request. One
// that was overruled by another, or that found nothing to spoil, is not among them.
func (f *Fake) Faults() []FaultRecord {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	list := make([]FaultRecord, len(f.log.strikes))
	for i, s := range f.log.strikes {
		list[i] = FaultRecord{Fault: strings.Join(s.acted, "+"), Request: s.entry.index, Committed: s.entry.Committed}
	}
	return list
}

const unlimited = -1

// An injection is a fault and when it strikes.
type injection struct {
	fault     Fault
	templates []string // of OnPath
	conds     []func(*exchange) bool
	nth       []int // nil for all
	times     int
	chance    float64
	random    *rand.Rand
	seen      int
}

func (i *injection) fires(x *exchange) bool {
	if i.templates == nil && !x.isCall() {
		return false
	}
	for _, cond := range i.conds {
		if !cond(x) {
			return false
		}
	}
	for _, f := range i.fault.flat() {
		if f.applies != nil && !f.applies(x) {
			return false
		}
	}
	i.seen++
	if i.nth != nil && !slices.Contains(i.nth, i.seen) {
		return false
	}
	if i.times == 0 || i.random != nil && i.random.Float64() >= i.chance {
		return false
	}
	if i.times > 0 {
		i.times--
	}
	return true
}

// A strike is a fault that meets a request. Which parts of it act is known only when they have.
type strike struct {
	injected *injection
	entry    *entry
	acted    []string // names of parts
}

// A part is one fault of a strike.
type part struct {
	Fault
	of *strike
}

// fire returns the parts of the faults that meet x.
func (l *journal) fire(x *exchange) []part {
	l.mu.Lock()
	defer l.mu.Unlock()
	var parts []part
	for _, i := range l.active {
		if i.fires(x) {
			s := &strike{injected: i, entry: x.entry}
			for _, f := range i.fault.flat() {
				parts = append(parts, part{f, s})
			}
		}
	}
	return parts
}

// acts records that the part has done something to the request, or is about to.
func (l *journal) acts(p part) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.of.acted == nil {
		l.strikes = append(l.strikes, p.of)
	}
	p.of.acted = append(p.of.acted, p.name)
}

// settle gives the strikes back that came to nothing.
func (l *journal) settle(parts []part) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range parts {
		if p.of.acted == nil && p.of.injected.times != unlimited {
			p.of.injected.times++
			p.of.acted = []string{} // once
		}
	}
}

// run takes x through the points at which faults strike.
func (x *exchange) run(parts []part) {
	defer x.f.log.settle(parts)
	for _, p := range parts {
		if p.delay == nil {
			continue
		}
		if d := p.delay(); d > 0 {
			x.f.log.acts(p)
			if !x.wait(d) {
				x.reset()
				return
			}
		}
	}
	if p, ok := x.first(parts, func(f Fault) bool { return f.cut != nil }); ok {
		p.cut(x)
		return
	}
	a := x.respond(parts)
	x.render(a)
	if p, ok := x.first(parts, func(f Fault) bool { return f.deliver != nil }); ok {
		p.deliver(x, a)
		return
	}
	x.send(a)
}

// respond handles the request, unless a fault answers it.
func (x *exchange) respond(parts []part) *response {
	if p, ok := x.first(parts, func(f Fault) bool { return f.gate != nil }); ok {
		return p.gate(x)
	}
	altered := make([]bool, len(parts))
	for i, p := range parts {
		altered[i] = p.alter != nil && p.alter(x)
	}
	a := x.f.handle(x)
	for i, p := range parts {
		if altered[i] && a.problems == nil || p.rewrite != nil && p.rewrite(x, a) {
			x.f.log.acts(p)
		}
	}
	return a
}

// first returns the fault that wins, which is about to act.
func (x *exchange) first(parts []part, can func(Fault) bool) (part, bool) {
	at := slices.IndexFunc(parts, func(p part) bool { return can(p.Fault) })
	if at < 0 {
		return part{}, false
	}
	x.f.log.acts(parts[at])
	return parts[at], true
}
