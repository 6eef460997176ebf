package motivetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A fixture is one story: the exchanges of a client and a server in their
// order. On disk it is indented JSON with the bodies as nested values, so that
// a change of one field is one line in a diff.
type fixture struct {
	Title     string `json:"title"`
	Origin    string `json:"origin"` // originDocumentation or originRecorded
	Note      string `json:"note,omitempty"`
	Exchanges []step `json:"exchanges"`
}

const (
	originDocumentation = "documentation" // written by hand from the documentation, synthetic
	originRecorded      = "recorded"      // stored by a Recorder, personal data replaced
)

type step struct {
	Request  fixtureRequest  `json:"request"`
	Response fixtureResponse `json:"response"`
}

type fixtureRequest struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`            // escaped, from /v1 on
	Query  []string        `json:"query,omitempty"` // "key=value", unescaped, sorted by key
	Body   json.RawMessage `json:"body,omitempty"`
	Text   string          `json:"text,omitempty"` // says that a body was left out, as it was not JSON
}

// fixtureResponse has a Body where the answer is JSON, a Text where it is not,
// and neither where it is empty.
type fixtureResponse struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	Body   json.RawMessage   `json:"body,omitempty"`
	Text   string            `json:"text,omitempty"`
}

// fixtureHeaders are the headers of an answer that a fixture may hold. None of
// a request's are stored: they carry credentials.
var fixtureHeaders = []string{"Content-Type", "Retry-After", "X-Request-Id"}

var fixtureMethods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// loadFixture reads a file. Its errors name the file, the exchange by its
// number from 1, and what is wrong.
func loadFixture(file string) (*fixture, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("motivetest: read fixture: %w", err)
	}
	f, err := parseFixture(data)
	if err != nil {
		return nil, fmt.Errorf("motivetest: fixture %s: %w", file, err)
	}
	return f, nil
}

func parseFixture(data []byte) (*fixture, error) {
	// Exchanges are decoded one by one, so that an error can tell which it is in.
	var file struct {
		Title     string            `json:"title"`
		Origin    string            `json:"origin"`
		Note      string            `json:"note"`
		Exchanges []json.RawMessage `json:"exchanges"`
	}
	if err := decodeStrict(data, &file); err != nil {
		return nil, err
	}
	if file.Title == "" {
		return nil, errors.New("title is missing: say in a few words what the story is")
	}
	if file.Origin != originDocumentation && file.Origin != originRecorded {
		return nil, fmt.Errorf("origin is %q, it must be %q or %q", file.Origin, originDocumentation, originRecorded)
	}
	if len(file.Exchanges) == 0 {
		return nil, errors.New("there are no exchanges")
	}
	f := &fixture{Title: file.Title, Origin: file.Origin, Note: file.Note}
	for i, raw := range file.Exchanges {
		var e step
		if err := decodeStrict(raw, &e); err != nil {
			return nil, fmt.Errorf("exchange %d: %w", i+1, err)
		}
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("exchange %d: %w", i+1, err)
		}
		f.Exchanges = append(f.Exchanges, e)
	}
	return f, nil
}

// decodeStrict refuses unknown fields, which are misspelt ones, and anything
// after the value.
func decodeStrict(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("is not a fixture in JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

func (e step) check() error {
	req, res := e.Request, e.Response
	if !slices.Contains(fixtureMethods, req.Method) {
		return fmt.Errorf("method is %q, it must be one of %s", req.Method, strings.Join(fixtureMethods, ", "))
	}
	if err := checkPath(req.Path); err != nil {
		return err
	}
	for _, pair := range req.Query {
		if key, _, ok := strings.Cut(pair, "="); !ok || key == "" {
			return fmt.Errorf("query %q must read key=value", pair)
		}
	}
	if !slices.IsSortedFunc(req.Query, compareKeys) {
		return errors.New("query must be in alphabetical order of keys")
	}
	if res.Status < 200 || res.Status > 599 {
		return fmt.Errorf("status is %d, it must be between 200 and 599", res.Status)
	}
	if req.Body != nil && req.Text != "" {
		return errors.New("request has both body and text: body is for JSON, text for all else")
	}
	if res.Body != nil && res.Text != "" {
		return errors.New("response has both body and text: body is for JSON, text for all else")
	}
	for name, value := range res.Header {
		if !slices.Contains(fixtureHeaders, name) {
			return fmt.Errorf("header %q must be one of %s", name, strings.Join(fixtureHeaders, ", "))
		}
		if strings.ContainsFunc(value, isControl) {
			return fmt.Errorf("header %s has a control character", name)
		}
	}
	return nil
}

func checkPath(path string) error {
	if !strings.HasPrefix(path, "/v1/") {
		return fmt.Errorf("path %q must begin with /v1/", path)
	}
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return fmt.Errorf("path %q is not a path: %w", path, err)
	}
	if u.RawQuery != "" || u.ForceQuery || u.EscapedPath() != path {
		return fmt.Errorf("path %q must be escaped and without a query", path)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// encode returns the file's bytes.
func (f *fixture) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // "<" reads better than "\u003c" in a diff
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return nil, fmt.Errorf("motivetest: encode fixture: %w", err)
	}
	return b.Bytes(), nil
}

// writeFile replaces file as a whole or leaves it as it was, so that a run that
// is cut short does not leave half a fixture.
func writeFile(file string, data []byte) (err error) {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("motivetest: write fixture: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".fixture-*")
	if err != nil {
		return fmt.Errorf("motivetest: write fixture: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
			err = fmt.Errorf("motivetest: write fixture: %w", err)
		}
	}()
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

// splitPath returns the part of an escaped path from /v1 on, so that a story
// fits every base URL, and false where there is none.
func splitPath(escaped string) (string, bool) {
	i := strings.LastIndex(escaped, "/v1/")
	if i < 0 {
		return escaped, false
	}
	return escaped[i:], true
}

// queryPairs returns the query in a fixture's form. The values of one key stay in
// the order in which they were sent.
func queryPairs(query url.Values) []string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[key] {
			pairs = append(pairs, key+"="+value)
		}
	}
	return pairs
}

func compareKeys(a, b string) int {
	keyA, _, _ := strings.Cut(a, "=")
	keyB, _, _ := strings.Cut(b, "=")
	return strings.Compare(keyA, keyB)
}
