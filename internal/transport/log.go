package transport

import (
	"log/slog"
	"time"
)

// watcher reports to the logger and the observer, where there is one.
type watcher struct {
	logger   *slog.Logger
	observer func(Event)
	name     string
}

// observe counts and times an attempt, and takes the secrets out of its error.
func observe(w watcher) stage {
	return func(next sender) sender {
		return func(a *attempt) error {
			k := a.call
			k.sent++
			a.sent = true
			w.tell(Event{Kind: KindStart}, k)
			a.began = time.Now()
			err := next(a)
			if err != nil {
				err = k.clean(stripURL(err))
			}
			a.took = time.Since(a.began)
			w.tell(Event{Kind: KindEnd, Status: a.status, Took: a.took, Err: err}, k)
			return err
		}
	}
}

// tell tells the observer of an event of k.
func (w watcher) tell(e Event, k *call) {
	if w.observer == nil {
		return
	}
	e.Method, e.Template, e.Attempt = k.req.Method, k.req.Template, k.sent
	w.observer(e)
}

// decided reports what follows from a: another attempt or, if it failed, the end.
func (w watcher) decided(a *attempt, retry bool, s situation) {
	k, gaveUp := a.call, !retry && (a.err != nil || s.fate != final)
	w.logAttempt(a, retry, gaveUp, s.wait)
	switch {
	case gaveUp:
		w.tell(Event{Kind: KindGiveUp, Status: a.status, Err: a.err}, k)
	case retry && s.fate != final:
		w.tell(Event{Kind: KindRetry, Status: a.status, Err: a.err, Wait: s.wait}, k)
	}
}

// logAttempt logs an attempt and what follows from it: never a query, an id, a body
// or a secret.
func (w watcher) logAttempt(a *attempt, retry, gaveUp bool, wait time.Duration) {
	k := a.call
	if w.logger == nil || !w.logger.Enabled(k.ctx, slog.LevelDebug) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 9),
		slog.String("method", k.req.Method),
		slog.String("path", k.req.Template),
		slog.Int("status", a.status), // 0 where no response came
		slog.Duration("duration", a.took),
		slog.Int("attempt", k.sent),
		slog.Duration("waited", a.waited), // by backoff, pause and limits before this attempt
	)
	if a.err != nil {
		attrs = append(attrs, slog.String("error", a.err.Error()))
	}
	switch {
	case retry:
		attrs = append(attrs, slog.Duration("retry_in", wait))
	case gaveUp:
		attrs = append(attrs, slog.Bool("gave_up", true))
	}
	w.logger.LogAttrs(k.ctx, slog.LevelDebug, w.name+": attempt", attrs...)
}

// leftWaiting reports a call that ended before another attempt was sent.
func (w watcher) leftWaiting(k *call, err error) {
	if w.logger != nil {
		w.logger.LogAttrs(k.ctx, slog.LevelDebug, w.name+": gave up waiting",
			slog.String("method", k.req.Method),
			slog.String("path", k.req.Template),
			slog.Int("attempts", k.sent),
			slog.String("error", err.Error()),
		)
	}
	w.tell(Event{Kind: KindGiveUp, Err: err}, k)
}

// limiterFailed reports that a limiter could not be told of a pause.
func (w watcher) limiterFailed(k *call, err error) {
	if w.logger != nil {
		w.logger.LogAttrs(k.ctx, slog.LevelWarn, w.name+": the limiter was not told of a pause",
			slog.String("error", k.clean(err).Error()))
	}
}
