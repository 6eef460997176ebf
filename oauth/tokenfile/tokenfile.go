// Package tokenfile keeps the login of an OAuth 2.0 app in a file that several
// processes of one machine share.
//
//	store, err := tokenfile.New("/var/lib/app/motive-token.json")
//	client, err := motive.NewClient(motive.WithOAuth2(cfg, store))
//
// The file is readable by its owner only, and keeps its owner when another user,
// such as root, saves. It is replaced as a whole, and synced to disk with its
// directory, so that a process that dies at any moment leaves the old record or
// the new one. Beside it lie a lock file, which stays, and for a moment a
// temporary one. All of it belongs on a local disk: locks and renames mean less
// on network file systems.
package tokenfile

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/motive-go/motive/internal/backoff"
	"github.com/motive-go/motive/oauth"
)

// Store is an [oauth.Store] in a file. It keeps no token in memory, and is safe
// for concurrent use.
type Store struct {
	path string
	turn chan struct{} // holds one element while this Store has the lock, or tries

	mu   sync.Mutex
	held *lockFile // nil while this Store does not have the lock
}

var _ oauth.Store = (*Store)(nil)

const maxSize = 1 << 20

// New returns a store in the file at path, which need not exist yet; its
// directory is made, for its owner only, if it does not. A symbolic link is
// followed, also one to a file that does not exist, so that processes that name
// the file differently share its lock.
func New(path string) (*Store, error) {
	if path == "" {
		return nil, errors.New("tokenfile: the path is empty")
	}
	path, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("tokenfile: %w", err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("tokenfile: %s is not a regular file", path)
	}
	return &Store{path: path, turn: make(chan struct{}, 1)}, nil
}

// resolve returns the one path of a file, without symbolic links, and makes its
// directory.
func resolve(path string) (string, error) {
	const maxLinks = 40 // as Linux has it
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range maxLinks {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", err
		}
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, filepath.Base(path))
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		path = target
	}
	return "", fmt.Errorf("%s: too many symbolic links", path)
}

// Load reads the record; nil if there is no file. A file that others may read is
// refused. One that holds no token, being empty or damaged, is an
// [*oauth.ReconnectError]: the next Save replaces it.
func (s *Store) Load(ctx context.Context) (*oauth.Record, error) {
	if ctx.Err() != nil {
		return nil, backoff.ContextError(ctx)
	}
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
	record, ok := decode(data)
	if !ok {
		return nil, &oauth.ReconnectError{Reason: "the token file " + s.path + " is empty or damaged"}
	}
	return record, nil
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
func decode(data []byte) (*oauth.Record, bool) {
	r := new(oauth.Record)
	if len(data) > maxSize || json.Unmarshal(data, r) != nil || r.Token == nil {
		return nil, false
	}
	return r, true
}

// encode pads the document with spaces. The record of an intent so takes as much
// room as the one with the next token, which may be longer: where the disk or a
// limit has no room for that, it shows before a refresh token is spent.
func encode(r *oauth.Record) ([]byte, error) {
	const spare, block = 2 << 10, 4 << 10
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, errors.New("the record cannot be stored: its expiry is out of range")
	}
	blocks := (len(data) + spare + block) / block
	padding := bytes.Repeat([]byte{' '}, blocks*block-len(data)-2)
	return append(append(append(data, '\n'), padding...), '\n'), nil
}

// Save replaces the file and returns when it is on disk. The file keeps its owner,
// and may be read by that one only. Where the owner cannot be kept, or anything
// cannot be written, nothing changes.
func (s *Store) Save(ctx context.Context, r *oauth.Record) error {
	if ctx.Err() != nil {
		return backoff.ContextError(ctx)
	}
	if r == nil || r.Token == nil {
		return errors.New("tokenfile: there is no token in the record")
	}
	data, err := encode(r)
	if err != nil {
		return fmt.Errorf("tokenfile: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		return errors.New("tokenfile: the file is not locked: only the holder of its lock may save")
	}
	if err := s.held.check(); err != nil {
		return fmt.Errorf("tokenfile: %w", err)
	}
	s.removeRests()
	// Nobody can guess the name, and one who has lost the lock has another.
	temp := s.path + "." + rand.Text() + tempSuffix
	if err := s.write(temp, data); err != nil {
		return fmt.Errorf("tokenfile: %w", err)
	}
	err = s.held.check() // again, as late as can be
	if err == nil {
		err = os.Rename(temp, s.path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("tokenfile: %w", err)
	}
	if err := syncDir(filepath.Dir(s.path)); err != nil {
		return fmt.Errorf("tokenfile: %w", err)
	}
	return nil
}

const tempSuffix = ".new"

// removeRests removes the temporary files that processes left which died in a
// Save. Under the lock nobody else has one that counts.
func (s *Store) removeRests() {
	dir := filepath.Dir(s.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // it may be written without being read
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, filepath.Base(s.path)+".") && strings.HasSuffix(name, tempSuffix) {
			_ = os.Remove(filepath.Join(dir, name)) // one that stays does no harm
		}
	}
}

// write makes a file with the owner of the token file, and nothing of it stays
// if that fails.
func (s *Store) write(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = s.keepOwner(file)
	if err == nil {
		_, err = file.Write(data)
	}
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		_ = os.Remove(path)
	}
	return err
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
