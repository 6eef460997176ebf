package motive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/motive-go/motive"
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
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, smallUser)
	}))
	defer server.Close()
	for _, transport := range []struct {
		name string
		base string
		rt   http.RoundTripper
	}{
		{"null", "http://localhost", nullTransport{[]byte(smallUser)}},
		{"loopback", server.URL, server.Client().Transport},
	} {
		b.Run(transport.name+"/client", func(b *testing.B) {
			client, err := motive.NewClient(motive.WithAccessToken("token"),
				motive.WithBaseURL(transport.base), motive.WithTransport(transport.rt))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Users.Get(b.Context(), 7); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(transport.name+"/by-hand", func(b *testing.B) {
			client := &http.Client{Transport: transport.rt}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := getByHand(b.Context(), client, transport.base); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// getByHand is what a careful program without an SDK would do, timeout aside.
func getByHand(ctx context.Context, client *http.Client, base string) (*motive.User, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v1/users/7", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer token")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var envelope struct {
		User struct {
			ID        int64  `json:"id"`
			FirstName string `json:"first_name"`
			LastName  string `json:"last_name"`
			Role      string `json:"role"`
			Status    string `json:"status"`
		} `json:"user"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&envelope); err != nil {
		return nil, err
	}
	return &motive.User{ID: envelope.User.ID, FirstName: envelope.User.FirstName}, nil
}
