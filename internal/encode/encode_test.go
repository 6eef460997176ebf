package encode_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/motive-go/motive/internal/encode"
)

type (
	name  string
	shout string
)

func (s shout) MarshalText() ([]byte, error) { return []byte(s + "!"), nil }

func ptr[T any](v T) any { return &v }

// Whatever the type, the output is that of encoding/json.
func TestValueWritesWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	for _, p := range []any{
		ptr(""), ptr("a"), ptr(name("driver")), ptr(shout("x")), ptr(json.Number("1.50")), ptr(json.Number("")),
		ptr(true), ptr(false), ptr(int64(math.MinInt64)), ptr(int64(math.MaxInt64)), ptr(int64(0)), ptr(7), ptr(1.5),
		ptr([]int64(nil)), ptr([]int64{}), ptr([]int64{1, -2, 3}), ptr([]string{"<"}), ptr(map[string]any{"b": nil, "a": 1}),
		ptr(struct {
			A int    `json:"a,omitempty"`
			B string `json:"b"`
		}{B: "&"}),
		ptr(time.Date(2026, 7, 1, 8, 15, 30, 0, time.UTC)), ptr[any](nil), ptr[*string](nil), ptr(json.RawMessage(`{"a": "<"}`)),
	} {
		want, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := encode.Value([]byte("x"), p)
		if err != nil || string(got) != "x"+string(want) {
			t.Errorf("%T: got %s, error %v, want x%s", p, got, err, want)
		}
	}
	if _, err := encode.Value(nil, ptr(make(chan int))); err == nil {
		t.Error("a channel is no JSON, and no error")
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{
		"", "a", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "<script>&", "é🚚", "\u2028\u2029\u2027", "\xff", "a\xe2\x80", "\xed\xa0\x80", "\ufffd", "\xc0\x80b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := encode.String(nil, s); !bytes.Equal(got, want) {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	})
}
