package text_test

import (
	"encoding/json"
	"testing"

	"github.com/motive-go/motive/internal/text"
)

func TestJSONEscape(t *testing.T) {
	t.Parallel()
	for _, s := range []string{`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u00e9`, `\u00E9`, `\u0000`, `\uffff`, `\ud83d\ude9a`} {
		var want string
		if err := json.Unmarshal([]byte(`"`+s+`"`), &want); err != nil {
			t.Fatal(err)
		}
		if r, n := text.JSONEscape([]byte(s + `\u0041`)); string(r) != want || n != len(s) {
			t.Errorf("%s reads as %q of %d bytes, want %q", s, r, n, want)
		}
	}
	for _, half := range []string{`\ud83d`, `\ud83dx`, `\ud83d\n`, `\ud83d\u0041`, `\ude9a\ud83d`} {
		if r, n := text.JSONEscape([]byte(half)); string(r) != "\ufffd" || n != 6 {
			t.Errorf("%s reads as %q of %d bytes", half, r, n)
		}
	}
	for _, s := range []string{``, `\`, `n`, `nn`, `\q`, `\u`, `\u12`, `\u12g4`, `\u+123`, `\x41`, `\N`} {
		if r, n := text.JSONEscape([]byte(s)); n != 0 {
			t.Errorf("%s is no escape, and reads as %q of %d bytes", s, r, n)
		}
	}
}
