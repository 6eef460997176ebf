package provision_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/provision"
)

const tms = "tms"

// direct calls a handler without a socket, for tests with thousands of fleets.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	response := w.Result()
	response.Request = r
	return response, nil
}

// directClient is a client of a fake that needs no socket.
func directClient(t testing.TB, fake *motivetest.Fake, opts ...motive.Option) *motive.Client {
	t.Helper()
	client, err := motive.NewClient(append([]motive.Option{
		motive.WithAccessToken(fake.AccessToken()), motive.WithBaseURL("http://127.0.0.1/api"), motive.WithTransport(direct{fake}),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func csvRoster(csv string) provision.Roster {
	return provision.ReadCSV(strings.NewReader(csv), provision.ReadOptions{})
}

// rows is a roster of rows that a program made.
func rows(all ...provision.Row) provision.Roster {
	return func(yield func(provision.Row, error) bool) {
		for _, row := range all {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// planFor plans a roster, under the integration "tms" unless opts name another.
func planFor(t testing.TB, client *motive.Client, roster provision.Roster, opts provision.Options) *provision.Plan {
	t.Helper()
	if opts.Integration == "" {
		opts.Integration = tms
	}
	p, err := provision.NewPlan(t.Context(), client, roster, opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func table(t testing.TB, p *provision.Plan, opts provision.PrintOptions) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteTable(&out, opts); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func savedBytes(t testing.TB, p *provision.Plan) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// reread is a plan that was saved and read again.
func reread(t testing.TB, p *provision.Plan) *provision.Plan {
	t.Helper()
	back, err := provision.ReadPlan(bytes.NewReader(savedBytes(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	return back
}
