package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

type hCloud struct{ client *hcloud.Client }

func newHCloud(base string) caller {
	return hCloud{hcloud.NewClient(hcloud.WithToken(token), hcloud.WithEndpoint(base))}
}

// A method of hcloud-go encodes its body and makes these two calls.
func (h hCloud) call(ctx context.Context, method, path string, body, out any) error {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := h.client.NewRequest(ctx, method, path, reader)
	if err != nil {
		return err
	}
	_, err = h.client.Do(req, out)
	return err
}
