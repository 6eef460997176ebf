package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/motive-go/motive/webhook"
)

// A receiver is an http.Handler like any other. The callback tells the actions
// apart; what it returns decides whether the delivery is repeated.
func ExampleHandler() {
	handler := webhook.Handler("canary-secret", func(_ context.Context, event *webhook.Event) error {
		switch event.Action {
		case webhook.ActionUserDutyStatusUpdated:
			fmt.Println(event.User.FirstName, "is now", event.User.DutyStatus)
		case webhook.ActionUserUpserted:
			fmt.Println(event.User.FirstName, "was", event.Trigger)
		default:
			fmt.Println("nothing to do for", event.Action)
		}
		return nil
	})
	mux := http.NewServeMux()
	mux.Handle("POST /motive", handler) // under https, and behind no login

	for _, body := range []string{
		`["user_upserted","user_duty_status_updated"]`, // the registration check
		`{"action":"user_upserted","trigger":"created","id":7,"first_name":"Ada"}`,
		`{"action":"user_duty_status_updated","trigger":"updated","id":7,"first_name":"Ada","duty_status":"driving"}`,
		`{"action":"vehicle_upserted","trigger":"updated","id":12}`,
	} {
		r := httptest.NewRequest(http.MethodPost, "/motive", strings.NewReader(body))
		r.Header.Set(webhook.SignatureHeader, exampleSignature(body))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// Ada was created
	// 200
	// Ada is now driving
	// 200
	// nothing to do for vehicle_upserted
	// 200
}

// seen keeps the ids of what was done and must not be done twice, such as a welcome.
// (Storing what an event says needs no ids, only the order that the example of Event
// shows.) A delivery has no id of its own, so the digest of its bytes is one. A
// program that restarts, or runs on several machines, keeps them in its database.
type seen struct {
	mu   sync.Mutex
	done map[[sha256.Size]byte]time.Time
}

// Repetitions come for about seven hours; a recorded delivery works for ever.
const keep = 24 * time.Hour

// once runs do, unless that has succeeded for id before. It holds the lock
// meanwhile: a repetition may come while the first delivery is being handled.
func (s *seen) once(id [sha256.Size]byte, do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, at := range s.done {
		if time.Since(at) > keep {
			delete(s.done, old)
		}
	}
	if _, ok := s.done[id]; ok {
		return nil // 200, or it would be repeated again
	}
	if err := do(); err != nil {
		return err // not kept, or its repetition would be taken for done
	}
	s.done[id] = time.Now()
	return nil
}

// A delivery may come more than once: Motive repeats one whose response it did not
// see, and whoever has recorded one can send it again. This receiver keeps the ids
// of what it has done.
func ExampleHandler_replays() {
	handled := &seen{done: make(map[[sha256.Size]byte]time.Time)}
	attempts := 0
	handler := webhook.Handler("canary-secret", func(_ context.Context, event *webhook.Event) error {
		return handled.once(sha256.Sum256(event.Raw), func() error {
			if attempts++; attempts == 1 {
				return errors.New("the database is down")
			}
			fmt.Println("welcome,", event.User.FirstName)
			return nil
		})
	})

	body := `{"action":"user_upserted","trigger":"created","id":7,"first_name":"Ada"}`
	for range 3 {
		r := httptest.NewRequest(http.MethodPost, "/motive", strings.NewReader(body))
		r.Header.Set(webhook.SignatureHeader, exampleSignature(body))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 500
	// welcome, Ada
	// 200
	// 200
}

// A program with a framework of its own verifies and parses by itself. The body has
// to be the bytes that were received.
func ExampleVerify() {
	body := []byte(`{"action":"user_upserted","trigger":"created","id":7,"first_name":"Ada"}`)
	signature := exampleSignature(string(body)) // r.Header.Get(webhook.SignatureHeader)

	fmt.Println(webhook.Verify("canary-secret", body, signature))
	fmt.Println(webhook.Verify("canary-secret", append(body, '\n'), signature))
	fmt.Println(webhook.Verify("canary-secret", body, ""))
	fmt.Println(errors.Is(webhook.Verify("canary-secret", body, "sha1="+signature), webhook.ErrMalformedSignature))
	// Output:
	// <nil>
	// webhook: the signature does not match the body
	// webhook: the delivery has no signature
	// true
}

// Parse tells an event from the check that is sent at registration.
func ExampleParse() {
	for _, body := range []string{
		`{"action":"user_upserted","trigger":"updated","id":7,"first_name":"Ada"}`,
		`["user_upserted"]`,
		`{"hello":"world"}`,
	} {
		event, err := webhook.Parse([]byte(body))
		switch {
		case errors.Is(err, webhook.ErrRegistrationCheck):
			fmt.Println("respond with 200")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println(event.Action, event.User.FirstName)
		}
	}
	// Output:
	// user_upserted Ada
	// respond with 200
	// webhook: the body is not an event: it names no action
}

// A repeated delivery may arrive hours after a newer one. What is older than what is
// stored is left alone.
func ExampleEvent() {
	stored := time.Date(2026, 7, 1, 8, 30, 0, 0, time.UTC) // when the stored user changed last
	event, err := webhook.Parse([]byte(`{"action":"user_upserted","trigger":"updated","id":7,` +
		`"first_name":"Ada","time_tracking_mode":"logs","updated_at":"2026-07-01T02:30:00Z"}`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(event.User.ID, event.TimeTrackingMode)
	fmt.Println("older than what is stored:", event.User.UpdatedAt.Before(stored))
	// Output:
	// 7 logs
	// older than what is stored: true
}

// Actions that this version does not know keep their name; Raw has the rest.
func ExampleAction() {
	event, err := webhook.Parse([]byte(`{"action":"vehicle_upserted","id":12}`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(event.Action, event.User == nil, string(event.Raw))
	// Output: vehicle_upserted true {"action":"vehicle_upserted","id":12}
}

// The response is due in three seconds, so a receiver only stores the event, and
// something else does the work: here a channel, in earnest a table of a database,
// which survives a restart.
func ExampleHandler_queue() {
	queue := make(chan []byte, 1)
	handler := webhook.Handler("canary-secret", func(ctx context.Context, event *webhook.Event) error {
		select {
		case queue <- event.Raw:
			return nil
		case <-ctx.Done():
			return ctx.Err() // the queue is full: the delivery is repeated later
		}
	})

	body := `{"action":"user_upserted","trigger":"created","id":7,"first_name":"Ada"}`
	r := httptest.NewRequest(http.MethodPost, "/motive", strings.NewReader(body))
	r.Header.Set(webhook.SignatureHeader, exampleSignature(body))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code)

	event, err := webhook.Parse(<-queue) // it was verified before it was stored
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println("now the work for", event.User.FirstName)
	// Output:
	// 200
	// now the work for Ada
}

// exampleSignature signs as Motive does.
func exampleSignature(body string) string {
	mac := hmac.New(sha1.New, []byte("canary-secret"))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}
