package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/oauth/tokenfile"
)

// usualRate is a pace at which others never met a 429 from the real service, in
// requests a second.
const usualRate = 1

// connection is which fleet the calls go to, and how fast.
type connection struct {
	rate       float64
	fleet      string
	actingUser int64
}

func (c *connection) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Float64Var(&c.rate, "rate", usualRate, "the most `requests` to send in a second")
	flags.Int64Var(&c.actingUser, "acting-user", 0, "`id` of the administrator in whose name the calls are made (default the fleet's first)")
}

// addFleet is for the commands that deal in plans.
func (c *connection) addFleet(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.fleet, "fleet", "", "`name` of the fleet; a plan is applied to the fleet it was made for (default MOTIVE_FLEET, or the server's name)")
}

// client returns a client for the fleet whose credential the environment has.
func (c *connection) client(h host, opts ...motive.Option) (*motive.Client, error) {
	if !(c.rate > 0) || c.rate > 1000 {
		return nil, fmt.Errorf("--rate %v: a rate is above 0 and at most 1000 requests a second", c.rate)
	}
	credential, err := h.credential()
	if err != nil {
		return nil, err
	}
	opts = append(opts, credential, motive.WithRateLimit(c.rate, 1), motive.WithUserAgent("motive-command"))
	if base := h.env("MOTIVE_BASE_URL"); base != "" {
		opts = append(opts, motive.WithBaseURL(base))
	}
	if c.actingUser != 0 {
		opts = append(opts, motive.WithActingUser(c.actingUser))
	}
	return motive.NewClient(opts...)
}

// credential is the one that the environment has.
func (h host) credential() (motive.Option, error) {
	token, key := h.env("MOTIVE_ACCESS_TOKEN"), h.env("MOTIVE_API_KEY")
	switch {
	case token != "" && key != "":
		return nil, errors.New("MOTIVE_ACCESS_TOKEN and MOTIVE_API_KEY are both set: keep one of them, so that it is clear which fleet is meant")
	case token != "":
		return motive.WithAccessToken(token), nil
	case key != "":
		return motive.WithAPIKey(key), nil
	}
	return h.storedLogin()
}

// storedLogin is what motive login has stored.
func (h host) storedLogin() (motive.Option, error) {
	path, err := h.tokenPath()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("no credential: set MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY, or run motive login")
	}
	cfg, err := h.app("")
	if err != nil {
		return nil, fmt.Errorf("use the login in %s: %w", path, err)
	}
	store, err := tokenfile.New(path)
	if err != nil {
		return nil, err
	}
	return motive.WithOAuth2(cfg, store), nil
}

// fleetName names the fleet in plans: as the user says, or else the server.
func (c *connection) fleetName(h host) string {
	if name := cmp.Or(c.fleet, h.env("MOTIVE_FLEET")); name != "" {
		return name
	}
	base, err := url.Parse(cmp.Or(h.env("MOTIVE_BASE_URL"), motive.DefaultBaseURL))
	if err != nil {
		return "" // which the client refuses as well
	}
	return base.Host
}
