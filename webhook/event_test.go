package webhook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/webhook"
)

// dutyStatusUpdated has the members that the facts list for a driver, flat.
func dutyStatusUpdated(t testing.TB) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/user_duty_status_updated.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestParseReadsAUserEvent(t *testing.T) {
	t.Parallel()
	body := dutyStatusUpdated(t)
	event, err := webhook.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	if event.Action != webhook.ActionUserDutyStatusUpdated || event.Trigger != "updated" {
		t.Errorf("action %q, trigger %q", event.Action, event.Trigger)
	}
	if event.TimeTrackingMode != motive.TimeTrackingModeLogs {
		t.Errorf("time tracking mode %q", event.TimeTrackingMode)
	}
	if string(event.Raw) != string(body) {
		t.Errorf("Raw is not the body")
	}
	u := event.User
	if u.ID != 7 || u.FirstName != "Ada" || u.DutyStatus != motive.DutyStatusOnDuty || u.ELDMode != motive.ELDModeLogs {
		t.Errorf("user %v", u)
	}
	if want := time.Date(2026, 7, 1, 8, 30, 0, 0, time.UTC); !u.UpdatedAt.Equal(want) {
		t.Errorf("updated at %v, want %v", u.UpdatedAt, want)
	}
}

// The user of an event is the one that a response of the API with the same members
// has, apart from what an event adds.
func TestParseReadsTheUserAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	body := dutyStatusUpdated(t)
	event, err := webhook.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	delete(members, "action")
	delete(members, "trigger")
	flat, err := json.Marshal(map[string]any{"user": members})
	if err != nil {
		t.Fatal(err)
	}
	var want motive.User
	if err := json.Unmarshal(flat, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*event.User, want) {
		t.Errorf("got  %v\nwant %v", event.User, want)
	}
}

// Every field of a user has to come through, whatever stands beside it.
func TestParseReadsEveryFieldOfAFlatUser(t *testing.T) {
	t.Parallel()
	var want motive.User
	fields := reflect.ValueOf(&want).Elem()
	for i := range fields.NumField() {
		switch field := fields.Field(i).Addr().Interface().(type) {
		case *time.Time:
			*field = time.Date(2026, 7, 1, 8, 0, i, 0, time.UTC)
		case *motive.Date:
			*field = motive.NewDate(2020, 2, 29)
		case *[]int64:
			*field = []int64{101, 102}
		case *[]motive.ExternalID:
			*field = []motive.ExternalID{{ID: 5, ExternalID: "987", IntegrationName: "generic_tms"}}
		case *map[string]json.RawMessage:
			*field = map[string]json.RawMessage{"new_member": json.RawMessage(`[1]`)}
		default:
			fill(t, fields.Field(i), int64(i+1))
		}
	}
	user, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	body := append([]byte(`{"action":"user_upserted","trigger":"created",`), user[1:]...)
	event, err := webhook.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*event.User, want) {
		t.Errorf("got  %v\nwant %v", event.User, want)
	}
}

func fill(t *testing.T, field reflect.Value, n int64) {
	switch field.Kind() {
	case reflect.String:
		field.SetString(fmt.Sprint("text ", n))
	case reflect.Bool:
		field.SetBool(true)
	case reflect.Int64:
		field.SetInt(n)
	default:
		t.Fatalf("a field of the kind %s is new to this test", field.Kind())
	}
}

func TestParseIsLenientWithinAnEvent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		body    string
		id      int64
		trigger string
		extra   string // names of what is in Extra
	}{
		{"the id is a string", `{"action":"user_upserted","trigger":"created","id":"7"}`, 7, "created", ""},
		{"no trigger", `{"action":"user_upserted","id":7}`, 7, "", ""},
		{"null for a trigger", `{"action":"user_upserted","trigger":null,"id":7}`, 7, "", ""},
		{"a trigger of another type", `{"action":"user_upserted","trigger":1,"id":7}`, 7, "", ""},
		{"a new member", `{"action":"user_upserted","id":7,"badge":{"n":1}}`, 7, "", "badge"},
		{"a wrapped user", `{"action":"user_upserted","trigger":"created","user":{"id":7}}`, 7, "created", ""},
		{"white space", " \t\r\n{\"action\":\"user_upserted\",\"id\":7}\n", 7, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			event, err := webhook.Parse([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if event.User.ID != test.id || event.Trigger != test.trigger {
				t.Errorf("id %d, trigger %q", event.User.ID, event.Trigger)
			}
			var extra []string
			for name := range event.User.Extra {
				extra = append(extra, name)
			}
			if got := strings.Join(extra, " "); got != test.extra {
				t.Errorf("extra %q, want %q", got, test.extra)
			}
		})
	}
}

func TestParseKeepsUnknownActionsRaw(t *testing.T) {
	t.Parallel()
	body := []byte(`{"action":"vehicle_upserted","trigger":"updated","id":12,"number":"T-9"}`)
	event, err := webhook.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	if event.Action != "vehicle_upserted" || event.Trigger != "updated" || event.User != nil {
		t.Errorf("event %v", event)
	}
	if string(event.Raw) != string(body) {
		t.Errorf("Raw %s", event.Raw)
	}
	clear(body)
	if !json.Valid(event.Raw) {
		t.Error("Raw shares its bytes with the body")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body string
		want error
	}{
		{"the registration check", `["user_upserted"]`, webhook.ErrRegistrationCheck},
		{"a check of several actions", "\n[\"user_upserted\", \"canary_action\"]", webhook.ErrRegistrationCheck},
		{"a check of none", `[]`, webhook.ErrRegistrationCheck},
		{"an array of events", `[{"action":"user_upserted","id":7}]`, webhook.ErrMalformedBody},
		{"an array of numbers", `[1]`, webhook.ErrMalformedBody},
		{"an array of null", `[null]`, webhook.ErrMalformedBody},
		{"an array of nothing", `[""]`, webhook.ErrMalformedBody},
		{"nothing", "", webhook.ErrMalformedBody},
		{"white space", " \n", webhook.ErrMalformedBody},
		{"text", `canary`, webhook.ErrMalformedBody},
		{"null", `null`, webhook.ErrMalformedBody},
		{"a string", `"canary"`, webhook.ErrMalformedBody},
		{"half an event", `{"action":"user_upserted","canary`, webhook.ErrMalformedBody},
		{"two events", `{"action":"user_upserted","id":7}{"canary":1}`, webhook.ErrMalformedBody},
		{"a form", `payload=canary`, webhook.ErrMalformedBody},
		{"no action", `{"trigger":"canary","id":7}`, webhook.ErrMalformedBody},
		{"an empty action", `{"action":"","id":7,"email":"canary"}`, webhook.ErrMalformedBody},
		{"an action that is no string", `{"action":{"canary":1},"id":7}`, webhook.ErrMalformedBody},
		{"a user without an id", `{"action":"user_upserted","email":"canary"}`, webhook.ErrMalformedBody},
		{"a user with an id that is none", `{"action":"user_upserted","id":"canary"}`, webhook.ErrMalformedBody},
		{"a user below zero", `{"action":"user_duty_status_updated","id":-1}`, webhook.ErrMalformedBody},
		{"endless nesting", `{"action":"user_upserted","id":7,"canary":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `}`, webhook.ErrMalformedBody},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			event, err := webhook.Parse([]byte(test.body))
			if !errors.Is(err, test.want) || event != nil {
				t.Fatalf("got %v, %v, want %v", event, err, test.want)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err)), "canary") {
				t.Error("the error shows the body")
			}
		})
	}
}

func TestEventPrintsNoSecrets(t *testing.T) {
	t.Parallel()
	body := []byte(`{"action":"user_upserted","trigger":"created","id":7,"first_name":"Ada",` +
		`"drivers_license_number":"CANARY-123","pin":"canary-extra"}`)
	event, err := webhook.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		fmt.Fprintf(&out, verb+verb+"\n", event, *event)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("event", "value", event)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("event", "value", *event)
	if strings.Contains(strings.ToLower(out.String()), "canary") {
		t.Error("an event prints the license number or a member of Extra")
	}
	if got := strings.Count(out.String(), "user_upserted"); got != 14 {
		t.Errorf("the action is printed %d times, want 14", got)
	}
	vehicle := webhook.Event{Action: "vehicle_upserted", Raw: json.RawMessage("{}")}
	if got, want := fmt.Sprint(vehicle), `Event{action:"vehicle_upserted" trigger:"" bytes:2}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(dutyStatusUpdated(f))
	for _, body := range []string{
		`["user_upserted"]`, `{"action":"user_upserted","id":"7"}`, `{"action":"vehicle_upserted"}`,
		`{"Action":"user_upserted","id":7}`, `{"action":"user_upserted","action":"x","id":7}`,
		`{"action":"user_upserted","user":{"id":9},"id":7}`, `[null]`, `{"action":"\ud800","id":1}`,
		`{"action":"user_upserted","id":1e3}`, "\xef\xbb\xbf{}", `{"action":"user_upserted","id":7,"trigger":"` + "\xff" + `"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		event, err := webhook.Parse(body)
		if string(body) != before {
			t.Fatal("the body is changed")
		}
		if err != nil {
			if event != nil || !errors.Is(err, webhook.ErrMalformedBody) && !errors.Is(err, webhook.ErrRegistrationCheck) {
				t.Fatalf("got %v, %v", event, err)
			}
			return
		}
		if event.Action == "" || string(event.Raw) != before {
			t.Fatalf("event %v of %q", event, before)
		}
		user := event.Action == webhook.ActionUserUpserted || event.Action == webhook.ActionUserDutyStatusUpdated
		if user != (event.User != nil) || user && event.User.ID <= 0 {
			t.Fatalf("event %v of %q", event, before)
		}
	})
}
