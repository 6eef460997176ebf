package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// byHand is what a program without an SDK does. It has no timeout, no retry and
// no limit on what it reads.
type byHand struct {
	client *http.Client
	base   string
}

func newByHand(base string) caller { return byHand{&http.Client{}, base} }

func (h byHand) call(ctx context.Context, method, path string, body, out any) error {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, h.base+path, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := statusError(resp.StatusCode); err != nil {
		return err
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
