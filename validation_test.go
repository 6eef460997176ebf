package motive

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/motive-go/motive/internal/text"
)

// create validates a create of a driver with the given fields besides.
func create(a UserAttributes) error { return validateCreate(newDriver(a), false) }

func strictly(a UserAttributes) error { return validateCreate(newDriver(a), true) }

func newDriver(a UserAttributes) *CreateUserRequest {
	fill(&a.FirstName, "Ada")
	fill(&a.LastName, "Lovelace")
	fill(&a.Role, RoleDriver)
	fill(&a.Username, "ada.lovelace")
	r := CreateUserRequest(a)
	return &r
}

func fill[T any](o *Optional[T], v T) {
	if o.IsZero() {
		*o = Set(v)
	}
}

func update(a UserAttributes) error { return against(nil, a) }

func against(u *User, a UserAttributes) error {
	r := UpdateUserRequest(a)
	return validateUpdate(&r, false, u)
}

// found lists the problems of err as "field code", in their order.
func found(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *ValidationError
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("got %T %v, want a *ValidationError with problems", err, err)
	}
	var list []string
	for _, p := range e.Problems {
		list = append(list, strings.TrimSpace(p.Field+" "+p.Code))
	}
	return list
}

func wantProblems(t *testing.T, err error, want ...string) {
	t.Helper()
	if got := found(t, err); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q\nin %v", got, want, err)
	}
}

func externalIDs(ids ...ExternalIDAttributes) Optional[[]ExternalIDAttributes] { return Set(ids) }

func TestARequestThatIsNilIsRefused(t *testing.T) {
	t.Parallel()
	wantProblems(t, (*CreateUserRequest)(nil).Validate(), "required")
	wantProblems(t, (*UpdateUserRequest)(nil).Validate(), "required")
}

func TestExternalIDRequestsAreWholeInACreate(t *testing.T) {
	t.Parallel()
	whole := ExternalIDRequest{
		ExternalID: Set("987"), IntegrationName: Set("tms"),
		ExternalIDHolderID: Set(int64(7)), ExternalIDHolderType: Set(ExternalIDHolderTypeUser),
	}
	none := ExternalIDRequest{
		ExternalID: Null[string](), IntegrationName: Set(" "),
		ExternalIDHolderID: Set(int64(0)), ExternalIDHolderType: Null[ExternalIDHolderType](),
	}
	all := []string{
		"external_id required", "integration_name required", "external_id_holder_id required", "external_id_holder_type required",
	}
	wrong := ExternalIDRequest{ExternalIDHolderID: Set(int64(-7)), ExternalIDHolderType: Set(ExternalIDHolderType("user"))}
	for _, tt := range []struct {
		name           string
		request        *ExternalIDRequest
		create, update []string
	}{
		{"whole", &whole, nil, nil},
		{"no request", nil, []string{"required"}, []string{"required"}},
		{"empty", &ExternalIDRequest{}, all, []string{"invalid"}},
		{"one field", &ExternalIDRequest{ExternalID: Set("987")}, all[1:], nil},
		{"without values", &none, all, all},
		{"with wrong ones", &wrong, append(slices.Clone(all[:2]), "external_id_holder_id invalid", "external_id_holder_type unknown_value"),
			[]string{"external_id_holder_id invalid", "external_id_holder_type unknown_value"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, validateExternalID(tt.request, true), tt.create...)
			wantProblems(t, validateExternalID(tt.request, false), tt.update...)
		})
	}
}

// A rule for a name that no field has would never be asked.
func TestEveryRuleIsForFieldsThatExist(t *testing.T) {
	t.Parallel()
	var fields []string
	for _, request := range []any{UserAttributes{}, ExternalIDRequest{}} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(request)) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields = append(fields, name)
		}
	}
	for name, list := range rules {
		if !slices.Contains(fields, name) || len(list) == 0 {
			t.Errorf("%s: %d rules for a field that there is not", name, len(list))
		}
	}
}

// A field that an update and a lookup share has the same rules in both, and in a
// lookup there is nothing beside it.
func TestEveryRuleCanBeAskedInEveryCall(t *testing.T) {
	t.Parallel()
	for _, a := range attributes() {
		for _, create := range []bool{false, true} {
			var p problems
			f := given(a.name, "D-7")
			p.judge(draft{create: create}, f)
			p.judge(draft{create: create, strict: true}, f)
		}
	}
	if !nothing.isEmpty() || !reflect.DeepEqual(nobody, User{}) {
		t.Error("validation changed what stands for a call without attributes")
	}
}

func TestCreateWithNothingNeedsFourThings(t *testing.T) {
	t.Parallel()
	wantProblems(t, (&CreateUserRequest{}).Validate(),
		"first_name required", "last_name required", "role required", "email required")
}

func TestValidationListsEveryProblemInFieldOrder(t *testing.T) {
	t.Parallel()
	a := UserAttributes{
		FirstName:                 Set(""),
		LastName:                  Set("Love\tlace"),
		Role:                      Set(RoleFleetUser),
		Status:                    Set(StatusPending),
		Email:                     Set("ada"),
		Username:                  Set("a\x00da"),
		Password:                  Set("secret\n"),
		PhoneExt:                  Set("\x7f"),
		DriversLicenseNumber:      Set("D\u0085123"),
		DutyStatus:                Set(DutyStatus("parked")),
		ELDMode:                   Set(ELDModeLogs),
		TimeTrackingMode:          Set(TimeTrackingModeTimecards),
		ViolationAlerts:           Set(ViolationAlerts("always")),
		TerminalZip:               Set("\xff"),
		Cycle:                     Set(CycleTexas70Hour7Day),
		Exception8HourBreak:       Set(true),
		ExceptionShortHaul:        Set(true),
		Cycle2:                    Set(Cycle("tx_80_7")),
		ExceptionCAFarmSchoolBus2: Set(true),
		GroupIDs:                  Set([]int64{1, 0}),
		GroupVisibility:           Set(GroupVisibilityLimited),
		CustomUserRole:            Set(CustomUserRole{}),
		ExternalIDsAttributes: externalIDs(
			ExternalIDAttributes{-4, "987", "generic_tms"},
			ExternalIDAttributes{0, "987", "generic_tms"},
			ExternalIDAttributes{},
		),
	}
	r := CreateUserRequest(a)
	wantProblems(t, r.Validate(),
		"first_name required",
		"last_name invalid",
		"status invalid",
		"email invalid",
		"username invalid",
		"password invalid",
		"phone_ext invalid",
		"drivers_license_number invalid",
		"duty_status unknown_value",
		"time_tracking_mode mode_mismatch",
		"violation_alerts unknown_value",
		"terminal_zip invalid",
		"exception_8_hour_break exception_not_allowed",
		"exception_short_haul exception_not_allowed",
		"cycle2 unknown_cycle",
		"group_ids wrong_place",
		"group_ids[1] invalid",
		"custom_user_role.user_role_id required",
		"custom_user_role.group_ids required",
		"external_ids_attributes[0].id invalid",
		"external_ids_attributes[1] duplicate",
		"external_ids_attributes[2].external_id required",
		"external_ids_attributes[2].integration_name required",
	)
	if !reflect.DeepEqual(a, UserAttributes(r)) {
		t.Error("validation changed the request")
	}
}

// Each text field is looked at: none is forgotten when one is added.
func TestEveryTextFieldRefusesControlCharacters(t *testing.T) {
	t.Parallel()
	tested := 0
	for _, field := range reflect.VisibleFields(reflect.TypeFor[UserAttributes]()) {
		if field.Type != reflect.TypeFor[Optional[string]]() {
			continue
		}
		tested++
		var r UpdateUserRequest
		reflect.ValueOf(&r).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(Set("a\x1bz")))
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		wantProblems(t, r.Validate(), name+" invalid")
	}
	if tested < 25 {
		t.Errorf("found %d text fields", tested)
	}
}

// A problem does not come with the problems that follow from it.
func TestConsequencesAreNotReportedTwice(t *testing.T) {
	t.Parallel()
	wantProblems(t, create(UserAttributes{Cycle: Set(Cycle("71_8")), ExceptionWaitTime: Set(true)}), "cycle unknown_cycle")
	wantProblems(t, create(UserAttributes{ELDMode: Set(ELDMode("Logs")), TimeTrackingMode: Set(TimeTrackingModeTimecards)}),
		"eld_mode unknown_value")
	wantProblems(t, create(UserAttributes{ELDMode: Set(ELDModeExempt), TimeTrackingMode: Set(TimeTrackingMode("Logs"))}),
		"time_tracking_mode unknown_value")
	wantProblems(t, create(UserAttributes{Role: Set(Role("Fleet_user")), GroupIDs: Set([]int64{1})}), "role unknown_value")
	wantProblems(t, create(UserAttributes{
		GroupVisibility: Set(GroupVisibilityLimited), CustomUserRole: Set(CustomUserRole{}),
	}), "group_visibility wrong_place", "custom_user_role wrong_place")
	wantProblems(t, create(UserAttributes{Username: Set(" "), Email: Set(" ")}), "email required")

	again := externalIDs(ExternalIDAttributes{ExternalID: "987", IntegrationName: "tms"},
		ExternalIDAttributes{ID: 5, ExternalID: "987", IntegrationName: "tms"})
	wantProblems(t, create(UserAttributes{ExternalIDsAttributes: again}), // of which neither follows from the other
		"external_ids_attributes[1].id invalid", "external_ids_attributes[1] duplicate")
	halves := externalIDs(ExternalIDAttributes{ExternalID: "987"}, ExternalIDAttributes{ExternalID: "987"})
	wantProblems(t, update(UserAttributes{ExternalIDsAttributes: halves}),
		"external_ids_attributes[0].integration_name required", "external_ids_attributes[1].integration_name required")
	halves = externalIDs(ExternalIDAttributes{IntegrationName: "tms"}, ExternalIDAttributes{IntegrationName: "tms"})
	wantProblems(t, update(UserAttributes{ExternalIDsAttributes: halves}),
		"external_ids_attributes[0].external_id required", "external_ids_attributes[1].external_id required")
}

func TestEmails(t *testing.T) {
	t.Parallel()
	for email, ok := range map[string]bool{
		"ada@example.com":           true,
		"a..b@docomo.ne.jp":         true,
		"ada.@docomo.ne.jp":         true,
		"":                          true,
		" ":                         false,
		".ada@example.com":          false,
		" ada@example.com":          false,
		"ada@example.com ":          false,
		"<ada@example.com>":         false,
		"ada@example.com\r\nBcc: x": false,
	} {
		if err := create(UserAttributes{Email: Set(email)}); (err == nil) != ok {
			t.Errorf("%q: got %v, want valid: %t", email, err, ok)
		}
	}
}

func TestAllNinePairsOfModes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tracking, eld string
		valid         bool
	}{
		{"logs", "logs", true},
		{"logs", "none", true},
		{"logs", "exempt", false},
		{"timecards", "logs", false},
		{"timecards", "none", false},
		{"timecards", "exempt", true},
		{"not_required", "logs", false},
		{"not_required", "none", false},
		{"not_required", "exempt", true},
	} {
		t.Run(tt.tracking+" with "+tt.eld, func(t *testing.T) {
			t.Parallel()
			tracking, eld := TimeTrackingMode(tt.tracking), ELDMode(tt.eld)
			both := UserAttributes{TimeTrackingMode: Set(tracking), ELDMode: Set(eld)}
			var want []string
			if !tt.valid {
				want = []string{"time_tracking_mode mode_mismatch"}
			}
			wantProblems(t, create(both), want...)
			wantProblems(t, update(both), want...)
			wantProblems(t, against(&User{ELDMode: eld}, UserAttributes{TimeTrackingMode: Set(tracking)}), want...)
			wantProblems(t, against(&User{ELDMode: "none"}, both), want...)
		})
	}
}

func TestModesOfWhichOneIsNotKnown(t *testing.T) {
	t.Parallel()
	for _, tracking := range timeTrackingModes {
		a := UserAttributes{TimeTrackingMode: Set(tracking)}
		var withoutExempt []string
		if tracking != TimeTrackingModeLogs {
			withoutExempt = []string{"time_tracking_mode mode_mismatch"}
		}
		wantProblems(t, create(a), withoutExempt...)
		wantProblems(t, update(a))
		wantProblems(t, against(&User{}, a))
		wantProblems(t, against(&User{ELDMode: "hybrid"}, a))

		a.ELDMode = Null[ELDMode]()
		wantProblems(t, create(a), withoutExempt...)
		wantProblems(t, update(a), withoutExempt...)
		wantProblems(t, against(&User{ELDMode: ELDModeExempt}, a), withoutExempt...)
	}
	for _, eld := range eldModes {
		wantProblems(t, create(UserAttributes{ELDMode: Set(eld)}))
		wantProblems(t, create(UserAttributes{ELDMode: Set(eld), TimeTrackingMode: Null[TimeTrackingMode]()}))
		wantProblems(t, against(&User{}, UserAttributes{ELDMode: Set(eld)}))
		wantProblems(t, against(&User{ELDMode: "hybrid"}, UserAttributes{ELDMode: Set(eld)}))
	}
}

// Responses show the ELD mode alone, and it tells whether the time tracking mode
// of the user can stay.
func TestAnELDModeAloneDoesNotCrossTheExemptLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		was, becomes ELDMode
		valid        bool
	}{
		{"logs", "logs", true},
		{"logs", "none", true},
		{"logs", "exempt", false},
		{"none", "logs", true},
		{"none", "none", true},
		{"none", "exempt", false},
		{"exempt", "logs", false},
		{"exempt", "none", false},
		{"exempt", "exempt", true},
	} {
		var want []string
		if !tt.valid {
			want = []string{"time_tracking_mode mode_mismatch"}
		}
		a := UserAttributes{ELDMode: Set(tt.becomes)}
		t.Run(string(tt.was+" becomes "+tt.becomes), func(t *testing.T) {
			t.Parallel()
			wantProblems(t, against(&User{ELDMode: tt.was}, a), want...)
			wantProblems(t, update(a))
			a.TimeTrackingMode = Null[TimeTrackingMode]()
			wantProblems(t, against(&User{ELDMode: tt.was}, a))
			_, trackings := ModePair{ELDMode: tt.becomes}.partners()
			a.TimeTrackingMode = Set(trackings[0])
			wantProblems(t, against(&User{ELDMode: tt.was}, a))
		})
	}
	cleared := UserAttributes{ELDMode: Null[ELDMode]()}
	wantProblems(t, against(&User{ELDMode: ELDModeNone}, cleared))
	wantProblems(t, against(&User{ELDMode: ELDModeExempt}, cleared), "time_tracking_mode mode_mismatch")
	wantProblems(t, against(&User{ELDMode: ELDModeLogs}, UserAttributes{ELDMode: Set(ELDMode("Exempt"))}), "eld_mode unknown_value")
}

// withException returns a request that turns on one exception, by its JSON name,
// and chooses a cycle, in the first or the second place.
func withException(t *testing.T, second bool, cycle Cycle, exception string) UserAttributes {
	t.Helper()
	var a UserAttributes
	v := reflect.ValueOf(&a).Elem()
	if second {
		a.Cycle2 = Set(cycle)
		exception += "2"
	} else {
		a.Cycle = Set(cycle)
	}
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name == exception {
			v.Field(i).Set(reflect.ValueOf(Set(true)))
			return a
		}
	}
	t.Fatalf("no field %s", exception)
	return a
}

func TestAllPairsOfCycleAndException(t *testing.T) {
	t.Parallel()
	pairs := 0
	for _, row := range documentedCycles {
		for i, mark := range strings.Fields(row.marks) {
			pairs++
			for _, second := range []bool{false, true} {
				for _, suffix := range []string{"", "_2020"} {
					exception := documentedExceptions[i]
					a := withException(t, second, Cycle(row.wire+suffix), exception)
					if second {
						exception += "2"
					}
					refused := []string{exception + " exception_not_allowed"}
					var want, wantStrict []string
					if mark == "no" {
						want = refused
					}
					if mark != "yes" {
						wantStrict = refused
					}
					if row.wire+suffix == "Other_2020" {
						continue // is no cycle
					}
					change := UpdateUserRequest(a)
					wantProblems(t, create(a), want...)
					wantProblems(t, update(a), want...)
					wantProblems(t, validateCreate(newDriver(a), true), wantStrict...)
					wantProblems(t, validateUpdate(&change, true, &User{}), wantStrict...)
				}
			}
		}
	}
	if pairs != 22*6 {
		t.Errorf("tested %d pairs, want %d", pairs, 22*6)
	}
}

func TestAgainstJudgesTheMergedState(t *testing.T) {
	t.Parallel()
	oil := &User{
		Role: RoleDriver, Cycle: CycleUSOilAndGas70Hour8Day, Cycle2: CycleCanadaSouthOilAndGas,
		ExceptionShortHaul: true, ExceptionWaitTime: true, ExceptionAdverseDriving: true, ExceptionWaitTime2: true,
	}
	broken := &User{Role: RoleDriver, Cycle: CycleTexas70Hour7Day, ExceptionShortHaul: true, ELDMode: ELDModeExempt}
	for _, tt := range []struct {
		name    string
		current *User
		update  UserAttributes
		want    []string
	}{
		{"a cycle left with its exceptions on", oil, UserAttributes{Cycle: Set(CycleTexas70Hour7Day)}, []string{
			"exception_wait_time exception_not_allowed", "exception_short_haul exception_not_allowed",
		}},
		{"a cycle left with its exceptions turned off", oil, UserAttributes{
			Cycle: Set(CycleTexas70Hour7Day), ExceptionWaitTime: Set(false), ExceptionShortHaul: Null[bool](),
		}, nil},
		{"a cycle left for one that allows the same", oil, UserAttributes{Cycle: Set(CycleUSOilAndGas60Hour7Day)}, nil},
		{"a cycle moved to its 2020 edition", oil, UserAttributes{Cycle: Set(Cycle("70_8_o_2020"))}, nil},
		{"a cycle cleared under its exceptions", oil, UserAttributes{Cycle: Null[Cycle]()}, []string{"cycle cycle_required"}},
		{"a cycle emptied under its exceptions", oil, UserAttributes{Cycle: Set(Cycle(""))}, []string{"cycle cycle_required"}},
		{"a cycle cleared with its exceptions", oil, UserAttributes{
			Cycle: Null[Cycle](), ExceptionShortHaul: Set(false), ExceptionWaitTime: Set(false), ExceptionAdverseDriving: Set(false),
		}, nil},
		{"the second cycle likewise", oil, UserAttributes{Cycle2: Set(CycleCanadaNorth80Hour7Day)}, []string{
			"exception_wait_time2 exception_not_allowed",
		}},
		{"the second cycle cleared", oil, UserAttributes{Cycle2: Null[Cycle]()}, []string{"cycle2 cycle_required"}},
		{"an exception the user's cycle allows", oil, UserAttributes{Exception24HourRestart: Set(true)}, nil},
		{"an exception the user's cycle does not allow", oil, UserAttributes{ExceptionCAFarmSchoolBus: Set(true)}, []string{
			"exception_ca_farm_school_bus exception_not_allowed",
		}},
		{"a cycle cleared with all but adverse driving", oil, UserAttributes{
			Cycle: Null[Cycle](), ExceptionShortHaul: Set(false), ExceptionWaitTime: Set(false),
		}, nil},
		{"an exception for a user who does not show a cycle", &User{}, UserAttributes{ExceptionShortHaul: Set(true)}, nil},
		{"the second cycle not shown", &User{Cycle: CycleOther}, UserAttributes{ExceptionShortHaul2: Set(true)}, nil},
		{"a cycle cleared that the user does not show", &User{ExceptionShortHaul: true}, UserAttributes{Cycle: Null[Cycle]()}, nil},
		{"a cycle cleared under an exception turned on", &User{}, UserAttributes{
			Cycle: Null[Cycle](), ExceptionShortHaul: Set(true),
		}, []string{"cycle cycle_required"}},
		{"a cycle for a user whose exceptions do not fit it", &User{ExceptionShortHaul: true}, UserAttributes{
			Cycle: Set(CycleTexas70Hour7Day),
		}, []string{"exception_short_haul exception_not_allowed"}},
		{"a cycle together with the exception", &User{}, UserAttributes{
			Cycle: Set(CycleUSProperty70Hour8Day), ExceptionShortHaul: Set(true),
		}, nil},
		{"an exception on a cycle newer than the catalog", &User{Cycle: "us_2031"}, UserAttributes{
			ExceptionShortHaul: Set(true),
		}, nil},
		{"an unknown cycle", oil, UserAttributes{Cycle: Set(Cycle("us_2031"))}, []string{"cycle unknown_cycle"}},
		{"a user that breaks a rule already", broken, UserAttributes{Phone: Set("5550100")}, nil},
		{"the same, and its cycle sent again", broken, UserAttributes{Cycle: Set(CycleTexas70Hour7Day)}, nil},
		{"the same, and its exception sent again", broken, UserAttributes{ExceptionShortHaul: Set(true)}, []string{
			"exception_short_haul exception_not_allowed",
		}},
		{"the same, mended", broken, UserAttributes{Cycle: Set(CycleUSProperty70Hour8Day)}, nil},
		{"the ELD mode of the user", broken, UserAttributes{TimeTrackingMode: Set(TimeTrackingModeLogs)}, []string{
			"time_tracking_mode mode_mismatch",
		}},
		{"the ELD mode of the user changed", broken, UserAttributes{
			TimeTrackingMode: Set(TimeTrackingModeLogs), ELDMode: Set(ELDModeNone),
		}, nil},
		{"the role of the user", broken, UserAttributes{CustomUserRole: Set(CustomUserRole{UserRoleID: 9})}, []string{
			"custom_user_role wrong_place",
		}},
		{"the role of the user changed", broken, UserAttributes{
			Role: Set(RoleFleetUser), CustomUserRole: Set(CustomUserRole{UserRoleID: 9}),
		}, nil},
		{"an empty update", broken, UserAttributes{}, []string{"invalid"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := *tt.current
			wantProblems(t, against(tt.current, tt.update), tt.want...)
			if !reflect.DeepEqual(before, *tt.current) {
				t.Error("validation changed the user")
			}
		})
	}
}

// Each exception of either cycle is looked at where the user has it and the cycle
// changes under it.
func TestAgainstSeesEachExceptionOfTheUser(t *testing.T) {
	t.Parallel()
	move := &UpdateUserRequest{Cycle: Set(CycleOther), Cycle2: Set(CycleOther)}
	clear := &UpdateUserRequest{Cycle: Null[Cycle](), Cycle2: Null[Cycle]()}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[User]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !strings.HasPrefix(name, "exception_") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := &User{Cycle: CycleUSProperty70Hour8Day, Cycle2: CycleUSProperty70Hour8Day}
			reflect.ValueOf(u).Elem().FieldByIndex(field.Index).SetBool(true)
			wantProblems(t, validateUpdate(move, true, u), name+" exception_not_allowed")
			cycle := "cycle"
			if strings.HasSuffix(name, "2") {
				cycle = "cycle2"
			}
			wantProblems(t, validateUpdate(clear, true, u), cycle+" cycle_required")
			stay := &UpdateUserRequest{Cycle: Set(u.Cycle), Cycle2: Set(u.Cycle2)}
			wantProblems(t, validateUpdate(stay, true, u))
		})
	}
}

func TestStrictAgainstFindsAdverseDriving(t *testing.T) {
	t.Parallel()
	current := &User{Cycle: CycleUSProperty70Hour8Day, ExceptionAdverseDriving: true}
	move := &UpdateUserRequest{Cycle: Set(CycleUSProperty60Hour7Day)}
	wantProblems(t, validateUpdate(move, false, current))
	wantProblems(t, validateUpdate(move, true, current), "exception_adverse_driving exception_not_allowed")
}

// Messages are read on a Friday afternoon by somebody who has never seen the API.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{
			create(UserAttributes{TimeTrackingMode: Set(TimeTrackingModeTimecards), ELDMode: Set(ELDModeNone)}),
			`time_tracking_mode: "timecards" goes with eld_mode "exempt" only, and eld_mode is "none"; ` +
				`set eld_mode to "exempt", or use time_tracking_mode "logs"`,
		},
		{
			create(UserAttributes{TimeTrackingMode: Set(TimeTrackingModeNotRequired)}),
			`time_tracking_mode: "not_required" goes with eld_mode "exempt" only, and eld_mode is not set; ` +
				`set eld_mode to "exempt", or use time_tracking_mode "logs"`,
		},
		{
			create(UserAttributes{TimeTrackingMode: Set(TimeTrackingModeLogs), ELDMode: Set(ELDModeExempt)}),
			`time_tracking_mode: "logs" goes with eld_mode "logs" or "none" only, and eld_mode is "exempt"; ` +
				`set eld_mode to "logs" or "none", or use time_tracking_mode "timecards" or "not_required"`,
		},
		{
			against(&User{ELDMode: ELDModeLogs}, UserAttributes{TimeTrackingMode: Set(TimeTrackingModeTimecards)}),
			`time_tracking_mode: "timecards" goes with eld_mode "exempt" only, and the user's eld_mode is "logs"; ` +
				`set eld_mode to "exempt", or use time_tracking_mode "logs"`,
		},
		{
			against(&User{ELDMode: ELDModeLogs}, UserAttributes{ELDMode: Set(ELDModeExempt)}),
			`time_tracking_mode: has to change with eld_mode, which was "logs" and becomes "exempt"; ` +
				`set it to "timecards" or "not_required"`,
		},
		{
			against(&User{ELDMode: ELDModeExempt}, UserAttributes{ELDMode: Null[ELDMode]()}),
			`time_tracking_mode: has to change with eld_mode, which was "exempt" and is cleared; set it to "logs"`,
		},
		{
			update(UserAttributes{TimeZone: Set("America/Los_Angeles")}),
			`time_zone: "America/Los_Angeles" is an IANA name, and Motive takes the names of Rails; ` +
				`use "Pacific Time (US & Canada)"`,
		},
		{
			update(UserAttributes{TimeZone: Set("Europe/Berlin")}),
			`time_zone: "Europe/Berlin" is an IANA name, and Motive takes the names of Rails; ` +
				`use one like "Eastern Time (US & Canada)"`,
		},
		{
			update(UserAttributes{DriverCompanyID: Set("D-7 ")}),
			`driver_company_id: "D-7 " has white space around it, and would be another value than "D-7"; remove the white space`,
		},
		{
			update(UserAttributes{DriverCompanyID: Set(" ")}),
			`driver_company_id: is blank; leave it out, or use null to clear it`,
		},
		{
			create(UserAttributes{ExternalIDsAttributes: externalIDs(ExternalIDAttributes{5, "987", "tms"})}),
			`external_ids_attributes[0].id: is the id of a record, and a new user has none; leave it out`,
		},
		{
			create(UserAttributes{ExternalIDsAttributes: externalIDs(ExternalIDAttributes{-5, "987", "tms"})}),
			`external_ids_attributes[0].id: is the id of a record, and a new user has none; leave it out`,
		},
		{
			update(UserAttributes{Status: Null[Status]()}),
			`status: cannot be cleared; use "active" or "deactivated", or leave it out`,
		},
		{
			strictly(UserAttributes{Phone: Set("5550100")}),
			`phone_country_code: is required with a phone under strict validation; set it to the phone's country code`,
		},
		{
			strictly(UserAttributes{ExceptionAdverseDriving: Set(true)}),
			`cycle: is required for exception_adverse_driving; no cycle allows that, so send false`,
		},
		{
			create(UserAttributes{Cycle: Set(Cycle("Other_2020"))}),
			`cycle: "Other_2020" is not a documented value (did you mean "Other"?); use ` + text.List(cycleNames(), "or"),
		},
		{
			create(UserAttributes{Cycle2: Set(Cycle("70_9"))}),
			`cycle2: "70_9" is not a documented value (did you mean "70_8"?); use ` + text.List(cycleNames(), "or"),
		},
		{
			create(UserAttributes{Cycle: Set(CycleTexas70Hour7Day), ExceptionShortHaul: Set(true)}),
			`exception_short_haul: cycle "tx_70_7" (Texas, 70 hours in 7 days) does not allow it; it allows ` +
				`exception_24_hour_restart and exception_adverse_driving; exception_short_haul goes with ` +
				`"70_8", "60_7", "70_8_o" and "60_7_o"`,
		},
		{
			create(UserAttributes{Cycle2: Set(CycleOther), Exception24HourRestart2: Set(true)}),
			`exception_24_hour_restart2: cycle2 "Other" (another rule set) does not allow it; ` +
				`it allows exception_adverse_driving2`,
		},
		{
			validateCreate(newDriver(UserAttributes{
				Cycle: Set(Cycle("70_8_p_2020")), ExceptionAdverseDriving: Set(true),
			}), true),
			`exception_adverse_driving: cycle "70_8_p_2020" (US passenger, 70 hours in 8 days) does not allow it; ` +
				`it allows no exception; no cycle lists exception_adverse_driving, and strict validation goes by the list`,
		},
		{
			against(&User{Cycle: CycleUSProperty70Hour8Day, ExceptionShortHaul: true}, UserAttributes{Cycle: Set(CycleTexas70Hour7Day)}),
			`exception_short_haul: is on for the user, and cycle "tx_70_7" (Texas, 70 hours in 7 days) does not allow it; ` +
				`it allows exception_24_hour_restart and exception_adverse_driving; exception_short_haul goes with ` +
				`"70_8", "60_7", "70_8_o" and "60_7_o"; to turn it off, send exception_short_haul false`,
		},
		{
			against(&User{Cycle: CycleTexas70Hour7Day}, UserAttributes{ExceptionCAFarmSchoolBus: Set(true)}),
			`exception_ca_farm_school_bus: cycle "tx_70_7" (Texas, 70 hours in 7 days), which the user has, does not ` +
				`allow it; it allows exception_24_hour_restart and exception_adverse_driving; ` +
				`exception_ca_farm_school_bus goes with "80_8_p"`,
		},
		{
			create(UserAttributes{Exception8HourBreak: Set(true)}),
			`cycle: is required for exception_8_hour_break; use "70_8", "60_7", "70_8_o" or "60_7_o", or send false`,
		},
		{
			create(UserAttributes{Exception8HourBreak2: Set(true), ExceptionWaitTime2: Set(true)}),
			`cycle2: is required for exception_8_hour_break2 and exception_wait_time2; use "70_8_o" or "60_7_o", or send false`,
		},
		{
			create(UserAttributes{ExceptionCAFarmSchoolBus: Set(true), ExceptionWaitTime: Set(true)}),
			`cycle: is required for exception_wait_time and exception_ca_farm_school_bus; no cycle allows that, so send false`,
		},
		{
			create(UserAttributes{ELDMode: Set(ELDMode("Exempt"))}),
			`eld_mode: "Exempt" is not a documented value; use "exempt", spelled exactly so`,
		},
		{
			create(UserAttributes{Cycle: Set(Cycle("OTHER"))}),
			`cycle: "OTHER" is not a documented value; use "Other", spelled exactly so`,
		},
		{
			update(UserAttributes{ELDMode: Set(ELDMode(""))}),
			`eld_mode: is empty; use "logs", "none" or "exempt", or null to clear it`,
		},
		{
			update(UserAttributes{Status: Set(StatusPending)}),
			`status: "pending" cannot be set; use "active" or "deactivated"`,
		},
		{
			update(UserAttributes{FirstName: Null[string]()}),
			`first_name: is required and cannot be cleared; leave it out to keep it`,
		},
		{
			create(UserAttributes{Username: Set("")}),
			`email: one of email, username and phone is required`,
		},
		{
			create(UserAttributes{Email: Set("Ada <ada@example.com>")}),
			`email: "Ada <ada@example.com>" is more than an email address; use "ada@example.com" alone`,
		},
		{
			create(UserAttributes{Role: Set(RoleFleetUser), GroupIDs: Set([]int64{101})}),
			`group_ids: is for drivers, and this is a fleet user; put the ids into custom_user_role.group_ids ` +
				`and set group_visibility to "limited"`,
		},
		{
			create(UserAttributes{ExternalIDsAttributes: externalIDs(
				ExternalIDAttributes{0, "987", "tms"}, ExternalIDAttributes{0, "987", "tms"})}),
			`external_ids_attributes[1]: repeats external_ids_attributes[0], external id "987" of "tms"; keep one of them`,
		},
		{
			validateLookup(UserLookup{Email: "ada@example.com", Phone: "5550100"}),
			`a lookup takes exactly one of email, username, driver_company_id and phone; given: email and phone`,
		},
		{
			validateLookup(UserLookup{}),
			`a lookup takes exactly one of email, username, driver_company_id and phone; given: none`,
		},
		{validateLookup(UserLookup{Email: " "}), `email: is blank; a lookup needs a key to look for`},
		{validateLookup(UserLookup{Phone: " "}), `phone: is blank; a lookup needs a key to look for`},
		{
			update(UserAttributes{Extra: map[string]any{"role": "driver", "email": "", "new": 1}}),
			`2 problems: role: stands in Extra and has a field of its own in the request; set that field instead; ` +
				`email: stands in Extra and has a field of its own in the request; set that field instead`,
		},
		{
			validateListOptions(&ListUsersOptions{Role: " ", Status: "Pending"}),
			`2 problems: role: is empty; use "driver", "fleet_user", "admin" or "fleet_admin"; status: "Pending" is not a documented value; use "pending", spelled exactly so`,
		},
		{
			validateListOptions(&ListUsersOptions{PerPage: 500}),
			`per_page: is 500; use 1 to 100, or 0 for the API's default`,
		},
		{recordError(0), `id: is 0; an id is a positive number`},
	} {
		if tt.err == nil || tt.err.Error() != "motive: "+tt.want {
			t.Errorf("\ngot  %v\nwant motive: %s", tt.err, tt.want)
		}
	}
}

func TestSecretsStayOutOfMessages(t *testing.T) {
	t.Parallel()
	err := create(UserAttributes{Password: Set("canary\n"), DriversLicenseNumber: Set("canary\xff")})
	wantProblems(t, err, "password invalid", "drivers_license_number invalid")
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the message shows a secret: %v", err)
	}
}

func TestLongValuesAreCutInMessages(t *testing.T) {
	t.Parallel()
	err := create(UserAttributes{Cycle: Set(Cycle(strings.Repeat("7", 1<<20))), Email: Set(strings.Repeat("@", 1<<20))})
	wantProblems(t, err, "email invalid", "cycle unknown_cycle")
	if n := len(err.Error()); n > 1000 {
		t.Errorf("the message has %d bytes", n)
	}
}

// sampleBody is the body of Motive's sample create, with all its nulls.
const sampleBody = `{
	"email": null, "first_name": "John", "last_name": "Doe", "phone": null, "phone_ext": null, "time_zone": null,
	"carrier_name": null, "carrier_street": null, "carrier_city": null, "carrier_state": null, "carrier_zip": null,
	"violation_alerts": "1_hour",
	"terminal_street": null, "terminal_city": null, "terminal_state": null, "terminal_zip": null,
	"exception_24_hour_restart": false, "exception_8_hour_break": false, "exception_wait_time": false,
	"exception_short_haul": false, "exception_ca_farm_school_bus": false, "exception_adverse_driving": false,
	"export_combined": true, "export_recap": true, "export_odometers": true, "metric_units": false,
	"username": "john.doe.demo.fleet", "password": "password", "cycle": null, "driver_company_id": null,
	"minute_logs": false, "duty_status": "off_duty", "eld_mode": "none",
	"drivers_license_number": null, "drivers_license_state": null,
	"yard_moves_enabled": false, "personal_conveyance_enabled": false, "manual_driving_enabled": false,
	"role": "driver", "status": "active", "dot_id": "12345678", "time_tracking_mode": "logs"
}`

func TestMotivesSampleCreateIsValid(t *testing.T) {
	t.Parallel()
	null, no, yes := Null[string](), Set(false), Set(true)
	want := CreateUserRequest{
		Email: null, FirstName: Set("John"), LastName: Set("Doe"), Phone: null, PhoneExt: null, TimeZone: null,
		CarrierName: null, CarrierStreet: null, CarrierCity: null, CarrierState: null, CarrierZip: null,
		ViolationAlerts: Set(ViolationAlerts1Hour),
		TerminalStreet:  null, TerminalCity: null, TerminalState: null, TerminalZip: null,
		Exception24HourRestart: no, Exception8HourBreak: no, ExceptionWaitTime: no,
		ExceptionShortHaul: no, ExceptionCAFarmSchoolBus: no, ExceptionAdverseDriving: no,
		ExportCombined: yes, ExportRecap: yes, ExportOdometers: yes, MetricUnits: no,
		Username: Set("john.doe.demo.fleet"), Password: Set("password"), Cycle: Null[Cycle](), DriverCompanyID: null,
		MinuteLogs: no, DutyStatus: Set(DutyStatusOffDuty), ELDMode: Set(ELDModeNone),
		DriversLicenseNumber: null, DriversLicenseState: null,
		YardMovesEnabled: no, PersonalConveyanceEnabled: no, ManualDrivingEnabled: no,
		Role: Set(RoleDriver), Status: Set(StatusActive), DOTID: Set("12345678"), TimeTrackingMode: Set(TimeTrackingModeLogs),
	}
	var got CreateUserRequest
	if err := json.Unmarshal([]byte(sampleBody), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the body reads as\n%+v\nwant\n%+v", UserAttributes(got), UserAttributes(want))
	}
	for _, strict := range []bool{false, true} {
		if err := validateCreate(&got, strict); err != nil {
			t.Errorf("strict %t: %v", strict, err)
		}
	}
}

// fullDriver and fullFleetUser set every field that their role may have.
func fullDriver() *CreateUserRequest {
	r := newDriver(UserAttributes{
		Cycle: Set(CycleUSOilAndGas70Hour8Day), Cycle2: Set(Cycle("80_8_o_2020")),
		Status: Set(StatusActive), Email: Set("ada@example.com"), DutyStatus: Set(DutyStatusOffDuty),
		Password: Set("canary-Pa55word"), CompanyReferenceID: Set("REF-20417"), DOTID: Set("12345678"),
		Phone: Set("5555550142"), PhoneExt: Set("12"), PhoneCountryCode: Set("+1"),
		Phone2: Set("5555550143"), PhoneCountryCode2: Set("+1"), TimeZone: Set(string(TimeZoneEastern)),
		DriverCompanyID: Set("D-7"), DriversLicenseNumber: Set("X0000000"), DriversLicenseState: Set("OH"),
		CarrierName: Set("Example Freight"), CarrierStreet: Set("1 Example Street"), CarrierCity: Set("Columbus"),
		CarrierState: Set("OH"), CarrierZip: Set("43004"), TerminalStreet: Set("2 Example Street"),
		TerminalCity: Set("Columbus"), TerminalState: Set("OH"), TerminalZip: Set("43004"),
		ELDMode: Set(ELDModeLogs), TimeTrackingMode: Set(TimeTrackingModeLogs), ViolationAlerts: Set(ViolationAlerts1Hour),
		ExceptionCAFarmSchoolBus: Set(false), Exception8HourBreak2: Set(false), ExceptionShortHaul2: Set(false),
		ExceptionCAFarmSchoolBus2: Set(false),
		GroupIDs:                  Set([]int64{1, 2}),
		GroupVisibility:           Null[GroupVisibility](), CustomUserRole: Null[CustomUserRole](),
		Extra: map[string]any{"new_field": 1},
		ExternalIDsAttributes: externalIDs(
			ExternalIDAttributes{0, "987", "generic_tms"}, ExternalIDAttributes{0, "987", "payroll"}),
	})
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i).Addr().Interface().(type) {
		case *Optional[bool]:
			fill(f, true)
		case *Optional[Date]:
			fill(f, NewDate(2025, 1, 2))
		}
	}
	return r
}

func fullFleetUser() *CreateUserRequest {
	return newDriver(UserAttributes{
		Role: Set(RoleFleetUser), Email: Set("ada@example.com"), GroupVisibility: Set(GroupVisibilityLimited),
		CustomUserRole: Set(CustomUserRole{UserRoleID: 9, GroupIDs: []int64{101, 102}}),
	})
}

func TestAFullDriverSetsEveryField(t *testing.T) {
	t.Parallel()
	v := reflect.ValueOf(fullDriver()).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Extra" {
			t.Errorf("%s is absent; give it a value that its rules take in fullDriver", name)
		}
	}
}

// Not parallel, since AllocsPerRun counts the allocations of the whole program.
func TestValidRequestsAllocateNothing(t *testing.T) {
	driver, fleetUser := fullDriver(), fullFleetUser()
	change := UpdateUserRequest(*driver)
	current := &User{Role: RoleDriver, Cycle: CycleTexas70Hour7Day, Exception24HourRestart: true}
	for name, validate := range map[string]func() error{
		"create a driver":        driver.Validate,
		"create a fleet user":    fleetUser.Validate,
		"update a driver":        change.Validate,
		"update a driver it has": func() error { return validateUpdate(&change, false, current) },
		"list":                   func() error { return validateListOptions(&ListUsersOptions{Role: RoleDriver, PerPage: 100}) },
		"lookup by external id":  func() error { return validateExternalIDPair("987", "generic_tms") },
	} {
		if err := validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := testing.AllocsPerRun(100, func() { _ = validate() }); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func BenchmarkValidateCreate(b *testing.B) {
	r := fullDriver()
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzValidate holds for any request: it is answered without a panic and left
// as it is, and its problems name fields that exist, in their order, with codes
// and messages.
func FuzzValidate(f *testing.F) {
	f.Add(sampleBody)
	f.Add(`{"first_name":" ","role":"Driver","cycle":"70_9","exception_wait_time2":true}`)
	f.Add(`{"email":"a@b@c","group_ids":[0],"custom_user_role":{"user_role_id":-1},"external_ids_attributes":[{},{}]}`)
	order := map[string]int{"": -1}
	for i, field := range reflect.VisibleFields(reflect.TypeFor[UserAttributes]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		order[name] = i
	}
	f.Fuzz(func(t *testing.T, body string) {
		var r, before CreateUserRequest
		if json.Unmarshal([]byte(body), &r) != nil || json.Unmarshal([]byte(body), &before) != nil {
			return
		}
		change := UpdateUserRequest(r)
		current := &User{Role: r.Role.value, Cycle: r.Cycle2.value, ExceptionWaitTime: true, ExceptionShortHaul2: true}
		for call, err := range map[string]error{
			"create": r.Validate(), "strict": validateCreate(&r, true),
			"update": change.Validate(), "against": validateUpdate(&change, true, current),
		} {
			if err == nil {
				continue
			}
			last := -1
			for _, p := range err.(*ValidationError).Problems {
				name := p.Field
				if i := strings.IndexAny(name, ".["); i >= 0 {
					name = name[:i]
				}
				at, known := order[name]
				if !known || at < last || p.Code == "" || p.Message == "" {
					t.Errorf("%s: problem %+v after field %d", call, p, last)
				}
				last = at
			}
		}
		if !reflect.DeepEqual(r, before) {
			t.Error("validation changed the request")
		}
	})
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// recordError is the error of a call for the record with an id.
func recordError(id int64) error {
	_, err := record("GET", "/v1/users", id)
	return err
}
