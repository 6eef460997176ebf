package oauth

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// Endpoint is where Motive authorizes a login and hands out tokens. The
// addresses are from Motive's documentation and unproven here.
//
// Motive's hub: the pages on OAuth 2.0.
var Endpoint = oauth2.Endpoint{
	AuthURL:  "https://gomotive.com/oauth/authorize",
	TokenURL: "https://api.gomotive.com/oauth/token",
	// x/oauth2 would otherwise find the style by trial, which sends a failing
	// request twice and spends single-use codes and refresh tokens.
	AuthStyle: oauth2.AuthStyleInParams,
}

// The scopes that the calls of package motive need.
const (
	ScopeUsersRead     = "users.read"     // every GET
	ScopeUsersManage   = "users.manage"   // every write
	ScopeCompaniesRead = "companies.read" // recommended by Motive beside the others
)

// NewConfig returns the configuration of an app registered with Motive, for
// [NewLogin] and [NewSource]. Without scopes it asks for [ScopeUsersRead] and
// [ScopeUsersManage]. redirectURL is to be the one registered with the app.
func NewConfig(clientID, secret, redirectURL string, scopes ...string) *oauth2.Config {
	if len(scopes) == 0 {
		scopes = []string{ScopeUsersRead, ScopeUsersManage}
	}
	return &oauth2.Config{
		ClientID:     clientID,
		ClientSecret: secret,
		Endpoint:     Endpoint,
		RedirectURL:  redirectURL,
		Scopes:       slices.Clone(scopes),
	}
}

// ownConfig returns a copy of cfg, so that a later change by its owner has no
// effect, with the style of authentication set.
func ownConfig(cfg *oauth2.Config) *oauth2.Config {
	own := &oauth2.Config{
		ClientID:     cfg.ClientID,
		ClientSecret: cfg.ClientSecret,
		Endpoint:     cfg.Endpoint,
		RedirectURL:  cfg.RedirectURL,
		Scopes:       slices.Clone(cfg.Scopes),
	}
	if own.Endpoint.AuthStyle == oauth2.AuthStyleAutoDetect {
		own.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return own
}

// checkConfig says what keeps cfg from refreshing a token.
func checkConfig(cfg *oauth2.Config) error {
	if cfg == nil {
		return errors.New("the config is nil: make one with oauth.NewConfig")
	}
	if cfg.ClientID == "" {
		return errors.New("the config has no ClientID: use the one of the app registered with Motive")
	}
	return checkEndpointURL("Endpoint.TokenURL", cfg.Endpoint.TokenURL, Endpoint.TokenURL)
}

// checkEndpointURL does not quote raw, which may hold a password.
func checkEndpointURL(field, raw, example string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("the config's %s needs a scheme and a host, as in %s", field, example)
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return fmt.Errorf("the config's %s would send secrets unencrypted: use https", field)
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
