package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/motive-go/motive/benchmarks/plain"
)

// engine is one way to use the API. What it cannot do is nil.
type engine struct {
	name   string
	get    func(ctx context.Context) (int64, error) // the small user; its id
	page   func(ctx context.Context) (int, error)   // 100 full users; how many came
	list   func(ctx context.Context) (int, error)   // the whole list; how many came
	create func(ctx context.Context) (int64, error) // every field set; the id of the new user
}

// caller sends one request and decodes the response, which is all that the
// clients of other APIs are asked to do.
type caller interface {
	call(ctx context.Context, method, path string, body, out any) error
}

// engines opens every engine on the server at base. by hand comes first, since
// the ratios are to it.
func engines(base string) []engine {
	all := append([]engine{through("net/http by hand", newByHand(base)), rawSocket(base)}, ours(base)...)
	for _, p := range peers {
		all = append(all, through(p.name, p.open(base)))
	}
	return all
}

// peers are the clients of other APIs, and what stands between them and by hand.
var peers = []struct {
	name string
	open func(base string) caller
}{
	{"retryablehttp + oauth2", newRetryableHTTP},
	{"go-github", newGoGitHub},
	{"hcloud-go", newHCloud},
	{"godo", newGodo},
	{"linodego", newLinodego},
	{"tailscale-client-go", newTailscale},
	{"resty v3", newResty},
	{"stripe-go", newStripe},
	{"openai-go", newOpenAI},
}

func through(name string, c caller) engine {
	page := func(ctx context.Context, number int) (*plain.Page, error) {
		var page plain.Page
		return &page, c.call(ctx, http.MethodGet, "/v1/users?per_page=100&page_no="+strconv.Itoa(number), nil, &page)
	}
	one := func(ctx context.Context, method, path string, body any) (int64, error) {
		var one plain.One
		err := c.call(ctx, method, path, body, &one)
		return one.User.ID, err
	}
	return engine{
		name:   name,
		get:    func(ctx context.Context) (int64, error) { return one(ctx, http.MethodGet, "/v1/users/7", nil) },
		create: func(ctx context.Context) (int64, error) { return one(ctx, http.MethodPost, "/v1/users", &fullCreate) },
		page: func(ctx context.Context) (int, error) {
			page, err := page(ctx, 1)
			return len(page.Users), err
		},
		list: func(ctx context.Context) (int, error) {
			users := make([]*plain.User, 0)
			for number := 1; ; number++ {
				page, err := page(ctx, number)
				if err != nil {
					return len(users), err
				}
				if len(page.Users) == 0 {
					return len(users), errors.New("the list is short")
				}
				for i := range page.Users {
					users = append(users, &page.Users[i].User)
				}
				if len(users) >= page.Pagination.Total {
					return len(users), nil
				}
			}
		},
	}
}

// statusError is what an engine makes of a status that its library leaves to it.
func statusError(status int) error {
	if status < 200 || status > 299 {
		return fmt.Errorf("status %d", status)
	}
	return nil
}
