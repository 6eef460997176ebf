package motivetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A storyRequest is one side of a comparison: what a fixture has or what came.
type storyRequest struct {
	method  string
	path    string
	query   []string
	body    any // a JSON value, where hasBody
	hasBody bool
	text    string // stands for a body that is not JSON
}

func parseRequest(f fixtureRequest) (storyRequest, error) {
	r := storyRequest{method: f.Method, path: f.Path, query: f.Query, hasBody: f.Body != nil, text: f.Text}
	if !r.hasBody {
		return r, nil
	}
	var err error
	if r.body, err = parseJSON(f.Body); err != nil {
		return r, fmt.Errorf("the body of the fixture's request: %w", err)
	}
	return r, nil
}

func readRequest(req *http.Request) (storyRequest, error) {
	data, err := drain(req.Body)
	if err != nil {
		return storyRequest{}, fmt.Errorf("motivetest: replay: read the request's body: %w", err)
	}
	path, _ := splitPath(req.URL.EscapedPath())
	r := storyRequest{method: req.Method, path: path, query: queryPairs(req.URL.Query())}
	if r.body, err = parseJSON(data); err == nil {
		r.hasBody = true
	} else if len(data) > 0 {
		r.text = leftOut(data)
	}
	return r, nil
}

// rewrite returns a copy of r with its values changed.
func (r storyRequest) rewrite(change func(scalar) any) storyRequest {
	if rest, ok := strings.CutPrefix(r.path, "/v1/"); ok {
		r.path = cleanPath("/v1/"+rest, change)
	}
	r.query = rewriteQuery(r.query, change)
	r.body = rewriteJSON(r.body, "body", place{}, change)
	return r
}

// scalars returns the values of r by where they stand.
func (r storyRequest) scalars() map[string]any {
	values := map[string]any{}
	r.rewrite(func(s scalar) any {
		values[s.at] = s.value
		return s.value
	})
	return values
}

// lines prints r for comparing and for reading: one value a line, members of
// objects in alphabetical order, for their order means nothing in JSON.
func (r storyRequest) lines() []string {
	lines := []string{r.method + " " + r.path}
	for _, pair := range r.query {
		lines = append(lines, "  ?"+pair)
	}
	switch {
	case r.text != "":
		return append(lines, "("+r.text+")")
	case !r.hasBody:
		return append(lines, "(no body)")
	}
	var b bytes.Buffer
	_ = json.Indent(&b, appendJSON(nil, sorted(r.body)), "", "  ") // what was just encoded is JSON
	return append(lines, strings.Split(b.String(), "\n")...)
}

func sorted(v any) any {
	switch v := v.(type) {
	case jsonObject:
		out := make(jsonObject, len(v))
		for i, m := range v {
			out[i] = jsonMember{m.key, sorted(m.value)}
		}
		slices.SortStableFunc(out, func(a, b jsonMember) int { return strings.Compare(a.key, b.key) })
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = sorted(item)
		}
		return out
	}
	return v
}

// diffLines shows both sides line by line: "- " what only a has, "+ " what only
// b has, "  " what both have. It keeps the longest common sequence of lines.
func diffLines(a, b []string) string {
	var head, tail []string
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head, a, b = append(head, "  "+a[0]), a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail, a, b = append(tail, "  "+a[len(a)-1]), a[:len(a)-1], b[:len(b)-1]
	}
	slices.Reverse(tail)

	// common[i][j] is the length of the longest common sequence of a[i:] and b[j:].
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	out := head
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, "  "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "- "+a[i])
			i++
		default:
			out = append(out, "+ "+b[j])
			j++
		}
	}
	return strings.Join(append(out, tail...), "\n")
}

func prefixLines(prefix string, lines []string) string {
	return prefix + strings.Join(lines, "\n"+prefix)
}
