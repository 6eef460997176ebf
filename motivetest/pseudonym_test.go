package motivetest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPseudonymsAreStableAndApart(t *testing.T) {
	t.Parallel()
	names := newPseudonyms()
	for _, tt := range []struct {
		name  string
		kind  dataKind
		value any
		want  any
	}{
		{"first person", dataEmail, "ada@real.test", "person0001@example.com"},
		{"second person", dataEmail, "bob@real.test", "person0002@example.com"},
		{"first again", dataEmail, "ada@real.test", "person0001@example.com"},
		{"first in capitals", dataEmail, " Ada@Real.TEST", "person0001@example.com"},
		{"a name", dataFirstName, "Ada", "First0001"},
		{"the same word as a last name", dataLastName, "Ada", "Last0001"},
		{"the same word as a search", dataName, "Ada", "First0001"},
		{"the same word in an unknown field", dataText, "Ada", "First0001"},
		{"an unknown field", dataText, "allergic to nuts", "Text0001"},
		{"phone", dataPhone, "415-867-5309", "201-555-0100"},
		{"phone with country code", dataPhone, "+1 (415) 867-5309", "201-555-0100"},
		{"phone as a number", dataPhone, json.Number("4158675309"), json.Number("2015550100")},
		{"number of a driver", dataCode, "777", "99000001"},
		{"the same as a number", dataCode, json.Number("777"), json.Number("99000001")},
		{"the same in an unknown field", dataText, json.Number("777"), json.Number("99000001")},
		{"number with letters", dataCode, "D-777", "Code0001"},
		{"fraction", dataText, json.Number("37.7749"), json.Number("99000002.5")},
		{"secret", dataSecret, "hunter2", "[redacted]"},
		{"secret number", dataSecret, json.Number("1234"), "[redacted]"},
		{"empty", dataEmail, "", ""},
		{"blank", dataFirstName, "  ", "  "},
		{"kept", dataKept, "driver", "driver"},
		{"field", dataKey, "unknown_field", "unknown_field"},
		{"field named after somebody", dataKey, "Ada", "First0001"},
	} {
		if got := names.replace(scalar{kind: tt.kind, value: tt.value}); got != tt.want {
			t.Errorf("%s: %v became %v, want %v", tt.name, tt.value, got, tt.want)
		}
	}
}

func TestPhonesStayFictionalInLargeFiles(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 1000 {
		phone := standIn(dataPhone, n+1)
		if seen[phone] || !syntheticPhone.MatchString(phone) {
			t.Fatalf("phone %d is %s", n+1, phone)
		}
		seen[phone] = true
	}
}

func TestKindsOfFields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body string // with one value marked @
		want dataKind
	}{
		{`{"role":"driver"}`, dataKept},
		{`{"role":"a person of note"}`, dataText},
		{`{"cycle":"70_8_2020"}`, dataKept},
		{`{"time_zone":"Indiana (East)"}`, dataKept},
		{`{"time_zone":"Mountain Time (US & Canada)"}`, dataKept},
		{`{"time_zone":"behind the (red) barn"}`, dataText},
		{`{"created_at":"2026-03-04T05:06:07.123456Z"}`, dataKept},
		{`{"last_edited_at":"2026-03-04T05:06:07+02:00"}`, dataText},
		{`{"birth_at":"1990-01-02"}`, dataText},
		{`{"joined_at":"2026-03-04"}`, dataKept},
		{`{"id":"123-45-6789"}`, dataText},
		{`{"id":"7001"}`, dataKept},
		{`{"id":7.5}`, dataText},
		{`{"total":"eve"}`, dataText},
		{`{"phone_country_code":"4158675309"}`, dataText},
		{`{"phone_country_code":"+1"}`, dataKept},
		{`{"phone_country_code":44}`, dataKept},
		{`{"phone_country_code":"US"}`, dataKept},
		{`{"errors":[{"field":"415-867-5309"}]}`, dataText},
		{`{"errors":[{"field":"external_ids_attributes[0].id"}]}`, dataKept},
		{`{"code":"eve.marsh"}`, dataText},
		{`{"code":"invalid_email"}`, dataKept},
		{`{"code":422}`, dataKept},
		{`{"code":4158675309}`, dataText},
		{`{"status":"eve"}`, dataText},
		{`{"status":"pending"}`, dataKept},
		{`{"integration_name":"eve_marsh"}`, dataText},
		{`{"integration_name":"generic_tms"}`, dataKept},
		{`{"cycle":"120_14_north"}`, dataKept},
		{`{"cycle2":"tx_70_7"}`, dataKept},
		{`{"cycle":"Other"}`, dataKept},
		{`{"violation_alerts":"45_minutes"}`, dataKept},
		{`{"time_zone":"America/New_York"}`, dataKept},
		{`{"time_zone":"Eve/Marsh"}`, dataText},
		{`{"created_at":"at home"}`, dataText},
		{`{"birthday":"1815-12-10"}`, dataText},
		{`{"group_ids":[7]}`, dataKept},
		{`{"group_ids":["7"]}`, dataKept},
		{`{"hourly_wage":31}`, dataText},
		{`{"tax_id":"12"}`, dataText},
		{`{"some_flag":1}`, dataKept},
		{`{"access_token":"x"}`, dataSecret},
		{`{"access_token":{"value":["x"]}}`, dataSecret},
		{`{"apiKey":"x"}`, dataSecret},
		{`{"password":"x"}`, dataSecret},
		{`{"last_edited_by":{"first_name":"Ada"}}`, dataFirstName},
		{`{"users":[{"user":{"drivers_license_number":"x"}}]}`, dataLicence},
		{`{"error_message":"x"}`, dataMessage},
		{`{"errors":["x y"]}`, dataMessage},
		{`{"errors":{"email":["has been taken"]}}`, dataMessage},
		{`{"errors":{"email":["invalid"]}}`, dataMessage},
		{`{"errors":{"email":"ada@real.test"}}`, dataEmail},
		{`{"errors":[{"field":"email"}]}`, dataKept},
		{`{"errors":[{"message":"x y"}]}`, dataMessage},
		{`{"errors":[{"value":"x y"}]}`, dataText},
		{`"Ada"`, dataText},
	} {
		v, err := parseJSON([]byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		var got []dataKind
		rewriteJSON(v, "body", place{}, func(s scalar) any {
			if !strings.Contains(s.at, "#") {
				got = append(got, s.kind)
			}
			return s.value
		})
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: kind %v, want %v", tt.body, got, tt.want)
		}
	}
}

func TestKeysAreKeptWhereTheyAreNamesOfAnAPI(t *testing.T) {
	t.Parallel()
	for _, f := range userFields {
		if got := newPseudonyms().replace(scalar{kind: kindOfKey(f.name), value: f.name}); got != f.name {
			t.Errorf("the field %s became %v", f.name, got)
		}
	}
	for key, want := range map[string]string{
		"user": "user", "users": "users", "pagination": "pagination", "error_message": "error_message",
		"hourly_wage": "hourly_wage", "tax_id": "tax_id",
		"eve_marsh": "Text0001", "eve": "Text0001", "driver_eve": "Text0001", "415-867-5309": "Text0001", "": "",
	} {
		if got := newPseudonyms().replace(scalar{kind: kindOfKey(key), value: key}); got != want {
			t.Errorf("the key %q became %v, want %s", key, got, want)
		}
	}
}

func TestResidue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"email": "ada@real.test"`:                    "an email",
		`"person0001@example.com, ada@real.test"`:     "an email",
		`"phone": "415-867-5309"`:                     "a phone number",
		`"call 867-5309"`:                             "a phone number",
		`"id": "123-45-6789"`:                         "a phone number",
		`"text": "Bearer abcdefghijk"`:                "a credential",
		`"phone": "201-555-0100", "2015550100"`:       "",
		`"created_at": "2026-03-04T05:06:07.000008Z"`: "",
		`"joined_at": "2026-03-04"`:                   "",
		`"id": 4158675309`:                            "",
		`"row 1 99000001 99000002.5"`:                 "",
		`"Retry-After": "Wed, 21 Oct 2026 07:28:00"`:  "",
	} {
		line, got := residue([]byte("{\n" + text))
		if got != want || (line == 2) != (want != "") {
			t.Errorf("%s: line %d has %q, want %q", text, line, got, want)
		}
	}
}

func TestSentencesLoseTheirValues(t *testing.T) {
	t.Parallel()
	names := newPseudonyms()
	names.replace(scalar{kind: dataFirstName, value: "Ada"})
	names.replace(scalar{kind: dataLastName, value: "van Dyke"})
	names.replace(scalar{kind: dataFirstName, value: "Al"})
	names.replace(scalar{kind: dataStreet, value: "12 Analytical Row"})
	names.replace(scalar{kind: dataEmail, value: "ada@real.test"})
	names.replace(scalar{kind: dataSecret, value: "s3cret value"})
	for _, tt := range []struct{ in, want string }{
		// What a caller acts on stays.
		{"email has already been taken", "email has already been taken"},
		{"Email has already been taken", "Email has already been taken"},
		{"Validation failed: Email is invalid, Username is too short", "Validation failed: Email is invalid, Username is too short"},
		{"Rate limit exceeded, slow down. Try again in 30s", "Rate limit exceeded, slow down. Try again in 30s"},
		{"valid (test mode)", "valid (test mode)"},
		{"Not Found", "Not Found"},
		{"Too Many Requests", "Too Many Requests"},
		{"cycle 70_8_o does not allow exception_24_hour_restart", "cycle 70_8_o does not allow exception_24_hour_restart"},
		{`role "driver" needs ELD mode`, `role "driver" needs ELD mode`},
		{"Invalid API key", "Invalid API key"},
		{"group_ids[0] must be positive", "group_ids[0] must be positive"},
		{"al dente", "al dente"},
		{"adaptive", "adaptive"},
		// Known values go.
		{"Ada is taken", "First0001 is taken"},
		{"user ada@real.test exists", "user person0001@example.com exists"},
		{"user ADA@real.test.", "user person0001@example.com."},
		{"ask Al van Dyke of 12 Analytical Row", "ask First0002 Last0001 of Street0001"},
		{"wrong: s3cret value", "wrong: [redacted]"},
		// So does what looks like a value.
		{"taken by eve@real.test", "taken by person0002@example.com"},
		{"taken by Eve Adams", "taken by [name] [name]"},
		{"Eve Adams has it", "[name] [name] has it"},
		{"with Authorization Bearer abcdefghijk", "with [name] [redacted]"},
		{"call 415-867-5309 now", "call 201-555-0100 now"},
		{"user 4711001 is gone", "user 99000001 is gone"},
		{"call 867-5309", "call 201-555-0101"},
		{"username eve.marsh is taken", "username Text0001 is taken"},
		{"eve_marsh, eve-marsh", "Text0002, Text0003"},
		{"number 123-45-6789 is on file", "number 201-555-0102 is on file"},
		{"the sign-in of generic_tms needs external_ids_attributes[0].external_id",
			"the sign-in of generic_tms needs external_ids_attributes[0].external_id"},
		{"licence D1234567 is used", "licence Text0004 is used"},
		{`name "eve" is used`, `name "Text0005" is used`},
		{"see https://real.test/u/eve", "see [url]"},
	} {
		if got := names.scrub(tt.in); got != tt.want {
			t.Errorf("%q became %q, want %q", tt.in, got, tt.want)
		}
	}
}
