package motivetest

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// Fault is something that goes wrong with a request. The functions that return
// one say whether the request is handled all the same: a fault that strikes
// before leaves the fleet as it was, one that strikes after leaves a change
// committed that the client has not heard of.
//
// A Fault may be injected more than once, and into more than one fake; the
// state it has, such as the budget of [RateLimit], is then shared.
type Fault struct {
	name string
	once bool // Times(1) unless told otherwise
	// applies limits the fault to the requests it makes sense for; nil for all.
	// It is asked last, about requests that meet every condition.
	applies func(*exchange) bool

	// The points at which a fault can strike, in this order. Each may be nil.
	delay   func(*exchange) bool     // false: the client has gone, give up
	gate    func(*exchange) *answer  // not nil: answered without being handled
	cut     func(*exchange)          // the exchange ends here, not handled
	alter   func(*exchange)          // the request is handled otherwise
	rewrite func(*exchange, *answer) // the answer is another
	deliver func(*exchange, answer)  // the answer is sent otherwise
	parts   []Fault                  // of Compose
}

// String returns the fault's name.
func (f Fault) String() string { return f.name }

// Compose makes one fault of several, which then strike the same request; it
// strikes where each of them can. Waits add up, and answers are rewritten one
// after the other. Of several that answer in place of the API, and of several
// that cut or slow the answer down, the first wins; a connection that is cut
// before handling ends all. Faults injected separately compose in the same way
// where they strike the same request.
func Compose(faults ...Fault) Fault {
	all := Fault{parts: slices.Clone(faults)}
	for i, f := range faults {
		if i > 0 {
			all.name += "+"
		}
		all.name += f.name
		all.once = all.once || f.once
	}
	all.applies = func(x *exchange) bool {
		for _, f := range faults {
			if f.applies != nil && !f.applies(x) {
				return false
			}
		}
		return true
	}
	return all
}

// Match limits the requests that a fault strikes; see [Fake.Inject].
type Match func(*injection)

// OnMethod limits a fault to a method.
func OnMethod(method string) Match {
	return func(i *injection) {
		i.conds = append(i.conds, func(x *exchange) bool { return x.r.Method == method })
	}
}

// OnPath limits a fault to a path template under the base path, such as
// "/v1/users/{id}" or "/oauth/token".
func OnPath(template string) Match {
	return func(i *injection) {
		i.anyPath = true
		i.conds = append(i.conds, func(x *exchange) bool { return x.entry.template == template })
	}
}

// OnRequest limits a fault to the requests that match returns true for. match
// is called while no other request is being matched, and must not call the
// fake.
func OnRequest(match func(Request) bool) Match {
	return func(i *injection) {
		i.conds = append(i.conds, func(x *exchange) bool { return match(x.entry.decoded()) })
	}
}

// Nth limits a fault to the nth requests, counted from 1 among those that the
// other conditions match since the fault was injected.
func Nth(n ...int) Match {
	n = slices.Clone(n)
	return func(i *injection) { i.nth = append(i.nth, n...) }
}

// Times lets a fault strike n times at most.
func Times(n int) Match {
	return func(i *injection) { i.times = n }
}

// Probability lets a fault strike a request with probability p, from 0 to 1.
// Which ones follows from the seed and from the order in which the requests
// arrive.
func Probability(p float64, seed uint64) Match {
	return func(i *injection) {
		i.chance = p
		i.random = rand.New(rand.NewPCG(seed, seed))
	}
}

// Inject lets fault strike the requests that meet every condition, from now on.
// Without a condition these are all calls of the API; the OAuth endpoints are
// left alone unless [OnPath] names one. [Fake.Faults] tells what struck.
//
// Go's own transport sends a GET again by itself if a connection that it has
// used before is cut before the first byte of the answer; [Fake.Requests] then
// shows both.
func (f *Fake) Inject(fault Fault, when ...Match) {
	i := &injection{fault: fault, times: unlimited}
	if fault.once {
		i.times = 1
	}
	for _, match := range when {
		match(i)
	}
	f.faults.add(i)
}

// ClearFaults withdraws every fault. Requests that hang go on hanging, and the
// record of what struck stays.
func (f *Fake) ClearFaults() { f.faults.clear() }

// FaultRecord says that a fault struck a request.
type FaultRecord struct {
	Fault   string // its name, "reset after commit"
	Request int    // the index of the request in [Fake.Requests]
	// Committed says that the request changed the fleet, or issued or revoked a
	// token, all the same.
	Committed bool
}

// Faults returns what struck so far, in order.
func (f *Fake) Faults() []FaultRecord { return f.faults.records(&f.log) }

const unlimited = -1

// An injection is a fault and when it strikes.
type injection struct {
	fault   Fault
	anyPath bool
	conds   []func(*exchange) bool
	nth     []int
	times   int
	chance  float64
	random  *rand.Rand

	seen int
}

func (i *injection) fires(x *exchange) bool {
	if !i.anyPath && !x.isCall() {
		return false
	}
	for _, cond := range i.conds {
		if !cond(x) {
			return false
		}
	}
	if i.fault.applies != nil && !i.fault.applies(x) {
		return false
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

type faultList struct {
	mu     sync.Mutex
	active []*injection
	fired  []firing
}

type firing struct {
	name  string
	entry *entry
}

func (l *faultList) add(i *injection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = append(l.active, i)
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = nil
}

func (l *faultList) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fired = nil
}

// fire returns the faults that strike x.
func (l *faultList) fire(x *exchange) []Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	var struck []Fault
	for _, i := range l.active {
		if i.fires(x) {
			struck = append(struck, i.fault)
			l.fired = append(l.fired, firing{i.fault.name, x.entry})
		}
	}
	return struck
}

func (l *faultList) records(log *requestLog) []FaultRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	log.mu.Lock()
	defer log.mu.Unlock()
	list := make([]FaultRecord, len(l.fired))
	for i, f := range l.fired {
		list[i] = FaultRecord{Fault: f.name, Request: f.entry.index, Committed: f.entry.Committed}
	}
	return list
}

// run takes x through the points at which faults strike.
func (x *exchange) run(faults []Fault) {
	faults = flat(faults)
	var early *answer
	var deliver func(*exchange, answer)
	for _, f := range faults {
		if f.delay != nil && !f.delay(x) {
			x.reset()
			return
		}
		if f.alter != nil {
			f.alter(x)
		}
		if early == nil && f.gate != nil {
			early = f.gate(x)
		}
		if deliver == nil {
			deliver = f.deliver
		}
	}
	if cut := slices.IndexFunc(faults, func(f Fault) bool { return f.cut != nil }); cut >= 0 {
		faults[cut].cut(x)
		return
	}
	a := x.answer(early, faults)
	x.render(&a)
	if deliver != nil {
		deliver(x, a)
		return
	}
	x.send(a)
}

// answer handles the request, unless a fault has answered it already.
func (x *exchange) answer(early *answer, faults []Fault) answer {
	if early != nil {
		return *early
	}
	a := x.f.handle(x)
	for _, f := range faults {
		if f.rewrite != nil {
			f.rewrite(x, &a)
		}
	}
	return a
}

// flat takes composed faults apart.
func flat(faults []Fault) []Fault {
	var list []Fault
	for _, f := range faults {
		if f.parts == nil {
			list = append(list, f)
			continue
		}
		list = append(list, flat(f.parts)...)
	}
	return list
}
