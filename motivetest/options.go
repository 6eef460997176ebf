package motivetest

import (
	"strings"
	"time"
)

// Option changes how a fake behaves. Options go to [NewServer], [Start] and
// [NewHandler].
type Option func(*Fake)

// WithBasePath serves everything under path, "/api" by default. It is not
// empty by default so that a client that drops the path of its base URL fails
// its tests.
func WithBasePath(path string) Option {
	path = strings.Trim(path, "/")
	if path != "" {
		path = "/" + path
	}
	return func(f *Fake) { f.basePath = path }
}

// WithClock takes the time from now instead of from [time.Now]: for the
// timestamps of users, the expiry of codes and tokens, and [RateLimit]. now is
// called from many goroutines.
func WithClock(now func() time.Time) Option {
	return func(f *Fake) { f.now = now }
}

// WithTokenLifetime makes the access tokens of the OAuth provider expire after
// d; one hour by default. The fixed token of [Fake.AccessToken] never expires.
func WithTokenLifetime(d time.Duration) Option {
	return func(f *Fake) { f.oauth.lifetime = d }
}

// WithScopes lets an authorization ask for further scopes than those of the
// users API (users.read, users.manage, companies.read). Any other scope is an
// invalid_scope, so that a misspelt one is found.
func WithScopes(scopes ...string) Option {
	return func(f *Fake) { f.oauth.offered = append(f.oauth.offered, scopes...) }
}

// WithErrorShape answers errors in another form than Motive's own.
func WithErrorShape(shape ErrorShape) Option {
	return func(f *Fake) { f.shape = shape }
}

// WithoutUniqueness stores users although their email, username or external id
// is taken. Then nothing but the client itself prevents duplicates, which is
// what [Fake.AssertNoDuplicates] looks for.
func WithoutUniqueness() Option {
	return func(f *Fake) { f.lax = true }
}
