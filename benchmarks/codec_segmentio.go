package main

import (
	"github.com/segmentio/encoding/json"

	"github.com/motive-go/motive/benchmarks/plain"
)

type segmentioJSON struct{}

func (segmentioJSON) decode(body []byte, page *plain.Page) error  { return json.Unmarshal(body, page) }
func (segmentioJSON) encode(create *plain.Create) ([]byte, error) { return json.Marshal(create) }
