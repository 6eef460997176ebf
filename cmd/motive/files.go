package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/motive-go/motive/provision"
)

// ownerOnly is the mode of every file that is written: they hold personal data.
const ownerOnly = 0o600

// writeFile writes a file for its owner only, whole or not at all.
func writeFile(path string, write func(io.Writer) error) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(temp.Name())))
		}
	}()
	out := bufio.NewWriter(temp)
	err = errors.Join(temp.Chmod(ownerOnly), write(out))
	if err == nil {
		err = errors.Join(out.Flush(), temp.Sync())
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// openPlan reads a plan and keeps others from applying it until unlock is called.
func openPlan(path string) (plan *provision.Plan, unlock func(), err error) {
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, nil, err
	}
	plan, err = provision.ReadPlan(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	alone, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("lock %s: %w", path, err)
	case !alone:
		return nil, nil, fmt.Errorf("%s is being applied by another program", path)
	}
	return plan, func() { _ = lock.Unlock() }, nil
}

// beside is the path of a file that belongs to a plan: monday.plan has
// monday.4f2c9a12.journal. The hash keeps next Monday's plan from meeting the
// journal of this one.
func beside(plan *provision.Plan, path, extension string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + "." + plan.ShortHash() + extension
}
