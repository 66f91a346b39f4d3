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

	"publisher/internal/web/accept"
	"publisher/internal/web/httpcache"
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
	k, now := s.cache.Find(httpcache.Key{Kind: fileKind, Name: name}), s.Now()
	if k == nil || !k.InMemory() || !k.File.IsFresh(now, lookAgain) || k.Feed && accept.PrefersHTML(r.Header["Accept"], k.ContentType()) {
		return false
	}
	if s.Log.Enabled(r.Context(), slog.LevelDebug) {
		return false // so that the request is logged
	}
	if !k.File.IsFresh(now, lookAhead) {
		k.File.LookAhead(func() { _, _ = s.look(k.Key) }) // a fault is for the request that meets it
	}
	httpcache.SetHeaders(w.Header(), securityHeaders)
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
	key := httpcache.Key{Kind: fileKind, Name: strings.TrimPrefix(r.URL.Path, "/")}
	if r.URL.RawPath != "" {
		key.Kind = encodedFileKind
	}
	k, err := s.look(key)
	var f *os.File
	if err == nil && !k.InMemory() {
		if k, f, err = s.open(key, k); err == nil {
			defer f.Close()
		}
	}
	switch {
	case err != nil && machineFault(err):
		s.fail(w, r, fmt.Errorf("reading a file of feeds.dir: %w", err), "")
	case err != nil:
		s.message(w, http.StatusNotFound, templates.MissingPage)
	case k.Feed && k.File.Size() <= maxFeed && accept.PrefersHTML(r.Header["Accept"], k.ContentType()) && s.feedPage(w, r, key.Name, k.Hash(), k.Reader(f, k.File.Size())):
	default:
		s.sendFile(w, r, k, f)
	}
}

// sendFile sends a file, from memory, or from f if it is not there, and counts who reads feeds.
// All responses with the content of a file go through it.
func (s *site) sendFile(w http.ResponseWriter, r *http.Request, k *httpcache.Entry, f *os.File) {
	at := s.Now()
	if f == nil {
		k.Serve(w, r, nil) // not f, which would be an io.ReadSeeker that is not nil
	} else {
		k.Serve(w, r, f)
	}
	if k.Feed {
		s.countReader(r, k.Key.Name, at)
	}
}

// look returns a file of the output folder as it was less than a second ago: from the cache
// if it is still there, in the same state, and not private.
func (s *site) look(key httpcache.Key) (*httpcache.Entry, error) {
	return s.cache.Once(key, func() (*httpcache.Entry, error) {
		now := s.Now()
		before := s.cache.Find(key)
		if before != nil && before.File.IsFresh(now, lookAhead) {
			return before, nil
		}
		f, info, err := s.openPublic(key.Name)
		if err != nil {
			s.cache.Remove(key)
			return nil, err
		}
		defer f.Close()
		if before != nil && before.File.SeenAgain(info, now) {
			return before, nil
		}
		k, err := s.read(key, f, info, before)
		if err == nil {
			s.cache.Put(k)
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
func (s *site) open(key httpcache.Key, k *httpcache.Entry) (*httpcache.Entry, *os.File, error) {
	f, info, err := s.openPublic(key.Name)
	if err != nil {
		return nil, nil, err
	}
	if !k.File.IsOf(info) {
		if k, err = s.read(key, f, info, nil); err != nil || k.InMemory() {
			f.Close()
			return k, nil, err
		}
	}
	return k, f, nil
}

// read reads an open file. before is what the cache had of it, or nil.
func (s *site) read(key httpcache.Key, f *os.File, info fs.FileInfo, before *httpcache.Entry) (*httpcache.Entry, error) {
	mediaType, feed := s.types.of(key.Name)
	size := info.Size()
	c, read, err := httpcache.ReadFile(mediaType, size, f)
	if err != nil {
		return nil, err
	}
	var seen *httpcache.File
	if before != nil {
		seen = before.File
	}
	state := httpcache.NewFile(info, read == size, s.Now(), seen)
	vary := ""
	if feed {
		vary = "Accept"
	}
	res := httpcache.NewResponse(c, mediaType, info.ModTime(), vary, s.fileHeaders(feed)...)
	if before != nil {
		res.Reuse(before.Response)
	}
	return &httpcache.Entry{Key: key, Response: res, File: state, Feed: feed}, nil
}

// fileHeaders returns the headers of files, where those of pages do not fit.
func (s *site) fileHeaders(feed bool) []httpcache.Field {
	headers := []httpcache.Field{
		httpcache.Header("Cache-Control", cacheFiles),
		httpcache.Header("Content-Security-Policy", s.policy(filePolicy)),
		httpcache.Header("Cross-Origin-Resource-Policy", "cross-origin"),
	}
	if feed {
		headers = append(headers, httpcache.Header("Access-Control-Allow-Origin", "*"))
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
