package oauth_test

import (
	"testing"

	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
)

func TestMemoryStoreIsAStore(t *testing.T) {
	t.Parallel()
	store := oauth.NewMemoryStore(nil)
	motivetest.TestTokenStore(t, func(testing.TB) oauth.Store { return store })
}

func TestZeroMemoryStoreIsAStore(t *testing.T) {
	t.Parallel()
	store := new(oauth.MemoryStore)
	motivetest.TestTokenStore(t, func(testing.TB) oauth.Store { return store })
}
