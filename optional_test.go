package motive_test

import (
	"encoding/json"
	"fmt"
	"strings"
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
		"absent": {motive.Optional[string]{}, "", false, false, true, "absent", ""},
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
		if out, err := json.Marshal(tt.o); (err != nil) != tt.gone || string(out) != tt.json {
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

func TestOptionalEqual(t *testing.T) {
	t.Parallel()
	states := []motive.Optional[[]int64]{{}, motive.Null[[]int64](), motive.Set[[]int64](nil), motive.Set([]int64{1}), motive.Set([]int64{1, 2})}
	for i, a := range states {
		for j, b := range states {
			if a.Equal(b) != (i == j) {
				t.Errorf("%s equals %s: %v", a, b, a.Equal(b))
			}
		}
	}
	if !motive.Set([]int64(nil)).Equal(motive.Set([]int64{})) {
		t.Error("two lists that are sent as [] differ")
	}
	if !motive.Set("a").Equal(motive.Set("a")) || motive.Set("").Equal(motive.Null[string]()) {
		t.Error("strings do not compare")
	}
}

func TestSetNonZero(t *testing.T) {
	t.Parallel()
	if o := motive.SetNonZero(""); !o.IsZero() {
		t.Errorf("an empty text is %s", o)
	}
	if o := motive.SetNonZero("a"); o != motive.Set("a") {
		t.Errorf("a text is %s", o)
	}
	if o := motive.SetNonZero[[]int64](nil); !o.IsZero() {
		t.Errorf("no list is %s", o)
	}
	if o := motive.SetNonZero(motive.Date{}); !o.IsZero() {
		t.Errorf("no date is %s", o)
	}
}

// A library that does not know omitzero must not clear what is absent.
func TestAbsentIsNeverSent(t *testing.T) {
	t.Parallel()
	old := struct {
		Email motive.Optional[string] `json:"email,omitempty"`
	}{}
	if out, err := json.Marshal(old); err == nil || !strings.Contains(err.Error(), "omitzero") {
		t.Errorf("sent as %s, error %v", out, err)
	}
}

func TestOptionalWritesWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	ids := []motive.ExternalID{
		{ExternalID: "987", IntegrationName: "my_tms"},
		{ID: 7, ExternalID: `<"é">`, IntegrationName: "\u2028"},
		{},
	}
	for _, c := range []struct {
		optional json.Marshaler
		value    any
	}{
		{motive.Set(ids), ids},
		{motive.Set([]motive.ExternalID{}), []motive.ExternalID{}},
		{motive.Set(`<"é">`), `<"é">`},
		{motive.Set(true), true},
		{motive.Set(false), false},
		{motive.Set(motive.NewDate(2024, time.March, 11)), "2024-03-11"},
		{motive.Set(motive.Date{}), ""},
		{motive.Set(motive.RoleDriver), "driver"},
		{motive.Set([]int64{1, -2}), []int64{1, -2}},
	} {
		got, err := c.optional.MarshalJSON()
		want, wantErr := json.Marshal(c.value)
		if err != nil || wantErr != nil || string(got) != string(want) {
			t.Errorf("%v is written as %s, error %v, want %s, error %v", c.value, got, err, want, wantErr)
		}
	}
}
