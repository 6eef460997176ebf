package motivetest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A dataKind says what a value tells about a person, and with it what stands for
// it in a fixture. What no rule below names is dataText: unknown fields are
// taken for personal.
type dataKind int

const (
	dataText    dataKind = iota // anything: replaced
	dataNumber                  // any number: replaced by a number
	dataKey                     // a member's name: kept, unless it is somebody's
	dataName                    // a name of unknown sort
	dataKept                    // enums, flags, ids of Motive's own, counts: see keeps
	dataMessage                 // a sentence: kept, with the values in it replaced
	dataSecret                  // always the same stand-in, and equal to any other secret
	dataLicence                 // replaced, and never printed
	dataFirstName
	dataLastName
	dataEmail
	dataUsername
	dataPhone
	dataCode // a person's number in another system
	dataCompany
	dataStreet
	dataCity
	dataState
	dataZip
	dataKinds // how many there are
)

var fieldKinds = func() map[string]dataKind {
	kinds := map[string]dataKind{}
	for k, names := range map[dataKind]string{
		dataKept: `id user_role_id group_ids external_id_holder_id associated_dispatcher_id
			per_page page_no total assigned_users_count
			role status eld_mode time_tracking_mode duty_status violation_alerts group_visibility
			cycle cycle2 time_zone integration_name external_id_holder_type type permissions
			summary phone_country_code phone_country_code2 code field success
			created_at updated_at expires_at joined_at
			mobile_current_sign_in_at mobile_last_sign_in_at mobile_last_active_at
			web_current_sign_in_at web_last_sign_in_at web_last_active_at`,
		dataMessage:   `error_message error message errors error_description detail`,
		dataLicence:   `drivers_license_number`,
		dataFirstName: `first_name`,
		dataLastName:  `last_name`,
		dataName:      `name`,
		dataEmail:     `email`,
		dataUsername:  `username`,
		dataPhone:     `phone phone2`,
		dataCode:      `driver_company_id company_reference_id dot_id external_id phone_ext`,
		dataCompany:   `carrier_name`,
		dataStreet:    `carrier_street terminal_street`,
		dataCity:      `carrier_city terminal_city`,
		dataState:     `carrier_state terminal_state drivers_license_state`,
		dataZip:       `carrier_zip terminal_zip`,
	} {
		for name := range strings.FieldsSeq(names) {
			kinds[name] = k
		}
	}
	return kinds
}()

// queryKeys are the documented ones. The value of any other key is taken for a
// secret.
var queryKeys = strings.Fields(`role name duty_status status summary per_page page_no
	email username driver_company_id phone external_id integration_name`)

// pathWords are the segments of a path that are no value.
var pathWords = strings.Fields(`users lookup lookup_by_external_id user_roles external_ids`)

var (
	secretField = regexp.MustCompile(`(?i)passw|passcode|secret|token|api_?key|authorization|credential|cookie|signature|\bpin\b`)
	wholeNumber = regexp.MustCompile(`^\d{1,19}$`)
	countryCode = regexp.MustCompile(`^(\+?\d{1,3}|[A-Za-z]{2})$`)
	numeral     = regexp.MustCompile(`^-?\d+(\.\d+)?([eE][+-]?\d+)?$`)
	resource    = regexp.MustCompile(`^[a-z_]+$`)
)

// plainNumbers are the kept fields that are numbers.
var plainNumbers = strings.Fields(`id user_role_id group_ids external_id_holder_id associated_dispatcher_id
	per_page page_no total assigned_users_count`)

// keeps reports whether a value of a kept field is what the field is for. A
// server may send anything under any name.
func keeps(field, s string) bool {
	switch field {
	case "phone_country_code", "phone_country_code2":
		return countryCode.MatchString(s)
	case "time_zone":
		return apiName(strings.NewReplacer("/", " ", "&", " ").Replace(s))
	}
	if strings.HasSuffix(field, "_at") {
		return isTime(s)
	}
	if slices.Contains(plainNumbers, field) {
		return wholeNumber.MatchString(s)
	}
	return apiName(s)
}

// kindOfKey tells a member's name that reads as a field of an API from a value
// that is used as a key: a username, say.
func kindOfKey(key string) dataKind {
	if _, ok := fieldKinds[key]; ok {
		return dataKept
	}
	if apiName(key) {
		return dataKey
	}
	return dataText
}

// A place is where in a JSON value the walk stands: the innermost field, and
// whether a secret or an error's details are around it.
type place struct {
	field   string
	secret  bool
	message bool
}

func (p place) member(key string) place {
	k, known := fieldKinds[key]
	return place{
		field:   key,
		secret:  p.secret || secretField.MatchString(key),
		message: (p.message && known) || k == dataMessage,
	}
}

// kindOf says what kind a string or number at the place is.
func (p place) kindOf(v any) dataKind {
	s, isString := v.(string)
	if n, ok := v.(json.Number); ok {
		s = n.String()
	}
	k := fieldKinds[p.field]
	switch {
	case p.secret:
		return dataSecret
	case p.message && isString && (k == dataMessage || strings.Contains(s, " ") || k != dataKept && resource.MatchString(s)):
		// {"errors": {"email": ["has already been taken"]}} has sentences under
		// the names of fields.
		return dataMessage
	case k == dataMessage:
		return dataText
	case !isString && (s == "0" || s == "1"): // flags and empty counts
		return dataKept
	case k == dataKept && !keeps(p.field, s):
		return dataText
	}
	return k
}

func isTime(s string) bool {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// rewriteQuery is rewriteJSON for a query in a fixture's form.
func rewriteQuery(pairs []string, change func(scalar) any) []string {
	var out []string
	count := map[string]int{} // of the values of a key
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		k := dataSecret
		switch {
		case slices.Contains(queryKeys, key):
			k = place{field: key}.kindOf(value)
		case !apiName(key):
			key = redacted
		}
		at := "query." + key + "[" + strconv.Itoa(count[key]) + "]"
		count[key]++
		out = append(out, key+"="+textOf(change(scalar{at: at, kind: k, value: value})))
	}
	slices.SortStableFunc(out, compareKeys)
	return out
}

// rewritePath is rewriteJSON for the segments of an unescaped path.
func rewritePath(segments []string, change func(scalar) any) []string {
	out := slices.Clone(segments)
	for i, s := range segments {
		known := slices.Contains(pathWords, s) || wholeNumber.MatchString(s) || i == 0 && apiName(s)
		if known {
			continue
		}
		at := "path[" + strconv.Itoa(i) + "]"
		out[i] = textOf(change(scalar{at: at, kind: dataText, value: s}))
	}
	return out
}

func textOf(v any) string {
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	s, _ := v.(string)
	return s
}
