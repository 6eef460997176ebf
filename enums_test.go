package motive

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parsers are the Parse functions, each with all it accepts.
var parsers = []struct {
	field string
	parse func(string) (string, error)
	valid []string
}{
	{"role", asText(ParseRole), []string{"driver", "fleet_user", "admin", "fleet_admin"}},
	{"status", asText(ParseStatus), []string{"active", "deactivated", "pending"}},
	{"eld_mode", asText(ParseELDMode), []string{"logs", "none", "exempt"}},
	{"time_tracking_mode", asText(ParseTimeTrackingMode), []string{"logs", "timecards", "not_required"}},
	{"duty_status", asText(ParseDutyStatus), []string{"off_duty", "on_duty", "driving", "sleeper", "waiting"}},
	{"violation_alerts", asText(ParseViolationAlerts), []string{
		"never", "15_minutes", "30_minutes", "45_minutes", "1_hour", "2_hours",
	}},
	{"group_visibility", asText(ParseGroupVisibility), []string{"limited"}},
	{"exception", asText(ParseException), documentedExceptions},
	{"cycle", asText(ParseCycle), []string{
		"70_8", "60_7", "70_8_o", "60_7_o", "70_8_p", "60_7_p", "80_8", "80_8_o", "80_8_p", "tx_70_7",
		"ak_70_7", "ak_80_8", "ak_70_7_o", "ak_80_8_o", "ak_70_7_p", "ak_80_8_p",
		"70_7", "120_14", "canada_oil", "80_7", "120_14_north", "Other", "70_8_2020", "60_7_o_2020",
	}},
}

func asText[T ~string](parse func(string) (T, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		v, err := parse(s)
		return string(v), err
	}
}

func TestParseTakesEveryValueInEverySpelling(t *testing.T) {
	t.Parallel()
	for _, p := range parsers {
		for _, want := range p.valid {
			for _, spelling := range []string{
				want,
				strings.ToUpper(want),
				strings.ToLower(want),
				strings.ToUpper(want[:1]) + want[1:],
				" " + want + "\t\n",
				strings.ReplaceAll(want, "_", " "),
				strings.ReplaceAll(want, "_", "-"),
				strings.ReplaceAll(want, "_", " - "),
			} {
				if got, err := p.parse(spelling); got != want || err != nil {
					t.Errorf("%s %q: got %q, %v; want %q", p.field, spelling, got, err, want)
				}
			}
		}
	}
}

func TestParseTakesTheSpellingsOfMotivesPages(t *testing.T) {
	t.Parallel()
	if got, err := ParseTimeTrackingMode("Not_required"); got != TimeTrackingModeNotRequired || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := ParseTimeTrackingMode("Not required"); got != TimeTrackingModeNotRequired || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := ParseELDMode("Exempt"); got != ELDModeExempt || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for spelling, want := range map[string]Role{"Admin": RoleAdmin, "Fleet Admin": RoleFleetAdmin} {
		if got, err := ParseRole(spelling); got != want || err != nil {
			t.Errorf("%s: got %q, %v", spelling, got, err)
		}
	}
}

func TestParseRefusesOtherTextWithAHint(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"a slip", second(ParseELDMode("lgs")),
			`motive: eld_mode: "lgs" is not a documented value (did you mean "logs"?); use "logs", "none" or "exempt"`},
		{"a slip in two words", second(ParseRole("Fleet usr")),
			`motive: role: "Fleet usr" is not a documented value (did you mean "fleet_user"?); ` +
				`use "driver", "fleet_user", "admin" or "fleet_admin"`},
		{"nothing like it", second(ParseELDMode("quarterly")),
			`motive: eld_mode: "quarterly" is not a documented value; use "logs", "none" or "exempt"`},
		{"empty", second(ParseStatus(" ")),
			`motive: status: is empty; use "active", "deactivated" or "pending"`},
		{"a single value", second(ParseGroupVisibility("everything")),
			`motive: group_visibility: "everything" is not a documented value; use "limited"`},
		{"a cycle", second(ParseCycle("tx_70_8")),
			`motive: cycle: "tx_70_8" is not a documented value (did you mean "tx_70_7"?); use "70_8", "60_7", ` +
				`"70_8_o", "60_7_o", "70_8_p", "60_7_p", "80_8", "80_8_o", "80_8_p", "tx_70_7", "ak_70_7", "ak_80_8", ` +
				`"ak_70_7_o", "ak_80_8_o", "ak_70_7_p", "ak_80_8_p", "70_7", "120_14", "canada_oil", "80_7", ` +
				`"120_14_north" or "Other"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.err == nil || tt.err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", tt.err, tt.want)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestParseErrorsHaveACode(t *testing.T) {
	t.Parallel()
	for _, p := range parsers {
		want := CodeUnknownValue
		if p.field == "cycle" {
			want = CodeUnknownCycle
		}
		got, err := p.parse("70_8_2021")
		if e := new(ValidationError); got != "" || !errors.As(err, &e) || !e.Has(p.field, want) {
			t.Errorf("%s: got %q, %v; want code %s", p.field, got, err, want)
		}
	}
}

// The tables of values hold the constants, in their order, and nothing else.
func TestDocumentedValuesAreTheConstants(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"role":               names([]Role{RoleDriver, RoleFleetUser, RoleAdmin, RoleFleetAdmin}),
		"status":             names([]Status{StatusActive, StatusDeactivated, StatusPending}),
		"status to set":      names([]Status{StatusActive, StatusDeactivated}),
		"eld_mode":           names([]ELDMode{ELDModeLogs, ELDModeNone, ELDModeExempt}),
		"time_tracking_mode": names([]TimeTrackingMode{TimeTrackingModeLogs, TimeTrackingModeTimecards, TimeTrackingModeNotRequired}),
		"duty_status": names([]DutyStatus{
			DutyStatusOffDuty, DutyStatusOnDuty, DutyStatusDriving, DutyStatusSleeper, DutyStatusWaiting,
		}),
		"group_visibility": names([]GroupVisibility{GroupVisibilityLimited}),
		"violation_alerts": names([]ViolationAlerts{
			ViolationAlertsNever, ViolationAlerts15Minutes, ViolationAlerts30Minutes,
			ViolationAlerts45Minutes, ViolationAlerts1Hour, ViolationAlerts2Hours,
		}),
		"external_id_holder_type": names([]ExternalIDHolderType{
			ExternalIDHolderTypeUser, ExternalIDHolderTypeVehicle, ExternalIDHolderTypeAsset, ExternalIDHolderTypeGroup,
		}),
	}
	if !reflect.DeepEqual(documented, want) {
		t.Errorf("got  %q\nwant %q", documented, want)
	}
}

var (
	timeTrackingModes = []TimeTrackingMode{"logs", "timecards", "not_required"}
	eldModes          = []ELDMode{"logs", "none", "exempt"}
)

func TestModePairsAreTheDocumentedFour(t *testing.T) {
	t.Parallel()
	want := []ModePair{{"logs", "logs"}, {"logs", "none"}, {"timecards", "exempt"}, {"not_required", "exempt"}}
	if got := ModePairs(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, tracking := range append(timeTrackingModes, "", "Logs") {
		for _, eld := range append(eldModes, "", "Logs") {
			pair := ModePair{tracking, eld}
			if valid := slices.Contains(want, pair); pair.Valid() != valid || (pair.Description() != "") != valid {
				t.Errorf("%v: valid %t, described as %q, want valid %t", pair, pair.Valid(), pair.Description(), valid)
			}
		}
	}
	ModePairs()[0] = ModePair{}
	if ModePairs()[0] != want[0] {
		t.Error("a change to ModePairs() shows in the next call")
	}
}

func TestIANAZonesGetTheNameOfRails(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]TimeZone{
		"America/Halifax":              TimeZoneAtlantic,
		"America/Indiana/Indianapolis": TimeZoneIndianaEast,
		"America/New_York":             TimeZoneEastern,
		"US/Eastern":                   TimeZoneEastern,
		"Canada/Eastern":               TimeZoneEastern,
		"EST5EDT":                      TimeZoneEastern,
		"america/chicago":              TimeZoneCentral,
		"America/Regina":               TimeZoneSaskatchewan,
		"America/Denver":               TimeZoneMountain,
		"America/Phoenix":              TimeZoneArizona,
		"America/Los_Angeles":          TimeZonePacific,
		"America/Anchorage":            TimeZoneAlaska,
		"America/Juneau":               TimeZoneAlaska,
		"America/Toronto":              TimeZoneEastern,
		"America/Glace_Bay":            TimeZoneAtlantic,
		"America/Thunder_Bay":          TimeZoneEastern,
		"America/Nome":                 TimeZoneAlaska,
		"Europe/Berlin":                "",
		"Etc/UTC":                      "",
	} {
		hint := strconv.Quote(string(want))
		if want == "" {
			hint = `one like "Eastern Time (US & Canada)"`
		}
		message := notRails(zone)
		if !strings.HasPrefix(message, `"`+zone+`" is an IANA name, `) || !strings.HasSuffix(message, "; use "+hint) {
			t.Errorf("%s: the message is %q, want the hint %s", zone, message, hint)
		}
	}
	for _, zone := range []string{"", "UTC", "Hawaii", "Eastern Time (US & Canada)", "Indiana (East)", "EST", "Pacific", "../../admin"} {
		if message := notRails(zone); message != "" {
			t.Errorf("%s: refused with %q", zone, message)
		}
	}
}

func TestAnIANAZoneHasOneClock(t *testing.T) {
	t.Parallel()
	clocks := make(map[string]TimeZone)
	for zone, names := range ianaNames {
		for _, name := range strings.Fields(names) {
			if other, twice := clocks[name]; twice {
				t.Errorf("%s stands at %q and at %q", name, zone, other)
			}
			clocks[name] = zone
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "Logs", "Not_required", " fleet-admin ", "70 8 o 2020", "_2020", "İ\xff", "other"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range parsers {
			got, err := p.parse(s)
			if err == nil {
				if again, err := p.parse(got); again != got || err != nil {
					t.Errorf("%s %q is %q, which is %q, %v", p.field, s, got, again, err)
				}
				if !strings.EqualFold(strings.ReplaceAll(got, "_", ""), letters(s)) {
					t.Errorf("%s %q is %q", p.field, s, got)
				}
				continue
			}
			if e := new(ValidationError); got != "" || !errors.As(err, &e) || len(e.Problems) != 1 {
				t.Errorf("%s %q: got %q, %v", p.field, s, got, err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("%s: the message has %d bytes", p.field, len(err.Error()))
			}
		}
	})
}

// letters drops what may separate the words of a name.
func letters(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r == '_' || r == '-' || strings.ContainsRune(" \t\n\v\f\r\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000", r) ||
			'\u2000' <= r && r <= '\u200a'
	}), "")
}
