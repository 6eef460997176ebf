package main

import (
	"encoding/json"

	"github.com/motive-go/motive/benchmarks/plain"
)

type stdJSON struct{}

func (stdJSON) decode(body []byte, page *plain.Page) error  { return json.Unmarshal(body, page) }
func (stdJSON) encode(create *plain.Create) ([]byte, error) { return json.Marshal(create) }
