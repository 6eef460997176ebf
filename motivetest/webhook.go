package motivetest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/motive-go/motive"
)

// The schedule of deliveries, as other people's integrations describe it.
const webhookPatience = 3 * time.Second

var webhookPauses = [...]time.Duration{time.Minute, time.Hour, 6 * time.Hour}

// Webhook sends deliveries to a receiver as Motive does: signed, with three seconds
// to respond, and repeated after one minute, one hour and six hours until a response
// is 2xx. The schedule is known from other people's integrations only.
//
// A test that does not want to wait calls it in a testing/synctest bubble, with
// Receiver, or sets Sleep. A Webhook may be used by many goroutines.
type Webhook struct {
	// Secret signs the deliveries.
	Secret string
	// Receiver is called without a network in between. A panic counts as a closed connection.
	Receiver http.Handler
	// URL is where to send to if Receiver is nil: "http://127.0.0.1:1234/motive".
	URL string
	// Client sends to URL; http.DefaultClient if nil. No redirect is followed: whether
	// Motive follows one is not known, and it would lose the body.
	Client *http.Client
	// Sleep waits between deliveries, or returns the error of ctx if that ends first. Nil is a timer.
	Sleep func(ctx context.Context, d time.Duration) error
}

// WebhookDelivery is one attempt to deliver, and how it went.
type WebhookDelivery struct {
	// Pause is how long was waited before it, 0 for the first.
	Pause time.Duration
	// Status is what the receiver responded, 0 if there was no response in time.
	Status int
	// Body is the body of the response, of which Motive is not known to read anything.
	Body string
	// Err says why there was no response.
	Err error
}

// Delivered reports whether the receiver took the delivery, so that no other follows.
func (d WebhookDelivery) Delivered() bool { return d.Status/100 == 2 }

// Check sends the check of a registration, which names the actions, once: it is not known to repeat.
func (w *Webhook) Check(ctx context.Context, actions ...string) WebhookDelivery {
	return w.deliver(ctx, encode(append([]string{}, actions...)))
}

// SendUser sends an event about a user, whose members stand flat beside action and
// trigger: "user_upserted" and "created", for instance. Members that the SDK does not
// know, such as time_tracking_mode, come from the user's Extra.
//
// It returns every attempt, the last of which was delivered or was the fourth, and an
// error if the user cannot be written as JSON or ctx has ended.
func (w *Webhook) SendUser(ctx context.Context, action, trigger string, user motive.User) ([]WebhookDelivery, error) {
	members, err := attrsOf(user)
	if err != nil {
		return nil, fmt.Errorf("motivetest: user event: %w", err)
	}
	members["action"] = encode(action)
	members["trigger"] = encode(trigger)
	return w.Send(ctx, encode(members))
}

// Send sends any body, until it is delivered or has failed four times. It returns
// every attempt, and an error only if ctx has ended.
func (w *Webhook) Send(ctx context.Context, body []byte) ([]WebhookDelivery, error) {
	sent := []WebhookDelivery{w.deliver(ctx, body)}
	for _, pause := range webhookPauses {
		if sent[len(sent)-1].Delivered() {
			return sent, nil
		}
		if err := w.sleep(ctx, pause); err != nil {
			return sent, fmt.Errorf("motivetest: wait for the next delivery: %w", err)
		}
		next := w.deliver(ctx, body)
		next.Pause = pause
		sent = append(sent, next)
	}
	return sent, nil
}

func (w *Webhook) sleep(ctx context.Context, d time.Duration) error {
	if w.Sleep != nil {
		return w.Sleep(ctx, d)
	}
	if !elapse(d, ctx.Done(), nil) {
		return context.Cause(ctx)
	}
	return nil
}

// SignWebhook returns the signature of body under secret, as it stands in the header
// X-KT-Webhook-Signature: for tests that make their own deliveries.
func SignWebhook(secret string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// deliver sends body once.
func (w *Webhook) deliver(ctx context.Context, body []byte) WebhookDelivery {
	ctx, cancel := context.WithTimeoutCause(ctx, webhookPatience,
		fmt.Errorf("motivetest: no response within %v", webhookPatience))
	defer cancel()
	status, text, err := w.post(ctx, body)
	switch {
	case err == nil:
		return WebhookDelivery{Status: status, Body: text}
	case ctx.Err() != nil:
		return WebhookDelivery{Err: context.Cause(ctx)} // which says what a timeout means here
	}
	return WebhookDelivery{Err: fmt.Errorf("motivetest: webhook: %w", err)}
}

func (w *Webhook) post(ctx context.Context, body []byte) (status int, text string, err error) {
	client, url := *http.DefaultClient, w.URL
	if w.Client != nil {
		client = *w.Client
	}
	if w.Receiver != nil {
		client, url = http.Client{Transport: direct{w.Receiver}}, "https://receiver.example/"
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-KT-Webhook-Signature", SignWebhook(w.Secret, body))
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, string(data), err
}

// direct is a transport that calls a handler.
type direct struct{ http.Handler }

// RoundTrip calls the handler on a goroutine, which is left behind where it is not done in time.
func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	var resp *http.Response
	err := errors.New("the receiver closed the connection")
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%w: panic: %v", err, p)
			}
		}()
		recorder := httptest.NewRecorder()
		d.ServeHTTP(recorder, req)
		resp, err = recorder.Result(), nil
	}()
	select {
	case <-done:
		return resp, err
	case <-req.Context().Done():
		return nil, context.Cause(req.Context())
	}
}
