package motive

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// strictUser is what a program without this package would write: the same
// struct, without the methods that make it tolerant.
type strictUser User

type strictPage struct {
	Users []struct {
		User strictUser `json:"user"`
	} `json:"users"`
	Pagination struct {
		PerPage int `json:"per_page"`
		PageNo  int `json:"page_no"`
		Total   int `json:"total"`
	} `json:"pagination"`
}

// decodeStrictWithExtra finds the unknown fields by a second pass over each
// user, as one does with encoding/json.
func decodeStrictWithExtra(body []byte) ([]strictUser, error) {
	var page struct {
		Users []struct {
			User json.RawMessage `json:"user"`
		} `json:"users"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	users := make([]strictUser, len(page.Users))
	for i, item := range page.Users {
		if err := json.Unmarshal(item.User, &users[i]); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(item.User, &users[i].Extra); err != nil {
			return nil, err
		}
		for name := range userFields.index {
			delete(users[i].Extra, name)
		}
	}
	return users, nil
}

// fullUser is a driver in which every field has a value, in the shape and about
// the size of a live one.
func fullUser(id int, extra string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":%d,"email":"driver%d@example.com","first_name":"Avery","last_name":"Lindqvist",`, id, id)
	b.WriteString(`"phone":"5555550142","phone_ext":"12","phone_country_code":"+1","phone2":"5555550143","phone_country_code2":"+1",` +
		`"company_reference_id":"REF-20417","role":"driver","status":"active","time_zone":"Eastern Time (US \u0026 Canada)",` +
		`"metric_units":true,"group_ids":[101,102,103],"dot_id":"12345678",`)
	for _, name := range []string{
		"created_at", "updated_at", "mobile_current_sign_in_at", "mobile_last_sign_in_at", "mobile_last_active_at",
		"web_current_sign_in_at", "web_last_sign_in_at", "web_last_active_at", "expires_at",
	} {
		fmt.Fprintf(&b, `"%s":"2026-07-01T08:15:30Z",`, name)
	}
	fmt.Fprintf(&b, `"external_ids":[{"id":%d,"external_id":"TMS-%d","integration_name":"generic_tms"}],`, 9000+id, id)
	fmt.Fprintf(&b, `"username":"driver.%d","driver_company_id":"D-%d",`, id, id)
	b.WriteString(`"drivers_license_number":"X0000000","drivers_license_state":"OH","joined_at":"2024-03-11",` +
		`"duty_status":"off_duty","eld_mode":"logs","cycle":"70_8","cycle2":"60_7","violation_alerts":"1_hour",` +
		`"carrier_name":"Example Freight","carrier_street":"1 Example Street","carrier_city":"Columbus","carrier_state":"OH","carrier_zip":"43004",` +
		`"terminal_street":"2 Example Street","terminal_city":"Columbus","terminal_state":"OH","terminal_zip":"43004",`)
	for _, field := range userFields.fields {
		name := field.name
		if strings.HasPrefix(name, "exception_") || strings.HasPrefix(name, "export_") || strings.HasSuffix(name, "_enabled") || name == "minute_logs" {
			fmt.Fprintf(&b, `"%s":true,`, name)
		}
	}
	b.WriteString(`"associated_dispatcher_id":4711` + extra + `}`)
	return b.String()
}

func fullPage(users int, extra string) []byte {
	var b strings.Builder
	b.WriteString(`{"users":[`)
	for i := range users {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"user":` + fullUser(i+1, extra) + `}`)
	}
	fmt.Fprintf(&b, `],"pagination":{"per_page":%d,"page_no":1,"total":%d}}`, users, users)
	return []byte(b.String())
}

const unknownField = `,"shoe_size":{"eu":43,"us":"10"}`

// BenchmarkDecodePage decodes a page of 100 full users. The ratio to look at is
// ours to strict, which neither takes a drifting type nor keeps a field that it
// does not know.
func BenchmarkDecodePage(b *testing.B) {
	strict := func(body []byte) (int, error) {
		var page strictPage
		err := json.Unmarshal(body, &page)
		return len(page.Users), err
	}
	ours := func(body []byte) (int, error) {
		page, err := decodePage(body)
		if err != nil {
			return 0, err
		}
		return len(page.Users), nil
	}
	withExtra := func(body []byte) (int, error) {
		users, err := decodeStrictWithExtra(body)
		return len(users), err
	}
	known, unknown := fullPage(100, ""), fullPage(100, unknownField)
	for _, bench := range []struct {
		name   string
		body   []byte
		decode func([]byte) (int, error)
	}{
		{"strict", known, strict},
		{"ours", known, ours},
		{"strict/unknown-field-lost", unknown, strict},
		{"strict/unknown-field-kept", unknown, withExtra},
		{"ours/unknown-field-kept", unknown, ours},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.body)))
			b.ReportAllocs()
			for b.Loop() {
				if n, err := bench.decode(bench.body); err != nil || n != 100 {
					b.Fatalf("%d users, error %v", n, err)
				}
			}
		})
	}
}
