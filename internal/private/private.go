// Package private knows the files that only the owner may see: config.yaml, the ledger and the
// files beside it, the outbox, the list of subscribers, signing keys, backups of these, and
// hidden files. All code that publishes, serves or includes files uses it, so that there is
// one list.
package private

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind says which files belong to a Place.
type Kind int

const (
	// File is a file, and those in its folder that are named after it: config.yaml.bak,
	// config.yaml~.
	File Kind = iota
	// Folder is a folder with everything in it.
	Folder
	// Ledger is a File that is recognized by its name in any folder, because restoring a
	// backup begins with moving the old ledger away.
	Ledger
)

// Place is a private file or folder. It need not exist.
type Place struct {
	What string // what it is to its owner, such as "the ledger"
	Key  string // the key of config.yaml that names it; "" for config.yaml itself
	Path string // absolute
	Kind Kind
}

// List is the private files of a blog. The zero value has only hidden files. It is safe for
// concurrent use.
type List struct {
	places []Place

	mu   sync.Mutex
	last *Seen
}

// NewList returns a list of places with absolute paths.
func NewList(places ...Place) *List { return &List{places: places} }

// Places returns the places that the list was made from.
func (l *List) Places() []Place { return l.places }

// companions are the endings of files that SQLite and publisher put beside a ledger.
var companions = []string{"", "-wal", "-shm", "-journal", ".mark", ".mark.new", ".late", ".late.1", ".late.2", ".late.3", ".lock"}

// Companions returns the files that belong to a place, itself first. Only ledgers have
// others.
func (p Place) Companions() []string {
	if p.Kind != Ledger {
		return []string{p.Path}
	}
	all := make([]string, len(companions))
	for i, ending := range companions {
		all[i] = p.Path + ending
	}
	return all
}

// Seen is a List with the files that existed when Look was called, by which it recognizes hard
// links and other spellings.
type Seen struct {
	at    time.Time
	spots []*spot
}

type spot struct {
	Place
	paths []location    // as named, and with symbolic links resolved
	files []fs.FileInfo // of the place and its companions

	list   sync.Once
	listed map[fileID]bool // the files of a Folder that have several names
}

// location is a path, split because every file of a blog is compared with it.
type location struct{ path, dir, base, below string }

func newLocation(path string) location {
	dir, base := filepath.Split(path)
	return location{path, filepath.Clean(dir), base, strings.TrimSuffix(path, string(filepath.Separator)) + string(filepath.Separator)}
}

// fresh is how old the result of Recent may be.
const fresh = time.Second

// Recent returns the result of a Look that is at most a second old.
func (l *List) Recent() *Seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil || time.Since(l.last.at) > fresh {
		l.last = l.Look()
	}
	return l.last
}

// mayHold rules out most files quickly.
func (l location) mayHold(path string) bool {
	if len(path) > len(l.below) {
		path = path[:len(l.below)]
	}
	return strings.EqualFold(path, l.below) || strings.EqualFold(path, l.path)
}

// Look returns which of the files exist now. It takes about a hundred file system calls.
func (l *List) Look() *Seen {
	s := &Seen{at: time.Now()}
	if l == nil {
		return s
	}
	for _, p := range l.places {
		at := &spot{Place: p}
		for _, path := range Locations(p.Path) {
			at.paths = append(at.paths, newLocation(path))
			for _, file := range (Place{Path: path, Kind: p.Kind}).Companions() {
				if info, err := os.Stat(file); err == nil {
					at.files = append(at.files, info)
				}
			}
		}
		s.spots = append(s.spots, at)
	}
	return s
}

// Holds reports whether a file is private, and which place it belongs to. path must be
// absolute, with symbolic links resolved; info is nil if the file does not exist.
func (s *Seen) Holds(path string, info fs.FileInfo) (Place, bool) {
	if s == nil {
		return Place{}, false
	}
	dir, base := filepath.Split(path)
	for _, at := range s.spots {
		if at.named(dir, base, path) || info != nil && at.same(info) {
			return at.Place, true
		}
	}
	return Place{}, false
}

// named decides by the path only.
func (at *spot) named(dir, base, path string) bool {
	for _, p := range at.paths {
		if at.Kind == Folder {
			if p.mayHold(path) && Within(path, p.path) {
				return true
			}
			continue
		}
		if isNamedAfter(base, p.base) && (at.Kind == Ledger || sameFolder(dir, p.dir)) {
			return true
		}
	}
	return false
}

// same decides by the identity of the file on the system.
func (at *spot) same(info fs.FileInfo) bool {
	for _, file := range at.files {
		if os.SameFile(file, info) {
			return true
		}
	}
	if at.Kind != Folder || info.IsDir() {
		return false
	}
	id, links := identify(info)
	if links < 2 {
		return false
	}
	at.list.Do(at.readFolder)
	return at.listed[id]
}

// maxListed limits the files of a private folder with which hard links are compared.
const maxListed = 10_000

// readFolder lists the files of a private folder that have more than one name.
func (at *spot) readFolder() {
	at.listed = map[fileID]bool{}
	count := 0
	for _, p := range at.paths {
		_ = filepath.WalkDir(p.path, func(_ string, e fs.DirEntry, err error) error {
			if count++; count > maxListed {
				return fs.SkipAll
			}
			if err != nil || !e.Type().IsRegular() {
				return nil
			}
			if info, err := e.Info(); err == nil {
				if id, links := identify(info); links > 1 {
					at.listed[id] = true
				}
			}
			return nil
		})
	}
}

// isNamedAfter reports whether a name is that of a private file, or one that programs give to
// its companions and copies: publisher.db-wal, config.yaml.bak, #config.yaml#. It ignores
// case, since file systems may ignore it.
func isNamedAfter(name, private string) bool {
	name, private = strings.TrimLeft(name, "#.~"), strings.TrimLeft(private, "#.~")
	if len(name) < len(private) || !strings.EqualFold(name[:len(private)], private) {
		return false
	}
	rest := strings.ToLower(name[len(private):])
	switch {
	case rest == "" || slices.Contains(companions, rest) || slices.Contains(copies, rest) || strings.HasPrefix(rest, ".late."):
		return true
	case !strings.Contains(private, ".") || slices.Contains(pages, filepath.Ext(rest)):
		return false // a post may have a word in its name
	}
	return !isWordByte(rest[0])
}

// copies are the endings that programs give to copies of a file; pages are those of posts.
var (
	copies = []string{"~", ".bak", ".old", ".orig", ".save", ".swp", ".tmp", ".new"}
	pages  = []string{".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mkdown", ".html", ".htm"}
)

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '_' || c >= 0x80
}

// sameFolder compares folders by path, and if only the case differs, on the system.
func sameFolder(a, b string) bool {
	a, b = filepath.Clean(a), filepath.Clean(b)
	return a == b || strings.EqualFold(a, b) && sameThere(a, b)
}

func sameThere(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// IsHidden reports whether an element of a relative path begins with a dot.
func IsHidden(rel string) bool {
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if len(part) > 1 && part[0] == '.' && part != ".." {
			return true
		}
	}
	return false
}
