package motivetest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// The body of the sample on Motive's create page, with all of its nulls.
const sampleBody = `{"email":null,"first_name":"John","last_name":"Doe","phone":null,"phone_ext":null,
"time_zone":null,"carrier_name":null,"carrier_street":null,"carrier_city":null,"carrier_state":null,
"carrier_zip":null,"violation_alerts":"1_hour","terminal_street":null,"terminal_city":null,
"terminal_state":null,"terminal_zip":null,"exception_24_hour_restart":false,"exception_8_hour_break":false,
"exception_wait_time":false,"exception_short_haul":false,"exception_ca_farm_school_bus":false,
"exception_adverse_driving":false,"export_combined":true,"export_recap":true,"export_odometers":true,
"metric_units":false,"username":"john.doe.demo.fleet","password":"password","cycle":null,
"driver_company_id":null,"minute_logs":false,"duty_status":"off_duty","eld_mode":"none",
"drivers_license_number":null,"drivers_license_state":null,"yard_moves_enabled":false,
"personal_conveyance_enabled":false,"manual_driving_enabled":false,"role":"driver","status":"active",
"dot_id":"12345678","time_tracking_mode":"logs"}`

func TestCreateAnswersTheSampleBody(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	r := c.do(http.StatusCreated, "POST", "/v1/users", sampleBody)
	user := r.user(t)
	mustEqual(t, "id", user["id"], 1.0)
	mustEqual(t, "username", user["username"], "john.doe.demo.fleet")
	mustEqual(t, "eld_mode", user["eld_mode"], "none")
	mustEqual(t, "export_recap", user["export_recap"], true)
	mustEqual(t, "dot_id", user["dot_id"], "12345678")
	mustEqual(t, "external_ids", user["external_ids"], []any{})
	if email, ok := user["email"]; !ok || email != nil {
		t.Errorf("email = %v, %v; want null", email, ok)
	}
	for _, name := range []string{"password", "time_tracking_mode", "group_visibility", "custom_user_role", "external_ids_attributes"} {
		if _, ok := user[name]; ok {
			t.Errorf("%s is write only and was answered", name)
		}
	}
	if strings.Contains(r.text, `"password"`) {
		t.Error("the password was answered")
	}
	if r.header.Get("X-Request-Id") == "" {
		t.Error("no X-Request-Id")
	}
	if created, err := time.Parse(time.RFC3339, user["created_at"].(string)); err != nil || created.IsZero() {
		t.Errorf("created_at = %v", user["created_at"])
	}
	mustEqual(t, "stored users", len(srv.Users()), 1)
	again := c.do(http.StatusOK, "GET", "/v1/users/1", "").user(t)
	mustEqual(t, "read back", again, user)
}

func TestDriverFieldsAreAbsentOnOthers(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	driver := c.do(http.StatusCreated, "POST", "/v1/users", driverBody).user(t)
	for _, role := range []string{"fleet_user", "admin", "fleet_admin"} {
		body := fmt.Sprintf(`{"first_name":"A","last_name":"B","role":%q,"email":"%s@example.com","username":"u","cycle":"70_8"}`, role, role)
		user := c.do(http.StatusCreated, "POST", "/v1/users", body).user(t)
		mustEqual(t, "role", user["role"], role)
		for _, name := range []string{"username", "cycle", "cycle2", "eld_mode", "duty_status", "joined_at", "carrier_name",
			"exception_wait_time", "exception_wait_time2", "minute_logs", "violation_alerts", "driver_company_id"} {
			if _, ok := user[name]; ok {
				t.Errorf("%s has %s", role, name)
			}
			if _, ok := driver[name]; !ok {
				t.Errorf("driver lacks %s", name)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const who = `"first_name":"A","last_name":"B","username":"u"`
	tests := []struct {
		name, body string
		status     int
		message    string
	}{
		{"no body", ``, 400, "JSON object"},
		{"an array", `[]`, 400, "JSON object"},
		{"null", `null`, 400, "JSON object"},
		{"cut off", `{"first_name":"A"`, 400, "JSON object"},
		{"two values", `{} {}`, 400, "JSON object"},
		{"wrapped", `{"user":{` + who + `,"role":"driver"}}`, 400, "user"},
		{"empty", `{}`, 422, "first_name can't be blank; last_name can't be blank; role can't be blank; one of email"},
		{"no role", `{` + who + `}`, 422, "role can't be blank"},
		{"null role", `{` + who + `,"role":null}`, 422, "role can't be blank"},
		{"blank name", `{"first_name":" ","last_name":"B","role":"driver","username":"u"}`, 422, "first_name can't be blank"},
		{"spaces to sign in", `{"first_name":"A","last_name":"B","role":"driver","username":" "}`, 422, "one of email, username and phone"},
		{"no way to sign in", `{"first_name":"A","last_name":"B","role":"driver"}`, 422, "one of email, username and phone"},
		{"unknown role", `{` + who + `,"role":"Driver"}`, 422, `role is "Driver"`},
		{"capitalised mode", `{` + who + `,"role":"driver","eld_mode":"Exempt"}`, 422, `eld_mode is "Exempt"`},
		{"pending", `{` + who + `,"role":"driver","status":"pending"}`, 422, "status"},
		{"number for a string", `{` + who + `,"role":"driver","dot_id":7}`, 422, "dot_id must be a string"},
		{"string for a flag", `{` + who + `,"role":"driver","minute_logs":"yes"}`, 422, "minute_logs must be true or false"},
		{"string for groups", `{` + who + `,"role":"driver","group_ids":"1"}`, 422, "group_ids must be an array"},
		{"a number for a date", `{` + who + `,"role":"driver","joined_at":20260131}`, 422, "joined_at must be a date"},
		{"no date", `{` + who + `,"role":"driver","joined_at":"31.1.2026"}`, 422, "joined_at must be a date"},
		{"bad email", `{` + who + `,"role":"driver","email":"ada"}`, 422, "email is not"},
		{"unknown cycle", `{` + who + `,"role":"driver","cycle":"70_9"}`, 422, `cycle "70_9" is not`},
		{"an edition of Other", `{` + who + `,"role":"driver","cycle":"Other_2020"}`, 422, `cycle "Other_2020" is not`},
		{"exception without cycle", `{` + who + `,"role":"driver","exception_short_haul":true}`, 422, "exception_short_haul needs a cycle"},
		{"second cycle", `{` + who + `,"role":"driver","cycle":"70_8","cycle2":"tx_70_7","exception_short_haul2":true}`, 422, "exception_short_haul2 is not available with cycle2 tx_70_7"},
		{"timecards without mode", `{` + who + `,"role":"driver","time_tracking_mode":"timecards"}`, 422, "time_tracking_mode timecards"},
		{"groups on a fleet user", `{"first_name":"A","last_name":"B","email":"a@example.com","role":"fleet_user","group_ids":[1]}`, 422, "group_ids"},
		{"custom role on a driver", `{` + who + `,"role":"driver","custom_user_role":{"user_role_id":9}}`, 422, "custom_user_role"},
		{"visibility on a driver", `{` + who + `,"role":"driver","group_visibility":"limited"}`, 422, "group_visibility"},
		{"an empty custom role", `{"first_name":"A","last_name":"B","email":"a@example.com","role":"fleet_user","custom_user_role":{}}`, 422, "custom_user_role.user_role_id"},
		{"custom role without id", `{"first_name":"A","last_name":"B","email":"a@example.com","role":"fleet_user","custom_user_role":{"group_ids":[1]}}`, 422, "custom_user_role.user_role_id"},
		{"limited to nothing", `{"first_name":"A","last_name":"B","email":"a@example.com","role":"fleet_user","group_visibility":"limited","custom_user_role":{"user_role_id":9}}`, 422, "custom_user_role.group_ids"},
		{"groups of text", `{"first_name":"A","last_name":"B","email":"a@example.com","role":"fleet_user","custom_user_role":{"user_role_id":9,"group_ids":["x"]}}`, 422, "custom_user_role must hold"},
		{"a blank external id", `{` + who + `,"role":"driver","external_ids_attributes":[{"external_id":" ","integration_name":"t"}]}`, 422, "external_ids_attributes[0].external_id can't be blank"},
		{"half an external id", `{` + who + `,"role":"driver","external_ids_attributes":[{"external_id":"7"}]}`, 422, "external_ids_attributes[0].integration_name can't be blank"},
		{"the same external id twice", `{` + who + `,"role":"driver","external_ids_attributes":[{"external_id":"7","integration_name":"t"},{"external_id":"7","integration_name":"t"}]}`, 422, "external_ids_attributes[1].external_id is given twice"},
		{"external id of another type", `{` + who + `,"role":"driver","external_ids_attributes":[{"external_id":7,"integration_name":"t"}]}`, 422, "external_ids_attributes must hold"},
		{"somebody else's record", `{` + who + `,"role":"driver","external_ids_attributes":[{"id":5,"external_id":"7","integration_name":"t"}]}`, 422, "external_ids_attributes[0].id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			r := c.do(tt.status, "POST", "/v1/users", tt.body)
			if message, _ := r.json["error_message"].(string); !strings.Contains(message, tt.message) {
				t.Errorf("message %q does not contain %q", r.text, tt.message)
			}
			mustEqual(t, "users", len(srv.Users()), 0)
		})
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body string }{
		{"unknown fields", `{"first_name":"A","last_name":"B","username":"u","role":"driver","shoe_size":7,"id":99}`},
		{"a phone alone", `{"first_name":"A","last_name":"B","phone":"5550100","role":"driver"}`},
		{"driver in groups", `{"first_name":"A","last_name":"B","username":"u","role":"driver","group_ids":[1,2]}`},
		{"restricted fleet user", `{"email":"acme@example.com","first_name":"John","last_name":"Doe","role":"fleet_user","group_visibility":"limited","custom_user_role":{"user_role_id":9,"group_ids":[101]}}`},
		{"adverse driving on any cycle", `{"first_name":"A","last_name":"B","username":"u","role":"driver","cycle":"120_14","exception_adverse_driving":true}`},
		{"a cycle of 2020", `{"first_name":"A","last_name":"B","username":"u","role":"driver","cycle":"60_7_o_2020","exception_wait_time":true}`},
		{"empty strings", `{"first_name":"A","last_name":"B","username":"u","role":"driver","cycle":"","eld_mode":"","email":""}`},
		{"a date", `{"first_name":"A","last_name":"B","username":"u","role":"driver","joined_at":"2026-01-31"}`},
		{"Other", `{"first_name":"A","last_name":"B","username":"u","role":"driver","cycle":"Other"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, c := start(t)
			user := c.do(http.StatusCreated, "POST", "/v1/users", tt.body).user(t)
			mustEqual(t, "id", user["id"], 1.0)
			if _, ok := user["shoe_size"]; ok {
				t.Error("an unknown field was stored")
			}
		})
	}
}

// The table is written out here once more, on purpose.
func TestModePairs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		tracking, eld string
		status        int
	}{
		{"logs", "logs", 201}, {"logs", "none", 201}, {"logs", "exempt", 422},
		{"timecards", "logs", 422}, {"timecards", "none", 422}, {"timecards", "exempt", 201},
		{"not_required", "logs", 422}, {"not_required", "none", 422}, {"not_required", "exempt", 201},
	}
	_, c := start(t)
	for i, tt := range tests {
		body := fmt.Sprintf(`{"first_name":"A","last_name":"B","username":"u%d","role":"driver","time_tracking_mode":%q,"eld_mode":%q}`,
			i, tt.tracking, tt.eld)
		if r := c.try("POST", "/v1/users", body); r.status != tt.status {
			t.Errorf("%s with %s: status %d, want %d", tt.tracking, tt.eld, r.status, tt.status)
		}
	}
}

// TestCycles reads the cycles from the text of Motive's page, so that the
// fake's table is checked against its source.
func TestCycles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("testdata/cycles.txt")
	if err != nil {
		t.Fatal(err)
	}
	exceptions := []string{"exception_24_hour_restart", "exception_8_hour_break", "exception_wait_time",
		"exception_short_haul", "exception_ca_farm_school_bus", "exception_adverse_driving"}
	token := regexp.MustCompile(`exception_\w+`)
	_, c := start(t)
	cycles, pairs := 0, 0
	for line := range strings.Lines(string(page)) {
		cycle, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		cycles++
		allowed := token.FindAllString(rest, -1)
		pairs += len(allowed)
		for i, exception := range exceptions {
			for _, suffix := range []string{"", "2"} {
				body := fmt.Sprintf(`{"first_name":"A","last_name":"B","username":"u%d_%d%s","role":"driver","cycle%[3]s":%q,"%s%[3]s":true}`,
					cycles, i, suffix, cycle, exception)
				want := http.StatusUnprocessableEntity
				if strings.Contains(rest, exception) || exception == "exception_adverse_driving" {
					want = http.StatusCreated
				}
				if r := c.try("POST", "/v1/users", body); r.status != want {
					t.Errorf("cycle%s %s with %s: status %d, want %d", suffix, cycle, exception, r.status, want)
				}
			}
		}
	}
	mustEqual(t, "cycles", cycles, 22)
	mustEqual(t, "allowed pairs", pairs, 26)
}

func TestUpdateChangesWhatItContains(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	srv, c := start(t, motivetest.WithClock(func() time.Time { return now }))
	c.do(http.StatusCreated, "POST", "/v1/users", sampleBody)
	now = now.Add(time.Hour)
	user := c.do(http.StatusOK, "PUT", "/v1/users/1", `{"dot_id":null,"email":"John@Example.com","export_recap":false}`).user(t)
	mustEqual(t, "email", user["email"], "John@Example.com")
	mustEqual(t, "export_recap", user["export_recap"], false)
	mustEqual(t, "export_combined", user["export_combined"], true)
	mustEqual(t, "first_name", user["first_name"], "John")
	mustEqual(t, "created_at", user["created_at"], "2026-03-01T12:00:00Z")
	mustEqual(t, "updated_at", user["updated_at"], "2026-03-01T13:00:00Z")
	if user["dot_id"] != nil {
		t.Errorf("dot_id = %v, want it cleared", user["dot_id"])
	}
	mustEqual(t, "by the new email", c.do(200, "GET", "/v1/users/lookup?email=john@example.com", "").user(t)["id"], 1.0)
	c.do(http.StatusOK, "PUT", "/v1/users/1", `{"username":"jd"}`)
	c.do(http.StatusNotFound, "GET", "/v1/users/lookup?username=john.doe.demo.fleet", "")
	c.do(http.StatusOK, "PUT", "/v1/users/1", `{}`)
	c.do(http.StatusNotFound, "PUT", "/v1/users/2", `{"first_name":"A"}`)
	mustEqual(t, "users", len(srv.Users()), 1)
}

func TestUpdateIsJudgedOnTheMergedUser(t *testing.T) {
	t.Parallel()
	const created = `{"first_name":"A","last_name":"B","username":"u","role":"driver","time_tracking_mode":"logs",
		"cycle":"70_8_o","exception_wait_time":true}`
	tests := []struct {
		name, body string
		status     int
	}{
		{"mode that leaves the pair", `{"eld_mode":"exempt"}`, 422},
		{"both modes", `{"eld_mode":"exempt","time_tracking_mode":"timecards"}`, 200},
		{"cycle that leaves the exception", `{"cycle":"70_8"}`, 422},
		{"cycle and exception", `{"cycle":"70_8","exception_wait_time":false}`, 200},
		{"no cycle any more", `{"cycle":null}`, 422},
		{"the role", `{"role":""}`, 422},
		{"a name of null", `{"last_name":null}`, 422},
		{"status of null", `{"status":null}`, 422},
		{"status pending", `{"status":"pending"}`, 422},
		{"not UTF-8", "{\"first_name\":\"\xff\"}", 400},
		{"wrapped", `{"user":{"first_name":"C"}}`, 400},
		{"something else", `{"first_name":"C"}`, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, c := start(t)
			before := c.do(201, "POST", "/v1/users", created).user(t)
			c.do(tt.status, "PUT", "/v1/users/1", tt.body)
			after := c.do(200, "GET", "/v1/users/1", "").user(t)
			if tt.status != 200 {
				mustEqual(t, "the user after a refusal", after, before)
			}
		})
	}
}

// The fields of a driver come and go with the role.
func TestUpdateOfTheRole(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	c.do(201, "POST", "/v1/users", `{"first_name":"A","last_name":"B","role":"driver","username":"u","email":"a@example.com"}`)
	if _, ok := c.do(200, "PUT", "/v1/users/1", `{"role":"admin"}`).user(t)["username"]; ok {
		t.Error("an admin has a username")
	}
	c.do(404, "GET", "/v1/users/lookup?username=u", "")
	mustEqual(t, "eld_mode", c.do(200, "PUT", "/v1/users/1", `{"role":"driver"}`).user(t)["eld_mode"], "logs")
}

func TestUpdateOfACustomRoleKeepsItsID(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	const who = `{"first_name":"A","last_name":"B","role":"fleet_user","email":"a@example.com"`
	c.do(201, "POST", "/v1/users", who+`,"custom_user_role":{"user_role_id":9,"group_ids":[101]}}`)
	c.do(200, "PUT", "/v1/users/1", `{"custom_user_role":{"group_ids":[102]}}`)
	mustEqual(t, "custom_user_role", srv.Attributes(1)["custom_user_role"], map[string]any{"user_role_id": 9.0, "group_ids": []any{102.0}})
	c.do(200, "PUT", "/v1/users/1", `{"custom_user_role":null}`)
	c.do(422, "PUT", "/v1/users/1", `{"custom_user_role":{"group_ids":[102]}}`)
}

func TestDeactivatedUserStaysVisible(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	c.do(201, "POST", "/v1/users", driverBody)
	mustEqual(t, "status", c.do(200, "PUT", "/v1/users/1", `{"status":"deactivated"}`).user(t)["status"], "deactivated")
	mustEqual(t, "listed", len(c.do(200, "GET", "/v1/users", "").rows(t)), 1)
	mustEqual(t, "found", c.do(200, "GET", "/v1/users/lookup?username=ada.reed", "").user(t)["status"], "deactivated")
	mustEqual(t, "reactivated", c.do(200, "PUT", "/v1/users/1", `{"status":"active"}`).user(t)["status"], "active")
	c.do(http.StatusMethodNotAllowed, "DELETE", "/v1/users/1", "")
	c.do(http.StatusNotFound, "PUT", "/v1/users/1/deactivate", `{}`)
	c.do(http.StatusNotFound, "POST", "/v1/users/1/deactivate", `{}`)
}

func TestUniqueness(t *testing.T) {
	t.Parallel()
	const first = `{"first_name":"A","last_name":"B","username":"Ada","email":"ada@example.com","role":"driver",
		"external_ids_attributes":[{"external_id":"7","integration_name":"tms"}]}`
	tests := []struct{ name, body, message string }{
		{"username", `"username":"ada"`, "username has already been taken"},
		{"email", `"email":"ADA@example.com"`, "email has already been taken"},
		{"external id", `"username":"x","external_ids_attributes":[{"external_id":"7","integration_name":"tms"}]`,
			"external_ids_attributes[0].external_id has already been taken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, c := start(t)
			c.do(201, "POST", "/v1/users", first)
			r := c.do(422, "POST", "/v1/users", `{"first_name":"C","last_name":"D","role":"driver",`+tt.body+`}`)
			if !strings.Contains(r.text, tt.message) {
				t.Errorf("%s does not contain %q", r.text, tt.message)
			}
			c.do(201, "POST", "/v1/users", `{"first_name":"C","last_name":"D","role":"driver","username":"other"}`)
			c.do(422, "PUT", "/v1/users/2", `{`+tt.body+`}`)
			c.do(200, "PUT", "/v1/users/1", `{"username":"ada","email":"Ada@example.com"}`) // its own
			mustEqual(t, "users", len(srv.Users()), 2)
			srv.AssertNoDuplicates(t)
		})
	}
}

func TestConcurrentCreatesOfOneExternalID(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	const senders = 16
	statuses := make([]int, senders)
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			body := fmt.Sprintf(`{"first_name":"A","last_name":"B","username":"u%d","role":"driver",
				"external_ids_attributes":[{"external_id":"7","integration_name":"tms"}]}`, i)
			statuses[i] = c.try("POST", "/v1/users", body).status
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	mustEqual(t, "statuses", count, map[int]int{201: 1, 422: senders - 1})
	mustEqual(t, "created", srv.Created("7", "tms"), 1)
	mustEqual(t, "users", len(srv.Users()), 1)
	srv.AssertNoDuplicates(t)
}

func TestList(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	for i := range 130 {
		user := motive.User{FirstName: "Ada", LastName: fmt.Sprintf("Reed %03d", i), Role: motive.RoleDriver, Username: fmt.Sprintf("u%d", i)}
		switch {
		case i%10 == 0:
			user.Role, user.Username = motive.RoleFleetUser, ""
		case i%10 == 1:
			user.Role, user.Username = motive.RoleAdmin, ""
		case i%10 == 2:
			user.Role, user.Username = motive.RoleFleetAdmin, ""
		case i%10 == 3:
			user.Status = motive.StatusDeactivated
		case i%10 == 4:
			user.DutyStatus = motive.DutyStatusDriving
		}
		srv.Seed(user)
	}
	tests := []struct {
		query                      string
		rows, perPage, page, total int
		first                      float64
	}{
		{"", 25, 25, 1, 130, 1},
		{"?page_no=2", 25, 25, 2, 130, 26},
		{"?page_no=6", 5, 25, 6, 130, 126},
		{"?page_no=7", 0, 25, 7, 130, 0},
		{"?page_no=2000000000&per_page=100", 0, 100, 2000000000, 130, 0},
		{"?per_page=100", 100, 100, 1, 130, 1},
		{"?per_page=100&page_no=2", 30, 100, 2, 130, 101},
		{"?per_page=101", 100, 100, 1, 130, 1},
		{"?per_page=5000", 100, 100, 1, 130, 1},
		{"?per_page=1&page_no=130", 1, 1, 130, 130, 130},
		{"?per_page=rubbish&page_no=-1", 25, 25, 1, 130, 1},
		{"?colour=blue", 25, 25, 1, 130, 1},
		{"?role=driver&per_page=100", 91, 100, 1, 91, 4},
		{"?role=fleet_user&per_page=100", 13, 100, 1, 13, 1},
		{"?role=admin&per_page=100", 26, 100, 1, 26, 2},
		{"?role=fleet_admin&per_page=100", 26, 100, 1, 26, 2},
		{"?status=deactivated&per_page=100", 13, 100, 1, 13, 4},
		{"?status=active&per_page=100", 100, 100, 1, 117, 1},
		{"?duty_status=driving", 13, 25, 1, 13, 5},
		{"?duty_status=driving&per_page=5&page_no=3", 3, 5, 3, 13, 105},
		{"?name=reed+01", 10, 25, 1, 10, 11},
		{"?name=nobody", 0, 25, 1, 0, 0},
		{"?role=driver&status=deactivated&name=ADA&per_page=5&page_no=2", 5, 5, 2, 13, 54},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			r := c.do(200, "GET", "/v1/users"+tt.query, "")
			rows := r.rows(t)
			mustEqual(t, "rows", len(rows), tt.rows)
			mustEqual(t, "pagination", r.json["pagination"], map[string]any{
				"per_page": float64(tt.perPage), "page_no": float64(tt.page), "total": float64(tt.total)})
			if len(rows) > 0 {
				mustEqual(t, "first id", rows[0]["id"], tt.first)
			}
		})
	}
}

func TestListSummary(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(motive.User{FirstName: "Ada", LastName: "Reed", Username: "ada", Role: motive.RoleDriver})
	mustEqual(t, "summary", c.do(200, "GET", "/v1/users?summary=true", "").rows(t), []map[string]any{{
		"id": 1.0, "first_name": "Ada", "last_name": "Reed", "username": "ada", "email": nil,
		"driver_company_id": nil, "status": "active", "role": "driver"}})
	if full := c.do(200, "GET", "/v1/users?summary=false", "").rows(t)[0]; len(full) < 50 {
		t.Errorf("%d fields without a summary", len(full))
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	srv.Seed(
		motive.User{FirstName: "A", Role: motive.RoleDriver, Username: "ada", Email: "ada+x@example.com", Phone: "+1 555 0100", DriverCompanyID: "D/7"},
		motive.User{FirstName: "B", Role: motive.RoleDriver, Username: "bob", DriverCompanyID: "D/8",
			ExternalIDs: []motive.ExternalID{{ExternalID: "9 & 8", IntegrationName: "tms"}}},
		motive.User{FirstName: "C", Role: motive.RoleDriver, DriverCompanyID: "D/8"},
	)
	tests := []struct {
		query  string
		status int
		id     float64
	}{
		{"lookup?username=ada", 200, 1},
		{"lookup?username=ADA", 200, 1},
		{"lookup?email=ada%2Bx@example.com", 200, 1},
		{"lookup?phone=%2B1+555+0100", 200, 1},
		{"lookup?driver_company_id=D%2F7", 200, 1},
		{"lookup?driver_company_id=D/8", 200, 2},
		{"lookup?driver_company_id=d/7", 404, 0},
		{"lookup?username=eve", 404, 0},
		{"lookup", 400, 0},
		{"lookup?username=", 400, 0},
		{"lookup?username=+", 400, 0},
		{"lookup?email=ada", 400, 0},
		{"lookup?email=eve@example.com", 404, 0},
		{"lookup?name=Ada", 400, 0},
		{"lookup?username=ada&email=ada%2Bx@example.com", 400, 0},
		{"lookup?username=ada&username=bob", 400, 0},
		{"lookup_by_external_id?external_id=9+%26+8&integration_name=tms", 200, 2},
		{"lookup_by_external_id?external_id=9+%26+8&integration_name=other", 404, 0},
		{"lookup_by_external_id?external_id=9", 400, 0},
		{"lookup_by_external_id?integration_name=tms", 400, 0},
		{"lookup_by_external_id?external_id=+&integration_name=tms", 400, 0},
		{"lookup_by_external_id?external_id=9&integration_name=+", 400, 0},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			r := c.do(tt.status, "GET", "/v1/users/"+tt.query, "")
			if tt.status == 200 {
				mustEqual(t, "id", r.user(t)["id"], tt.id)
			} else if r.json["error_message"] == "" {
				t.Errorf("no message in %s", r.text)
			}
		})
	}
}

func TestExternalIDsInUpdates(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	c.do(201, "POST", "/v1/users", driverBody)
	const add = `{"external_ids_attributes":[{"external_id":"7","integration_name":"tms"}]}`
	first := c.do(200, "PUT", "/v1/users/1", add).user(t)["external_ids"]
	mustEqual(t, "external ids", first, []any{map[string]any{"id": 1.0, "external_id": "7", "integration_name": "tms"}})
	mustEqual(t, "after the same update again", c.do(200, "PUT", "/v1/users/1", add).user(t)["external_ids"], first)
	c.do(200, "PUT", "/v1/users/1", `{"external_ids_attributes":[{"id":1,"external_id":"8"}]}`)
	c.do(404, "GET", "/v1/users/lookup_by_external_id?external_id=7&integration_name=tms", "")
	mustEqual(t, "moved", c.do(200, "GET", "/v1/users/lookup_by_external_id?external_id=8&integration_name=tms", "").user(t)["id"], 1.0)
	mustEqual(t, "creates", srv.Created("7", "tms"), 0)
}

func TestSeedAndUsers(t *testing.T) {
	t.Parallel()
	srv, c := start(t)
	seeded := srv.Seed(
		motive.User{ID: 40, FirstName: "Ada", Role: motive.RoleDriver, Cycle: "70_8_2020", Status: motive.StatusPending,
			ExternalIDs: []motive.ExternalID{{ID: 5, ExternalID: "7", IntegrationName: "tms"}},
			Extra:       map[string]json.RawMessage{"shoe_size": json.RawMessage(`"43"`)}},
		motive.User{ID: 12, FirstName: "Bob", Role: motive.RoleAdmin, Email: "bob@example.com"},
		motive.User{FirstName: "Cid"},
	)
	mustEqual(t, "ids", []int64{seeded[0].ID, seeded[1].ID, seeded[2].ID}, []int64{40, 12, 41})
	mustEqual(t, "default role", seeded[2].Role, motive.RoleDriver)
	mustEqual(t, "default status", seeded[2].Status, motive.StatusActive)
	users := srv.Users()
	mustEqual(t, "order", []int64{users[0].ID, users[1].ID, users[2].ID}, []int64{12, 40, 41})
	one, ok := srv.User(12)
	mustEqual(t, "one user", []any{one, ok}, []any{users[0], true})
	if _, ok := srv.User(13); ok {
		t.Error("there is a user 13")
	}
	mustEqual(t, "external ids", users[1].ExternalIDs, seeded[0].ExternalIDs)
	answered := c.do(200, "GET", "/v1/users/40", "").user(t)
	mustEqual(t, "unknown field", answered["shoe_size"], "43")
	mustEqual(t, "status", answered["status"], "pending")
	mustEqual(t, "cycle", answered["cycle"], "70_8_2020")
	mustEqual(t, "extra", string(users[1].Extra["shoe_size"]), `"43"`)
	srv.Seed(motive.User{ID: 40, FirstName: "Eve"})
	mustEqual(t, "replaced", c.do(200, "GET", "/v1/users/40", "").user(t)["first_name"], "Eve")
	c.do(404, "GET", "/v1/users/lookup_by_external_id?external_id=7&integration_name=tms", "")
	mustEqual(t, "next id", c.do(201, "POST", "/v1/users", driverBody).user(t)["id"], 42.0)
}
