package main

import (
	"github.com/mailru/easyjson"

	"github.com/motive-go/motive/benchmarks/plain"
)

type easyJSON struct{}

func (easyJSON) decode(body []byte, page *plain.Page) error  { return easyjson.Unmarshal(body, page) }
func (easyJSON) encode(create *plain.Create) ([]byte, error) { return easyjson.Marshal(create) }
