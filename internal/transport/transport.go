// Package transport sends one call with every guarantee: repeated only where that
// is safe, held to the rate that the server can take, never later than its
// context, and with the credential shown to nobody but the server.
//
// It says what happened and never what that means: a status of 404 or 500 is a
// response like any other.
package transport

import (
	"bytes"
	"cmp"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/motive-go/motive/internal/redact"
)

// send takes an attempt through its stages, until one fails. A call (call.go) comes here
// once an attempt, from the loop (loop.go), for as long as decide (retry.go) says so.
func (c *Client) send(a *attempt) error {
	for _, stage := range [...]func(*attempt) error{
		c.gate.waitTurn, // gate.go: until backoff, pause, pacing and limiters allow it
		c.authenticate,  // auth.go: with the credential, to the base URL's host alone
		c.gate.waitTurn, // and again where the credential took so long that the turn is stale
		c.exchange,      // exchange.go: the request for a response and its body
	} {
		if err := stage(a); err != nil {
			return err
		}
	}
	return nil
}

// Client sends calls with one credential to one server, any number at a time.
type Client struct {
	cfg     Config
	base    string // without a trailing slash
	gate    *gate
	budget  budget
	buffers sync.Pool // of *bytes.Buffer, which bodies are read into
}

// New returns a client. It does no I/O.
func New(cfg Config) *Client {
	cfg.Policy = cfg.Policy.WithDefaults()
	cfg.AttemptTimeout = cmp.Or(cfg.AttemptTimeout, time.Minute)
	cfg.MaxBody = min(cmp.Or(cfg.MaxBody, 64<<20), math.MaxInt64-1) // one byte more is read
	return &Client{
		cfg:     cfg,
		base:    strings.TrimSuffix(cfg.BaseURL.String(), "/"),
		gate:    newGate(cfg.Limiters, cfg.Policy, cfg.AttemptTimeout),
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

// RoundTripper returns what requests are sent with.
func (c *Client) RoundTripper() http.RoundTripper { return c.cfg.RoundTripper }

// Config is what a [Client] is made of: it needs BaseURL, Credential and RoundTripper.
type Config struct {
	// BaseURL is where every path begins: a scheme, a host and perhaps a prefix.
	// The credential goes to its scheme and host and nowhere else.
	BaseURL *url.URL
	// Header goes with every request. It is not modified.
	Header     http.Header
	Credential Credential
	// RoundTripper sends a request. It must return when the context of the request
	// ends, and so must reading the body.
	RoundTripper http.RoundTripper
	Policy       Policy
	// Limiters are asked before each attempt, each of them. [rate.Limiter] is one.
	Limiters []Limiter
	// AttemptTimeout limits each attempt, from connecting to the last byte of the
	// body; default 60 s.
	AttemptTimeout time.Duration
	// MaxBody is the size of the largest body of a success, in bytes; default 64
	// MiB. Of any other response the first 64 KiB are read.
	MaxBody  int64
	Logger   *slog.Logger // nil: no log
	Observer func(Event)  // nil: no events; called in the middle of a call
	Name     string       // of the client, in front of each log message
}

// Request is one call.
type Request struct {
	Method   string
	Path     string // what follows the base URL: escaped, and begun by a slash
	Template string // the path as logs and events show it, without ids: "/v1/users/{id}"; "" for Path
	Query    url.Values
	Body     []byte   // JSON; nil for none
	Secrets  []string // values of the body that no text may show
}

// Reply is what came back of a request: after an error as far as it came.
type Reply struct {
	Status    int         // 0 unless a response had begun
	Header    http.Header // as it came: it may repeat a secret, and so may Body
	Body      []byte
	Truncated bool // there may be more of Body: it was cut at a limit, or broke off
}

// Response is what came back in the end and what it took, also after an error.
type Response struct {
	Reply // its Body is valid until Release

	Attempts  int           // requests that were sent
	Earlier   []Attempt     // those that did not end in this response, in order; after an error all
	Began     time.Time     // when the call began
	FirstTook time.Duration // how long the first attempt took; 0 if nothing was sent

	call *call
}

// Attempt is one request that was sent.
type Attempt struct {
	Status    int   // 0 if no response came
	Err       error // nil if a response came in full; without secrets
	NeverSent bool  // provably no byte of the request left
}

// Redact returns the secrets of the request and every credential it was sent with.
func (r *Response) Redact() *redact.Set { return redact.New(r.call.secrets...) }

// Release gives up Body. It may be called more than once.
func (r *Response) Release() {
	r.call.release()
	r.Body = nil
}
