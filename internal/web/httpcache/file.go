package httpcache

import (
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

// racy is how old a file must be before its size and time identify its content: a newer
// file may change again within one tick of the file system's clock.
const racy = 2 * time.Second

// File is what was last seen of the file that a response has the content of.
type File struct {
	info   fs.FileInfo
	since  time.Time    // when it was first seen in this state
	stable bool         // its size and time identify its content
	looked atomic.Int64 // when it was last looked at, in nanoseconds since 1970
	ahead  atomic.Bool  // it is being looked at beside the requests
}

// NewFile returns the state of a file that was just read, as a whole or while it was
// growing. before is what was seen of it earlier, or nil.
func NewFile(info fs.FileInfo, whole bool, now time.Time, before *File) *File {
	f := &File{info: info, since: now}
	if before != nil && before.IsOf(info) {
		f.since = before.since
	}
	f.stable = whole && isStable(now, info.ModTime(), f.since)
	f.looked.Store(now.UnixNano())
	return f
}

// IsFresh reports whether the last look is less than some time ago.
func (f *File) IsFresh(now time.Time, within time.Duration) bool {
	passed := now.UnixNano() - f.looked.Load()
	return passed >= 0 && passed < int64(within)
}

// IsOf reports whether info is of the same file in the same state.
func (f *File) IsOf(info fs.FileInfo) bool {
	return f.info.Size() == info.Size() && f.info.ModTime().Equal(info.ModTime()) && os.SameFile(f.info, info)
}

// Size returns the file's size.
func (f *File) Size() int64 { return f.info.Size() }

// SeenAgain records another look at the file, and reports whether its content must be the same.
func (f *File) SeenAgain(info fs.FileInfo, now time.Time) bool {
	if !f.stable || !f.IsOf(info) {
		return false
	}
	f.looked.Store(now.UnixNano())
	return true
}

// LookAhead calls look beside the requests, unless an earlier call has not returned.
func (f *File) LookAhead(look func()) {
	if f.ahead.CompareAndSwap(false, true) {
		go func() {
			defer f.ahead.Store(false)
			look()
		}()
	}
}

// isStable reports whether a file's size and time identify its content. The age of a time in
// the future is unknown, but not how long the file has had it.
func isStable(now, modified, since time.Time) bool {
	switch age := now.Sub(modified); {
	case age > racy:
		return true
	case age >= -racy:
		return false
	}
	return now.Sub(since) > racy
}
