package motive_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive"
)

const (
	creates = "POST /v1/users"
	lookups = "GET /v1/users/lookup_by_external_id?external_id=987&integration_name=generic_tms"
)

// step answers one request of a create that is being reconciled.
type step struct {
	talk  func(conn *net.TCPConn)
	again bool // for as long as it is looked up
}

func says(status int, body string) step {
	return step{talk: func(conn *net.TCPConn) {
		say(conn, fmt.Sprintf("HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body))
	}}
}

var (
	breaks  = step{talk: reset}
	created = says(201, oneUser)
	found   = says(200, oneUser)
	missing = step{says(404, `{"error_message":"no such user"}`).talk, true}
	taken   = says(422, `{"error_message":"external id has already been taken"}`)
	badName = says(422, `{"errors":{"first_name":["is too long"]}}`)
	page404 = step{says(404, `<html>no such page`).talk, true}
)

// script is a server that answers a list of steps, and keeps what was asked, with
// what follows one another and is the same once.
type script struct {
	steps []step
	url   string

	mu    sync.Mutex
	lines []string
}

func newScript(t testing.TB, steps []step) *script {
	t.Helper()
	s := &script{steps: steps}
	next := 0
	s.url = newRawServer(t, func(_ int, conn *net.TCPConn, req *http.Request) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		line := req.Method + " " + strings.TrimPrefix(req.URL.RequestURI(), "/fleet")
		repeats := len(s.lines) > 0 && s.lines[len(s.lines)-1] == line
		if !repeats {
			s.lines = append(s.lines, line)
		}
		if !repeats || !s.steps[next-1].again {
			next++
		}
		if next <= len(s.steps) {
			s.steps[next-1].talk(conn)
		} else {
			next = len(s.steps)
		}
		return false
	}).url
	return s
}

func (s *script) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines
}

// A create with an external id whose outcome is unknown is reconciled by looking
// the pair up. The server of each story is a list of answers, and what was sent tells
// the rest.
func TestCreateIsReconciled(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		steps    []step
		lines    []string
		err      []string // sentinels; nil: the user
		attempts int      // of an OutcomeUnknownError
	}{
		"at once":                           {[]step{created}, []string{creates}, nil, 0},
		"reset after the commit":            {[]step{breaks, found}, []string{creates, lookups}, nil, 0},
		"503 after the commit":              {[]step{says(503, ""), found}, []string{creates, lookups}, nil, 0},
		"504 of a proxy":                    {[]step{says(504, "<html>"), found}, []string{creates, lookups}, nil, 0},
		"524 of a proxy":                    {[]step{says(524, "<html>"), found}, []string{creates, lookups}, nil, 0},
		"201 that is cut off":               {[]step{says(201, oneUser[:20]), found}, []string{creates, lookups}, nil, 0},
		"201 without a user":                {[]step{says(201, "{}"), found}, []string{creates, lookups}, nil, 0},
		"201 with nothing":                  {[]step{says(201, ""), found}, []string{creates, lookups}, nil, 0},
		"HTML with a 200":                   {[]step{says(200, "<html>"), found}, []string{creates, lookups}, nil, 0},
		"reset before the commit":           {[]step{breaks, missing, created}, []string{creates, lookups, creates}, nil, 0},
		"taken by the first one":            {[]step{breaks, missing, taken, found}, []string{creates, lookups, creates, lookups}, nil, 0},
		"broken off twice, then there":      {[]step{breaks, missing, breaks, found}, []string{creates, lookups, creates, lookups}, nil, 0},
		"503 twice, then there":             {[]step{says(503, ""), missing, says(503, ""), found}, []string{creates, lookups, creates, lookups}, nil, 0},
		"the lookup stumbles":               {[]step{breaks, says(503, ""), breaks, found}, []string{creates, lookups}, nil, 0},
		"the second is limited, then there": {[]step{breaks, missing, says(429, ""), created}, []string{creates, lookups, creates}, nil, 0},
		"302 of a proxy after the commit":   {[]step{says(302, ""), found}, []string{creates, lookups}, nil, 0},
		"408 of a proxy after the commit":   {[]step{says(408, ""), found}, []string{creates, lookups}, nil, 0},
		"499 of a proxy after the commit":   {[]step{says(499, ""), found}, []string{creates, lookups}, nil, 0},
		"a page with 404 after the commit":  {[]step{says(404, "<html>sorry"), found}, []string{creates, lookups}, nil, 0},
		"a page for every path":             {[]step{says(404, "<html>sorry"), page404}, []string{creates, lookups}, []string{"ErrOutcomeUnknown", "ErrUnexpectedResponse"}, 1},
		"OK with a 200":                     {[]step{says(200, "OK"), found}, []string{creates, lookups}, nil, 0},
		"a user that is null":               {[]step{says(200, `{"user":null}`), found}, []string{creates, lookups}, nil, 0},
		"done, and never found":             {[]step{says(201, "{}"), missing}, []string{creates, lookups}, []string{"ErrOutcomeUnknown", "ErrUnexpectedResponse"}, 1},
		"done and cut off, never found":     {[]step{says(201, oneUser[:20]), missing}, []string{creates, lookups}, []string{"ErrOutcomeUnknown", "ErrUnexpectedResponse"}, 1},
		"somebody else's record":            {[]step{says(201, `{"user":{"id":8,"username":"bob"}}`), found}, []string{creates, lookups}, nil, 0},
		"a page where the lookup should be": {[]step{breaks, page404}, []string{creates, lookups}, []string{"ErrOutcomeUnknown"}, 1},
		"refused at once":                   {[]step{says(422, `{"error_message":"bad name"}`), missing}, []string{creates, lookups}, []string{"ErrUnprocessable"}, 0},
		"refused at once, and taken":        {[]step{taken, found}, []string{creates, lookups}, []string{"ErrConflict", "ErrUnprocessable"}, 0},
		"refused at once, lookup forbidden": {[]step{taken, says(403, "")}, []string{creates, lookups}, []string{"ErrUnprocessable"}, 0},
		"refused for a field that is ours":  {[]step{breaks, missing, badName, missing}, []string{creates, lookups, creates, lookups}, []string{"ErrUnprocessable"}, 0},
		"refused for what might be ours":    {[]step{breaks, missing, says(422, `{"error_message":"bad name"}`), missing}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown", "ErrUnprocessable"}, 2},
		"refused, and the lookup forbidden": {[]step{breaks, missing, taken, says(403, "")}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown", "ErrUnprocessable"}, 2},
		"a conflict on the second send":     {[]step{breaks, missing, says(409, ""), missing}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown", "ErrConflict"}, 2},
		"broken off twice and not there":    {[]step{breaks, missing, breaks, missing}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown"}, 2},
		"503 twice and not there":           {[]step{says(503, ""), missing, says(503, ""), missing}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown", "ErrServer"}, 2},
		"the lookup is down":                {[]step{breaks, breaks, breaks, breaks, breaks}, []string{creates, lookups}, []string{"ErrOutcomeUnknown"}, 1},
		"the lookup is forbidden":           {[]step{says(502, ""), says(403, "")}, []string{creates, lookups}, []string{"ErrOutcomeUnknown", "ErrServer"}, 1},
		"the lookup answers rubbish":        {[]step{breaks, says(200, "[]")}, []string{creates, lookups}, []string{"ErrOutcomeUnknown"}, 1},
		"the credential ends meanwhile":     {[]step{breaks, missing, says(401, ""), says(401, "")}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown", "ErrUnauthorized"}, 2},
		"the right ends meanwhile":          {[]step{breaks, missing, says(403, ""), missing}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown", "ErrForbidden"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newScript(t, tt.steps)
			user, err := newClient(t, srv.url).Users.Create(t.Context(), adaLinked())
			if got := srv.asked(); !reflect.DeepEqual(got, tt.lines) {
				t.Errorf("sent %q, want %q", got, tt.lines)
			}
			isOnly(t, err, tt.err...)
			if tt.err == nil {
				if err != nil || user == nil || user.ID != 7 {
					t.Errorf("user %v, error %v", user, err)
				}
				return
			}
			var unknown *motive.OutcomeUnknownError
			if errors.As(err, &unknown) && unknown.Attempts != tt.attempts {
				t.Errorf("error %q tells of %d attempts, want %d", err, unknown.Attempts, tt.attempts)
			}
			if user != nil {
				t.Errorf("user %v beside error %v", user, err)
			}
		})
	}
}

// Without an external id of its own nothing makes a second create safe.
func TestCreateWithoutAnExternalIDIsSentOnce(t *testing.T) {
	t.Parallel()
	withRecord := ada() // changes a record rather than adding one
	withRecord.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ID: 3, ExternalID: "987", IntegrationName: "generic_tms"}})
	half := ada()
	half.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987"}})
	none := ada()
	none.ExternalIDsAttributes = motive.Null[[]motive.ExternalIDAttributes]()
	for name, req := range map[string]*motive.CreateUserRequest{"none": ada(), "null": none, "a record": withRecord, "half": half} {
		for failure, answer := range map[string]step{"reset": breaks, "500": says(500, ""), "cut off": says(201, `{"user":{"id":`), "no id": says(201, `{"user":{}}`)} {
			t.Run(name+"/"+failure, func(t *testing.T) {
				t.Parallel()
				srv := newRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool { answer.talk(conn); return false })
				_, err := newClient(t, srv.url).Users.Create(t.Context(), req, motive.SkipValidation())
				if !errors.Is(err, motive.ErrOutcomeUnknown) || srv.requests() != 1 {
					t.Errorf("%d requests, error %v", srv.requests(), err)
				}
			})
		}
	}
}

// The pair that is looked up is the first that the create adds.
func TestCreateIsReconciledByTheFirstPairItAdds(t *testing.T) {
	t.Parallel()
	req := ada()
	req.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{
		{ID: 3, ExternalID: "1", IntegrationName: "a"}, {ExternalID: "2 &", IntegrationName: "b=c"}, {ExternalID: "3", IntegrationName: "d"},
	})
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			answering(500, "")(w, r)
			return
		}
		answering(200, oneUser)(w, r)
	})
	if _, err := newClient(t, srv.url).Users.Create(t.Context(), req, motive.SkipValidation()); err != nil {
		t.Error(err)
	}
	want := []string{creates, "GET /v1/users/lookup_by_external_id?external_id=2+%26&integration_name=b%3Dc"}
	if got := srv.lines(); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// fleet keeps users by external id and refuses a second one with the same. A
// create may take its time before it is committed.
type fleet struct {
	mu      sync.Mutex
	users   int
	delays  []time.Duration // before each create is committed
	creates int
}

func (f *fleet) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.users == 0 {
			return reply(404, ""), nil
		}
		return reply(200, oneUser), nil
	}
	_ = req.Body.Close()
	f.mu.Lock()
	f.creates++
	delay := f.delays[min(f.creates, len(f.delays))-1]
	f.mu.Unlock()
	done := make(chan *http.Response, 1)
	go func() {
		time.Sleep(delay)
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.users > 0 {
			done <- reply(422, `{"error_message":"external id has already been taken"}`)
			return
		}
		f.users++
		done <- reply(201, oneUser)
	}()
	select {
	case resp := <-done:
		return resp, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// The first create times out here and is committed there, before, during or
// after the second.
func TestALateCommitIsFound(t *testing.T) {
	t.Parallel()
	const limit = 30 * time.Second
	for _, first := range []time.Duration{limit, limit + time.Millisecond, limit + 5*time.Second, limit + 20*time.Second, 3 * limit} {
		for _, second := range []time.Duration{0, time.Second, 10 * time.Second, 2 * limit} {
			t.Run(fmt.Sprintf("%s and %s", first, second), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					f := &fleet{delays: []time.Duration{first, second}}
					c := newClient(t, "https://motive.example", motive.WithTransport(f), motive.WithAttemptTimeout(limit))
					user, err := c.Users.Create(t.Context(), adaLinked())
					time.Sleep(10 * limit)
					synctest.Wait()
					f.mu.Lock()
					defer f.mu.Unlock()
					if f.users > 1 || f.creates > 2 {
						t.Errorf("%d users after %d creates", f.users, f.creates)
					}
					switch {
					case err == nil && user.ID == 7:
					case errors.Is(err, motive.ErrOutcomeUnknown) && first > limit && second > limit:
					default:
						t.Errorf("user %v, error %v", user, err)
					}
				})
			})
		}
	}
}

// The context of the call is that of its settling as well.
func TestSettlingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for _, deadline := range []bool{true, false} {
		for name, hanging := range map[string]int{"in the create": 1, "in the lookup": 2, "in the second create": 3, "in the second lookup": 4} {
			t.Run(fmt.Sprintf("%s, deadline %v", name, deadline), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					n := 0
					c := offline(t, func(req *http.Request) (*http.Response, error) {
						if n++; n == hanging {
							<-req.Context().Done()
							return nil, req.Context().Err()
						}
						if req.Method == http.MethodGet {
							return reply(404, ""), nil
						}
						return nil, errors.New("connection reset by peer")
					})
					const limit = 5 * time.Second
					ctx, cancel := context.WithCancel(t.Context())
					want := context.Canceled
					if deadline {
						ctx, cancel = context.WithTimeout(t.Context(), limit)
						want = context.DeadlineExceeded
					} else {
						time.AfterFunc(limit, cancel)
					}
					defer cancel()
					start := time.Now()
					_, err := c.Users.Create(ctx, adaLinked())
					if !errors.Is(err, motive.ErrOutcomeUnknown) || !errors.Is(err, want) || errors.Is(err, motive.ErrNotFound) {
						t.Errorf("error %v, want an unknown outcome and %v", err, want)
					}
					if took := time.Since(start); took != limit || n != hanging {
						t.Errorf("took %s and %d requests, want %s and %d", took, n, limit, hanging)
					}
				})
			})
		}
	}
}

// An API key in test mode stores nothing, and says so in one way or another.
func TestTestMode(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		if m.verb() != http.MethodPost {
			continue
		}
		for _, tt := range []struct {
			status int
			body   string
			mode   bool
		}{
			{200, `{"message":"valid (test mode)"}`, true},
			{200, `valid (test mode)`, true},
			{200, `Valid (Test Mode)`, true},
			{200, `{"user":{"first_name":"Ada","status":"valid (test mode)"}}`, true},
			{201, `{"message":"valid (test mode)"}`, true},
			{200, `{"user":{"first_name":"Ada"},"external_id":{"external_id":"987"}}`, false},
			{200, `{"user":null}`, false},
			{200, `{}`, false},
			{200, `{"success":true}`, false},
			{200, `{"status":"ok"}`, false},
			{200, `OK`, false},
			{200, ``, false},
			{200, ` `, false},
			{201, `{"message":"valid"}`, false},
			{201, ``, false},
			{204, ``, false},
			{200, `<html>Sign in</html>`, false},
			{200, `{"user":{"first_`, false},
		} {
			t.Run(fmt.Sprintf("%s/%d %s", m.name, tt.status, tt.body), func(t *testing.T) {
				t.Parallel()
				srv := newServer(t, answering(tt.status, tt.body))
				got, err := m.call(t.Context(), clientWith(t, srv.url, motive.WithAPIKey("canary-key")))
				want := []string{"ErrTestMode"}
				if !tt.mode {
					want = []string{"ErrUnexpectedResponse", "ErrOutcomeUnknown"}
				}
				isOnly(t, err, want...)
				if tt.mode && (kind(err) != "api" || !strings.Contains(err.Error(), "test mode")) {
					t.Errorf("error %v", err)
				}
				if got != nil || len(srv.got()) != 1 {
					t.Errorf("result %v after %q", got, srv.lines())
				}
			})
		}
	}
}

// Of a key in test mode the first one stored nothing either.
func TestTestModeAfterAFailure(t *testing.T) {
	t.Parallel()
	n := 0
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			answering(503, "")(w, r)
			return
		}
		answering(200, `{"message":"valid (test mode)"}`)(w, r)
	})
	_, err := clientWith(t, srv.url, motive.WithAPIKey("canary-key")).Users.Deactivate(t.Context(), 7)
	isOnly(t, err, "ErrTestMode")
}

// A 200 with a user in it is a user: not every server says 201.
func TestACreateAnsweredWith200IsNotTestMode(t *testing.T) {
	t.Parallel()
	srv := newServer(t, answering(200, oneUser))
	if user, err := newClient(t, srv.url).Users.Create(t.Context(), ada()); err != nil || user.ID != 7 {
		t.Errorf("user %v, error %v", user, err)
	}
}
