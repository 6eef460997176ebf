package redact_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive/internal/redact"
)

type kind string

type maybe struct{ value any }

func (m maybe) LogValue() slog.Value { return slog.AnyValue(m.value) }

type person struct {
	ID       int               `json:"id"`
	Name     string            `json:"name,omitzero"`
	Kind     kind              `json:"kind"`
	Groups   []int             `json:"groups"`
	At       time.Time         `json:"at"`
	Email    maybe             `json:"email"`
	Password maybe             `json:"password"`
	License  string            `json:"license"`
	Extra    map[string]string `json:"-"`
}

func (p person) LogValue() slog.Value {
	return slog.GroupValue(redact.Attrs(p, "password", "license")...)
}

func TestFieldsShowWhatIsThereAndNoSecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   person
		want string
	}{
		{person{}, `person{}`},
		{person{ID: 7, Name: `Ada "A"`, Kind: "driver", Groups: []int{1, 2}}, `person{id:7 name:"Ada \"A\"" kind:"driver" groups:[1,2]}`},
		{person{Password: maybe{"canary"}, License: "canary", Extra: map[string]string{"a": "canary"}}, `person{password:[redacted] license:[redacted]}`},
		{person{Password: maybe{kind("canary")}}, `person{password:[redacted]}`},
		{person{Email: maybe{kind("")}, Password: maybe{""}}, `person{email:"" password:""}`},
		{person{At: time.Date(12026, 7, 1, 0, 0, 0, 0, time.UTC)}, `person{at:12026-07-01 00:00:00 +0000 UTC}`},
	} {
		var b strings.Builder
		redact.Print(&b, test.in)
		if b.String() != test.want {
			t.Errorf("got  %s\nwant %s", b.String(), test.want)
		}
		if line := fmt.Sprint(test.in.LogValue()); strings.Contains(line, "canary") {
			t.Error("a log shows a secret")
		}
	}
}
