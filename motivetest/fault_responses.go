package motivetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The faults of this file are what stands between a client and an API: proxies, gateways, load
// balancers and caches, which say things that are not so.

// instead says a and does not handle the request.
func instead(name string, a *response) Fault {
	return Fault{name: name, gate: func(*exchange) *response {
		said := *a
		return &said
	}}
}

// after handles the request and says a all the same.
func after(name string, a *response) Fault {
	return Fault{name: name + " after commit", rewrite: func(_ *exchange, said *response) bool {
		*said = *a
		return true
	}}
}

// Body is the kind of body that an error has.
type Body int

// The kinds of body.
const (
	JSON  Body = iota // Motive's own, {"error_message":"…"}
	HTML              // the page of a proxy in front of the API
	Empty             // nothing, and no Content-Type
)

// Status answers with status n instead of handling the request.
func Status(n int, body Body) Fault {
	return instead("status "+strconv.Itoa(n), errorResponse(n, body))
}

// StatusAfter handles the request and answers with status n all the same: the change is
// committed, and a 502 from a proxy is all that the client hears. With a 200 the client is told
// that all went well, by a body that has no user in it.
func StatusAfter(n int, body Body) Fault {
	return after("status "+strconv.Itoa(n), errorResponse(n, body))
}

func errorResponse(status int, body Body) *response {
	switch body {
	case HTML:
		page := fmt.Sprintf("<html>\r\n<head><title>%[1]d %[2]s</title></head>\r\n<body><center><h1>%[1]d %[2]s</h1></center></body>\r\n</html>\r\n",
			status, http.StatusText(status))
		return &response{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: []byte(page)}
	case Empty:
		return &response{status: status}
	default:
		return busy(status, "")
	}
}

// BodyAfter handles the request and answers with status and body all the same. The Content-Type
// goes by the body's first byte: HTML, JSON or plain text; an empty body has none. What proxies
// are seen to say of a write that was carried out: 200 with "OK", {}, {"status":"ok"},
// {"user":null}, a page, or nothing.
func BodyAfter(status int, body string) Fault {
	a := &response{status: status, body: []byte(body), header: http.Header{}}
	switch {
	case strings.HasPrefix(body, "<"):
		a.header.Set("Content-Type", "text/html")
	case body != "" && !json.Valid(a.body):
		a.header.Set("Content-Type", "text/plain")
	}
	return after(fmt.Sprintf("%d %.20q", status, body), a)
}

// RedirectTo is [Redirect] by 307, which keeps method and body and so is the worst to follow.
func RedirectTo(url string) Fault { return Redirect(http.StatusTemporaryRedirect, url) }

// Redirect answers with a redirect of any status to url instead of handling the request.
func Redirect(status int, url string) Fault {
	return instead("redirect "+strconv.Itoa(status), redirect(status, url))
}

// RedirectAfter handles the request and redirects all the same, as a proxy whose login has run out.
func RedirectAfter(status int, url string) Fault {
	return after("redirect "+strconv.Itoa(status), redirect(status, url))
}

func redirect(status int, url string) *response {
	return &response{status: status, header: http.Header{"Location": {url}}}
}

// GatewayTimeout answers 504 with a page after patience, while the server goes on working: it
// handles the request only when work has passed. What is committed then shows in [Fake.Requests]
// and not in [Fake.Faults], which is written before.
func GatewayTimeout(patience, work time.Duration) Fault {
	return Fault{name: "gateway timeout", gate: func(x *exchange) *response {
		x.f.working.Go(func() {
			if x.f.sleep(work) {
				x.f.handle(x)
			}
		})
		x.wait(patience)
		return errorResponse(http.StatusGatewayTimeout, HTML)
	}}
}

// ForeignRecord handles the request and answers with somebody else's record: with that of the user
// of the lowest other id, or with one made up where there is no other. Lists are left alone.
func ForeignRecord() Fault {
	return Fault{name: "foreign record", rewrite: func(x *exchange, a *response) bool {
		var shown map[string]json.RawMessage
		var ids struct {
			ID   int64
			User *struct{ ID int64 }
		}
		if a.status >= 300 || json.Unmarshal(a.body, &shown) != nil || json.Unmarshal(a.body, &ids) != nil {
			return false
		}
		switch {
		case shown["external_id_holder_id"] != nil:
			shown["id"] = encode(ids.ID + 1)
			a.say(encode(shown))
		case ids.User != nil:
			a.say(wrapUser(nil, x.f.otherThan(ids.User.ID)))
		default:
			return false
		}
		return true
	}}
}

func (f *Fake) otherThan(id int64) []byte {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	for _, u := range f.store.users {
		if u.id != id {
			return u.json
		}
	}
	made := f.driver(id+1, "Somebody", "Else")
	made["username"] = encode("somebody.else")
	return jsonOf(made)
}

// driver returns a driver who was made up just now.
func (f *Fake) driver(id int64, first, last string) attrs {
	now := stamp(f.now())
	return attrs{
		"id": encode(id), "first_name": encode(first), "last_name": encode(last), "role": encode("driver"),
		"created_at": now, "updated_at": now,
	}
}

// Nonsense is a kind of body that is not what was promised.
type Nonsense int

// The kinds of nonsense.
const (
	WrongTypes  Nonsense = iota // the right names with values of other types
	NullBody                    // null
	ArrayBody                   // an array of numbers
	DeepNesting                 // an array 100,000 levels deep
	HugeBody                    // 100 MiB of well-formed JSON, streamed
	NotJSON                     // text
)

const (
	nestingDepth = 100_000
	hugeSize     = 100 << 20
)

var nonsense = map[Nonsense]struct{ name, body string }{
	WrongTypes: {"wrong types", `{"user":{"id":{"value":1},"first_name":["Ada"],"group_ids":"none","metric_units":7,"external_ids":{"a":1}},` +
		`"users":{"user":[]},"pagination":[25,1,"many"],"user_roles":3,"access_token":{"a":1},"expires_in":"soon"}`},
	NullBody:    {"null", "null"},
	ArrayBody:   {"an array", "[1,2,3]"},
	DeepNesting: {"deep nesting", ""}, // too large to keep
	HugeBody:    {"100 MiB", ""},
	NotJSON:     {"not JSON", "Service is warming up, please come back later.\n"},
}

// String returns the kind in words, as it stands in the name of the fault.
func (n Nonsense) String() string { return cmp.Or(nonsense[n].name, "nonsense "+strconv.Itoa(int(n))) }

// Garbage handles the request and replaces the body of a successful response; the status stays.
func Garbage(kind Nonsense) Fault {
	return Fault{name: "garbage: " + kind.String(), rewrite: func(_ *exchange, a *response) bool {
		if a.status >= 300 {
			return false
		}
		a.say([]byte(cmp.Or(nonsense[kind].body, nonsense[WrongTypes].body)))
		switch kind {
		case DeepNesting:
			a.say([]byte(`{"user":` + strings.Repeat("[", nestingDepth) + strings.Repeat("]", nestingDepth) + "}"))
		case HugeBody:
			a.stream, a.size = hugeBody, hugeSize
		}
		return true
	}}
}

// hugeBody is one user whose last name does not end for 100 MiB.
func hugeBody() io.Reader {
	const head, tail = `{"user":{"id":1,"last_name":"`, `"}}`
	name := io.LimitReader(letters{}, hugeSize-int64(len(head)+len(tail)))
	return io.MultiReader(strings.NewReader(head), name, strings.NewReader(tail))
}

// letters is a text that never ends.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
