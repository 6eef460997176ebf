package motivetest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A Recorder is a transport that passes every request on and keeps the exchange
// for a fixture; see [Record]. It is safe for concurrent use.
type Recorder struct {
	file string
	next http.RoundTripper

	mu        sync.Mutex
	exchanges []*rawExchange // in the order in which the requests began
	secrets   map[string]bool
}

// A rawExchange is what went over the wire. It never leaves memory.
type rawExchange struct {
	method   string
	path     string // escaped, from /v1 on
	query    url.Values
	body     []byte
	answered bool
	status   int
	header   http.Header
	answer   []byte
}

// Record returns a transport that passes requests on to next and stores what
// was said in file when it is saved, for [Replay]. Without a next it uses
// [http.DefaultTransport]. Hand it to motive.WithTransport, or put it anywhere
// else below the client's authentication.
//
// Only calls under /v1 are stored, so no OAuth exchange is. A request that got
// no whole answer is not stored either. Of headers the file holds Content-Type,
// Retry-After and a numbered X-Request-Id of the answer, of queries the
// documented keys. Tokens, keys and passwords read "[redacted]". Names, emails,
// usernames, phones, addresses, licence numbers, the numbers that other systems
// have for a person, and the values of unknown fields are replaced by
// pseudonyms, the same one wherever the value appears in the file. Motive's own
// ids, enums, flags and times stay, where they read as such: whole numbers, and
// words of the API. So do names of fields made of such words; any other name of
// a member is replaced like a value. Sentences keep their words and lose the
// values in them; a body that is neither JSON nor a sentence is left out.
//
// The whole answer is read into memory before it is handed on. Read the file
// before it is committed: what a server may send cannot all be foreseen.
func Record(file string, next http.RoundTripper) *Recorder {
	if next == nil {
		next = http.DefaultTransport
	}
	return &Recorder{file: file, next: next, secrets: map[string]bool{}}
}

// RoundTrip sends the request through the next transport.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	path, ok := splitPath(req.URL.EscapedPath())
	if !ok {
		return r.next.RoundTrip(req)
	}
	body, err := drain(req.Body)
	if err != nil {
		return nil, err
	}
	x := r.begin(req, path, body)

	out := req.Clone(req.Context()) // a round tripper must not change its request
	if req.Body != nil {
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := r.next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	answer, err := drain(resp.Body)
	if err != nil {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(answer), failing{err}))
		return resp, nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))

	r.mu.Lock()
	defer r.mu.Unlock()
	x.answered, x.status, x.header, x.answer = true, resp.StatusCode, resp.Header.Clone(), answer
	return resp, nil
}

func (r *Recorder) begin(req *http.Request, path string, body []byte) *rawExchange {
	x := &rawExchange{method: req.Method, path: path, query: req.URL.Query(), body: body}
	if x.method == "" {
		x.method = http.MethodGet
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, x)
	for _, name := range []string{"Authorization", "X-Api-Key", "Cookie"} {
		for _, value := range req.Header.Values(name) {
			r.secrets[value] = true
			if _, credential, ok := strings.Cut(value, " "); ok {
				r.secrets[credential] = true
			}
		}
	}
	return x
}

// Save writes the file: what has been answered so far, in the order in which it
// was asked. It replaces the file as a whole or leaves it as it was. Errors are
// those of the file system, a story without a single answer, and one in which
// something still looks like an email, a phone number or a credential after all
// replacements.
func (r *Recorder) Save() error {
	f := r.fixture()
	if len(f.Exchanges) == 0 {
		return fmt.Errorf("motivetest: record %s: no exchange under /v1 was answered", r.file)
	}
	data, err := f.encode()
	if err != nil {
		return err
	}
	if _, err := parseFixture(data); err != nil {
		return fmt.Errorf("motivetest: record %s: %w", r.file, err)
	}
	if line, what := residue(data); what != "" {
		return fmt.Errorf("motivetest: record %s: not written, as line %d would have what looks like %s", r.file, line, what)
	}
	return writeFile(r.file, data)
}

// Close saves.
func (r *Recorder) Close() error { return r.Save() }

// Format prints the file's name only: a Recorder holds credentials.
func (r *Recorder) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "motivetest.Recorder(%s)", r.file)
}

func (r *Recorder) fixture() *fixture {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &fixture{
		Title:  r.title(),
		Origin: originRecorded,
		Note:   "Recorded. Secrets and personal data have been replaced.",
	}
	names := newPseudonyms()
	for secret := range r.secrets {
		names.secrets[secret] = true
	}
	// Twice: a sentence may hold a name that only a later exchange shows to be one.
	for range 2 {
		f.Exchanges = nil
		for _, x := range r.exchanges {
			if x.answered {
				f.Exchanges = append(f.Exchanges, x.clean(names, len(f.Exchanges)+1))
			}
		}
	}
	return f
}

// title keeps the title of a file that is recorded anew.
func (r *Recorder) title() string {
	if old, err := loadFixture(r.file); err == nil {
		return old.Title
	}
	name := strings.TrimSuffix(filepath.Base(r.file), filepath.Ext(r.file))
	return strings.NewReplacer("_", " ", "-", " ").Replace(name)
}

func (x *rawExchange) clean(names *pseudonyms, n int) step {
	var e step
	e.Request.Method = x.method
	e.Request.Path = cleanPath(x.path, names.replace)
	e.Request.Query = rewriteQuery(queryPairs(x.query), names.replace)
	if v, err := parseJSON(x.body); err == nil {
		e.Request.Body = appendJSON(nil, rewriteJSON(v, "body", place{}, names.replace))
	} else if len(x.body) > 0 {
		e.Request.Text = leftOut(x.body)
	}

	e.Response.Status = x.status
	e.Response.Header = cleanHeader(x.header, n)
	answer := inflate(x.answer, x.header)
	if v, err := parseJSON(answer); err == nil {
		e.Response.Body = appendJSON(nil, rewriteJSON(v, "body", place{}, names.replace))
	} else if len(answer) > 0 {
		e.Response.Text = cleanText(answer, x.status, names)
	}
	return e
}

func cleanPath(escaped string, change func(scalar) any) string {
	segments := strings.Split(strings.TrimPrefix(escaped, "/v1/"), "/")
	for i, s := range segments {
		if plain, err := url.PathUnescape(s); err == nil {
			segments[i] = plain
		}
	}
	segments = rewritePath(segments, change)
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return "/v1/" + strings.Join(segments, "/")
}

func cleanHeader(header http.Header, n int) map[string]string {
	clean := map[string]string{}
	if media, _, err := mime.ParseMediaType(header.Get("Content-Type")); err == nil {
		clean["Content-Type"] = media
	}
	if after := header.Get("Retry-After"); isRetryAfter(after) {
		clean["Retry-After"] = after
	}
	if header.Get("X-Request-Id") != "" {
		clean["X-Request-Id"] = fmt.Sprintf("request-%04d", n)
	}
	return clean
}

func isRetryAfter(s string) bool {
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return true
	}
	_, err := http.ParseTime(s)
	return err == nil
}

// cleanText keeps a short sentence without its values. Of anything else nothing
// can be told from a value, so only its kind and size are kept.
func cleanText(answer []byte, status int, names *pseudonyms) string {
	s := strings.TrimSpace(string(answer))
	switch {
	case strings.HasPrefix(s, "<"):
		return fmt.Sprintf("<html><body><h1>%d %s</h1></body></html>", status, http.StatusText(status))
	case len(s) <= 1<<10 && utf8.ValidString(s) && !strings.ContainsAny(s, "<{[") && !strings.ContainsFunc(s, isControl):
		return names.scrub(s)
	default:
		return leftOut(answer)
	}
}

func leftOut(body []byte) string {
	return fmt.Sprintf("%d bytes that are not JSON were left out", len(body))
}

// inflate undoes the compression that a client has asked for itself, so that
// the file can be read.
func inflate(body []byte, header http.Header) []byte {
	if header.Get("Content-Encoding") != "gzip" {
		return body
	}
	zr, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	plain, err := io.ReadAll(io.LimitReader(zr, maxInflated))
	if err != nil {
		return body
	}
	return plain
}

const maxInflated = 64 << 20 // bytes, against a body that inflates without end

// drain reads and closes a body. It returns what it has read beside an error.
func drain(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	data, err := io.ReadAll(body)
	return data, errors.Join(err, body.Close())
}

// failing ends a body as it ended on the wire.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
