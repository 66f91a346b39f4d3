package web

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"publisher/templates"
)

// cacheFiles makes caches revalidate files after five minutes.
const cacheFiles = "public, max-age=300"

// racy is how old a file must be before its size and time identify its content: a newer
// file may change again within one tick of the file system's clock.
const racy = 2 * time.Second

// file serves a regular file of the output folder.
func (s *site) file(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	f, info, err := openBelow(s.Config.Path(s.Config.Feeds.Dir), name)
	switch {
	case err != nil && machineFault(err):
		s.fail(w, r, fmt.Errorf("reading a file of feeds.dir: %w", err), "")
		return
	case err != nil:
		s.message(w, http.StatusNotFound, templates.MissingPage)
		return
	}
	defer f.Close()
	if s.withheld(s.Config.Path(s.Config.Feeds.Dir), name, f, info) {
		s.message(w, http.StatusNotFound, templates.MissingPage)
		return
	}
	mediaType, feed := s.types.of(name)
	if feed {
		w.Header().Add("Vary", "Accept")
		if info.Size() <= maxFeed && wantsPage(r.Header.Values("Accept"), mediaType) {
			if s.feedPage(w, r, name, f, info) {
				return
			}
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				s.fail(w, r, fmt.Errorf("reading a file of feeds.dir: %w", err), "")
				return
			}
		}
	}
	k, err := s.inspect(name, mediaType, f, info)
	if err != nil {
		s.fail(w, r, fmt.Errorf("reading a file of feeds.dir: %w", err), "")
		return
	}
	h := w.Header()
	h.Set("Cache-Control", cacheFiles)
	h.Set("Content-Security-Policy", s.policy(filePolicy))
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if feed {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	(&cachedResponse{cachedBody: k, mediaType: mediaType, body: f, size: info.Size(), modified: info.ModTime()}).serve(w, r)
}

// openBelow opens a regular file below dir. For hidden files and symbolic links to the
// outside it returns fs.ErrNotExist.
func openBelow(dir, name string) (*os.File, fs.FileInfo, error) {
	if !fs.ValidPath(name) || hidden(name) {
		return nil, nil, fs.ErrNotExist
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	// Opening a named pipe would wait for its writer, so check first.
	if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil, nil, errOr(err, fs.ErrNotExist)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, nil, errOr(err, fs.ErrNotExist)
	}
	return f, info, nil
}

func errOr(err, instead error) error {
	if err != nil {
		return err
	}
	return instead
}

// hidden reports whether an element of the path begins with a dot.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

// machineFault reports whether err is the machine's fault. All other errors mean that there
// is no such file, for which hostile paths get many different errors.
func machineFault(err error) bool {
	for _, fault := range []error{fs.ErrPermission, syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

// inspect returns the file's entity tag and compressed form, and rewinds f.
func (s *site) inspect(name, mediaType string, f *os.File, info fs.FileInfo) (*cachedBody, error) {
	key := fmt.Sprintf("file %s %d %d", name, info.Size(), info.ModTime().UnixNano())
	return s.cache.get(key, s.Now(), func() (*cachedBody, bool, error) {
		k, read, err := represent(mediaType, info.Size(), f)
		if err != nil {
			return nil, false, err
		}
		_, err = f.Seek(0, io.SeekStart)
		var keep bool
		keep, k.expires = s.settled(key, info.ModTime())
		return k, keep && read == info.Size(), err
	})
}

// settled reports whether a file's size and time identify its content, and until when; a
// zero time means forever.
func (s *site) settled(key string, modified time.Time) (keep bool, until time.Time) {
	now := s.Now()
	switch age := now.Sub(modified); {
	case age > racy:
		return true, time.Time{}
	case age >= -racy:
		return false, time.Time{}
	}
	// The age of a time in the future is unknown, but not how long the file has had it.
	seen, _ := s.cache.get("seen "+key, now, func() (*cachedBody, bool, error) { return &cachedBody{seen: now}, true, nil })
	if now.Sub(seen.seen) > racy {
		return true, time.Time{}
	}
	return true, now.Add(racy)
}
