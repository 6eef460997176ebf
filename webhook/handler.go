package webhook

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"time"
)

const (
	// MaxBody is the largest body that [Handler] reads, in bytes. A user is a few
	// thousand.
	MaxBody = 1 << 20
	// Timeout is how long [Handler] takes for a delivery at most, reading and
	// callback together. Motive waits three seconds, of which half a second is left
	// for the network.
	Timeout = 2500 * time.Millisecond
)

// Handler receives the deliveries of a webhook with the given shared secret and
// hands each event to callback. It panics if callback is nil.
//
// It responds with
//   - 200 to an event for which callback returned nil, and to a registration check,
//     of which callback is not told;
//   - 400 to a signed body that is no event, or that breaks off;
//   - 401 to a signature that is missing, malformed or does not match;
//   - 413 to a body of more than [MaxBody] bytes;
//   - 500 if callback returned an error, and to everything while secret is empty;
//   - 503 if [Timeout] has passed.
//
// Motive repeats a delivery whose response is not 2xx: an error of callback asks
// for the event to be delivered again. The error itself is not shown to the sender,
// nor anywhere else; callback logs what is worth logging.
//
// The context of callback is that of the request, with a deadline: it ends when
// [Timeout] has passed since the request arrived, or the sender has gone. A callback
// that does not heed it goes on by itself while 503 is sent, and meets the repeated
// delivery a minute later. Work that may take longer belongs in a queue, from which
// it is done after the callback has returned.
//
// [Timeout] is also set as the read deadline of the connection, so that a body that
// stalls holds nothing up.
//
// A panic of callback is passed on to the goroutine of the request, where net/http
// and middleware find it as usual; one that comes after the 503 is written to the
// server's ErrorLog. Neither ends the process.
func Handler(secret string, callback func(context.Context, *Event) error) http.Handler {
	if callback == nil {
		panic("webhook: Handler with a nil callback")
	}
	return &receiver{secret, callback}
}

type receiver struct {
	secret   string
	callback func(context.Context, *Event) error
}

// outcome is what became of a delivery.
type outcome struct {
	status  int
	problem string // "" for success
	panic   any    // nil if there was none
}

var (
	late       = outcome{status: http.StatusServiceUnavailable, problem: "webhook: the event was not handled in time"}
	notHandled = outcome{status: http.StatusInternalServerError, problem: "webhook: the event was not handled"}
)

// ServeHTTP waits for the delivery to be handled, but no longer than Timeout: code
// that does not heed its context must not make the response late.
func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), Timeout)
	defer cancel()
	// Where a body stalls, net/http waits for the rest of it before it sends any
	// response. Whoever calls ServeHTTP without a connection has no such deadline.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(Timeout))
	done := make(chan outcome) // unbuffered: an outcome is taken here or nowhere
	go h.run(r.WithContext(ctx), done)

	select {
	case o := <-done:
		respond(w, o)
	case <-ctx.Done():
		respond(w, late)
	}
}

// run handles the delivery r on a goroutine of its own, where a panic would end the
// process.
func (h *receiver) run(r *http.Request, done chan<- outcome) {
	o := notHandled // which remains if the callback ends its goroutine, as t.FailNow does
	defer func() {
		stack := []byte(nil)
		if o.panic = recover(); o.panic != nil {
			stack = debug.Stack()
		}
		select {
		case done <- o:
		case <-r.Context().Done():
			logLate(r, o.panic, stack)
		}
	}()
	o = h.handle(r)
}

func (h *receiver) handle(r *http.Request) outcome {
	// One byte more than allowed shows that there are too many.
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return late
	}
	if err != nil {
		return outcome{status: http.StatusBadRequest, problem: "webhook: the body broke off"}
	}
	if len(body) > MaxBody {
		return outcome{status: http.StatusRequestEntityTooLarge, problem: "webhook: the body is too large"}
	}
	switch err := Verify(h.secret, body, r.Header.Get(SignatureHeader)); {
	case errors.Is(err, ErrNoSecret):
		return outcome{status: http.StatusInternalServerError, problem: err.Error()}
	case err != nil:
		return outcome{status: http.StatusUnauthorized, problem: err.Error()}
	}
	event, err := Parse(body)
	switch {
	case errors.Is(err, ErrRegistrationCheck):
		return outcome{status: http.StatusOK}
	case err != nil:
		return outcome{status: http.StatusBadRequest, problem: err.Error()}
	}
	err = h.callback(r.Context(), event)
	switch {
	case err == nil:
		return outcome{status: http.StatusOK}
	case r.Context().Err() != nil:
		return late // the error is most likely that of the context
	default:
		return notHandled
	}
}

func respond(w http.ResponseWriter, o outcome) {
	switch {
	case o.panic != nil:
		panic(o.panic)
	case o.problem != "":
		http.Error(w, o.problem, o.status)
	default:
		w.WriteHeader(o.status)
	}
}

// logLate reports a panic that nobody waits for, where net/http would report it.
func logLate(r *http.Request, value any, stack []byte) {
	if value == nil || value == http.ErrAbortHandler {
		return
	}
	printf := log.Printf
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ErrorLog != nil {
		printf = s.ErrorLog.Printf
	}
	printf("webhook: panic in a callback after its time was over: %v\n%s", value, stack)
}
