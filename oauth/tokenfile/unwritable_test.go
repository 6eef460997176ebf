//go:build unix

package tokenfile_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/motive-go/motive/oauth"
	"github.com/motive-go/motive/oauth/tokenfile"
	"golang.org/x/oauth2"
)

// nobody is a user who is not root.
const nobody = 65534

// Whatever keeps a file from being written is found out before the refresh token
// is presented: the login survives.
func TestWhatCannotBeWrittenSpendsNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(t *testing.T, path string) (limit string) // for the shell that runs the refresh
		root  bool                                           // can only be set up by root
	}{
		{"read-only directory", func(t *testing.T, path string) string {
			mustDo(t, os.Chmod(filepath.Dir(path), 0o500))
			return ""
		}, false},
		{"directory of another user", func(t *testing.T, path string) string {
			mustDo(t, os.Chown(filepath.Dir(path), 0, 0), os.Chmod(filepath.Dir(path), 0o755))
			return ""
		}, true},
		{"file size limit", func(*testing.T, string) string { return "ulimit -f 1; " }, false},
		{"lock file that cannot be opened", func(t *testing.T, path string) string {
			mustDo(t, os.RemoveAll(path+".lock"), os.Mkdir(path+".lock", 0o700), os.Chmod(path+".lock", 0))
			return ""
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.root && os.Geteuid() != 0 {
				t.Skip("needs root")
			}
			path := filepath.Join(sharedDir(t), "token.json")
			store, err := tokenfile.New(path)
			if err != nil {
				t.Fatal(err)
			}
			expired := &oauth2.Token{AccessToken: "old", RefreshToken: "canary-refresh", Expiry: time.Now().Add(-time.Hour)}
			if err := oauth.Save(t.Context(), store, expired); err != nil {
				t.Fatal(err)
			}
			if os.Geteuid() == 0 {
				mustDo(t, os.Chown(path, nobody, nobody), os.Chown(path+".lock", nobody, nobody))
			}
			limit := test.spoil(t, path)
			out, err := asNobody(t, limit, "refreshes", path).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			record, err := store.Load(t.Context())
			if err != nil || record.Token.RefreshToken != "canary-refresh" {
				t.Errorf("Load: %v, want the login as it was", err)
			}
		})
	}
}

// asNobody runs a role as a user who may not write everywhere, under a limit of
// the shell's.
func asNobody(t *testing.T, limit, role, path string) *exec.Cmd {
	t.Helper()
	cmd := child(t, role, path, "")
	binary := os.Args[0]
	if os.Geteuid() == 0 {
		// The test binary lies where only root may go.
		binary = filepath.Join(sharedDir(t), "child")
		// It is copied by another process: a descriptor for writing that a child
		// of another test inherits would keep it from being run.
		mustDo(t, exec.CommandContext(t.Context(), "cp", os.Args[0], binary).Run(), os.Chmod(binary, 0o755))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs a shell")
	}
	cmd.Path, cmd.Args = shell, []string{"sh", "-c", limit + `exec "$0"`, binary}
	return cmd
}

// sharedDir is a directory that nobody may use, in one that is not root's alone.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tokenfile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Chmod(dir, 0o700)
		_ = os.RemoveAll(dir)
	})
	if os.Geteuid() == 0 {
		mustDo(t, os.Chown(dir, nobody, nobody))
	}
	return dir
}

func mustDo(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A disk that is all but full: a file system of its own, which only root can
// mount.
func TestFullDiskSpendsNothing(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := sharedDir(t)
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a file system here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		_ = exec.CommandContext(context.WithoutCancel(t.Context()), "umount", dir).Run()
	})
	path := filepath.Join(dir, "token.json")
	store, err := tokenfile.New(path)
	if err != nil {
		t.Fatal(err)
	}
	expired := &oauth2.Token{AccessToken: "old", RefreshToken: "canary-refresh", Expiry: time.Now().Add(-time.Hour)}
	if err := oauth.Save(t.Context(), store, expired); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "filler"), bytes.Repeat([]byte{1}, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	if err := refuseToRefresh(store, ""); err != nil {
		t.Error(err)
	}
	if record, err := store.Load(t.Context()); err != nil || record.Token.RefreshToken != "canary-refresh" {
		t.Errorf("Load: %v, want the login as it was", err)
	}
	if rests, err := filepath.Glob(path + ".*.new"); err != nil || len(rests) > 0 {
		t.Errorf("a piece of a file was left behind: %v", rests)
	}
	mustDo(t, os.Remove(filepath.Join(dir, "filler")))
	if err := oauth.Save(t.Context(), store, expired); err != nil {
		t.Errorf("Save on the emptied disk: %v", err)
	}
}

func TestRootKeepsTheOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	tests := []struct {
		name  string
		setUp func(t *testing.T, path string)
	}{
		{"of the file", func(t *testing.T, path string) {
			mustDo(t, os.WriteFile(path, []byte(`{"access_token":"old"}`), 0o600), os.Chown(path, nobody, nobody), os.Chown(filepath.Dir(path), 0, 0), os.Chmod(filepath.Dir(path), 0o777))
		}},
		{"of the directory, for a first file", func(*testing.T, string) {}},
		{"with a planted file in the way", func(t *testing.T, path string) {
			mustDo(t, os.MkdirAll(path+".new/x", 0o700))
		}},
		{"also after a lock file of root's own", func(t *testing.T, path string) {
			mustDo(t, os.WriteFile(path+".lock", nil, 0o600))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(sharedDir(t), "token.json")
			test.setUp(t, path)
			store, err := tokenfile.New(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := oauth.Save(t.Context(), store, &oauth2.Token{AccessToken: "root's"}); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{path, path + ".lock"} {
				info, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				if stat := info.Sys().(*syscall.Stat_t); stat.Uid != nobody || info.Mode() != 0o600 {
					t.Errorf("%s belongs to %d, mode %s", name, stat.Uid, info.Mode())
				}
			}
			if out, err := asNobody(t, "", "saves once", path).CombinedOutput(); err != nil {
				t.Errorf("the owner is locked out: %v: %s", err, out)
			}
		})
	}
}

// A user who may write to the directory, but is not the file's owner, must not
// take the file.
func TestFileOfAnotherUserIsNotTaken(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	path := filepath.Join(sharedDir(t), "token.json")
	mustDo(t, os.WriteFile(path, []byte(`{"access_token":"root's"}`), 0o600))
	out, err := asNobody(t, "", "saves once", path).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "belongs to another user (uid 0)") {
		t.Errorf("saving: %v: %s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != `{"access_token":"root's"}` {
		t.Errorf("the file changed: %v", err)
	}
}
