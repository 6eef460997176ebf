package motive_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What must not be in a file that is committed. Each rule finds candidates and
// says which of them are plainly invented.
var hygiene = []struct {
	name  string
	find  *regexp.Regexp
	allow func(match string) bool
}{
	{
		"a credential in a header",
		regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{6,}|\b(?:authorization|x-api-key|(?:set-)?cookie)"?\s*[:=]`),
		nil,
	},
	{
		"a secret in a field",
		regexp.MustCompile(`(?i)"[\w-]*(?:passw|secret|token|api_?key|credential)[\w-]*"\s*:\s*("(?:[^"\\]|\\.)*"|[-\d.]+|\[|\{)`),
		func(match string) bool {
			return strings.HasSuffix(match, `"[redacted]"`) || strings.HasSuffix(match, `""`)
		},
	},
	{
		"a secret in a query",
		regexp.MustCompile(`(?i)\b\w*(?:passw|secret|token|api_?key)\w*=[^"&\s]*`),
		func(match string) bool { return strings.HasSuffix(match, "=[redacted]") },
	},
	{
		"something like a token",
		regexp.MustCompile(`\beyJ[\w-]{8,}|\b(?:sk|pk|rk|ghp|gho|xox[abp])[-_]\w{8,}|\b[A-Za-z0-9+/_-]{20,}={0,2}`),
		func(match string) bool { return !strings.ContainsAny(match, "0123456789") || words.MatchString(match) },
	},
	{
		"a licence number",
		regexp.MustCompile(`"drivers_license_number"\s*:\s*("[^"]*"|\d+)`),
		func(match string) bool { return inventedLicence.MatchString(match) },
	},
	{
		"an email outside the example domains",
		regexp.MustCompile(`[\p{L}\p{N}._%+'-]+(?:@|%40)[\p{L}\p{N}.-]+`),
		func(match string) bool { return exampleMail.MatchString(match) },
	},
	{
		"a number of identity", // US social security and tax numbers, Canadian social insurance, bank cards
		regexp.MustCompile(`\b(?:\d{3}[- ]\d{2}[- ]\d{4}|\d{2}-\d{7}|\d{3}[- ]\d{3}[- ]\d{3}|\d{4}(?:[- ]\d{4}){3})\b`),
		nil,
	},
	{
		"a date of birth",
		regexp.MustCompile(`(?i)"[\w-]*(?:birth|\bdob)[\w-]*"\s*:\s*"[^"]+"`),
		nil,
	},
	{
		"a phone number that may be real",
		regexp.MustCompile(`\+?\(?\b\d[\d ().-]{5,}\d\b`),
		func(match string) bool { return notAPhone(match) || fictionalPhone.MatchString(match) },
	},
}

var (
	words           = regexp.MustCompile(`^[a-z]+\d{0,2}([_/-]([a-z]+\d?|\d{1,2}))+$`) // v1/exception_24_hour_restart2
	inventedLicence = regexp.MustCompile(`"(Licence\d{4,}|X-INVENTED-\d+|)"$`)
	exampleMail     = regexp.MustCompile(`(@|%40)example\.(com|org|net)\.?$`)
	fictionalPhone  = regexp.MustCompile(`^(\+?1[-. ]?)?(\(?\d{3}\)?[-. ]?)?555[-. ]?01\d\d$`)
	localPhone      = regexp.MustCompile(`^\d{3}[-. ]\d{4}$`)
	fraction        = regexp.MustCompile(`^0\.\d+$`)
	clock           = regexp.MustCompile(`\d{2}:\d{2}:\d{2}(\.\d+)?([+-]\d{2}:\d{2})?`)
	date            = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// notAPhone tells dates, plain ids and decimals from what a phone could be: ten
// to fifteen digits, or seven of them with a separator in the right place.
func notAPhone(s string) bool {
	digits := 0
	for _, r := range s {
		if '0' <= r && r <= '9' {
			digits++
		}
	}
	return date.MatchString(s) || fraction.MatchString(s) || digits > 15 || digits < 10 && !localPhone.MatchString(s)
}

// unclean lists what in text breaks a rule.
func unclean(text string) []string {
	var found []string
	text = clock.ReplaceAllString(text, "")
	for _, rule := range hygiene {
		for _, match := range rule.find.FindAllString(text, -1) {
			if rule.allow == nil || !rule.allow(match) {
				found = append(found, rule.name+": "+match)
			}
		}
	}
	return found
}

// An exception is a finding that has been looked at.
type exception struct{ file, what string }

var exceptions = []exception{
	{"testdata/sample_create.json", `a secret in a field: "password": "password"`}, // Motive's own sample
	// What fuzzing made of nothing:
	{"testdata/fuzz/FuzzDecodePage/found_09", "something like a token: xae0000000000000000000000"},
	{"testdata/fuzz/FuzzDecodeUser/found_04", "an email outside the example domains: 00@0"},
	{"testdata/fuzz/FuzzDecodeUser/found_04", "an email outside the example domains: 0@00"},
	{"testdata/fuzz/FuzzEmail/dots", "an email outside the example domains: a..b@c.d"},
	{"testdata/fuzz/FuzzEmail/group", "an email outside the example domains: a@b"},
	{"testdata/fuzz/FuzzEmail/group", "an email outside the example domains: c@d"},
}

func TestCommittedDataNamesNobody(t *testing.T) {
	t.Parallel()
	files := testdataFiles(t)
	for _, s := range stories {
		if !slices.Contains(files, "testdata/fixtures/"+s.name+".json") {
			t.Errorf("the fixture of %s was not looked at", s.name)
		}
	}
	for _, file := range []string{"testdata/sample_create.json", "testdata/roster_with_problems.csv", "testdata/fuzz/FuzzDecodeUser/found_01",
		"motivetest/testdata/cycles.txt", "examples/unit-testing/testdata/leaver.json"} {
		if !slices.Contains(files, file) {
			t.Errorf("%s was not looked at", file)
		}
	}
	met := map[exception]bool{}
	for _, file := range files {
		data, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range unclean(string(data)) {
			e := exception{file, what}
			met[e] = true
			if !slices.Contains(exceptions, e) {
				t.Errorf("%s has %s", file, what)
			}
		}
	}
	for _, e := range exceptions {
		if !met[e] {
			t.Errorf("%s no longer has %s: take it off the list", e.file, e.what)
		}
	}
}

// testdataFiles returns every file below a directory named testdata.
func testdataFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == ".git" {
				return fs.SkipDir
			}
			return err
		}
		if slices.Contains(strings.Split(path, "/"), "testdata") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFixturesSayWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	for _, s := range stories {
		data, err := os.ReadFile(fixtureFile(filepath.Join("testdata", "fixtures"), s.name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		switch {
		case strings.Contains(text, `"origin": "documentation"`):
			if !strings.Contains(text, `"note": "Built from Motive's documentation and synthetic`) {
				t.Errorf("%s does not say that it is synthetic", s.name)
			}
		case strings.Contains(text, `"origin": "recorded"`):
			if !s.live {
				t.Errorf("%s says that it was recorded, and cannot be", s.name)
			}
		default:
			t.Errorf("%s does not say where it comes from", s.name)
		}
	}
}

func TestHygieneRulesFindWhatTheyShould(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, rule string }{
		{`"Authorization": "Bearer abcdefgh"`, "a credential in a header"},
		{`authorization: x`, "a credential in a header"},
		{`"X-Api-Key": "x"`, "a credential in a header"},
		{`"Set-Cookie": "x"`, "a credential in a header"},
		{`sent with bearer abc123def`, "a credential in a header"},
		{`"password": "hunter2"`, "a secret in a field"},
		{`"password": "a \"quoted\" one"`, "a secret in a field"},
		{`"auth_token": 12345`, "a secret in a field"},
		{`"client_secret":{"value":"x"}`, "a secret in a field"},
		{`"refresh_token": ["x"]`, "a secret in a field"},
		{`"access_token=abc"`, "a secret in a query"},
		{`/v1/users?api_key=abc&x=1`, "a secret in a query"},
		{`eyJhbGciOiJIUzI1NiJ9.e30.abc`, "something like a token"},
		{`"x": "sk_live_4eC39HqLyjWD"`, "something like a token"},
		{`"x": "ghp_16C7e42F292c6912"`, "something like a token"},
		{`"x": "9f86d081884c7d659a2feaa0c55ad015"`, "something like a token"},
		{`"x": "q83vASNFZ4mrze8BI0VniavN7wEjRWeJ"`, "something like a token"},
		{`"drivers_license_number": "D1234567"`, "a licence number"},
		{`"drivers_license_number":1234567`, "a licence number"},
		{`"email": "jane@fleet.test"`, "an email outside the example domains"},
		{`"email=jane%40fleet.test"`, "an email outside the example domains"},
		{`jane@example.com.evil.test`, "an email outside the example domains"},
		{`jane@notexample.com`, "an email outside the example domains"},
		{`jane@example.co`, "an email outside the example domains"},
		{`"id": "123-45-6789"`, "a number of identity"},
		{`ssn 123 45 6789`, "a number of identity"},
		{`"ein": "12-3456789"`, "a number of identity"},
		{`046-454-286`, "a number of identity"},
		{`4111 1111 1111 1111`, "a number of identity"},
		{`"birth_date": "1990-01-02"`, "a date of birth"},
		{`"birth_at":"1990-01-02"`, "a date of birth"},
		{`"DOB": "2 Jan 1990"`, "a date of birth"},
		{`4158675309`, "a phone number that may be real"},
		{`"phone": "415-867-5309"`, "a phone number that may be real"},
		{`"phone": "(415) 867-5309"`, "a phone number that may be real"},
		{`"phone": "+1 415 867 5309"`, "a phone number that may be real"},
		{`"phone": "+44 20 7946 0958"`, "a phone number that may be real"},
		{`,867-5309,`, "a phone number that may be real"},
		{`"phone": "202-555-0214"`, "a phone number that may be real"},
		{`2025559123`, "a phone number that may be real"},
	} {
		got := unclean(tt.text)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, tt.rule+": ") }) {
			t.Errorf("%s: found %q, want %s", tt.text, got, tt.rule)
		}
	}
	for _, text := range []string{
		`"password": "[redacted]"`, `"password": null`, `"token=[redacted]"`,
		`"email": "rosalind.marsh@example.com"`, `email=oskar%40example.org`, `bram@example.net.`,
		`"phone": "202-555-0114"`, `"phone": "+1 (202) 555-0142"`, `555-0100`, `2025550177`, `"phone": 12025550100`,
		`"created_at": "2026-01-05T09:12:44.123456Z"`, `"2026-01-05T03:12:44-06:00"`, `"2026-07-01T08:15:30.123456-04:00"`, `"joined_at": "2019-08-21"`,
		`"birth_date": null`, `"adobe": "x"`, `"id": 123456789`,
		`"id": 99000001`, `"dot_id": "12345678"`, `"retention": 97.5`, `"total": 1234567`,
		`"drivers_license_number": null`, `"drivers_license_number": "Licence0001"`,
		`exception_24_hour_restart2`, `mobile_current_sign_in_at`, `/v1/users/lookup_by_external_id`, `deactivate_and_reactivate`,
		`Built from Motive's documentation and synthetic`,
	} {
		if got := unclean(text); len(got) > 0 {
			t.Errorf("%s: found %q", text, got)
		}
	}
}
