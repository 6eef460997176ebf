package motive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/time/rate"

	"github.com/motive-go/motive/internal/transport"
	"github.com/motive-go/motive/oauth"
)

// Version is this module's version, as it stands in the User-Agent.
const Version = "0.1.0"

// DefaultBaseURL is where the API is served. The older
// https://api.keeptruckin.com works as well, through [WithBaseURL].
const DefaultBaseURL = "https://api.gomotive.com"

// Option configures a [Client].
type Option func(*config)

type config struct {
	core         core // but for its transport
	transport    transport.Config
	credentials  []string // the options that gave one
	baseURL      string
	insecureHTTP bool
	problems     []string
}

// core is what the services share: each is a core, with methods in a file of its own.
// The options set what is theirs in it.
type core struct {
	transport     *transport.Client
	apiKey        bool // whether the credential is an API key, which can be in test mode
	resend        bool // whether the policy allows a second attempt
	reconcileWait time.Duration
	observer      func(Event)
}

func defaultConfig() *config {
	return &config{
		baseURL: DefaultBaseURL,
		transport: transport.Config{
			Name: "motive",
			Header: http.Header{
				"Accept":     {"application/json"},
				"User-Agent": {"motive-go/" + Version},
			},
			RoundTripper: transport.NewHTTPTransport(),
		},
	}
}

// refuse notes what is wrong with an option, if it is.
func (c *config) refuse(wrong bool, format string, args ...any) {
	if wrong {
		c.problems = append(c.problems, fmt.Sprintf(format, args...))
	}
}

// authenticate takes the credential of the option or the variable with the given name.
func (c *config) authenticate(name string, credential transport.Credential) {
	c.credentials = append(c.credentials, name)
	c.transport.Credential = credential
}

func withFixed(name string, header [2]string, secret string) Option {
	return func(c *config) {
		err := checkCredential(secret)
		c.refuse(err != nil, "%s: the value %v", name, err)
		c.core.apiKey = header == apiKey
		c.authenticate(name, transport.Fixed(header[0], header[1], secret))
	}
}

// WithAccessToken authenticates with an OAuth 2.0 access token that does not
// change: "Authorization: Bearer …".
func WithAccessToken(token string) Option { return withFixed("WithAccessToken", bearer, token) }

// WithAPIKey authenticates with a company's API key: "X-Api-Key: …". A key in
// test mode stores nothing; a write with it returns [ErrTestMode].
func WithAPIKey(key string) Option { return withFixed("WithAPIKey", apiKey, key) }

// WithTokenSource authenticates with the access token of src, which is asked
// before each request and once more after a 401; src caches if it should. Where
// src has
//
//	TokenContext(ctx context.Context) (*oauth2.Token, error)
//	Invalidate(accessToken string)
//
// as an [oauth.Source] has, the first is called in place of Token, and the second
// when the server answers 401 to a token. A source that hangs is given up after
// the attempt timeout, and a call that ends does not wait for it.
func WithTokenSource(src oauth2.TokenSource) Option {
	return func(c *config) {
		c.refuse(src == nil, "WithTokenSource: the token source is nil")
		c.authenticate("WithTokenSource", tokens(src))
	}
}

// WithOAuth2 authenticates with the token in store and refreshes it through
// cfg, ahead of its expiry and after a 401. Each rotation is saved before it is
// used. cfg is not modified. An expired login is an [*oauth.ReconnectError]; a
// token endpoint that fails is an [*oauth.TokenError]. To use one login for other
// calls as well, make an [oauth.Source] and give it to [WithTokenSource].
func WithOAuth2(cfg *oauth2.Config, store oauth.Store) Option {
	return func(c *config) {
		rt := transport.RoundTripFunc(func(r *http.Request) (*http.Response, error) {
			return c.transport.RoundTripper.RoundTrip(r) // a later option may set that
		})
		source, err := oauth.NewSource(cfg, store, oauth.WithHTTPClient(&http.Client{Transport: rt}), oauth.WithReport(c.tokenError))
		c.refuse(err != nil, "WithOAuth2: %v", err)
		c.authenticate("WithOAuth2", tokens(source))
	}
}

// WithBaseURL sets where the API is; default [DefaultBaseURL]. A path is kept as
// a prefix, a trailing slash or "/v1" does not matter. Plain http is refused
// except to this machine; see [WithInsecureHTTP].
func WithBaseURL(base string) Option { return func(c *config) { c.baseURL = base } }

// WithInsecureHTTP allows a base URL with plain http to another machine, where
// anyone on the way can read the credential.
func WithInsecureHTTP() Option { return func(c *config) { c.insecureHTTP = true } }

// WithTransport sets the innermost round tripper, below authentication and
// retries. The default has at most 64 connections and takes proxies from
// the environment.
func WithTransport(rt http.RoundTripper) Option {
	return func(c *config) {
		c.refuse(rt == nil, "WithTransport: the round tripper is nil: leave the option off for the default")
		c.transport.RoundTripper = rt
	}
}

// WithUserAgent puts ua in front of this module's own User-Agent.
func WithUserAgent(ua string) Option {
	return func(c *config) { c.setHeader("WithUserAgent", "User-Agent", ua+" motive-go/"+Version) }
}

// WithLogger logs each attempt at debug level: method, path template, status,
// duration and attempt; never a query, a body or a secret.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.transport.Logger = l } }

// WithObserver calls f for each [Event]: the start and the end of each attempt, a
// retry, a wait, a call given up. It is called in the middle of a call: it must
// not block, nor call the client.
func WithObserver(f func(Event)) Option { return func(c *config) { c.core.observer = f } }

// eventOf is an event of the transport in the words of this package.
func eventOf(e transport.Event) Event {
	return Event{Kind: EventKind(e.Kind), Method: e.Method, Path: e.Template, Attempt: e.Attempt,
		StatusCode: e.Status, Wait: e.Wait, Duration: e.Took, Err: e.Err}
}

// WithRetry sets when and how often a request is sent again. Fields that are
// zero keep their defaults.
func WithRetry(p RetryPolicy) Option {
	return func(c *config) {
		c.transport.Policy = transport.Policy{MaxAttempts: p.MaxAttempts, MinWait: p.MinWait, MaxWait: p.MaxWait, MaxRetryAfter: p.MaxRetryAfter}
		c.core.reconcileWait = p.ReconcileWait
		c.refuse(p.MaxAttempts < 0 || p.MinWait < 0 || p.MaxWait < 0 || p.MaxRetryAfter < 0,
			"WithRetry: a field of the policy is negative: use 0 for the default")
		c.refuse(p.MaxWait > 0 && p.MinWait > p.MaxWait, "WithRetry: MinWait (%s) is above MaxWait (%s)", p.MinWait, p.MaxWait)
		c.refuse(p.ReconcileWait < 0, "WithRetry: ReconcileWait (%s) is negative: use 0 for the default", p.ReconcileWait)
	}
}

// WithRateLimit holds requests, retries included, to perSecond on average and to
// bursts of burst. The default is no limit of the client's own: it learns the
// server's rate from the first 429.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(c *config) {
		valid := perSecond > 0 && perSecond <= 1e9 && burst >= 1 // which NaN is not
		c.refuse(!valid, "WithRateLimit(%v, %d): both must be above zero, the first at most 1e9", perSecond, burst)
		c.transport.Limiters = append(c.transport.Limiters, rate.NewLimiter(rate.Limit(perSecond), burst))
	}
}

// Limiter says when a request may be sent: [rate.Limiter] of golang.org/x/time is
// one. A limiter that has
//
//	Pause(ctx context.Context, d time.Duration) error
//
// as well is told of a 429, so that processes on many machines that share one
// fleet's rate hold back together.
type Limiter interface {
	// Wait returns when the next request may be sent, and early with an error when
	// ctx ends or would end first.
	Wait(ctx context.Context) error
}

// WithLimiter asks l before each attempt, outside the attempt timeout. It may be
// given more than once, and in addition to [WithRateLimit]: each of them is asked.
func WithLimiter(l Limiter) Option {
	return func(c *config) {
		c.refuse(l == nil, "WithLimiter: the limiter is nil")
		c.transport.Limiters = append(c.transport.Limiters, l)
	}
}

// WithAttemptTimeout limits each attempt, from connecting to the last byte of the
// body; default 60 s. Limits below 30 s cut off calls that are merely slow: some were
// seen to take 18 s. The whole call is limited by its context.
func WithAttemptTimeout(d time.Duration) Option {
	return func(c *config) {
		c.refuse(d <= 0, "WithAttemptTimeout(%s): must be above zero", d)
		c.transport.AttemptTimeout = d
	}
}

// WithMaxBodySize refuses responses whose body, decompressed, has more than n
// bytes; default 64 MiB.
func WithMaxBodySize(n int64) Option {
	return func(c *config) {
		c.refuse(n <= 0, "WithMaxBodySize(%d): must be above zero", n)
		c.transport.MaxBody = n
	}
}

// WithTimeZone asks for timestamps in the given zone (X-Time-Zone); the default
// is UTC. The name is that of Rails; an IANA name is refused.
func WithTimeZone(tz TimeZone) Option {
	return func(c *config) {
		message := notRails(string(tz))
		c.refuse(message != "", "WithTimeZone: %s", message)
		c.setHeader("WithTimeZone", "X-Time-Zone", string(tz))
	}
}

// WithMetricUnits asks for metric units, or for imperial ones (X-Metric-Units).
func WithMetricUnits(metric bool) Option {
	return func(c *config) { c.setHeader("WithMetricUnits", "X-Metric-Units", strconv.FormatBool(metric)) }
}

// WithActingUser makes the calls on behalf of the fleet admin with the given id
// (X-User-Id); the default is the fleet's first active admin.
func WithActingUser(id int64) Option {
	return func(c *config) {
		c.refuse(id <= 0, "WithActingUser(%d): the id of a user is above zero", id)
		c.setHeader("WithActingUser", "X-User-Id", strconv.FormatInt(id, 10))
	}
}

func (c *config) setHeader(option, name, value string) {
	err := checkHeaderValue(value)
	c.refuse(err != nil, "%s: the value %v", option, err)
	c.transport.Header[name] = []string{value}
}

func parseBaseURL(raw string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, errors.New("the base URL cannot be parsed: it should look like " + DefaultBaseURL)
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	switch {
	case u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the base URL needs a scheme and a host, as in " + DefaultBaseURL)
	case u.User != nil:
		return nil, errors.New("the base URL holds a user or a password: leave them out, credentials have options of their own")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the base URL has a query or a fragment: leave them out")
	case u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("the base URL http://%s would send the credential unencrypted: use https, or WithInsecureHTTP if you mean it", u.Host)
	case strings.HasSuffix(path, "/v1/users"):
		return nil, errors.New("the base URL ends in /v1/users, which the client adds: leave it out, as in " + DefaultBaseURL)
	}
	return url.Parse(u.Scheme + "://" + u.Host + strings.TrimRight(strings.TrimSuffix(path, "/v1"), "/"))
}

func isLoopback(host string) bool {
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") || net.ParseIP(host).IsLoopback()
}

// RetryPolicy says how often a request is sent and how long to wait in between.
// A field that is zero takes its default.
//
// GET, PUT and DELETE are idempotent and sent again when the connection fails or
// breaks off, when an attempt times out, and on 429, 500, 502, 503 and 504. A POST
// is sent again on 429, and where it provably never left: a second one could
// create a second record.
//
// The backoff has full jitter: random, from zero up to a bound that starts at
// MinWait and doubles up to MaxWait. A Retry-After, in seconds or as a date, is
// waited for in full if it is within MaxRetryAfter; beyond that, or beyond the
// deadline of the context, the error is returned at once. A 429 without it is
// waited out for MaxRetryAfter in all, and counts as no attempt; a call that has had
// no turn for as long, while the server refused everything, ends with the refusal.
//
// The retry budget: when the service is failing, retries are held to a fifth of
// the calls of the last ten seconds, twenty at the least. Those after a 429 do not
// count.
type RetryPolicy struct {
	MaxAttempts   int           // default 4; 1 means never again
	MinWait       time.Duration // default 500 ms
	MaxWait       time.Duration // default 15 s
	MaxRetryAfter time.Duration // default 60 s
	// ReconcileWait is how long a create whose outcome is unknown is looked up by its
	// external id before it is sent once more: at least as long as the first one took
	// to fail, and within the context. Default 15 s.
	ReconcileWait time.Duration
}

// Event is something that happens to a call besides its result, for
// [WithObserver]: metrics, traces and alarms are built from it.
type Event struct {
	Kind EventKind
	// Method and Path say which call; Path is a template, "/v1/users/{id}". Both
	// are empty for EventTokenError.
	Method, Path string
	Attempt      int           // requests sent so far
	StatusCode   int           // of the last response; 0 if there was none
	Wait         time.Duration // of EventRetry, EventPause and EventWait
	Duration     time.Duration // of EventAttemptEnd: from connecting to the last byte
	Err          error         // of the transport where there was no response, or of the token
}

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventAttemptStart EventKind = "attempt_start" // a request is being sent
	EventAttemptEnd   EventKind = "attempt_end"   // its response is there, or it failed
	EventRetry        EventKind = "retry"         // the request will be sent again, after Wait
	EventPause        EventKind = "pause"         // a 429, or a 503 with Retry-After: the whole client holds back for Wait
	EventWait         EventKind = "wait"          // the call was held for Wait: by a pause, the pacing or a limiter
	EventGiveUp       EventKind = "give_up"       // a failure that might have passed, or a wait, ends the call
	EventReconcile    EventKind = "reconcile"     // a create with an unknown outcome is being looked up
	EventTokenError   EventKind = "token_error"   // a token could not be refreshed or saved, and an older one serves
)

// tokenError reports a failure of a token's refresh or save that no call may see,
// since an older token still serves.
func (c *config) tokenError(err error) {
	if c.transport.Logger != nil {
		c.transport.Logger.LogAttrs(context.Background(), slog.LevelWarn, "motive: "+string(EventTokenError), slog.Any("error", err))
	}
	if c.core.observer != nil {
		c.core.observer(Event{Kind: EventTokenError, Err: err})
	}
}

// CallOption changes a single call. Every method takes any number of them.
type CallOption func(*CallSettings)

// CallSettings is what the options of a call come to; see [ApplyCallOptions].
type CallSettings struct {
	Response  *Response  // to be filled; nil for none
	Skip      bool       // skip all pre-flight validation
	SkipCodes []string   // the codes of problems to overlook
	Strict    bool       // see StrictValidation
	Against   *User      // see Against
	ReadAhead int        // pages at once; 0 means 1
	Query     url.Values // parameters in addition to those of the call
}

// ApplyCallOptions returns what opts come to, so that a mock of a service can look
// into what it was given.
func ApplyCallOptions(opts ...CallOption) CallSettings {
	if len(opts) == 0 {
		return CallSettings{}
	}
	var o CallSettings
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.Response != nil {
		*o.Response = Response{} // of an earlier call, should this one not come to a response
	}
	return o
}

// toRead is for a request by which a call with the settings o finds something out.
func (o CallSettings) toRead(r *Response) CallSettings {
	return CallSettings{Response: r, Query: o.Query, Skip: true} // the call has been checked
}

// check returns what pre-flight validation found, less what the call skips.
func (o CallSettings) check(err error) error {
	invalid, ok := err.(*ValidationError) //nolint:errorlint // validation returns it unwrapped, or nil
	if !ok {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(invalid.Problems), func(p FieldError) bool {
		return o.Skip || slices.Contains(o.SkipCodes, p.Code)
	})
	if len(left) == 0 {
		return nil
	}
	return &ValidationError{Problems: left}
}

// merged returns the parameters of both, those of over in place of those of query.
// The result may be query itself.
func merged(query, over url.Values) url.Values {
	if len(over) == 0 {
		return query
	}
	all := url.Values{}
	maps.Copy(all, query)
	maps.Copy(all, over)
	return all
}

// WithResponse fills r when the call returns, also when it fails. In
// [UsersService.All] it holds the last page's; after a create that was reconciled,
// the response that decided.
func WithResponse(r *Response) CallOption { return func(o *CallSettings) { o.Response = r } }

// SkipValidation sends the call although pre-flight validation finds problems
// with the given codes, [CodeRequired] and so on, should Motive accept what this
// version refuses. Without codes it skips all of them. The id of a call that is
// not positive is refused all the same, for it names nothing.
func SkipValidation(codes ...string) CallOption {
	return func(o *CallSettings) {
		o.Skip = o.Skip || len(codes) == 0
		o.SkipCodes = append(slices.Clip(o.SkipCodes), codes...)
	}
}

// StrictValidation also refuses exception_adverse_driving, which stands in no
// cycle's row of Motive's table but is accepted by its create endpoint, and a
// phone without phone_country_code.
func StrictValidation() CallOption { return func(o *CallSettings) { o.Strict = true } }

// Against judges an update on what the user would be afterwards: current with
// the update merged into it. It catches, say, leaving a cycle whose exceptions
// are still on. Without it an update is judged on what it contains.
func Against(current *User) CallOption { return func(o *CallSettings) { o.Against = current } }

// ReadAhead has [UsersService.All] fetch up to so many pages at once, 1 (the
// default) to 32. Users come in the same order. At the first sign that the list is
// changing the rest is read page after page.
func ReadAhead(pages int) CallOption { return func(o *CallSettings) { o.ReadAhead = pages } }

// WithQuery adds a parameter that this version does not know to the query of the
// call. One that the call has itself is replaced.
func WithQuery(key, value string) CallOption {
	return func(o *CallSettings) { o.Query = merged(o.Query, url.Values{key: {value}}) }
}
