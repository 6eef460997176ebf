package main

import (
	"github.com/bytedance/sonic"

	"github.com/motive-go/motive/benchmarks/plain"
)

type sonicJSON struct{}

func (sonicJSON) decode(body []byte, page *plain.Page) error  { return sonic.Unmarshal(body, page) }
func (sonicJSON) encode(create *plain.Create) ([]byte, error) { return sonic.Marshal(create) }
