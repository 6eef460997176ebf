package main

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/motive-go/motive"
)

// oursFromMemory reads a page with a whole call whose response comes from memory,
// since the decoder has no name of its own: its figure has the call in it. It
// takes what the server sends, with fields that no version knew.
func oursFromMemory(body []byte) engine {
	client, err := motive.NewClient(motive.WithAccessToken(token), motive.WithTransport(memory(body)))
	if err != nil {
		panic(err)
	}
	create := fullRequest()
	return engine{
		name: "motive-go",
		page: func(ctx context.Context) (int, error) {
			page, err := client.Users.List(ctx, &motive.ListUsersOptions{PerPage: pageSize})
			if err != nil {
				return 0, err
			}
			return len(page.Users), nil
		},
		create: func(context.Context) (int64, error) {
			encoded, err := create.MarshalJSON()
			if len(encoded) != len(fullCreateJSON) {
				return 0, err
			}
			return newID, err
		},
	}
}

// memory is a round tripper that responds with itself.
type memory []byte

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(m)), ContentLength: int64(len(m)), Request: req,
	}, nil
}
