package motivetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The faults of this file are what stands between a client and an API: proxies, gateways, load
// balancers and caches, which say things that are not so.

// BodyAfter handles the request and answers with status and body all the same. The Content-Type
// goes by the body's first byte: HTML, JSON or plain text; an empty body has none. What proxies
// are seen to say of a write that was carried out: 200 with "OK", {}, {"status":"ok"},
// {"user":null}, a page, or nothing.
func BodyAfter(status int, body string) Fault {
	return Fault{name: fmt.Sprintf("%d %.20q after commit", status, body), rewrite: func(_ *exchange, a *answer) bool {
		*a = answer{status: status, body: []byte(body), header: http.Header{}}
		switch {
		case strings.HasPrefix(body, "<"):
			a.header.Set("Content-Type", "text/html")
		case body != "" && !json.Valid(a.body):
			a.header.Set("Content-Type", "text/plain")
		}
		return true
	}}
}

// RedirectTo answers 307 to url instead of handling the request: with method and body kept, the
// redirect that is worst to follow.
func RedirectTo(url string) Fault { return Redirect(http.StatusTemporaryRedirect, url) }

// Redirect answers with a redirect of any status to url instead of handling the request.
func Redirect(status int, url string) Fault {
	return Fault{name: "redirect " + strconv.Itoa(status), gate: func(*exchange) answer { return redirect(status, url) }}
}

// RedirectAfter handles the request and answers with a redirect all the same, as a proxy does
// whose login has run out.
func RedirectAfter(status int, url string) Fault {
	return Fault{name: "redirect " + strconv.Itoa(status) + " after commit", rewrite: func(_ *exchange, a *answer) bool {
		*a = redirect(status, url)
		return true
	}}
}

func redirect(status int, url string) answer {
	return answer{status: status, header: http.Header{"Location": {url}}}
}

// GatewayTimeout answers 504 with a page after patience, while the server goes on working: it
// handles the request only when work has passed. What is committed then shows in [Fake.Requests]
// and not in [Fake.Faults], which is written before.
func GatewayTimeout(patience, work time.Duration) Fault {
	return Fault{name: "gateway timeout", gate: func(x *exchange) answer {
		x.f.working.Add(1)
		go func() {
			defer x.f.working.Done()
			if x.f.sleep(work) {
				x.f.handle(x)
			}
		}()
		x.wait(patience)
		return errorAnswer(http.StatusGatewayTimeout, HTML)
	}}
}

// ForeignRecord handles the request and answers with somebody else's record: with that of the
// user of the lowest other id, or with one made up where there is no other. Lists are left
// alone.
func ForeignRecord() Fault {
	return Fault{name: "foreign record", rewrite: func(x *exchange, a *answer) bool {
		var shown map[string]json.RawMessage
		if a.status >= 300 || json.Unmarshal(a.body, &shown) != nil {
			return false
		}
		if shown["external_id_holder_id"] != nil {
			shown["id"] = encode(idOf(shown) + 1)
			a.say(encode(shown))
			return true
		}
		var user map[string]json.RawMessage
		if json.Unmarshal(shown["user"], &user) != nil {
			return false
		}
		a.say(wrapUser(nil, x.f.otherThan(idOf(user))))
		return true
	}}
}

func idOf(record map[string]json.RawMessage) int64 {
	var id int64
	_ = json.Unmarshal(record["id"], &id) // of a response of the fake's own
	return id
}

func (f *Fake) otherThan(id int64) []byte {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	for _, u := range f.store.users {
		if u.id != id {
			return u.answer
		}
	}
	return answerOf(attrs{
		"id": encode(id + 1), "first_name": quoted("Somebody"), "last_name": quoted("Else"), "role": quoted("driver"),
		"username": quoted("somebody.else"), "created_at": stamp(f.now()), "updated_at": stamp(f.now()),
	})
}

// Storm refuses every request for d from the first one that it meets, by the fake's clock, with
// status and, where retryAfter is not "", a Retry-After.
func Storm(status int, retryAfter string, d time.Duration) Fault {
	var mu sync.Mutex
	var began time.Time
	return Fault{
		name: "storm of " + strconv.Itoa(status),
		applies: func(x *exchange) bool {
			mu.Lock()
			defer mu.Unlock()
			if began.IsZero() {
				began = x.f.now()
			}
			return x.f.now().Sub(began) < d
		},
		gate: func(*exchange) answer { return busy(status, retryAfter) },
	}
}

// TokenBucket handles perSecond requests on average and bursts of burst, by the fake's clock,
// and strikes the rest with status: 429, or 503 as nginx does. With hint the response has a
// Retry-After of whole seconds, without it none.
func TokenBucket(perSecond float64, burst, status int, hint bool) Fault {
	b := &bucket{rate: perSecond, burst: float64(burst), tokens: float64(burst)}
	return Fault{
		name:    fmt.Sprintf("%g a second", perSecond),
		applies: func(x *exchange) bool { return !b.take(x.f.now()) },
		gate: func(*exchange) answer {
			if !hint {
				return busy(status, "")
			}
			return busy(status, strconv.Itoa(int(max(1/perSecond, 1)+0.999)))
		},
	}
}

type bucket struct {
	rate, burst float64

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.filled.IsZero() {
		b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.filled).Seconds())
	}
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func busy(status int, retryAfter string) answer {
	a := refuse(status, "%s", strings.ToLower(http.StatusText(status)))
	if retryAfter != "" {
		a.header = http.Header{"Retry-After": {retryAfter}}
	}
	return a
}

// Movement is what happens to the rows of a list while it is read.
type Movement int

// The movements. Those that need a free id do nothing where there is none: seed users with ids
// that leave room.
const (
	RowLeaves      Movement = iota // the first active user is deactivated, and so leaves a list of active ones
	RowInFront                     // a user with an id below all others
	RowInTheMiddle                 // a user with a free id between others
	RowAtTheEnd                    // a user with the highest id
)

// Churn moves a row before each page of a list but the first.
func Churn(movement Movement) Fault {
	return Fault{
		name:    "churn",
		applies: func(x *exchange) bool { return x.isList() && positive(x.query.Get("page_no"), 1) > 1 },
		alter:   func(x *exchange) { x.f.move(movement) },
	}
}

func (f *Fake) move(movement Movement) {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	users := f.store.users
	if movement == RowLeaves {
		for _, u := range users {
			if u.status == "active" {
				a := u.attrs()
				a["status"] = quoted("deactivated")
				f.store.put(u, a)
				return
			}
		}
		return
	}
	id := f.store.lastUser + 1
	switch {
	case len(users) == 0 || movement == RowAtTheEnd:
	case movement == RowInFront:
		id = users[0].id - 1
	default:
		id = freeBetween(users)
	}
	if id < 1 {
		return
	}
	f.store.put(&user{id: id, seeded: true}, attrs{
		"first_name": quoted("New"), "last_name": quoted("Comer"), "role": quoted("driver"),
		"created_at": stamp(f.now()), "updated_at": stamp(f.now()),
	})
}

// freeBetween returns a free id in the second half of the list, else in the first, or 0.
func freeBetween(users []*user) int64 {
	for i := range users {
		at := (len(users)/2 + i) % len(users)
		if at > 0 && users[at].id-users[at-1].id > 1 {
			return users[at].id - 1
		}
	}
	return 0
}
