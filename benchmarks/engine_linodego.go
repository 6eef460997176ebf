package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/linode/linodego"
	"golang.org/x/oauth2"
)

type linode struct{ client *linodego.Client }

// The README of linodego authenticates through x/oauth2.
func newLinodego(base string) caller {
	c := linodego.NewClient(&http.Client{Transport: &oauth2.Transport{
		Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}),
	}})
	c.SetBaseURL(base)
	c.SetAPIVersion("v1")
	return linode{&c}
}

// A method of linodego does this in its generic helpers, which are not exported.
func (l linode) call(ctx context.Context, method, path string, body, out any) error {
	req := l.client.R(ctx).SetResult(out)
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		req.SetBody(string(encoded))
	}
	resp, err := req.Execute(method, strings.TrimPrefix(path, "/v1/"))
	if err != nil {
		return err
	}
	return statusError(resp.StatusCode())
}
