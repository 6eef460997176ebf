package transport

import (
	"log/slog"
	"time"
)

// Event is something that happens to a call on its way.
type Event struct {
	Kind     Kind
	Method   string
	Template string
	Attempt  int           // requests sent so far
	Status   int           // of the last response; 0 if there was none
	Wait     time.Duration // of KindRetry, KindPause and KindWait
	Took     time.Duration // of KindEnd: the attempt, from connecting to the last byte
	Err      error         // where there was no response; without secrets
}

// Kind says what happened.
type Kind string

// The kinds of events.
const (
	KindStart  Kind = "attempt_start" // a request is being sent
	KindEnd    Kind = "attempt_end"   // its response is there, or it failed
	KindRetry  Kind = "retry"         // it will be sent again, after Wait
	KindPause  Kind = "pause"         // the server refused for its rate: all calls hold back for Wait
	KindWait   Kind = "wait"          // the call was held for Wait: by a pause, the pacing or the limiter
	KindGiveUp Kind = "give_up"       // a failure that might have passed, or a wait, ends the call
)

// emit tells the observer, where there is one, of an event of k.
func (k *call) emit(e Event) {
	if k.cfg.Observer != nil {
		e.Method, e.Template, e.Attempt = k.req.Method, k.req.Template, k.resp.Attempts
		k.cfg.Observer(e)
	}
}

// log logs a line, where there is a logger.
func (k *call) log(level slog.Level, message string, attrs ...slog.Attr) {
	if k.cfg.Logger != nil {
		k.cfg.Logger.LogAttrs(k.ctx, level, k.cfg.Name+": "+message, attrs...)
	}
}

// report tells the observer and the log what a came to and what follows from it: the log
// without query, id, body and secrets.
func (k *call) report(a *attempt, s situation, d decision) {
	if s.longer {
		k.emit(Event{Kind: KindPause, Status: a.Status, Wait: s.pause})
	}
	failure := a.err != nil || s.fate.again
	switch {
	case failure && d.again:
		k.emit(Event{Kind: KindRetry, Status: a.Status, Err: a.err, Wait: d.wait})
	case failure:
		k.emit(Event{Kind: KindGiveUp, Status: a.Status, Err: a.err})
	}
	if k.cfg.Logger == nil || !k.cfg.Logger.Enabled(k.ctx, slog.LevelDebug) {
		return
	}
	method, path := slog.String("method", k.req.Method), slog.String("path", k.req.Template)
	if !a.sent() {
		k.log(slog.LevelDebug, "gave up waiting", method, path,
			slog.Int("attempts", k.resp.Attempts), slog.String("error", a.err.Error()))
		return
	}
	attrs := append(make([]slog.Attr, 0, 9), method, path,
		slog.Int("status", a.Status), // 0 where no response came
		slog.Duration("duration", a.took),
		slog.Int("attempt", k.resp.Attempts),
		slog.Duration("waited", a.waited), // by backoff, pause and limits before this attempt
	)
	if a.err != nil {
		attrs = append(attrs, slog.String("error", a.err.Error()))
	}
	switch {
	case d.again:
		attrs = append(attrs, slog.Duration("retry_in", d.wait))
	case failure:
		attrs = append(attrs, slog.Bool("gave_up", true))
	}
	k.log(slog.LevelDebug, "attempt", attrs...)
}
