package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"
)

type claim struct{ neverSent, permanent bool }

func (c claim) Error() string   { return "claims" }
func (c claim) NeverSent() bool { return c.neverSent }
func (c claim) Permanent() bool { return c.permanent }

func TestClassify(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	tests := []struct {
		name      string
		status    int
		asked     time.Duration
		err       error
		neverSent bool
		want      fate
	}{
		{"a success", 200, 0, nil, false, final},
		{"a success with Retry-After", 202, time.Second, nil, false, final},
		{"the last of an upgrade", 101, 0, nil, false, final},
		{"a redirect", 302, 0, nil, false, final},
		{"a refusal", 422, 0, nil, false, final},
		{"request timeout", 408, 0, nil, false, final},
		{"too many requests", 429, 0, nil, false, limited},
		{"too many requests, with Retry-After", 429, time.Second, nil, false, limited},
		{"internal error", 500, 0, nil, false, failed},
		{"no such method", 501, 0, nil, false, final},
		{"bad gateway", 502, time.Second, nil, false, failed},
		{"unavailable", 503, 0, nil, false, failed},
		{"unavailable, with Retry-After", 503, time.Second, nil, false, busy},
		{"gateway timeout", 504, 0, nil, false, failed},
		{"of some proxy", 520, 0, nil, false, final},
		{"broken off", 0, 0, broken, false, failed},
		{"broken off in a success", 201, 0, broken, false, failed},
		{"never left", 0, 0, broken, true, unsent},
		{"no trust", 0, 0, fmt.Errorf("so: %w", http.ErrSchemeMismatch), true, final},
		{"too large", 200, 0, fmt.Errorf("reading: %w", ErrBodyTooLarge), false, final},
		{"permanent by its own word", 0, 0, fmt.Errorf("so: %w", claim{permanent: true}), false, final},
		{"not permanent by its own word", 0, 0, claim{}, false, failed},
		{"no responder", 0, 0, errors.New("no responder found"), false, final},
	}
	rows := make(map[int]bool)
	for _, tt := range tests {
		rows[tt.status] = true
		if got := classify(tt.status, tt.asked, tt.err, tt.neverSent); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	for status := 100; status < 600; status++ {
		if classify(status, 0, nil, false) != final && !rows[status] {
			t.Errorf("%d is sent again: give it a row here, in TestStatuses, and in TestStatusesThatFail of the root", status)
		}
	}
}

func TestNeverSent(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, tt := range []struct {
		name               string
		err                error
		dialled, connected bool
		want               bool
	}{
		{"no trace, any error", errors.New("reset"), false, false, false},
		{"no trace, dial", &url.Error{Op: "Get", Err: dial}, false, false, true},
		{"no trace, the proxy was not reached", &net.OpError{Op: "proxyconnect"}, false, false, true},
		{"no trace, no address", &net.DNSError{}, false, false, true},
		{"no trace, no trust", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, false, false, true},
		{"no trace, reading", &net.OpError{Op: "read", Err: errors.New("reset")}, false, false, false},
		{"no trace, plain HTTP behind TLS", http.ErrSchemeMismatch, false, false, true},
		{"dialled and never connected", errors.New("any"), true, false, true},
		{"connected", errors.New("any"), true, true, false},
		{"one connection had, the next one not", dial, true, true, false},
		{"by its own word", claim{neverSent: true}, false, false, true},
		{"by its own word, though it dialled for something", claim{neverSent: false}, true, false, false},
		{"by its own word, though it was connected", claim{neverSent: true}, true, true, false},
		{"the proxy refused", &ProxyError{407}, false, false, true},
		{"no responder", errors.New(`GET https://x/y: no responder found`), false, false, true},
	} {
		if got := neverSent(tt.err, tt.dialled, tt.connected); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// patiently is a fate that no status has today.
var patiently = fate{again: true, waitedOut: true}

func TestRetryDecision(t *testing.T) {
	t.Parallel()
	policy := Policy{}.WithDefaults()
	base := situation{policy: policy, method: http.MethodGet, fate: failed, count: 1, backoff: time.Second}
	with := func(change func(*situation)) situation { s := base; change(&s); return s }
	for _, tt := range []struct {
		name string
		s    situation
		want bool
	}{
		{"a failure", base, true},
		{"the last failure", with(func(s *situation) { s.count = 4 }), false},
		{"nothing to gain", with(func(s *situation) { s.fate = final }), false},
		{"never again", with(func(s *situation) { s.policy.MaxAttempts = 1 }), false},
		{"never again after a 429", with(func(s *situation) { s.policy.MaxAttempts, s.fate = 1, limited }), false},
		{"no time to wait", with(func(s *situation) { s.late = true }), false},
		{"a failed PUT", with(func(s *situation) { s.method = http.MethodPut }), true},
		{"a failed DELETE", with(func(s *situation) { s.method = http.MethodDelete }), true},
		{"a failed POST", with(func(s *situation) { s.method = http.MethodPost }), false},
		{"a failed PATCH", with(func(s *situation) { s.method = http.MethodPatch }), false},
		{"a POST that never left", with(func(s *situation) { s.method, s.fate = http.MethodPost, unsent }), true},
		{"a limited POST", with(func(s *situation) { s.method, s.fate = http.MethodPost, limited }), true},
		{"a POST that met a busy server", with(func(s *situation) { s.method, s.fate = http.MethodPost, busy }), false},
		{"a PUT that met a busy server", with(func(s *situation) { s.method, s.fate = http.MethodPut, busy }), true},
		{"asked up to the cap", with(func(s *situation) { s.fate, s.asked = limited, time.Minute }), true},
		{"asked beyond the cap", with(func(s *situation) { s.fate, s.asked = limited, time.Minute+1 }), false},
		{"a failure asked beyond the cap", with(func(s *situation) { s.asked = time.Hour }), false},
		{"limited often", with(func(s *situation) { s.fate, s.count, s.elapsed = limited, 400, 59*time.Second }), true},
		{"limited for too long", with(func(s *situation) { s.fate, s.count, s.elapsed = limited, 4, 59*time.Second+1 }), false},
		{"waited out by the call alone", with(func(s *situation) { s.fate, s.count, s.elapsed = patiently, 400, 59*time.Second }), true},
		{"and for too long", with(func(s *situation) { s.fate, s.count, s.elapsed = patiently, 4, 59*time.Second+1 }), false},
		{"a POST that is waited out by itself", with(func(s *situation) { s.method, s.fate = http.MethodPost, patiently }), true},
		{"limited for long and seldom", with(func(s *situation) { s.fate, s.count, s.elapsed = limited, 3, time.Hour }), true},
	} {
		if got := decide(tt.s).again; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestWhatADecisionSays(t *testing.T) {
	t.Parallel()
	policy := Policy{}.WithDefaults()
	other := AuthHeader{Name: "X-Key", Secret: "canary-2"}
	for _, tt := range []struct {
		name string
		s    situation
		want decision
	}{
		{"nothing was sent", situation{}, decision{}},
		{"a failure", situation{fate: failed, backoff: 7}, decision{again: true, paid: true, backoff: 7, wait: 7}},
		{"a request that never left", situation{fate: unsent, backoff: 7}, decision{again: true, paid: true, backoff: 7, wait: 7}},
		{"a refusal, whose pause the gate waits out", situation{fate: limited, pause: 7}, decision{again: true, wait: 7}},
		{"another credential, at once", situation{other: other, asked: time.Hour, late: true}, decision{again: true, auth: other}},
	} {
		tt.s.policy, tt.s.method, tt.s.count = policy, http.MethodGet, 1
		if got := decide(tt.s); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	p := Policy{}.WithDefaults()
	for _, tt := range []struct {
		name        string
		fate        fate
		n           int
		asked       time.Duration
		least, most time.Duration
	}{
		{"the first", failed, 1, 0, 0, 500 * time.Millisecond},
		{"the third", failed, 3, 0, 0, 2 * time.Second},
		{"a late one", failed, 50, 0, 0, 15 * time.Second},
		{"asked for", failed, 1, 20 * time.Second, 20 * time.Second, 22*time.Second + time.Millisecond},
		{"asked for too much", failed, 1, time.Hour, 0, 500 * time.Millisecond},
		{"never left", unsent, 1, 0, 0, 500 * time.Millisecond},
		{"a pause, which is not the call's own", limited, 1, 20 * time.Second, 0, 0},
		{"nothing to wait for", final, 1, 20 * time.Second, 0, 0},
		{"waited out", patiently, 1, 0, 2 * time.Millisecond, 500 * time.Millisecond},
		{"waited out for long", patiently, 10, 0, time.Second, 15 * time.Second},
		{"waited out for longer than anybody counts", patiently, math.MaxInt, 0, time.Second, 15 * time.Second},
	} {
		for range 500 {
			if got := delay(p, tt.fate, tt.n, tt.asked); got < tt.least || got > tt.most {
				t.Fatalf("%s: %s, want %s to %s", tt.name, got, tt.least, tt.most)
			}
		}
	}
}

func TestPolicyDefaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want Policy }{
		{Policy{}, Policy{4, 500 * time.Millisecond, 15 * time.Second, time.Minute}},
		{Policy{MaxAttempts: 1}, Policy{1, 500 * time.Millisecond, 15 * time.Second, time.Minute}},
		{Policy{MinWait: time.Minute}, Policy{4, time.Minute, time.Minute, time.Minute}},
		{Policy{MaxRetryAfter: 5}, Policy{4, 500 * time.Millisecond, 15 * time.Second, 5}},
		{Policy{MaxRetryAfter: math.MaxInt64}, Policy{4, 500 * time.Millisecond, 15 * time.Second, year}},
	} {
		if got := tt.in.WithDefaults(); got != tt.want {
			t.Errorf("%+v becomes %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

// What has a POST sent again and what has the whole client pause stands here once more:
// a POST that never left or that the server says it has not looked at, and a server that
// counts requests or asks for time.
func FuzzClassify(f *testing.F) {
	notLookedAt, counting, asking := []int{429}, []int{429}, []int{503}
	for status := 100; status < 600; status++ {
		f.Add(status, int64(0), "", false)
		f.Add(status, int64(time.Second), "", false)
	}
	f.Add(0, int64(0), "no responder found", true)
	f.Add(200, int64(0), "reset", false)
	f.Fuzz(func(t *testing.T, status int, asked int64, text string, never bool) {
		var err error
		if text != "" {
			err = errors.New(text)
		}
		post := situation{policy: Policy{}.WithDefaults(), method: "POST", count: 1}
		post.fate = classify(status, time.Duration(asked), err, never)
		if decide(post).again && !(err != nil && never || err == nil && slices.Contains(notLookedAt, status)) {
			t.Errorf("a POST is repeated after %d %v", status, err)
		}
		if post.fate.pauses && !(err == nil && (slices.Contains(counting, status) || asked > 0 && slices.Contains(asking, status))) {
			t.Errorf("the whole client pauses after %d %v", status, err)
		}
	})
}
