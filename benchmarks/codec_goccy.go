package main

import (
	"github.com/goccy/go-json"

	"github.com/motive-go/motive/benchmarks/plain"
)

type goccyJSON struct{}

func (goccyJSON) decode(body []byte, page *plain.Page) error  { return json.Unmarshal(body, page) }
func (goccyJSON) encode(create *plain.Create) ([]byte, error) { return json.Marshal(create) }
