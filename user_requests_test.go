package motive_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive"
)

// The fields that Motive documents, by hand: what can be written.
var writable = strings.Fields(`
	first_name last_name role status email username password phone phone_ext phone_country_code phone2
	phone_country_code2 company_reference_id time_zone metric_units dot_id
	driver_company_id drivers_license_number drivers_license_state joined_at duty_status eld_mode time_tracking_mode
	violation_alerts
	carrier_name carrier_street carrier_city carrier_state carrier_zip
	terminal_street terminal_city terminal_state terminal_zip
	cycle exception_24_hour_restart exception_8_hour_break exception_wait_time exception_short_haul
	exception_ca_farm_school_bus exception_adverse_driving
	cycle2 exception_24_hour_restart2 exception_8_hour_break2 exception_wait_time2 exception_short_haul2
	exception_ca_farm_school_bus2 exception_adverse_driving2
	export_combined export_recap export_odometers minute_logs yard_moves_enabled personal_conveyance_enabled
	manual_driving_enabled
	group_ids group_visibility custom_user_role external_ids_attributes`)

// What can be written and not read, and the reverse.
var (
	writeOnly = strings.Fields(`password time_tracking_mode group_visibility custom_user_role external_ids_attributes`)
	readOnly  = strings.Fields(`id created_at updated_at mobile_current_sign_in_at mobile_last_sign_in_at mobile_last_active_at
		web_current_sign_in_at web_last_sign_in_at web_last_active_at expires_at external_ids associated_dispatcher_id`)
)

// state is one of the four things that a field can be, and how it is sent.
type state struct {
	name  string
	value reflect.Value
	json  string // "": not at all
}

func statesOf[T any](value T, zeroJSON, valueJSON string) []state {
	var zero T
	return []state{
		{"absent", reflect.ValueOf(motive.Optional[T]{}), ""},
		{"null", reflect.ValueOf(motive.Null[T]()), "null"},
		{"zero", reflect.ValueOf(motive.Set(zero)), zeroJSON},
		{"value", reflect.ValueOf(motive.Set(value)), valueJSON},
	}
}

// states has the four states of every type of field.
var states = func() map[reflect.Type][]state {
	byType := make(map[reflect.Type][]state)
	for _, s := range [][]state{
		statesOf("<ö> & \"x\"", `""`, `"<ö> & \"x\""`),
		statesOf(true, `false`, `true`),
		statesOf(int64(1)<<62, `0`, `4611686018427387904`),
		statesOf(motive.RoleFleetUser, `""`, `"fleet_user"`),
		statesOf(motive.StatusDeactivated, `""`, `"deactivated"`),
		statesOf(motive.DutyStatusSleeper, `""`, `"sleeper"`),
		statesOf(motive.ELDModeExempt, `""`, `"exempt"`),
		statesOf(motive.TimeTrackingModeNotRequired, `""`, `"not_required"`),
		statesOf(motive.ViolationAlerts15Minutes, `""`, `"15_minutes"`),
		statesOf(motive.CycleOther, `""`, `"Other"`),
		statesOf(motive.GroupVisibilityLimited, `""`, `"limited"`),
		statesOf(motive.ExternalIDHolderTypeVehicle, `""`, `"Vehicle"`),
		statesOf(motive.NewDate(2026, time.February, 28), `""`, `"2026-02-28"`),
		statesOf([]int64{101, 102}, `[]`, `[101,102]`),
		statesOf(motive.CustomUserRole{UserRoleID: 9, GroupIDs: []int64{101}}, `{}`, `{"user_role_id":9,"group_ids":[101]}`),
		statesOf([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "generic_tms"}, {ID: 3}}, `[]`,
			`[{"external_id":"987","integration_name":"generic_tms"},{"id":3,"external_id":"","integration_name":""}]`),
	} {
		byType[s[0].value.Type()] = s
	}
	return byType
}()

// Every field of every request is sent as absent, null, zero or a value, and is
// read back as what it was.
func TestEveryRequestFieldHasFourStates(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{
		reflect.TypeFor[motive.UserAttributes](), reflect.TypeFor[motive.CreateUserRequest](),
		reflect.TypeFor[motive.UpdateUserRequest](), reflect.TypeFor[motive.ExternalIDRequest](),
	} {
		for i := range typ.NumField() {
			field := typ.Field(i)
			name := jsonName(field)
			if name == "-" {
				continue
			}
			if len(states[field.Type]) != 4 {
				t.Fatalf("%s.%s: no states for a %s", typ, field.Name, field.Type)
			}
			for _, s := range states[field.Type] {
				req := reflect.New(typ)
				req.Elem().Field(i).Set(s.value)
				want := "{}"
				if s.json != "" {
					want = fmt.Sprintf("{%q:%s}", name, s.json)
				}
				body, err := json.Marshal(req.Interface())
				if err != nil || !sameJSON(string(body), want) {
					t.Errorf("%s.%s, %s: sent %s, error %v, want %s", typ, field.Name, s.name, body, err, want)
				}
				back := reflect.New(typ)
				if err := json.Unmarshal(body, back.Interface()); err != nil {
					t.Errorf("%s.%s, %s: %v", typ, field.Name, s.name, err)
				}
				again, err := json.Marshal(back.Interface())
				if err != nil || string(again) != string(body) {
					t.Errorf("%s.%s, %s: comes back as %s, error %v, want %s", typ, field.Name, s.name, again, err, body)
				}
				nilList := s.json == "[]" // reads as an empty one
				if !nilList && !reflect.DeepEqual(back.Interface(), req.Interface()) {
					t.Errorf("%s.%s, %s: reads as %v, want %v", typ, field.Name, s.name, back, req)
				}
			}
		}
	}
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// goName is the Go name of a field in JSON, word by word.
func goName(name string) string {
	initialisms := map[string]string{"id": "ID", "ids": "IDs", "eld": "ELD", "dot": "DOT", "ca": "CA"}
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if upper, ok := initialisms[word]; ok {
			b.WriteString(upper)
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func TestFieldNamesFollowTheAPI(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"exception_24_hour_restart": "Exception24HourRestart", "eld_mode": "ELDMode", "dot_id": "DOTID", "cycle2": "Cycle2",
		"exception_ca_farm_school_bus": "ExceptionCAFarmSchoolBus", "external_ids_attributes": "ExternalIDsAttributes",
	} {
		if got := goName(name); got != want {
			t.Fatalf("the rule of this test makes %s of %s, want %s", got, name, want)
		}
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[motive.UserAttributes](), reflect.TypeFor[motive.User](), reflect.TypeFor[motive.ExternalIDRequest](),
		reflect.TypeFor[motive.ExternalID](), reflect.TypeFor[motive.ExternalIDAttributes](), reflect.TypeFor[motive.CustomUserRole](),
		reflect.TypeFor[motive.UserRole](), reflect.TypeFor[motive.UserRoleEditor](),
	} {
		for i := range typ.NumField() {
			if field := typ.Field(i); field.Name != "Extra" && field.Name != goName(jsonName(field)) {
				t.Errorf("%s.%s is %q in JSON, and should be named %s", typ, field.Name, jsonName(field), goName(jsonName(field)))
			}
		}
	}
}

func namesOf(typ reflect.Type) []string {
	var names []string
	for i := range typ.NumField() {
		if name := jsonName(typ.Field(i)); name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func TestRequestsHaveEveryDocumentedField(t *testing.T) {
	t.Parallel()
	got := namesOf(reflect.TypeFor[motive.UserAttributes]())
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(writable)); !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
	want := []string{"external_id", "integration_name", "external_id_holder_id", "external_id_holder_type"}
	if got := namesOf(reflect.TypeFor[motive.ExternalIDRequest]()); !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
}

// A field that can be written and read has one name and one type.
func TestUserAndRequestsAgree(t *testing.T) {
	t.Parallel()
	user, attributes := reflect.TypeFor[motive.User](), reflect.TypeFor[motive.UserAttributes]()
	var onlyWritten, onlyRead []string
	for i := range attributes.NumField() {
		field := attributes.Field(i)
		if jsonName(field) == "-" {
			continue // Extra has a type of its own in each
		}
		read, ok := user.FieldByName(field.Name)
		if !ok {
			onlyWritten = append(onlyWritten, jsonName(field))
			continue
		}
		get, _ := field.Type.MethodByName("Get")
		if jsonName(read) != jsonName(field) || read.Type != get.Type.Out(0) {
			t.Errorf("%s is %s %s in a user and %s %s in a request", field.Name, jsonName(read), read.Type, jsonName(field), get.Type.Out(0))
		}
	}
	for i := range user.NumField() {
		if _, ok := attributes.FieldByName(user.Field(i).Name); !ok && jsonName(user.Field(i)) != "-" {
			onlyRead = append(onlyRead, jsonName(user.Field(i)))
		}
	}
	if !slices.Equal(onlyWritten, writeOnly) {
		t.Errorf("only written: %q, want %q", onlyWritten, writeOnly)
	}
	if slices.Sort(onlyRead); !slices.Equal(onlyRead, slices.Sorted(slices.Values(readOnly))) {
		t.Errorf("only read: %q, want %q", onlyRead, readOnly)
	}
}
