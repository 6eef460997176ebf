package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/motive-go/motive"
)

// Action names what an event is about. It is open: an action that this version
// does not know is kept as it was sent.
type Action string

// The actions that are about a user.
const (
	// ActionUserUpserted: a user was created or changed. Seen in other people's
	// integrations.
	ActionUserUpserted Action = "user_upserted"
	// ActionUserDutyStatusUpdated: a driver changed duty status. Documented on
	// Motive's hub.
	ActionUserDutyStatusUpdated Action = "user_duty_status_updated"
)

func (a Action) aboutUser() bool {
	return a == ActionUserUpserted || a == ActionUserDutyStatusUpdated
}

// Event is one event that Motive delivered.
//
// Printed with fmt or logged with slog it shows the action, the trigger and the
// user, who hides what a [motive.User] hides, and of Raw the length only.
type Event struct {
	Action Action
	// Trigger says what happened, such as "updated" in the documented sample of a
	// duty status event. Its other values are not documented; it is empty where none
	// was sent.
	Trigger string
	// User is the user that the event is about, with an ID. It is nil for every
	// action other than the two constants above; Raw has those.
	User *motive.User
	// TimeTrackingMode of User, as sent: events show it and responses of the API do
	// not. It is empty where none was sent.
	TimeTrackingMode motive.TimeTrackingMode
	// Raw is the body of the delivery, byte for byte.
	Raw json.RawMessage
}

// What [Parse] finds instead of an event.
var (
	// ErrRegistrationCheck says that the body is no event but the check that Motive
	// sends when a webhook is registered. Respond with 200.
	ErrRegistrationCheck = errors.New("webhook: the body is a registration check, not an event")
	// ErrMalformedBody says that the body is neither an event nor a registration check.
	ErrMalformedBody = errors.New("webhook: the body is not an event")
)

// Parse reads the body of a delivery, which [Verify] has approved.
//
// The user of an event is read as leniently as a response of the API: members that
// this version does not know are in its Extra, a number may be sent as a string.
// An event about a user without an id is malformed, since there is nobody to
// whom it could be applied.
//
// Errors: [ErrRegistrationCheck] and [ErrMalformedBody], for errors.Is. Neither
// shows anything of the body.
func Parse(body []byte) (*Event, error) {
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w: it is not JSON", ErrMalformedBody)
	}
	switch bytes.TrimLeft(body, " \t\r\n")[0] {
	case '{':
		return parseEvent(body)
	case '[':
		return nil, parseCheck(body)
	default:
		return nil, fmt.Errorf("%w: it is neither a JSON object nor an array", ErrMalformedBody)
	}
}

// parseCheck never returns nil: an array is no event. The names are not returned,
// for they say only what the receiver has registered itself.
func parseCheck(body []byte) error {
	var actions []string
	// null becomes "", which names no action either.
	if json.Unmarshal(body, &actions) != nil || slices.Contains(actions, "") {
		return fmt.Errorf("%w: it is an array of something other than action names", ErrMalformedBody)
	}
	return ErrRegistrationCheck
}

func parseEvent(body []byte) (*Event, error) {
	var members struct {
		Action           json.RawMessage `json:"action"`
		Trigger          json.RawMessage `json:"trigger"`
		TimeTrackingMode json.RawMessage `json:"time_tracking_mode"`
	}
	if err := json.Unmarshal(body, &members); err != nil {
		// The text of err is left out, for it may quote the body.
		return nil, fmt.Errorf("%w: its members cannot be read", ErrMalformedBody)
	}
	event := &Event{
		Action:  Action(text(members.Action)),
		Trigger: text(members.Trigger),
		Raw:     bytes.Clone(body),
	}
	if event.Action == "" {
		return nil, fmt.Errorf("%w: it names no action", ErrMalformedBody)
	}
	if !event.Action.aboutUser() {
		return event, nil
	}

	event.TimeTrackingMode = motive.TimeTrackingMode(text(members.TimeTrackingMode))
	event.User = new(motive.User)
	if err := event.User.UnmarshalJSON(body); err != nil {
		return nil, fmt.Errorf("%w: its user cannot be read", ErrMalformedBody)
	}
	if event.User.ID <= 0 {
		return nil, fmt.Errorf("%w: it is about a user and has no user id", ErrMalformedBody)
	}
	event.User.Extra = withoutEnvelope(event.User.Extra)
	return event, nil
}

// text returns the string in raw, "" where it is absent or of another type.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// withoutEnvelope takes out of extra what belongs to the event and not to its user,
// so that the user is the same as one of a response.
func withoutEnvelope(extra map[string]json.RawMessage) map[string]json.RawMessage {
	delete(extra, "action")
	delete(extra, "trigger")
	if len(extra) == 0 {
		return nil
	}
	return extra
}

// LogValue shows the action, the trigger, the user and the length of the body.
func (e Event) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("action", string(e.Action)), slog.String("trigger", e.Trigger)}
	if e.User != nil {
		attrs = append(attrs, slog.Any("user", *e.User))
	}
	return slog.GroupValue(append(attrs, slog.Int("bytes", len(e.Raw)))...)
}

// Format prints e as LogValue shows it, under every verb:
// Event{action:"user_upserted" trigger:"updated" user:User{id:7} bytes:612}.
func (e Event) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "Event{action:%q trigger:%q", string(e.Action), e.Trigger)
	if e.User != nil {
		_, _ = fmt.Fprintf(s, " user:%v", *e.User)
	}
	_, _ = fmt.Fprintf(s, " bytes:%d}", len(e.Raw))
}
