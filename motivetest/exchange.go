package motivetest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// An exchange is one request on its way through the fake.
type exchange struct {
	f     *Fake
	w     http.ResponseWriter
	r     *http.Request
	entry *entry
	query url.Values

	testMode  bool // a write is judged and not stored
	pageShift int  // how many pages too early the rows of a list are taken
	total     *int // in place of a list's own
}

// A response is what the fake says to a request, before any fault has touched it. Handling and
// sending are apart so that a fault can stand between them.
type response struct {
	status   int
	header   http.Header
	body     []byte
	problems []problem        // the body of an error, rendered last
	stream   func() io.Reader // in place of body, for what is too large to hold
	size     int              // of the stream
}

// say gives the response another body, whatever it had.
func (a *response) say(body []byte) { a.body, a.problems, a.stream = body, nil, nil }

// content returns the body and its length.
func (a *response) content() (io.Reader, int) {
	if a.stream != nil {
		return a.stream(), a.size
	}
	return bytes.NewReader(a.body), len(a.body)
}

// begin logs the request.
func (f *Fake) begin(w http.ResponseWriter, r *http.Request, body []byte) *exchange {
	path, inside := strings.CutPrefix(r.URL.EscapedPath(), f.basePath)
	if !inside || !strings.HasPrefix(path, "/") {
		path = ""
	}
	tmpl, id := f.template(path)
	e := &entry{
		Request: Request{Method: r.Method, Path: path, Template: tmpl, Header: withoutSecrets(r.Header), At: f.now()},
		id:      id,
		query:   r.URL.RawQuery,
		body:    body,
		began:   time.Now(),
	}
	f.log.update(func() {
		f.log.count++
		e.requestID, e.index = "req-"+strconv.Itoa(f.log.count), len(f.log.entries)
		f.log.entries = append(f.log.entries, e)
	})
	return &exchange{f: f, w: w, r: r, query: r.URL.Query(), entry: e}
}

// id returns the id in the path, 0 if it is not one.
func (x *exchange) id() int64 {
	id, err := strconv.ParseInt(x.entry.id, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// write sets the response's status and header. Length -1 leaves it to the server.
func (x *exchange) write(a *response, length int) {
	x.note(func(e *entry) { e.Status = a.status })
	h := x.w.Header()
	maps.Copy(h, a.header)
	if h.Get("Content-Type") == "" && length != 0 {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	h.Set("X-Request-Id", x.entry.requestID)
	h.Set("Date", x.f.now().UTC().Format(http.TimeFormat))
	if length >= 0 {
		h.Set("Content-Length", strconv.Itoa(length))
	}
	x.w.WriteHeader(a.status)
}

// render gives an error its body.
func (x *exchange) render(a *response) {
	if a.problems != nil {
		x.note(func(e *entry) { e.Refusal = sentence(a.problems) })
		a.say(x.f.shape.body(a.problems))
	}
}

// send answers the whole of a.
func (x *exchange) send(a *response) {
	x.render(a)
	if a.stream != nil {
		x.write(a, -1)
		x.pour(a.stream(), a.size, pieceSize, 0)
		return
	}
	x.write(a, len(a.body))
	_, _ = x.w.Write(a.body) // a client that has gone is its own affair
}

// pieceSize is in how many bytes a body goes out that nothing slows down.
const pieceSize = 64 << 10

// pour sends size bytes of a body in pieces, with a pause before each.
func (x *exchange) pour(body io.Reader, size, piece int, pause time.Duration) {
	buf := make([]byte, max(min(piece, size), 1))
	for ; size > 0; size -= len(buf) {
		x.flush()
		if !x.wait(pause) {
			return
		}
		buf = buf[:min(len(buf), size)]
		_, _ = io.ReadFull(body, buf) // from memory, and as long as it says
		if _, err := x.w.Write(buf); err != nil {
			return
		}
	}
}

// wait lets d pass; it returns false, early, when the client goes away or the fake is closed.
func (x *exchange) wait(d time.Duration) bool { return elapse(d, x.r.Context().Done(), x.f.done) }

// hang waits until the client goes away or the fake is closed.
func (x *exchange) hang() {
	select {
	case <-x.r.Context().Done():
	case <-x.f.done:
	}
}
