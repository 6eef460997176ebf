package motive_test

import (
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/test/wire"
)

// A deletion that finds nothing is a success where an earlier try may have done it.
func TestExternalIDsDelete(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		steps []step
		err   []string // nil: deleted
	}{
		"at once":                         {[]step{says(200, `{"success":true}`)}, nil},
		"at once, in words":               {[]step{says(200, `{"success":"true"}`)}, nil},
		"without content":                 {[]step{says(204, "")}, nil},
		"with nothing":                    {[]step{says(200, "")}, []string{"ErrUnexpectedResponse", "ErrOutcomeUnknown"}},
		"broken off, then gone":           {[]step{breaks, says(404, "")}, nil},
		"503, then gone":                  {[]step{says(503, ""), says(404, `{"error_message":"not found"}`)}, nil},
		"cut off, then gone":              {[]step{{talk: func(c *net.TCPConn) { wire.Say(c, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{") }}, missing}, nil},
		"broken off, then a page":         {[]step{breaks, page404}, []string{"ErrUnexpectedResponse", "ErrOutcomeUnknown"}},
		"broken off, then deleted":        {[]step{breaks, says(200, `{"success":true}`)}, nil},
		"never there":                     {[]step{says(404, "")}, []string{"ErrNotFound"}},
		"limited, then not there":         {[]step{says(429, ""), says(404, "")}, []string{"ErrNotFound"}},
		"refused":                         {[]step{says(403, "")}, []string{"ErrForbidden"}},
		"broken off, then refused":        {[]step{breaks, says(403, "")}, []string{"ErrForbidden", "ErrOutcomeUnknown"}},
		"broken off each time":            {[]step{breaks, breaks, breaks, breaks}, []string{"ErrOutcomeUnknown"}},
		"no success":                      {[]step{says(200, `{"success":false}`)}, []string{"ErrUnexpectedResponse", "ErrOutcomeUnknown"}},
		"a 200 that says something else":  {[]step{says(200, `{"error_message":"try later"}`)}, []string{"ErrUnexpectedResponse", "ErrOutcomeUnknown"}},
		"a proxy that gave up, then gone": {[]step{says(524, "")}, []string{"ErrServer", "ErrOutcomeUnknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewRawServer(t, func(n int, conn *net.TCPConn, req *http.Request) bool {
				if line := req.Method + " " + req.RequestURI; line != "DELETE /fleet/v1/external_ids/31" || n > len(tt.steps) {
					t.Errorf("request %d is %s", n, line)
					return false
				}
				tt.steps[n-1].talk(conn)
				return false
			})
			err := newClient(t, srv.URL).ExternalIDs.Delete(t.Context(), 31)
			isOnly(t, err, tt.err...)
			if (err == nil) != (tt.err == nil) || srv.Requests() != len(tt.steps) {
				t.Errorf("%d requests, want %d, error %v", srv.Requests(), len(tt.steps), err)
			}
		})
	}
}

func TestExternalIDsTakeEachEnvelope(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"wrapped":       `{"external_id":{"id":31,"external_id":"987","integration_name":"generic_tms"}}`,
		"bare":          `{"id":31,"external_id":"987","integration_name":"generic_tms"}`,
		"bare, id last": `{"external_id":"987","integration_name":"generic_tms","external_id_holder_type":"User","id":31}`,
		"drifting":      `{"external_id":{"id":"31","external_id":987,"integration_name":"generic_tms","new":{"x":[1]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wire.NewServer(t, wire.Always(201, body))
			got, err := newClient(t, srv.URL).ExternalIDs.Create(t.Context(), externalIDRequest())
			if want := (motive.ExternalID{ID: 31, ExternalID: "987", IntegrationName: "generic_tms"}); err != nil || *got != want {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	}
}

func TestExternalIDsCreateThatIsTaken(t *testing.T) {
	t.Parallel()
	srv := wire.NewServer(t, wire.Always(422, `{"errors":{"external_id":["has already been taken"]}}`))
	_, err := newClient(t, srv.URL).ExternalIDs.Create(t.Context(), externalIDRequest())
	var api *motive.APIError
	if !errors.As(err, &api) || len(api.Fields) != 1 || api.Fields[0].Field != "external_id" || !errors.Is(err, motive.ErrUnprocessable) {
		t.Errorf("error %v", err)
	}
}
