//go:build !goexperiment.jsonv2

package main

// jsonV2 is there under GOEXPERIMENT=jsonv2.
func jsonV2([]byte) []engine { return nil }
