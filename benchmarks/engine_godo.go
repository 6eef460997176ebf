package main

import (
	"context"

	"github.com/digitalocean/godo"
)

type goDo struct{ client *godo.Client }

// NewFromToken retries, through go-retryablehttp.
func newGodo(base string) caller {
	c := godo.NewFromToken(token)
	c.BaseURL = mustParse(base + "/")
	return goDo{c}
}

// A method of godo is these two calls.
func (g goDo) call(ctx context.Context, method, path string, body, out any) error {
	req, err := g.client.NewRequest(ctx, method, path[1:], body)
	if err != nil {
		return err
	}
	_, err = g.client.Do(ctx, req, out)
	return err
}
