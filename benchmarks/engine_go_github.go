package main

import (
	"context"
	"net/url"

	"github.com/google/go-github/v84/github"
)

type goGitHub struct{ client *github.Client }

func newGoGitHub(base string) caller {
	c := github.NewClient(nil).WithAuthToken(token)
	c.BaseURL = mustParse(base + "/")
	return goGitHub{c}
}

// A method of go-github is these two calls.
func (g goGitHub) call(ctx context.Context, method, path string, body, out any) error {
	req, err := g.client.NewRequest(method, path[1:], body)
	if err != nil {
		return err
	}
	_, err = g.client.Do(ctx, req, out)
	return err
}

func mustParse(base string) *url.URL {
	u, err := url.Parse(base)
	if err != nil {
		panic(err)
	}
	return u
}
