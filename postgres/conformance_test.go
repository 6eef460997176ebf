package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/postgres"
)

var (
	_ motive.Limiter = (*postgres.Limiter)(nil)
	_ interface {
		Pause(ctx context.Context, d time.Duration) error
	} = (*postgres.Limiter)(nil)
	_ oauth.Store = (*postgres.TokenStore)(nil)
)

func TestTokenStoreIsAStore(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		motivetest.TestTokenStore(t, func(tb testing.TB) oauth.Store {
			return store(tb, open(tb, url, 3), tb.Name())
		})
	})
}
