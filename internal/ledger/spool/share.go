package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// mostFiles is how many processes can have a file each.
const mostFiles = 1000

// share is what a process has of the files of all processes that use one folder: the first has the file
// with the usual name, the next one that with "-2" after it, and so on. Whoever has a file has it
// locked, so one that is not locked was left by a process that has died.
type share struct {
	own       *held   // nil until something is to be reserved
	inherited []*held // left by others
}

// held is a file that this process has locked.
type held struct {
	path string
	lock *flock.Flock
}

// NewShared returns a file of this process alone, which has a number after path if other processes have
// files with that path.
func NewShared(path string) *File { return &File{path: path, share: new(share)} }

// path returns the path of the own file.
func (s *share) path(base string) string {
	if s.own != nil {
		return s.own.path
	}
	return base
}

// paths returns the paths of all files that are locked here.
func (s *share) paths() (all []string) {
	for _, h := range s.inherited {
		all = append(all, h.path)
	}
	if s.own != nil {
		all = append(all, s.own.path)
	}
	return all
}

// take locks the first file that nobody has.
func (s *share) take(base string) error {
	for n := 1; n <= mostFiles; n++ {
		path := base
		if n > 1 {
			path = fmt.Sprintf("%s-%d", base, n)
		}
		h, err := hold(path, os.O_CREATE|os.O_RDWR)
		if err != nil {
			return err
		}
		if h != nil {
			s.own = h
			return nil
		}
	}
	return fmt.Errorf("more than %d processes have a file %s", mostFiles, base)
}

// inherit locks the files that nobody has.
func (s *share) inherit(base string) error {
	for _, path := range numbered(base) {
		h, err := hold(path, os.O_RDWR)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if h != nil {
			s.inherited = append(s.inherited, h)
		}
	}
	return nil
}

// clear removes the files that others left.
func (s *share) clear() error {
	for _, h := range s.inherited {
		if err := errors.Join(os.RemoveAll(h.path), h.lock.Unlock()); err != nil {
			return err
		}
	}
	s.inherited = nil
	return nil
}

// release unlocks all files.
func (s *share) release() (err error) {
	for _, h := range s.inherited {
		err = errors.Join(err, h.lock.Unlock())
	}
	s.inherited = nil
	if s.own != nil {
		err = errors.Join(err, s.own.lock.Unlock())
		s.own = nil
	}
	return err
}

// hold locks a file; nil if somebody has it.
func hold(path string, flags int) (*held, error) {
	for {
		lock := flock.New(path, flock.SetFlag(flags), flock.SetPermissions(0o600))
		taken, err := lock.TryLock()
		if err != nil || !taken {
			return nil, errors.Join(err, lock.Close())
		}
		locked, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		// Whoever had the file may have removed it before it was locked here.
		if there, err := os.Stat(path); err == nil && os.SameFile(there, locked) {
			return &held{path, lock}, nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(err, lock.Close())
		}
		if err := lock.Close(); err != nil {
			return nil, err
		}
		if flags&os.O_CREATE == 0 {
			return nil, nil
		}
	}
}

// numbered returns the files of all processes.
func numbered(base string) []string {
	names := []string{}
	if _, err := os.Stat(base); err == nil {
		names = append(names, base)
	}
	dir, file := filepath.Split(base)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return names
	}
	for _, entry := range entries {
		if n, found := strings.CutPrefix(entry.Name(), file+"-"); found && n != "" && strings.Trim(n, "0123456789") == "" {
			names = append(names, filepath.Join(dir, entry.Name()))
		}
	}
	return names
}
