package motive

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// documentedCycle is a row of Motive's table, written out here and nowhere
// computed. The marks say which exceptions a request may set true, in the order
// of documentedExceptions; "a" is allowed by default and not under strict
// validation.
type documentedCycle struct {
	constant   Cycle
	wire       string
	marks      string
	violations string
}

var documentedExceptions = []string{
	"exception_24_hour_restart", "exception_8_hour_break", "exception_wait_time",
	"exception_short_haul", "exception_ca_farm_school_bus", "exception_adverse_driving",
}

const (
	canadaSouth = "canada_driving_13 canada_duty_14 canada_duty_16 canada_daily_driving_13 canada_daily_duty_14 canada_daily_break_10 "
	canadaNorth = "canada_driving_15 canada_duty_18 canada_duty_20 canada_daily_break_8 "
	canadaOil   = "canada_oil_driving_13 canada_oil_duty_14 canada_oil_duty_16 canada_oil_daily_driving_13 canada_oil_daily_duty_14 canada_oil_daily_break_10 canada_oil_break_3_24"
)

var documentedCycles = []documentedCycle{
	//                                                         24h 8h wait short farm adverse
	{CycleUSProperty70Hour8Day, "70_8", "            yes yes no  yes no  a", "duty_16 duty_14 driving_11 break_30 cycle_70"},
	{CycleUSProperty60Hour7Day, "60_7", "            yes yes no  yes no  a", "duty_16 duty_14 driving_11 break_30 cycle_60"},
	{CycleUSOilAndGas70Hour8Day, "70_8_o", "         yes yes yes yes no  a", "duty_16 duty_14 driving_11 break_30 cycle_70"},
	{CycleUSOilAndGas60Hour7Day, "60_7_o", "         yes yes yes yes no  a", "duty_16 duty_14 driving_11 break_30 cycle_60"},
	{CycleUSPassenger70Hour8Day, "70_8_p", "         no  no  no  no  no  a", "duty_15 driving_10 cycle_70_p"},
	{CycleUSPassenger60Hour7Day, "60_7_p", "         no  no  no  no  no  a", "duty_15 driving_10 cycle_60_p"},
	{CycleCaliforniaProperty80Hour8Day, "80_8", "    yes no  no  no  no  a", "ca_driving_12 ca_duty_16 ca_cycle_80"},
	{CycleCaliforniaOilAndGas80Hour8Day, "80_8_o", " yes no  yes no  no  a", "ca_driving_12 ca_duty_16 ca_cycle_80"},
	{CycleCaliforniaPassenger80Hour8Day, "80_8_p", " no  no  no  no  yes a", "ca_driving_10 ca_duty_15 ca_cycle_80_p ca_duty_16"},
	{CycleTexas70Hour7Day, "tx_70_7", "              yes no  no  no  no  a", "tx_driving_12 tx_duty_15 tx_cycle_70"},
	{CycleAlaskaProperty70Hour7Day, "ak_70_7", "     yes no  no  no  no  a", "ak_duty_20 ak_driving_15 ak_cycle_70"},
	{CycleAlaskaProperty80Hour8Day, "ak_80_8", "     yes no  no  no  no  a", "ak_duty_20 ak_driving_15 ak_cycle_80"},
	{CycleAlaskaOilAndGas70Hour7Day, "ak_70_7_o", "  yes no  yes no  no  a", "ak_duty_20 ak_driving_15 ak_cycle_70"},
	{CycleAlaskaOilAndGas80Hour8Day, "ak_80_8_o", "  yes no  yes no  no  a", "ak_duty_20 ak_driving_15 ak_cycle_80"},
	{CycleAlaskaPassenger70Hour7Day, "ak_70_7_p", "  no  no  no  no  no  a", "ak_duty_20 ak_driving_15 ak_cycle_70_p"},
	{CycleAlaskaPassenger80Hour8Day, "ak_80_8_p", "  no  no  no  no  no  a", "ak_duty_20 ak_driving_15 ak_cycle_80_p"},
	{CycleCanadaSouth70Hour7Day, "70_7", "           no  no  no  no  no  a", canadaSouth + "canada_cycle_70 canada_break_24"},
	{CycleCanadaSouth120Hour14Day, "120_14", "       no  no  no  no  no  a", canadaSouth + "canada_cycle_120 canada_break_24 canada_break_24_70"},
	{CycleCanadaSouthOilAndGas, "canada_oil", "      no  no  yes no  no  a", canadaOil},
	{CycleCanadaNorth80Hour7Day, "80_7", "           no  no  no  no  no  a", canadaNorth + "canada_cycle_80 canada_break_24"},
	{CycleCanadaNorth120Hour14Day, "120_14_north", " no  no  no  no  no  a", canadaNorth + "canada_cycle_120 canada_break_24_80"},
	{CycleOther, "Other", "                          no  no  no  no  no  a", ""},
}

// documentedViolations are Motive's 49 in the order of its table.
var documentedViolations = []struct {
	constant Violation
	wire     string
}{
	{ViolationBreak30, "break_30"},
	{ViolationDriving11, "driving_11"},
	{ViolationDuty14, "duty_14"},
	{ViolationDuty16, "duty_16"},
	{ViolationCycle60, "cycle_60"},
	{ViolationCycle70, "cycle_70"},
	{ViolationDriving10, "driving_10"},
	{ViolationDuty15, "duty_15"},
	{ViolationCycle60P, "cycle_60_p"},
	{ViolationCycle70P, "cycle_70_p"},
	{ViolationCanadaDriving13, "canada_driving_13"},
	{ViolationCanadaDriving15, "canada_driving_15"},
	{ViolationCanadaDuty14, "canada_duty_14"},
	{ViolationCanadaDuty16, "canada_duty_16"},
	{ViolationCanadaDuty18, "canada_duty_18"},
	{ViolationCanadaDuty20, "canada_duty_20"},
	{ViolationCanadaDailyBreak8, "canada_daily_break_8"},
	{ViolationCanadaDailyBreak10, "canada_daily_break_10"},
	{ViolationCanadaDailyDriving13, "canada_daily_driving_13"},
	{ViolationCanadaDailyDuty14, "canada_daily_duty_14"},
	{ViolationCanadaCycle70, "canada_cycle_70"},
	{ViolationCanadaCycle80, "canada_cycle_80"},
	{ViolationCanadaCycle120, "canada_cycle_120"},
	{ViolationCanadaBreak24, "canada_break_24"},
	{ViolationCanadaBreak24Cycle70, "canada_break_24_70"},
	{ViolationCanadaBreak24Cycle80, "canada_break_24_80"},
	{ViolationCanadaOilDriving13, "canada_oil_driving_13"},
	{ViolationCanadaOilDuty14, "canada_oil_duty_14"},
	{ViolationCanadaOilDuty16, "canada_oil_duty_16"},
	{ViolationCanadaOilBreak3Of24, "canada_oil_break_3_24"},
	{ViolationCanadaOilDailyDriving13, "canada_oil_daily_driving_13"},
	{ViolationCanadaOilDailyDuty14, "canada_oil_daily_duty_14"},
	{ViolationCanadaOilDailyBreak10, "canada_oil_daily_break_10"},
	{ViolationCADriving12, "ca_driving_12"},
	{ViolationCADuty16, "ca_duty_16"},
	{ViolationCACycle80, "ca_cycle_80"},
	{ViolationCADriving10, "ca_driving_10"},
	{ViolationCADuty15, "ca_duty_15"},
	{ViolationCADuty16P, "ca_duty_16_p"},
	{ViolationCACycle80P, "ca_cycle_80_p"},
	{ViolationTXDriving12, "tx_driving_12"},
	{ViolationTXDuty15, "tx_duty_15"},
	{ViolationTXCycle70, "tx_cycle_70"},
	{ViolationAKCycle70, "ak_cycle_70"},
	{ViolationAKCycle80, "ak_cycle_80"},
	{ViolationAKDuty20, "ak_duty_20"},
	{ViolationAKDriving15, "ak_driving_15"},
	{ViolationAKCycle70P, "ak_cycle_70_p"},
	{ViolationAKCycle80P, "ak_cycle_80_p"},
}

func TestCyclesAreTheDocumentedTable(t *testing.T) {
	t.Parallel()
	rows := Cycles()
	if len(rows) != 22 || len(documentedCycles) != 22 {
		t.Fatalf("got %d cycles and %d in the test, want 22", len(rows), len(documentedCycles))
	}
	pairs := 0
	for i, want := range documentedCycles {
		got := rows[i]
		if got.Cycle != want.constant || string(got.Cycle) != want.wire {
			t.Errorf("row %d is %q, want %q", i, got.Cycle, want.wire)
		}
		var listed []string
		for j, mark := range strings.Fields(want.marks) {
			if mark == "yes" {
				listed = append(listed, documentedExceptions[j])
			}
		}
		if !slices.Equal(names(got.Exceptions), listed) {
			t.Errorf("%s has exceptions %v, want %v", want.wire, got.Exceptions, listed)
		}
		if !slices.Equal(names(got.Violations), strings.Fields(want.violations)) {
			t.Errorf("%s has violations %v, want %v", want.wire, got.Violations, want.violations)
		}
		if got.Description == "" || got.Description != got.Cycle.Description() {
			t.Errorf("%s is described as %q in its row and as %q alone", want.wire, got.Description, got.Cycle.Description())
		}
		pairs += len(got.Exceptions)
	}
	if pairs != 26 {
		t.Errorf("got %d pairs of cycle and exception, want 26", pairs)
	}
}

func TestExceptionsAreTheDocumentedSix(t *testing.T) {
	t.Parallel()
	if got := names(Exceptions()); !slices.Equal(got, documentedExceptions) || len(got) != 6 {
		t.Fatalf("got %v, want %v", got, documentedExceptions)
	}
	for _, e := range Exceptions() {
		if e.Description() == "" {
			t.Errorf("%s is not described", e)
		}
	}
	if got := Exception("exception_moon_landing").Description(); got != "" {
		t.Errorf("an unknown exception is described as %q", got)
	}
}

func TestViolationsAreTheDocumented49(t *testing.T) {
	t.Parallel()
	got := Violations()
	if len(got) != 49 || len(documentedViolations) != 49 {
		t.Fatalf("got %d violations and %d in the test, want 49", len(got), len(documentedViolations))
	}
	for i, want := range documentedViolations {
		if got[i] != want.constant || string(got[i]) != want.wire {
			t.Errorf("violation %d is %q, its constant %q, want %q", i, got[i], want.constant, want.wire)
		}
	}
	for _, v := range Violations() {
		if v.Description() == "" {
			t.Errorf("%s is not described", v)
		}
	}
	if got := Violation("duty_99").Description(); got != "" {
		t.Errorf("an unknown violation is described as %q", got)
	}
}

func TestEveryViolationOfACycleIsDescribed(t *testing.T) {
	t.Parallel()
	inARow := map[Violation]bool{}
	for _, row := range Cycles() {
		for _, v := range row.Violations {
			inARow[v] = true
			if v.Description() == "" {
				t.Errorf("%s of cycle %s is not described", v, row.Cycle)
			}
		}
	}
	for _, v := range Violations() {
		if v == "ca_duty_16_p" == inARow[v] {
			t.Errorf("%s in a cycle's row: %t; only ca_duty_16_p is in none", v, inARow[v])
		}
	}
}

// The names of limits hold their figures, which the descriptions must repeat.
func TestDescriptionsHoldTheFiguresOfTheName(t *testing.T) {
	t.Parallel()
	for _, row := range Cycles() {
		for _, figure := range figures(string(row.Cycle)) {
			if !slices.Contains(figures(row.Description), figure) {
				t.Errorf("%s is described as %q, without %s", row.Cycle, row.Description, figure)
			}
		}
	}
	for _, v := range Violations() {
		name := strings.NewReplacer("canada_break_24_70", "24", "canada_break_24_80", "24", "break_3_24", "24").Replace(string(v))
		for _, figure := range figures(name) {
			if !slices.Contains(figures(v.Description()), figure) {
				t.Errorf("%s is described as %q, without %s", v, v.Description(), figure)
			}
		}
	}
}

func figures(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func TestAllowsFollowsTheTable(t *testing.T) {
	t.Parallel()
	for _, row := range documentedCycles {
		for i, mark := range strings.Fields(row.marks) {
			e := Exception(documentedExceptions[i])
			want := mark == "yes"
			if got := row.constant.Allows(e); got != want {
				t.Errorf("%s allows %s: %t, want %t", row.wire, e, got, want)
			}
			if got := (row.constant + "_2020").Allows(e); got != want { // Other allows nothing anyway
				t.Errorf("%s_2020 allows %s: %t, want %t", row.wire, e, got, want)
			}
		}
	}
}

func TestUnknownCyclesAllowNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []Cycle{"", "70", "70_9", "_2020", "70_8_2021", "70_8_2020_2020", "other", "TX_70_7", "Other_2020"} {
		if c.Known() || c.Description() != "" {
			t.Errorf("%q is known, as %q", c, c.Description())
		}
		for _, e := range Exceptions() {
			if c.Allows(e) {
				t.Errorf("%q allows %s", c, e)
			}
		}
	}
	for _, row := range Cycles() {
		for _, e := range []Exception{"", " ", "exception", "exception_moon_landing"} {
			if row.Cycle.Allows(e) {
				t.Errorf("%s allows the exception %q, which does not exist", row.Cycle, e)
			}
		}
	}
}

func TestKnownTakesTheSuffix2020(t *testing.T) {
	t.Parallel()
	if c := Cycle("60_7_o_2020"); !c.Known() || c.Description() != "US oil and gas, 60 hours in 7 days" {
		t.Errorf("%q: known %t, described as %q", c, c.Known(), c.Description())
	}
}

func TestTheHintAtACycleIsTheFirstOfTheNearest(t *testing.T) {
	t.Parallel()
	for slip, want := range map[string]Cycle{
		"70_8_x":      CycleUSOilAndGas70Hour8Day,
		"70_9_2020":   CycleUSProperty70Hour8Day,
		"canada":      CycleCanadaSouthOilAndGas,
		"othr":        CycleOther,
		"other_2020":  CycleOther,
		"north":       "",
		"hours on it": "",
		"":            "",
	} {
		_, err := ParseCycle(slip)
		if err == nil {
			t.Errorf("%q is taken for a cycle", slip)
			continue
		}
		_, hint, _ := strings.Cut(err.Error(), "did you mean ")
		got, _, _ := strings.Cut(hint, "?")
		if want := strconv.Quote(string(want)); got != want && (got != "" || want != `""`) {
			t.Errorf("%q: the hint is %s, want %s", slip, got, want)
		}
	}
}

func TestCatalogIsHandedOutAsACopy(t *testing.T) {
	t.Parallel()
	rows, exceptions, violations := Cycles(), Exceptions(), Violations()
	rows[0].Exceptions[0], rows[0].Violations[0], rows[1] = "x", "x", CycleInfo{}
	exceptions[0], violations[0] = "x", "x"

	fresh := Cycles()
	if fresh[0].Exceptions[0] != Exception24HourRestart || fresh[0].Violations[0] != "duty_16" ||
		fresh[1].Cycle != CycleUSProperty60Hour7Day {
		t.Error("a change to Cycles() shows in the next call")
	}
	if Exceptions()[0] != Exception24HourRestart || Violations()[0] != "break_30" {
		t.Error("a change to Exceptions() or Violations() shows in the next call")
	}
}

func names[T ~string](values []T) []string {
	var s []string
	for _, v := range values {
		s = append(s, string(v))
	}
	return s
}
