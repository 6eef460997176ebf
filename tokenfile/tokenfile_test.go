package tokenfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive"
	"golang.org/x/oauth2"
)

func newStore(t *testing.T) *Store {
	t.Helper()
	store, err := New(filepath.Join(t.TempDir(), "token.json"))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestTokenComesBackWhole(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		token oauth2.Token
	}{
		{"with an expiry", oauth2.Token{AccessToken: "a", RefreshToken: "r", TokenType: "bearer", Expiry: time.Date(2031, 5, 6, 7, 8, 9, 123456789, time.UTC)}},
		{"without an expiry", oauth2.Token{AccessToken: "a", RefreshToken: "r"}},
		{"refresh token alone", oauth2.Token{RefreshToken: "r"}},
		{"odd characters", oauth2.Token{AccessToken: "a<&>\"\\\u2028", RefreshToken: "\x01"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			if err := motive.SaveToken(t.Context(), store, &test.token); err != nil {
				t.Fatal(err)
			}
			again, err := New(store.path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := again.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if *got != test.token {
				t.Errorf("loaded %q %q %q %s", got.AccessToken, got.RefreshToken, got.TokenType, got.Expiry)
			}
			info, err := os.Stat(store.path)
			if err != nil || info.Mode() != 0o600 {
				t.Errorf("the file has mode %s, %v, want 0600", info.Mode(), err)
			}
		})
	}
}

func TestFilesThatHoldNoToken(t *testing.T) {
	t.Parallel()
	const canary = "canary-token"
	tests := []struct {
		name      string
		content   string
		mode      fs.FileMode
		reconnect bool
		want      string
	}{
		{"empty", "", 0o600, true, "empty or damaged"},
		{"cut off", `{"access_token":"` + canary, 0o600, true, "empty or damaged"},
		{"cut off before its last byte", `{"access_token":"` + canary + `"`, 0o600, true, "empty or damaged"},
		{"zeroes", strings.Repeat("\x00", 64), 0o600, true, "empty or damaged"},
		{"null", "null", 0o600, true, "empty or damaged"},
		{"an empty object", "{}", 0o600, true, "empty or damaged"},
		{"of another type", `{"access_token":{"` + canary + `":1}}`, 0o600, true, "empty or damaged"},
		{"with a tail", `{"access_token":"` + canary + `"}}`, 0o600, true, "empty or damaged"},
		{"too large", `{"access_token":"` + strings.Repeat("x", maxSize) + `"}`, 0o600, true, "empty or damaged"},
		{"readable by the group", `{"access_token":"` + canary + `"}`, 0o640, false, "mode 0640"},
		{"writable by others", `{"access_token":"` + canary + `"}`, 0o602, false, "mode 0602"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			if err := os.WriteFile(store.path, []byte(test.content), test.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(store.path, test.mode); err != nil { // past the umask
				t.Fatal(err)
			}
			token, err := store.Load(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), store.path) {
				t.Fatalf("Load: %v, %v, want an error with the path and %q", token, err, test.want)
			}
			if errors.Is(err, motive.ErrReconnect) != test.reconnect || !strings.Contains(err.Error(), "connect to Motive again") {
				t.Errorf("Load: %v: does not say what to do", err)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, canary) {
				t.Errorf("the error shows the token: %s", text)
			}
			// A new login makes up for each of them.
			if err := motive.SaveToken(t.Context(), store, &oauth2.Token{AccessToken: "new"}); err != nil {
				t.Fatal(err)
			}
			if token, err = store.Load(t.Context()); err != nil || token.AccessToken != "new" {
				t.Errorf("Load after a login: %v, %v", token, err)
			}
		})
	}
}

func TestNoFileIsNoToken(t *testing.T) {
	t.Parallel()
	if token, err := newStore(t).Load(t.Context()); token != nil || err != nil {
		t.Errorf("Load: %v, %v, want nothing", token, err)
	}
}

func TestFailedSaveKeepsTheOldToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		token *oauth2.Token
		spoil func(*Store) error
	}{
		{"no temporary file", &oauth2.Token{AccessToken: "new"}, func(s *Store) error { return os.MkdirAll(s.path+".new/x", 0o700) }},
		{"no token", nil, nil},
		{"an impossible expiry", &oauth2.Token{AccessToken: "new", Expiry: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			if err := store.Save(t.Context(), &oauth2.Token{AccessToken: "old"}); err != nil {
				t.Fatal(err)
			}
			if test.spoil != nil {
				if err := test.spoil(store); err != nil {
					t.Fatal(err)
				}
			}
			if err := store.Save(t.Context(), test.token); err == nil || strings.Contains(err.Error(), "new\"") {
				t.Errorf("Save: %v, want an error without the token", err)
			}
			if token, err := store.Load(t.Context()); err != nil || token.AccessToken != "old" {
				t.Errorf("Load: %v, %v, want the old token", token, err)
			}
		})
	}
}

func TestRestOfACrashIsNotTakenOver(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	temp := store.path + ".new"
	other := filepath.Join(filepath.Dir(store.path), "other")
	if err := os.WriteFile(other, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, lay := range []func() error{
		func() error { return os.WriteFile(temp, []byte(strings.Repeat("x", 4096)), 0o666) },
		func() error { return os.Symlink(other, temp) },
	} {
		if err := lay(); err != nil {
			t.Fatal(err)
		}
		if err := store.Save(t.Context(), &oauth2.Token{AccessToken: "a"}); err != nil {
			t.Fatal(err)
		}
		if token, err := store.Load(t.Context()); err != nil || token.AccessToken != "a" {
			t.Errorf("Load: %v, %v", token, err)
		}
	}
	if content, err := os.ReadFile(other); err != nil || len(content) > 0 {
		t.Errorf("the token went through a symbolic link: %v", err)
	}
}

func TestNewMakesTheDirectoryAndFollowsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "token.json")
	store, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v, %v, want mode 0700", info, err)
	}
	if err := store.Save(t.Context(), &oauth2.Token{AccessToken: "a"}); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"file-link": path, "dir-link": filepath.Dir(path)} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"file-link", "dir-link/token.json", "a/../a/b/token.json"} {
		linked, err := New(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if linked.path != store.path {
			t.Errorf("%s: %s, want %s", name, linked.path, store.path)
		}
	}
}

func TestPathsThatCannotHoldAToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", dir, filepath.Join(file, "token.json"), "a\x00b/c"} {
		if _, err := New(path); err == nil || !strings.HasPrefix(err.Error(), "tokenfile: ") {
			t.Errorf("New(%q): %v, want an error", path, err)
		}
	}
}

func TestLockKeepsEverybodyElseOut(t *testing.T) {
	t.Parallel()
	first := newStore(t)
	second, err := New(first.path) // as another process would have it
	if err != nil {
		t.Fatal(err)
	}
	var inside, worst atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		store := first
		if i%2 == 1 {
			store = second
		}
		wg.Go(func() {
			for range 5 {
				unlock, err := store.Lock(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n > 1 {
					worst.Store(n)
				}
				inside.Add(-1)
				unlock()
				unlock() // a second call does no harm
			}
		})
	}
	wg.Wait()
	if worst.Load() > 0 {
		t.Errorf("%d held the lock at once", worst.Load())
	}
}

func TestLockEndsWithItsContext(t *testing.T) {
	t.Parallel()
	first := newStore(t)
	second, err := New(first.path)
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := first.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]*Store{"same store": first, "other store": second} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := store.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want the deadline", name, err)
		}
		cancel()
	}
	unlock()
	again, err := second.Lock(t.Context()) // and those that gave up left nothing locked
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"access_token":"a","refresh_token":"r","expiry":"2031-05-06T07:08:09.123456789Z"}`))
	f.Add([]byte(`{"access_token":"a","expiry":null}`))
	f.Add([]byte(`{"expiry":"0000-01-01T00:00:00-23:59","refresh_token":"r"}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		token, ok := decode(data)
		if !ok {
			return
		}
		if token.AccessToken == "" && token.RefreshToken == "" {
			t.Fatal("took a file without a token in it")
		}
		again, err := encode(token)
		if err != nil {
			return // an expiry that JSON has no form for
		}
		same, ok := decode(again)
		if !ok || same.AccessToken != token.AccessToken || same.RefreshToken != token.RefreshToken || !same.Expiry.Equal(token.Expiry) {
			t.Errorf("%q comes back as %q", data, again)
		}
	})
}
