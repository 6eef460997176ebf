package main

import (
	"context"

	"github.com/motive-go/motive"
)

// ours is this client as it comes: validation, retries, the pause after a 429, a
// limit on what is read, and errors without secrets.
func ours(base string) []engine {
	client, err := motive.NewClient(motive.WithAccessToken(token), motive.WithBaseURL(base))
	if err != nil {
		panic(err)
	}
	list := func(opts ...motive.CallOption) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) {
			users := make([]*motive.User, 0)
			for user, err := range client.Users.All(ctx, nil, opts...) {
				if err != nil {
					return len(users), err
				}
				users = append(users, user)
			}
			return len(users), nil
		}
	}
	create := fullRequest()
	whole := engine{
		name: "motive-go",
		get: func(ctx context.Context) (int64, error) {
			user, err := client.Users.Get(ctx, 7)
			if err != nil {
				return 0, err
			}
			return user.ID, nil
		},
		page: func(ctx context.Context) (int, error) {
			page, err := client.Users.List(ctx, &motive.ListUsersOptions{PerPage: pageSize, PageNo: 1})
			if err != nil {
				return 0, err
			}
			return len(page.Users), nil
		},
		create: func(ctx context.Context) (int64, error) {
			user, err := client.Users.Create(ctx, create)
			if err != nil {
				return 0, err
			}
			return user.ID, nil
		},
		list: list(),
	}
	return []engine{
		whole,
		{name: "motive-go, ReadAhead(8)", list: list(motive.ReadAhead(8))},
		{name: "motive-go, ReadAhead(16)", list: list(motive.ReadAhead(16))},
	}
}
