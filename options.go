package motive

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Option configures a [Client].
type Option func(*config)

type config struct {
	credentials    []namedCredential
	baseURL        string
	insecureHTTP   bool
	transport      http.RoundTripper
	header         http.Header
	logger         *slog.Logger
	observer       func(Event)
	retry          RetryPolicy
	perSecond      float64 // 0: no limit
	burst          int
	attemptTimeout time.Duration
	maxBody        int64
	problems       []error
}

func defaultConfig() *config {
	return &config{
		baseURL:        DefaultBaseURL,
		attemptTimeout: defaultAttemptTimeout,
		maxBody:        defaultMaxBody,
		header: http.Header{
			"Accept":     {"application/json"},
			"User-Agent": {"motive-go/" + Version},
		},
	}
}

const (
	defaultAttemptTimeout = 60 * time.Second // slow endpoints were seen to take 18 s and more
	defaultMaxBody        = 64 << 20
)

func (c *config) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf(format, args...))
}

// WithAccessToken authenticates with an OAuth 2.0 access token that does not
// change: "Authorization: Bearer …".
func WithAccessToken(token string) Option {
	return withHeaderCredential("WithAccessToken", bearer, token)
}

// WithAPIKey authenticates with a company's API key: "X-Api-Key: …". A key in
// test mode stores nothing; a write with it returns [ErrTestMode].
func WithAPIKey(key string) Option { return withHeaderCredential("WithAPIKey", apiKey, key) }

// WithTokenSource authenticates with the access token of src, which is asked
// before each request and once more after a 401; src caches if it should. Since
// Token takes no context, it runs apart from the calls, once at a time, and a
// call that is cancelled does not wait for it.
func WithTokenSource(src oauth2.TokenSource) Option {
	return func(c *config) {
		if src == nil {
			c.problem("WithTokenSource: the token source is nil")
			return
		}
		c.credentials = append(c.credentials, namedCredential{"WithTokenSource", func(*core) authorizer {
			return tokenAuth{newSourceTokens(src)}
		}})
	}
}

// WithOAuth2 authenticates with the token in store and refreshes it through
// cfg, ahead of its expiry and after a 401. Each rotation is saved before it is
// used. cfg is not modified. An expired login is a [*ReconnectError]; a token
// endpoint that fails is a [*TokenError].
func WithOAuth2(cfg *oauth2.Config, store TokenStore) Option {
	return func(c *config) {
		if err := checkOAuth2Config(cfg); err != nil {
			c.problem("WithOAuth2: %w", err)
		}
		if store == nil {
			c.problem("WithOAuth2: the token store is nil: make one with NewMemoryTokenStore or tokenfile.New")
		}
		c.credentials = append(c.credentials, namedCredential{"WithOAuth2", func(core *core) authorizer {
			return tokenAuth{newStoredTokens(cfg, store, &http.Client{Transport: core.transport}, time.Now, core.watch.tokenError)}
		}})
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
// retries. The default keeps up to 128 idle connections and takes proxies from
// the environment.
func WithTransport(rt http.RoundTripper) Option {
	return func(c *config) {
		if rt == nil {
			c.problem("WithTransport: the round tripper is nil: leave the option off for the default")
		}
		c.transport = rt
	}
}

// WithUserAgent puts ua in front of this module's own User-Agent.
func WithUserAgent(ua string) Option {
	return func(c *config) {
		c.setHeader("WithUserAgent", "User-Agent", ua+" motive-go/"+Version)
	}
}

// WithLogger logs each try at debug level: method, path template, status,
// duration and attempt; never a query, a body or a secret.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// WithObserver calls f for each [Event]: a retry, a wait, a call given up. It is
// called in the middle of a call: it must not block, nor call the client.
func WithObserver(f func(Event)) Option { return func(c *config) { c.observer = f } }

// WithRetry sets when and how often a request is sent again. Fields that are
// zero keep their defaults.
func WithRetry(p RetryPolicy) Option { return func(c *config) { c.retry = p } }

// WithRateLimit holds requests, retries included, to perSecond on average and to
// bursts of burst. The default is no limit of the client's own.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(c *config) {
		if !(perSecond > 0) || perSecond > 1e9 || burst < 1 {
			c.problem("WithRateLimit(%v, %d): both must be above zero, the first at most 1e9", perSecond, burst)
		}
		c.perSecond, c.burst = perSecond, burst
	}
}

// WithAttemptTimeout limits each try, from connecting to the last byte of the
// body; default 60 s. Limits below 30 s cut off calls that are merely slow. The
// whole call is limited by its context.
func WithAttemptTimeout(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.problem("WithAttemptTimeout(%s): must be above zero", d)
		}
		c.attemptTimeout = d
	}
}

// WithMaxBodySize refuses answers whose body, decompressed, has more than n
// bytes; default 64 MiB.
func WithMaxBodySize(n int64) Option {
	return func(c *config) {
		if n <= 0 {
			c.problem("WithMaxBodySize(%d): must be above zero", n)
		}
		c.maxBody = min(n, math.MaxInt64-1) // read asks for one byte more
	}
}

// WithTimeZone asks for timestamps in the given zone (X-Time-Zone); the default
// is UTC.
func WithTimeZone(tz TimeZone) Option {
	return func(c *config) { c.setHeader("WithTimeZone", "X-Time-Zone", string(tz)) }
}

// WithMetricUnits asks for metric units, or for imperial ones (X-Metric-Units).
func WithMetricUnits(metric bool) Option {
	return func(c *config) {
		c.setHeader("WithMetricUnits", "X-Metric-Units", strconv.FormatBool(metric))
	}
}

// WithActingUser makes the calls on behalf of the fleet admin with the given id
// (X-User-Id); the default is the fleet's first active admin.
func WithActingUser(id int64) Option {
	return func(c *config) {
		if id <= 0 {
			c.problem("WithActingUser(%d): the id of a user is above zero", id)
		}
		c.setHeader("WithActingUser", "X-User-Id", formatID(id))
	}
}

func (c *config) setHeader(option, name, value string) {
	if err := checkHeaderValue(value); err != nil {
		c.problem("%s: the value %w", option, err)
		return
	}
	c.header[name] = []string{value}
}

// checkHeaderValue says what keeps v from being the value of a header. It does
// not quote v, which may be a secret.
func checkHeaderValue(v string) error {
	switch {
	case v == "":
		return errors.New("is empty")
	case v != strings.TrimSpace(v):
		return errors.New("begins or ends with white space: trim it")
	case strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }):
		return errors.New("has a control character or one outside ASCII in it")
	}
	return nil
}

// credential returns the one credential that was given.
func (c *config) credential() (func(*core) authorizer, error) {
	if len(c.credentials) == 1 {
		return c.credentials[0].make, nil
	}
	const choice = "exactly one of WithAccessToken, WithAPIKey, WithTokenSource and WithOAuth2, " +
		"or NewClientFromEnv with MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY"
	if len(c.credentials) == 0 {
		return nil, errors.New("no credential: use " + choice)
	}
	var names []string
	for _, given := range c.credentials {
		names = append(names, given.name)
	}
	return nil, fmt.Errorf("%d credentials (%s): use %s", len(names), strings.Join(names, ", "), choice)
}

func parseBaseURL(raw string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, errors.New("the base URL cannot be parsed: it should look like " + DefaultBaseURL)
	}
	switch {
	case u.Host == "" || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, errors.New("the base URL needs a scheme and a host, as in " + DefaultBaseURL)
	case u.User != nil:
		return nil, errors.New("the base URL holds a user or a password: leave them out, credentials have options of their own")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the base URL has a query or a fragment: leave them out")
	case u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("the base URL http://%s would send the credential unencrypted: use https, or WithInsecureHTTP if you mean it", u.Host)
	}
	prefix := strings.TrimRight(u.EscapedPath(), "/")
	prefix = strings.TrimRight(strings.TrimSuffix(prefix, "/v1"), "/")
	return url.Parse(u.Scheme + "://" + u.Host + prefix)
}

func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// oneLine joins the lines of errors.Join into a sentence.
func oneLine(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
}

func newTransport() *http.Transport {
	const idle = 128 // per host, and there is one host: the default of 2 makes a pool of workers redial
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           idle,
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
}
