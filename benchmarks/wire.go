package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/benchmarks/plain"
)

const (
	token    = "a-made-up-token"
	pageSize = 100
	listSize = 10_000
	newID    = 4711 // of the user whom a create returns
)

// smallUser is the body of a small GET.
const smallUser = `{"user":{"id":7,"first_name":"Ada","last_name":"Moss","role":"driver","status":"active"}}`

// fullUser is a driver of whom every field has a value, about as long as a live
// one.
func fullUser(id int64) plain.User {
	at := time.Date(2026, 7, 1, 8, 15, 30, 0, time.UTC)
	return plain.User{
		ID: id, FirstName: "Avery", LastName: "Lindqvist",
		Email: fmt.Sprintf("driver%d@example.com", id), Phone: "5555550142", PhoneExt: "12", PhoneCountryCode: "+1",
		Phone2: "5555550143", PhoneCountryCode2: "+1", CompanyReferenceID: "REF-20417",
		TimeZone: "Eastern Time (US & Canada)", Role: "driver", Status: "active", GroupIDs: []int64{101, 102, 103}, MetricUnits: true,
		CreatedAt: at, UpdatedAt: at, MobileCurrentSignInAt: at, MobileLastSignInAt: at, MobileLastActiveAt: at,
		WebCurrentSignInAt: at, WebLastSignInAt: at, WebLastActiveAt: at, ExpiresAt: at,
		ExternalIDs: []plain.ExternalID{{ID: 9000 + id, ExternalID: fmt.Sprintf("TMS-%d", id), IntegrationName: "generic_tms"}},
		DOTID:       "12345678", Username: fmt.Sprintf("driver.%d", id), DriverCompanyID: fmt.Sprintf("D-%d", id),
		DriversLicenseNumber: "X0000000", DriversLicenseState: "OH", JoinedAt: "2024-03-11", DutyStatus: "off_duty",
		ELDMode: "logs", Cycle: "70_8", Cycle2: "60_7", ViolationAlerts: "1_hour",
		CarrierName: "Example Freight", CarrierStreet: "1 Example Street", CarrierCity: "Columbus", CarrierState: "OH", CarrierZip: "43004",
		TerminalStreet: "2 Example Street", TerminalCity: "Columbus", TerminalState: "OH", TerminalZip: "43004",
		Exception24HourRestart: true, Exception8HourBreak: true, ExceptionWaitTime: true, ExceptionShortHaul: true,
		ExceptionCAFarmSchoolBus: true, ExceptionAdverseDriving: true,
		Exception24HourRestart2: true, Exception8HourBreak2: true, ExceptionWaitTime2: true, ExceptionShortHaul2: true,
		ExceptionCAFarmSchoolBus2: true, ExceptionAdverseDriving2: true,
		ExportCombined: true, ExportRecap: true, ExportOdometers: true, MinuteLogs: true, YardMovesEnabled: true,
		PersonalConveyanceEnabled: true, ManualDrivingEnabled: true, AssociatedDispatcherID: 4711,
	}
}

// listPage is the body of a page of the list, number from 1.
func listPage(number int) []byte {
	var page plain.Page
	first := int64(number-1) * pageSize
	for i := range int64(pageSize) {
		page.Users = append(page.Users, plain.One{User: fullUser(first + i + 1)})
	}
	page.Pagination.PerPage, page.Pagination.PageNo, page.Pagination.Total = pageSize, number, listSize
	return mustMarshal(page)
}

// fullCreate sets every field that a driver can have, as validation wants it: an
// exception that the cycle does not list is false.
var fullCreate = plain.Create{
	FirstName: "Avery", LastName: "Lindqvist", Role: "driver", Status: "active",
	Email: "avery.lindqvist@example.com", Username: "avery.lindqvist", Password: "canary-Pa55word",
	Phone: "5555550142", PhoneExt: "12", PhoneCountryCode: "+1", Phone2: "5555550143", PhoneCountryCode2: "+1",
	CompanyReferenceID: "REF-20417", TimeZone: "Saskatchewan", MetricUnits: true, DOTID: "12345678",
	DriverCompanyID: "D-4711", DriversLicenseNumber: "X0000000", DriversLicenseState: "OH", JoinedAt: "2024-03-11",
	DutyStatus: "off_duty", ELDMode: "logs", TimeTrackingMode: "logs", ViolationAlerts: "1_hour",
	CarrierName: "Example Freight", CarrierStreet: "1 Example Street", CarrierCity: "Columbus", CarrierState: "OH", CarrierZip: "43004",
	TerminalStreet: "2 Example Street", TerminalCity: "Columbus", TerminalState: "OH", TerminalZip: "43004",
	Cycle: "70_8", Exception24HourRestart: true, Exception8HourBreak: true, ExceptionShortHaul: true, ExceptionAdverseDriving: true,
	Cycle2: "60_7", Exception24HourRestart2: true, Exception8HourBreak2: true, ExceptionShortHaul2: true, ExceptionAdverseDriving2: true,
	ExportCombined: true, ExportRecap: true, ExportOdometers: true, MinuteLogs: true, YardMovesEnabled: true,
	PersonalConveyanceEnabled: true, ManualDrivingEnabled: true,
	GroupIDs:              []int64{101, 102, 103},
	ExternalIDsAttributes: []plain.ExternalID{{ExternalID: "TMS-4711", IntegrationName: "generic_tms"}},
}

// fullCreateJSON is the body that every engine sends to create a user.
var fullCreateJSON = mustMarshal(fullCreate)

// fullRequest is fullCreate as a request of motive.
func fullRequest() *motive.CreateUserRequest {
	var req motive.CreateUserRequest
	if err := json.Unmarshal(fullCreateJSON, &req); err != nil {
		panic(err)
	}
	return &req
}

// created is the body of the response to a create: the user it asks for.
func created() []byte {
	user := fullUser(newID)
	if err := json.Unmarshal(fullCreateJSON, &user); err != nil {
		panic(err)
	}
	return mustMarshal(plain.One{User: user})
}

func mustMarshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
