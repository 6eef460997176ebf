package motivetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jarcoal/httpmock"
)

// Replay returns a transport that answers from a fixture, without a network:
// the first request gets the first answer, the second the second. Hand it to
// motive.WithTransport.
//
// A request that differs from the one whose turn it is, in method, path from
// /v1 on, query or body as JSON, fails tb with a diff and gets an error that the
// client does not try again; the story then waits for the right one. Headers are not compared. What was never
// asked fails tb at its end.
//
// A recorded story has pseudonyms in place of personal data. There a request
// may have any value where the file has a pseudonym, if it has the same one
// throughout, and the answers then have the request's value as well: the
// program that was recorded can be replayed as it is. Passwords match any
// other.
func Replay(tb testing.TB, file string) http.RoundTripper {
	tb.Helper()
	f, err := loadFixture(file)
	if err != nil {
		tb.Errorf("%v", err)
		f = &fixture{}
	}
	r := &replayer{tb: tb, file: file, broken: err, fixture: f, told: map[string]bool{}, roles: newCast()}
	tb.Cleanup(r.finish)

	// One responder for every request: the routes of httpmock know no order, and
	// one without a query matches any query.
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(r.respond)
	return mock
}

type replayer struct {
	tb      testing.TB
	file    string
	broken  error // why the fixture could not be read
	fixture *fixture

	mu    sync.Mutex
	next  int             // index of the exchange whose turn it is
	told  map[string]bool // failures already reported: a client may retry
	roles *cast
}

func (r *replayer) respond(req *http.Request) (*http.Response, error) {
	asked, err := readRequest(req)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return nil, mismatch{r.broken.Error()}
	}
	if r.next == len(r.fixture.Exchanges) {
		return nil, r.fail(fmt.Sprintf("all %d exchanges are over, and another request came:\n%s",
			r.next, prefixLines("+ ", asked.lines())))
	}
	e := r.fixture.Exchanges[r.next]
	wanted, err := parseRequest(e.Request)
	if err != nil {
		return nil, r.fail(err.Error())
	}
	if diff := r.compare(wanted, asked); diff != "" {
		return nil, r.fail(fmt.Sprintf("the request differs from exchange %d (- fixture, + request):\n%s", r.next+1, diff))
	}
	r.next++
	return r.answer(e.Response, req), nil
}

// compare returns "" and commits to the roles that it has found, or a diff.
func (r *replayer) compare(wanted, asked storyRequest) string {
	roles := r.roles
	if r.fixture.Origin == originRecorded {
		roles = r.roles.clone()
		asked = asked.rewrite(roles.recognise(wanted.scalars()))
	}
	asked = asked.rewrite(maskLike(wanted.scalars()))
	wanted = wanted.rewrite(maskLike(nil))
	a, b := wanted.lines(), asked.lines()
	if slices.Equal(a, b) {
		r.roles = roles
		return ""
	}
	return diffLines(a, b)
}

// A mismatch is the error of a request that the fixture has no answer for.
type mismatch struct{ text string }

func (m mismatch) Error() string { return m.text }

// Permanent tells the client not to try again: the next answer is the same.
func (m mismatch) Permanent() bool { return true }

// fail reports each failure once, and without ending the test: a transport may
// be called from any goroutine.
func (r *replayer) fail(message string) error {
	err := mismatch{fmt.Sprintf("motivetest: replay %s: %s", r.file, message)}
	if !r.told[message] {
		r.told[message] = true
		r.tb.Errorf("%v", err)
	}
	return err
}

func (r *replayer) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var left []string
	for i, e := range r.fixture.Exchanges[r.next:] {
		left = append(left, fmt.Sprintf("  exchange %d: %s %s", r.next+i+1, e.Request.Method, e.Request.Path))
	}
	if len(left) > 0 {
		r.tb.Errorf("motivetest: replay %s: never asked:\n%s", r.file, strings.Join(left, "\n"))
	}
}

func (r *replayer) answer(res fixtureResponse, req *http.Request) *http.Response {
	body := []byte(res.Text)
	if res.Body != nil {
		body = r.dub(res.Body)
	}
	resp := httpmock.NewBytesResponse(res.Status, body)
	resp.Status = fmt.Sprintf("%d %s", res.Status, http.StatusText(res.Status))
	resp.ContentLength = int64(len(body))
	resp.Request = req
	for name, value := range res.Header {
		resp.Header.Set(name, value)
	}
	return resp
}

// dub gives the answer the values of the requests in place of their pseudonyms.
func (r *replayer) dub(body json.RawMessage) []byte {
	v, err := parseJSON(body)
	if err != nil {
		return body // as it stands; the reader has seen that it is JSON
	}
	return appendJSON(nil, rewriteJSON(v, "body", place{}, r.roles.restore))
}

// A cast says which value of the running program stands for which pseudonym of
// the file.
type cast struct {
	actor map[string]string   // pseudonym to value
	role  map[personal]string // value to pseudonym
}

func newCast() *cast {
	return &cast{actor: map[string]string{}, role: map[personal]string{}}
}

func (c *cast) clone() *cast {
	return &cast{actor: maps.Clone(c.actor), role: maps.Clone(c.role)}
}

// literal kinds have no pseudonyms.
var literal = []dataKind{dataKept, dataSecret, dataMessage}

// recognise is a change that turns a value into the pseudonym that stands in
// its place in wanted, where neither already belongs to another.
func (c *cast) recognise(wanted map[string]any) func(scalar) any {
	return func(s scalar) any {
		w, ok := wanted[s.at]
		if !ok || !sameType(w, s.value) || slices.Contains(literal, s.kind) {
			return s.value
		}
		pseudonym, value := textOf(w), textOf(s.value)
		if s.kind == dataKey && !isStandIn(pseudonym) {
			return s.value
		}
		if value == pseudonym || strings.TrimSpace(value) == "" || strings.TrimSpace(pseudonym) == "" {
			return s.value
		}
		key := personal{s.kind, fold(s.kind, value)}
		role, hasRole := c.role[key]
		actor, hasActor := c.actor[pseudonym]
		switch {
		case hasRole && role == pseudonym:
			return w
		case !hasRole && (!hasActor || fold(s.kind, actor) == key.value):
			c.role[key] = pseudonym
			if !hasActor {
				c.actor[pseudonym] = value
			}
			return w
		}
		return s.value
	}
}

// restore is a change that turns a pseudonym back into the program's value.
func (c *cast) restore(s scalar) any {
	value := textOf(s.value)
	switch s.kind {
	case dataKept, dataSecret:
		return s.value
	case dataMessage:
		for _, pseudonym := range longestFirst(c.actor) {
			value = replaceWord(value, pseudonym, c.actor[pseudonym])
		}
		return value
	}
	actor, ok := c.actor[value]
	if !ok {
		return s.value
	}
	if _, isNumber := s.value.(json.Number); !isNumber {
		return actor
	}
	if numeral.MatchString(actor) {
		return json.Number(actor)
	}
	return s.value
}

func sameType(a, b any) bool {
	_, aNumber := a.(json.Number)
	_, bNumber := b.(json.Number)
	return aNumber == bNumber
}

// maskLike is a change that keeps secrets out of a diff. Every secret reads the
// same; a licence number that differs from the wanted one says only that.
func maskLike(wanted map[string]any) func(scalar) any {
	return func(s scalar) any {
		if textOf(s.value) == "" {
			return s.value
		}
		switch s.kind {
		case dataSecret:
			return redacted
		case dataLicence:
			if w, ok := wanted[s.at]; wanted == nil || ok && w == s.value {
				return redacted
			}
			return "[another licence number]"
		}
		return s.value
	}
}
