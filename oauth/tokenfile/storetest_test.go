package tokenfile_test

import (
	"path/filepath"
	"testing"

	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
)

func TestFileIsAStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token.json")
	motivetest.TestTokenStore(t, func(tb testing.TB) oauth.Store {
		store, err := tokenfile.New(path)
		if err != nil {
			tb.Fatal(err)
		}
		return store
	})
}
