package motive

import (
	"reflect"
	"strings"
	"testing"
)

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
		wantProblems(t, against(&User{ELDMode: ELDModeLogs}, UserAttributes{ELDMode: Set(eld)}))
	}
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
		{"an exception for a user without a cycle", &User{}, UserAttributes{ExceptionShortHaul: Set(true)}, []string{
			"cycle cycle_required",
		}},
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

func TestStrictAgainstFindsAdverseDriving(t *testing.T) {
	t.Parallel()
	current := &User{Cycle: CycleUSProperty70Hour8Day, ExceptionAdverseDriving: true}
	move := &UpdateUserRequest{Cycle: Set(CycleUSProperty60Hour7Day)}
	wantProblems(t, validateUpdate(move, false, current))
	wantProblems(t, validateUpdate(move, true, current), "exception_adverse_driving exception_not_allowed")
}
