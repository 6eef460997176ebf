package motive

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Event is something that happens to a call beside its result, for
// [WithObserver]: metrics and alarms are built from it.
type Event struct {
	Kind EventKind
	// Method and Path say which call; Path is a template, "/v1/users/{id}". Both
	// are empty for EventTokenError.
	Method, Path string
	Attempt      int           // requests sent so far
	StatusCode   int           // of the last answer; 0 if there was none
	Wait         time.Duration // of EventRetry and EventPause
	Err          error         // of the transport where there was no answer, or of the token
}

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventRetry      EventKind = "retry"       // the request will be sent again, after Wait
	EventPause      EventKind = "pause"       // a 429: the whole client holds back for Wait
	EventGiveUp     EventKind = "give_up"     // a failure that might have passed ends the call
	EventSettle     EventKind = "settle"      // a create with an unknown outcome is being looked up
	EventTokenError EventKind = "token_error" // a token could not be refreshed or saved
)

// watcher reports to the logger and the observer, where there is one.
type watcher struct {
	logger   *slog.Logger
	observer func(Event)
}

// tried logs one try: never a query value, a body or a secret.
func (w watcher) tried(ctx context.Context, t *trip, resp *http.Response, err error, took time.Duration) {
	if w.logger == nil || !w.logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	outcome := slog.Int("status", statusOf(resp))
	if err != nil {
		outcome = slog.String("error", err.Error())
	}
	w.logger.LogAttrs(ctx, slog.LevelDebug, "motive: try",
		slog.String("method", t.method),
		slog.String("path", string(t.template)),
		outcome,
		slog.Duration("duration", took),
		slog.Int("attempt", t.sent),
		slog.Duration("waited", t.waited), // by backoff, pause and rate limit before this try
	)
}

// happened tells the observer of an event that the log shows by other means.
func (w watcher) happened(t *trip, kind EventKind, resp *http.Response, err error, wait time.Duration) {
	if w.observer == nil {
		return
	}
	w.observer(Event{
		Kind: kind, Method: t.method, Path: string(t.template),
		Attempt: t.sent, StatusCode: statusOf(resp), Wait: wait, Err: err,
	})
}

// gaveUp reports a failure that might have passed and that ends the call.
func (w watcher) gaveUp(ctx context.Context, t *trip, resp *http.Response, err error) {
	if w.logger != nil {
		w.logger.LogAttrs(ctx, slog.LevelDebug, "motive: gave up",
			slog.String("method", t.method),
			slog.String("path", string(t.template)),
			slog.Int("attempts", t.sent),
			slog.String("last", t.last),
		)
	}
	w.happened(t, EventGiveUp, resp, err, 0)
}

func statusOf(resp *http.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

// tokenError reports a failure of a token's refresh or save that no call may
// see, since an older token still serves.
func (w watcher) tokenError(err error) {
	if w.logger != nil {
		w.logger.Warn("motive: "+string(EventTokenError), "error", err)
	}
	if w.observer != nil {
		w.observer(Event{Kind: EventTokenError, Err: err})
	}
}
