package redact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/motive-go/motive/internal/redact"
)

var secrets = []string{
	"canary-plain",
	`canary "quoted" \ & <tag> +1/2=é'`,
	"canary%41%zz+&amp;x",
	"CANARY-Ñandú-ß-漢字-🚚",
	"canary\x00\n\ttab",
	"canary\xff\xfebytes",
}

// spellings are the ways in which software repeats a secret.
var spellings = map[string]func(string) string{
	"raw":        func(s string) string { return s },
	"upper case": strings.ToUpper,
	"lower case": strings.ToLower,
	"JSON": func(s string) string {
		b, _ := json.Marshal(s)
		return string(b[1 : len(b)-1])
	},
	"JSON without HTML escapes": func(s string) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(s)
		return strings.Trim(b.String(), "\"\n")
	},
	"JSON in ASCII": func(s string) string {
		return strings.Trim(strings.ReplaceAll(fmt.Sprintf("%+q", s), `\U0001f69a`, `\ud83d\ude9a`), `"`)
	},
	"JSON in ASCII, quoted": func(s string) string { // as by an error of a caller's that quotes what it was given
		ascii := strings.ReplaceAll(fmt.Sprintf("%+q", s), `\U0001f69a`, "\U0001f69a")
		return strings.Trim(strconv.Quote(strings.Trim(ascii, `"`)), `"`)
	},
	"query escape": url.QueryEscape,
	"path escape":  url.PathEscape,
	"query escape in lower case": func(s string) string {
		return strings.ToLower(url.QueryEscape(s))
	},
	"every byte percent-encoded": func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		return b.String()
	},
	"HTML": html.EscapeString,
}

func TestEverySpellingIsFound(t *testing.T) {
	t.Parallel()
	set := redact.New(secrets...)
	for name, spell := range spellings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, secret := range secrets {
				spelled := spell(secret)
				lossy := strings.Contains(secret, "\xff") && (strings.Contains(name, "JSON") || strings.Contains(name, "case") && name != "query escape in lower case")
				control := strings.Contains(secret, "\x00") && strings.HasPrefix(name, "JSON in ASCII") // %q writes \x00, which is no JSON
				if lossy || control {
					continue
				}
				text := "before " + spelled + " after"
				if got := set.String(text); got != "before "+redact.Mark+" after" {
					t.Errorf("%q became %q", text, got)
				}
				if got := string(set.Bytes([]byte(spelled))); got != redact.Mark {
					t.Errorf("%q alone became %q", spelled, got)
				}
			}
		})
	}
}

func TestSpellingsThatFewWrite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ secret, text string }{
		{"canary<", "canary&#x3c;"},
		{"canary<", "canary&#X3C;"},
		{"canary<", "canary&#060;"},
		{`canary"`, "canary&quot;"},
		{"canary\u017f", "CANARYS"}, // a long s
		{"canary\u212a", "canaryk"}, // the sign of the kelvin
		{"canary\u0131", "CANARYI"}, // strings.ToUpper of a dotless i
		{"canary\u0130", "canaryi"}, // strings.ToLower of a dotted one
		{"canary\xe2\x82", "canary%e2%82%ac"},
		{"éclair-canary", "ÉCLAIR-CANARY"},
	} {
		if got := redact.New(test.secret).String(test.text); !strings.HasPrefix(got, redact.Mark) {
			t.Errorf("%q became %q, with the secret %q", test.text, got, test.secret)
		}
	}
	if text := "canary&60;"; redact.New("canary<").String(text) != text {
		t.Error("a number that is no entity was taken for one")
	}
}

func TestSetsThatShareSecretsAreIndependent(t *testing.T) {
	t.Parallel()
	base := redact.New("canary-1", "canary-2").With("canary-3") // so that there is room for a fourth
	left := base.With("canary-left")
	base.With("canary-right")
	if left.String("canary-left") != redact.Mark || base.String("canary-left") != "canary-left" {
		t.Error("a set redacts what another was given")
	}
}

func TestTextWithoutSecretsStaysAsItIs(t *testing.T) {
	t.Parallel()
	text := []byte(`{"error":"100% of & 2+2 \\ \u00e9 %4"}`)
	for _, set := range []*redact.Set{nil, redact.New(), redact.New("", "abc"), redact.New("canary-plain")} {
		if got := set.Bytes(text); &got[0] != &text[0] {
			t.Errorf("%s was copied", got)
		}
		if got := set.String(string(text)); got != string(text) {
			t.Errorf("got %s", got)
		}
		if set.String("") != "" || set.Bytes(nil) != nil {
			t.Error("nothing became something")
		}
	}
}

func TestLongestSecretWins(t *testing.T) {
	t.Parallel()
	set := redact.New("canary", "canary-long").With("canary-longest")
	if got := set.String("canary-longest canary-long canary"); got != strings.TrimSpace(strings.Repeat(redact.Mark+" ", 3)) {
		t.Errorf("got %s", got)
	}
}

func TestCutSecretIsFoundAtTheEnd(t *testing.T) {
	t.Parallel()
	set := redact.New("canary-plain")
	tests := []struct{ text, want string }{
		{"token=canary-pl", "token=" + redact.Mark},
		{"token=cana", "token=" + redact.Mark},
		{"token=can", "token=can"},
		{"token=canary%2", "token=" + redact.Mark},
		{"token=canary%2dpl", "token=" + redact.Mark},
		{`token=canary\u00`, "token=" + redact.Mark},
		{"token=canary-&#x6", "token=" + redact.Mark},
		{"token=can%2", "token=can%2"},
		{"canary %2 but not at the end of it", "canary %2 but not at the end of it"},
		{"canary is a bird", "canary is a bird"},
	}
	for _, test := range tests {
		if got := string(set.Truncated([]byte(test.text))); got != test.want {
			t.Errorf("%q became %q, want %q", test.text, got, test.want)
		}
		if got := string(set.Bytes([]byte(test.text))); got != test.text {
			t.Errorf("%q became %q where nothing was cut", test.text, got)
		}
	}
}

func TestErrorKeepsWhatItIs(t *testing.T) {
	t.Parallel()
	set := redact.New("canary-plain")
	base := errors.New("base")
	leaky := fmt.Errorf("GET ?token=canary-plain: %w", &typed{base})
	clean := set.Error(leaky)
	var as *typed
	if !errors.Is(clean, base) || !errors.As(clean, &as) {
		t.Error("the error lost what it is")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		if text := fmt.Sprintf(verb, clean); strings.Contains(text, "canary") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
	if set.Error(base) != base || set.Error(nil) != nil {
		t.Error("a clean error was wrapped")
	}
}

type typed struct{ err error }

func (e *typed) Error() string { return e.err.Error() }
func (e *typed) Unwrap() error { return e.err }

func TestHeaderIsCopiedWithoutTheSecrets(t *testing.T) {
	t.Parallel()
	set := redact.New("canary-plain", "canary-other")
	h := http.Header{"A": {"x", "see canary-plain", "canary-other"}, "B": {"y"}}
	got := set.Header(h)
	if fmt.Sprint(got) != "map[A:[x see "+redact.Mark+" "+redact.Mark+"] B:[y]]" {
		t.Errorf("got %v", got)
	}
	got.Set("B", "z")
	if h["A"][1] != "see canary-plain" || h["A"][2] != "canary-other" || h.Get("B") != "y" {
		t.Errorf("the header became %v", h)
	}
	if set.Header(nil) != nil {
		t.Error("nothing became something")
	}
}

func TestSetPrintsNoSecret(t *testing.T) {
	t.Parallel()
	if text := fmt.Sprintf("%v %+v %#v", redact.New("canary-plain"), redact.New("canary-plain"), redact.New("canary-plain")); strings.Contains(text, "canary") {
		t.Error(text)
	}
}

func TestHostileTextTakesNoLongerThanOther(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"\xff", "%25", "%", "\\\\", "&amp;", "+", "\xe5", "%ff", "\\u0041"} {
		set := redact.New(strings.Repeat(unit, 40) + "end")
		set.String(strings.Repeat(unit, 100)) // would not return in a lifetime, were each spelling tried twice
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("canary-plain", "x", "y")
	f.Add(`a"b\c%41`, `\u0022`, "%")
	f.Add("\xff\xfe\xfd\xfc", "%ff", "+")
	f.Add("%25%25%25%25", "%25%25", "%")
	f.Add("cut\xe2\x82", "", "\xac %ac") // which together are a euro sign
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		set := redact.New(secret)
		for name, spell := range map[string]func(string) string{"raw": spellings["raw"], "query": url.QueryEscape, "path": url.PathEscape} {
			got := set.String(before + spell(secret) + after)
			if len(secret) >= 4 && !strings.Contains(got, redact.Mark) {
				t.Errorf("%s: %q stays in %q", name, secret, got)
			}
			if len(secret) < 4 && got != before+spell(secret)+after {
				t.Errorf("%s: changed without a secret: %q", name, got)
			}
		}
	})
}

func BenchmarkBody(b *testing.B) {
	body := []byte(strings.Repeat(`{"field":"email","message":"has already been taken"},`, 64<<10/53))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		redact.New("canary-token-of-some-length", "password", "D1234567").Bytes(body)
	}
}
