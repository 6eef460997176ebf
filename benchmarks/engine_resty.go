package main

import (
	"context"

	"resty.dev/v3"
)

type restyClient struct{ client *resty.Client }

func newResty(base string) caller {
	return restyClient{resty.New().SetBaseURL(base).SetAuthToken(token).SetRetryCount(3).SetLoggerWarnLevel(true)} // it warns of plain http
}

func (r restyClient) call(ctx context.Context, method, path string, body, out any) error {
	req := r.client.R().SetContext(ctx).SetResult(out)
	if body != nil {
		req.SetBody(body)
	}
	resp, err := req.Execute(method, path)
	if err != nil {
		return err
	}
	return statusError(resp.StatusCode())
}
