package main

import (
	"context"
	"encoding/json"

	"github.com/motive-go/motive/benchmarks/plain"
)

// codec is one way to read and write JSON.
type codec interface {
	decode(body []byte, page *plain.Page) error
	encode(create *plain.Create) ([]byte, error)
}

// codecWorks are what codecs are compared at.
var codecWorks = []work{
	{name: "decode a page of 100", pick: paging},
	{name: "encode a full create", pick: creating},
}

// codecs are engines without a server, encoding/json first.
func codecs() []engine {
	body := listPage(1)
	floor := engine{name: "json.Valid", page: func(context.Context) (int, error) {
		if !json.Valid(body) {
			return 0, nil
		}
		return pageSize, nil
	}}
	all := []engine{withCodec("encoding/json", stdJSON{}, body), floor, oursFromMemory(body)}
	all = append(all, jsonV2(body)...)
	return append(all,
		withCodec("sonic", sonicJSON{}, body),
		withCodec("easyjson", easyJSON{}, body),
		withCodec("segmentio/encoding", segmentioJSON{}, body),
		withCodec("goccy/go-json", goccyJSON{}, body),
	)
}

func withCodec(name string, c codec, body []byte) engine {
	return engine{
		name: name,
		page: func(context.Context) (int, error) {
			var page plain.Page
			err := c.decode(body, &page)
			return len(page.Users), err
		},
		create: func(context.Context) (int64, error) {
			encoded, err := c.encode(&fullCreate)
			if len(encoded) != len(fullCreateJSON) {
				return 0, err
			}
			return newID, err
		},
	}
}
