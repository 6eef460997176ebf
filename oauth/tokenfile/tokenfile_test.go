package tokenfile

import (
	"bytes"
	"context"
	"encoding/json"
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

	"github.com/motive-go/motive/oauth"
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
			if err := oauth.Save(t.Context(), store, &test.token); err != nil {
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
			if *got.Token != test.token {
				t.Errorf("loaded %q %q %q %s", got.Token.AccessToken, got.Token.RefreshToken, got.Token.TokenType, got.Token.Expiry)
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
			if errors.Is(err, oauth.ErrReconnect) != test.reconnect || !strings.Contains(err.Error(), "connect to Motive again") {
				t.Errorf("Load: %v: does not say what to do", err)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, canary) {
				t.Errorf("the error shows the token: %s", text)
			}
			// A new login makes up for each of them.
			if err := oauth.Save(t.Context(), store, &oauth2.Token{AccessToken: "new"}); err != nil {
				t.Fatal(err)
			}
			if token, err = store.Load(t.Context()); err != nil || token.Token.AccessToken != "new" {
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
		{"no lock file", &oauth2.Token{AccessToken: "new"}, func(s *Store) error {
			return errors.Join(os.Remove(s.lockPath()), os.MkdirAll(s.lockPath()+"/x", 0o700))
		}},
		{"no token", nil, nil},
		{"an impossible expiry", &oauth2.Token{AccessToken: "new", Expiry: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			if err := oauth.Save(t.Context(), store, &oauth2.Token{AccessToken: "old"}); err != nil {
				t.Fatal(err)
			}
			if test.spoil != nil {
				if err := test.spoil(store); err != nil {
					t.Fatal(err)
				}
			}
			if err := oauth.Save(t.Context(), store, test.token); err == nil || strings.Contains(err.Error(), "new\"") {
				t.Errorf("Save: %v, want an error without the token", err)
			}
			if token, err := store.Load(t.Context()); err != nil || token.Token.AccessToken != "old" {
				t.Errorf("Load: %v, %v, want the old token", token, err)
			}
		})
	}
}

func TestRestOfACrashIsNotTakenOver(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	dir := filepath.Dir(store.path)
	other := filepath.Join(dir, "other")
	unrelated := []string{other, store.path + ".bak", filepath.Join(dir, "my-token.json.new")}
	for _, name := range unrelated {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	planted := filepath.Join(store.path+".dir.new", "x")
	tests := []struct {
		name string
		lay  error
		gone bool
	}{
		{store.path + ".new", os.WriteFile(store.path+".new", []byte(strings.Repeat("x", 4096)), 0o666), true},
		{store.path + ".LINK.new", os.Symlink(other, store.path+".LINK.new"), true},
		{planted, os.MkdirAll(planted, 0o700), false}, // which stands in nobody's way
	}
	if err := oauth.Save(t.Context(), store, &oauth2.Token{AccessToken: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if test.lay != nil {
			t.Fatal(test.lay)
		}
		if _, err := os.Lstat(test.name); errors.Is(err, fs.ErrNotExist) != test.gone {
			t.Errorf("%s: %v, want it gone: %t", test.name, err, test.gone)
		}
	}
	if r, err := store.Load(t.Context()); err != nil || r.Token.AccessToken != "a" {
		t.Errorf("Load: %v", err)
	}
	for _, name := range unrelated {
		if content, err := os.ReadFile(name); err != nil || len(content) > 0 {
			t.Errorf("%s was touched: %v", name, err)
		}
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
	if err := oauth.Save(t.Context(), store, &oauth2.Token{AccessToken: "a"}); err != nil {
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
	f.Add([]byte(`{"access_token":"a","intent":{"fingerprint":"f","since":"never"},"spent":[1,{"fingerprint":"g"}],"more":{}}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		record, ok := decode(data)
		if !ok {
			return
		}
		if record.Token.AccessToken == "" && record.Token.RefreshToken == "" {
			t.Fatal("took a file without a token in it")
		}
		again, err := encode(record)
		if err != nil {
			return // an expiry that JSON has no form for
		}
		same, ok := decode(again)
		if !ok || same.Token.AccessToken != record.Token.AccessToken || same.Token.RefreshToken != record.Token.RefreshToken || !same.Token.Expiry.Equal(record.Token.Expiry) {
			t.Fatalf("%q comes back as %q", data, again)
		}
		if third, err := encode(same); err != nil || !bytes.Equal(third, again) {
			t.Errorf("%q becomes %q: %v", again, third, err)
		}
	})
}

func TestLinkToAFileThatDoesNotExistYet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "data", "real.json")
	link, second := filepath.Join(dir, "link.json"), filepath.Join(dir, "second.json")
	if err := errors.Join(os.Symlink(filepath.Join("data", "real.json"), link), os.Symlink(link, second)); err != nil {
		t.Fatal(err)
	}
	store, err := New(second)
	if err != nil {
		t.Fatal(err)
	}
	if err := oauth.Save(t.Context(), store, &oauth2.Token{AccessToken: "a"}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(target); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the target: %v, %v, want a file", info, err)
	}
	for _, name := range []string{link, second} {
		if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no longer a link: %v", name, err)
		}
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if _, err := New(loop); err == nil {
		t.Error("New followed a link to itself")
	}
}

func TestRemovedLockFileFreesNobody(t *testing.T) {
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
	waiting := make(chan error, 1)
	go func() { // waits for the file that is about to go
		unlock, err := second.Lock(t.Context())
		if err == nil {
			err = second.Save(t.Context(), &oauth.Record{Token: &oauth2.Token{AccessToken: "second"}})
			unlock()
		}
		waiting <- err
	}()
	time.Sleep(10 * poll) // until it waits, mostly; otherwise the test is merely easier
	// Removed, and made anew by somebody else.
	if err := errors.Join(os.Remove(first.lockPath()), os.WriteFile(first.lockPath(), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := first.Save(t.Context(), &oauth.Record{Token: &oauth2.Token{AccessToken: "first"}}); err == nil || !strings.Contains(err.Error(), "the lock is lost") {
		t.Errorf("Save after the lock file was removed: %v", err)
	}
	unlock()
	if err := <-waiting; err != nil {
		t.Fatal(err)
	}
	third, err := New(first.path)
	if err != nil {
		t.Fatal(err)
	}
	held, err := third.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held()
	ctx, cancel := context.WithTimeout(t.Context(), 10*poll)
	defer cancel()
	if _, err := first.Lock(ctx); err == nil {
		t.Error("two have the lock")
	}
	if r, err := first.Load(t.Context()); err != nil || r.Token.AccessToken != "second" {
		t.Errorf("Load: %v, want what was saved last", err)
	}
}

// A save of an intent shows whether there is room for what comes after it.
func TestIntentTakesAsMuchRoomAsTheNextToken(t *testing.T) {
	t.Parallel()
	size := func(token, rest string) int {
		r := new(oauth.Record)
		if err := json.Unmarshal([]byte(`{"access_token":"`+token+`"`+rest+`}`), r); err != nil {
			t.Fatal(err)
		}
		data, err := encode(r)
		if err != nil || !json.Valid(data) {
			t.Fatalf("encode: %v", err)
		}
		return len(data)
	}
	for length := 1; length < 9000; length += 7 {
		token := strings.Repeat("x", length)
		before := size(token, `,"intent":{"fingerprint":"0123456789abcdef0123456789abcdef","by":"a.long.host.name.example.com/4711/ABCD","since":"2030-01-02T03:04:05.123456789Z"}`)
		if before%4096 != 0 || before-length < 2048 {
			t.Fatalf("a token of %d bytes takes %d", length, before)
		}
		if after := size(token, ""); after > before {
			t.Fatalf("a token of %d bytes takes %d after %d", length, after, before)
		}
	}
}
