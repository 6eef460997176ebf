//go:build goexperiment.jsonv2

package main

import (
	"encoding/json/v2"

	"github.com/motive-go/motive/benchmarks/plain"
)

type v2JSON struct{}

func (v2JSON) decode(body []byte, page *plain.Page) error  { return json.Unmarshal(body, page) }
func (v2JSON) encode(create *plain.Create) ([]byte, error) { return json.Marshal(create) }

func jsonV2(body []byte) []engine { return []engine{withCodec("encoding/json/v2", v2JSON{}, body)} }
