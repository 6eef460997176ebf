package motive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/hashicorp/go-retryablehttp"
)

// Version is this module's version, as it stands in the User-Agent.
const Version = "0.1.0"

// DefaultBaseURL is where the API is served. The older
// https://api.keeptruckin.com works as well, through [WithBaseURL].
const DefaultBaseURL = "https://api.gomotive.com"

// Client calls the API with one credential. It is safe for concurrent use, and
// meant to be made once and kept: it holds the connections, the rate limit and
// the pause that a 429 asks for.
type Client struct {
	Users       *UsersService       // /v1/users
	ExternalIDs *ExternalIDsService // /v1/external_ids
	UserRoles   *UserRolesService   // /v1/user_roles

	core *core
}

// NewClient returns a client that authenticates with exactly one of
// [WithAccessToken], [WithAPIKey], [WithTokenSource] and [WithOAuth2]. It does
// no I/O. The error names every option that is wrong.
func NewClient(opts ...Option) (*Client, error) {
	cfg := defaultConfig()
	for _, opt := range opts {
		if opt != nil {
			opt(cfg)
		}
	}
	return newClient(cfg)
}

// NewClientFromEnv returns a client whose credential is MOTIVE_ACCESS_TOKEN or
// MOTIVE_API_KEY of the environment, and whose base URL is MOTIVE_BASE_URL where
// that is set. Options come on top; a credential among them counts as a second
// one and is an error where the environment has one too.
func NewClientFromEnv(opts ...Option) (*Client, error) {
	var env []Option
	if token, ok := os.LookupEnv("MOTIVE_ACCESS_TOKEN"); ok && token != "" {
		env = append(env, withHeaderCredential("MOTIVE_ACCESS_TOKEN", bearer, token))
	}
	if key, ok := os.LookupEnv("MOTIVE_API_KEY"); ok && key != "" {
		env = append(env, withHeaderCredential("MOTIVE_API_KEY", apiKey, key))
	}
	if base, ok := os.LookupEnv("MOTIVE_BASE_URL"); ok && base != "" {
		env = append(env, WithBaseURL(base))
	}
	return NewClient(append(env, opts...)...)
}

func newClient(cfg *config) (*Client, error) {
	core, err := newCore(cfg)
	if err != nil {
		return nil, fmt.Errorf("motive: %w", err)
	}
	c := &Client{core: core}
	c.Users = &UsersService{core}
	c.ExternalIDs = &ExternalIDsService{core}
	c.UserRoles = &UserRolesService{core}
	return c, nil
}

// CloseIdleConnections closes the connections that no call is using. A program
// that makes one client and keeps it has no need of it.
func (c *Client) CloseIdleConnections() {
	if t, ok := c.core.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// core is what the services share. From the outside in, a call passes
//
//	do → flow (rate limit, pause after a 429) → retryablehttp (retry.go)
//	   → http.Client (no redirects) → guard (auth.go) → transport
//
// and back: the body is read inside the retry loop, so that an answer cut off
// is sent for again where that is safe.
type core struct {
	base      string // scheme, host and path prefix, without a trailing slash
	retry     RetryPolicy
	maxBody   int64
	transport http.RoundTripper
	client    *retryablehttp.Client
	flow      *flow
	watch     watcher
	buffers   bufferPool
}

func newCore(cfg *config) (*core, error) {
	base, err := parseBaseURL(cfg.baseURL, cfg.insecureHTTP)
	problems := append(cfg.problems, err)
	credential, err := cfg.credential()
	problems = append(problems, err, cfg.retry.check())
	if err := errors.Join(problems...); err != nil {
		return nil, oneLine(err)
	}
	c := &core{
		base:      strings.TrimSuffix(base.String(), "/"),
		retry:     cfg.retry.withDefaults(),
		maxBody:   cfg.maxBody,
		transport: cfg.transport,
		flow:      newFlow(cfg.perSecond, cfg.burst),
		watch:     watcher{cfg.logger, cfg.observer},
	}
	if c.transport == nil {
		c.transport = newTransport()
	}
	guard := &guard{
		scheme: base.Scheme, host: base.Host, header: cfg.header, timeout: cfg.attemptTimeout,
		auth: credential(c), next: c.transport,
	}
	c.client = newRetryClient(c, &http.Client{
		Transport:     guard,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	return c, nil
}

// request is what a service method wants sent.
type request struct {
	method  string
	path    path
	id      int64 // fills the {id} of path
	query   url.Values
	body    any
	secrets []string // values of the body that no error may show
}

// do sends r and decodes the answer. It is the whole way of every call.
func do[T any](ctx context.Context, c *core, r request, o callOptions, decode func(*answer) (T, error)) (T, error) {
	var none T
	if ctx == nil {
		return none, errors.New("motive: the context is nil: pass context.Background() where there is no other")
	}
	t := &trip{core: c, method: r.method, template: r.path, path: r.path.with(r.id), secrets: r.secrets}
	defer t.end(o)
	if r.body != nil {
		body, err := json.Marshal(r.body)
		if err != nil {
			return none, fmt.Errorf("motive: %s %s: encoding the body: %w", t.method, t.path, err)
		}
		if string(body) == "null" { // of a nil pointer that SkipValidation let through
			return none, fmt.Errorf("motive: %s %s: the request is nil", t.method, t.path)
		}
		t.body = body
	}
	err := t.send(ctx, r.query)
	if err != nil {
		return none, t.fail(err)
	}
	v, err := decode(&t.answer)
	if err != nil {
		return none, t.fail(t.unexpected(err))
	}
	return v, nil
}

// path is a path under the base URL, with {id} for the id of a record. Logs and
// events carry it as it stands, so that they carry no ids.
type path string

func (p path) with(id int64) string {
	before, after, found := strings.Cut(string(p), "{id}")
	if !found {
		return string(p)
	}
	return before + formatID(id) + after
}
