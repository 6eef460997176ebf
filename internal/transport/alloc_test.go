package transport

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// nullTransport answers every request from memory.
type nullTransport struct{ body []byte }

func (t nullTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode:    http.StatusOK,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(t.body)),
		ContentLength: int64(len(t.body)),
		Request:       req,
	}, nil
}

var small = Request{Method: http.MethodGet, Path: "/v1/things/7", Template: "/v1/things/{id}"}

func get(t testing.TB, c *Client, r Request) {
	resp, err := c.Do(t.Context(), r)
	if err != nil || resp.Status != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	resp.Release()
}

// What a small call costs is promised to users of the client.
func TestASmallGetAllocatesLittle(t *testing.T) {
	c := newTestClient(t, Config{RoundTripper: nullTransport{[]byte(`{"id":7}`)}})
	if allocs := testing.AllocsPerRun(200, func() { get(t, c, small) }); allocs > 30 {
		t.Errorf("%v allocations, want at most 30", allocs)
	}
}

func BenchmarkGet(b *testing.B) {
	c := newTestClient(b, Config{RoundTripper: nullTransport{[]byte(`{"id":7}`)}})
	b.ReportAllocs()
	for b.Loop() {
		get(b, c, small)
	}
}
