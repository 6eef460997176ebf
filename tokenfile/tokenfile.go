// Package tokenfile keeps an OAuth 2.0 token in a file that several processes
// of one machine share.
//
//	store, err := tokenfile.New("/var/lib/app/motive-token.json")
//	client, err := motive.NewClient(motive.WithOAuth2(cfg, store))
//
// The file is readable by its owner only. It is replaced as a whole, and synced
// to disk with its directory, so that a process that dies at any moment leaves
// the old token or the new one. Beside it lie a lock file, which stays, and for
// a moment a temporary one. All of it belongs on a local disk: locks and renames
// mean less on network file systems.
package tokenfile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/motive-go/motive"
	"golang.org/x/oauth2"
)

// Store is a [motive.TokenStore] in a file. It holds no token itself, and is
// safe for concurrent use.
type Store struct {
	path string
	lock chan struct{} // holds one element while this Store has the lock
}

var _ motive.TokenStore = (*Store)(nil)

// stored is the content of the file. The expiry is a point in time, since the
// expires_in of a token endpoint says nothing once it is stored.
type stored struct {
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	TokenType    string    `json:"token_type,omitempty"`
	Expiry       time.Time `json:"expiry,omitzero"`
}

const (
	maxSize = 1 << 20
	poll    = 5 * time.Millisecond // between two looks at a lock that another process has
)

// New returns a store in the file at path, which need not exist yet; its
// directory is made, for its owner only, if it does not. A symbolic link is
// followed, so that processes that name the file differently share its lock.
func New(path string) (*Store, error) {
	if path == "" {
		return nil, errors.New("tokenfile: the path is empty")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("tokenfile: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("tokenfile: %w", err)
	}
	if path, err = resolve(path); err != nil {
		return nil, fmt.Errorf("tokenfile: %w", err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("tokenfile: %s is not a regular file", path)
	}
	return &Store{path: path, lock: make(chan struct{}, 1)}, nil
}

// resolve follows symbolic links of path, or of its directory if there is no
// such file yet.
func resolve(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

// Load reads the token; nil if there is no file. A file that others may read is
// refused. One that holds no token, being empty or damaged, is a
// [*motive.ReconnectError]: the next Save replaces it.
func (s *Store) Load(context.Context) (*oauth2.Token, error) {
	file, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tokenfile: %w", err)
	}
	defer file.Close()
	if err := private(file); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("tokenfile: %w", err)
	}
	token, ok := decode(data)
	if !ok {
		return nil, &motive.ReconnectError{Reason: "the token file " + s.path + " is empty or damaged"}
	}
	return token, nil
}

// private refuses a file that its group or others may use. Windows has no such
// permissions.
func private(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("tokenfile: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("tokenfile: %s may be read or written by others (mode %04o): run chmod 600 on it, and connect to Motive again if someone may have read it",
			file.Name(), info.Mode().Perm())
	}
	return nil
}

// decode tells nothing of what is wrong, since an error of encoding/json may
// quote a piece of a token.
func decode(data []byte) (*oauth2.Token, bool) {
	var t stored
	if len(data) > maxSize || json.Unmarshal(data, &t) != nil || t.AccessToken == "" && t.RefreshToken == "" {
		return nil, false
	}
	return &oauth2.Token{AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, TokenType: t.TokenType, Expiry: t.Expiry}, true
}

func encode(t *oauth2.Token) ([]byte, error) {
	return json.MarshalIndent(stored{t.AccessToken, t.RefreshToken, t.TokenType, t.Expiry}, "", "  ")
}

// Save replaces the file, with mode 0600, and returns when it is on disk.
func (s *Store) Save(_ context.Context, token *oauth2.Token) error {
	if token == nil {
		return errors.New("tokenfile: the token is nil")
	}
	data, err := encode(token)
	if err != nil {
		return errors.New("tokenfile: the token cannot be stored: its expiry is out of range")
	}
	temp := s.path + ".new" // one name, so that those left by a crash do not pile up
	if err := write(temp, data); err != nil {
		return fmt.Errorf("tokenfile: %w", err)
	}
	if err := os.Rename(temp, s.path); err != nil {
		return fmt.Errorf("tokenfile: %w", err)
	}
	if err := syncDir(filepath.Dir(s.path)); err != nil {
		return fmt.Errorf("tokenfile: %w", err)
	}
	return nil
}

// write makes the file anew, so that neither the mode nor the owner of one that
// lies there is taken over.
func write(path string, data []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, bytes.NewReader(data))
	return errors.Join(err, file.Sync(), file.Close())
}

// syncDir makes a rename survive a power cut. Windows cannot sync a directory.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Lock waits until no other Store, in this process or another, has the lock of
// this file, or until ctx ends. The system frees the lock of a process that
// dies.
func (s *Store) Lock(ctx context.Context) (unlock func(), err error) {
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	file := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	if _, err := file.TryLockContext(ctx, poll); err != nil {
		<-s.lock
		return nil, fmt.Errorf("tokenfile: locking %s: %w", file.Path(), err)
	}
	return sync.OnceFunc(func() {
		_ = file.Unlock() // closes the file, which frees the lock whatever else fails
		<-s.lock
	}), nil
}
