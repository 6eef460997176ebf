package motive

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/text"
	"github.com/motive-go/motive/internal/transport"
)

// Client calls the API with one credential. It is safe for concurrent use, and
// meant to be made once and kept: it holds the connections, the rate limit and
// the pause that a 429 asks for.
type Client struct {
	Users       *UsersService       // /v1/users
	ExternalIDs *ExternalIDsService // /v1/external_ids
	UserRoles   *UserRolesService   // /v1/user_roles

	core *core
}

// UsersService creates, changes, finds and lists users.
//
// Motive's hub: "Overview of /users".
type UsersService core

// ExternalIDsService links users to their ids in other systems.
//
// Motive's hub: the pages on /v1/external_ids.
type ExternalIDsService core

// UserRolesService lists the roles that [CustomUserRole] refers to.
type UserRolesService core

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
	base, err := parseBaseURL(cfg.baseURL, cfg.insecureHTTP)
	cfg.transport.BaseURL = base
	cfg.refuse(err != nil, "%v", err)
	const choice = "exactly one of WithAccessToken, WithAPIKey, WithTokenSource and WithOAuth2, " +
		"or NewClientFromEnv with MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY"
	given := cfg.credentials
	cfg.refuse(len(given) == 0, "no credential: use "+choice)
	cfg.refuse(len(given) > 1, "%d credentials (%s): use "+choice, len(given), strings.Join(given, ", "))
	if len(cfg.problems) > 0 {
		return nil, errors.New("motive: " + strings.Join(cfg.problems, "; "))
	}
	core := &cfg.core
	if f := core.observer; f != nil {
		cfg.transport.Observer = func(e transport.Event) { f(eventOf(e)) }
	}
	core.transport = transport.New(cfg.transport)
	core.resend = cfg.transport.Policy.MaxAttempts != 1
	core.reconcileWait = cmp.Or(core.reconcileWait, 15*time.Second)
	return &Client{(*UsersService)(core), (*ExternalIDsService)(core), (*UserRolesService)(core), core}, nil
}

// NewClientFromEnv returns a client whose credential is MOTIVE_ACCESS_TOKEN or
// MOTIVE_API_KEY of the environment, and whose base URL is MOTIVE_BASE_URL where
// that is set. Options come on top; a credential among them counts as a second
// one and is an error where the environment has one too.
func NewClientFromEnv(opts ...Option) (*Client, error) {
	var env []Option
	if token := os.Getenv("MOTIVE_ACCESS_TOKEN"); token != "" {
		env = append(env, withFixed("MOTIVE_ACCESS_TOKEN", bearer, token))
	}
	if key := os.Getenv("MOTIVE_API_KEY"); key != "" {
		env = append(env, withFixed("MOTIVE_API_KEY", apiKey, key))
	}
	if base := os.Getenv("MOTIVE_BASE_URL"); base != "" {
		env = append(env, WithBaseURL(base))
	}
	return NewClient(append(env, opts...)...)
}

// CloseIdleConnections closes the connections that no call is using. A program
// that makes one client and keeps it has no need of it.
func (c *Client) CloseIdleConnections() {
	if c.core != nil {
		(&http.Client{Transport: c.core.transport.RoundTripper()}).CloseIdleConnections()
	}
}

// Request is a call of [Client.Do].
type Request struct {
	Method string // GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE, in any case; "" is GET
	// Path is the path under the base URL, "/v1/groups", without a query. It cannot
	// leave the base URL.
	Path  string
	Query url.Values
	// Body is encoded with encoding/json; nil for no body.
	Body any
}

// methods are those of Do: TRACE would have the server repeat the credential.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// Do sends a request to any endpoint of the API: with the same credential,
// retries, limits, redaction and errors as the calls of the services. It decodes
// the response into out with encoding/json, unless out is nil.
//
// A POST is sent once, as everywhere, and so is a PATCH. What a response proves is
// judged by its status, and by whether it fits out: an empty one or null does not,
// except that a 204, a 205 and the response to a HEAD have no body, and leave out as it
// is. With a nil out the status has to be enough, and a 202 says no more than that the
// request was taken in. A web page is never a success, nor is {"success":false} of a
// write. Of the call options it takes [WithResponse] and [WithQuery].
func (c *Client) Do(ctx context.Context, req Request, out any, opts ...CallOption) error {
	method := strings.ToUpper(cmp.Or(req.Method, http.MethodGet))
	if !slices.Contains(methods, method) {
		return fmt.Errorf("motive: the method is %s: use %s", text.Quote(req.Method), text.List(methods, "or"))
	}
	path, err := relativePath(req.Path)
	if err != nil {
		return err
	}
	r := request{Method: method, Path: path, Template: template(path), Query: req.Query}
	if req.Body != nil {
		if r, err = r.with(req.Body); err != nil {
			return err
		}
	}
	_, err = do(ctx, c.core, r, ApplyCallOptions(opts...), func(body []byte) (none struct{}, err error) {
		return none, decodeAny(body, out)
	})
	return err
}

// decodeAny reads the response to a call of Do into out, unless that is nil.
func decodeAny(body []byte, out any) error {
	body = bytes.TrimSpace(body)
	switch {
	case bytes.HasPrefix(body, []byte{'<'}):
		return errPage
	case out == nil:
		return nil
	case len(body) == 0:
		return errors.New("the response is empty")
	case string(body) == "null": // which encoding/json takes for anything
		return errors.New("the response is null")
	}
	return json.Unmarshal(body, out)
}

// relativePath refuses what is more than a path under the base URL.
func relativePath(path string) (string, error) {
	u, err := url.Parse(path)
	switch {
	case err != nil, path == "", u.Scheme != "", strings.HasPrefix(path, "//"), strings.ContainsAny(path, `\?#`),
		strings.Contains("/"+u.Path+"/", "/../"), strings.Contains("/"+u.Path+"/", "/./"):
		return "", errors.New(`motive: the path must lie under the base URL: write it like "/v1/groups", and put a query into Query`)
	}
	return "/" + strings.TrimPrefix(u.EscapedPath(), "/"), nil
}

// template is path as logs and events show it: with {id} for what is a number.
func template(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if _, err := strconv.ParseInt(part, 10, 64); err == nil {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// request is what a service method wants sent.
type request transport.Request

// record returns a request for the record with an id, which takes the place of {id}.
func record(method, template string, id int64) (request, error) {
	if id <= 0 {
		return request{}, invalid("id", CodeInvalid, fmt.Sprintf(notPositive, id))
	}
	return request{Method: method, Path: strings.Replace(template, "{id}", strconv.FormatInt(id, 10), 1), Template: template}, nil
}

var errNoContext = errors.New("motive: the context is nil: pass context.Background() where there is no other")

// do sends r and judges the response. Every service method ends here.
func do[T any](ctx context.Context, c *core, r request, o CallSettings, decode func(body []byte) (T, error)) (T, error) {
	var none T
	if c == nil || c.transport == nil {
		return none, errors.New("motive: this client was not made by NewClient, and has neither a credential nor a connection")
	}
	if ctx == nil {
		return none, errNoContext
	}
	sent := transport.Request(r)
	sent.Query = merged(r.Query, o.Query)
	resp, err := c.transport.Do(ctx, sent)
	defer resp.Release()
	defer o.report(&resp)
	return classify(sent, c.apiKey, &resp, err, decode)
}

// report fills the Response that the caller asked for, and adds up the attempts of a
// call that sends more than one request.
func (o CallSettings) report(resp *transport.Response) {
	if o.Response == nil {
		return
	}
	header := resp.Redact().Header(resp.Header)
	*o.Response = Response{
		StatusCode: resp.Status,
		Header:     header,
		RequestID:  text.Printable(header.Get("X-Request-Id"), maxRequestID),
		Attempts:   o.Response.Attempts + resp.Attempts,
	}
}

// withUser returns r with a user's fields as its body. No error may show their
// secrets, should the server echo them.
func (r request) withUser(a *UserAttributes) (request, error) {
	r, err := r.with(a)
	if err == nil {
		r.Secrets = []string{a.Password.value, a.DriversLicenseNumber.value}
	}
	return r, err
}

// with returns r with a body.
func (r request) with(body any) (request, error) {
	encoded, err := encodeBody(body)
	if err != nil {
		return r, fmt.Errorf("motive: %s %s: encoding the body: %w", r.Method, r.Path, err)
	}
	if string(encoded) == "null" { // of a nil pointer that SkipValidation let through
		return r, fmt.Errorf("motive: %s %s: the request is nil", r.Method, r.Path)
	}
	r.Body = encoded
	return r, nil
}

// encodeBody returns the body of a request. Attributes are spared the second look
// that encoding/json takes at the output of a MarshalJSON.
func encodeBody(body any) ([]byte, error) {
	if a, ok := body.(*UserAttributes); ok && a != nil {
		return a.encode()
	}
	return json.Marshal(body)
}
