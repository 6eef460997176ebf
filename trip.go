package motive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// trip is one call on its way: what is sent, what has happened so far, and what
// came back. It travels in the context of the request, since the hooks of
// retryablehttp see nothing else of a call.
type trip struct {
	core     *core
	method   string
	template path
	path     string
	query    string
	body     []byte
	secrets  []string

	try        int           // of the retry loop, from 1
	judged     int           // the last try that again has decided on
	sent       int           // requests that reached the transport
	credential string        // the secret they carried
	wait       time.Duration // to keep before the next try
	waited     time.Duration // before the last one
	ambiguous  bool          // a write was sent and nothing certain came back
	last       string        // how the last try failed
	retrying   bool          // another try is due
	tried      tryReport     // on the last try

	caller     context.Context
	tryContext context.Context // of caller, and ends with the time of one try
	cancelTry  context.CancelFunc
	dialled    atomic.Bool // a connection was asked for
	connected  atomic.Bool // and had

	answer answer
}

// answer is what came back: the final status, headers and body.
type answer struct {
	status     int
	header     http.Header
	body       []byte // valid until the call returns
	pagination Pagination

	buf *bytes.Buffer
}

// tryReport is what is logged of a try, once it is known what follows from it.
type tryReport struct {
	status  int
	err     error
	took    time.Duration
	pending bool
}

type tripKey struct{}

func tripOf(ctx context.Context) *trip {
	t, _ := ctx.Value(tripKey{}).(*trip)
	return t
}

// send goes through flow control and the retry loop. Its error is the cause
// alone; fail says what it means for the call.
func (t *trip) send(ctx context.Context, query url.Values) error {
	target := t.core.base + t.path
	if t.query = query.Encode(); t.query != "" {
		target += "?" + t.query
	}
	var body any // a nil []byte would count as an empty body
	if t.body != nil {
		body = t.body
	}
	t.caller = ctx
	ctx = context.WithValue(ctx, tripKey{}, t)
	req, err := retryablehttp.NewRequestWithContext(ctx, t.method, target, body)
	if err != nil {
		return err
	}
	req.SetResponseHandler(t.read)
	t.core.flow.called()
	if err := t.hold(ctx); err != nil {
		t.core.watch.leftWaiting(t, err)
		return err
	}
	if _, err := t.core.client.Do(req); err != nil { // read has taken the answer
		err = t.cause(ctx, err)
		if t.retrying {
			t.core.watch.leftWaiting(t, err)
		}
		return err
	}
	if !t.answer.ok() {
		return t.apiError()
	}
	return nil
}

// hold waits until the next try may be sent.
func (t *trip) hold(ctx context.Context) error {
	t.logTry()
	start := time.Now()
	err := t.core.flow.wait(ctx, t.wait)
	t.waited = time.Since(start)
	if held := t.waited - t.wait; err == nil && held > time.Millisecond {
		t.core.watch.happened(t, EventWait, nil, nil, held)
	}
	return err
}

// logTry logs the last try, unless that has been done.
func (t *trip) logTry() {
	if t.tried.pending {
		t.core.watch.tried(t)
		t.tried.pending = false
	}
}

// errTooLarge is the read error of a body over the cap; see [WithMaxBodySize].
var errTooLarge = errors.New("the body is larger than the client accepts")

// read takes in the body of an answer, as far as it is wanted: a success up to
// the client's cap, an error up to what an APIError keeps. What cannot be read
// of an error is let go: its status says enough.
func (t *trip) read(resp *http.Response) error {
	defer t.endTry()
	defer resp.Body.Close()
	a := &t.answer
	a.release(&t.core.buffers)
	a.status, a.header, a.buf = resp.StatusCode, resp.Header, t.core.buffers.get()
	limit := t.core.maxBody
	if !a.ok() {
		limit = maxErrorBody
	}
	if a.ok() && resp.ContentLength > limit {
		_, _ = a.buf.ReadFrom(io.LimitReader(resp.Body, min(limit, maxErrorBody)))
		a.body = a.buf.Bytes()
		return errTooLarge
	}
	if resp.ContentLength > 0 {
		a.buf.Grow(int(min(resp.ContentLength, limit, growAhead)) + bytes.MinRead)
	}
	n, err := a.buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	a.body = a.buf.Bytes()
	if !a.ok() {
		a.body = a.body[:min(n, limit)]
		return nil
	}
	if n > limit {
		a.body = a.body[:limit]
		return errTooLarge
	}
	t.tried.err = t.tryError(err)
	return t.tried.err
}

const (
	maxErrorBody = 64 << 10
	growAhead    = 1 << 20 // a Content-Length is a claim: believe it up to here
)

func (a *answer) ok() bool { return a.status >= 200 && a.status <= 299 }

func (a *answer) release(pool *bufferPool) {
	if a.buf != nil {
		pool.put(a.buf)
		a.buf, a.body = nil, nil
	}
}

// end reports the answer to the caller and lets go of it.
func (t *trip) end(o callOptions) {
	t.logTry()
	o.report(t)
	t.endTry()
	t.answer.release(&t.core.buffers)
}

// startTry begins a try with its own time limit. A write learns on the way
// whether it got a connection, since without one it did not leave.
func (t *trip) startTry(ctx context.Context, limit time.Duration) context.Context {
	t.logTry()
	t.endTry()
	t.sent++
	t.retrying = false
	t.answer.release(&t.core.buffers)
	t.answer.status, t.answer.header = 0, nil
	t.dialled.Store(false)
	t.connected.Store(false)
	t.tryContext, t.cancelTry = context.WithTimeout(ctx, limit)
	if t.method == http.MethodGet {
		return t.tryContext
	}
	return httptrace.WithClientTrace(t.tryContext, &httptrace.ClientTrace{
		GetConn: func(string) { t.dialled.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	})
}

// unconnected reports whether the last try is known to have had no connection.
// A transport that does not trace leaves that open.
func (t *trip) unconnected() bool { return t.dialled.Load() && !t.connected.Load() }

// endTry stops the clock of the current try.
func (t *trip) endTry() {
	if t.cancelTry != nil {
		t.cancelTry()
		t.cancelTry = nil
	}
}

// tryError is an error of the transport as it may be shown. It says so where a
// try failed because its own time was up rather than the caller's.
func (t *trip) tryError(err error) error {
	if err == nil {
		return nil
	}
	err = t.cleaned(err)
	if t.caller.Err() != nil || t.tryContext.Err() == nil {
		return err
	}
	return fmt.Errorf("no full answer within the attempt timeout: %w", err)
}

// fail turns the cause of a failure into the error of the call: an
// OutcomeUnknownError for a write that may have happened, else the cause with
// what was being done.
func (t *trip) fail(err error) error {
	if t.ambiguous && !errors.Is(err, ErrTestMode) {
		return &OutcomeUnknownError{Method: t.method, Path: t.path, Attempts: t.sent, Err: err}
	}
	var api *APIError
	if errors.As(err, &api) {
		return err
	}
	return fmt.Errorf("motive: %s %s: %w (%s)", t.method, t.path, err, attempts(t.sent))
}

// cause is what ended the retry loop, and how the last try failed where that is
// something else.
func (t *trip) cause(ctx context.Context, err error) error {
	if errors.Is(err, errTooLarge) {
		return t.unexpected(err)
	}
	err = stripURL(err)
	if ctx.Err() != nil {
		err = contextError(ctx)
	}
	if t.last != "" && t.last != err.Error() {
		return fmt.Errorf("%w; the last try failed with %s", err, t.last)
	}
	return err
}

// stripURL takes off the wrapper of net/http, which shows the URL and its query.
func stripURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

var jsonContent = []string{"application/json"}

// unexpected is the error of a 2xx answer that is not what the call promises.
// For a write it leaves open what happened.
func (t *trip) unexpected(err error) error {
	api := t.apiError()
	api.Message, api.err = err.Error(), ErrUnexpectedResponse
	if t.testMode(err) {
		api.Message, api.err = "nothing was stored: so answers an API key in test mode, which checks a request and no more", ErrTestMode
		return api
	}
	t.ambiguous = t.ambiguous || t.method != http.MethodGet
	return api
}

// testMode reports whether an answer without a record is that of a key in test
// mode: 200 rather than 201 to a create, or the words themselves.
func (t *trip) testMode(err error) bool {
	if t.answer.status != http.StatusOK || t.method == http.MethodGet || errors.Is(err, errTooLarge) {
		return false
	}
	body := bytes.TrimSpace(t.answer.body)
	if bytes.Contains(bytes.ToLower(body[:min(len(body), 4096)]), []byte("test mode")) {
		return true
	}
	noRecord := errors.Is(err, errNoUser) || errors.Is(err, errNoExternalID)
	words := len(body) == 0 || !bytes.ContainsAny(body[:1], "<{[") // neither a page nor JSON that broke off
	return t.method == http.MethodPost && (noRecord || words)
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// bufferPool keeps the buffers that bodies are read into.
type bufferPool struct{ pool sync.Pool }

// keepBuffer is the largest buffer worth keeping: some pages of 100 full users.
const keepBuffer = 2 << 20

func (p *bufferPool) get() *bytes.Buffer {
	if b, ok := p.pool.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return new(bytes.Buffer)
}

func (p *bufferPool) put(b *bytes.Buffer) {
	if b.Cap() <= keepBuffer {
		p.pool.Put(b)
	}
}
