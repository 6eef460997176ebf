package motive_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/motive-go/motive"
)

func ExampleOptional() {
	update := motive.UpdateUserRequest{
		Phone:           motive.Set("555-0101"),      // a value
		DriverCompanyID: motive.Null[string](),       // null: cleared
		MetricUnits:     motive.Set(false),           // false is a value
		Email:           motive.SetNonZero(cell(12)), // an empty cell is absent
	}
	body, err := json.Marshal(update)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body))

	phone, set := update.Phone.Get()
	fmt.Println(phone, set, update.DriverCompanyID.IsNull(), update.Email.IsZero())
	fmt.Println(update.Phone.Equal(motive.Set("555-0101")))
	// Output:
	// {"phone":"555-0101","metric_units":false,"driver_company_id":null}
	// 555-0101 true true true
	// true
}

// cell stands for a cell of a spreadsheet.
func cell(int) string { return "" }

func ExampleUserAttributes_Diff() {
	ctx, client, stop := exampleFleet()
	defer stop()

	wanted := motive.UserAttributes{ // as the TMS has her
		FirstName:             motive.Set("Ada"),
		Cycle:                 motive.Set(motive.CycleUSProperty60Hour7Day),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "my_tms"}}),
	}
	driver, err := client.Users.Get(ctx, 101)
	if err != nil {
		log.Fatal(err)
	}
	update, changed := wanted.Diff(driver)
	if !changed {
		return
	}
	fmt.Println(update)
	if _, err := client.Users.Update(ctx, driver.ID, &update, motive.Against(driver)); err != nil {
		log.Fatal(err)
	}
	// Output: UpdateUserRequest{cycle:"60_7"}
}

func ExampleUser() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.Get(ctx, 101)
	if err != nil {
		log.Fatal(err)
	}
	id, ok := driver.ExternalID("my_tms")
	fmt.Println(id, ok)
	fmt.Println(driver.Exceptions(), len(driver.Exceptions2()))
	// Output:
	// 987 true
	// [exception_short_haul] 0
}

// Exceptions by value, as they come from a file.
func ExampleCreateUserRequest_SetException() {
	var req motive.CreateUserRequest
	for _, name := range []string{"exception_short_haul", "Exception 24 hour restart"} {
		exception, err := motive.ParseException(name)
		if err != nil {
			log.Fatal(err)
		}
		req.SetException(exception, true)
	}
	req.SetException2(motive.ExceptionWaitTime, true) // of the second cycle
	fmt.Println(req)
	// Output: CreateUserRequest{exception_24_hour_restart:true exception_short_haul:true exception_wait_time2:true}
}

// Validate checks without a client: for a form, or a roster before it is sent.
func ExampleCreateUserRequest_Validate() {
	req := motive.CreateUserRequest{FirstName: motive.Set("Ada"), Role: motive.Set(motive.Role("Driver"))}
	var invalid *motive.ValidationError
	if errors.As(req.Validate(), &invalid) {
		for _, problem := range invalid.Problems {
			fmt.Println(problem.Field, problem.Code)
		}
	}
	// Output:
	// last_name required
	// role unknown_value
	// email required
}

func ExampleUpdateUserRequest_Validate() {
	update := motive.UpdateUserRequest{Cycle: motive.Set(motive.Cycle("70_9"))}
	fmt.Println(update.Validate())

	// Short haul is on, and Texas does not have it: seen with the user as she is.
	texas := motive.UpdateUserRequest{Cycle: motive.Set(motive.CycleTexas70Hour7Day)}
	driver := &motive.User{ID: 101, Cycle: motive.CycleUSProperty70Hour8Day, ExceptionShortHaul: true}
	fmt.Println(texas.Validate(), texas.ValidateAgainst(driver) != nil)
	// Output:
	// motive: cycle: "70_9" is not a documented value (did you mean "70_8"?); use "70_8", "60_7", "70_8_o", "60_7_o", "70_8_p", "60_7_p", "80_8", "80_8_o", "80_8_p", "tx_70_7", "ak_70_7", "ak_80_8", "ak_70_7_o", "ak_80_8_o", "ak_70_7_p", "ak_80_8_p", "70_7", "120_14", "canada_oil", "80_7", "120_14_north" or "Other"
	// <nil> true
}

// SkipValidation is for what Motive accepts and this version does not know yet;
// StrictValidation for taking Motive's pages to the letter.
func ExampleSkipValidation() {
	ctx, client, stop := exampleFleet()
	defer stop()

	nobody := &motive.UpdateUserRequest{FirstName: motive.Set("")}
	_, err := client.Users.Update(ctx, 101, nobody)
	fmt.Println(err)
	_, err = client.Users.Update(ctx, 101, nobody, motive.SkipValidation(motive.CodeRequired))
	fmt.Println(errors.Is(err, motive.ErrUnprocessable)) // sent, and turned down by the server

	phone := &motive.UpdateUserRequest{Phone: motive.Set("555-0101")}
	_, err = client.Users.Update(ctx, 101, phone, motive.StrictValidation())
	var invalid *motive.ValidationError
	fmt.Println(errors.As(err, &invalid) && invalid.Has("phone_country_code", motive.CodeRequired))
	// Output:
	// motive: first_name: is required and cannot be cleared; leave it out to keep it
	// true
	// true
}

func ExampleModePairs() {
	for _, pair := range motive.ModePairs() {
		fmt.Printf("%-12s with %-6s %s\n", pair.TimeTrackingMode, pair.ELDMode, pair.Description())
	}
	wrong := motive.ModePair{TimeTrackingMode: motive.TimeTrackingModeTimecards, ELDMode: motive.ELDModeLogs}
	fmt.Println(wrong.Valid())
	// Output:
	// logs         with logs   the Vehicle Gateway records everything
	// logs         with none   the driver keeps an electronic logbook in the Driver app, and the Vehicle Gateway logs nothing
	// timecards    with exempt the driver is exempt from logs, and tracks time with timecards in the Driver app
	// not_required with exempt the driver is exempt from logs, and need not track time in Motive
	// false
}

func ExampleViolations() {
	fmt.Println(len(motive.Violations()), "violations")
	fmt.Println(motive.ViolationDriving11.Description())
	for _, row := range motive.Cycles() {
		if row.Cycle == motive.CycleTexas70Hour7Day {
			fmt.Println(row.Violations)
		}
	}
	// Output:
	// 49 violations
	// more than 11 hours of driving
	// [tx_driving_12 tx_duty_15 tx_cycle_70]
}

func ExampleExceptions() {
	for _, e := range motive.Exceptions() {
		fmt.Println(e, motive.CycleUSOilAndGas70Hour8Day.Allows(e))
	}
	fmt.Println(motive.ExceptionAdverseDriving.Description())
	// Output:
	// exception_24_hour_restart true
	// exception_8_hour_break true
	// exception_wait_time true
	// exception_short_haul true
	// exception_ca_farm_school_bus false
	// exception_adverse_driving false
	// bad conditions on the road lengthen the duty day by at most 2 hours
}

// The parsers take what people write in a spreadsheet.
func ExampleParseRole() {
	role, err := motive.ParseRole(" Fleet User ")
	fmt.Println(role, err)
	cycle, err := motive.ParseCycle("TX_70_7")
	fmt.Println(cycle, cycle.Known(), err)
	status, err := motive.ParseStatus("Active")
	fmt.Println(status, err)
	eld, err := motive.ParseELDMode("Exempt")
	fmt.Println(eld, err)
	tracking, err := motive.ParseTimeTrackingMode("Not_required")
	fmt.Println(tracking, err)
	duty, err := motive.ParseDutyStatus("Off duty")
	fmt.Println(duty, err)
	alerts, err := motive.ParseViolationAlerts("1 hour")
	fmt.Println(alerts, err)
	visibility, err := motive.ParseGroupVisibility("Limited")
	fmt.Println(visibility, err)
	_, err = motive.ParseRole("drivr")
	fmt.Println(err)
	// Output:
	// fleet_user <nil>
	// tx_70_7 true <nil>
	// active <nil>
	// exempt <nil>
	// not_required <nil>
	// off_duty <nil>
	// 1_hour <nil>
	// limited <nil>
	// motive: role: "drivr" is not a documented value (did you mean "driver"?); use "driver", "fleet_user", "admin" or "fleet_admin"
}

func ExampleDate() {
	joined := motive.NewDate(2026, 3, 9)
	body, err := json.Marshal(motive.UpdateUserRequest{JoinedAt: motive.Set(joined)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(joined, string(body))
	// Output: 2026-03-09 {"joined_at":"2026-03-09"}
}

// A fleet user who sees two groups only.
func ExampleCustomUserRole() {
	ctx, client, stop := exampleFleet()
	defer stop()

	roles, err := client.UserRoles.List(ctx, &motive.ListUserRolesOptions{Name: "Dispatcher"})
	if err != nil {
		log.Fatal(err)
	}
	dispatcher, err := client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName:       motive.Set("Noor"),
		LastName:        motive.Set("Haddad"),
		Role:            motive.Set(motive.RoleFleetUser),
		Email:           motive.Set("noor@example.com"),
		GroupVisibility: motive.Set(motive.GroupVisibilityLimited),
		CustomUserRole:  motive.Set(motive.CustomUserRole{UserRoleID: roles[0].ID, GroupIDs: []int64{101, 102}}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dispatcher.FirstName, dispatcher.Role)
	// Output: Noor fleet_user
}

func ExampleExternalIDTakenError() {
	ctx, client, stop := exampleFleet()
	defer stop()

	_, err := client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName: motive.Set("Bram"), LastName: motive.Set("Okafor"),
		Role: motive.Set(motive.RoleDriver), Username: motive.Set("bram.okafor"),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "my_tms"}}),
	})
	var taken *motive.ExternalIDTakenError
	if errors.As(err, &taken) {
		fmt.Println(taken.ExternalID, "belongs to", taken.Holder.FirstName)
	}
	// Output: 987 belongs to Ada
}

func ExampleOutcomeUnknownError() {
	_, client, stop := exampleFleet()
	defer stop()

	unknown := &motive.OutcomeUnknownError{Method: "POST", Path: "/v1/users", Attempts: 1, Err: errors.New("connection reset by peer")}
	fmt.Println(errors.Is(unknown, motive.ErrOutcomeUnknown))
	fmt.Println(unknown)
	_ = client // look with client.Users.Lookup, or send a create that carries an external id again
	// Output:
	// true
	// motive: POST /v1/users: the outcome is unknown after 1 attempt, look before sending it again: connection reset by peer
}

func ExampleUsersService_UpdateByExternalID() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.UpdateByExternalID(ctx, "987", "my_tms", &motive.UpdateUserRequest{
		Phone: motive.Set("555-0101"), PhoneCountryCode: motive.Set("1"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.ID, driver.Phone)
	// Output: 101 555-0101
}

func ExampleUsersService_DeactivateByExternalID() {
	ctx, client, stop := exampleFleet()
	defer stop()

	driver, err := client.Users.DeactivateByExternalID(ctx, "987", "my_tms")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(driver.ID, driver.Status)
	// Output: 101 deactivated
}
