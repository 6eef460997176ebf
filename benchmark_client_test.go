package motive

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

const smallUser = `{"user":{"id":7,"first_name":"Ada","last_name":"Moss","role":"driver","status":"active"}}`

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

// BenchmarkGet sets a small GET through the client beside the same GET written
// by hand, without a network and on loopback.
func BenchmarkGet(b *testing.B) {
	besideByHand(b, []byte(smallUser), func(ctx context.Context, c *Client) error {
		_, err := c.Users.Get(ctx, 7)
		return err
	}, func(ctx context.Context, c *http.Client, base string) error {
		var answer struct {
			User strictUser `json:"user"`
		}
		return getByHand(ctx, c, base+"/v1/users/7", &answer)
	})
}

// BenchmarkList does the same with a page of 100 full users.
func BenchmarkList(b *testing.B) {
	besideByHand(b, fullPage(100, ""), func(ctx context.Context, c *Client) error {
		_, err := c.Users.List(ctx, &ListUsersOptions{PerPage: 100})
		return err
	}, func(ctx context.Context, c *http.Client, base string) error {
		var answer strictPage
		return getByHand(ctx, c, base+"/v1/users?per_page=100", &answer)
	})
}

func besideByHand(b *testing.B, body []byte, call func(context.Context, *Client) error, byHand func(context.Context, *http.Client, string) error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	defer server.Close()
	for _, transport := range []struct {
		name string
		base string
		rt   http.RoundTripper
	}{
		{"null", "http://localhost", nullTransport{body}},
		{"loopback", server.URL, server.Client().Transport},
	} {
		b.Run(transport.name+"/client", func(b *testing.B) {
			client, err := NewClient(WithAccessToken("token"), WithBaseURL(transport.base), WithTransport(transport.rt))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := call(b.Context(), client); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(transport.name+"/by-hand", func(b *testing.B) {
			client := &http.Client{Transport: transport.rt}
			b.ReportAllocs()
			for b.Loop() {
				if err := byHand(b.Context(), client, transport.base); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// getByHand is what a careful program without an SDK would do, timeout aside.
func getByHand(ctx context.Context, client *http.Client, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer token")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(into)
}

// TestASmallGetAllocatesLittle keeps the figure of the README.
func TestASmallGetAllocatesLittle(t *testing.T) {
	client, err := NewClient(WithAccessToken("token"), WithTransport(nullTransport{[]byte(smallUser)}))
	if err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(200, func() { _, _ = client.Users.Get(t.Context(), 7) })
	if allocs > 38 {
		t.Errorf("%v allocations, want at most 38", allocs)
	}
}
