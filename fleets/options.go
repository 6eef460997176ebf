package fleets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/internal/transport"
	"github.com/motive-go/motive/provision"
)

// Fleet is one login and the people it should have.
type Fleet struct {
	// ID is the id that was asked for. A fleet with another one is not touched.
	ID string
	// Client calls the API for this fleet. It is made with the options that Open
	// was given, beside those for its login.
	Client *motive.Client
	// Roster is everybody who should be there. It is read once for each sync.
	Roster provision.Roster
	// Plan says how a plan is made: matching, leavers, brakes. Its Fleet and
	// PerSecond are set by the engine.
	Plan provision.Options
}

// Options say how an engine works. Open is required.
type Options struct {
	// Open returns the fleet with an id. It is called at the start of each sync,
	// in whichever process that runs. shared are the rate limit that all processes
	// keep, the transport, which sends nothing late or for a process that was paused,
	// and the observer. A client without them is not used.
	//
	//	client, err := motive.NewClient(append(shared, motive.WithOAuth2(cfg, store))...)
	Open func(ctx context.Context, id string, shared []motive.Option) (*Fleet, error)
	// Transport is what the requests of all fleets are sent with, in place of
	// [motive.WithTransport]; nil: one like a client's own, without a limit of
	// connections, which the limits of the fleets set.
	Transport http.RoundTripper
	// Limit is how fast the API may be called for a fleet, by all processes
	// together, per second and in bursts. nil: once a second, one at a time.
	Limit func(id string) (perSecond float64, burst int)
	// Slots is how many fleets a process works on at a time; default 200, at most
	// 10,000. A slot that waits for its fleet's limit costs a few goroutines.
	Slots int
	// Logger logs what becomes of each sync, never a secret; nil: nothing.
	Logger *slog.Logger
	// Observer is called for each event of a client with the fleet it is for. It
	// must not block.
	Observer func(fleet string, e motive.Event)
}

const (
	defaultSlots = 200
	maxSlots     = 10_000 // River's
	maxID        = 200    // bytes
)

// complete checks options and fills in the defaults.
func (o Options) complete() (Options, error) {
	if o.Open == nil {
		return o, errors.New("fleets: Options.Open is nil: it says what a fleet's client and roster are")
	}
	if o.Slots < 0 || o.Slots > maxSlots {
		return o, fmt.Errorf("fleets: Options.Slots is %d, want 1 to %d, or 0 for %d", o.Slots, maxSlots, defaultSlots)
	}
	if o.Slots == 0 {
		o.Slots = defaultSlots
	}
	if o.Transport == nil {
		o.Transport = newTransport(o.Slots)
	}
	if o.Limit == nil {
		o.Limit = func(string) (float64, int) { return 1, 1 }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observer == nil {
		o.Observer = func(string, motive.Event) {}
	}
	return o, nil
}

// newTransport keeps a connection for each slot.
func newTransport(slots int) *http.Transport {
	t := transport.NewHTTPTransport()
	t.MaxConnsPerHost, t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, slots, slots
	return t
}

func checkID(id string) error {
	if id == "" || len(id) > maxID {
		return fmt.Errorf("fleets: the id of a fleet has %d bytes, want 1 to %d", len(id), maxID)
	}
	return nil
}
