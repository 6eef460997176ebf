package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unsafe"

	tailscale "tailscale.com/client/tailscale/v2"
)

type tailscaleClient struct {
	client *tailscale.Client
	base   *url.URL
}

func newTailscale(base string) caller {
	c := &tailscale.Client{BaseURL: mustParse(base), APIKey: token}
	c.Users() // which sets the defaults
	return tailscaleClient{c, c.BaseURL}
}

// A method of the client makes these calls. None of them is exported, so they
// are reached by name.
func (t tailscaleClient) call(ctx context.Context, method, path string, body, out any) error {
	path, query, _ := strings.Cut(path, "?")
	u := t.base.JoinPath(path)
	u.RawQuery = query
	var opts []tailscaleOption
	if body != nil {
		opts = append(opts, tailscaleBody(body))
	}
	req, err := tailscaleRequest(t.client, ctx, method, u, opts...)
	if err != nil {
		return err
	}
	return tailscaleDo(t.client, req, out)
}

type tailscaleOption = func(unsafe.Pointer)

//go:linkname tailscaleBody tailscale.com/client/tailscale/v2.requestBody
func tailscaleBody(body any) tailscaleOption

//go:linkname tailscaleRequest tailscale.com/client/tailscale/v2.(*Client).buildRequest
func tailscaleRequest(c *tailscale.Client, ctx context.Context, method string, u *url.URL, opts ...tailscaleOption) (*http.Request, error)

//go:linkname tailscaleDo tailscale.com/client/tailscale/v2.(*Client).do
func tailscaleDo(c *tailscale.Client, req *http.Request, out any) error
