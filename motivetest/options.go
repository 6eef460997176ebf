package motivetest

import (
	"cmp"
	"strings"
	"time"
)

// Option changes how a fake behaves. Options go to [NewServer], [Start] and [NewHandler].
type Option func(*Fake)

// WithBasePath serves everything under path, "/api" by default. It is not empty by default so
// that a client that drops the path of its base URL fails its tests.
func WithBasePath(path string) Option {
	path = strings.Trim(path, "/")
	if path != "" {
		path = "/" + path
	}
	return func(f *Fake) { f.basePath = path }
}

// WithClock takes the time from now instead of from [time.Now]: for the timestamps of users, the
// expiry of codes and tokens, and [RateLimit]. now is called from many goroutines.
func WithClock(now func() time.Time) Option {
	return func(f *Fake) { f.now = now }
}

// WithTokenLifetime makes the access tokens of the OAuth provider expire after d; one hour by
// default. The fixed token of [Fake.AccessToken] never expires.
func WithTokenLifetime(d time.Duration) Option {
	return func(f *Fake) { f.oauth.lifetime = d }
}

// WithScopes lets an authorization ask for further scopes than those of the users API
// (users.read, users.manage, companies.read). Any other scope is an invalid_scope, so that a
// misspelt one is found.
func WithScopes(scopes ...string) Option {
	return func(f *Fake) { f.oauth.offered = append(f.oauth.offered, scopes...) }
}

// WithErrorShape answers errors in another form than Motive's own.
func WithErrorShape(shape ErrorShape) Option {
	return func(f *Fake) { f.shape = shape }
}

// WithCredentials sets the access token of [Fake.AccessToken] and the API key of [Fake.APIKey],
// which are random otherwise: for programs that cannot ask for them. An empty one stays random.
func WithCredentials(accessToken, apiKey string) Option {
	return func(f *Fake) {
		f.oauth.fix(accessToken)
		f.apiKey = cmp.Or(apiKey, f.apiKey)
	}
}

// WithStrictAttributes refuses a create or an update with attributes that are unknown or cannot
// be written, by 422. Otherwise they are dropped, as a server drops them, and [Request].Ignored
// and the transcript name them.
func WithStrictAttributes() Option {
	return func(f *Fake) { f.strict = true }
}

// WithLookThenInsert makes uniqueness what it is where no index enforces it: the server looks
// whether a value is taken, then gap passes, then it inserts without looking again. Two creates
// within gap of each other are both stored.
func WithLookThenInsert(gap time.Duration) Option {
	return func(f *Fake) { f.gap = gap }
}

// WithLaggingLookups lets the two lookups see a new user, and a new external id, only lag after
// it was committed, by the fake's clock. Lists and reads by id see it at once. What was seeded
// is seen at once too.
func WithLaggingLookups(lag time.Duration) Option {
	return func(f *Fake) { f.lag = lag }
}

// WithFoldedExternalIDs makes the server keep every external id in lower case and without the
// space around it, so that "A7" and " a7" are one, and shown as "a7".
func WithFoldedExternalIDs() Option {
	return func(f *Fake) { f.folded = true }
}

// WithoutUniqueness stores users although their email, username or external id is taken: the client
// alone then prevents duplicates, which [Fake.AssertNoDuplicates] looks for.
func WithoutUniqueness() Option {
	return func(f *Fake) { f.lax = true }
}
