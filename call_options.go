package motive

import (
	"bytes"
	"fmt"
	"net/http"
)

// CallOption changes a single call. Every method takes any number of them.
type CallOption func(*callOptions)

type callOptions struct {
	response *Response
	skip     bool
	strict   bool
	current  *User
}

func gather(opts []CallOption) callOptions {
	if len(opts) == 0 {
		return callOptions{}
	}
	var o callOptions
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.response != nil {
		*o.response = Response{} // of an earlier call, should this one not come to an answer
	}
	return o
}

// check returns the verdict of pre-flight validation, unless the call skips it.
func (o callOptions) check(err error) error {
	if o.skip {
		return nil
	}
	return err
}

// Response is what is known of the last answer to a call, for [WithResponse].
type Response struct {
	StatusCode int         // 0 if no answer came
	Header     http.Header // with the secrets of the call blotted out
	RequestID  string      // X-Request-Id of the answer
	Attempts   int         // how often the request was sent
	Pagination Pagination  // of a list; else zero
}

// WithResponse fills r when the call returns, also when it fails. In
// [UsersService.All] it holds the last page's; after a create that was settled,
// the answer that settled it.
func WithResponse(r *Response) CallOption { return func(o *callOptions) { o.response = r } }

// SkipValidation sends the call without pre-flight validation, should Motive
// accept what this version refuses. An id that is not positive is refused all
// the same, for it names nothing.
func SkipValidation() CallOption { return func(o *callOptions) { o.skip = true } }

// StrictValidation also refuses exception_adverse_driving, which stands in no
// cycle's row of Motive's table but is accepted by its create endpoint.
func StrictValidation() CallOption { return func(o *callOptions) { o.strict = true } }

// Against judges an update on what the user would be afterwards: current with
// the update merged into it. It catches, say, leaving a cycle whose exceptions
// are still on. Without it an update is judged on what it contains.
func Against(current *User) CallOption { return func(o *callOptions) { o.current = current } }

// report fills the Response that the caller asked for.
func (o callOptions) report(t *trip) {
	if o.response == nil {
		return
	}
	*o.response = Response{
		StatusCode: t.answer.status,
		Header:     t.scrubHeader(),
		RequestID:  t.requestID(),
		Attempts:   t.sent,
		Pagination: t.answer.pagination,
	}
}

func (t *trip) requestID() string {
	return printable(t.scrub(t.answer.header.Get("X-Request-Id")), 128)
}

// scrubHeader is the header of the answer without the secrets of the call, since
// a Response is likely to be printed.
func (t *trip) scrubHeader() http.Header {
	header := t.answer.header.Clone()
	all := []byte(fmt.Sprint(header))
	if bytes.Equal(t.scrubBytes(all), all) {
		return header // as nearly always, in one go
	}
	for _, values := range header {
		for i, value := range values {
			values[i] = t.scrub(value)
		}
	}
	return header
}
