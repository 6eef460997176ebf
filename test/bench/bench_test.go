// Package bench_test sets the client beside the same requests written by hand.
package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

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
	besideByHand(b, []byte(smallUser), func(ctx context.Context, c *motive.Client) error {
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
	besideByHand(b, fullPage(b, 100), func(ctx context.Context, c *motive.Client) error {
		_, err := c.Users.List(ctx, &motive.ListUsersOptions{PerPage: 100})
		return err
	}, func(ctx context.Context, c *http.Client, base string) error {
		var answer strictPage
		return getByHand(ctx, c, base+"/v1/users?per_page=100", &answer)
	})
}

// strictUser is what a program without this module would write: the same struct,
// without the methods that make it tolerant.
type strictUser motive.User

type strictPage struct {
	Users []struct {
		User strictUser `json:"user"`
	} `json:"users"`
	Pagination motive.Pagination `json:"pagination"`
}

// fullPage is a page of users of whom everything is known.
func fullPage(b *testing.B, users int) []byte {
	at := time.Date(2026, 7, 1, 8, 15, 30, 0, time.UTC)
	user := motive.User{FirstName: "Avery", LastName: "Lindqvist", Role: motive.RoleDriver, Status: motive.StatusActive}
	fields := reflect.ValueOf(&user).Elem()
	for i := range fields.NumField() {
		switch f := fields.Field(i); {
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		case f.Kind() == reflect.String && f.IsZero():
			f.SetString("1 Example Street")
		case f.Type() == reflect.TypeOf(at):
			f.Set(reflect.ValueOf(at))
		}
	}
	var page strings.Builder
	for i := range users {
		user.ID = int64(i + 1)
		one, err := json.Marshal(user)
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&page, `,{"user":%s}`, one)
	}
	return fmt.Appendf(nil, `{"users":[%s],"pagination":{"per_page":%d,"page_no":1,"total":%[2]d}}`, page.String()[1:], users)
}

func besideByHand(b *testing.B, body []byte, call func(context.Context, *motive.Client) error, byHand func(context.Context, *http.Client, string) error) {
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
			client, err := motive.NewClient(motive.WithAccessToken("token"), motive.WithBaseURL(transport.base), motive.WithTransport(transport.rt))
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
	client, err := motive.NewClient(motive.WithAccessToken("token"), motive.WithTransport(nullTransport{[]byte(smallUser)}))
	if err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(200, func() { _, _ = client.Users.Get(t.Context(), 7) })
	if allocs > 38 {
		t.Errorf("%v allocations, want at most 38", allocs)
	}
}
