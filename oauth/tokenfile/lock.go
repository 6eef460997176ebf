package tokenfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/motive-go/motive/internal/backoff"
)

const poll = 5 * time.Millisecond // between two looks at a lock that another process has

// Lock waits until no other Store, in this process or another, has the lock of
// this file, or until ctx ends. The system frees the lock of a process that
// dies. Removing the lock file takes the lock from its holder, whose Save then
// fails.
func (s *Store) Lock(ctx context.Context) (unlock func(), err error) {
	if ctx.Err() != nil {
		return nil, backoff.ContextError(ctx)
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, backoff.ContextError(ctx)
	}
	held, err := s.lockFile(ctx)
	if err != nil {
		<-s.turn
		return nil, fmt.Errorf("tokenfile: locking %s: %w", s.path, err)
	}
	s.hold(held)
	return sync.OnceFunc(func() {
		s.hold(nil)
		_ = held.Unlock() // closes the file, which frees the lock whatever else fails
		<-s.turn
	}), nil
}

func (s *Store) hold(f *lockFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = f
}

// lockFile locks the file that bears the lock's name. One that was removed while
// it was waited for excludes nobody.
func (s *Store) lockFile(ctx context.Context) (*lockFile, error) {
	for {
		if err := s.makeLockFile(); err != nil {
			return nil, err
		}
		f := &lockFile{flock.New(s.lockPath(), flock.SetPermissions(0o600))}
		if _, err := f.TryLockContext(ctx, poll); err != nil {
			_ = f.Close()
			return nil, err
		}
		if f.check() == nil {
			return f, nil
		}
		_ = f.Unlock()
		if err := backoff.Sleep(ctx, poll); err != nil {
			return nil, err
		}
	}
}

func (s *Store) lockPath() string { return s.path + ".lock" }

// makeLockFile makes the lock file if there is none, for the owner of the token
// file, whoever makes it.
func (s *Store) makeLockFile() error {
	file, err := os.OpenFile(s.lockPath(), os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(s.keepOwner(file), file.Close())
}

// lockFile is a lock that is held.
type lockFile struct{ *flock.Flock }

// check fails if the lock file has been removed or replaced, and the lock lost
// with it.
func (f *lockFile) check() error {
	held, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(f.Path())
	if err != nil || !os.SameFile(held, named) {
		return errors.New("the lock is lost: its file " + f.Path() + " was removed")
	}
	return nil
}
