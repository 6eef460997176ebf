package motivetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/webhook"
)

// respondWith responds to each request with the next status, the last one for good.
// 0 stands for a receiver that never responds.
func respondWith(statuses ...int) http.Handler {
	var n atomic.Int32 // a request that was given up may still be running
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := statuses[min(int(n.Add(1)), len(statuses))-1]
		if status == 0 {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(status)
	})
}

func TestWebhookRepeatsUntilDelivered(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		receiver http.Handler
		statuses []int
		pauses   []time.Duration
		took     time.Duration
	}{
		{"delivered at once", respondWith(204), []int{204}, []time.Duration{0}, 0},
		{"delivered the second time", respondWith(500, 200), []int{500, 200}, []time.Duration{0, time.Minute}, time.Minute},
		{"a redirect is no delivery", respondWith(302, 200), []int{302, 200}, []time.Duration{0, time.Minute}, time.Minute},
		{"never delivered", respondWith(401), []int{401, 401, 401, 401},
			[]time.Duration{0, time.Minute, time.Hour, 6 * time.Hour}, time.Minute + 7*time.Hour},
		{"no response within three seconds", respondWith(0, 200), []int{0, 200}, []time.Duration{0, time.Minute}, time.Minute + 3*time.Second},
		{"a panic", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("at the receiver") }), []int{0, 0, 0, 0},
			[]time.Duration{0, time.Minute, time.Hour, 6 * time.Hour}, time.Minute + 7*time.Hour},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				hook := &motivetest.Webhook{Secret: "canary-secret", Receiver: test.receiver}
				sent, err := hook.SendUser(t.Context(), "user_upserted", "created", motive.User{ID: 7})
				if err != nil {
					t.Fatal(err)
				}
				var statuses []int
				var pauses []time.Duration
				for _, d := range sent {
					statuses, pauses = append(statuses, d.Status), append(pauses, d.Pause)
					if (d.Status == 0) != (d.Err != nil) || d.Delivered() != (d.Status/100 == 2) {
						t.Errorf("delivery %+v", d)
					}
				}
				if !reflect.DeepEqual(statuses, test.statuses) || !reflect.DeepEqual(pauses, test.pauses) {
					t.Errorf("statuses %v after %v, want %v after %v", statuses, pauses, test.statuses, test.pauses)
				}
				if took := time.Since(start); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
			})
		})
	}
}

func TestWebhookTakesAClock(t *testing.T) {
	t.Parallel()
	var slept []time.Duration
	enough := errors.New("enough")
	hook := &motivetest.Webhook{Receiver: respondWith(500), Sleep: func(_ context.Context, d time.Duration) error {
		if slept = append(slept, d); len(slept) == 2 {
			return enough
		}
		return nil
	}}
	sent, err := hook.Send(t.Context(), []byte("{}"))
	if !errors.Is(err, enough) || len(sent) != 2 || !reflect.DeepEqual(slept, []time.Duration{time.Minute, time.Hour}) {
		t.Errorf("%d deliveries, error %v, slept %v", len(sent), err, slept)
	}
}

func TestWebhookEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		sent, err := (&motivetest.Webhook{Receiver: respondWith(500)}).Send(ctx, []byte("{}"))
		if !errors.Is(err, context.DeadlineExceeded) || len(sent) != 1 {
			t.Errorf("%d deliveries, error %v", len(sent), err)
		}
	})
}

// What is sent is what package webhook reads, through a socket as well.
func TestWebhookAndReceiverAgree(t *testing.T) {
	t.Parallel()
	want := motive.User{ID: 7, FirstName: "Ada", Role: motive.RoleDriver, DutyStatus: motive.DutyStatusDriving,
		JoinedAt: motive.NewDate(2020, 2, 29), GroupIDs: []int64{101}}
	var got *webhook.Event
	receiver := webhook.Handler("canary-secret", func(_ context.Context, e *webhook.Event) error {
		got = e
		return nil
	})
	server := httptest.NewServer(receiver)
	defer server.Close()
	for _, hook := range []*motivetest.Webhook{
		{Secret: "canary-secret", Receiver: receiver},
		{Secret: "canary-secret", URL: server.URL, Client: server.Client()},
	} {
		got = nil
		if check := hook.Check(t.Context(), "user_upserted"); check.Status != http.StatusOK || got != nil {
			t.Errorf("check %+v, event %v", check, got)
		}
		sent, err := hook.SendUser(t.Context(), "user_duty_status_updated", "updated", want)
		if err != nil || len(sent) != 1 || !sent[0].Delivered() {
			t.Fatalf("sent %+v, error %v", sent, err)
		}
		if got.Action != webhook.ActionUserDutyStatusUpdated || got.Trigger != "updated" || !reflect.DeepEqual(*got.User, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestWebhookReportsWhatTheReceiverResponds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(webhook.Handler("canary-secret", func(context.Context, *webhook.Event) error { return nil }))
	defer server.Close()
	hook := &motivetest.Webhook{Secret: "canary-other", URL: server.URL, Client: server.Client()}
	got := hook.Check(t.Context(), "user_upserted")
	if got.Status != http.StatusUnauthorized || !strings.Contains(got.Body, "signature") {
		t.Errorf("got %+v", got)
	}
	moved := httptest.NewServer(http.RedirectHandler(server.URL, http.StatusFound))
	defer moved.Close()
	if got := (&motivetest.Webhook{URL: moved.URL, Client: moved.Client()}).Check(t.Context()); got.Status != http.StatusFound {
		t.Errorf("got %+v of a redirect", got)
	}
	server.Close()
	if got := hook.Check(t.Context()); got.Err == nil || got.Status != 0 {
		t.Errorf("got %+v of a closed server", got)
	}
	if got := (&motivetest.Webhook{URL: "://"}).Check(t.Context()); got.Err == nil {
		t.Errorf("got %+v of a URL that is none", got)
	}
}

func TestWebhookSendsTheDocumentedForm(t *testing.T) {
	t.Parallel()
	var header http.Header
	var body string
	hook := &motivetest.Webhook{Secret: "Jefe", Receiver: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		header, body = r.Header, string(b)
	})}
	hook.Check(t.Context(), "user_upserted")
	if body != `["user_upserted"]` {
		t.Errorf("check %s", body)
	}
	if _, err := hook.Send(t.Context(), []byte("what do ya want for nothing?")); err != nil {
		t.Fatal(err)
	}
	// RFC 2202, case 2.
	if got := header.Get("X-KT-Webhook-Signature"); got != "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" {
		t.Errorf("signature %q", got)
	}
	if _, err := hook.SendUser(t.Context(), "user_upserted", "created", motive.User{ID: 7, FirstName: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if want := `{"action":"user_upserted","first_name":"Ada","id":7,"trigger":"created"}`; body != want {
		t.Errorf("event %s, want %s", body, want)
	}
}

// A receiver that fails once is delivered to a minute later; nobody waits for it.
func ExampleWebhook() {
	failures := 1
	hook := &motivetest.Webhook{
		Secret: "canary-secret",
		Receiver: webhook.Handler("canary-secret", func(_ context.Context, event *webhook.Event) error {
			if failures--; failures >= 0 {
				return errors.New("the database is down")
			}
			fmt.Println("stored", event.User.FirstName)
			return nil
		}),
		Sleep: func(context.Context, time.Duration) error { return nil },
	}

	ctx := context.Background()
	fmt.Println("check:", hook.Check(ctx, "user_upserted").Status)
	sent, err := hook.SendUser(ctx, "user_upserted", "created", motive.User{ID: 7, FirstName: "Ada"})
	for _, d := range sent {
		fmt.Println(d.Pause, d.Status)
	}
	fmt.Println(err)
	// Output:
	// check: 200
	// stored Ada
	// 0s 500
	// 1m0s 200
	// <nil>
}

// SignWebhook is for deliveries that a test makes by itself, such as a wrong one.
func ExampleSignWebhook() {
	body := []byte(`{"action":"user_upserted","id":7}`)
	signature := motivetest.SignWebhook("canary-secret", body)
	fmt.Println(webhook.Verify("canary-secret", body, signature))
	fmt.Println(webhook.Verify("canary-secret", body[1:], signature))
	// Output:
	// <nil>
	// webhook: the signature does not match the body
}
