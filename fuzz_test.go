package motive

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func FuzzReadErrorBody(f *testing.F) {
	for _, body := range []string{
		"", "null", "[]", "{}", `"taken"`, "busy", "<html><h1>502</h1></html>", `{"error_message":"taken"}`,
		`{"error":{"message":"x"}}`, `{"message":["a","b"]}`, `{"errors":{"email":["taken",7],"phone":"short"}}`,
		`{"errors":[{"field":"email","message":"taken"},"bad",3]}`, `{"error_message":"cut o`, "\xff\xfe", `{"error":"a\nb\u202ec"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		message, fields := readErrorBody(body)
		texts := []string{message}
		for _, field := range fields {
			texts = append(texts, field.Field, field.Code, field.Message)
		}
		for _, text := range texts {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q is not printable on one line", text)
			}
			if len(text) > maxMessage+len("…") {
				t.Errorf("a text of %d bytes", len(text))
			}
		}
	})
}

func FuzzDecodeRecords(f *testing.F) {
	for _, body := range []string{
		"", "null", "[]", "7", `{"id":5,"external_id":"987","integration_name":"tms"}`, `{"external_id":{"id":"5"}}`,
		`{"user_roles":[{"user_role":{"id":9,"permissions":["a",1,null],"last_edited_by":{"id":"1"}}}]}`,
		`[{"id":9,"last_edited_by":[],"permissions":{}}]`, `{"success":true}`, `{"success":"false"}`, `{"user_roles":null}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if id, err := oneExternalID(&answer{body: body}); err == nil && id.ID == 0 {
			t.Error("an external id without a record id")
		}
		roles, err := manyRoles(&answer{body: body})
		for _, role := range roles {
			if role.ID == 0 || err != nil {
				t.Errorf("role %+v, error %v", role, err)
			}
		}
		_, _ = deletion(&answer{body: body})
	})
}
