package main

import (
	"context"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

type openAI struct{ client *openai.Client }

func newOpenAI(base string) caller {
	c := openai.NewClient(option.WithBaseURL(base+"/"), option.WithAPIKey(token))
	return openAI{&c}
}

// A method of openai-go makes this one call.
func (o openAI) call(ctx context.Context, method, path string, body, out any) error {
	return o.client.Execute(ctx, method, path[1:], body, out)
}
