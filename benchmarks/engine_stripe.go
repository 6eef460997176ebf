package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/motive-go/motive/benchmarks/plain"
	"github.com/stripe/stripe-go/v85"
)

type stripeClient struct{ backend stripe.Backend }

func newStripe(base string) caller {
	return stripeClient{stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL:           stripe.String(base),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})}
}

// A method of stripe-go makes one such call. Those of its API v1 send a form;
// those of v2 send JSON, which is the same work as the others do.
func (s stripeClient) call(ctx context.Context, method, path string, body, out any) error {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return err
		}
		path = "/v2" + path[len("/v1"):]
	}
	params := &stripe.Params{Context: ctx}
	switch out := out.(type) {
	case *plain.One:
		return s.backend.CallRaw(method, path, token, encoded, params, &struct {
			stripe.APIResource
			*plain.One
		}{One: out})
	case *plain.Page:
		return s.backend.CallRaw(method, path, token, encoded, params, &struct {
			stripe.APIResource
			*plain.Page
		}{Page: out})
	}
	return fmt.Errorf("stripe-go cannot decode into a %T", out)
}
