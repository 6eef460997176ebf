package text_test

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/motive-go/motive/internal/text"
)

func TestEmail(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]struct {
		address string
		ok      bool
	}{
		"ada@example.com":            {"ada@example.com", true},
		"ada@localhost":              {"ada@localhost", true},
		"o'neil+x@mail-1.example.ca": {"o'neil+x@mail-1.example.ca", true},
		"ädä@exämple.com":            {"ädä@exämple.com", true},
		`"ada l"@example.com`:        {`"ada l"@example.com`, true},
		"ada@[192.0.2.1]":            {"ada@[192.0.2.1]", true},
		"a..b@docomo.ne.jp":          {"a..b@docomo.ne.jp", true},
		"ada.@docomo.ne.jp":          {"ada.@docomo.ne.jp", true},
		"<ada@example.com>":          {"ada@example.com", false},
		"ada@example.com (Ada)":      {"ada@example.com", false},
		"Ada <ada@example.com>":      {"ada@example.com", false},
		"":                           {},
		" ":                          {},
		"ada":                        {},
		"ada@":                       {},
		"@example.com":               {},
		".ada@example.com":           {},
		"ada@example..com":           {},
		"ada@.example.com":           {},
		"ada@example.com.":           {},
		"ada@exa mple.com":           {},
		"ada@a@example.com":          {},
		"ada@example.com, b@b.com":   {},
	} {
		if address, ok := text.Email(s); ok != want.ok || address != want.address {
			t.Errorf("Email(%q) = %q, %t, want %q, %t", s, address, ok, want.address, want.ok)
		}
	}
}

// Not parallel, since AllocsPerRun counts the allocations of the whole program.
func TestAnOrdinaryEmailAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { text.Email("o'neil+x@mail-1.example.ca") }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// FuzzEmail compares with net/mail, which refuses dots that real addresses have.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{"ada@example.com", "a.b+c@d-e", "a..b@c", "a.@b", "@", "a@b.", "ä@ö", `"a b"@c`, "A <a@b>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		address, ok := text.Email(s)
		if ok != (address == s && s != "") {
			t.Fatalf("Email(%q) = %q, %t", s, address, ok)
		}
		if !ok {
			return
		}
		name, domain, _ := strings.Cut(s, "@")
		if !strings.HasPrefix(name, `"`) {
			s = strings.ReplaceAll(name, ".", "") + "x@" + domain
		}
		if a, err := mail.ParseAddress(s); err != nil || a.Name != "" {
			t.Errorf("%q is taken for an address; net/mail reads %v, %v", s, a, err)
		}
	})
}
