package motive_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/motive-go/motive"
)

func TestOptionalStates(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		o               motive.Optional[string]
		value           string
		set, null, gone bool
		text, json      string
	}{
		"absent": {motive.Optional[string]{}, "", false, false, true, "absent", "null"},
		"null":   {motive.Null[string](), "", false, true, false, "null", "null"},
		"zero":   {motive.Set(""), "", true, false, false, "", `""`},
		"value":  {motive.Set("null"), "null", true, false, false, "null", `"null"`},
	} {
		value, set := tt.o.Get()
		if value != tt.value || set != tt.set || tt.o.IsNull() != tt.null || tt.o.IsZero() != tt.gone {
			t.Errorf("%s: Get %q %v, IsNull %v, IsZero %v", name, value, set, tt.o.IsNull(), tt.o.IsZero())
		}
		if tt.o.String() != tt.text || fmt.Sprint(tt.o) != tt.text {
			t.Errorf("%s: prints as %q, want %q", name, tt.o, tt.text)
		}
		if out, err := json.Marshal(tt.o); err != nil || string(out) != tt.json {
			t.Errorf("%s: JSON %s, error %v, want %s", name, out, err, tt.json)
		}
	}
}

func TestOptionalReadsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]motive.Optional[int]{
		"7": motive.Set(7), "0": motive.Set(0), "null": motive.Null[int](), " null ": motive.Null[int](),
	} {
		o := motive.Set(99) // what was there before does not show through
		if err := json.Unmarshal([]byte(in), &o); err != nil || o != want {
			t.Errorf("%s reads as %s, error %v; want %s", in, o, err, want)
		}
	}
	for _, in := range []string{`"7"`, "1.5", "{}", "[1]", "true", "1e99", "nul", ""} {
		o := motive.Set(99)
		if err := json.Unmarshal([]byte(in), &o); err == nil || o != motive.Set(99) {
			t.Errorf("%s reads as %s, error %v; want an error and no change", in, o, err)
		}
	}
}

func TestOptionalHoldsAnyType(t *testing.T) {
	t.Parallel()
	if out, err := json.Marshal(motive.Set[any](nil)); err != nil || string(out) != "null" {
		t.Errorf("JSON %s, error %v", out, err)
	}
	if out, err := json.Marshal(motive.Set([]int64(nil))); err != nil || string(out) != "[]" {
		t.Errorf("JSON %s, error %v", out, err)
	}
	if _, err := json.Marshal(motive.Set(make(chan int))); err == nil {
		t.Error("a channel is no JSON, and no error")
	}
	if got := motive.Set(motive.NewDate(2026, time.July, 4)).String(); got != "2026-07-04" {
		t.Errorf("a date prints as %q", got)
	}
}
