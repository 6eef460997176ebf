package transport

import (
	"log/slog"
	"time"
)

// tell tells the observer, where there is one, of an event of k.
func (k *call) tell(e Event) {
	if k.cfg.Observer == nil {
		return
	}
	e.Method, e.Template, e.Attempt = k.req.Method, k.req.Template, k.resp.Attempts
	k.cfg.Observer(e)
}

// log logs a line, where there is a logger: never a query, an id, a body or a secret.
func (k *call) log(level slog.Level, message string, attrs ...slog.Attr) {
	if k.cfg.Logger != nil {
		k.cfg.Logger.LogAttrs(k.ctx, level, k.cfg.Name+": "+message, attrs...)
	}
}

// decided reports what follows from a: another attempt or, if it failed, the end.
func (k *call) decided(a *attempt, retry bool, s situation) {
	failed := a.err != nil || s.fate != final
	k.logAttempt(a, retry, failed, s.wait)
	switch {
	case failed && retry:
		k.tell(Event{Kind: KindRetry, Status: a.Status, Err: a.err, Wait: s.wait})
	case failed:
		k.tell(Event{Kind: KindGiveUp, Status: a.Status, Err: a.err})
	}
}

func (k *call) logAttempt(a *attempt, retry, failed bool, wait time.Duration) {
	if k.cfg.Logger == nil || !k.cfg.Logger.Enabled(k.ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", k.req.Method),
		slog.String("path", k.req.Template),
		slog.Int("status", a.Status), // 0 where no response came
		slog.Duration("duration", a.took),
		slog.Int("attempt", k.resp.Attempts),
		slog.Duration("waited", a.waited), // by backoff, pause and limits before this attempt
	}
	if a.err != nil {
		attrs = append(attrs, slog.String("error", a.err.Error()))
	}
	switch {
	case retry:
		attrs = append(attrs, slog.Duration("retry_in", wait))
	case failed:
		attrs = append(attrs, slog.Bool("gave_up", true))
	}
	k.log(slog.LevelDebug, "attempt", attrs...)
}

// leftWaiting reports that the call ended before another attempt was sent.
func (k *call) leftWaiting(err error) {
	k.log(slog.LevelDebug, "gave up waiting",
		slog.String("method", k.req.Method),
		slog.String("path", k.req.Template),
		slog.Int("attempts", k.resp.Attempts),
		slog.String("error", err.Error()),
	)
	k.tell(Event{Kind: KindGiveUp, Err: err})
}
