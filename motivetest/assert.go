package motivetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Created returns how many creates were committed that carried the external id: 1 after a create
// that a client sent any number of times and that happened once. When the last record of the
// external id is deleted or changed the count starts anew.
func (f *Fake) Created(externalID, integrationName string) int {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return f.store.made[pair{holderUser, f.fold(externalID), integrationName}]
}

// AssertNoDuplicates fails the test for every external id, email and username that more than one
// user has, for every external id that more than one create has committed, and for users created
// from the same body. What [Fake.Seed] has stored is left out: duplicates among seeded users
// alone are the test's own.
func (f *Fake) AssertNoDuplicates(tb testing.TB) {
	tb.Helper()
	for _, d := range f.duplicates() {
		tb.Error("motivetest: " + d)
	}
}

func (f *Fake) duplicates() []string {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	var found []string
	add := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for p, n := range f.store.made {
		if n > 1 {
			add("%d creates were committed with external id %q of %q", n, p.externalID, p.integrationName)
		}
	}
	for p, records := range f.store.pairs {
		made := func(id int64) bool { return !f.store.extIDs[id].seeded }
		if p.holderType == holderUser && len(records) > 1 && slices.ContainsFunc(records, made) {
			add("%d users have external id %q of %q", len(records), p.externalID, p.integrationName)
		}
	}
	for k, ids := range f.store.index {
		made := func(id int64) bool { return !f.store.byID[id].seeded }
		if unique(k.field) && len(ids) > 1 && slices.ContainsFunc(ids, made) {
			add("users %v have the same %s", ids, k.field)
		}
	}
	for _, ids := range f.store.bodies {
		if len(ids) > 1 {
			add("users %v were created from the same body", ids)
		}
	}
	slices.Sort(found)
	return found
}

// The transcript shows the last requests only: the first ones are seldom what broke a test.
const (
	transcriptRequests = 50
	transcriptBody     = 400 // bytes
)

// Transcript lists the last 50 requests with their bodies, what was answered and which faults struck
// them: secrets blotted out, names and addresses as they were sent. [NewServer] logs it when its test
// has failed; those who use [NewHandler] or [Start] print it themselves.
func (f *Fake) Transcript() string {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	struck := map[*entry][]string{}
	for _, s := range f.log.strikes {
		struck[s.entry] = append(struck[s.entry], s.acted...)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "motivetest: %d requests", len(f.log.entries))
	first := max(len(f.log.entries)-transcriptRequests, 0)
	if first > 0 {
		fmt.Fprintf(&b, ", of which the last %d", transcriptRequests)
	}
	for i, e := range f.log.entries[first:] {
		fmt.Fprintf(&b, "\n%4d  %s", first+i, e.line())
		for _, more := range [][2]string{
			{"  fault: ", strings.Join(struck[e], ", ")},
			{"\n      ", e.shownBody()},
			{"\n      ignored: ", strings.Join(e.Ignored, ", ")},
			{"\n      refused: ", e.Refusal},
		} {
			if more[1] != "" {
				b.WriteString(more[0] + more[1])
			}
		}
	}
	return b.String()
}

// line reads "POST /v1/users → 201 committed, 1.2ms".
func (e *entry) line() string {
	query, status := "", "no response"
	if e.query != "" && !strings.HasPrefix(e.Path, "/oauth/") {
		query = "?" + shownQuery(e.query)
	}
	if e.Status != 0 {
		status = strconv.Itoa(e.Status)
	}
	if e.Committed {
		status += " committed"
	}
	if e.took > 0 {
		status += ", " + e.took.Round(10*time.Microsecond).String()
	}
	return e.Method + " " + e.Path + query + " → " + status
}

// shownQuery returns the query as it was sent, without its secrets.
func shownQuery(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		key, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(key); err != nil || isSecret(name) {
			pairs[i] = key + "=" + blot
		}
	}
	return strings.Join(pairs, "&")
}

// shownBody returns the body without its secrets, on one line.
func (e *entry) shownBody() string {
	shown := e.decoded().Body
	if shown == nil {
		return ""
	}
	blotSecrets(shown)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(shown) // decoded from JSON or a form, and so encodable
	line := strings.TrimSpace(b.String())
	if len(line) > transcriptBody {
		return strings.ToValidUTF8(line[:transcriptBody], "") + "…"
	}
	return line
}

func blotSecrets(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			blotSecrets(inner)
			if isSecret(name) && inner != nil {
				v[name] = blot
			}
		}
	case []any:
		for _, inner := range v {
			blotSecrets(inner)
		}
	}
}

var secretField = regexp.MustCompile(`(?i)passw|passcode|secret|token|api_?key|authorization|credential|cookie|signature|license_number|\bpin\b`)

func isSecret(name string) bool { return secretField.MatchString(name) }
