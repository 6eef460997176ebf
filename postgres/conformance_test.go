package postgres_test

import (
	"testing"

	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
)

func TestTokenStoreIsAStore(t *testing.T) {
	eachWay(t, func(t *testing.T, url string) {
		motivetest.TestTokenStore(t, func(tb testing.TB) oauth.Store {
			return store(tb, open(tb, url, 3), tb.Name())
		})
	})
}
