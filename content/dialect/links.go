package dialect

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/limits"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
	"publisher/internal/uri"
	"publisher/internal/xmltext"

	"golang.org/x/text/unicode/norm"
)

// Linker makes the links of one post absolute.
type Linker struct {
	Page     *Page
	Blog     *Blog
	Scanning bool     // addresses of other posts are not known yet
	Broken   []string // files that links lead to and that are not there
	LookedUp []string // files of the tree whose addresses were asked for
	// MailOnly says that the page is only in mail, where nobody sees that a link is dead before
	// it has gone out. So links to files that are not there are Broken or Missing.
	MailOnly bool
	Missing  []string // addresses of files that are not there
	Tried    []string // paths at which these files would be
	known    map[string]sanitize.Target
}

// FileOf returns the local file that a target means, or "", and the paths that were tried.
func (l *Linker) FileOf(to sanitize.Target) (file string, looked []string) {
	for _, p := range to.Places {
		for _, rel := range spellings(p.Rel) {
			looked = append(looked, filepath.Join(p.Dir, filepath.FromSlash(rel)))
			if file = l.Page.Site.fileBelow(p.Dir, filepath.FromSlash(rel)); file != "" {
				return file, looked
			}
		}
	}
	return "", looked
}

// sizeOf returns the size of the local file that a target means.
func (l *Linker) sizeOf(to sanitize.Target) (int64, bool) {
	file, _ := l.FileOf(to)
	if file == "" {
		return 0, false
	}
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

// schemes are those that a feed or a mail may link to.
var schemes = map[string]bool{"http": true, "https": true, "mailto": true, "tel": true, "ftp": true, "sms": true, "xmpp": true, "geo": true, "magnet": true, "gemini": true}

// Follow returns where a link leads: by the engine's own form, relative to the post's address, or
// from the site's root.
func (l *Linker) Follow(dest string) sanitize.Target {
	if to, ok := l.known[dest]; ok {
		return to
	}
	l.Page.Budget.Step(limits.FileSteps)
	to := l.find(dest)
	if l.known == nil {
		l.known = map[string]sanitize.Target{}
	}
	l.known[dest] = to
	return to
}

func (l *Linker) find(dest string) sanitize.Target {
	dest = strings.TrimSpace(xmltext.Clean(dest))
	if dest == "" {
		return sanitize.Target{}
	}
	plain := dest
	if unescaped, err := url.PathUnescape(dest); err == nil {
		plain = unescaped
	}
	if to, ok := l.Page.Engine.ResolveLink(l, plain); ok {
		return to
	}
	u, err := uri.Parse(dest)
	if err != nil {
		return sanitize.Target{}
	}
	if u.IsAbs() {
		if !schemes[strings.ToLower(u.Scheme)] || u.Opaque == "" && u.Host == "" && (u.Scheme == "http" || u.Scheme == "https") {
			return sanitize.Target{}
		}
		return sanitize.Target{URL: u.String()}
	}
	if u.Host != "" { // //example.com/ takes the site's scheme
		u.Scheme = l.Page.Site.URL.Scheme
		return sanitize.Target{URL: u.String()}
	}
	return l.local(u)
}

// local resolves a relative reference. The site may be below a folder; a leading slash means the
// host's root, as in a browser.
func (l *Linker) local(u *url.URL) sanitize.Target {
	if mdsource.IsMarkdownName(u.Path) && !strings.HasPrefix(u.Path, "/") {
		file := path.Join(path.Dir(l.Page.Path), u.Path)
		fragment := ""
		if u.Fragment != "" {
			fragment = "#" + u.EscapedFragment()
		}
		if to, ok := l.URLOf(file); ok {
			return sanitize.Target{URL: to + fragment}
		}
		if l.MailOnly {
			return l.ToPost(file, fragment)
		}
	}
	base, err := url.Parse(l.Page.Post.URL)
	if err != nil {
		return sanitize.Target{}
	}
	to := sanitize.Target{URL: base.ResolveReference(u).String()}
	if u.Path != "" {
		to.Places = l.places(u.Path)
		if l.MailOnly {
			l.checkFile(to, u.Path)
		}
	}
	return to
}

// checkFile notes that a link leads to a file that is not there. What the blog's engine makes is
// not known here: a page has no extension, or one of the web's.
func (l *Linker) checkFile(to sanitize.Target, p string) {
	switch strings.ToLower(path.Ext(p)) {
	case "", ".html", ".htm", ".xhtml", ".php", ".xml", ".json", ".rss", ".atom":
		return
	}
	if !strings.HasPrefix(p, "/") { // a page at the root of the site
		to.Places = append(to.Places, l.places("/"+p)...)
	}
	file, tried := l.FileOf(to)
	l.Tried = append(l.Tried, tried...)
	if file == "" && len(l.Missing) < MaxWarnings {
		l.Missing = append(l.Missing, p)
	}
}

// places returns where the file of a path of the site may be: beside the post, below content.dir,
// or in a folder that engines copy.
func (l *Linker) places(p string) []sanitize.Place {
	s := l.Page.Site
	if !strings.HasPrefix(p, "/") {
		return []sanitize.Place{{Dir: s.Dir, Rel: path.Join(path.Dir(l.Page.Path), p)}}
	}
	list := []sanitize.Place{{Dir: s.Dir, Rel: p[1:]}}
	for _, folder := range [...]string{"static", "assets", "public", "src", "."} {
		list = append(list, sanitize.Place{Dir: s.Root, Rel: path.Join(folder, p)})
	}
	return list
}

// spellings returns a file's name as written and in the other Unicode forms, since file systems
// of macOS decompose letters.
func spellings(name string) []string {
	all := []string{name}
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if other := form.String(name); !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	return all
}

// LocalFile returns a regular file below content.dir, or "".
func (s *Site) LocalFile(rel string) string { return s.fileBelow(s.Dir, filepath.FromSlash(rel)) }

// ToSite returns the target of a path on the site, which may have a fragment.
func (l *Linker) ToSite(p string) sanitize.Target {
	p, fragment := CutFragment(p)
	return sanitize.Target{URL: l.Page.Site.Absolute(p) + fragment}
}

// ToPost returns the target of a file's post. If there is no such file, the link is dropped and
// its text stays.
func (l *Linker) ToPost(file, fragment string) sanitize.Target {
	if to, ok := l.URLOf(file); ok {
		return sanitize.Target{URL: to + fragment}
	}
	if len(l.Broken) < MaxWarnings {
		l.Broken = append(l.Broken, file)
	}
	return sanitize.Target{}
}

// URLOf returns the address of the post or page that a file makes.
func (l *Linker) URLOf(file string) (string, bool) {
	file = path.Clean(file)
	for _, file := range spellings(file) {
		if file == l.Page.Path {
			return l.Page.Post.URL, true
		}
		if l.Scanning {
			continue
		}
		l.LookedUp = append(l.LookedUp, file)
		if to, ok := l.Blog.AddressOf(file); ok {
			return to, true
		}
	}
	return "", false
}

// AddressOf returns where a file's post or page is on the site.
func (b *Blog) AddressOf(rel string) (address string, ok bool) {
	if posts := b.Posts.Load(); posts != nil {
		if to, known := posts.urls()[rel]; known {
			return to, true
		}
	}
	real := b.Site.LocalFile(rel)
	if real == "" {
		return "", false
	}
	info, err := os.Stat(real)
	if err != nil {
		return "", false
	}
	defer func() { // a fault of that file is not one of the file that links to it
		if fault := recover(); fault != nil && limits.Recovered(fault) == nil {
			panic(fault)
		} else if fault != nil {
			address, ok = "", false
		}
	}()
	src := b.Reader().Read(File{Path: rel, Real: real, Size: info.Size(), ModTime: info.ModTime()})
	if src.Invalid() {
		return "", false
	}
	p := b.NewPage(src)
	p.FillFields()
	p.Engine.Complete(p)
	if p.Engine.IsPage(p) {
		if where, ok := p.Engine.PageAddress(p); ok {
			return b.Site.Absolute(where), true
		}
	}
	p.FillURL()
	return p.Post.URL, true
}

// CutFragment splits an address before its query or fragment.
func CutFragment(s string) (before, fragment string) {
	if i := strings.IndexAny(s, "#?"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
