package dialect

import (
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"publisher/internal/private"
)

// Site is what an engine knows of the blog as a whole.
type Site struct {
	URL          *url.URL
	Language     string
	Languages    map[string]bool
	OnlyLanguage string         // of a blog with one language: the tag that file names may have all the same
	Location     *time.Location // of dates without an offset
	Permalink    string         // content.permalink
	Dir          string         // content.dir, absolute, symbolic links resolved
	Root         string         // the blog's root folder: where its engine's config is, else Dir
	Subdir       string         // Dir from the engine's content root, slash-separated; "" if they are one
	Mounted      bool           // Subdir is where the engine mounts Dir, not where it is

	Seen atomic.Pointer[private.Seen] // the private files, as the last scan saw them
}

// Host returns the site's scheme and host, without the folder that the blog is in.
func (s *Site) Host() string { return (&url.URL{Scheme: s.URL.Scheme, Host: s.URL.Host}).String() }

// WithoutHost returns an address of the site as templates have it: a path.
func (s *Site) WithoutHost(address string) string {
	if p, ok := strings.CutPrefix(address, s.Host()+"/"); ok {
		return "/" + p
	}
	return address
}

// Absolute returns the address of a path on the site. The path is unescaped; a leading
// slash means the site's root even if the blog is in a folder of the host. Dots cannot
// lead out of the site.
func (s *Site) Absolute(p string) string {
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	if clean == "/" {
		return s.URL.String() + "/"
	}
	return s.URL.String() + (&url.URL{Path: clean}).EscapedPath()
}
