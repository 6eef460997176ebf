package provision

import (
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/motive-go/motive"
)

// passwords generates passwords into a file that only its owner can read.
type passwords struct {
	mu   sync.Mutex
	file *os.File
}

// openPasswords opens the file, or returns nil where no path is given.
func openPasswords(path string) (*passwords, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("provision: open the password file: %w", err)
	}
	p := &passwords{file: file}
	if err := p.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("provision: open the password file: %w", err), file.Close())
	}
	return p, nil
}

// prepare closes the file to others, also where it was there before, and writes
// the headings.
func (p *passwords) prepare() error {
	if err := p.file.Chmod(0o600); err != nil {
		return err
	}
	info, err := p.file.Stat()
	if err != nil || info.Size() > 0 {
		return err
	}
	return p.write(externalIDColumn, "username", "email", "password")
}

func (p *passwords) close() error {
	if p == nil {
		return nil
	}
	return p.file.Close()
}

// give puts a new password into a create that has none, once it is on the disk.
// Where a create is sent again in a later run, the last line is the one that
// holds.
func (p *passwords) give(a *motive.UserAttributes, externalID string) error {
	if p == nil || !a.Password.IsZero() {
		return nil
	}
	password := newPassword()
	username, _ := a.Username.Get()
	email, _ := a.Email.Get()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.write(externalID, username, email, password); err != nil {
		return fmt.Errorf("provision: write the password file: %w", err)
	}
	a.Password = motive.Set(password)
	return nil
}

func (p *passwords) write(cells ...string) error {
	out := csv.NewWriter(p.file)
	if err := out.Write(cells); err != nil {
		return err
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return p.file.Sync()
}

// newPassword has 120 bits of chance in it, and a letter of each case, a digit
// and a sign for those who ask for them.
func newPassword() string {
	chance := rand.Text()
	return strings.ToLower(chance[:12]) + "-" + chance[12:24] + "-7"
}
