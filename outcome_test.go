package motive_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/test/calls"
	"github.com/motive-go/motive/test/wire"
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
		wire.Say(conn, fmt.Sprintf("HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body))
	}}
}

var (
	breaks  = step{talk: wire.Reset}
	created = says(201, oneUser)
	found   = says(200, oneUser)
	missing = step{says(404, `{"error_message":"no such user"}`).talk, true}
	taken   = says(422, `{"error_message":"external id has already been taken"}`)
	badName = says(422, `{"errors":{"first_name":["is too long"]}}`)
	badUser = says(422, `{"errors":{"first_name":["is too long"],"username":["is taken"]}}`)
	page404 = step{says(404, `<html>no such page`).talk, true}
)

// script is a server that answers a list of steps, and keeps what was asked, with
// what follows one another and is the same once.
type script struct {
	steps []step
	url   string

	mu       sync.Mutex
	lines    []string
	requests int
}

func newScript(t testing.TB, steps []step) *script {
	t.Helper()
	s := &script{steps: steps}
	next := 0
	s.url = wire.NewRawServer(t, func(_ int, conn *net.TCPConn, req *http.Request) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests++
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
	}).URL
	return s
}

// count is how many requests came, those that are the same among them.
func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
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
		"304 of a cache after the commit":   {[]step{says(304, ""), found}, []string{creates, lookups}, nil, 0},
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
		"refused with 400, and taken":       {[]step{says(400, `{"error_message":"external id taken"}`), found}, []string{creates, lookups}, []string{"ErrConflict", "ErrBadRequest"}, 0},
		"refused with 400":                  {[]step{says(400, ""), missing}, []string{creates, lookups}, []string{"ErrBadRequest"}, 0},
		"refused with 409, and taken":       {[]step{says(409, ""), found}, []string{creates, lookups}, []string{"ErrConflict"}, 0},
		"forbidden at once":                 {[]step{says(403, "")}, []string{creates}, []string{"ErrForbidden"}, 0},
		"refused at once, lookup forbidden": {[]step{taken, says(403, "")}, []string{creates, lookups}, []string{"ErrUnprocessable"}, 0},
		"refused for a field that is ours":  {[]step{breaks, missing, badName, missing}, []string{creates, lookups, creates, lookups}, []string{"ErrUnprocessable"}, 0},
		"refused for what might be ours":    {[]step{breaks, missing, says(422, `{"error_message":"bad name"}`), missing}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown", "ErrUnprocessable"}, 2},
		"refused for a name and a key":      {[]step{breaks, missing, badUser, missing}, []string{creates, lookups, creates, lookups}, []string{"ErrOutcomeUnknown", "ErrUnprocessable"}, 2},
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
			if strings.Count(err.Error(), "the outcome is unknown") > 1 {
				t.Errorf("error %q says twice that the outcome is unknown", err)
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
				srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool { answer.talk(conn); return false })
				_, err := newClient(t, srv.URL).Users.Create(t.Context(), req, motive.SkipValidation())
				if !errors.Is(err, motive.ErrOutcomeUnknown) || srv.Requests() != 1 {
					t.Errorf("%d requests, error %v", srv.Requests(), err)
				}
			})
		}
	}
}

// Any of the external ids of a create may be the reason why it is refused.
func TestEveryPairOfARefusedCreateIsLookedUp(t *testing.T) {
	t.Parallel()
	look := func(n int) string {
		return fmt.Sprintf("GET /v1/users/lookup_by_external_id?external_id=%d&integration_name=tms", n)
	}
	bob := says(200, `{"user":{"id":8,"username":"bob"}}`)
	for name, tt := range map[string]struct {
		pairs int
		steps []step
		lines []string
		taken string // the external id; "": not by anybody
		errs  []string
	}{
		"the first":                {2, []step{taken, bob}, []string{creates, look(1)}, "1", []string{"ErrConflict", "ErrUnprocessable"}},
		"the second":               {2, []step{taken, missing, bob}, []string{creates, look(1), look(2)}, "2", []string{"ErrConflict", "ErrUnprocessable"}},
		"none":                     {2, []step{taken, missing, missing}, []string{creates, look(1), look(2)}, "", []string{"ErrUnprocessable"}},
		"the first cannot be seen": {2, []step{taken, says(403, "")}, []string{creates, look(1)}, "", []string{"ErrUnprocessable"}},
		"more than are looked up": {7, []step{taken, missing, missing, missing, missing, missing},
			[]string{creates, look(1), look(2), look(3), look(4), look(5)}, "", []string{"ErrUnprocessable"}},
		"the second, after one that was lost": {2, []step{breaks, missing, taken, missing, bob},
			[]string{creates, look(1), creates, look(1), look(2)}, "2", []string{"ErrConflict", "ErrUnprocessable"}},
		"the second by who may be ours": {2, []step{breaks, missing, taken, missing, found},
			[]string{creates, look(1), creates, look(1), look(2)}, "", []string{"ErrOutcomeUnknown", "ErrUnprocessable"}},
		"none, after one that was lost": {2, []step{breaks, missing, taken, missing, missing},
			[]string{creates, look(1), creates, look(1), look(2)}, "", []string{"ErrOutcomeUnknown", "ErrUnprocessable"}},
		"the name, after one that was lost": {2, []step{breaks, missing, badName, missing},
			[]string{creates, look(1), creates, look(1)}, "", []string{"ErrUnprocessable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := ada()
			var pairs []motive.ExternalIDAttributes
			for n := range tt.pairs {
				pairs = append(pairs, motive.ExternalIDAttributes{ExternalID: fmt.Sprint(n + 1), IntegrationName: "tms"})
			}
			req.ExternalIDsAttributes = motive.Set(pairs)
			srv := newScript(t, tt.steps)
			var r motive.Response
			user, err := newClient(t, srv.url).Users.Create(t.Context(), req, motive.WithResponse(&r))
			if got := srv.asked(); !reflect.DeepEqual(got, tt.lines) || r.Attempts != srv.count() || user != nil {
				t.Errorf("sent %q, want %q; %d attempts of %d, user %v", got, tt.lines, r.Attempts, srv.count(), user)
			}
			isOnly(t, err, tt.errs...)
			var held *motive.ExternalIDTakenError
			if errors.As(err, &held) != (tt.taken != "") || held != nil && (held.ExternalID != tt.taken || held.Holder.ID != 8) {
				t.Errorf("error %v, want one that %q is taken", err, tt.taken)
			}
		})
	}
}

// The pair that is looked up is the first that the create adds.
func TestCreateIsReconciledByTheFirstPairItAdds(t *testing.T) {
	t.Parallel()
	req := ada()
	req.ExternalIDsAttributes = motive.Set([]motive.ExternalIDAttributes{
		{ID: 3, ExternalID: "1", IntegrationName: "a"}, {ExternalID: "2 &", IntegrationName: "b=c"}, {ExternalID: "3", IntegrationName: "d"},
	})
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			wire.Always(500, "")(w, r)
			return
		}
		wire.Always(200, oneUser)(w, r)
	})
	if _, err := newClient(t, srv.URL).Users.Create(t.Context(), req, motive.SkipValidation()); err != nil {
		t.Error(err)
	}
	want := []string{creates, "GET /v1/users/lookup_by_external_id?external_id=2+%26&integration_name=b%3Dc"}
	if got := srv.Lines(); !reflect.DeepEqual(got, want) {
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
			return wire.Reply(404, ""), nil
		}
		return wire.Reply(200, oneUser), nil
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
			done <- wire.Reply(422, `{"error_message":"external id has already been taken"}`)
			return
		}
		f.users++
		done <- wire.Reply(201, oneUser)
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
							return wire.Reply(404, ""), nil
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
				srv := wire.NewServer(t, wire.Always(tt.status, tt.body))
				got, err := m.call(t.Context(), clientWith(t, srv.URL, motive.WithAPIKey("canary-key")))
				want := []string{"ErrTestMode"}
				if !tt.mode {
					want = []string{"ErrUnexpectedResponse", "ErrOutcomeUnknown"}
				}
				isOnly(t, err, want...)
				if tt.mode && (kind(err) != "api" || !strings.Contains(err.Error(), "test mode")) {
					t.Errorf("error %v", err)
				}
				if got != nil || len(srv.Got()) != 1 {
					t.Errorf("result %v after %q", got, srv.Lines())
				}
			})
		}
	}
}

// Of a key in test mode the first one stored nothing either.
func TestTestModeAfterAFailure(t *testing.T) {
	t.Parallel()
	n := 0
	srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			wire.Always(503, "")(w, r)
			return
		}
		wire.Always(200, `{"message":"valid (test mode)"}`)(w, r)
	})
	_, err := clientWith(t, srv.URL, motive.WithAPIKey("canary-key")).Users.Deactivate(t.Context(), 7)
	isOnly(t, err, "ErrTestMode")
}

// A 200 with a user in it is a user: not every server says 201.
func TestACreateAnsweredWith200IsNotTestMode(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(200, oneUser))
	if user, err := newClient(t, srv.URL).Users.Create(t.Context(), ada()); err != nil || user.ID != 7 {
		t.Errorf("user %v, error %v", user, err)
	}
}

// A success is one only if the record in it is the one that was asked for. A field
// that is not shown proves nothing.
func TestForeignRecordsAreNoSuccess(t *testing.T) {
	t.Parallel()
	type call = func(context.Context, *motive.Client) error
	var (
		get    call = func(ctx context.Context, c *motive.Client) error { _, err := c.Users.Get(ctx, 7); return err }
		update call = func(ctx context.Context, c *motive.Client) error {
			_, err := c.Users.Update(ctx, 7, &motive.UpdateUserRequest{FirstName: motive.Set("Ada")})
			return err
		}
		setStatus call = func(ctx context.Context, c *motive.Client) error {
			_, err := c.Users.Update(ctx, 7, &motive.UpdateUserRequest{Status: motive.Set(motive.StatusDeactivated)})
			return err
		}
		deactivate call = func(ctx context.Context, c *motive.Client) error { _, err := c.Users.Deactivate(ctx, 7); return err }
		reactivate call = func(ctx context.Context, c *motive.Client) error { _, err := c.Users.Reactivate(ctx, 7); return err }
		create     call = func(ctx context.Context, c *motive.Client) error {
			req := ada()
			req.Email = motive.Set("ada@example.com")
			_, err := c.Users.Create(ctx, req)
			return err
		}
		byPair call = func(ctx context.Context, c *motive.Client) error {
			_, err := c.Users.LookupByExternalID(ctx, "987", "generic_tms")
			return err
		}
		updateByPair call = func(ctx context.Context, c *motive.Client) error {
			_, err := c.Users.UpdateByExternalID(ctx, "987", "generic_tms", &motive.UpdateUserRequest{FirstName: motive.Set("Ada")})
			return err
		}
		deactivateByPair call = func(ctx context.Context, c *motive.Client) error {
			_, err := c.Users.DeactivateByExternalID(ctx, "987", "generic_tms")
			return err
		}
		link call = func(ctx context.Context, c *motive.Client) error {
			_, err := c.ExternalIDs.Update(ctx, 31, &motive.ExternalIDRequest{ExternalID: motive.Set("987")})
			return err
		}
		addPair call = func(ctx context.Context, c *motive.Client) error {
			_, err := c.ExternalIDs.Create(ctx, &motive.ExternalIDRequest{
				ExternalID: motive.Set("987"), IntegrationName: motive.Set("generic_tms"),
				ExternalIDHolderID: motive.Set(int64(7)), ExternalIDHolderType: motive.Set(motive.ExternalIDHolderTypeUser),
			})
			return err
		}
	)
	lookup := func(key motive.UserLookup) call {
		return func(ctx context.Context, c *motive.Client) error { _, err := c.Users.Lookup(ctx, key); return err }
	}
	byEmail, byUsername := lookup(motive.UserLookup{Email: "ada@example.com"}), lookup(motive.UserLookup{Username: "ada"})
	byNumber, byPhone := lookup(motive.UserLookup{DriverCompanyID: "D-1"}), lookup(motive.UserLookup{Phone: "5550100"})
	seven := func(more string) string { return `{"user":{"id":7,` + more + `}}` }
	holds := func(pairs string) string { return seven(`"external_ids":` + pairs) }
	read, written := []string{"ErrUnexpectedResponse"}, []string{"ErrOutcomeUnknown", "ErrUnexpectedResponse"}
	const (
		bareUser      = `{"user":{"id":7}}`
		anotherUser   = `{"user":{"id":8}}`
		anotherPair   = `[{"id":1,"external_id":"988","integration_name":"generic_tms"}]`
		anotherSystem = `[{"id":1,"external_id":"987","integration_name":"payroll"}]`
		foldedPair    = `[{"id":1,"external_id":" 987","integration_name":"Generic_TMS"}]`
		secondOfTwo   = `[{"id":1,"external_id":"1","integration_name":"a"},{"id":2,"external_id":"987","integration_name":"generic_tms"}]`
	)
	tests := []struct {
		name   string
		call   call
		answer string
		errs   []string // none: a success
	}{
		{"Get, another id", get, anotherUser, read},
		{"Get, the id", get, bareUser, nil},
		{"Update, another id", update, anotherUser, written},
		{"Update, another status", setStatus, oneUser, written},
		{"Update, no status", setStatus, bareUser, nil},
		{"Update, the status", setStatus, leftUser, nil},
		{"Update, of no status", update, leftUser, nil},
		{"Deactivate, another id", deactivate, `{"user":{"id":8,"status":"deactivated"}}`, written},
		{"Deactivate, still active", deactivate, oneUser, written},
		{"Reactivate, another id", reactivate, `{"user":{"id":8,"status":"active"}}`, written},
		{"Reactivate, still deactivated", reactivate, leftUser, written},
		{"Lookup, another email", byEmail, seven(`"email":"bob@example.com"`), read},
		{"Lookup, email folded", byEmail, seven(`"email":"Ada@Example.com "`), nil},
		{"Lookup, no email", byEmail, bareUser, nil},
		{"Lookup, another username", byUsername, seven(`"username":"bob"`), read},
		{"Lookup, username folded", lookup(motive.UserLookup{Username: "ada b"}), seven(`"username":"ADA  b"`), nil},
		{"Lookup, another number", byNumber, seven(`"driver_company_id":"D-2"`), read},
		{"Lookup, phone as it is", byPhone, seven(`"phone":"555-0100"`), nil},
		{"LookupByExternalID, another id", byPair, holds(anotherPair), read},
		{"LookupByExternalID, another system", byPair, holds(anotherSystem), read},
		{"LookupByExternalID, none shown", byPair, bareUser, nil},
		{"LookupByExternalID, an empty list", byPair, holds(`[]`), read},
		{"LookupByExternalID, null", byPair, holds(`null`), nil},
		{"LookupByExternalID, folded", byPair, holds(foldedPair), nil},
		{"LookupByExternalID, the second", byPair, holds(secondOfTwo), nil},
		{"UpdateByExternalID, another id", updateByPair, holds(anotherPair), read}, // and nothing is written
		{"UpdateByExternalID, none shown", updateByPair, bareUser, nil},
		{"DeactivateByExternalID, another id", deactivateByPair, holds(anotherPair), read},
		{"DeactivateByExternalID, still active", deactivateByPair, oneUser, written},
		{"Create, another email", create, seven(`"email":"bob@example.com"`), written},
		{"Create, another username", create, seven(`"username":"bob"`), written},
		{"Create, as asked", create, seven(`"username":"Ada","email":"ADA@example.com"`), nil},
		{"ExternalIDs.Update, another id", link, `{"external_id":{"id":32,"external_id":"987"}}`, written},
		{"ExternalIDs.Update, the id", link, `{"external_id":{"id":31,"external_id":"987"}}`, nil},
		{"ExternalIDs.Update, another external id", link, `{"external_id":{"id":31,"external_id":"988"}}`, written},
		{"ExternalIDs.Update, another system", link, `{"external_id":{"id":31,"external_id":"987","integration_name":"payroll"}}`, nil},
		{"ExternalIDs.Create, another external id", addPair, `{"external_id":{"id":31,"external_id":"988"}}`, written},
		{"ExternalIDs.Create, another system", addPair, `{"external_id":{"id":31,"integration_name":"payroll"}}`, written},
		{"ExternalIDs.Create, the pair folded", addPair, `{"external_id":{"id":31,"external_id":"987 ","integration_name":"Generic_TMS"}}`, nil},
		{"ExternalIDs.Create, no pair", addPair, `{"external_id":{"id":31}}`, nil},
		{"Update, no success", update, `{"success":false,` + oneUser[1:], written},
		{"Update, a success", update, `{"success":true,` + oneUser[1:], nil},
		{"Deactivate, no success", deactivate, `{"success":false,` + leftUser[1:], written},
		{"Create, no success", create, `{"success":false,` + oneUser[1:], written},
		{"ExternalIDs.Update, no success", link, `{"external_id":{"id":31},"success":false}`, written},
	}
	var refusing []string
	for _, tt := range tests {
		if tt.errs != nil {
			refusing = append(refusing, tt.name)
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := offline(t, func(req *http.Request) (*http.Response, error) {
				if slices.Equal(tt.errs, read) && req.Method != http.MethodGet {
					t.Errorf("%s %s was sent", req.Method, req.URL.Path)
				}
				return wire.Reply(200, tt.answer), nil
			})
			isOnly(t, tt.call(t.Context(), c), tt.errs...)
		})
	}
	calls.Check(t, calls.Only(calls.Call.ReturnsRecord), refusing, nil, "add a row in which the response shows another record than the one that was asked for")
}

// A holder of the pair is who was created only if nothing says otherwise.
func TestTheHolderOfAPairMustBeWhoWasCreated(t *testing.T) {
	t.Parallel()
	const pair = `"external_ids":[{"id":3,"external_id":"987","integration_name":"generic_tms"}]`
	now := time.Now().UTC()
	date, old, recent := now.Format(http.TimeFormat), now.Add(-time.Minute).Format(time.RFC3339), now.Add(time.Second).Format(time.RFC3339)
	for name, tt := range map[string]struct {
		shown string
		date  string
		ours  bool
		set   func(*motive.CreateUserRequest)
	}{
		"nothing else is shown":   {shown: `"id":7`, ours: true},
		"all as asked":            {shown: `"id":7,"first_name":"Ada","last_name":"Byron","username":"ada","role":"driver","status":"active"`, ours: true},
		"case and space":          {shown: `"id":7,"first_name":"ADA","last_name":" byron ","username":"Ada"`, ours: true},
		"another first name":      {shown: `"id":7,"first_name":"Eve"`},
		"another last name":       {shown: `"id":7,"last_name":"Moss"`},
		"another username":        {shown: `"id":7,"username":"eve"`},
		"another email":           {shown: `"id":7,"email":"eve@example.com"`, set: func(r *motive.CreateUserRequest) { r.Email = motive.Set("ada@example.com") }},
		"an email, none asked":    {shown: `"id":7,"email":"eve@example.com"`, ours: true},
		"another role":            {shown: `"id":7,"role":"fleet_user"`},
		"the role's other name":   {shown: `"id":7,"role":"fleet_admin"`, ours: true, set: func(r *motive.CreateUserRequest) { r.Role = motive.Set(motive.RoleAdmin) }},
		"deactivated":             {shown: `"id":7,"status":"deactivated"`},
		"deactivated as asked":    {shown: `"id":7,"status":"deactivated"`, ours: true, set: func(r *motive.CreateUserRequest) { r.Status = motive.Set(motive.StatusDeactivated) }},
		"created before":          {shown: `"id":7,"created_at":"` + old + `"`, date: date},
		"created before, no Date": {shown: `"id":7,"created_at":"` + old + `"`, ours: true},
		"created just now":        {shown: `"id":7,"created_at":"` + recent + `"`, date: date, ours: true},
		"within the uncertainty":  {shown: `"id":7,"created_at":"` + now.Add(-time.Second).Format(time.RFC3339) + `"`, date: date, ours: true},
		"the server's clock": {shown: `"id":7,"created_at":"` + now.Add(-time.Hour).Format(time.RFC3339) + `"`,
			date: now.Add(-time.Hour).Format(http.TimeFormat), ours: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := adaLinked()
			if tt.set != nil {
				tt.set(req)
			}
			c := offline(t, func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPost {
					return wire.Reply(504, ""), nil
				}
				return wire.Reply(200, `{"user":{`+tt.shown+`,`+pair+`}}`, "Date", tt.date), nil
			})
			var r motive.Response
			user, err := c.Users.Create(t.Context(), req, motive.WithResponse(&r))
			if !r.Reconciled || r.StatusCode != 200 || r.Attempts != 2 {
				t.Errorf("response %+v, want that of the lookup after one create", r)
			}
			if tt.ours {
				if err != nil || user.ID != 7 {
					t.Errorf("user %v, error %v", user, err)
				}
				return
			}
			var taken *motive.ExternalIDTakenError
			if !errors.As(err, &taken) || taken.Holder.ID != 7 || taken.ExternalID != "987" || taken.IntegrationName != "generic_tms" || user != nil {
				t.Fatalf("user %v, error %v, want that the pair is taken", user, err)
			}
			if !errors.Is(err, motive.ErrConflict) || !errors.Is(err, motive.ErrServer) {
				t.Errorf("error %v, want a conflict, and its cause", err)
			}
		})
	}
}

// A create whose response shows somebody without the pair is looked up.
func TestACreatedUserShowsThePair(t *testing.T) {
	t.Parallel()
	for shown, want := range map[string][]string{
		`{"user":{"id":7}}`: {creates},
		`{"user":{"id":7,"external_ids":[{"id":3,"external_id":"987","integration_name":"generic_tms"}]}}`: {creates},
		`{"user":{"id":8,"external_ids":[]}}`: {creates, lookups},
		`{"user":{"id":8,"external_ids":[{"id":3,"external_id":"1","integration_name":"generic_tms"}]}}`: {creates, lookups},
	} {
		srv := newScript(t, []step{says(201, shown), found})
		user, err := newClient(t, srv.url).Users.Create(t.Context(), adaLinked())
		if got := srv.asked(); !reflect.DeepEqual(got, want) || err != nil || user.ID != 7 {
			t.Errorf("%s: sent %q, want %q; user %v, error %v", shown, got, want, user, err)
		}
	}
}

// An update that adds external ids and was sent before may itself be the reason why
// it is refused: then the user has them.
func TestAnUpdateThatAddsExternalIDsIsReconciled(t *testing.T) {
	t.Parallel()
	const put, read = "PUT /v1/users/7", "GET /v1/users/7"
	linked := says(200, `{"user":{"id":7,"external_ids":[{"id":3,"external_id":"987","integration_name":"generic_tms"}]}}`)
	other := says(200, `{"user":{"id":7,"external_ids":[{"id":3,"external_id":"1","integration_name":"generic_tms"}]}}`)
	adding := &motive.UpdateUserRequest{ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "generic_tms"}})}
	changing := &motive.UpdateUserRequest{ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ID: 3, ExternalID: "987", IntegrationName: "generic_tms"}})}
	lost := []step{says(504, ""), taken}
	for name, tt := range map[string]struct {
		req   *motive.UpdateUserRequest
		steps []step
		lines []string
		errs  []string
	}{
		"ours":                {adding, append(lost, linked), []string{put, read}, nil},
		"not there":           {adding, append(lost, other), []string{put, read}, []string{"ErrOutcomeUnknown", "ErrUnprocessable"}},
		"not shown":           {adding, append(lost, found), []string{put, read}, []string{"ErrOutcomeUnknown", "ErrUnprocessable"}},
		"the read is refused": {adding, append(lost, says(403, "")), []string{put, read}, []string{"ErrOutcomeUnknown", "ErrUnprocessable"}},
		"a conflict":          {adding, []step{says(504, ""), says(409, ""), linked}, []string{put, read}, nil},
		"nothing is added":    {changing, lost, []string{put}, []string{"ErrOutcomeUnknown", "ErrUnprocessable"}},
		"refused at once":     {adding, []step{taken}, []string{put}, []string{"ErrUnprocessable"}},
		"forbidden":           {adding, []step{says(504, ""), says(403, "")}, []string{put}, []string{"ErrOutcomeUnknown", "ErrForbidden"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			var lines []string
			var mu sync.Mutex
			srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, req *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if line := req.Method + strings.TrimPrefix(req.URL.Path, "/fleet"); len(lines) == 0 || lines[len(lines)-1] != line {
					lines = append(lines, line)
				}
				tt.steps[min(n, len(tt.steps)-1)].talk(conn)
				n++
				return false
			})
			var r motive.Response
			user, err := newClient(t, srv.URL).Users.Update(t.Context(), 7, tt.req, motive.WithResponse(&r))
			isOnly(t, err, tt.errs...)
			mu.Lock()
			defer mu.Unlock()
			want := strings.ReplaceAll(strings.Join(tt.lines, " "), " /", "/")
			if got := strings.Join(lines, " "); got != want || r.Attempts != n || (err == nil) != (user != nil) {
				t.Errorf("sent %q, want %q; %d attempts of %d; user %v, error %v", got, want, r.Attempts, n, user, err)
			}
		})
	}
}

// unexpectedBy is what a response is that says nothing: to a write, unknown too.
func unexpectedBy(m method) []string {
	if m.verb() == http.MethodGet {
		return []string{"ErrUnexpectedResponse"}
	}
	return []string{"ErrUnexpectedResponse", "ErrOutcomeUnknown"}
}

// A web page with a 404 is no record's absence, in whatever call it comes.
func TestAPageIsNotANotFound(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		for name, page := range map[string][]string{
			"by its first byte": {"\n <!DOCTYPE html>"}, "by its type": {"no such page", "Content-Type", "Text/HTML; charset=utf-8"},
		} {
			srv := wire.NewServer(t, wire.Always(404, page[0], page[1:]...))
			_, err := m.call(t.Context(), newClient(t, srv.URL))
			isOnly(t, err, unexpectedBy(m)...)
			if err == nil || !strings.Contains(err.Error(), "base URL") {
				t.Errorf("%s, %s: error %v, want a hint at the base URL", m.name, name, err)
			}
		}
	}
}

// A DELETE that is repeated and finds nothing has deleted it, unless a page says so.
func TestARepeatedDeleteThatFindsAPage(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"error_message":"gone"}`: nil,
		`<html>no such page`:       {"ErrOutcomeUnknown", "ErrUnexpectedResponse"},
	} {
		n := 0
		c := offline(t, func(*http.Request) (*http.Response, error) {
			if n++; n == 1 {
				return wire.Reply(503, ""), nil
			}
			return wire.Reply(404, body), nil
		})
		isOnly(t, c.ExternalIDs.Delete(t.Context(), 31), want...)
	}
}

// The status of a 404 says enough, though its body breaks off: it is neither tried
// again nor unknown.
func TestANotFoundThatBreaksOff(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		for kind, want := range map[string][]string{"application/json": {"ErrNotFound"}, "text/html": unexpectedBy(m)} {
			srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
				wire.Say(conn, "HTTP/1.1 404 Not Found", "Content-Type: "+kind, "Content-Length: 100", "", `{"error_message":"no`)
				return false
			})
			_, err := m.call(t.Context(), newClient(t, srv.URL))
			isOnly(t, err, want...)
			if n := srv.Requests(); n != 1 && m.name != "UserRoles.List" { // which asks elsewhere
				t.Errorf("%s: %d requests, error %v", m.name, n, err)
			}
		}
	}
}

// An access token has no test mode, whatever the response says.
func TestAnAccessTokenHasNoTestMode(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		srv := wire.NewServer(t, wire.Always(200, `{"message":"valid (test mode)"}`))
		_, err := m.call(t.Context(), newClient(t, srv.URL))
		if errors.Is(err, motive.ErrTestMode) || !errors.Is(err, motive.ErrUnexpectedResponse) {
			t.Errorf("%s: error %v", m.name, err)
		}
		srv = wire.NewServer(t, wire.Always(200, `{"message":"valid (test mode)"}`))
		_, err = m.call(t.Context(), clientWith(t, srv.URL, motive.WithAPIKey("canary-key")))
		if write := m.verb() != http.MethodGet; errors.Is(err, motive.ErrTestMode) != write {
			t.Errorf("%s with a key: error %v", m.name, err)
		}
	}
}

// What the server says reaches the message, from wherever it stands, also in a
// success that is none.
func TestTheServersWordsReachTheMessage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		header []string
		want   []string
	}{
		"error_message":        {422, `{"error_message":"one"}`, nil, []string{"one"}},
		"message":              {422, `{"message":"one"}`, nil, []string{"one"}},
		"of OAuth":             {401, `{"error":"invalid_token","error_description":"it has expired"}`, nil, []string{"invalid_token", "it has expired"}},
		"of a problem":         {403, `{"title":"Forbidden area","detail":"ask your admin"}`, nil, []string{"Forbidden area", "ask your admin"}},
		"several":              {422, `{"message":"two","error_message":"one","errors":{"phone":["is bad"]}}`, nil, []string{"one", "two", "is bad"}},
		"WWW-Authenticate":     {401, ``, []string{"WWW-Authenticate", `Bearer error="invalid_token", error_description="revoked yesterday"`}, []string{"revoked yesterday"}},
		"a success that isn't": {200, `{"error_message":"come back later"}`, nil, []string{"come back later", "no user"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(tt.status, tt.body, tt.header...))
			_, err := newClient(t, srv.URL).Users.Get(t.Context(), 7)
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
			}
		})
	}
}

// What each status makes of a POST that cannot be reconciled, and of a GET.
func TestWhatEachStatusProves(t *testing.T) {
	t.Parallel()
	unknown := map[int]bool{408: true, 499: true}
	refused := map[int]bool{307: true, 308: true, 501: true, 505: true}
	for status := 300; status < 1000; status++ {
		if status == http.StatusTooManyRequests {
			continue // which is waited out
		}
		c := offline(t, func(*http.Request) (*http.Response, error) { return wire.Reply(status, ""), nil },
			motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1}))
		_, err := c.Users.Create(t.Context(), ada())
		var api *motive.APIError
		want := (unknown[status] || status < 400 || status >= 500) && !refused[status]
		if !errors.As(err, &api) || api.StatusCode != status || errors.Is(err, motive.ErrOutcomeUnknown) != want {
			t.Errorf("%d to a POST: error %v, unknown should be %v", status, err, want)
		}
		if _, err = c.Users.Get(t.Context(), 7); !errors.As(err, &api) || api.StatusCode != status || errors.Is(err, motive.ErrOutcomeUnknown) {
			t.Errorf("%d to a GET: error %v", status, err)
		}
	}
}

// reconciling is a server on the clock of synctest that loses each create after a
// while, and answers the lookups from a list, the last for the rest.
type reconciling struct {
	takes   time.Duration
	created func(n int) *http.Response // nil: lost
	lookups []func() *http.Response

	posts, looked int
	queries       []string
}

func (s *reconciling) RoundTrip(req *http.Request) (*http.Response, error) {
	s.queries = append(s.queries, req.URL.RawQuery)
	if req.Method == http.MethodPost {
		s.posts++
		time.Sleep(s.takes)
		if s.created != nil {
			return s.created(s.posts), nil
		}
		return wire.Reply(504, ""), nil
	}
	s.looked++
	return s.lookups[min(s.looked, len(s.lookups))-1](), nil
}

func nobody() *http.Response { return wire.Reply(404, `{"error_message":"no such user"}`) }
func holder() *http.Response { return wire.Reply(200, oneUser) }

// Who was created while the call was under way is not older than the call, however
// long that took: the Date of the lookup is that much later.
func TestAUserCreatedDuringALongCallIsItsOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		after time.Duration // the call began
		ours  bool
	}{"during": {time.Second, true}, "at its start": {0, true}, "before": {-10 * time.Second, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				at := time.Now().Add(tt.after).UTC().Format(time.RFC3339)
				srv := &reconciling{takes: 20 * time.Second, lookups: []func() *http.Response{nobody, nobody, func() *http.Response {
					return wire.Reply(200, `{"user":{"id":7,"created_at":"`+at+`"}}`, "Date", time.Now().UTC().Format(http.TimeFormat))
				}}}
				c := newClient(t, "https://motive.example/fleet", motive.WithTransport(srv), motive.WithRetry(motive.RetryPolicy{}))
				user, err := c.Users.Create(t.Context(), adaLinked())
				if ours := err == nil && user.ID == 7; ours != tt.ours || !ours && !errors.Is(err, motive.ErrConflict) || srv.posts != 1 {
					t.Errorf("user %v, error %v, %d creates", user, err, srv.posts)
				}
			})
		})
	}
}

// A lookup that the server fails says nothing: the next one may.
func TestALookupThatFailsIsFollowedByOthers(t *testing.T) {
	t.Parallel()
	failed := func() *http.Response { return wire.Reply(524, "") } // which is not tried again within the call
	refused := func() *http.Response { return wire.Reply(403, "") }
	for name, tt := range map[string]struct {
		lookups []func() *http.Response
		looked  int
		ours    bool
	}{
		"by the server":    {[]func() *http.Response{failed, nobody, failed, holder}, 4, true},
		"since it may not": {[]func() *http.Response{refused, holder}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &reconciling{lookups: tt.lookups}
				c := newClient(t, "https://motive.example/fleet", motive.WithTransport(srv), motive.WithRetry(motive.RetryPolicy{}))
				_, err := c.Users.Create(t.Context(), adaLinked())
				if (err == nil) != tt.ours || !tt.ours && !errors.Is(err, motive.ErrOutcomeUnknown) || srv.looked != tt.looked || srv.posts != 1 {
					t.Errorf("%d lookups, want %d, after %d creates; error %v", srv.looked, tt.looked, srv.posts, err)
				}
			})
		})
	}
}

// The lookups go on for as long as the first create took to fail, where that is
// longer than ReconcileWait.
func TestReconcilingTakesAsLongAsTheCreateDid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := &reconciling{takes: 30 * time.Second, lookups: []func() *http.Response{nobody}}
		c := newClient(t, "https://motive.example/fleet", motive.WithTransport(srv), motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1, ReconcileWait: time.Second}))
		start := time.Now()
		_, err := c.Users.Create(t.Context(), adaLinked())
		if took := time.Since(start); took != time.Minute || srv.posts != 1 || !errors.Is(err, motive.ErrOutcomeUnknown) {
			t.Errorf("%d creates in %s, error %v; want one, as MaxAttempts says, and 30 s of lookups", srv.posts, took, err)
		}
	})
}

// Response tells of both creates and the lookups, the error of the creates, and the lookups have the caller's query.
func TestTheResponseOfAReconciledCreate(t *testing.T) {
	t.Parallel()
	lost := func(int) *http.Response { return wire.Reply(504, "") }
	second := func(n int) *http.Response {
		if n == 1 {
			return wire.Reply(504, "")
		}
		return wire.Reply(201, oneUser)
	}
	limited := func(n int) *http.Response {
		return [...]*http.Response{wire.Reply(504, ""), wire.Reply(429, ""), wire.Reply(201, oneUser)}[n-1]
	}
	badName := func(n int) *http.Response {
		if n == 1 {
			return wire.Reply(504, "")
		}
		return wire.Reply(422, `{"errors":{"first_name":["is too long"]}}`)
	}
	miss := func(n int) (all []func() *http.Response) {
		for range n {
			all = append(all, nobody)
		}
		return all
	}
	for name, tt := range map[string]struct {
		created    func(int) *http.Response
		lookups    []func() *http.Response
		status     int
		reconciled bool
	}{
		"found after the first":  {lost, []func() *http.Response{holder}, 200, true},
		"found after the second": {lost, append(miss(5), holder), 200, true},
		"created by the second":  {second, miss(1), 201, false},
		"limited, then created":  {limited, miss(1), 201, false},
		"refused":                {badName, miss(1), 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &reconciling{created: tt.created, lookups: tt.lookups}
				c := newClient(t, "https://motive.example/fleet", motive.WithTransport(srv), motive.WithRetry(motive.RetryPolicy{}))
				var r motive.Response
				_, err := c.Users.Create(t.Context(), adaLinked(), motive.WithResponse(&r), motive.WithQuery("beside", "1"))
				if r.StatusCode != tt.status || r.Reconciled != tt.reconciled || r.Attempts != srv.posts+srv.looked {
					t.Errorf("response %+v after %d creates and %d lookups, want status %d, reconciled %v", r, srv.posts, srv.looked, tt.status, tt.reconciled)
				}
				var refused *motive.APIError
				if errors.As(err, &refused) && refused.Attempts != srv.posts {
					t.Errorf("error %v tells of %d attempts, want %d", err, refused.Attempts, srv.posts)
				}
				for _, query := range srv.queries {
					if !strings.Contains(query, "beside=1") {
						t.Errorf("a request had the query %q", query)
					}
				}
			})
		})
	}
}

// quotes is a type of a caller's whose error quotes what it was given.
type quotes struct{ verb string }

func (q *quotes) UnmarshalJSON(b []byte) error { return fmt.Errorf("cannot read "+q.verb, b) }

// decoded is one whose error has the text that the JSON holds.
type decoded struct{}

func (*decoded) UnmarshalJSON(b []byte) error {
	var text string
	return errors.Join(json.Unmarshal(b, &text), errors.New(text))
}

// What a server says, and what a caller's UnmarshalJSON says of it, stands in an
// error without the secrets, on one line and cut, wherever it was, however it is
// spelled and wherever it would be cut.
func TestTextsOfOthersAreCleanInEveryError(t *testing.T) {
	t.Parallel()
	each := func(format string) (out string) {
		for _, b := range []byte(testToken) {
			out += fmt.Sprintf(format, b)
		}
		return out
	}
	spellings := map[string]string{
		"raw": testToken, "upper case": strings.ToUpper(testToken), "JSON": each(`\u%04x`), "percent": each("%%%02X"), "HTML": each("&#%d;"),
	}
	object := func(name string) func(string) string {
		return func(said string) string { return `{"` + name + `":` + quoted(said) + `}` }
	}
	status := func(said string) string { return `{"user":{"id":7,` + object("status")(said)[1:] + `}` }
	plain := func(said string) string { return said }
	do := func(out func() any) func(context.Context, *motive.Client) error {
		return func(ctx context.Context, c *motive.Client) error {
			return c.Do(ctx, motive.Request{Method: "PUT", Path: "/v1/x"}, out())
		}
	}
	deactivate := func(ctx context.Context, c *motive.Client) error { _, err := c.Users.Deactivate(ctx, 7); return err }
	header := func(name, before, after string) func(string) []string {
		return func(said string) []string {
			return []string{name, before + strings.ReplaceAll(said, "\n", " ") + after}
		}
	}
	for name, tt := range map[string]struct {
		call   func(context.Context, *motive.Client) error
		status int
		body   func(said string) string
		header func(said string) []string
	}{
		"a time":           {do(func() any { return &struct{ At time.Time }{} }), 200, object("at"), nil},
		"a text":           {do(func() any { return &struct{ At *decoded }{} }), 200, object("at"), nil},
		"JSON":             {do(func() any { return &struct{ At quotes }{quotes{"%s"}} }), 200, object("at"), nil},
		"quoted JSON":      {do(func() any { return &struct{ At quotes }{quotes{"%q"}} }), 200, object("at"), nil},
		"another status":   {deactivate, 200, status, nil},
		"a read status":    {deactivate, 0, status, nil},
		"error_message":    {deactivate, 422, object("error_message"), nil},
		"a problem":        {deactivate, 422, func(said string) string { return `{"errors":` + object("x")(said) + `}` }, nil},
		"a field":          {deactivate, 422, func(said string) string { return `{"errors":{` + quoted(said) + `:"odd"}}` }, nil},
		"a code":           {deactivate, 422, func(said string) string { return `{"errors":[{"field":"x","code":` + quoted(said) + `}]}` }, nil},
		"plain text":       {deactivate, 422, plain, nil},
		"X-Request-Id":     {deactivate, 422, plain, header("X-Request-Id", "", "")},
		"WWW-Authenticate": {deactivate, 403, plain, header("WWW-Authenticate", `Bearer error_description="`, `"`)},
		"Location":         {deactivate, 307, plain, header("Location", "https://", ".example/")},
		"words of a 200":   {deactivate, 200, object("message"), nil},
	} {
		for spelling, spelled := range spellings {
			t.Run(name+"/"+spelling, func(t *testing.T) {
				t.Parallel()
				var errs []error
				// Before each limit: of a quotation, a name, a message.
				for _, before := range []int{0, 30, 50, 60, 100, 110, 120, 127, 950, 1000, 1010, 1020} {
					said := strings.Repeat("x", before) + " " + spelled + "\n" + strings.Repeat("y", 2000)
					srv := wire.NewServer(t, func(w http.ResponseWriter, r *http.Request) {
						var header []string
						if tt.header != nil {
							header = tt.header(strings.Repeat("x", before) + spelled)
						}
						if tt.status == 0 && r.Method == http.MethodPut {
							wire.Always(200, `{"user":{"id":7}}`)(w, r)
							return
						}
						wire.Always(max(tt.status, 200), tt.body(said), header...)(w, r)
					})
					errs = append(errs, tt.call(t.Context(), newClient(t, srv.URL)))
				}
				for _, err := range errs {
					if err == nil {
						t.Fatal("no error")
					}
					for ; err != nil; err = errors.Unwrap(err) {
						for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
							text := fmt.Sprintf(verb, err)
							if shown := strings.ToLower(text); strings.Contains(shown, "anary-") || strings.Contains(shown, strings.ToLower(spelled[:5])) {
								t.Errorf("%s of a %T shows a secret", verb, err)
							}
							if len(text) > 1500 || strings.ContainsFunc(text, unicode.IsControl) {
								t.Errorf("%s of a %T has %d bytes on %d lines", verb, err, len(text), strings.Count(text, "\n")+1)
							}
						}
					}
				}
			})
		}
	}
}

// Of a response that is no HTTP, net/http quotes what the server said.
func TestTextsOfTheWireAreCleanInEveryError(t *testing.T) {
	t.Parallel()
	for _, before := range []string{
		"SSH ", "HTTP/1.1 abc", "HTTP/1.1 200 OK\r\nbad header ", "HTTP/1.1 200 OK\r\nContent-Length: ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: ",
	} {
		for _, m := range oneOfEachVerb() {
			srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
				wire.Say(conn, before+strings.Repeat("x", 1000)+testToken+strings.Repeat("y", 5000)+"\r\n\r\n")
				return false
			})
			_, err := m.call(t.Context(), newClient(t, srv.URL, motive.WithRetry(motive.RetryPolicy{MaxAttempts: 1, ReconcileWait: 1})))
			if text := fmt.Sprintf("%+v", err); err == nil || len(text) > 1500 || strings.Contains(text, "canary") {
				t.Errorf("%s, %.20s: an error of %d bytes, or with a secret", m.name, before, len(text))
			}
		}
	}
}

// Of a body that was cut, by a limit or since the connection broke off, the beginning
// of a secret may be the end.
func TestTheBeginningOfASecretIsHidden(t *testing.T) {
	t.Parallel()
	percent := ""
	for _, b := range []byte(testToken) {
		percent += fmt.Sprintf("%%%02x", b)
	}
	for name, tt := range map[string]struct {
		status int
		cut    int // bytes of the body that are kept
		breaks bool
		opts   []motive.Option
	}{
		"the limit of an error":    {422, 64 << 10, false, nil},
		"the limit of a success":   {200, 1000, false, []motive.Option{motive.WithMaxBodySize(1000)}},
		"a success that is large":  {200, 64 << 10, false, nil},
		"an error that breaks off": {422, 100, true, nil},
		"a long one":               {422, 5000, true, nil},
		"a page that breaks off":   {404, 100, true, nil},
	} {
		for _, spelled := range []string{testToken + testToken, percent + percent} {
			each := len(spelled) / len(testToken+testToken) // bytes of a character; fewer than four say nothing
			for shown := 4 * each; shown < len(spelled)/2; shown++ {
				t.Run(fmt.Sprintf("%s/%d of %.3s", name, shown, spelled), func(t *testing.T) {
					t.Parallel()
					body := strings.Repeat("x", tt.cut-shown-1) + " " + spelled + strings.Repeat("y", 1<<10)
					length := fmt.Sprint("Content-Length: ", len(body))
					if tt.breaks {
						body = body[:tt.cut]
					}
					srv := wire.NewRawServer(t, func(_ int, conn *net.TCPConn, _ *http.Request) bool {
						wire.Say(conn, fmt.Sprintf("HTTP/1.1 %d X", tt.status), length, "", body)
						return false
					})
					err := get(t.Context(), newClient(t, srv.URL, tt.opts...))
					var api *motive.APIError
					if !errors.As(err, &api) || len(api.Body) == 0 {
						t.Fatalf("error %T, want an APIError with a body", err)
					}
					if shows := err.Error() + string(api.Body); strings.Contains(shows, spelled[:shown]) {
						t.Errorf("the error shows the first %d bytes of a secret", shown)
					}
				})
			}
		}
	}
}

func quoted(s string) string { text, _ := json.Marshal(s); return string(text) }
