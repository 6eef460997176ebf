package motive

import (
	"slices"
	"strings"

	"github.com/motive-go/motive/internal/text"
)

// Cycle is a driver's hours-of-service rule set, under the API's name.
//
// Live data also holds names with the suffix _2020, such as "70_8_2020"; they
// follow the rules of the cycle without it, here and in validation. Other has no
// such name.
//
// Motive's hub: "Overview of /users".
type Cycle string

// The cycles, in the order of Motive's table. Hours and days are the limit of
// work and the span that it is counted in.
const (
	CycleUSProperty70Hour8Day          Cycle = "70_8"
	CycleUSProperty60Hour7Day          Cycle = "60_7"
	CycleUSOilAndGas70Hour8Day         Cycle = "70_8_o"
	CycleUSOilAndGas60Hour7Day         Cycle = "60_7_o"
	CycleUSPassenger70Hour8Day         Cycle = "70_8_p"
	CycleUSPassenger60Hour7Day         Cycle = "60_7_p"
	CycleCaliforniaProperty80Hour8Day  Cycle = "80_8"
	CycleCaliforniaOilAndGas80Hour8Day Cycle = "80_8_o"
	CycleCaliforniaPassenger80Hour8Day Cycle = "80_8_p"
	CycleTexas70Hour7Day               Cycle = "tx_70_7"
	CycleAlaskaProperty70Hour7Day      Cycle = "ak_70_7"
	CycleAlaskaProperty80Hour8Day      Cycle = "ak_80_8"
	CycleAlaskaOilAndGas70Hour7Day     Cycle = "ak_70_7_o"
	CycleAlaskaOilAndGas80Hour8Day     Cycle = "ak_80_8_o"
	CycleAlaskaPassenger70Hour7Day     Cycle = "ak_70_7_p"
	CycleAlaskaPassenger80Hour8Day     Cycle = "ak_80_8_p"
	CycleCanadaSouth70Hour7Day         Cycle = "70_7"
	CycleCanadaSouth120Hour14Day       Cycle = "120_14"
	CycleCanadaSouthOilAndGas          Cycle = "canada_oil"
	CycleCanadaNorth80Hour7Day         Cycle = "80_7"
	CycleCanadaNorth120Hour14Day       Cycle = "120_14_north"
	CycleOther                         Cycle = "Other" // the only name with a capital
)

// Exception is an exception to a cycle, under the API's name, which is also the
// name of its field in a request. The field for a second cycle adds "2".
//
// Motive's hub: "Overview of /users".
type Exception string

// The exceptions. ExceptionAdverseDriving stands in no cycle's row of Motive's
// table; see [Cycle.Allows].
const (
	Exception24HourRestart   Exception = "exception_24_hour_restart"
	Exception8HourBreak      Exception = "exception_8_hour_break"
	ExceptionWaitTime        Exception = "exception_wait_time"
	ExceptionShortHaul       Exception = "exception_short_haul"
	ExceptionCAFarmSchoolBus Exception = "exception_ca_farm_school_bus"
	ExceptionAdverseDriving  Exception = "exception_adverse_driving"
)

// Violation is an hours-of-service violation, under the API's name.
//
// Motive's hub: "Overview of /users".
type Violation string

// The violations, in the order of Motive's table. CA, TX and AK are California,
// Texas and Alaska, and a final P is for passengers. Which limit was passed is in
// their Description.
const (
	ViolationBreak30                 Violation = "break_30"
	ViolationDriving11               Violation = "driving_11"
	ViolationDuty14                  Violation = "duty_14"
	ViolationDuty16                  Violation = "duty_16"
	ViolationCycle60                 Violation = "cycle_60"
	ViolationCycle70                 Violation = "cycle_70"
	ViolationDriving10               Violation = "driving_10"
	ViolationDuty15                  Violation = "duty_15"
	ViolationCycle60P                Violation = "cycle_60_p"
	ViolationCycle70P                Violation = "cycle_70_p"
	ViolationCanadaDriving13         Violation = "canada_driving_13"
	ViolationCanadaDriving15         Violation = "canada_driving_15"
	ViolationCanadaDuty14            Violation = "canada_duty_14"
	ViolationCanadaDuty16            Violation = "canada_duty_16"
	ViolationCanadaDuty18            Violation = "canada_duty_18"
	ViolationCanadaDuty20            Violation = "canada_duty_20"
	ViolationCanadaDailyBreak8       Violation = "canada_daily_break_8"
	ViolationCanadaDailyBreak10      Violation = "canada_daily_break_10"
	ViolationCanadaDailyDriving13    Violation = "canada_daily_driving_13"
	ViolationCanadaDailyDuty14       Violation = "canada_daily_duty_14"
	ViolationCanadaCycle70           Violation = "canada_cycle_70"
	ViolationCanadaCycle80           Violation = "canada_cycle_80"
	ViolationCanadaCycle120          Violation = "canada_cycle_120"
	ViolationCanadaBreak24           Violation = "canada_break_24"
	ViolationCanadaBreak24Cycle70    Violation = "canada_break_24_70"
	ViolationCanadaBreak24Cycle80    Violation = "canada_break_24_80"
	ViolationCanadaOilDriving13      Violation = "canada_oil_driving_13"
	ViolationCanadaOilDuty14         Violation = "canada_oil_duty_14"
	ViolationCanadaOilDuty16         Violation = "canada_oil_duty_16"
	ViolationCanadaOilBreak3Of24     Violation = "canada_oil_break_3_24"
	ViolationCanadaOilDailyDriving13 Violation = "canada_oil_daily_driving_13"
	ViolationCanadaOilDailyDuty14    Violation = "canada_oil_daily_duty_14"
	ViolationCanadaOilDailyBreak10   Violation = "canada_oil_daily_break_10"
	ViolationCADriving12             Violation = "ca_driving_12"
	ViolationCADuty16                Violation = "ca_duty_16"
	ViolationCACycle80               Violation = "ca_cycle_80"
	ViolationCADriving10             Violation = "ca_driving_10"
	ViolationCADuty15                Violation = "ca_duty_15"
	ViolationCADuty16P               Violation = "ca_duty_16_p"
	ViolationCACycle80P              Violation = "ca_cycle_80_p"
	ViolationTXDriving12             Violation = "tx_driving_12"
	ViolationTXDuty15                Violation = "tx_duty_15"
	ViolationTXCycle70               Violation = "tx_cycle_70"
	ViolationAKCycle70               Violation = "ak_cycle_70"
	ViolationAKCycle80               Violation = "ak_cycle_80"
	ViolationAKDuty20                Violation = "ak_duty_20"
	ViolationAKDriving15             Violation = "ak_driving_15"
	ViolationAKCycle70P              Violation = "ak_cycle_70_p"
	ViolationAKCycle80P              Violation = "ak_cycle_80_p"
)

// CycleInfo is a row of the catalog.
type CycleInfo struct {
	Cycle       Cycle
	Description string      // "Texas, 70 hours in 7 days"
	Exceptions  []Exception // those the cycle lists; nil for none
	Violations  []Violation // those the cycle can lead to; nil for none
}

// Cycles returns the 22 documented cycles in the order of Motive's table. The
// caller may modify the result.
//
// Motive's hub: "Overview of /users".
func Cycles() []CycleInfo {
	rows := slices.Clone(cycleTable[:])
	for i := range rows {
		rows[i].Exceptions = slices.Clone(rows[i].Exceptions)
		rows[i].Violations = slices.Clone(rows[i].Violations)
	}
	return rows
}

// Exceptions returns the 6 documented exceptions in the order of Motive's
// table. The caller may modify the result.
//
// Motive's hub: "Overview of /users".
func Exceptions() []Exception { return exceptionTable.names() }

// Violations returns the 49 documented violations in the order of Motive's
// table. The caller may modify the result.
//
// Motive's hub: "Overview of /users".
func Violations() []Violation { return violationTable.names() }

// ParseCycle reads the name of a cycle, as leniently as [ParseRole]. The suffix
// _2020 of live data is accepted and kept. Any other text is a
// [*ValidationError] with [CodeUnknownCycle] that names the nearest cycle and
// all cycles.
func ParseCycle(s string) (Cycle, error) {
	if c := canonicalCycle(s); c != "" {
		return c, nil
	}
	return "", invalid("cycle", CodeUnknownCycle, notACycle(s))
}

// ParseException reads the name of an exception, as leniently as [ParseRole].
func ParseException(s string) (Exception, error) {
	return oneOf("exception", s, exceptionTable.names())
}

// Known reports whether c is one of [Cycles], with or without the suffix _2020,
// which Other never has.
func (c Cycle) Known() bool { return c.info().Cycle != "" }

// Description says where the cycle holds and what its limit is: "Texas, 70
// hours in 7 days". It is "" for an unknown cycle.
func (c Cycle) Description() string { return c.info().Description }

// Allows reports whether Motive's table lists e for c: 26 pairs of the 22 cycles
// and 6 exceptions. [ExceptionAdverseDriving] stands in no row; validation lets
// it pass with every cycle unless it is strict, since it is met on the road
// rather than chosen with a cycle, and live drivers carry it.
func (c Cycle) Allows(e Exception) bool { return slices.Contains(c.info().Exceptions, e) }

// Description says what the exception permits. It is "" for an unknown one.
func (e Exception) Description() string { return exceptionTable.meaning(e) }

// Description says which limit was passed. It is "" for an unknown violation.
func (v Violation) Description() string { return violationTable.meaning(v) }

// info is the row with the rules that c follows; a zero one if there is none. Other
// has no rules, and so no other edition of them.
func (c Cycle) info() CycleInfo {
	base := Cycle(strings.TrimSuffix(string(c), suffix2020))
	for i := range cycleTable {
		if row := &cycleTable[i]; row.Cycle == c || row.Cycle == base && base != CycleOther {
			return *row
		}
	}
	return CycleInfo{}
}

// canonicalCycle returns the cycle that s spells, with the suffix where s has it; ""
// if it spells none.
func canonicalCycle(s string) Cycle {
	folded := text.Fold(s)
	base := strings.TrimSuffix(folded, suffix2020)
	c, _ := text.Canonical(base, cycleNames())
	if c += Cycle(folded[len(base):]); !c.Known() {
		return ""
	}
	return c
}

// notACycle says which cycle was meant by s, if that can be told, and which there are.
func notACycle(s string) string { return noneOf(cycleNames(), s, canonicalCycle(s)) }

func cycleNames() []Cycle {
	names := make([]Cycle, len(cycleTable))
	for i, row := range cycleTable {
		names[i] = row.Cycle
	}
	return names
}

// The tables below follow Motive's page row by row. A row that seems to lack
// exceptions does lack them: where the page's exceptions cell is empty, copies
// of its text show the violations in that place. Nothing writes to the tables;
// what leaves the package is a copy.

var exceptionTable = glossary[Exception]{
	{Exception24HourRestart, "a new cycle begins after at least 24 hours in a row off duty or in the sleeper berth"},
	{Exception8HourBreak, "the driver need not stop for breaks of 30 minutes or more"},
	{ExceptionWaitTime, "waiting has a fifth line of its own on the log chart and is left out of the 14-hour shift"},
	{ExceptionShortHaul, "a shift may last 16 hours once a week, or after a restart of 34 hours"},
	{ExceptionCAFarmSchoolBus, "drivers of farm and school buses may have shifts of 16 hours"},
	{ExceptionAdverseDriving, "bad conditions on the road lengthen the duty day by at most 2 hours"},
}

// Here the violations are written as on the page, so that the two can be read
// side by side.
var cycleTable = [...]CycleInfo{
	{CycleUSProperty70Hour8Day, "US property, 70 hours in 8 days", []Exception{Exception24HourRestart, Exception8HourBreak, ExceptionShortHaul},
		[]Violation{"duty_16", "duty_14", "driving_11", "break_30", "cycle_70"}},
	{CycleUSProperty60Hour7Day, "US property, 60 hours in 7 days", []Exception{Exception24HourRestart, Exception8HourBreak, ExceptionShortHaul},
		[]Violation{"duty_16", "duty_14", "driving_11", "break_30", "cycle_60"}},
	{CycleUSOilAndGas70Hour8Day, "US oil and gas, 70 hours in 8 days",
		[]Exception{Exception24HourRestart, Exception8HourBreak, ExceptionWaitTime, ExceptionShortHaul},
		[]Violation{"duty_16", "duty_14", "driving_11", "break_30", "cycle_70"}},
	{CycleUSOilAndGas60Hour7Day, "US oil and gas, 60 hours in 7 days",
		[]Exception{Exception24HourRestart, Exception8HourBreak, ExceptionWaitTime, ExceptionShortHaul},
		[]Violation{"duty_16", "duty_14", "driving_11", "break_30", "cycle_60"}},
	{CycleUSPassenger70Hour8Day, "US passenger, 70 hours in 8 days", nil,
		[]Violation{"duty_15", "driving_10", "cycle_70_p"}},
	{CycleUSPassenger60Hour7Day, "US passenger, 60 hours in 7 days", nil,
		[]Violation{"duty_15", "driving_10", "cycle_60_p"}},
	{CycleCaliforniaProperty80Hour8Day, "California property, 80 hours in 8 days", []Exception{Exception24HourRestart},
		[]Violation{"ca_driving_12", "ca_duty_16", "ca_cycle_80"}},
	{CycleCaliforniaOilAndGas80Hour8Day, "California oil and gas, 80 hours in 8 days", []Exception{Exception24HourRestart, ExceptionWaitTime},
		[]Violation{"ca_driving_12", "ca_duty_16", "ca_cycle_80"}},
	{CycleCaliforniaPassenger80Hour8Day, "California passenger, 80 hours in 8 days", []Exception{ExceptionCAFarmSchoolBus},
		[]Violation{"ca_driving_10", "ca_duty_15", "ca_cycle_80_p", "ca_duty_16"}},
	{CycleTexas70Hour7Day, "Texas, 70 hours in 7 days", []Exception{Exception24HourRestart},
		[]Violation{"tx_driving_12", "tx_duty_15", "tx_cycle_70"}},
	{CycleAlaskaProperty70Hour7Day, "Alaska property, 70 hours in 7 days", []Exception{Exception24HourRestart},
		[]Violation{"ak_duty_20", "ak_driving_15", "ak_cycle_70"}},
	{CycleAlaskaProperty80Hour8Day, "Alaska property, 80 hours in 8 days", []Exception{Exception24HourRestart},
		[]Violation{"ak_duty_20", "ak_driving_15", "ak_cycle_80"}},
	{CycleAlaskaOilAndGas70Hour7Day, "Alaska oil and gas, 70 hours in 7 days", []Exception{Exception24HourRestart, ExceptionWaitTime},
		[]Violation{"ak_duty_20", "ak_driving_15", "ak_cycle_70"}},
	{CycleAlaskaOilAndGas80Hour8Day, "Alaska oil and gas, 80 hours in 8 days", []Exception{Exception24HourRestart, ExceptionWaitTime},
		[]Violation{"ak_duty_20", "ak_driving_15", "ak_cycle_80"}},
	{CycleAlaskaPassenger70Hour7Day, "Alaska passenger, 70 hours in 7 days", nil,
		[]Violation{"ak_duty_20", "ak_driving_15", "ak_cycle_70_p"}},
	{CycleAlaskaPassenger80Hour8Day, "Alaska passenger, 80 hours in 8 days", nil,
		[]Violation{"ak_duty_20", "ak_driving_15", "ak_cycle_80_p"}},
	{CycleCanadaSouth70Hour7Day, "Canada South cycle 1, 70 hours in 7 days", nil,
		[]Violation{"canada_driving_13", "canada_duty_14", "canada_duty_16", "canada_daily_driving_13",
			"canada_daily_duty_14", "canada_daily_break_10", "canada_cycle_70", "canada_break_24"}},
	{CycleCanadaSouth120Hour14Day, "Canada South cycle 2, 120 hours in 14 days", nil,
		[]Violation{"canada_driving_13", "canada_duty_14", "canada_duty_16", "canada_daily_driving_13",
			"canada_daily_duty_14", "canada_daily_break_10", "canada_cycle_120", "canada_break_24", "canada_break_24_70"}},
	{CycleCanadaSouthOilAndGas, "Canada South oil and gas", []Exception{ExceptionWaitTime},
		[]Violation{"canada_oil_driving_13", "canada_oil_duty_14", "canada_oil_duty_16", "canada_oil_daily_driving_13",
			"canada_oil_daily_duty_14", "canada_oil_daily_break_10", "canada_oil_break_3_24"}},
	{CycleCanadaNorth80Hour7Day, "Canada North cycle 1, 80 hours in 7 days", nil,
		[]Violation{"canada_driving_15", "canada_duty_18", "canada_duty_20", "canada_daily_break_8", "canada_cycle_80", "canada_break_24"}},
	{CycleCanadaNorth120Hour14Day, "Canada North cycle 2, 120 hours in 14 days", nil,
		[]Violation{"canada_driving_15", "canada_duty_18", "canada_duty_20", "canada_daily_break_8", "canada_cycle_120", "canada_break_24_80"}},
	{CycleOther, "another rule set", nil, nil},
}

// ca_duty_16_p is described on Motive's page and stands in no cycle's row.
var violationTable = glossary[Violation]{
	{ViolationBreak30, "a break of 30 minutes is missing"},
	{ViolationDriving11, "more than 11 hours of driving"},
	{ViolationDuty14, "a shift longer than 14 hours"},
	{ViolationDuty16, "a shift longer than 16 hours"},
	{ViolationCycle60, "more than 60 hours in the cycle"},
	{ViolationCycle70, "more than 70 hours in the cycle"},
	{ViolationDriving10, "more than 10 hours of driving"},
	{ViolationDuty15, "more than 15 hours on duty"},
	{ViolationCycle60P, "more than 60 hours in the cycle"},
	{ViolationCycle70P, "more than 70 hours in the cycle"},
	{ViolationCanadaDriving13, "more than 13 hours of driving"},
	{ViolationCanadaDriving15, "more than 15 hours of driving"},
	{ViolationCanadaDuty14, "more than 14 hours on duty"},
	{ViolationCanadaDuty16, "a shift longer than 16 hours"},
	{ViolationCanadaDuty18, "more than 18 hours on duty"},
	{ViolationCanadaDuty20, "a shift longer than 20 hours"},
	{ViolationCanadaDailyBreak8, "fewer than 8 hours off duty in a day"},
	{ViolationCanadaDailyBreak10, "fewer than 10 hours off duty in a day"},
	{ViolationCanadaDailyDriving13, "more than 13 hours of driving in a day"},
	{ViolationCanadaDailyDuty14, "more than 14 hours on duty in a day"},
	{ViolationCanadaCycle70, "more than 70 hours in the cycle"},
	{ViolationCanadaCycle80, "more than 80 hours in the cycle"},
	{ViolationCanadaCycle120, "more than 120 hours in the cycle"},
	{ViolationCanadaBreak24, "a break of 24 hours is missing"},
	{ViolationCanadaBreak24Cycle70, "a break of 24 hours is missing"},
	{ViolationCanadaBreak24Cycle80, "a break of 24 hours is missing"},
	{ViolationCanadaOilDriving13, "more than 13 hours of driving"},
	{ViolationCanadaOilDuty14, "more than 14 hours on duty"},
	{ViolationCanadaOilDuty16, "a shift longer than 16 hours"},
	{ViolationCanadaOilBreak3Of24, "three breaks of 24 hours are missing"},
	{ViolationCanadaOilDailyDriving13, "more than 13 hours of driving in a day"},
	{ViolationCanadaOilDailyDuty14, "more than 14 hours on duty in a day"},
	{ViolationCanadaOilDailyBreak10, "fewer than 10 hours off duty in a day"},
	{ViolationCADriving12, "more than 12 hours of driving"},
	{ViolationCADuty16, "a shift longer than 16 hours"},
	{ViolationCACycle80, "more than 80 hours in the cycle"},
	{ViolationCADriving10, "more than 10 hours of driving"},
	{ViolationCADuty15, "more than 15 hours on duty"},
	{ViolationCADuty16P, "more than 16 hours on duty"},
	{ViolationCACycle80P, "more than 80 hours in the cycle"},
	{ViolationTXDriving12, "more than 12 hours of driving"},
	{ViolationTXDuty15, "more than 15 hours on duty"},
	{ViolationTXCycle70, "more than 70 hours in the cycle"},
	{ViolationAKCycle70, "more than 70 hours in the cycle"},
	{ViolationAKCycle80, "more than 80 hours in the cycle"},
	{ViolationAKDuty20, "a shift longer than 20 hours"},
	{ViolationAKDriving15, "more than 15 hours of driving"},
	{ViolationAKCycle70P, "more than 70 hours in the cycle"},
	{ViolationAKCycle80P, "more than 80 hours in the cycle"},
}
