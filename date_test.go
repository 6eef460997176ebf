package motive

import (
	"encoding/json"
	"testing"
	"time"
)

func TestDateReadsEveryForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   string
		want Date
	}{
		{`"2024-02-29"`, NewDate(2024, 2, 29)},
		{`"2024-02-29T23:59:59Z"`, NewDate(2024, 2, 29)},
		{`"2024-02-29T23:59:59.123456-08:00"`, NewDate(2024, 2, 29)},
		{`null`, Date{}},
		{`""`, Date{}},
	} {
		got := NewDate(1999, 1, 1)
		if err := json.Unmarshal([]byte(test.in), &got); err != nil || got != test.want {
			t.Errorf("%s: got %s, error %v; want %s", test.in, got, err, test.want)
		}
	}
	for _, in := range []string{`"2023-02-29"`, `"29/02/2024"`, `20240229`, `"2024-2-9"`, `{}`} {
		d := NewDate(1999, 1, 1)
		if err := json.Unmarshal([]byte(in), &d); err == nil {
			t.Errorf("%s: got %s, want an error", in, d)
		}
		if d != NewDate(1999, 1, 1) {
			t.Errorf("%s: the date changed to %s", in, d)
		}
	}
}

func TestDateWritesDays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in         Date
		json, text string
	}{
		{NewDate(2024, 2, 29), `"2024-02-29"`, "2024-02-29"},
		{NewDate(2024, 2, 30), `"2024-03-01"`, "2024-03-01"},
		{Date{}, `""`, ""},
		{Date{time.Date(2024, 2, 29, 23, 0, 0, 0, time.FixedZone("", -8*3600))}, `"2024-02-29"`, "2024-02-29"},
	} {
		b, err := json.Marshal(test.in)
		if err != nil || string(b) != test.json || test.in.String() != test.text {
			t.Errorf("got %s and %q, error %v; want %s and %q", b, test.in, err, test.json, test.text)
		}
	}
}
