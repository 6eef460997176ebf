package motivetest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Every route can be reached, and by no path that is another's too.
func TestEveryRouteIsReachedByItsPath(t *testing.T) {
	t.Parallel()
	f := NewHandler()
	f.endpoints["/v1/users/{id}/logs"] = map[string]endpoint{} // as routes of other resources may be
	f.endpoints["/v1/users/{id}/logs/export"] = map[string]endpoint{}
	for route := range f.endpoints {
		path, want := route, ""
		if strings.Contains(route, "{id}") {
			path, want = strings.ReplaceAll(route, "{id}", "7"), "7"
		}
		if tmpl, id := f.template(path); tmpl != route || id != want {
			t.Errorf("%s is taken for %q with id %q: a route has one {id} at most, which is a whole segment", path, tmpl, id)
		}
		for other := range f.endpoints {
			if other != route && overlap(route, other) {
				t.Errorf("%s and %s have a path in common", route, other)
			}
		}
	}
}

// overlap reports whether a path can be of both routes, each with an id in it.
func overlap(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) || !strings.Contains(a, "{id}") || !strings.Contains(b, "{id}") {
		return false
	}
	for i := range as {
		if as[i] != bs[i] && as[i] != "{id}" && bs[i] != "{id}" {
			return false
		}
	}
	return true
}

func TestPathsThatAreOfNoRoute(t *testing.T) {
	t.Parallel()
	f := NewHandler()
	f.endpoints["/v1/users/{id}/logs"] = map[string]endpoint{}
	for _, path := range []string{
		"", "/", "v1/users/7", "/v2/users/7", "/v1/users7", "/v1/users/", "/v1/users/7/", "/v1/users/7/8", "/v1/{id}/7",
		"/v1/users//logs", "/v1/users/7/logs/", "/v1/users/7/8/logs", "/v1/users/7/log", "/v1/users/7logs/", "/v1/userslogs",
	} {
		if tmpl, id := f.template(path); tmpl != "" || id != "" {
			t.Errorf("%q is taken for %q with id %q", path, tmpl, id)
		}
	}
}

// A fixture takes a segment of a path for an id, unless its list has it.
func TestFixturesKnowTheSegmentsOfEveryRoute(t *testing.T) {
	t.Parallel()
	const list = "fixture/allowed.txt"
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	_, segments, _ := strings.Cut(string(text), "\nsegments: ")
	segments, _, _ = strings.Cut(segments, "\n\n")
	known := strings.Fields(segments)
	for route := range NewHandler().endpoints {
		path, ofAPI := strings.CutPrefix(route, "/v1/")
		for segment := range strings.SplitSeq(path, "/") {
			if ofAPI && segment != "{id}" && !slices.Contains(known, segment) {
				t.Errorf("%s: add %q to the segments of %s, or fixtures show it as a pseudonym", route, segment, list)
			}
		}
	}
}
