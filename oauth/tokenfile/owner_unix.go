//go:build unix

package tokenfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// keepOwner gives a new file to the owner of the token file: to anyone else it
// would be lost with it. Where there is no token file yet, root makes it for the
// owner of the directory.
func (s *Store) keepOwner(file *os.File) error {
	uid, gid, ok := s.owner()
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	nowUID, nowGID, ok := ownerOf(info)
	if !ok || nowUID == uid && nowGID == gid {
		return nil
	}
	if err := file.Chown(int(uid), int(gid)); err != nil && nowUID != uid {
		return fmt.Errorf("%s belongs to another user (uid %d), and would be lost to that one: %w", s.path, uid, err)
	}
	return nil // the group has no rights
}

// owner returns whom the files belong to, or not ok for the user of this process.
func (s *Store) owner() (uid, gid uint32, ok bool) {
	info, err := os.Stat(s.path)
	if err != nil && os.Geteuid() == 0 {
		info, err = os.Stat(filepath.Dir(s.path))
	}
	if err != nil {
		return 0, 0, false
	}
	return ownerOf(info)
}

func ownerOf(info fs.FileInfo) (uid, gid uint32, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return stat.Uid, stat.Gid, true
}
