package errorbody_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/motive-go/motive/internal/errorbody"
)

// Each of the shapes that have been seen, and of those that may come.
func TestReadTakesEveryShape(t *testing.T) {
	t.Parallel()
	taken := []errorbody.Problem{{Field: "email", Message: "has already been taken"}}
	for name, tt := range map[string]struct {
		body   string
		want   string
		fields []errorbody.Problem
	}{
		"seen live":               {`{"error_message":"email has already been taken"}`, "email has already been taken", nil},
		"error":                   {`{"error":"no such user"}`, "no such user", nil},
		"message":                 {`{"message":"no such user"}`, "no such user", nil},
		"RFC 6749":                {`{"error":"invalid_token","error_description":"expired"}`, "invalid_token, expired", nil},
		"a description":           {`{"error_description":"expired"}`, "expired", nil},
		"an object in error":      {`{"error":{"code":17,"message":"no such user"}}`, "no such user", nil},
		"errors as a text":        {`{"errors":"no such user"}`, "no such user", nil},
		"errors as a list":        {`{"errors":["email has already been taken","phone is too short"]}`, "email has already been taken, phone is too short", nil},
		"errors as a map":         {`{"errors":{"phone":"is too short","email":["has already been taken","is silly"]}}`, "phone is too short, email has already been taken, email is silly", []errorbody.Problem{{Field: "phone", Message: "is too short"}, {Field: "email", Message: "has already been taken"}, {Field: "email", Message: "is silly"}}},
		"errors as objects":       {`{"errors":[{"field":"email","code":"taken","message":"has already been taken"}]}`, "email has already been taken", []errorbody.Problem{{Field: "email", Code: "taken", Message: "has already been taken"}}},
		"other names":             {`{"errors":[{"attribute":"email","detail":"has already been taken"}]}`, "email has already been taken", taken},
		"a code that is a number": {`{"errors":[{"field":"email","code":1042,"message":"has already been taken"}]}`, "email has already been taken", taken},
		"only a code":             {`{"errors":[{"field":"email","code":"taken"}]}`, "email taken", []errorbody.Problem{{Field: "email", Code: "taken", Message: "taken"}}},
		"a message and a map":     {`{"message":"Validation failed","errors":{"email":["has already been taken"]}}`, "Validation failed, email has already been taken", taken},
		"a map under error":       {`{"error":{"email":["has already been taken"]}}`, "email has already been taken", taken},
		"a list of texts":         {`["no such user"]`, "no such user", nil},
		"a list of objects":       {`[{"message":"no such user"}]`, "no such user", []errorbody.Problem{{Message: "no such user"}}},
		"a JSON text":             {`"no such user"`, "no such user", nil},
		"plain text":              {"no such user\n", "no such user", nil},
		"HTML":                    {"<html><body><h1>502 Bad Gateway</h1></body></html>", "", nil},
		"HTML after space":        {"\n  <!DOCTYPE html>", "", nil},
		"XML":                     {"<?xml version=\"1.0\"?><Error/>", "", nil},
		"nothing":                 {"", "", nil},
		"blank":                   {" \r\n\t ", "", nil},
		"null":                    {"null", "", nil},
		"an empty object":         {"{}", "", nil},
		"an empty list":           {"[]", "", nil},
		"empty words":             {`{"error_message":"","errors":[]}`, "", nil},
		"null words":              {`{"error_message":null,"error":null,"errors":null}`, "", nil},
		"numbers for words":       {`{"error":42,"message":true,"errors":7}`, "", nil},
		"JSON cut off behind it":  {`{"error_message":"no such user","errors":{"em`, "no such user", nil},
		"words in a list":         {`{"error_message":["no such user","a"]}`, "no such user, a", nil},
		"maps in a list":          {`{"errors":[{"email":["taken"]}]}`, "email taken", []errorbody.Problem{{Field: "email", Message: "taken"}}},
		"objects in a map":        {`{"errors":{"base":[{"message":"zz"}]}}`, "base zz", []errorbody.Problem{{Field: "base", Message: "zz"}}},
		"JSON cut off":            {`{"error_message":"email has alre`, "", nil},
		"a list cut off":          {`["no such us`, "", nil},
		"mixed items":             {`{"errors":[null,7,{"x":1},["a","b"],"no such user"]}`, "a, b, no such user", nil},
		"line breaks":             {`{"error_message":"no\r\nlevel=ERROR msg=\"forged\"\u2028x\u0085y"}`, `no level=ERROR msg="forged" x y`, nil},
		"plain line breaks":       {"no\nlevel=ERROR forged", "no level=ERROR forged", nil},
		"terminal escapes":        {`{"error_message":"\u001b[31mred\u001b[0m\u0007"}`, "[31mred [0m", nil},
		"bidirectional tricks":    {`{"error_message":"user \u202eresu\u202c\u200f \u2066x\u2069"}`, "user resu x", nil},
		"invisible characters":    {`{"error_message":"a\u200bb\ufeffc\u0000d"}`, "a b c d", nil},
		"broken UTF-8":            {"{\"error_message\":\"caf\xe9\"}", "caf\ufffd", nil},
		"broken plain UTF-8":      {"caf\xe9", "caf\ufffd", nil},
		"half a surrogate pair":   {`{"error_message":"x\ud83dy"}`, "x\ufffdy", nil},
		"another script":          {`{"error_message":"Пользователь не найден 🚚"}`, "Пользователь не найден 🚚", nil},
		"deep nesting":            {strings.Repeat("[", 20000) + strings.Repeat("]", 20000), "", nil},
		"deep nesting of objects": {strings.Repeat(`{"errors":`, 9000) + "1" + strings.Repeat("}", 9000), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message, problems := errorbody.Read([]byte(tt.body), nil, asIs)
			if message != tt.want {
				t.Errorf("message %q, want %q", message, tt.want)
			}
			if !reflect.DeepEqual(problems, tt.fields) {
				t.Errorf("problems %+v, want %+v", problems, tt.fields)
			}
		})
	}
}

// What stands side by side is all said, once.
func TestReadSaysAllThatIsThere(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body, authenticate string
		want                     string
		problems                 []errorbody.Problem
	}{
		{"every name", `{"detail":"f","title":"e","error_description":"d","error":"c","message":"b","error_message":"a"}`, "", "a, b, c, d, e, f", nil},
		{"twice the same", `{"error_message":"no such user","message":"no such user","error":"no such"}`, "", "no such user", nil},
		{"part of a word is not the same", `{"error_message":"phone 25","message":"phone 2"}`, "", "phone 25, phone 2", nil},
		{
			"a field that the message names", `{"error_message":"email has already been taken","errors":{"email":["has already been taken"]}}`, "",
			"email has already been taken", []errorbody.Problem{{Field: "email", Message: "has already been taken"}},
		},
		{"problem details", `{"type":"about:blank","title":"Unprocessable","status":422,"detail":"phone is too short"}`, "", "Unprocessable, phone is too short", nil},
		{
			"JSON:API", `{"errors":[{"status":"422","title":"Invalid attribute","detail":"email is taken"}]}`, "",
			"Invalid attribute, email is taken", []errorbody.Problem{{Message: "Invalid attribute, email is taken"}},
		},
		{"capitals", `{"Message":"Forbidden","Errors":[{"Field":"email","Message":"is odd"}]}`, "", "Forbidden, email is odd", []errorbody.Problem{{Field: "email", Message: "is odd"}}},
		{"null beside it", `{"Message":"Forbidden","message":null}`, "", "Forbidden", nil},
		{
			"a name twice", `{"errors":{"email":["is taken"]},"Errors":{"first_name":["is odd"]}}`, "", "email is taken, first_name is odd",
			[]errorbody.Problem{{Field: "email", Message: "is taken"}, {Field: "first_name", Message: "is odd"}},
		},
		{
			"problems under two names", `{"errors":{"email":["is taken"]},"message":{"phone":["is odd"]},"error":"bad"}`, "", "bad, email is taken, phone is odd",
			[]errorbody.Problem{{Field: "email", Message: "is taken"}, {Field: "phone", Message: "is odd"}},
		},
		{"only the header", ``, `Bearer realm="api", error="invalid_token", error_description="The token \"x\" expired", x="y"`, `The token "x" expired`, nil},
		{"escapes of no meaning", ``, `Bearer error_description="It\'s over, \d"`, "It's over, d", nil},
		{"no end", ``, `Bearer error_description="The token`, "The token", nil},
		{"body and header", `{"error":"invalid_token"}`, `Bearer error_description="The token expired"`, "invalid_token, The token expired", nil},
		{"HTML and header", `<h1>401</h1>`, `Bearer error_description="The token expired"`, "The token expired", nil},
		{"a header without a reason", `{"error":"x"}`, `Bearer realm="api"`, "x", nil},
		{"byte order mark", "\ufeff" + `{"error":"x"}`, "", "x", nil},
		{"HTML behind a byte order mark", "\ufeff<html>", "", "", nil},
		{
			"a list that breaks off", `{"errors":[{"field":"email","message":"taken"},{"field":"phone","mess`, "",
			"email taken", []errorbody.Problem{{Field: "email", Message: "taken"}},
		},
		{
			"a map that breaks off", `{"message":"Validation failed","errors":{"email":["taken","odd"],"phone":["too sho`, "",
			"Validation failed, email taken, email odd", []errorbody.Problem{{Field: "email", Message: "taken"}, {Field: "email", Message: "odd"}},
		},
		{"a message behind what is too deep", `{"errors":[[[[[[["x"]]]]]]],"message":"m"}`, "", "m", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			if test.authenticate != "" {
				header.Set("WWW-Authenticate", test.authenticate)
			}
			message, problems := errorbody.Read([]byte(test.body), header, asIs)
			if message != test.want || !reflect.DeepEqual(problems, test.problems) {
				t.Errorf("got  %q %+v\nwant %q %+v", message, problems, test.want, test.problems)
			}
		})
	}
}

// manyFields is a body of about size bytes with a problem in every field.
func manyFields(size int) (body []byte, fields int) {
	var b strings.Builder
	b.WriteString(`{"error_message":"Validation failed","errors":[`)
	for ; b.Len() < size-100; fields++ {
		if fields > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"field":"field_%d","code":"taken","message":"has already been taken"}`, fields)
	}
	b.WriteString(`]}`)
	return []byte(b.String()), fields
}

func TestReadKeepsAHundredProblemsAndSaysSo(t *testing.T) {
	t.Parallel()
	body, fields := manyFields(64 << 10)
	message, problems := errorbody.Read(body, nil, asIs)
	if len(problems) != errorbody.MaxProblems || problems[99].Field != "field_99" {
		t.Errorf("%d problems", len(problems))
	}
	if want := fmt.Sprintf(" (the first 100 of %d problems)", fields); !strings.HasSuffix(message, want) || !strings.HasPrefix(message, "Validation failed, field_0 has") {
		t.Errorf("message %q, want it to end in %q", message, want)
	}
	for _, test := range []struct{ before, item, after string }{
		{`{"errors":{`, `"f":["bad"],`, `"z":["x"]}}`},
		{`{"errors":{`, `"f":"bad",`, `"z":"x"}}`},
		{`{"errors":[`, `"bad",`, `"z"]}`},
		{`[`, `"bad",`, `"z"]`},
	} {
		body := test.before + strings.Repeat(test.item, 500) + test.after
		message, problems := errorbody.Read([]byte(body), nil, asIs)
		if len(problems) > errorbody.MaxProblems || !strings.HasSuffix(message, "(the first 100 of 501 problems)") {
			t.Errorf("%s: %d problems, message %q", test.before+test.item, len(problems), message)
		}
	}
}

// Not parallel, as [testing.AllocsPerRun] demands.
func TestReadAllocatesLittle(t *testing.T) {
	body, _ := manyFields(64 << 10)
	if allocs := testing.AllocsPerRun(20, func() { errorbody.Read(body, nil, asIs) }); allocs > 380 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkRead(b *testing.B) {
	body, _ := manyFields(64 << 10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		errorbody.Read(body, nil, asIs)
	}
}

func FuzzRead(f *testing.F) {
	for _, body := range []string{
		"", "null", "[]", "{}", `"taken"`, "busy", "<html><h1>502</h1></html>", `{"error_message":"taken"}`,
		`{"error":{"message":"x"}}`, `{"message":["a","b"]}`, `{"errors":{"email":["taken",7],"phone":"short"}}`,
		`{"errors":[{"field":"email","message":"taken"},"bad",3]}`, `{"error_message":"cut o`, "\xff\xfe", `{"error":"a\nb\u202ec"}`,
		`{"errors":[{"field":"email","message":"taken"},{"field":"phone","mess`, `{"title":"a","detail":{"b":["c",{"code":"d"}]}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		message, fields := errorbody.Read(body, nil, asIs)
		texts := []string{message}
		for _, field := range fields {
			texts = append(texts, field.Field, field.Code, field.Message)
		}
		for _, text := range texts {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q is not printable on one line", text)
			}
			if len(text) > errorbody.MaxMessage+len("… (the first 100 of 100000 problems)") {
				t.Errorf("a text of %d bytes", len(text))
			}
		}
	})
}

func asIs(s string) string { return s }
