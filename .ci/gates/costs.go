package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/motive-go/motive"
)

// A cost is what one call may allocate. The response comes from memory, so that
// net/http's connection is not in it.
type cost struct {
	name        string
	allocations int
	bytes       int
	status      int
	body        string
	call        func(context.Context, *motive.Client) error
}

var costs = []cost{
	{"small GET", 34, 5 << 10, http.StatusOK, smallUser, get},
	{"small GET with WithResponse", 38, 6 << 10, http.StatusOK, smallUser, getWithResponse},
	{"full create", 50, 9 << 10, http.StatusCreated, newUser, create},
	{"page of 100", 440, 200 << 10, http.StatusOK, pageOf100(), list},
	{"422 with 64 KB of field errors", 500, 400 << 10, http.StatusUnprocessableEntity, fieldErrors(64 << 10), refused},
}

func checkCosts() ([]string, error) {
	if strings.Contains(os.Getenv("GOEXPERIMENT"), "jsonv2") {
		return nil, nil // the limits are those of the usual build
	}
	if problems := unfit(newRequest); problems != nil {
		return problems, nil
	}
	var problems []string
	for _, c := range costs {
		allocations, size, err := c.measure()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Printf("   %s: %d allocations of %d, %d bytes of %d\n", c.name, allocations, c.allocations, size, c.bytes)
		if allocations > c.allocations || size > c.bytes {
			problems = append(problems, fmt.Sprintf("%s: %d allocations, limit %d; %d bytes, limit %d",
				c.name, allocations, c.allocations, size, c.bytes))
		}
	}
	return problems, nil
}

// measure returns the allocations and bytes of one call.
func (c cost) measure() (allocations, size int, err error) {
	client, err := motive.NewClient(motive.WithAccessToken("made-up"), motive.WithTransport(memory{c.status, c.body}))
	if err != nil {
		return 0, 0, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would empty the pools
	const calls = 200
	ctx := context.Background()
	for range 10 {
		if err := c.call(ctx, client); err != nil {
			return 0, 0, err
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		if err := c.call(ctx, client); err != nil {
			return 0, 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return int(after.Mallocs-before.Mallocs) / calls, int(after.TotalAlloc-before.TotalAlloc) / calls, nil
}

func get(ctx context.Context, c *motive.Client) error {
	_, err := c.Users.Get(ctx, 7)
	return err
}

func getWithResponse(ctx context.Context, c *motive.Client) error {
	var resp motive.Response
	_, err := c.Users.Get(ctx, 7, motive.WithResponse(&resp))
	return err
}

func list(ctx context.Context, c *motive.Client) error {
	page, err := c.Users.List(ctx, nil)
	if err == nil && len(page.Users) != 100 {
		err = fmt.Errorf("%d users came", len(page.Users))
	}
	return err
}

func create(ctx context.Context, c *motive.Client) error {
	_, err := c.Users.Create(ctx, &newRequest)
	return err
}

// refused also reads the error, as a program that logs it does. The request has no
// external id, which would be looked up after a refusal.
func refused(ctx context.Context, c *motive.Client) error {
	req := newRequest
	req.ExternalIDsAttributes = motive.Optional[[]motive.ExternalIDAttributes]{}
	_, err := c.Users.Create(ctx, &req)
	if !errors.Is(err, motive.ErrUnprocessable) {
		return fmt.Errorf("the error is %w", err)
	}
	if len(err.Error()) == 0 {
		return errors.New("the error says nothing")
	}
	return nil
}

const (
	smallUser = `{"user":{"id":7,"first_name":"Ada","last_name":"Moss","role":"driver","status":"active"}}`
	newUser   = `{"user":{"id":7,"first_name":"Ada","last_name":"Moss","role":"driver","status":"active","username":"ada.moss"}}`
)

// newRequest has every field set that a driver can have.
var newRequest = fullRequest()

func fullRequest() motive.CreateUserRequest {
	req := motive.CreateUserRequest{
		FirstName: motive.Set("Ada"), LastName: motive.Set("Moss"), Role: motive.Set(motive.RoleDriver),
		Status: motive.Set(motive.StatusActive), Username: motive.Set("ada.moss"), Email: motive.Set("ada.moss@example.com"),
		Password: motive.Set("canary-Pa55word"), JoinedAt: motive.Set(motive.NewDate(2024, time.March, 11)),
		ELDMode: motive.Set(motive.ELDMode("logs")), TimeTrackingMode: motive.Set(motive.TimeTrackingMode("logs")),
		DutyStatus: motive.Set(motive.DutyStatus("off_duty")), ViolationAlerts: motive.Set(motive.ViolationAlerts("1_hour")),
		Cycle: motive.Set(motive.Cycle("70_8")), Cycle2: motive.Set(motive.Cycle("60_7")),
		Phone: motive.Set("5555550142"), PhoneExt: motive.Set("12"), PhoneCountryCode: motive.Set("+1"),
		Phone2: motive.Set("5555550143"), PhoneCountryCode2: motive.Set("+1"),
		CompanyReferenceID: motive.Set("REF-20417"), TimeZone: motive.Set(string(motive.TimeZoneArizona)), DOTID: motive.Set("12345678"),
		DriverCompanyID: motive.Set("D-4711"), DriversLicenseNumber: motive.Set("X0000000"), DriversLicenseState: motive.Set("OH"),
		CarrierName: motive.Set("Example Freight"), CarrierStreet: motive.Set("1 Example Street"), CarrierCity: motive.Set("Columbus"),
		CarrierState: motive.Set("OH"), CarrierZip: motive.Set("43004"), TerminalStreet: motive.Set("2 Example Street"),
		TerminalCity: motive.Set("Columbus"), TerminalState: motive.Set("OH"), TerminalZip: motive.Set("43004"),
		MetricUnits: motive.Set(true), GroupIDs: motive.Set([]int64{101, 102}),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "my_tms"}}),
	}
	fields := reflect.ValueOf(&req).Elem()
	for i := range fields.NumField() { // all other switches may be off
		if field, ok := fields.Field(i).Addr().Interface().(*motive.Optional[bool]); ok && field.IsZero() {
			*field = motive.Set(false)
		}
	}
	return req
}

// unfit says what keeps a request from being the full and valid one that is measured.
func unfit(req motive.CreateUserRequest) []string {
	const here = "newRequest in .ci/gates/costs.go: "
	var problems []string
	fields := reflect.ValueOf(req)
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Name
		if _, isText := fields.Field(i).Interface().(motive.Optional[string]); isText && fields.Field(i).IsZero() {
			problems = append(problems, here+name+" is absent; give it a value that its rules take")
		}
	}
	var invalid *motive.ValidationError
	if errors.As(req.Validate(), &invalid) {
		for _, p := range invalid.Problems {
			problems = append(problems, here+p.Error())
		}
	}
	return problems
}

func pageOf100() string {
	var b strings.Builder
	b.WriteString(`{"users":[`)
	for i := range 100 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"user":{"id":%d`, i+1)
		fields := reflect.TypeFor[motive.User]()
		for n := range fields.NumField() {
			name, _, _ := strings.Cut(fields.Field(n).Tag.Get("json"), ",")
			if value := sample(name, fields.Field(n).Type); value != "" && name != "id" && name != "-" {
				fmt.Fprintf(&b, `,"%s":%s`, name, value)
			}
		}
		b.WriteString(`}}`)
	}
	b.WriteString(`],"pagination":{"per_page":100,"page_no":1,"total":100}}`)
	return b.String()
}

// sample is a value for a field of a user.
func sample(name string, t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return `"2026-07-01T08:15:30Z"`
	case t == reflect.TypeFor[motive.Date]():
		return `"2024-03-11"`
	case name == "time_zone":
		return `"Eastern Time (US \u0026 Canada)"`
	case t.Kind() == reflect.String:
		return `"1 Example Street"`
	case t.Kind() == reflect.Bool:
		return "true"
	case t.Kind() == reflect.Int64:
		return "4711"
	case name == "group_ids":
		return "[101,102,103]"
	case name == "external_ids":
		return `[{"id":9001,"external_id":"TMS-1","integration_name":"generic_tms"}]`
	}
	return ""
}

// fieldErrors is a body of about size bytes with an error for each of many fields.
func fieldErrors(size int) string {
	var b strings.Builder
	b.WriteString(`{"errors":{`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"field_%d":["is invalid","can't be blank"]`, i)
	}
	b.WriteString(`}}`)
	return b.String()
}

// memory is a round tripper that always responds the same.
type memory struct {
	status int
	body   string
}

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: m.status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(m.body)), ContentLength: int64(len(m.body)), Request: req,
	}, nil
}
