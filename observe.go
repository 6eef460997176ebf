package motive

import (
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
	Wait         time.Duration // of EventRetry, EventPause and EventWait
	Err          error         // of the transport where there was no answer, or of the token
}

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventRetry      EventKind = "retry"       // the request will be sent again, after Wait
	EventPause      EventKind = "pause"       // a 429: the whole client holds back for Wait
	EventWait       EventKind = "wait"        // the call was held for Wait, by a pause or the rate limit
	EventGiveUp     EventKind = "give_up"     // a failure that might have passed, or a wait, ends the call
	EventReconcile  EventKind = "settle"      // a create with an unknown outcome is being looked up
	EventTokenError EventKind = "token_error" // a token could not be refreshed or saved
)

// watcher reports to the logger and the observer, where there is one.
type watcher struct {
	logger   *slog.Logger
	observer func(Event)
}

// tried logs the try that t has come back from, and what follows from it: never
// a query value, a body or a secret.
func (w watcher) tried(t *trip) {
	ctx, try := t.caller, t.tried
	if w.logger == nil || !w.logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 9),
		slog.String("method", t.method),
		slog.String("path", string(t.template)),
		slog.Int("status", try.status), // 0 where no answer came
		slog.Duration("duration", try.took),
		slog.Int("attempt", t.sent),
		slog.Duration("waited", t.waited), // by backoff, pause and rate limit before this try
	)
	if try.err != nil {
		attrs = append(attrs, slog.String("error", try.err.Error()))
	}
	if t.retrying {
		attrs = append(attrs, slog.Duration("retry_in", t.wait))
	}
	if t.judged == t.try && !t.retrying {
		attrs = append(attrs, slog.Bool("gave_up", true))
	}
	w.logger.LogAttrs(ctx, slog.LevelDebug, "motive: try", attrs...)
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

// leftWaiting reports a call that ended while it waited for a try.
func (w watcher) leftWaiting(t *trip, err error) {
	if w.logger != nil {
		w.logger.LogAttrs(t.caller, slog.LevelDebug, "motive: gave up waiting",
			slog.String("method", t.method),
			slog.String("path", string(t.template)),
			slog.Int("attempts", t.sent),
			slog.String("error", err.Error()),
		)
	}
	w.happened(t, EventGiveUp, nil, err, 0)
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
