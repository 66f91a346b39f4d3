package web

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"publisher/templates"
)

// cacheFiles makes caches revalidate files after five minutes.
const cacheFiles = "public, max-age=300"

const (
	// lookAgain is how long a file is served from memory without a look at the disk, and
	// lookAhead is when one that is asked for is looked at meanwhile, so that nobody has to
	// wait for the disk.
	lookAgain = time.Second
	lookAhead = lookAgain / 2
)

// fromMemory answers requests for files that were looked at less than a second ago, and
// reports whether it did. It is a shortcut past the routes: only paths that have led to file
// are in the cache, and only such that have one spelling.
func (s *site) fromMemory(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.ContentLength != 0 || r.URL.RawPath != "" || r.URL.Path == "" {
		return false
	}
	name := r.URL.Path[1:]
	if s.base != "" {
		if s.base != s.plainBase {
			return false
		}
		if below, ok := strings.CutPrefix(r.URL.Path, s.base+"/"); ok {
			name = below
		}
	}
	k, now := s.cache.find(cacheKey{kind: fileKind, name: name}), s.Now()
	if k == nil || !k.inMemory() || !k.file.isFresh(now, lookAgain) || k.feed && wantsPage(r.Header["Accept"], k.contentType()) {
		return false
	}
	if s.Log.Enabled(r.Context(), slog.LevelDebug) {
		return false // so that the request is logged
	}
	if !k.file.isFresh(now, lookAhead) {
		k.file.lookAhead(func() { _, _ = s.look(k.key) }) // a fault is for the request that meets it
	}
	setHeaders(w.Header(), securityHeaders)
	s.sendFile(w, r, k, nil)
	return true
}

// Names of files come from paths in their usual spelling or in others, which may have taken
// other routes.
const (
	fileKind        = "file"
	encodedFileKind = "encoded file"
)

// file serves a regular file of the output folder.
func (s *site) file(w http.ResponseWriter, r *http.Request) {
	key := cacheKey{kind: fileKind, name: strings.TrimPrefix(r.URL.Path, "/")}
	if r.URL.RawPath != "" {
		key.kind = encodedFileKind
	}
	k, err := s.look(key)
	var f *os.File
	if err == nil && !k.inMemory() {
		if k, f, err = s.open(key, k); err == nil {
			defer f.Close()
		}
	}
	switch {
	case err != nil && machineFault(err):
		s.fail(w, r, fmt.Errorf("reading a file of feeds.dir: %w", err), "")
	case err != nil:
		s.message(w, http.StatusNotFound, templates.MissingPage)
	case k.feed && k.file.size() <= maxFeed && wantsPage(r.Header["Accept"], k.contentType()) && s.feedPage(w, r, key.name, k.sum(), k.reader(f, k.file.size())):
	default:
		s.sendFile(w, r, k, f)
	}
}

// sendFile sends a file, from memory, or from f if it is not there, and counts who reads feeds.
// All responses with the content of a file go through it.
func (s *site) sendFile(w http.ResponseWriter, r *http.Request, k *cached, f *os.File) {
	at := s.Now()
	if f == nil {
		k.serve(w, r, nil) // not f, which would be an io.ReadSeeker that is not nil
	} else {
		k.serve(w, r, f)
	}
	if k.feed {
		s.countReader(r, k.key.name, at)
	}
}

// look returns a file of the output folder as it was less than a second ago: from the cache
// if it is still there, in the same state, and not private.
func (s *site) look(key cacheKey) (*cached, error) {
	return s.cache.once(key, func() (*cached, error) {
		now := s.Now()
		before := s.cache.find(key)
		if before != nil && before.file.isFresh(now, lookAhead) {
			return before, nil
		}
		f, info, err := s.openPublic(key.name)
		if err != nil {
			s.cache.remove(key)
			return nil, err
		}
		defer f.Close()
		if before != nil && before.file.seenAgain(info, now) {
			return before, nil
		}
		k, err := s.read(key, f, info, before)
		if err == nil {
			s.cache.put(k)
		}
		return k, err
	})
}

// openPublic opens a file of the output folder that is not private.
func (s *site) openPublic(name string) (*os.File, fs.FileInfo, error) {
	dir := s.Config.Path(s.Config.Feeds.Dir)
	f, info, err := openBelow(dir, name)
	if err == nil && s.withheld(dir, name, f, info) {
		f.Close()
		err = fs.ErrNotExist
	}
	return f, info, err
}

// open opens a file that is too large for memory. If it has changed since it was looked at,
// the response is that of the file as it is now.
func (s *site) open(key cacheKey, k *cached) (*cached, *os.File, error) {
	f, info, err := s.openPublic(key.name)
	if err != nil {
		return nil, nil, err
	}
	if !k.file.isOf(info) {
		if k, err = s.read(key, f, info, nil); err != nil || k.inMemory() {
			f.Close()
			return k, nil, err
		}
	}
	return k, f, nil
}

// read reads an open file. before is what the cache had of it, or nil.
func (s *site) read(key cacheKey, f *os.File, info fs.FileInfo, before *cached) (*cached, error) {
	mediaType, feed := s.types.of(key.name)
	size := info.Size()
	c, read, err := readContent(mediaType, size, f)
	if err != nil {
		return nil, err
	}
	var seen *fileState
	if before != nil {
		seen = before.file
	}
	state := newFileState(info, read == size, s.Now(), seen)
	vary := ""
	if feed {
		vary = "Accept"
	}
	res := newResponse(c, mediaType, info.ModTime(), vary, s.fileHeaders(feed)...)
	if before != nil {
		res.reuse(before.response)
	}
	return &cached{key: key, response: res, file: state, feed: feed}, nil
}

// fileHeaders returns the headers of files, where those of pages do not fit.
func (s *site) fileHeaders(feed bool) []field {
	headers := []field{
		header("Cache-Control", cacheFiles),
		header("Content-Security-Policy", s.policy(filePolicy)),
		header("Cross-Origin-Resource-Policy", "cross-origin"),
	}
	if feed {
		headers = append(headers, header("Access-Control-Allow-Origin", "*"))
	}
	return headers
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
