// Package spool is a file that takes results when the database does not.
package spool

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"publisher/internal/durable"
)

// size is enough for the results of well over a hundred connections.
const size = 64 << 10

// File is a file for results that the database cannot take because the disk is full or
// another program has locked it. Its space is reserved before anything is sent, so that
// the next pass knows every answer of a server and nothing is sent twice. The file has a
// line of JSON for each result, followed by empty lines. It is safe for concurrent use.
type File struct {
	path string
	base string // of the names of files that belong to it

	mu   sync.Mutex
	file *os.File // nil until the first intent
	end  int64    // of what is kept
}

// New returns the file with that path, which need not exist.
func New(path string) *File { return &File{path: path, base: path} }

// NewOwned returns the file beside it of one of several processes that use the folder.
func NewOwned(path, owner string) *File { return &File{path: path + ownerMark + owner, base: path} }

// ownerMark is between the path and the owner in the name of a file.
const ownerMark = "-"

// Others returns the files of other owners.
func (f *File) Others() map[string]*File {
	all := map[string]*File{}
	for _, name := range f.owned() {
		if name != f.path {
			all[strings.TrimPrefix(name, f.base+ownerMark)] = &File{path: name, base: f.base}
		}
	}
	return all
}

// owned returns the names of the owners' files.
func (f *File) owned() []string {
	return f.beside(func(rest string) bool {
		owner, found := strings.CutPrefix(rest, ownerMark)
		return found && owner != ""
	})
}

// Path returns where it is.
func (f *File) Path() string { return f.path }

// Reserve allocates the space, once.
func (f *File) Reserve() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file != nil {
		return nil
	}
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	kept, err := io.ReadAll(file)
	if err == nil {
		f.end = int64(len(bytes.TrimRight(kept, "\n")))
		if f.end > 0 {
			f.end++ // the end of its last line
		}
		_, err = file.WriteAt(bytes.Repeat([]byte("\n"), size), f.end)
	}
	if err = errors.Join(err, file.Sync()); err != nil {
		return errors.Join(err, file.Close())
	}
	f.file = file
	return nil
}

// Append adds a line, in reserved space.
func (f *File) Append(line []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return errors.New("no space was reserved")
	}
	if _, err := f.file.WriteAt(slices.Concat(line, []byte("\n")), f.end); err != nil {
		return err
	}
	f.end += int64(len(line)) + 1
	return f.file.Sync()
}

// Lines returns the lines in the file. The last one may have been cut short.
func (f *File) Lines() (kept [][]byte, err error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if len(line) > 0 {
			kept = append(kept, line)
		}
	}
	return kept, err
}

// Blank blanks the replies of the lines about somebody, also in the files that were set aside.
// Other processes may have the files open, so nothing in them moves.
func (f *File) Blank(about func(line []byte) bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, path := range slices.Concat(f.Aside(), f.owned(), []string{f.base}) {
		if err := blankIn(path, about); err != nil {
			return err
		}
	}
	return nil
}

func blankIn(path string, about func(line []byte) bool) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	changed, at := false, int64(0)
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if len(line) > 0 && about(line) {
			if _, err := file.WriteAt(blankReply(line), at); err != nil {
				return err
			}
			changed = true
		}
		at += int64(len(line)) + 1
	}
	if !changed {
		return nil
	}
	return file.Sync()
}

// blankReply returns a line with a reply of nothing but spaces, and of the same length. All of
// a line that is not whole becomes spaces.
func blankReply(line []byte) []byte {
	blank := bytes.Clone(line)
	start := 0
	if json.Valid(line) {
		const name = `"Reply":"`
		if start = bytes.Index(line, []byte(name)) + len(name); start < len(name) {
			return blank
		}
	}
	for i := start; i < len(blank) && (start == 0 || line[i] != '"'); i++ {
		if start > 0 && line[i] == '\\' { // an escape, maybe of a quote
			blank[i], blank[i+1] = ' ', ' '
			i++
			continue
		}
		blank[i] = ' '
	}
	return blank
}

// Drop removes the first lines, as many as Lines returned; the space stays reserved.
func (f *File) Drop(lines int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return os.Remove(f.path)
	}
	text := make([]byte, f.end)
	if _, err := f.file.ReadAt(text, 0); err != nil {
		return err
	}
	rest := bytes.TrimLeft(text, "\n")
	for ; lines > 0; lines-- {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
		rest = bytes.TrimLeft(rest, "\n")
	}
	_, err := f.file.WriteAt(slices.Concat(rest, bytes.Repeat([]byte("\n"), len(text)-len(rest))), 0)
	f.end = int64(len(rest))
	return errors.Join(err, f.file.Sync())
}

// Remove removes the file of an owner who does not use it any more.
func (f *File) Remove() error {
	if err := os.Remove(f.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close removes the file if it has no results.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	if f.end == 0 {
		err = errors.Join(err, os.RemoveAll(f.path)) // another process may have been faster
	}
	f.file = nil
	return err
}

// SetAside writes lines to a file of their own.
func (f *File) SetAside(lines [][]byte) (path string, err error) {
	file, err := durable.CreateNumbered(f.base)
	if err != nil {
		return "", err
	}
	_, err = file.Write(append(bytes.Join(lines, []byte("\n")), '\n'))
	err = errors.Join(err, file.Sync(), file.Close())
	return file.Name(), errors.Join(err, durable.SyncFolder(filepath.Dir(f.base)))
}

// Aside returns the names of the files that SetAside wrote.
func (f *File) Aside() []string {
	return f.beside(func(rest string) bool {
		n, found := strings.CutPrefix(rest, ".")
		return found && n != "" && strings.Trim(n, "0123456789") == ""
	})
}

// beside returns the names of the files in the folder that begin with base, and go on with such a rest.
func (f *File) beside(is func(rest string) bool) []string {
	dir, base := filepath.Split(f.base)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if rest, found := strings.CutPrefix(entry.Name(), base); found && is(rest) {
			names = append(names, filepath.Join(dir, entry.Name()))
		}
	}
	return names
}
