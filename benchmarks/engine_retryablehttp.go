package main

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/oauth2"
)

// retryableHTTP is what a program does that wants retries and refreshed tokens
// and writes the rest by hand.
type retryableHTTP struct {
	client *retryablehttp.Client
	base   string
}

func newRetryableHTTP(base string) caller {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient.Transport = &oauth2.Transport{
		Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}),
		Base:   c.HTTPClient.Transport,
	}
	return retryableHTTP{c, base}
}

func (h retryableHTTP) call(ctx context.Context, method, path string, body, out any) error {
	var encoded any // a nil []byte would be a body
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		encoded = b
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, method, h.base+path, encoded)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
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
