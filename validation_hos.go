package motive

import "slices"

// modes checks that the time tracking mode goes with the ELD mode. A value that
// is not documented has been reported already, and an ELD mode that is not
// known is not guessed.
func (c *check) modes() {
	tracking, set := c.attrs.TimeTrackingMode.Get()
	if !set || !slices.Contains(timeTrackingModes, tracking) {
		return
	}
	eld, known := c.eldMode()
	if !known || goTogether(tracking, eld) {
		return
	}

	state := "eld_mode is not set"
	if eld != "" {
		state = "eld_mode is " + quote(string(eld))
		if c.attrs.ELDMode.IsZero() {
			state = "the user's " + state
		}
	}
	fitting, others := `"exempt"`, `"logs"`
	if tracking == TimeTrackingModeLogs {
		fitting, others = `"logs" or "none"`, `"timecards" or "not_required"`
	}
	c.add("time_tracking_mode", CodeModeMismatch, quote(string(tracking))+" goes with eld_mode "+fitting+
		" only, and "+state+"; set eld_mode to "+fitting+", or use time_tracking_mode "+others)
}

// eldMode is the ELD mode after the request, "" for none, and whether that can
// be told.
func (c *check) eldMode() (mode ELDMode, known bool) {
	o := c.attrs.ELDMode
	mode, set := o.Get()
	switch {
	case set:
		return mode, slices.Contains(eldModes, mode)
	case c.create, o.IsNull():
		return "", true
	case c.current == nil:
		return "", false
	}
	// An answer that shows no ELD mode is no proof that there is none.
	return c.current.ELDMode, slices.Contains(eldModes, c.current.ELDMode)
}

func goTogether(tracking TimeTrackingMode, eld ELDMode) bool {
	if tracking == TimeTrackingModeLogs {
		return eld != ELDModeExempt
	}
	return eld == ELDModeExempt
}

// cycleFields is a cycle with its exceptions: what the request says of them,
// and what they are for the user now.
type cycleFields struct {
	field      string
	want       Optional[Cycle]
	has        Cycle
	exceptions [6]exceptionField
}

type exceptionField struct {
	field     string
	exception Exception
	want      Optional[bool]
	has       bool
}

func (c *check) cycles() {
	a, u := c.attrs, c.current
	if u == nil {
		u = &User{}
	}
	c.cycle(&cycleFields{"cycle", a.Cycle, u.Cycle, [6]exceptionField{
		{"exception_24_hour_restart", Exception24HourRestart, a.Exception24HourRestart, u.Exception24HourRestart},
		{"exception_8_hour_break", Exception8HourBreak, a.Exception8HourBreak, u.Exception8HourBreak},
		{"exception_wait_time", ExceptionWaitTime, a.ExceptionWaitTime, u.ExceptionWaitTime},
		{"exception_short_haul", ExceptionShortHaul, a.ExceptionShortHaul, u.ExceptionShortHaul},
		{"exception_ca_farm_school_bus", ExceptionCAFarmSchoolBus, a.ExceptionCAFarmSchoolBus, u.ExceptionCAFarmSchoolBus},
		{"exception_adverse_driving", ExceptionAdverseDriving, a.ExceptionAdverseDriving, u.ExceptionAdverseDriving},
	}})
	c.cycle(&cycleFields{"cycle2", a.Cycle2, u.Cycle2, [6]exceptionField{
		{"exception_24_hour_restart2", Exception24HourRestart, a.Exception24HourRestart2, u.Exception24HourRestart2},
		{"exception_8_hour_break2", Exception8HourBreak, a.Exception8HourBreak2, u.Exception8HourBreak2},
		{"exception_wait_time2", ExceptionWaitTime, a.ExceptionWaitTime2, u.ExceptionWaitTime2},
		{"exception_short_haul2", ExceptionShortHaul, a.ExceptionShortHaul2, u.ExceptionShortHaul2},
		{"exception_ca_farm_school_bus2", ExceptionCAFarmSchoolBus, a.ExceptionCAFarmSchoolBus2, u.ExceptionCAFarmSchoolBus2},
		{"exception_adverse_driving2", ExceptionAdverseDriving, a.ExceptionAdverseDriving2, u.ExceptionAdverseDriving2},
	}})
}

// cycle checks a cycle and then the exceptions that the request turns on, or
// that stay on while it changes the cycle under them. What the user already has
// and the request leaves alone is not judged.
func (c *check) cycle(f *cycleFields) {
	if f.want.IsZero() && !c.create && c.current == nil {
		return // which cycle the user has is not known
	}
	cycle, set := f.want.Get()
	if f.want.IsZero() {
		cycle = f.has
	}
	moved := !f.want.IsZero() && cycle != f.has

	switch {
	case blank(string(cycle)) && c.cycleRequired(f, moved):
		return
	case set && !cycle.Known():
		message := notDocumentedCycle(cycle)
		if blank(string(cycle)) {
			message += ", or null to clear it"
		}
		c.add(f.field, CodeUnknownCycle, message)
		return
	case !cycle.Known():
		return // the user's own, newer than the catalog
	}
	for i := range f.exceptions {
		if e := &f.exceptions[i]; e.judged(moved) && !c.allows(cycle, e.exception) {
			c.add(e.field, CodeExceptionNotAllowed, c.notAllowed(f, e, cycle))
		}
	}
}

// judged reports whether the request turns the exception on, or leaves it on
// while it moves the user to another cycle.
func (e *exceptionField) judged(moved bool) bool {
	if e.want.IsZero() {
		return e.has && moved
	}
	return e.want.value
}

func (c *check) allows(cycle Cycle, e Exception) bool {
	return cycle.Allows(e) || e == ExceptionAdverseDriving && !c.strict
}

// cycleRequired adds a problem where an exception will be on without a cycle.
func (c *check) cycleRequired(f *cycleFields, moved bool) bool {
	var fields []string
	var on []Exception
	for i := range f.exceptions {
		if e := &f.exceptions[i]; e.judged(moved) {
			fields = append(fields, e.field)
			on = append(on, e.exception)
		}
	}
	if len(on) == 0 {
		return false
	}
	verb, way := " is true; ", "set it to false"
	if len(on) > 1 {
		verb, way = " are true; ", "set them to false"
	}
	if cycles := c.cyclesAllowing(on...); len(cycles) > 0 {
		way = "use " + list(cycles, "or") + ", or " + way
	} else {
		way = "no cycle allows that, so " + way
	}
	c.add(f.field, CodeCycleRequired, "is required while "+sentence(fields, "and")+verb+way)
	return true
}

// notAllowed says what the cycle allows instead, where the exception is
// allowed, and how to turn off what the request did not turn on.
func (c *check) notAllowed(f *cycleFields, e *exceptionField, cycle Cycle) string {
	owned := ""
	if f.want.IsZero() {
		owned = ", which the user has,"
	}
	message := f.field + " " + quote(string(cycle)) + " (" + cycle.Description() + ")" + owned + " does not allow it"
	if e.want.IsZero() {
		message = "is on for the user, and " + message
	}

	var allowed []string
	for i := range f.exceptions {
		if c.allows(cycle, f.exceptions[i].exception) {
			allowed = append(allowed, f.exceptions[i].field)
		}
	}
	if len(allowed) == 0 {
		allowed = []string{"no exception"}
	}
	message += "; it allows " + sentence(allowed, "and")

	const few = 6 // more cycles than that are no help
	switch cycles := c.cyclesAllowing(e.exception); {
	case len(cycles) == 0:
		message += "; no cycle lists " + string(e.exception) + ", and strict validation goes by the list"
	case len(cycles) <= few:
		message += "; " + string(e.exception) + " goes with " + list(cycles, "and")
	}
	if e.want.IsZero() {
		message += "; to turn it off, send " + e.field + " false"
	}
	return message
}

func (c *check) cyclesAllowing(exceptions ...Exception) []Cycle {
	var cycles []Cycle
	for _, row := range cycleTable {
		if !slices.ContainsFunc(exceptions, func(e Exception) bool { return !c.allows(row.Cycle, e) }) {
			cycles = append(cycles, row.Cycle)
		}
	}
	return cycles
}
